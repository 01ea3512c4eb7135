//! What else is known of a call, one line for each thing.

use hub::domain::call::CallKind;
use leptos::prelude::*;

use super::Shown;
use crate::{
    drawn::{clock::Clock, parts},
    text::Text,
    ui::Erase,
};

/// The id of the element that shows the call's id.
const ID: &str = "call-id";

/// The view.
pub(super) fn view(text: &'static Text, shown: &Shown, clock: Clock) -> AnyView {
    let detail = &shown.detail;
    let (call, words, listed) = (&detail.call, &text.call, &text.calls);
    let link = |id: Option<String>, name: &Option<String>, path: &str| {
        let name = name.clone()?;
        Some(match id {
            Some(id) => view! { <a class="link" href=format!("{path}{id}")>{name}</a> }.erase(),
            None => name.into_any(),
        })
    };
    let session = call.session_id.clone().map(|session| {
        let href = shown.session.clone();
        view! { <a class="link mono break-anywhere" href=href>{session}</a> }.erase()
    });
    let kind = match call.kind {
        CallKind::Messages => words.messages,
        CallKind::Probe => listed.probe,
    };
    let kind = format!("{kind}, {}", if call.stream { words.stream } else { words.no_stream });
    let upstream = detail.attempts.last().and_then(|attempt| attempt.upstream_request_id.clone());
    view! {
        <section aria-labelledby="facts-title">
            <h3 id="facts-title" class="section-title">{words.facts}</h3>
            <dl class="facts">
                {fact(words.arrived, Some(clock.full(call.created_at)))}
                {fact(words.kind, Some(kind.into_any()))}
                {fact(listed.status, call.status.map(IntoAny::into_any))}
                {fact(listed.user, link(call.user_id.map(|id| id.to_string()), &call.user_name, "/users/"))}
                {fact(words.key, link(call.key_id.map(|id| id.to_string()), &call.key_name, "/calls?key="))}
                {fact(listed.provider, link(call.provider_id.map(|id| id.to_string()), &call.provider_name, "/providers/"))}
                {fact(words.model_asked, mono(Some(&call.model)))}
                {fact(words.model_sent, mono(call.model_sent.as_ref()))}
                {fact(words.model_served, mono(call.model_served.as_ref()))}
                {fact(listed.session, session)}
                {fact(listed.user_agent, mono(call.client.user_agent.as_ref()))}
                {fact(listed.address, mono(call.client.address.as_ref()))}
                {fact(words.upstream_id, mono(upstream.as_ref()))}
                <div>
                    <dt>{words.id}</dt>
                    <dd class="flex flex-wrap items-center gap-2">
                        <span class="mono break-anywhere" id=ID>{call.id.to_string()}</span> {parts::copy_button(text, ID, words.id)}
                    </dd>
                </div>
            </dl>
        </section>
    }
    .erase()
}

fn fact(label: &'static str, value: Option<AnyView>) -> Option<AnyView> {
    value.map(|value| view! { <div><dt>{label}</dt><dd>{value}</dd></div> }.erase())
}

fn mono(value: Option<&String>) -> Option<AnyView> {
    value.map(|value| view! { <span class="mono break-anywhere">{value.clone()}</span> }.erase())
}
