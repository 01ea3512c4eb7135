//! Many of one noun changed at once: the fields that can be set for all of them, the look at what would become of each,
//! and the button that does it. All of it is in the address, so that a look is a page like any other.

pub(crate) mod keys;
mod look;
pub(crate) mod providers;
pub(crate) mod users;

use hub::domain::{bulk::BulkReport, fault::Fault};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use super::{clock::Clock, parts};
use crate::{
    api::forms::many::{Field, FieldFaults, Kind, SET, is_any_chosen},
    format::whole,
    text::Text,
    ui::{
        Erase,
        field::DAY_EXAMPLE,
        icon::{Icon, icon},
        state::{empty, note},
    },
};

/// How many of those that are chosen are named.
const NAMES_MAX: usize = 5;

/// A change of many as its address asks for it.
pub(crate) struct Asked {
    /// The names of those that are chosen, as far as they can be told.
    pub(crate) chosen: Vec<String>,
    /// What would come of the change; none if nothing is asked for yet.
    pub(crate) change: Option<Result<BulkReport, FieldFaults>>,
}

/// What of a noun is changed for many.
pub(crate) struct Noun {
    /// Where the list is.
    path: &'static str,
    /// Where many are changed.
    bulk_path: &'static str,
    /// Where one of them is, by its id.
    one: fn(&str) -> String,
    /// What the list is called.
    list: &'static str,
    /// What this page is called.
    title: &'static str,
    /// Its picture.
    icon: Icon,
    /// The parameters that say which.
    which: &'static [&'static str],
    /// The parts of the form.
    sections: Vec<(&'static str, &'static [Field])>,
    /// What it is called to be in no group.
    no_group: &'static str,
    /// The hub's clocks, by which days are typed.
    clock: Clock,
    /// The words for a field.
    label: fn(&'static Text, &str) -> &'static str,
}

impl Noun {
    /// What can stand in a field of the form; none for one that it does not have.
    fn kind(&self, field: &str) -> Option<Kind> {
        let mut fields = self.sections.iter().flat_map(|(_, fields)| fields.iter());
        fields.find(|known| known.name == field).map(|known| known.kind)
    }
}

/// The page. `apply` makes the form that does it, given its button.
pub(crate) fn page(
    text: &'static Text,
    noun: &Noun,
    map: &ParamsMap,
    asked: &Asked,
    apply: impl FnOnce(AnyView) -> AnyView,
) -> (Option<String>, AnyView) {
    let words = &text.many;
    let above = Some((noun.path, noun.list));
    if !is_any_chosen(map) {
        let nothing = empty(noun.icon, words.none_chosen, words.none_chosen_why, Some((noun.path, noun.list)));
        let content = view! { <section class="panel">{nothing}</section> }.erase();
        return parts::page_with(noun.title, above, ().into_any(), content);
    }
    let faults = asked.change.iter().filter_map(|change| change.as_ref().err()).flat_map(FieldFaults::all);
    let (beside, elsewhere): (Vec<&Fault>, Vec<&Fault>) =
        faults.partition(|fault| fault.field().is_some_and(|field| noun.kind(field).is_some()));
    let elsewhere = elsewhere.into_iter().map(|fault| note("note bad", Icon::Alert, (text.fault)(fault)));
    // A look is asked for, and nothing to look at.
    let is_nothing = asked.change.is_none() && map.get_str("look").is_some();
    let nothing = is_nothing.then_some(words.none_filled);
    let fields = Fields { text, map, faults: &beside, label: noun.label };
    let sections = noun.sections.iter().map(|(title, of_it)| fields.section(title, of_it));
    let who = (!asked.chosen.is_empty())
        .then(|| view! { <p class="lead break-anywhere">{chosen(text, &asked.chosen)}</p> }.erase());
    let look = asked.change.as_ref().and_then(|change| change.as_ref().ok()).map(|report| {
        let button = view! { <button type="submit" class="button primary">{icon(Icon::Check)}{words.apply}</button> };
        look::view(text, report, noun, apply(button.erase()))
    });
    let content = view! {
        <form class="editor wide" method="get" action=noun.bulk_path>
            {parts::kept(map, noun.which)}
            <input type="hidden" name="look" value="1" />
            {who}
            <p class="note">{words.help}</p>
            {sections.collect_view()}
            <div role="alert">{elsewhere.collect_view()}</div>
            <div class="flex flex-wrap items-center gap-3">
                <button type="submit" class="button">{words.look}</button>
                <span class="problem" role="alert">{nothing}</span>
            </div>
        </form>
        {look}
    };
    parts::page_with(noun.title, above, ().into_any(), content.into_any())
}

