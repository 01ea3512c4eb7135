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
/// The cookie of the columns of calls that are hidden.
const COLUMNS_COOKIE: &str = "switchyard_columns";

/// What the columns of calls that can be hidden are called, by their place in the table.
#[cfg(feature = "ssr")]
pub(crate) const COLUMNS: [&str; 16] =
    ["c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10", "c11", "c12", "c13", "c14", "c15", "c16", "c17", "c18"];

/// The columns that are hidden unless the reader wants them.
#[cfg(feature = "ssr")]
const SPARE_COLUMNS: &str = "c12.c13.c14.c15.c16.c17.c18";

/// The columns that are hidden, in a cookie: names between dots.
#[cfg(feature = "ssr")]
fn hidden_columns(cookie: Option<&str>) -> Vec<&'static str> {
    let hidden = cookie.unwrap_or(SPARE_COLUMNS);
    COLUMNS.into_iter().filter(|name| hidden.split('.').any(|hidden| hidden == *name)).collect()
}

/// The columns that are hidden, for `data-columns` on `<html>`, which the style goes by.
#[cfg(feature = "ssr")]
pub(crate) fn read_columns() -> Vec<&'static str> {
    let parts = use_context::<axum::http::request::Parts>();
    hidden_columns(parts.as_ref().and_then(|parts| crate::api::guard::cookie(&parts.headers, COLUMNS_COOKIE)))
}

/// Hides columns at once, and keeps them hidden; `hidden` has their names between dots.
pub(crate) fn choose_columns(hidden: &str) {
    browser::set_root_attribute("data-columns", Some(&hidden.replace('.', " ")));
    browser::remember(COLUMNS_COOKIE, hidden);
}

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
    #[cfg(feature = "ssr")]
    pub(crate) is_narrow: bool,
}

/// The language of whoever sent a request: the one that was chosen, or the one that the browser asks for.
#[cfg(feature = "ssr")]
pub(crate) fn language_of(headers: &axum::http::HeaderMap) -> Language {
    let chosen = crate::api::guard::cookie(headers, LANGUAGE_COOKIE).and_then(Language::of);
    let accepted = || headers.get("accept-language").and_then(|value| value.to_str().ok()).and_then(Language::of);
    chosen.or_else(accepted).unwrap_or_default()
}

impl Preferences {
    /// Reads them: on the server from the request, in the browser from what the server has rendered.
    #[cfg(feature = "ssr")]
    pub(crate) fn read() -> Self {
        use crate::api::guard::cookie;
        let Some(parts) = use_context::<axum::http::request::Parts>() else { return Self::default() };
        Self {
            language: language_of(&parts.headers),
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

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn only_columns_that_can_be_hidden_are() {
        assert_eq!(hidden_columns(None), ["c12", "c13", "c14", "c15", "c16", "c17", "c18"]);
        assert_eq!(hidden_columns(Some("")), [""; 0]);
        assert_eq!(hidden_columns(Some("c1.c4.\"><script>.c10")), ["c4", "c10"]);
    }
}
