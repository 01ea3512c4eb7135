//! Somebody's own pages: what is left of their limits, what they have used, their calls, how to set up a client, where
//! they are logged in.

pub(crate) mod calls;
pub(crate) mod setup;

use hub::domain::{
    console_session::ConsoleSession,
    limit::LimitUse,
    own::{Own, OwnKey, OwnReport},
    page::Page,
    report::{Totals, UsageRow},
};
use leptos::prelude::*;

use super::{
    access,
    chart::{charts, nano, rank_row},
    clock::Clock,
    logins,
    parts::{self, Choice, compared, tabs, versus},
    range::{Range, Recent, recents},
};
use crate::{
    format::{UNKNOWN, begun_large, places_of_sums, share_of_permille, short, span_or_unknown, usd_alone, whole},
    pages::limits,
    text::Text,
    ui::{Erase, icon::Icon, state::empty},
};

/// Where one's use is.
const PATH: &str = "/me";

/// One of the pages, below the way to the others.
fn framed(
    text: &'static Text,
    here: &str,
    (title, lead): (&'static str, &'static str),
    content: AnyView,
) -> (Option<String>, AnyView) {
    let words = &text.mine;
    let choices = [
        (PATH, words.use_tab),
        (calls::PATH, words.calls_tab),
        (setup::PATH, words.setup_tab),
        (logins::OWN_PATH, words.logins_tab),
    ];
    let choice = |(path, label): (&'static str, _)| Choice { label, href: path.to_owned(), is_chosen: path == here };
    let content = view! { <div class="bar">{tabs(words.tabs, choices.map(choice).into_iter())}</div> {content} };
    parts::page(title, lead, content.into_any())
}

/// What is left, and what was used.
pub(crate) fn page(
    text: &'static Text,
    own: &Own,
    report: &OwnReport,
    range: &Range<Recent>,
    clock: Clock,
) -> (Option<String>, AnyView) {
    let words = &text.mine;
    let used = if report.total.calls == 0 {
        view! { <section class="panel">{empty(Icon::Inbox, words.nothing, words.nothing_why, Some((setup::PATH, words.setup_tab)))}</section> }.into_any()
    } else {
        view! {
            {figures(text, &report.total, &report.before)}
            <section class="panel" aria-labelledby="over-time">
                <div class="panel-head"><h2 id="over-time">{words.over_time}</h2></div>
                {charts(text, &report.course, clock, "course")}
            </section>
            {models(text, &report.models, range)}
        }
        .into_any()
    };
    let keys = own.keys.iter().map(|key| of_key(text, key, clock)).collect_view();
    let no_keys = own.keys.is_empty().then(|| view! { <p class="help p-4">{words.keys_none}</p> }.erase());
    let content = view! {
        <div class="overview">
            <div class="ranks">
                <section class="panel" aria-labelledby="left-title">
                    <div class="panel-head">
                        <h2 class="flex-1" id="left-title">{words.left}</h2>
                        <span class="caption">{(words.left_of)(&own.user_name)}</span>
                    </div>
                    {bars(text, &own.limits, clock)}
                    {own.expires_at.map(|at| view! { <p class="caption px-4 pb-3">{begun_large(words.until)}" "{clock.last_day(at)}</p> }.erase())}
                </section>
                {keys}
            </div>
            {no_keys}
            <div class="bar">{recents(text, PATH, &[], range)} {compared(text, report.total.calls > 0 && report.before.calls > 0)}</div>
            {used}
        </div>
    };
    framed(text, PATH, (words.title, words.lead), content.into_any())
}

/// One's own logins and password, as a page.
pub(crate) fn logins_page(
    text: &'static Text,
    found: &Page<ConsoleSession>,
    has_password: bool,
    said: logins::Said,
    clock: Clock,
) -> (Option<String>, AnyView) {
    let content = logins::own(text, found, has_password, said, clock);
    framed(text, logins::OWN_PATH, (text.logins.title, text.mine.logins_lead), content)
}

/// A key: what it may do, and what is left of its limits.
fn of_key(text: &'static Text, key: &OwnKey, clock: Clock) -> AnyView {
    let words = &text.mine;
    let used = key.last_used_at.map_or_else(|| text.common.never.into_any(), |at| clock.stamp(at));
    let until = key.expires_at.map(|at| view! { " · "{words.until}" "{clock.last_day(at)} }.into_any());
    let is_let_in = access::of_key(text, key.enabled, key.expires_at, clock);
    // Whoever still has the secret before this one can call with it until then.
    let old = key
        .old_secret_until
        .filter(|until| *until > clock.now)
        .map(|until| view! { " · "{text.keys.old_ends}": "{clock.ago(text, until)} }.into_any());
    view! {
        <section class="panel">
            <div class="panel-head">
                <h2 class="flex-1 ellipsis">{key.name.clone()}</h2><span class="mono sub">{key.preview.clone()}</span>{is_let_in}
            </div>
            {bars(text, &key.limits, clock)}
            <p class="caption px-4 pb-3">{words.used}": "{used}{until}{old}</p>
        </section>
    }
    .erase()
}

/// What is left of each limit, as a bar, and when there is more room.
fn bars(text: &'static Text, uses: &[LimitUse], clock: Clock) -> AnyView {
    if uses.is_empty() {
        return view! { <p class="help p-4">{text.mine.no_limits}</p> }.erase();
    }
    let bar = |used: &LimitUse| {
        let more = used.resets_at.map(|at| {
            view! { " · "{text.mine.room_before}{clock.countdown(text, at)}{text.mine.room_after} }.into_any()
        });
        view! {
            <li class="limit-stack">
                <div class="flex justify-between gap-3"><span class="font-medium">{limits::name(text, used.window)}</span><span class="tabular-nums">{limits::of_limit(used)}</span></div>
                {limits::meter(text, used)}
                <p class="caption">{begun_large(&limits::left(text, used))}{more}</p>
            </li>
        }
        .erase()
    };
    view! { <ul>{uses.iter().map(bar).collect_view()}</ul> }.erase()
}

/// All of it in numbers, each against as much time before.
fn figures(text: &'static Text, now: &Totals, before: &Totals) -> AnyView {
    let rate = |permille: Option<u32>| permille.map_or_else(|| UNKNOWN.to_owned(), share_of_permille);
    let figure = |label: &'static str, value: AnyView| view! { <div><dt>{label}</dt><dd>{value}</dd></div> }.erase();
    let cost = versus(text, usd_alone(now.cost_usd), nano(now.cost_usd), Some(nano(before.cost_usd)));
    let tokens = versus(text, short(now.usage.total()), now.usage.total(), Some(before.usage.total()));
    view! {
        <dl class="figures panel">
            {figure(text.overview.cost, cost)}
            {figure(text.overview.requests, versus(text, whole(now.calls), now.calls, Some(before.calls)))}
            {figure(text.overview.tokens, tokens)}
            {figure(text.leaderboard.cache_hit, rate(now.cache_permille()).into_any())}
            {figure(text.leaderboard.success, rate(now.success_permille()).into_any())}
            {figure(text.leaderboard.first_token_p50, span_or_unknown(now.first_token_ms_p50).into_any())}
        </dl>
    }
    .erase()
}

/// The models that were used, the dearest first. Each leads to its calls of the same time.
fn models(text: &'static Text, rows: &[UsageRow], range: &Range<Recent>) -> AnyView {
    let time = range.parameters(|recent| recent.as_str());
    let most = rows.iter().map(|row| nano(row.totals.cost_usd)).max().unwrap_or_default();
    let places = places_of_sums(rows.iter().map(|row| row.totals.cost_usd));
    let row = |row: &UsageRow| {
        let model = row.id.clone().unwrap_or_default();
        let href = parts::link_with(calls::PATH, &time, &[("model", &model)]);
        rank_row(text, (model, href), &row.totals, most, places)
    };
    view! {
        <section class="panel">
            <div class="panel-head">
                <h2 class="flex-1">{text.mine.models}</h2>
                <span class="caption num">{text.overview.requests}" · "{text.overview.cost}</span>
            </div>
            <ul class="p-2">{rows.iter().map(row).collect_view()}</ul>
        </section>
    }
    .erase()
}
