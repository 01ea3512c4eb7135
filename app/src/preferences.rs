//! What the reader has chosen: language, theme, width of the sidebar. Kept in cookies, so that the server renders it.

#[cfg(feature = "ssr")]
use leptos::prelude::use_context;

use crate::{browser, text::Language};

/// The cookie of the language.
#[cfg(feature = "ssr")]
pub(crate) const LANGUAGE_COOKIE: &str = "switchyard_language";
/// The cookie of the theme.
pub(crate) const THEME_COOKIE: &str = "switchyard_theme";
/// The cookie of the sidebar.
pub(crate) const SIDEBAR_COOKIE: &str = "switchyard_sidebar";

/// Light, dark, or as the system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// All of them, in the order of the switch.
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The value of the cookie.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of that name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }

    /// The value of `data-theme` on `<html>`: none follows the system.
    pub(crate) const fn attribute(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light | Self::Dark => Some(self.name()),
        }
    }
}

/// What the reader has chosen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Preferences {
    /// The language.
    pub(crate) language: Language,
    /// The theme.
    pub(crate) theme: Theme,
    /// True if the sidebar shows icons only.
    pub(crate) is_narrow: bool,
}

impl Preferences {
    /// Reads them: on the server from the request, in the browser from what the server has rendered.
    #[cfg(feature = "ssr")]
    pub(crate) fn read() -> Self {
        use crate::api::guard::cookie;
        let Some(parts) = use_context::<axum::http::request::Parts>() else { return Self::default() };
        let accepted = parts.headers.get("accept-language").and_then(|value| value.to_str().ok());
        Self {
            language: cookie(&parts.headers, LANGUAGE_COOKIE)
                .and_then(Language::of)
                .or_else(|| accepted.and_then(Language::of))
                .unwrap_or_default(),
            theme: cookie(&parts.headers, THEME_COOKIE).and_then(Theme::of).unwrap_or_default(),
            is_narrow: cookie(&parts.headers, SIDEBAR_COOKIE) == Some("narrow"),
        }
    }

    /// Reads them: on the server from the request, in the browser from what the server has rendered.
    #[cfg(not(feature = "ssr"))]
    pub(crate) fn read() -> Self {
        Self {
            language: browser::root_attribute("lang").as_deref().and_then(Language::of).unwrap_or_default(),
            theme: browser::root_attribute("data-theme").as_deref().and_then(Theme::of).unwrap_or_default(),
            is_narrow: browser::root_attribute("data-sidebar").as_deref() == Some("narrow"),
        }
    }
}

/// Takes a theme on at once, and keeps it.
pub(crate) fn choose_theme(theme: Theme) {
    browser::set_root_attribute("data-theme", theme.attribute());
    browser::remember(THEME_COOKIE, theme.name());
}

/// Makes the sidebar narrow or wide, and keeps it so.
pub(crate) fn toggle_sidebar() {
    let narrow = browser::root_attribute("data-sidebar").is_none();
    browser::set_root_attribute("data-sidebar", narrow.then_some("narrow"));
    browser::remember(SIDEBAR_COOKIE, if narrow { "narrow" } else { "wide" });
}
