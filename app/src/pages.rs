//! The table of pages: it drives the sidebar, the keyboard and its sheet.

use crate::{text::Shell, ui::icon::Icon};

pub(crate) mod calls;
pub(crate) mod confirm;
pub(crate) mod drawn;
pub(crate) mod limits;
pub(crate) mod login;
pub(crate) mod not_found;
pub(crate) mod prices;
pub(crate) mod providers;
pub(crate) mod quotas;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod users;

/// A page of the main navigation.
pub(crate) struct PageEntry {
    /// Its address.
    pub(crate) path: &'static str,
    /// Its name.
    pub(crate) title: fn(&Shell) -> &'static str,
    /// Its picture.
    pub(crate) icon: Icon,
    /// The key that leads there after `g`.
    pub(crate) key: &'static str,
}

/// The pages, in the order of the sidebar.
pub(crate) static PAGES: [PageEntry; 9] = [
    PageEntry { path: "/", title: |text| text.overview, icon: Icon::Overview, key: "o" },
    PageEntry { path: "/leaderboard", title: |text| text.leaderboard, icon: Icon::Leaderboard, key: "l" },
    PageEntry { path: "/calls", title: |text| text.calls, icon: Icon::Calls, key: "c" },
    PageEntry { path: "/sessions", title: |text| text.sessions, icon: Icon::Sessions, key: "s" },
    PageEntry { path: "/providers", title: |text| text.providers, icon: Icon::Providers, key: "p" },
    PageEntry { path: "/users", title: |text| text.users, icon: Icon::Users, key: "u" },
    PageEntry { path: "/quotas", title: |text| text.quotas, icon: Icon::Quotas, key: "q" },
    PageEntry { path: "/prices", title: |text| text.prices, icon: Icon::Prices, key: "$" },
    PageEntry { path: "/settings", title: |text| text.settings, icon: Icon::Settings, key: "," },
];
