//! The list as a table.

use hub::domain::{
    call::{Call, CallKind, Outcome},
    usage::Usage,
};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::rows::{ROWS_MAX, Row, Rows};
use crate::{
    api::calls::Calls,
    asked::Asked,
    format::{UNKNOWN, elapsed, span_or_unknown, usd, whole},
    live::Live,
    query::CallFilter,
    text::{Text, use_text},
    ui::{
        Erase,
        icon::Icon,
        state::{Tone, empty, state},
        time::{clock_view, use_now},
    },
};

/// The table and its pager. `list` reads it.
pub(super) fn view(calls: Calls, filter: Memo<CallFilter>, open: Memo<Option<String>>, list: Asked) -> AnyView {
    let text = use_text();
    let live: Live = expect_context();
    let is_first = calls.query.cursor.is_none();
    let rows = Rows::new(calls.running.into_iter().chain(calls.page.items).collect(), calls.page.next_cursor);
    rows.follow(live, calls.query);
    let is_empty = Memo::new(move |_| rows.shown.with(Vec::is_empty));
    view! {
        <section class="panel listing" aria-label=text.calls.title>
            {move || pill(text, rows, list)}
            <div class="scroll" hidden=move || is_empty.get()>
                <table class="table calls">
                    <caption class="aside">{text.calls.list_caption}</caption>
                    {head(text)}
                    <tbody>
                        <For each=move || rows.shown.get() key=|row| row.id let(row)>{line(text, row, filter, open)}</For>
                    </tbody>
                </table>
            </div>
            {move || is_empty.get().then(|| nothing(text, &filter.get()))}
            {move || pager(text, filter, rows.next.get(), is_first)}
        </section>
    }
    .erase()
}

fn head(text: &'static Text) -> AnyView {
    let calls = &text.calls;
    view! {
        <thead>
            <tr>
                <th scope="col">{calls.time}</th>
                <th scope="col">{calls.outcome}</th>
                <th scope="col">{calls.caller}</th>
                <th scope="col">{calls.model}</th>
                <th scope="col">{calls.provider}</th>
                <th scope="col" class="num">{calls.tokens_in}</th>
                <th scope="col" class="num">{calls.tokens_out}</th>
                <th scope="col" class="num">{calls.tokens_cache}</th>
                <th scope="col" class="num">{calls.cost}</th>
                <th scope="col" class="num">{calls.first_byte}</th>
                <th scope="col" class="num">{calls.duration}</th>
                <th scope="col" class="num">{calls.status}</th>
                <th scope="col">{calls.session}</th>
                <th scope="col" class="num">{calls.cache_write}</th>
                <th scope="col">{calls.user_agent}</th>
                <th scope="col">{calls.address}</th>
                <th scope="col" class="num">{calls.attempts}</th>
                <th scope="col" class="num">{calls.speed}</th>
            </tr>
        </thead>
    }
    .erase()
}

fn line(text: &'static Text, row: Row, filter: Memo<CallFilter>, open: Memo<Option<String>>) -> AnyView {
    let id = row.id.to_string();
    let navigate = use_navigate();
    let (own, call) = (id.clone(), row.call);
    let path = move || filter.get().path(Some(&id));
    let to = path.clone();
    let click = move |_| navigate(&to(), NavigateOptions { scroll: false, ..NavigateOptions::default() });
    let selected = move || open.with(|open| open.as_deref() == Some(own.as_str())).then_some("true");
    view! {
        <tr class="clickable" aria-selected=selected on:click=click>
            {move || cells(text, &call.get(), path())}
        </tr>
    }
    .erase()
}

fn cells(text: &'static Text, call: &Call, path: String) -> AnyView {
    // Where no tokens are counted there is nothing to say: a call that runs, or that nobody has served.
    let is_counted = call.usage != Usage::default();
    let tokens = |count: u64| if is_counted { whole(count) } else { UNKNOWN.to_owned() };
    let is_charged = call.outcome.is_some() && (is_counted || !call.cost_usd.is_zero());
    let cost = if is_charged { usd(call.cost_usd, 4) } else { UNKNOWN.to_owned() };
    view! {
        <td><a class="row-link" href=path data-row data-noscroll data-call=call.id.to_string()>{clock_view(call.created_at)}</a></td>
        <td>{outcome(text, call)}</td>
        <td>{caller(text, call)}</td>
        <td>{model(text, call)}</td>
        <td>{provider(text, call)}</td>
        <td class="num">{tokens(call.usage.input)}</td>
        <td class="num">{tokens(call.usage.output)}</td>
        <td class="num">{tokens(call.usage.cache_read)}</td>
        <td class="num">{cost}</td>
        <td class="num">{span_or_unknown(call.first_byte_ms)}</td>
        <td class="num">{duration(call)}</td>
        <td class="num">{call.status.map_or_else(|| UNKNOWN.to_owned(), |status| status.to_string())}</td>
        <td class="mono sub">{call.session_id.clone()}</td>
        <td class="num">{tokens(call.usage.cache_write())}</td>
        <td class="sub"><span class="block max-w-60 ellipsis">{call.client.user_agent.clone()}</span></td>
        <td class="mono sub">{call.client.address.clone()}</td>
        <td class="num">{call.n_attempts}</td>
        <td class="num">{speed(call)}</td>
    }
    .erase()
}

