//! One session: where it goes, where it went, and its calls.

use hub::domain::{
    call::Call,
    own::OwnCall,
    page::Page,
    session::{SessionDetail, Stay},
};
use leptos::prelude::*;

use super::{PATH, caller, from_cache, is};
use crate::{
    api::sessions::EndSession,
    drawn::{
        act,
        calls_table::CallsTable,
        clock::Clock,
        parts::{self, link_with},
    },
    format::{UNKNOWN, share, short, usd, usd_alone, whole},
    pages::calls::again,
    text::Text,
    ui::{Erase, icon::Icon, state::empty},
};

/// What the page shows.
pub(crate) struct Shown<'a> {
    /// The session.
    pub(crate) detail: &'a SessionDetail,
    /// A page of its calls, newest first.
    pub(crate) calls: &'a Page<Call>,
    /// True if that is not the first page.
    pub(crate) is_later: bool,
    /// True if the reader is asked whether to end it.
    pub(crate) is_ending: bool,
}

/// The page.
pub(crate) fn page(text: &'static Text, shown: &Shown<'_>, clock: Clock) -> (Option<String>, AnyView) {
    let detail = shown.detail;
    let is_active = detail.session.is_active == Some(true);
    let content = view! {
        <div class="overview">
            {(shown.is_ending && is_active).then(|| ending(text, detail))}
            {figures(text, detail, clock)}
            <section class="panel p-4" aria-labelledby="facts-title">
                <h2 class="section-title" id="facts-title">{text.call.facts}</h2>
                {facts(text, detail, clock)}
            </section>
            {(!detail.stays.is_empty()).then(|| stays(text, &detail.stays, clock))}
            {calls(text, shown, clock)}
        </div>
    };
    let name = &detail.session.session_id;
    parts::page_with(name, Some((PATH, text.sessions.title)), actions(text, detail, is_active), content.into_any())
}

fn actions(text: &'static Text, detail: &SessionDetail, is_active: bool) -> AnyView {
    let words = &text.sessions;
    let session = &detail.session;
    let key = session.key_id.to_string();
    let calls = link_with("/calls", &[], &[("key", &key), ("session", &session.session_id)]);
    let messages = detail
        .captured_call_id
        .map(|id| view! { <a class="button" href=format!("/calls/{id}/messages")>{words.open}</a> }.erase());
    let end = is_active.then(|| {
        view! { <a class="button danger" href=format!("{PATH}/{}?end=1", session.id) data-noscroll>{words.end}</a> }
            .erase()
    });
    view! { {messages}<a class="button" href=calls>{words.all_calls}</a>{end} }.into_any()
}

/// The question before it is ended, with what is lost.
fn ending(text: &'static Text, detail: &SessionDetail) -> AnyView {
    let words = &text.sessions;
    let session = &detail.session;
    let warm = match &session.provider_name {
        Some(provider) => (words.end_warm)(provider, &whole(detail.cached_tokens.unwrap_or_default())),
        None => words.end_unbound.to_owned(),
    };
    let running = (session.in_flight > 0).then(|| (words.end_running)(&whole(session.in_flight)));
    let buttons = view! {
        <div class="flex gap-2">
            <button type="submit" class="button danger">{words.end}</button>
            <a class="button" href=format!("{PATH}/{}", session.id) data-esc>{text.common.cancel}</a>
        </div>
    };
    view! {
        <section class="panel p-4" role="alertdialog" aria-labelledby="end-title" aria-describedby="end-what">
            <h2 class="section-title" id="end-title">{(words.end_title)(&session.session_id)}</h2>
            <ul id="end-what" class="mb-3">
                <li>{words.end_what}</li>
                <li>{warm}</li>
                {running.map(|running| view! { <li>{running}</li> }.erase())}
            </ul>
            {act::form::<EndSession>(vec![("id", session.id.clone())], buttons.into_any())}
        </section>
    }
    .erase()
}

fn figures(text: &'static Text, detail: &SessionDetail, clock: Clock) -> AnyView {
    let words = &text.sessions;
    let session = &detail.session;
    let figure = |label: &'static str, value: AnyView| view! { <div><dt>{label}</dt><dd>{value}</dd></div> }.erase();
    let plain = |label: &'static str, value: String| figure(label, value.into_any());
    view! {
        <dl class="figures panel padded">
            {plain(words.cost, usd_alone(session.cost_usd))}
            {plain(words.calls, whole(session.calls))}
            {plain(words.errors, whole(session.errors))}
            {plain(words.tokens, short(session.usage.total()))}
            {plain(words.cache_hit, from_cache(session))}
            {figure(words.began, clock.stamp(session.created_at))}
            {figure(words.seen, clock.stamp(session.last_seen_at))}
        </dl>
    }
    .erase()
}

