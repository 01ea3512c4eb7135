//! What drawn pages are made of.

use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use crate::{
    format::change,
    query::escape,
    text::Text,
    ui::{
        Erase,
        icon::{Icon, icon},
        page::{Head, frame},
    },
};

/// A page with its head.
pub(crate) fn page(title: &str, lead: &'static str, content: AnyView) -> (Option<String>, AnyView) {
    let head = Head { title: title.to_owned(), lead: Some(lead), above: None, actions: ().into_any() };
    (Some(title.to_owned()), frame(false, head, content))
}

/// A page below another one, or with something to do in its head.
pub(crate) fn page_with(
    title: &str,
    above: Option<(&'static str, &'static str)>,
    actions: AnyView,
    content: AnyView,
) -> (Option<String>, AnyView) {
    let head = Head { title: title.to_owned(), lead: None, above, actions };
    (Some(title.to_owned()), frame(false, head, content))
}

/// A page for something new, below the list that it will stand in.
pub(crate) fn page_of_new(
    title: &'static str,
    lead: &'static str,
    above: (&'static str, &'static str),
    content: AnyView,
) -> (Option<String>, AnyView) {
    let head = Head { title: title.to_owned(), lead: Some(lead), above: Some(above), actions: ().into_any() };
    (Some(title.to_owned()), frame(false, head, content))
}

/// The ways from the form of a user or a provider to what became of it: its use, and its calls.
pub(crate) fn seen_from(text: &'static Text, noun: &'static str, id: &str) -> AnyView {
    view! {
        <a class="button" href=format!("/{noun}s/{id}/use")>{text.common.its_use}</a>
        <a class="button" href=format!("/calls?{noun}={id}")>{text.calls.title}</a>
    }
    .into_any()
}

/// The names of groups; those of nobody stand for the default.
pub(crate) fn group_names(text: &'static Text, groups: &[String]) -> String {
    if groups.is_empty() { text.common.default_group.to_owned() } else { groups.join(", ") }
}

/// How a row begins that can be chosen: with its box, which belongs to the form with the id `chooser`, and what it is.
pub(crate) fn pick(chooser: &'static str, id: String, label: String, what: AnyView) -> AnyView {
    view! {
        <span class="flex items-center gap-2">
            <input type="checkbox" class="pick" form=chooser name="id" value=id aria-label=label />
            {what}
        </span>
    }
    .erase()
}

/// What a list is chosen from: nothing first, then values with their words.
pub(crate) fn options_or(nothing: &'static str, all: impl Iterator<Item = (String, String)>, chosen: &str) -> AnyView {
    view! { <option value="">{nothing}</option>{options(all.collect(), chosen)} }.into_any()
}

