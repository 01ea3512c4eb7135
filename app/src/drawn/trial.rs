//! What came of trying out what a provider's form says.

use hub::domain::{provider::many::ProxyTestResult, rule::ModelTrial};
use leptos::prelude::*;

use crate::{
    format::span,
    text::Text,
    ui::{
        Erase,
        state::{Tone, state},
    },
};

/// What the rules make of a model.
pub(crate) fn model(text: &'static Text, trial: &ModelTrial) -> AnyView {
    let words = &text.trials;
    let ModelTrial::Served { rule, redirect, sent } = trial else {
        return outcome(Tone::Bad, words.not_served, words.not_served_why.to_owned());
    };
    let by = rule.as_ref().map_or_else(|| words.all_served.to_owned(), |rule| (words.by_rule)(&rule.to_string()));
    let sent = match redirect {
        Some(redirect) => (words.sent_by)(sent, &redirect.from.to_string()),
        None => (words.sent_as)(sent),
    };
    outcome(Tone::Good, words.served, format!("{by} {sent}"))
}

/// What the way through a proxy, or without one, led to.
pub(crate) fn proxy(text: &'static Text, result: &ProxyTestResult) -> AnyView {
    let words = &text.trials;
    let way = match &result.proxy_url {
        Some(proxy) => (words.through)(&result.origin, proxy),
        None => (words.direct)(&result.origin),
    };
    let took = span(result.duration_ms.into());
    match (result.status, &result.error) {
        (Some(status), None) => {
            outcome(Tone::Good, words.reached, format!("{way} {}", (words.answered)(status, &took)))
        }
        (_, error) => outcome(Tone::Bad, words.not_reached, format!("{way} {}", error.as_deref().unwrap_or_default())),
    }
}

fn outcome(tone: Tone, word: &'static str, why: String) -> AnyView {
    view! { <p>{state(tone, word)}</p><p class="help break-anywhere">{why}</p> }.erase()
}
