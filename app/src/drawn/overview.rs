//! The first page: what happened today, what needs attention, what runs, and use over time.

use hub::domain::{
    call::Call,
    report::{Overview, Totals, UsageBy, UsageRow, UsageStep, course::Course},
};
use leptos::prelude::*;

use super::{
    chart::{charts, nano, nobodys_row, rank_row, step_word},
    clock::Clock,
    parts::{Choice, link_with, tabs},
    range::{Range, Recent, recents},
    subject,
};
use crate::{
    api::overview::Notice,
    format::{UNKNOWN, change, elapsed, places_of_sums, share, short, span_or_unknown, usd_alone, whole},
    text::Text,
    ui::{
        Erase,
        chart::spark,
        icon::{Icon, icon},
        page::{Head, frame},
        state::{Tone, empty, state},
    },
};

/// Most rows of a list.
const ROWS_MAX: usize = 6;

/// What the page shows beside the overview.
pub(crate) struct Shown<'a> {
    /// The overview.
    pub(crate) overview: &'a Overview,
    /// What needs attention, in words.
    pub(crate) notices: Vec<Notice>,
    /// Use over the time that was asked for.
    pub(crate) course: &'a Course,
    /// What its lines are.
    pub(crate) by: Option<UsageBy>,
    /// That time.
    pub(crate) range: Range<Recent>,
    /// The steps in which it can be shown.
    pub(crate) steps: Vec<UsageStep>,
    /// The one that is asked for.
    pub(crate) step: Option<UsageStep>,
}

/// The page.
pub(crate) fn page(text: &'static Text, shown: &Shown<'_>, clock: Clock) -> (Option<String>, AnyView) {
    let words = &text.overview;
    let overview = shown.overview;
    let actions = view! { <a class="button" href="/calls">{words.look_at_calls}</a> }.erase();
    let head = Head { title: words.title.to_owned(), lead: None, above: None, actions };
    let content = view! {
        <div class="overview">
            {tiles(text, overview, clock)}
            <div class="overview-main">{course(text, shown, clock)} <div class="overview-side">{attention(text, &shown.notices, clock)} {running(text, overview, clock)}</div></div>
            {ranks(text, overview)}
        </div>
    };
    (Some(words.title.to_owned()), frame(false, head, content.into_any()))
}

fn tiles(text: &'static Text, overview: &Overview, clock: Clock) -> AnyView {
    let words = &text.overview;
    let (today, before) = (&overview.today, &overview.yesterday);
    let hours = overview.hours.lines.first();
    let line = |of: fn(&Totals) -> u64| {
        let zeros = || vec![0; overview.hours.starts.len()];
        hours.map_or_else(zeros, |line| line.values.iter().map(of).collect::<Vec<_>>())
    };
    let against = |now: u64, before: u64| {
        match change(now, before) {
        Some(change) => view! { <span title=words.vs_yesterday><b class="change">{change}</b><span class="aside">" "{words.vs_yesterday}</span></span> }.erase(),
        None => view! { <span title=words.no_yesterday>{words.no_data}</span> }.erase(),
    }
    };
    let latency = |totals: &Totals| u64::from(totals.first_token_ms_p50.unwrap_or_default());
    let since = (words.since_midnight)(clock.zone.name());
    view! {
        <section aria-label=words.today>
            <div class="mb-3 flex items-baseline gap-2"><h2>{words.today}</h2><span class="caption">{since}" · "{(text.drawn.changes)(words.vs_yesterday)}</span></div>
            <div class="tiles">
                {tile(words.requests, whole(today.calls), against(today.calls, before.calls), &line(|hour| hour.calls), Some(rate(text, overview)))}
                {tile(words.errors, whole(today.errors()), against(today.errors(), before.errors()), &line(Totals::errors), error_rate(text, today))}
                {tile(words.first_token, span_or_unknown(today.first_token_ms_p50), against(latency(today), latency(before)), &line(|hour| u64::from(hour.first_token_ms_p50.unwrap_or_default())), p95(text, today))}
                {tile(words.cost, usd_alone(today.cost_usd), against(nano(today.cost_usd), nano(before.cost_usd)), &line(|hour| nano(hour.cost_usd)), None)}
                {tile(words.tokens, short(today.usage.total()), against(today.usage.total(), before.usage.total()), &line(|hour| hour.usage.total()), cached(text, today))}
            </div>
        </section>
    }
    .erase()
}

