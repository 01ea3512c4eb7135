//! The table of pages: it drives the sidebar, the palette, the keyboard and its sheet.

use crate::{api::session::Session, text::Shell, ui::icon::Icon};

pub(crate) mod calls;
pub(crate) mod drawn;
pub(crate) mod edited;
pub(crate) mod limits;
pub(crate) mod login;
pub(crate) mod not_found;
pub(crate) mod prices;
pub(crate) mod quotas;

/// A page of the main navigation.
pub(crate) struct PageEntry {
    /// Its address.
    pub(crate) path: &'static str,
    /// Its name.
    pub(crate) title: Title,
    /// Its picture.
    pub(crate) icon: Icon,
    /// The key that leads there after `g`.
    pub(crate) key: &'static str,
    /// Whose it is.
    pub(crate) of: Readers,
}

/// For whom a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Those who run the hub.
    Admins,
    /// Those who have something of their own.
    Users,
}

impl Readers {
    /// Is it for this reader?
    pub(crate) const fn include(self, session: &Session) -> bool {
        match self {
            Self::Admins => session.is_admin,
            Self::Users => session.is_user,
        }
    }
}

/// For whom the page at this address is.
pub(crate) fn readers(path: &str) -> Readers {
    if path == "/me" || path.starts_with("/me/") { Readers::Users } else { Readers::Admins }
}

/// The pages that a reader can open, in the order of the sidebar.
pub(crate) fn open_to(session: Option<&Session>) -> impl Iterator<Item = &'static PageEntry> {
    PAGES.iter().filter(move |page| is_open(page.of, session))
}

/// The addresses and names of all that a reader can open by name: the pages of the sidebar, then those they lead to.
pub(crate) fn named(text: &Shell, session: Option<&Session>) -> impl Iterator<Item = (&'static str, &'static str)> {
    let led_to = LED_TO.iter().filter(move |(path, _)| is_open(readers(path), session));
    let led_to = led_to.map(move |(path, title)| (*path, title(text)));
    open_to(session).map(move |page| (page.path, (page.title)(text))).chain(led_to)
}

/// Does the way to the page at `here` begin with this one of the sidebar?
pub(crate) fn leads_to(entry: &str, here: &str) -> bool {
    let is_below = |path: &str| here.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let by_way = ELSEWHERE.iter().any(|(path, from)| *from == entry && is_below(path));
    if entry == "/" { here == "/" } else { is_below(entry) || by_way }
}

/// Can this reader open what is for these? Of a reader who is not known yet the usual is assumed.
fn is_open(of: Readers, session: Option<&Session>) -> bool {
    session.map_or(of == Readers::Admins, |session| of.include(session))
}

/// The pages, in the order of the sidebar.
static PAGES: [PageEntry; 15] = [
    PageEntry { path: "/", title: |text| text.overview, icon: Icon::Overview, key: "o", of: Readers::Admins },
    PageEntry {
        path: "/leaderboard",
        title: |text| text.leaderboard,
        icon: Icon::Leaderboard,
        key: "l",
        of: Readers::Admins,
    },
    PageEntry { path: "/calls", title: |text| text.calls, icon: Icon::Calls, key: "c", of: Readers::Admins },
    PageEntry { path: "/sessions", title: |text| text.sessions, icon: Icon::Sessions, key: "s", of: Readers::Admins },
    PageEntry {
        path: "/providers",
        title: |text| text.providers,
        icon: Icon::Providers,
        key: "p",
        of: Readers::Admins,
    },
    PageEntry {
        path: "/availability",
        title: |text| text.availability,
        icon: Icon::Availability,
        key: "v",
        of: Readers::Admins,
    },
    PageEntry { path: "/routing", title: |text| text.routing, icon: Icon::Routing, key: "r", of: Readers::Admins },
    PageEntry { path: "/users", title: |text| text.users, icon: Icon::Users, key: "u", of: Readers::Admins },
    PageEntry { path: "/keys", title: |text| text.keys, icon: Icon::Key, key: "k", of: Readers::Admins },
    PageEntry { path: "/quotas", title: |text| text.quotas, icon: Icon::Quotas, key: "q", of: Readers::Admins },
    PageEntry { path: "/prices", title: |text| text.prices, icon: Icon::Prices, key: "$", of: Readers::Admins },
    PageEntry { path: "/log", title: |text| text.log, icon: Icon::Log, key: ".", of: Readers::Admins },
    PageEntry { path: "/audit", title: |text| text.audit, icon: Icon::Audit, key: "a", of: Readers::Admins },
    PageEntry { path: "/settings", title: |text| text.settings, icon: Icon::Settings, key: ",", of: Readers::Admins },
    PageEntry { path: "/me", title: |text| text.my_use, icon: Icon::Users, key: "m", of: Readers::Users },
];

/// A page's name, in a language.
type Title = fn(&Shell) -> &'static str;

/// Pages that have no place in the sidebar: others lead to them.
static LED_TO: [(&str, Title); 6] = [
    ("/users/new", |text| text.new_user),
    ("/providers/new", |text| text.new_provider),
    ("/logins", |text| text.logins),
    ("/me/calls", |text| text.my_calls),
    ("/me/setup", |text| text.set_up),
    ("/me/logins", |text| text.my_logins),
];

/// Pages whose address does not begin with that of the page of the sidebar that leads to them.
static ELSEWHERE: [(&str, &str); 2] = [("/models", "/leaderboard"), ("/logins", "/audit")];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;

    #[test]
    fn pages_are_named_to_those_they_are_for() {
        let named_to = |is_admin, is_user| {
            let (origin, version, feed) = (String::new(), String::new(), String::new());
            let session = Session { origin, is_admin, is_user, version, feed };
            named(&Language::En.text().shell, Some(&session)).map(|(path, _)| path).collect::<Vec<_>>()
        };
        let admins = named_to(true, false);
        assert!(["/logins", "/users/new", "/providers/new"].iter().all(|path| admins.contains(path)), "{admins:?}");
        assert!(admins.iter().all(|path| readers(path) == Readers::Admins), "{admins:?}");
        assert_eq!(named_to(false, true), ["/me", "/me/calls", "/me/setup", "/me/logins"]);
    }

    #[test]
    fn every_page_is_marked_in_the_sidebar_once() {
        let marked = |here: &str| -> Vec<&'static str> {
            PAGES.iter().map(|page| page.path).filter(|path| leads_to(path, here)).collect()
        };
        for (here, entry) in [
            ("/", "/"),
            ("/calls/7/messages", "/calls"),
            ("/users/", "/users"),
            ("/keys/7/use", "/keys"),
            ("/models/claude-opus-4-8", "/leaderboard"),
            ("/logins", "/audit"),
            ("/me/logins", "/me"),
        ] {
            assert_eq!(marked(here), [entry], "{here}");
        }
        assert!(marked("/login").is_empty() && marked("/message").is_empty());
    }
}