/// The parameters of an address that stay when a form asks for another one.
pub(crate) fn kept(map: &ParamsMap, names: &[&'static str]) -> AnyView {
    let all =
        names.iter().flat_map(|name| map.get_all(name).unwrap_or_default().into_iter().map(|value| (*name, value)));
    let field = |(name, value): (&'static str, String)| view! { <input type="hidden" name=name value=value /> }.erase();
    all.filter(|(_, value)| !value.is_empty()).map(field).collect_view().into_any()
}

/// A field of one line.
pub(crate) struct Line {
    /// The name of its parameter; its id too.
    pub(crate) name: &'static str,
    /// What stands above it.
    pub(crate) label: &'static str,
    /// A sentence below.
    pub(crate) help: String,
    /// What is shown while it is empty.
    pub(crate) example: &'static str,
    /// The type of the input.
    pub(crate) kind: &'static str,
    /// What it holds.
    pub(crate) value: String,
    /// What is wrong with it.
    pub(crate) problem: Option<String>,
    /// What is said if it is left empty; none if it may be.
    pub(crate) missing: Option<String>,
}

impl Line {
    /// Draws it.
    pub(crate) fn view(self) -> AnyView {
        self.completed_as("off")
    }

    /// Draws it. `complete` says what the browser may fill in.
    pub(crate) fn completed_as(self, complete: &'static str) -> AnyView {
        let (help_id, problem_id) = (format!("{}-help", self.name), format!("{}-problem", self.name));
        let (described, invalid) = (format!("{help_id} {problem_id}"), self.problem.is_some().then_some("true"));
        // A password belongs to a form that changes something: what is typed in it is not lost without a question.
        let is_watched = (self.kind == "password").then_some("");
        view! {
            <div class="field" data-field=is_watched>
                <label for=self.name>{self.label}</label>
                <input class="input" id=self.name name=self.name type=self.kind value=self.value placeholder=self.example
                    required=self.missing.is_some() autocomplete=complete spellcheck="false" aria-describedby=described aria-invalid=invalid />
                <div class="help" id=help_id>{self.help}</div>
                <div class="problem" id=problem_id role="alert" data-fault=self.name data-wrong=self.missing>{self.problem}</div>
            </div>
        }
        .erase()
    }
}

/// An address with parameters: those that stay, then others. Empty ones are left out.
pub(crate) fn link_with(path: &str, stay: &[(&'static str, String)], more: &[(&str, &str)]) -> String {
    let stay = stay.iter().map(|(name, value)| (*name, value.as_str()));
    let all = stay.filter(|(name, _)| more.iter().all(|(other, _)| other != name)).chain(more.iter().copied());
    let pairs: Vec<String> =
        all.filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}={}", escape(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// The parameter that asks for all rows of a list that begins with only some of them.
pub(crate) fn asks_for_all(is_all: bool) -> Option<(&'static str, String)> {
    is_all.then(|| ("all", "1".to_owned()))
}

/// The way from a list of which `most` rows are shown to the others of its `n_rows`.
pub(crate) fn rest(text: &'static Text, n_rows: usize, most: usize, href: String) -> Option<AnyView> {
    let hidden = u32::try_from(n_rows.saturating_sub(most)).unwrap_or_default();
    (hidden > 0).then(|| view! { <a class="link" href=href data-noscroll>{(text.common.n_more)(hidden)}</a> }.erase())
}

/// The ways on at the end of the panel of a list that begins with the newest: back to these if others are shown, and to
/// older ones if there are some.
pub(crate) fn pager(text: &'static Text, newest: Option<String>, older: Option<String>) -> Option<AnyView> {
    if newest.is_none() && older.is_none() {
        return None;
    }
    let newest = newest.map(|href| view! { <a class="button small" href=href>{text.calls.newest}</a> }.erase());
    let older = older.map(|href| view! { <a class="button small" rel="next" href=href>{text.calls.older}</a> }.erase());
    Some(view! { <nav class="pager" aria-label=text.common.more>{newest}{older}</nav> }.erase())
}

/// One of several links of which one is chosen.
pub(crate) struct Choice {
    /// Its words.
    pub(crate) label: &'static str,
    /// Where it leads.
    pub(crate) href: String,
    /// True if the reader is there.
    pub(crate) is_chosen: bool,
}

/// Links side by side, of which one is chosen.
pub(crate) fn tabs(label: &'static str, choices: impl Iterator<Item = Choice>) -> AnyView {
    let one = |choice: Choice| {
        let current = choice.is_chosen.then_some("true");
        view! { <a href=choice.href aria-current=current data-noscroll>{choice.label}</a> }.erase()
    };
    view! { <nav class="tabs" aria-label=label>{choices.map(one).collect_view()}</nav> }.erase()
}

/// What a list offers: values and their words, of which one is chosen.
pub(crate) fn options(all: Vec<(String, String)>, chosen: &str) -> AnyView {
    let option = |(value, word): (String, String)| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{word}</option> }.erase()
    };
    all.into_iter().map(option).collect_view().into_any()
}

/// The head of a column that rows can be sorted by.
pub(crate) struct SortHead {
    /// Its words.
    pub(crate) label: &'static str,
    /// Where it leads: sorted by it, or the other way round if it is.
    pub(crate) href: String,
    /// How rows are sorted by it now, as `aria-sort` says it.
    pub(crate) order: Option<&'static str>,
    /// True for a column of numbers.
    pub(crate) is_number: bool,
}

impl SortHead {
    /// The cell.
    pub(crate) fn view(self) -> AnyView {
        view! { <th scope="col" class=self.is_number.then_some("num") aria-sort=self.order>{self.link()}</th> }.erase()
    }

    /// Only the link in it, for a cell of several.
    pub(crate) fn link(&self) -> AnyView {
        let arrow = match self.order {
            Some("descending") => "\u{a0}↓",
            Some(_) => "\u{a0}↑",
            None => "",
        };
        let (label, href) = (self.label, self.href.clone());
        view! { <a class="sort" href=href data-noscroll>{label}<span aria-hidden="true">{arrow}</span></a> }.erase()
    }
}

/// A sentence; what stands between backticks in it is code.
pub(crate) fn with_code(sentence: &'static str) -> AnyView {
    let piece = |(place, piece): (usize, &'static str)| {
        if place.is_multiple_of(2) { piece.into_any() } else { view! { <code>{piece}</code> }.erase() }
    };
    sentence.split('`').enumerate().map(piece).collect_view().into_any()
}

/// A button that copies the text of the element with that id.
pub(crate) fn copy_button(text: &'static Text, id: &'static str, label: &'static str) -> AnyView {
    let words = &text.common;
    view! {
        <button type="button" class="button small needs-script" data-copy=id data-copied=words.copied data-by-hand=words.copy_by_hand>
            {icon(Icon::Copy)}{icon(Icon::Check)}
            <span aria-live="polite">{words.copy}</span><span class="sr-only">": "{label}</span>
        </button>
    }
    .erase()
}

/// What the changes in numbers are against, where some are shown.
pub(crate) fn compared(text: &'static Text, is_shown: bool) -> Option<AnyView> {
    is_shown.then(|| view! { <span class="caption">{(text.drawn.changes)(text.drawn.versus)}</span> }.erase())
}

/// A number with its change against the span before.
pub(crate) fn versus(text: &'static Text, shown: String, now: u64, before: Option<u64>) -> AnyView {
    let change = before.and_then(|before| change(now, before));
    let change = change.map(|change| {
        view! { <span class="versus" title=text.drawn.versus>{change}<span class="aside">" "{text.drawn.versus}</span></span> }.erase()
    });
    view! { {shown}{change} }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_each_parameter_once_and_none_that_is_empty() {
        let stay = [("by", "model".to_owned()), ("period", "week".to_owned())];
        assert_eq!(link_with("/leaderboard", &stay, &[("period", "all")]), "/leaderboard?by=model&period=all");
        assert_eq!(link_with("/leaderboard", &stay, &[("period", "")]), "/leaderboard?by=model");
        assert_eq!(link_with("/leaderboard", &[], &[("a", "b c")]), "/leaderboard?a=b%20c");
        assert_eq!(link_with("/leaderboard", &[], &[]), "/leaderboard");
    }

    #[test]
    fn a_page_needs_nothing_of_whoever_drew_it() {
        let owner = Owner::new();
        let (_, view) = owner.with(|| page("Users", "Who may.", ().into_any()));
        owner.cleanup();
        let drawn = owner.with(|| view.to_html()).replace("<!>", "");
        assert!(drawn.contains("Users</h1>"), "{drawn}");
    }

    #[test]
    fn code_in_a_sentence_is_marked_and_its_backticks_are_not_shown() {
        let drawn = |sentence| Owner::new().with(|| with_code(sentence).to_html().replace("<!>", ""));
        assert_eq!(drawn("Run `hub x`, then `y`."), "Run <code>hub x</code>, then <code>y</code>.");
        assert_eq!(drawn("None."), "None.");
    }
}