fn tile(label: &'static str, value: String, against: AnyView, line: &[u64], more: Option<String>) -> AnyView {
    view! {
        <div class="tile">
            <h3>{label}</h3>
            <p class="big">{value}</p>
            <p class="caption">{against}</p>
            <p class="caption">{more.unwrap_or_else(|| "\u{a0}".to_owned())}</p>
            {spark(line)}
        </div>
    }
    .erase()
}

/// Calls in the last hour, against the same hour yesterday, and how many that is in a minute.
fn rate(text: &Text, overview: &Overview) -> String {
    let (now, before) = (overview.hour.calls, overview.hour_before.calls);
    let change = change(now, before).map(|change| format!(" ({change})")).unwrap_or_default();
    let a_minute = (text.overview.a_minute)(&a_minute(now));
    format!("{}{change} · {a_minute}", (text.overview.in_last_hour)(&whole(now)))
}

/// What so many in an hour are in a minute, to a tenth: `0.6`.
fn a_minute(in_hour: u64) -> String {
    let tenths = in_hour.saturating_add(3) / 6;
    if tenths == 0 && in_hour > 0 {
        return "<0.1".to_owned();
    }
    format!("{}.{}", whole(tenths / 10), tenths % 10)
}

fn error_rate(text: &Text, today: &Totals) -> Option<String> {
    share(today.errors(), today.calls).map(|share| (text.overview.error_rate)(&share))
}

fn p95(text: &Text, today: &Totals) -> Option<String> {
    today.first_token_ms_p95.map(|ms| (text.overview.most_within)(&span_or_unknown(Some(ms))))
}

fn cached(text: &Text, today: &Totals) -> Option<String> {
    share(today.usage.cache_read, today.usage.prompt()).map(|share| format!("{share} {}", text.overview.cached_share))
}

/// Use over time, and what it can be told apart by.
fn course(text: &'static Text, shown: &Shown<'_>, clock: Clock) -> AnyView {
    let words = &text.overview;
    let by = |by: Option<UsageBy>| by.map_or("", UsageBy::as_str);
    let step = shown.step.map(|step| ("step", step.as_str().to_owned()));
    let mut range = shown.range.parameters(|recent| recent.as_str());
    range.extend(step.clone());
    let kinds = [
        (None, words.all),
        (Some(UsageBy::Provider), words.providers),
        (Some(UsageBy::Model), words.models),
        (Some(UsageBy::User), words.users),
    ];
    let kind = |(kind, label): (Option<UsageBy>, &'static str)| Choice {
        label,
        href: link_with("/", &range, &[("by", by(kind))]),
        is_chosen: kind == shown.by,
    };
    let stay: Vec<_> = shown.by.map(|by| ("by", by.as_str().to_owned())).into_iter().chain(step).collect();
    let steps = (shown.steps.len() > 1).then(|| {
        let here: Vec<_> = range.iter().chain(&stay).cloned().collect();
        let choice = |step: UsageStep| Choice {
            label: step_word(text, step),
            href: link_with("/", &here, &[("step", step.as_str())]),
            is_chosen: step == shown.course.step,
        };
        tabs(words.step, shown.steps.iter().copied().map(choice))
    });
    let is_empty = shown.course.lines.is_empty();
    let content = if is_empty {
        empty(Icon::Inbox, words.nothing, words.nothing_why, None)
    } else {
        charts(text, shown.course, clock, "course")
    };
    view! {
        <section class="panel" aria-labelledby="over-time">
            <div class="panel-head"><h2 id="over-time">{words.over_time}</h2></div>
            <div class="bar px-4 pt-3">{tabs(words.by, kinds.into_iter().map(kind))} {recents(text, "/", &stay, &shown.range)} {steps}</div>
            {content}
        </section>
    }
    .erase()
}

/// What an operator should look at. Empty on a good day, and says so.
fn attention(text: &'static Text, notices: &[Notice], clock: Clock) -> AnyView {
    let item = |notice: &Notice| {
        let left = notice
            .until
            .filter(|until| *until > clock.now)
            .map(|until| view! { {text.overview.time_left}{clock.countdown(text, until)} }.into_any());
        let words = view! {
            <span class=if notice.is_urgent { "text-bad" } else { "text-warn" }>{icon(Icon::Alert)}</span>
            <span><b class="font-medium">{notice.title.clone()}</b><span class="block text-muted">{notice.advice.clone()}{left}</span></span>
        }
        .erase();
        match notice.page {
            Some(href) => view! { <li><a class="attention" href=href>{words}</a></li> }.erase(),
            None => view! { <li class="attention">{words}</li> }.erase(),
        }
    };
    let content = if notices.is_empty() {
        view! { <p class="attention"><span class="text-good">{icon(Icon::Check)}</span><span class="text-muted">{text.overview.attention_none}</span></p> }.erase()
    } else {
        view! { <ul>{notices.iter().map(item).collect_view()}</ul> }.erase()
    };
    view! {
        <section class="panel" aria-labelledby="attention">
            <div class="panel-head"><h2 id="attention">{text.overview.attention}</h2></div>
            {content}
        </section>
    }
    .erase()
}

