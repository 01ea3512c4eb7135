//! Everything about one call.

use hub::domain::call::CallKind;
use leptos::prelude::*;

use super::{
    chain, cost,
    table::{duration, tone},
};
use crate::{
    api::{AppError, calls::Detail},
    fault,
    format::{span_or_unknown, usd_alone},
    text::{Text, use_text},
    ui::{
        Erase,
        code::CopyButton,
        icon::{Icon, icon},
        state::{note, state},
        time::full_view,
    },
};

/// The call. `close` is the address of the list without it; none if it stands alone.
pub(super) fn view(detail: &Detail, close: Option<String>) -> AnyView {
    let text = use_text();
    let call = &detail.call;
    let error = call.error.as_ref().map(|error| {
        let cause = detail.cause_in_words(&error.cause);
        // What the hub says of it is English; it stands here and nowhere else.
        let message = view! { <p class="caption break-anywhere" lang="en">{error.message.clone()}</p> };
        note("note bad", Icon::Alert, view! { <p>{cause}</p>{message} }.into_any())
    });
    let alone = close.is_some().then(|| {
        let href = format!("/calls/{}", call.id);
        view! { <a class="button ghost icon" href=href aria-label=text.calls.open_alone title=text.calls.open_alone>{icon(Icon::Expand)}</a> }.erase()
    });
    let messages = detail.has_messages.then(|| {
        let href = format!("/calls/{}/messages", call.id);
        view! { <p><a class="button small" href=href>{text.calls.conversation}</a></p> }.erase()
    });
    view! {
        <article class="call" data-detail=call.id.to_string()>
            <header class="call-head">
                <h2 class="ellipsis flex-1">{state(tone(call.outcome), (text.outcome)(call.outcome))}" "<span class="mono text-muted">{call.model.clone()}</span></h2>
                {alone} {close.map(|close| away(text, close))}
            </header>
            <div class="call-body">
                {figures(text, detail)}
                <div class="call-told">{messages} {chain::view(detail)} {error} {cost::view(detail)}</div>
                {facts(text, detail)}
            </div>
        </article>
    }
    .erase()
}

/// A call that cannot be shown.
pub(super) fn missing(error: &AppError, close: Option<String>, retry: impl Fn() + 'static) -> AnyView {
    let text = use_text();
    view! {
        <header class="call-head"><h2 class="flex-1">{text.calls.detail}</h2>{close.map(|close| away(text, close))}</header>
        {fault::failed(error, retry)}
    }
    .erase()
}

fn away(text: &'static Text, close: String) -> AnyView {
    view! { <a class="button ghost icon" href=close aria-label=text.calls.close title=text.calls.close data-esc data-noscroll>{icon(Icon::Close)}</a> }.erase()
}

/// The four numbers that are asked for first.
fn figures(text: &'static Text, detail: &Detail) -> AnyView {
    let call = &detail.call;
    let cost = if call.outcome.is_some() { usd_alone(call.cost_usd) } else { crate::format::UNKNOWN.to_owned() };
    let figure = |label: &'static str, value: AnyView| view! { <div><dt>{label}</dt><dd>{value}</dd></div> }.erase();
    view! {
        <dl class="figures">
            {figure(text.calls.cost, cost.into_any())}
            {figure(text.calls.first_byte, span_or_unknown(call.first_byte_ms).into_any())}
            {figure(text.calls.first_token, span_or_unknown(call.first_token_ms).into_any())}
            {figure(text.calls.duration, duration(call))}
        </dl>
    }
    .erase()
}

fn fact(label: &'static str, value: Option<AnyView>) -> Option<AnyView> {
    value.map(|value| view! { <div><dt>{label}</dt><dd>{value}</dd></div> }.erase())
}

fn facts(text: &'static Text, detail: &Detail) -> AnyView {
    let call = &detail.call;
    let words = &text.calls;
    let mono = |value: &Option<String>| {
        value.clone().map(|value| view! { <span class="mono break-anywhere">{value}</span> }.erase())
    };
    let link = |id: Option<String>, name: &Option<String>, path: &str| {
        let name = name.clone()?;
        Some(match id {
            Some(id) => view! { <a class="link" href=format!("{path}{id}")>{name}</a> }.erase(),
            None => name.into_any(),
        })
    };
    let session = call.session_id.clone().map(|session| {
        let href = detail.session.clone().unwrap_or_default();
        view! { <a class="link mono break-anywhere" href=href>{session}</a> }.erase()
    });
    let kind = match call.kind {
        CallKind::Messages => words.messages,
        CallKind::Probe => words.probe,
    };
    let kind = format!("{kind}, {}", if call.stream { words.stream } else { words.no_stream });
    let upstream = detail.attempts.last().and_then(|attempt| attempt.upstream_request_id.clone());
    let id = call.id.to_string();
    let shown_id = id.clone();
    view! {
        <section aria-labelledby="facts-title">
            <h3 id="facts-title" class="section-title">{words.facts}</h3>
            <dl class="facts">
                {fact(words.arrived, Some(full_view(call.created_at)))}
                {fact(words.kind, Some(kind.into_any()))}
                {fact(words.status, call.status.map(IntoAny::into_any))}
                {fact(words.user, link(call.user_id.map(|id| id.to_string()), &call.user_name, "/users/"))}
                {fact(words.key, link(call.key_id.map(|id| id.to_string()), &call.key_name, "/calls?key="))}
                {fact(words.provider, link(call.provider_id.map(|id| id.to_string()), &call.provider_name, "/providers/"))}
                {fact(words.model_asked, mono(&Some(call.model.clone())))}
                {fact(words.model_sent, mono(&call.model_sent))}
                {fact(words.model_served, mono(&call.model_served))}
                {fact(words.session, session)}
                {fact(words.user_agent, mono(&call.client.user_agent))}
                {fact(words.address, mono(&call.client.address))}
                {fact(words.upstream_id, mono(&upstream))}
                <div>
                    <dt>{words.id}</dt>
                    <dd class="flex flex-wrap items-center gap-2">
                        <span class="mono break-anywhere" id="call-id">{shown_id}</span> <CopyButton id="call-id" text=id />
                    </dd>
                </div>
            </dl>
        </section>
    }
    .erase()
}