fn facts(text: &'static Text, detail: &SessionDetail, clock: Clock) -> AnyView {
    let words = &text.sessions;
    let session = &detail.session;
    let fact = |label: &'static str, value: AnyView| view! { <div><dt>{label}</dt><dd>{value}</dd></div> }.erase();
    let mono = |value: String| view! { <span class="mono break-anywhere">{value}</span> }.erase();
    view! {
        <dl class="facts">
            {fact(words.session, mono(session.session_id.clone()))}
            {fact(words.state, is(text, session))}
            {fact(words.caller, caller(session))}
            {fact(words.bound, bound(text, detail, clock))}
            {fact(words.models, mono(session.models.join(", ")))}
            {session.user_agent.clone().map(|agent| fact(words.client, mono(agent)))}
        </dl>
    }
    .erase()
}

/// Where its next call goes, since when, and for how long.
fn bound(text: &'static Text, detail: &SessionDetail, clock: Clock) -> AnyView {
    let words = &text.sessions;
    let session = &detail.session;
    let (Some(id), Some(name)) = (session.provider_id, session.provider_name.clone()) else {
        return words.not_bound.into_any();
    };
    let since = detail.bound_since.map(|since| view! { <span>{words.since}" "{clock.stamp(since)}</span> }.erase());
    let until = detail.bound_until.filter(|until| *until > clock.now);
    let until = until.map(|until| view! { <span>{words.until}" "{clock.countdown(text, until)}</span> }.erase());
    let cached = detail.cached_tokens.filter(|tokens| *tokens > 0).map(|tokens| (words.cached_there)(&whole(tokens)));
    view! {
        <span class="flex flex-wrap gap-x-3">
            <a class="link" href=format!("/providers/{id}")>{name}</a>
            {since} {until} {cached.map(|cached| view! { <span class="sub">{cached}</span> }.erase())}
        </span>
    }
    .erase()
}

/// Where its calls went, the latest first: a row for each run of calls at one provider.
fn stays(text: &'static Text, stays: &[Stay], clock: Clock) -> AnyView {
    let words = &text.sessions;
    let row = |stay: &Stay| {
        let cached = share(stay.cache_read, stay.prompt).unwrap_or_else(|| UNKNOWN.to_owned());
        view! {
            <tr>
                <th scope="row"><a class="row-link" href=format!("/providers/{}", stay.provider_id)>{stay.provider_name.clone()}</a></th>
                <td data-head=words.since>{clock.stamp(stay.since)}</td>
                <td data-head=words.until>{clock.stamp(stay.until)}</td>
                <td class="num" data-head=words.calls>{whole(stay.calls)}</td>
                <td class="num" data-head=words.share_cached>{cached}</td>
                <td class="num" data-head=words.cost>{usd(stay.cost_usd, 4)}</td>
            </tr>
        }
        .erase()
    };
    view! {
        <section class="panel" aria-labelledby="stays-title">
            <div class="panel-head"><h2 id="stays-title" class="grow">{words.stays}</h2><span class="caption">{words.stays_why}</span></div>
            <div class="scroll">
                <table class="table stays cards">
                    <caption class="aside">{words.stays}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{words.provider}</th>
                            <th scope="col">{words.since}</th>
                            <th scope="col">{words.until}</th>
                            <th scope="col" class="num">{words.calls}</th>
                            <th scope="col" class="num">{words.share_cached}</th>
                            <th scope="col" class="num">{words.cost}</th>
                        </tr>
                    </thead>
                    <tbody>{stays.iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
    .erase()
}

fn calls(text: &'static Text, shown: &Shown<'_>, clock: Clock) -> AnyView {
    let words = &text.sessions;
    let calls = &shown.calls.items;
    let path = format!("{PATH}/{}", shown.detail.session.id);
    let newest = shown.is_later.then(|| path.clone());
    let older = shown.calls.next_cursor.as_ref().map(|cursor| link_with(&path, &[], &[("cursor", cursor)]));
    // The call before each of them is the next row.
    let before = |place: usize| calls.get(place + 1).and_then(|call| call.provider_id);
    let moved =
        |place: usize, call: &Call| before(place).zip(call.provider_id).is_some_and(|(before, now)| before != now);
    let list = if calls.is_empty() {
        empty(Icon::Inbox, words.nothing_yet, words.nothing_yet_why, None)
    } else {
        let own = [text.calls.model, text.calls.provider];
        let table = CallsTable { class: "table own-calls of-session", caption: words.requests, path: "/calls", own };
        let row = |(place, call): (usize, &Call)| {
            let moved = moved(place, call).then(|| view! { <span class="state warn">{words.moved}</span> }.erase());
            let provider = call.provider_name.clone().unwrap_or_else(|| UNKNOWN.to_owned());
            let model = view! { <span class="mono">{call.model.clone()}</span> }.erase();
            let provider = view! { {provider}{again(text, call.n_attempts)}" "{moved} };
            (OwnCall::from(call.clone()), [model, provider.into_any()])
        };
        table.view(text, calls.iter().enumerate().map(row), clock)
    };
    view! {
        <section class="panel" aria-labelledby="calls-title">
            <div class="panel-head"><h2 id="calls-title">{words.requests}</h2></div>
            {list}
            {parts::pager(text, newest, older)}
        </section>
    }
    .erase()
}