/// Tokens of output a second, from the first content on; unknown of what did not come piece by piece.
fn speed(call: &Call) -> String {
    let span = call.duration_ms.zip(call.first_token_ms).filter(|_| call.stream);
    let ms = span.and_then(|(end, first)| end.checked_sub(first)).filter(|ms| *ms > 0);
    ms.map_or_else(|| UNKNOWN.to_owned(), |ms| whole(call.usage.output.saturating_mul(1_000) / u64::from(ms)))
}

/// The tone of an outcome.
pub(crate) const fn tone(outcome: Option<Outcome>) -> Tone {
    match outcome {
        None => Tone::Run,
        Some(Outcome::Completed) => Tone::Good,
        Some(Outcome::Rejected | Outcome::Refused) => Tone::Warn,
        Some(Outcome::Failed | Outcome::Interrupted) => Tone::Bad,
        Some(Outcome::Abandoned) => Tone::Quiet,
    }
}

fn outcome(text: &'static Text, call: &Call) -> AnyView {
    let status = call.status.filter(|status| !(200..300).contains(status));
    view! {
        {state(tone(call.outcome), (text.outcome)(call.outcome))}
        {status.map(|status| view! { <span class="sub">" "{status}</span> }.erase())}
    }
    .erase()
}

fn caller(text: &'static Text, call: &Call) -> AnyView {
    if call.kind == CallKind::Probe {
        return view! { <span class="badge">{text.calls.probe}</span> }.erase();
    }
    let user = call.user_name.clone().unwrap_or_else(|| UNKNOWN.to_owned());
    view! { {user}{call.key_name.clone().map(|key| view! { <span class="sub">" / "{key}</span> }.erase())} }.erase()
}

fn model(text: &'static Text, call: &Call) -> AnyView {
    let sent = call.model_sent.clone().filter(|sent| *sent != call.model);
    view! {
        <span class="mono">{call.model.clone()}</span>
        {sent.map(|sent| view! { <span class="mono sub">" → "{sent}</span> }.erase())}
        {call.unpriced.then(|| view! { " "<span class="badge" title=text.calls.unpriced_why>{text.calls.unpriced}</span> }.erase())}
    }
    .erase()
}

fn provider(text: &'static Text, call: &Call) -> AnyView {
    let name = call.provider_name.clone().unwrap_or_else(|| UNKNOWN.to_owned());
    view! { {name}{again(text, call.n_attempts)} }.erase()
}

/// How many attempts a call took, where it was more than one.
pub(crate) fn again(text: &'static Text, n: u32) -> Option<AnyView> {
    let told = (n > 1).then(|| (text.calls.n_attempts)(n))?;
    Some(view! { <span class="sub" title=told>{format!(" ×{n}")}</span> }.erase())
}

/// How long it took, or how long it has run by now.
fn duration(call: &Call) -> AnyView {
    if call.outcome.is_some() {
        return span_or_unknown(call.duration_ms).into_any();
    }
    let (began, now) = (call.created_at.timestamp_millis(), use_now());
    let elapsed = move || {
        now.get().map_or_else(|| UNKNOWN.to_owned(), |now| elapsed(u64::try_from(now - began).unwrap_or_default()))
    };
    view! { <span class="sub">{elapsed}</span> }.erase()
}

/// New calls that wait.
fn pill(text: &'static Text, rows: Rows, list: Asked) -> Option<AnyView> {
    let said = match (rows.is_crowded.get(), rows.waiting.with(Vec::len)) {
        (true, _) => (text.calls.many_new)(ROWS_MAX),
        (false, 0) => return None,
        (false, count) => (text.calls.n_new)(count),
    };
    Some(view! { <button type="button" class="pill" on:click=move |_| rows.show_waiting(list)>{said}</button> }.erase())
}

fn nothing(text: &'static Text, filter: &CallFilter) -> AnyView {
    let calls = &text.calls;
    if filter.is_narrow() {
        empty(Icon::Inbox, calls.empty_filtered, calls.empty_filtered_why, Some(("/calls", calls.clear)))
    } else {
        empty(Icon::Inbox, calls.empty, calls.empty_why, None)
    }
}

fn pager(text: &'static Text, filter: Memo<CallFilter>, next: Option<String>, is_first: bool) -> AnyView {
    let newest = (!is_first).then(|| view! { <a class="button small" href=move || filter.get().with("cursor", None).path(None)>{text.calls.newest}</a> }.erase());
    let older = next.map(|next| {
        view! { <a class="button small" rel="next" href=move || filter.get().with("cursor", Some(&next)).path(None)>{text.calls.older}</a> }.erase()
    });
    if newest.is_none() && older.is_none() {
        return ().into_any();
    }
    view! { <nav class="pager" aria-label=text.common.more>{newest}{older}</nav> }.erase()
}
