//! Icons: 16 pixels, one stroke of 1.5.

use leptos::prelude::*;

use crate::ui::Erase;

/// What an icon shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    Overview,
    Leaderboard,
    Availability,
    Calls,
    Providers,
    Routing,
    Users,
    Key,
    Prices,
    Sessions,
    Settings,
    Quotas,
    Search,
    Log,
    Audit,
    Export,
    Docs,
    LogOut,
    Menu,
    Close,
    Check,
    Alert,
    #[cfg(feature = "ssr")]
    Copy,
    #[cfg(feature = "ssr")]
    Plus,
    #[cfg(feature = "ssr")]
    Play,
    #[cfg(feature = "ssr")]
    Trash,
    System,
    Light,
    Dark,
    Language,
    Sidebar,
    /// Only drawn pages have it.
    #[cfg(feature = "ssr")]
    Expand,
    Inbox,
    Keyboard,
}

impl Icon {
    /// Its lines, in a square of 16.
    const fn path(self) -> &'static str {
        match self {
            Self::Overview => "M2.5 13.5v-5m3.7 5v-11m3.6 11V6m3.7 7.5v-9",
            Self::Audit => "M8 1.8l5 1.7v4c0 3.2-2.1 5.6-5 6.7-2.9-1.1-5-3.5-5-6.7v-4l5-1.7ZM5.7 8l1.6 1.6 3-3.2",
            Self::Log => "M2.5 3.5l3 3-3 3m5 3h6",
            Self::Search => "M7 12a5 5 0 1 0 0-10 5 5 0 0 0 0 10Zm3.6-1.4L14 14",
            Self::Leaderboard => "M2.5 3.5h11m-11 4.5h7.5m-7.5 4.5h4",
            Self::Availability => "M1.5 8h3l2-5 3 10 2-5h3",
            Self::Calls => "M2.5 4h7m-7 4h11m-11 4h5M12 2v4m-2-2h4",
            Self::Routing => "M2.5 8h3l3-4.5h5m-2-2 2 2-2 2M5.5 8l3 4.5h5m-2-2 2 2-2 2",
            Self::Providers => {
                "M3 2.5h10a1 1 0 0 1 1 1v2a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1v-2a1 1 0 0 1 1-1Zm0 7h10a1 1 0 0 1 1 1v2a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1v-2a1 1 0 0 1 1-1ZM4.5 4.5h.01m-.01 7h.01"
            }
            Self::Users => {
                "M6 8a2.75 2.75 0 1 0 0-5.5A2.75 2.75 0 0 0 6 8Zm-4.5 5.5c.4-2 2.2-3.3 4.5-3.3s4.1 1.3 4.5 3.3M11 2.8a2.6 2.6 0 0 1 0 4.9m1.5 2.8c1 .5 1.7 1.5 2 3"
            }
            Self::Key => "M6 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Zm2.5-6 5-5m-2.2 2.2 1.7 1.7",
            Self::Prices => {
                "M8.7 2.5H13a.5.5 0 0 1 .5.5v4.3a1 1 0 0 1-.3.7l-5.2 5.2a1 1 0 0 1-1.4 0L2.8 9.4a1 1 0 0 1 0-1.4L8 2.8a1 1 0 0 1 .7-.3ZM10.8 5.2h.01"
            }
            Self::Sessions => {
                "M3.5 2.5h9a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H8L5 13.5v-3H3.5a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1ZM5.5 5.5h5m-5 2.2h3"
            }
            Self::Settings => {
                "M2.5 4.5h5m3 0h3m-11 7h2m3 0h6M9 6.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4Zm-3 7a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4Z"
            }
            Self::Quotas => "M2.5 12a5.7 5.7 0 1 1 11 0M8 11l2.6-4.2M8 11.2h.01",
            Self::Export => "M8 2.5v7m-3-2.8 3 3 3-3M2.5 11v1.5a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1V11",
            Self::Docs => {
                "M8 4c-1.2-.8-2.8-1-5.5-1v9c2.7 0 4.3.2 5.5 1m0-9c1.2-.8 2.8-1 5.5-1v9c-2.7 0-4.3.2-5.5 1m0-9v9"
            }
            Self::LogOut => "M6.5 13.5h-3a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1h3m4 8.5 3-3-3-3m3 3h-7",
            Self::Menu => "M2.5 4.5h11m-11 3.5h11m-11 3.5h11",
            Self::Close => "m4 4 8 8m0-8-8 8",
            Self::Check => "m3 8.5 3.2 3.2L13 4.8",
            Self::Alert => {
                "M8 5.8v3m0 2.2h.01M7.1 2.6 1.7 11.9a1 1 0 0 0 .9 1.6h10.8a1 1 0 0 0 .9-1.6L8.9 2.6a1 1 0 0 0-1.8 0Z"
            }
            #[cfg(feature = "ssr")]
            Self::Copy => {
                "M5.5 5.5v-2a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-2m-7-5h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-6a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1Z"
            }
            #[cfg(feature = "ssr")]
            Self::Plus => "M8 3v10M3 8h10",
            #[cfg(feature = "ssr")]
            Self::Play => "M4.5 3.2v9.6a.4.4 0 0 0 .6.3l7.7-4.8a.4.4 0 0 0 0-.6L5.1 2.9a.4.4 0 0 0-.6.3Z",
            #[cfg(feature = "ssr")]
            Self::Trash => {
                "M2.5 4h11M6 4V2.5h4V4m2.5 0-.6 8.6a1 1 0 0 1-1 .9H5.1a1 1 0 0 1-1-.9L3.5 4m3 3v3.5m3-3.5v3.5"
            }
            Self::System => {
                "M3 2.5h10a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1Zm2.5 11h5M8 10.5v3"
            }
            Self::Light => {
                "M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6ZM8 1.5v1m0 11v1m6.5-6.5h-1m-11 0h-1m11.1-4.6-.7.7m-7.8 7.8-.7.7m9.2 0-.7-.7M4.1 4.1l-.7-.7"
            }
            Self::Dark => "M13.5 9.7A6 6 0 0 1 6.3 2.5a6 6 0 1 0 7.2 7.2Z",
            Self::Language => {
                "M2 4h7M5.5 2.5V4m2 0C7 6.8 5 9 2.5 10M3.5 6c.8 1.7 2.3 3.1 4 3.8M7.5 13.5l3-7 3 7m-5-2.3h4"
            }
            Self::Sidebar => "M3 2.5h10a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1Zm3 0v11",
            #[cfg(feature = "ssr")]
            Self::Expand => "M9.5 2.5h4v4m0-4L9 7m-2.5 6.5h-4v-4m0 4L7 9",
            Self::Inbox => {
                "M2 9.5 4 3.3a1 1 0 0 1 1-.8h6a1 1 0 0 1 1 .8l2 6.2v3a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1v-3Zm0 0h3.5l1 1.5h3l1-1.5H14"
            }
            Self::Keyboard => {
                "M2.5 4h11a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1Zm2 3h.01M7 7h.01M9.5 7h.01M12 7h.01M5 9.5h6"
            }
        }
    }
}

/// An icon. It says nothing to a screen reader: what it stands for has words beside it or a label around it.
pub(crate) fn icon(icon: Icon) -> AnyView {
    view! {
        <svg
            width="16"
            height="16"
            viewBox="0 0 16 16"
            fill="none"
            stroke="currentColor"
            stroke-width="1.5"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
        >
            <path d=icon.path() />
        </svg>
    }
    .erase()
}

/// The mark: a line that a switch sends one way, with the ways it did not take.
pub(crate) fn mark() -> AnyView {
    view! {
        <svg width="20" height="20" viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" aria-hidden="true">
            <path d="M2 10h4.5c4 0 3-5.5 7-5.5H15M6.5 10H18M6.5 10c4 0 3 5.5 7 5.5H18" opacity=".35" />
            <path d="M2 10h4.5c4 0 3-5.5 7-5.5H15" />
            <circle cx="16.5" cy="4.5" r="1.75" fill="currentColor" stroke="none" />
        </svg>
    }
    .erase()
}