/// How many are chosen, and the first of them by name.
fn chosen(text: &'static Text, names: &[String]) -> String {
    let n_more = u32::try_from(names.len().saturating_sub(NAMES_MAX)).unwrap_or_default();
    let mut first = names.iter().take(NAMES_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    if n_more > 0 {
        first = format!("{first} {}", (text.common.n_more)(n_more));
    }
    (text.many.chosen)(&whole(u64::try_from(names.len()).unwrap_or_default()), &first)
}

/// The fields of a form, with what the address says and what is wrong with it.
struct Fields<'a> {
    /// The words.
    text: &'static Text,
    /// What the address says.
    map: &'a ParamsMap,
    /// What is wrong with them.
    faults: &'a [&'a Fault],
    /// The words for a field.
    label: fn(&'static Text, &str) -> &'static str,
}

impl Fields<'_> {
    /// A part of the form.
    fn section(&self, title: &'static str, fields: &[Field]) -> AnyView {
        view! {
            <fieldset class="section">
                <legend>{title}</legend>
                <div class="triple">{fields.iter().map(|field| self.field(field)).collect_view()}</div>
            </fieldset>
        }
        .erase()
    }

    fn field(&self, field: &Field) -> AnyView {
        let words = &self.text.many;
        let id = format!("{SET}{}", field.name);
        let value = self.map.get_str(&id).unwrap_or_default().to_owned();
        let problem = self.faults.iter().find(|fault| fault.field() == Some(field.name)).copied().map(self.text.fault);
        let (invalid, problem_id) = (problem.is_some().then_some("true"), format!("{id}-problem"));
        let chosen = |options: &[(&'static str, &'static str)]| {
            let option = |(option, word): &(&'static str, &'static str)| {
                view! { <option value=*option selected=*option == value>{*word}</option> }.erase()
            };
            options.iter().map(option).collect_view()
        };
        let described = problem_id.clone();
        let (name, label) = (id.clone(), (self.label)(self.text, field.name));
        let control = match field.kind {
            Kind::Switch => {
                let options =
                    [("", words.keep), ("true", self.text.common.enabled), ("false", self.text.common.disabled)];
                view! { <select class="select" id=id.clone() name=name aria-describedby=described>{chosen(&options)}</select> }.erase()
            }
            Kind::Choice(all) => {
                let word = |one: &&'static str| (*one, choice_word(self.text, one));
                let options: Vec<_> = std::iter::once(("", words.keep)).chain(all.iter().map(word)).collect();
                view! {
                    <select class="select" id=id.clone() name=name aria-describedby=described aria-invalid=invalid>
                        {chosen(&options)}
                    </select>
                }
                .erase()
            }
            Kind::Whole | Kind::Usd | Kind::Factor | Kind::Seconds | Kind::WholeSeconds | Kind::Names | Kind::Day => {
                let is_number = !matches!(field.kind, Kind::Names | Kind::Day);
                let class = if is_number { "input num" } else { "input" };
                let example = if field.kind == Kind::Day { DAY_EXAMPLE } else { words.keep };
                view! {
                    <input class=class type="text" id=id.clone() name=name value=value placeholder=example autocomplete="off"
                        inputmode=is_number.then_some("decimal") aria-describedby=described aria-invalid=invalid />
                }
                .erase()
            }
        };
        let unit = unit(self.text, field.kind).map(|unit| view! { <span class="unit">{unit}</span> }.erase());
        view! {
            <div class="field" data-field>
                <label for=id>{label}</label>
                <div class="with-unit">{control}{unit}</div>
                <div class="problem" id=problem_id role="alert">{problem}</div>
            </div>
        }
        .erase()
    }
}

/// The unit of what stands in a field, as the forms of one show it.
const fn unit(text: &Text, kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Seconds | Kind::WholeSeconds => Some(text.providers.seconds),
        Kind::Usd => Some("$"),
        Kind::Factor => Some("×"),
        Kind::Switch | Kind::Whole | Kind::Names | Kind::Day | Kind::Choice(_) => None,
    }
}

/// What can be chosen, in words.
fn choice_word<'a>(text: &'static Text, choice: &'a str) -> &'a str {
    match choice {
        "soft" => text.limits.soft,
        "hard" => text.limits.hard,
        "user" => text.users.role_user,
        "admin" => text.users.role_admin,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;

    #[test]
    fn those_that_are_chosen_are_counted_and_the_first_are_named() {
        let names = |n: u32| (1..=n).map(|n| format!("p{n}")).collect::<Vec<_>>();
        let said = |language: Language, n| chosen(language.text(), &names(n));
        assert_eq!(said(Language::En, 2), "2 chosen: p1, p2");
        assert_eq!(said(Language::En, 5), "5 chosen: p1, p2, p3, p4, p5");
        assert_eq!(said(Language::En, 7), "7 chosen: p1, p2, p3, p4, p5 and 2 more");
        assert_eq!(said(Language::Zh, 1), "已选择 1 项：p1");
    }
}
