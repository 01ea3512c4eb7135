//! Everything about one call: beside the list, and as a page of its own.

mod bars;
mod chain;
mod cost;
mod facts;
mod sentence;

use chrono::{DateTime, Utc};
use hub::domain::call::{Call, CallDetail};
use leptos::prelude::*;

pub(crate) use self::{
    chain::why,
    cost::{Charge, charges},
};
use super::{clock::Clock, parts};
use crate::{
    format::{UNKNOWN, elapsed, span_or_unknown, usd_alone},
    pages::calls::{away, tone},
    text::Text,
    ui::{
        Erase,
        icon::{Icon, icon},
        state::{note, state},
    },
};

/// What is shown.
pub(crate) struct Shown {
    /// The call.
    pub(crate) detail: CallDetail,
    /// The page of its session.
    pub(crate) session: Option<String>,
}

/// The call beside the list. `list` is where that is without it.
pub(crate) fn beside(text: &'static Text, shown: &Shown, list: String, clock: Clock) -> AnyView {
    let href = format!("/calls/{}", shown.detail.call.id);
    let label = text.call.open_alone;
    let ways = view! {
        <a class="button ghost icon" href=href aria-label=label title=label>{icon(Icon::Expand)}</a>
        {away(text, list)}
    };
    article(text, shown, ways.into_any(), clock)
}

/// The call as a page of its own, to be sent to somebody.
pub(crate) fn page(text: &'static Text, shown: &Shown, clock: Clock) -> (Option<String>, AnyView) {
    let call = &shown.detail.call;
    let title = title(&call.model, call.created_at, clock);
    let content = view! { <div class="panel alone">{article(text, shown, ().into_any(), clock)}</div> };
    parts::page_with(&title, Some(("/calls", text.calls.title)), ().into_any(), content.into_any())
}

/// What a call is called: the model that was asked for, and when.
pub(crate) fn title(model: &str, at: DateTime<Utc>, clock: Clock) -> String {
    let moment = clock.moment(at);
    format!("{model} · {} {}", moment.date(), moment.time())
}

/// The call. `ways` lead from it elsewhere.
fn article(text: &'static Text, shown: &Shown, ways: AnyView, clock: Clock) -> AnyView {
    let detail = &shown.detail;
    let call = &detail.call;
    let messages = detail.has_messages.then(|| {
        let href = format!("/calls/{}/messages", call.id);
        view! { <p><a class="button small" href=href>{text.call.conversation}</a></p> }.erase()
    });
    view! {
        <article class="call" data-detail=call.id.to_string()>
            <header class="call-head">
                <h2 class="ellipsis flex-1">{state(tone(call.outcome), (text.outcome)(call.outcome))}" "<span class="mono text-muted">{call.model.clone()}</span></h2>
                {ways}
            </header>
            <div class="call-body">
                {figures(text, call, clock)}
                <div class="call-told">{messages} {chain::view(text, detail, clock)} {trouble(text, call)} {cost::view(text, detail)}</div>
                {facts::view(text, shown, clock)}
            </div>
        </article>
    }
    .erase()
}

/// What went wrong.
fn trouble(text: &'static Text, call: &Call) -> Option<AnyView> {
    let error = call.error.as_ref()?;
    let cause = text.cause_in_words(&error.cause);
    // What the hub says of it is English; it stands here and nowhere else.
    let message = view! { <p class="caption break-anywhere" lang="en">{error.message.clone()}</p> };
    Some(note("note bad", Icon::Alert, view! { <p>{cause}</p>{message} }.into_any()))
}

/// The four numbers that are asked for first.
fn figures(text: &'static Text, call: &Call, clock: Clock) -> AnyView {
    let words = &text.calls;
    let cost = if call.outcome.is_some() { usd_alone(call.cost_usd) } else { UNKNOWN.to_owned() };
    let figure = |label: &'static str, value: AnyView| view! { <div><dt>{label}</dt><dd>{value}</dd></div> }.erase();
    view! {
        <dl class="figures">
            {figure(words.cost, cost.into_any())}
            {figure(words.first_byte, span_or_unknown(call.first_byte_ms).into_any())}
            {figure(text.call.first_token, span_or_unknown(call.first_token_ms).into_any())}
            {figure(words.duration, duration(call, clock))}
        </dl>
    }
    .erase()
}

/// How long it took, or how long it has run by now.
fn duration(call: &Call, clock: Clock) -> AnyView {
    if call.outcome.is_some() {
        return span_or_unknown(call.duration_ms).into_any();
    }
    let began_at = call.created_at.timestamp_millis().to_string();
    view! { <span class="sub" data-since=began_at>{elapsed(clock.since(call.created_at))}</span> }.erase()
}
