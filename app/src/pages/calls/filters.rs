//! The filters: a form whose answer is an address. Without script it is sent by its button, with script as it changes.

use hub::domain::call::Outcome;
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    api::{Named, calls::CallChoices},
    browser,
    query::CallFilter,
    text::{Text, use_text},
    ui::{
        Erase,
        icon::{Icon, icon},
    },
};

/// The bar of filters.
pub(super) fn view(filter: &CallFilter, choices: &CallChoices) -> AnyView {
    let text = use_text();
    let navigate = use_navigate();
    let submit = move |event: leptos::ev::SubmitEvent| {
        if let Some(address) = browser::form_address(&event) {
            event.prevent_default();
            navigate(&address, NavigateOptions { scroll: false, ..NavigateOptions::default() });
        }
    };
    let own = |name: &str| filter.get(name).unwrap_or_default().to_owned();
    view! {
        <form class="filters" method="get" action="/calls" role="search" aria-label=text.calls.filter
            on:submit=submit on:change=move |event| browser::submit_form_of(&event)>
            {choose("range", text.calls.time, &own("range"), ranges(text))}
            {choose("outcome", text.calls.outcome, &own("outcome"), outcomes(text))}
            {choose("provider", text.calls.provider, &own("provider"), named(text.calls.any_provider, &choices.providers))}
            {choose("user", text.calls.user, &own("user"), named(text.calls.any_user, &choices.users))}
            <input class="input" name="model" value=own("model") aria-label=text.calls.model placeholder=text.calls.any_model
                spellcheck="false" data-filter />
            {kept(text, filter)}
            <button class="button" type="submit">{text.calls.apply}</button>
            {filter.is_narrow().then(|| view! { <a class="button ghost" href="/calls">{text.calls.clear}</a> }.erase())}
        </form>
    }
    .erase()
}

fn choose(name: &'static str, label: &'static str, chosen: &str, options: Vec<(String, String)>) -> AnyView {
    let option = |(value, word): (String, String)| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{word}</option> }.erase()
    };
    view! { <select class="select" name=name aria-label=label>{options.into_iter().map(option).collect_view()}</select> }.erase()
}

fn ranges(text: &Text) -> Vec<(String, String)> {
    let calls = &text.calls;
    [
        ("", calls.any_time),
        ("1h", calls.last_hour),
        ("24h", calls.last_day),
        ("7d", calls.last_week),
        ("30d", calls.last_month),
    ]
    .map(|(value, word)| (value.to_owned(), word.to_owned()))
    .to_vec()
}

fn outcomes(text: &Text) -> Vec<(String, String)> {
    let all = Outcome::ALL.map(|outcome| (outcome.as_str().to_owned(), (text.outcome)(Some(outcome)).to_owned()));
    std::iter::once((String::new(), text.calls.any_outcome.to_owned())).chain(all).collect()
}

fn named(any: &str, all: &[Named]) -> Vec<(String, String)> {
    let all = all.iter().map(|item| (item.id.clone(), item.name.clone()));
    std::iter::once((String::new(), any.to_owned())).chain(all).collect()
}

/// Filters without a field of their own: they come from links, stay as they are, and can be taken away.
fn kept(text: &'static Text, filter: &CallFilter) -> Vec<AnyView> {
    let chip = |name: &'static str, label: &'static str| {
        let value = filter.get(name)?.to_owned();
        let away = filter.with(name, None).path(None);
        let shown = value.clone();
        Some(
            view! {
                <span class="badge">
                    <input type="hidden" name=name value=value />
                    {label}" "<span class="mono ellipsis max-w-40">{shown}</span>
                    <a class="chip-away" href=away aria-label=text.calls.remove_filter title=text.calls.remove_filter>{icon(Icon::Close)}</a>
                </span>
            }
    .erase(),
        )
    };
    [
        ("session", text.calls.filtered_session),
        ("key", text.calls.filtered_key),
        ("from", text.calls.filtered_time),
        ("to", text.calls.filtered_time),
        ("status", text.calls.status),
    ]
    .into_iter()
    .filter_map(|(name, label)| chip(name, label))
    .collect()
}
