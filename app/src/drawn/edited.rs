//! Drawn pages with forms of their own, and the dialogs that lie over a drawn page while its address asks for one.

use leptos::{html::Div, prelude::*};
use leptos_router::hooks::use_location;

use super::{Drawing, ask_for};
use crate::{
    api::ask::Question,
    browser::{self, Held},
    live::Live,
    text::use_text,
};

/// A page whose forms stay as they are filled in, whatever else is drawn anew: when `news` changes, or one of the
/// parameters that have these names.
pub(crate) fn page(
    drawing: impl Fn() -> Drawing + Send + Sync + 'static,
    names: &'static [&'static str],
    news: impl Fn() -> u32 + Send + Sync + 'static,
) -> AnyView {
    let search = use_location().search;
    let said = Memo::new(move |_| search.with(|search| chosen(search, names)));
    ask_for(Signal::derive(move || (news(), Question::Drawn(drawing(), said.get()))), Held::Page)
}

/// The dialog over a page, if its address has a parameter of one of these names.
pub(crate) fn over(
    page: impl Fn() -> Drawing + Send + Sync + 'static,
    names: &'static [&'static str],
    news: impl Fn() -> u32 + Copy + Send + Sync + 'static,
) -> AnyView {
    let search = use_location().search;
    let said = Memo::new(move |_| search.with(|search| if_any(search, names)));
    let page = Memo::new(move |_| page());
    let dialog = move || {
        let (page, said) = (page.get(), said.get());
        said.map(|said| {
            let question = Question::Drawn(Drawing::Dialog(Box::new(page)), said);
            ask_for(Signal::derive(move || (news(), question.clone())), Held::Parameters)
        })
    };
    dialog.into_any()
}

/// A number that grows when what [`over`] shows for these names is closed: what was done there may come as no news.
pub(crate) fn closings(names: &'static [&'static str]) -> Signal<u32> {
    let search = use_location().search;
    let seen = Memo::new(move |before: Option<&(bool, u32)>| {
        let (was_open, n) = before.copied().unwrap_or_default();
        let is_open = search.with(|search| if_any(search, names).is_some());
        (is_open, n.wrapping_add(u32::from(was_open && !is_open)))
    });
    Signal::derive(move || seen.get().1)
}

/// Asks before what is typed in a place is lost. `held` says what its forms belong to; one that stands in a page in passing
/// goes with any other address. What comes back is called when something may have been typed, or no longer be there.
pub(super) fn watch(place: NodeRef<Div>, held: Held) -> impl Fn() + Copy + Send + Sync + 'static {
    let (is_dirty, is_dirty_in_passing) = (RwSignal::new(false), RwSignal::new(false));
    let question = use_text().common.leave;
    browser::ask_before_leaving(is_dirty, held, question);
    browser::ask_before_leaving(is_dirty_in_passing, Held::Parameters, question);
    move || {
        // It may be gone by now.
        is_dirty.try_set(browser::is_typed_in(place));
        is_dirty_in_passing.try_set(browser::is_typed_in_passing(place));
    }
}

/// When something is read again that is configured and used: at once for the one, and slowly for the other.
pub(crate) fn use_news() -> impl Fn() -> u32 + Copy + Send + Sync + 'static {
    let live: Live = expect_context();
    let used = Live::slowly(move || live.recorded.track());
    move || live.news().wrapping_add(used.get())
}

/// The parameters of an address without those that open a dialog over the page, which stays as it is. What is chosen in it
/// (`id`) is what such a dialog is about.
pub(super) fn below_dialogs(search: &str) -> String {
    const DIALOGS: [&str; 5] = ["edit", "drop", "history", "import", "new"];
    let pairs: Vec<&str> = search.trim_start_matches('?').split('&').collect();
    let opens = |pair: &str| DIALOGS.iter().any(|name| pair.split('=').next() == Some(*name));
    let is_open = pairs.iter().any(|pair| opens(pair));
    let is_of_page = |pair: &&str| !(opens(pair) || is_open && pair.starts_with("id="));
    pairs.into_iter().filter(is_of_page).collect::<Vec<_>>().join("&")
}

/// The parameters that have one of these names, as a query string.
fn chosen(search: &str, names: &[&str]) -> String {
    let is_chosen = |pair: &&str| pair.split('=').next().is_some_and(|name| names.contains(&name));
    search.trim_start_matches('?').split('&').filter(is_chosen).collect::<Vec<_>>().join("&")
}

/// The whole query string, if there is a parameter of one of these names.
fn if_any(search: &str, names: &[&str]) -> Option<String> {
    (!chosen(search, names).is_empty()).then(|| search.trim_start_matches('?').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_meant_is_taken_from_the_address() {
        assert_eq!(chosen("?keys=a&edit=7&new=key", &["keys", "new"]), "keys=a&new=key");
        assert_eq!(chosen("edit=", &["edit", "drop"]), "edit=");
        assert_eq!(chosen("?editor=1", &["edit"]), "");
        assert_eq!(chosen("", &["edit"]), "");
        assert_eq!(if_any("?q=opus&edit=a", &["edit"]).as_deref(), Some("q=opus&edit=a"));
        assert_eq!(if_any("?q=opus", &["edit"]), None);
    }

    #[test]
    fn a_dialog_over_a_page_leaves_its_address() {
        assert_eq!(below_dialogs("?q=opus&edit=claude-opus-5&source=manual"), "q=opus&source=manual");
        assert_eq!(below_dialogs("edit="), "");
        assert_eq!(below_dialogs("?editor=1"), "editor=1");
        assert_eq!(below_dialogs("?search=a&drop=chosen&id=x&id=y"), "search=a");
        assert_eq!(below_dialogs("?id=x&id=y&set_weight=1"), "id=x&id=y&set_weight=1");
    }
}