/// The calls that run, with their state.
fn running(text: &'static Text, overview: &Overview, clock: Clock) -> AnyView {
    let words = &text.overview;
    let item = |call: &Call| {
        let began_at = call.created_at.timestamp_millis().to_string();
        let doing = match (call.provider_id, call.first_byte_ms) {
            (None, _) => words.choosing,
            (Some(_), None) => words.waiting,
            (Some(_), Some(_)) => words.answering,
        };
        let unknown = || UNKNOWN.to_owned();
        view! {
            <li data-key=call.id.to_string()>
                <a class="running" href=format!("/calls?call={}", call.id)>
                    <span>
                        <span class="ellipsis">{call.user_name.clone().unwrap_or_else(unknown)}<span class="sub">" · "{call.model.clone()}</span></span>
                        <span class="num text-muted" data-since=began_at>{elapsed(clock.since(call.created_at))}</span>
                    </span>
                    <span>
                        <span>{state(Tone::Run, doing)}</span>
                        <span class="ellipsis text-muted">{call.provider_name.clone().unwrap_or_else(unknown)}</span>
                    </span>
                </a>
            </li>
        }
        .erase()
    };
    let hidden = overview.active.saturating_sub(u32::try_from(overview.running.len()).unwrap_or(u32::MAX));
    view! {
        <section class="panel" aria-labelledby="running">
            <div class="panel-head"><h2 id="running" class="grow">{words.active}</h2><span class="num">{whole(overview.active.into())}</span></div>
            {overview.running.is_empty().then(|| view! { <p class="attention text-muted">{words.nothing_runs}</p> }.erase())}
            <ul>{overview.running.iter().map(item).collect_view()}</ul>
            {(hidden > 0).then(|| view! { <p class="caption px-4 pb-3">{(text.common.n_more)(hidden)}</p> }.erase())}
        </section>
    }
    .erase()
}

/// Who and what cost most today.
fn ranks(text: &'static Text, overview: &Overview) -> AnyView {
    let words = &text.overview;
    if overview.today.calls == 0 && overview.providers.is_empty() {
        return view! { <div class="panel">{empty(Icon::Inbox, words.nothing_today, words.nothing_today_why, None)}</div> }.erase();
    }
    let cards = [
        (words.by_provider, UsageBy::Provider, &overview.providers),
        (words.by_model, UsageBy::Model, &overview.models),
        (words.by_user, UsageBy::User, &overview.users),
    ];
    let places = places_of_sums(cards.iter().flat_map(|(.., rows)| *rows).map(|row| row.totals.cost_usd));
    view! {
        <div class="ranks">
            {cards.map(|(title, by, rows)| ranked(text, title, by, rows, places)).into_iter().collect_view()}
        </div>
    }
    .erase()
}

fn ranked(text: &'static Text, title: &'static str, by: UsageBy, rows: &[UsageRow], places: u32) -> AnyView {
    let words = &text.overview;
    let most = rows.iter().map(|row| nano(row.totals.cost_usd)).max().unwrap_or_default();
    let row = |row: &UsageRow| {
        let id = row.id.clone().unwrap_or_default();
        let name = row.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| id.clone());
        rank_row(text, (name, subject::path(by, &id)), &row.totals, most, places)
    };
    let (named, nobodys): (Vec<&UsageRow>, Vec<&UsageRow>) = rows.iter().partition(|row| row.id.is_some());
    // It makes the list add up, unless some are left out.
    let nobodys = nobodys.into_iter().filter(|_| named.len() <= ROWS_MAX);
    let nobodys = nobodys.map(|row| nobodys_row(text, &row.totals, most, places)).collect_view();
    view! {
        <section class="panel">
            <div class="panel-head">
                <h2 class="flex-1">{title}</h2>
                <a class="caption" href=format!("/leaderboard?by={}", by.as_str())>{words.view_all}</a>
            </div>
            <ul class="p-2">{named.into_iter().take(ROWS_MAX).map(row).collect_view()} {nobodys}</ul>
        </section>
    }
    .erase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_in_an_hour_is_told_by_the_minute() {
        assert_eq!([0, 2, 3, 34, 600].map(a_minute), ["0.0", "<0.1", "0.1", "0.6", "10.0"]);
    }
}
