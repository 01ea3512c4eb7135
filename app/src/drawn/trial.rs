//! What came of trying out what a provider's form says.

use hub::domain::{
    provider::{ProviderTestResult, many::ProxyTestResult},
    rule::ModelTrial,
};
use leptos::prelude::*;

use crate::{
    format::{span, span_or_unknown, whole},
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
        (_, error) => {
            let why = result.cause.as_deref().map(|cause| text.cause_in_words(cause)).unwrap_or_default();
            let said = outcome(Tone::Bad, words.not_reached, format!("{way} {why}"));
            view! { {said}{error.clone().map(message)} }.into_any()
        }
    }
}

/// What came back from a test call.
pub(crate) fn test(text: &'static Text, result: &ProviderTestResult) -> AnyView {
    let words = &text.trials;
    let (tone, word) = if result.ok { (Tone::Good, words.works) } else { (Tone::Bad, words.works_not) };
    let took = (words.took)(&span_or_unknown(result.first_byte_ms), &span(result.duration_ms.into()));
    let status = result.status.map(|status| format!(" · {}", (text.chain.http)(status)));
    let tokens = (words.tokens)(&whole(result.usage.prompt()), &whole(result.usage.output));
    let cause = result.cause.as_deref().map(|cause| text.cause_in_words(cause));
    let answer = (!result.answer.is_empty())
        .then(|| view! { <pre class="raw" tabindex="0">{result.answer.clone()}</pre> }.erase());
    view! {
        <div class="grid gap-2 border-t border-line pt-3">
            <p class="font-medium">{state(tone, word)}</p>
            {cause.map(|cause| view! { <p class="problem">{cause}</p> }.erase())}
            {result.error.clone().map(message)}
            <p class="caption"><span class="mono">{result.model.clone()}</span>{status}</p>
            <p class="caption">{took}</p>
            <p class="caption">{tokens}</p>
            {answer}
            <a class="link" href=format!("/calls/{}", result.call_id)>{words.open_call}</a>
        </div>
    }
    .erase()
}

/// What the hub says of a failure: it says it in English.
fn message(error: String) -> AnyView {
    view! { <p class="help break-anywhere" lang="en">{error}</p> }.erase()
}

fn outcome(tone: Tone, word: &'static str, why: String) -> AnyView {
    view! { <p>{state(tone, word)}</p><p class="help break-anywhere">{why}</p> }.erase()
}
