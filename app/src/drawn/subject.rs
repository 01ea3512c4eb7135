//! The use of one user, key, provider or model: over time, by the others, its errors and its limits.

use hub::domain::{
    limit::LimitUse,
    report::{ErrorCount, PART_ROWS_MAX, Totals, UsageBy, UsageRow, course::Course},
};
use leptos::prelude::*;

use super::{
    chart::{charts, nano, nobodys_row, rank_row},
    clock::Clock,
    keys,
    limits::room,
    parts::{asks_for_all, compared, link_with, rest, versus},
    providers,
    range::{Range, Recent, recents},
    users,
};
use crate::{
    format::{UNKNOWN, begun_large, places_of_sums, share_of_permille, short, span_or_unknown, usd_alone, whole},
    pages::limits,
    query::escape,
    text::Text,
    ui::{
        Erase,
        chart::rank_bar,
        icon::Icon,
        page::{Head, frame},
        state::empty,
    },
};

/// Most rows of a breakdown that are shown at first.
const ROWS_MAX: usize = 12;

/// Whose use is shown, and what there is to show.
pub(crate) struct Shown<'a> {
    /// What it is.
    pub(crate) by: UsageBy,
    /// Its id, or the model's name.
    pub(crate) id: &'a str,
    /// Its name.
    pub(crate) name: &'a str,
    /// All of its use.
    pub(crate) total: &'a Totals,
    /// The same of as much time before.
    pub(crate) before: &'a Totals,
    /// How it went.
    pub(crate) course: &'a Course,
    /// By what it can be told apart by.
    pub(crate) parts: &'a [(UsageBy, Vec<UsageRow>)],
    /// What went wrong.
    pub(crate) errors: &'a [ErrorCount],
    /// Its limits.
    pub(crate) limits: &'a [LimitUse],
    /// Over which time.
    pub(crate) range: Range<Recent>,
    /// True if breakdowns show all that was read.
    pub(crate) is_all: bool,
}

impl Shown<'_> {
    /// Most rows of a breakdown.
    const fn most(&self) -> usize {
        if self.is_all { usize::MAX } else { ROWS_MAX }
    }

    /// The way from a breakdown of `n_rows` rows to those that are not shown.
    fn rest(&self, text: &'static Text, n_rows: usize) -> Option<AnyView> {
        let range = self.range.parameters(|recent| recent.as_str());
        let href = link_with(&path(self.by, self.id), &range, &[("all", "1")]);
        rest(text, n_rows, self.most(), href).map(|rest| view! { <p class="caption px-4 pb-3">{rest}</p> }.erase())
    }
}

/// Where the use of one of these is shown.
pub(crate) fn path(by: UsageBy, id: &str) -> String {
    let id = id.replace('/', "%2F");
    match by {
        UsageBy::User => format!("/users/{id}/use"),
        UsageBy::Key => format!("/keys/{id}/use"),
        UsageBy::Provider => format!("/providers/{id}/use"),
        UsageBy::Model => format!("/models/{}", escape(&id).replace("%252F", "%2F")),
    }
}

/// The page.
pub(crate) fn page(text: &'static Text, shown: &Shown<'_>, clock: Clock) -> (Option<String>, AnyView) {
    let words = &text.subject;
    let place = path(shown.by, shown.id);
    let lead = match shown.by {
        UsageBy::User => words.of_user,
        UsageBy::Key => words.of_key,
        UsageBy::Provider => words.of_provider,
        UsageBy::Model => words.of_model,
    };
    let head = Head {
        title: shown.name.to_owned(),
        lead: Some(lead),
        above: Some(above(text, shown.by)),
        actions: actions(text, shown, clock),
    };
    let is_empty = shown.total.calls == 0 && shown.total.attempts == 0;
    let content = if is_empty {
        view! { <section class="panel">{empty(Icon::Inbox, text.leaderboard.empty, text.leaderboard.empty_why, None)}</section> }.into_any()
    } else {
        view! {
            {figures(text, shown)}
            <section class="panel" aria-labelledby="over-time">
                <div class="panel-head"><h2 id="over-time">{text.overview.over_time}</h2></div>
                {charts(text, shown.course, clock, "course")}
            </section>
            <div class="ranks">
                {shown.parts.iter().map(|(by, rows)| part(text, shown, *by, rows)).collect_view()}
                {errors(text, shown, clock)}
            </div>
        }
        .into_any()
    };
    let content = view! {
        <div class="overview">
            <div class="bar">{recents(text, &place, asks_for_all(shown.is_all).as_slice(), &shown.range)} {compared(text, !is_empty && shown.before.calls > 0)}</div>
            {content}
            {quotas(text, shown.limits, clock)}
        </div>
    };
    (Some(shown.name.to_owned()), frame(false, head, content.into_any()))
}

/// The list that it stands in. Models have none but that of those that were used.
const fn above(text: &'static Text, by: UsageBy) -> (&'static str, &'static str) {
    match by {
        UsageBy::User => (users::PATH, text.users.title),
        UsageBy::Key => (keys::PATH, text.keys.title),
        UsageBy::Provider => (providers::PATH, text.providers.title),
        UsageBy::Model => ("/leaderboard?by=model", text.leaderboard.title),
    }
}

fn actions(text: &'static Text, shown: &Shown<'_>, clock: Clock) -> AnyView {
    let calls = link_with("/calls", &calls_of(shown, clock), &[]);
    let form = match shown.by {
        UsageBy::User => Some(format!("/users/{}", shown.id)),
        UsageBy::Provider => Some(format!("/providers/{}", shown.id)),
        UsageBy::Key | UsageBy::Model => None,
    };
    view! {
        {form.map(|form| view! { <a class="button" href=form>{text.common.edit}</a> }.erase())}
        <a class="button" href=calls>{text.calls.title}</a>
    }
    .into_any()
}

/// All of it in numbers, each against as much time before.
fn figures(text: &'static Text, shown: &Shown<'_>) -> AnyView {
    let words = &text.leaderboard;
    let (now, before) = (shown.total, shown.before);
    let success = if shown.by == UsageBy::Provider { now.good_permille() } else { now.success_permille() };
    let rate = |permille: Option<u32>| permille.map_or_else(|| UNKNOWN.to_owned(), share_of_permille);
    let figure = |label: &'static str, value: AnyView| view! { <div><dt>{label}</dt><dd>{value}</dd></div> }.erase();
    let plain = |label: &'static str, value: String| figure(label, value.into_any());
    let speed = now.tokens_per_second.map_or_else(|| UNKNOWN.to_owned(), |rate| whole(rate.into()));
    view! {
        <dl class="figures panel padded">
            {figure(text.overview.cost, versus(text, usd_alone(now.cost_usd), nano(now.cost_usd), Some(nano(before.cost_usd))))}
            {figure(text.overview.requests, versus(text, whole(now.calls), now.calls, Some(before.calls)))}
            {figure(text.overview.tokens, versus(text, short(now.usage.total()), now.usage.total(), Some(before.usage.total())))}
            {plain(words.cache_hit, rate(now.cache_permille()))}
            {plain(words.success, rate(success))}
            {plain(words.first_token_p50, span_or_unknown(now.first_token_ms_p50))}
            {plain(words.first_token_p95, span_or_unknown(now.first_token_ms_p95))}
            {plain(text.subject.total_p50, span_or_unknown(now.duration_ms_p50))}
            {plain(text.subject.total_p95, span_or_unknown(now.duration_ms_p95))}
            {plain(words.speed, speed)}
        </dl>
    }
    .erase()
}

/// What it was used by or with, the dearest first.
fn part(text: &'static Text, shown: &Shown<'_>, by: UsageBy, rows: &[UsageRow]) -> AnyView {
    let words = &text.leaderboard;
    let title = match by {
        UsageBy::User => words.users,
        UsageBy::Key => words.keys,
        UsageBy::Provider => words.providers,
        UsageBy::Model => words.models,
    };
    let most = rows.iter().map(|row| nano(row.totals.cost_usd)).max().unwrap_or_default();
    let places = places_of_sums(shown.parts.iter().flat_map(|(_, rows)| rows).map(|row| row.totals.cost_usd));
    let (named, nobodys): (Vec<&UsageRow>, Vec<&UsageRow>) = rows.iter().partition(|row| row.id.is_some());
    // It makes the list add up, unless some are left out.
    let nobodys = nobodys.into_iter().filter(|_| by == UsageBy::User && named.len() <= shown.most());
    let nobodys = nobodys.map(|row| nobodys_row(text, &row.totals, most, places)).collect_view();
    let row = |row: &&UsageRow| {
        let id = row.id.clone().unwrap_or_default();
        let name = row.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| id.clone());
        rank_row(text, (name, path(by, &id)), &row.totals, most, places)
    };
    let cut = (shown.is_all && rows.len() >= PART_ROWS_MAX)
        .then(|| view! { <p class="caption px-4 pb-3">{(text.drawn.at_most)(PART_ROWS_MAX)}</p> }.erase());
    view! {
        <section class="panel">
            <div class="panel-head">
                <h2 class="flex-1">{title}</h2>
                <span class="caption num">{text.overview.requests}" · "{text.overview.cost}</span>
            </div>
            <ul class="p-2">{named.iter().take(shown.most()).map(row).collect_view()} {nobodys}</ul>
            {shown.rest(text, named.len())}
            {cut}
        </section>
    }
    .erase()
}

/// The calls that all this is about, as an address says it: whose they are, and when.
fn calls_of(shown: &Shown<'_>, clock: Clock) -> Vec<(&'static str, String)> {
    let mut stay = vec![(shown.by.as_str(), shown.id.to_owned())];
    match (shown.range.days, shown.range.period.unwrap_or_default()) {
        (Some((first, last)), _) => {
            let end = last.succ_opt().unwrap_or(last);
            stay.extend([("from", format!("{first}T00:00")), ("to", format!("{end}T00:00"))]);
        }
        (None, named @ (Recent::Hour | Recent::Day | Recent::Week | Recent::Month)) => {
            stay.push(("range", named.as_str().to_owned()));
        }
        (None, longer @ (Recent::Quarter | Recent::Year)) => {
            stay.push(("from", (clock.now - longer.length()).to_rfc3339()));
        }
    }
    stay
}

/// How far back calls can be searched for an error, while errors are counted for all time.
const SEARCHED: chrono::TimeDelta = chrono::TimeDelta::days(7);

/// How much of a range can be searched for an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Searched {
    All,
    Part,
    None,
}

impl Searched {
    fn of(range: &Range<Recent>, clock: Clock) -> Self {
        let oldest = clock.today() - SEARCHED;
        match (range.days, range.period.unwrap_or_default().length()) {
            (Some((first, _)), _) if first > oldest => Self::All,
            (Some((_, last)), _) if last < oldest => Self::None,
            (None, length) if length <= SEARCHED => Self::All,
            _ => Self::Part,
        }
    }
}

/// The attempts that failed, by what went wrong, the most frequent first. Each leads to its calls, as far as these can be searched.
fn errors(text: &'static Text, shown: &Shown<'_>, clock: Clock) -> AnyView {
    let errors = shown.errors;
    let searched = Searched::of(&shown.range, clock);
    let mut stay = calls_of(shown, clock);
    if searched == Searched::Part && shown.range.days.is_none() {
        stay = vec![(shown.by.as_str(), shown.id.to_owned()), ("range", Recent::Week.as_str().to_owned())];
    }
    let most = errors.iter().map(|error| error.n_errors).max().unwrap_or_default();
    let row = |error: &ErrorCount| {
        let inner = view! {
            {rank_bar(error.n_errors, most)} <span class="ellipsis">{begun_large(&text.cause_in_words(&error.cause))}</span>
            <span class="num">{whole(error.n_errors)}</span>
        }
        .into_any();
        let href = link_with("/calls", &stay, &[("error", &error.cause)]);
        match searched {
            Searched::None => view! { <li><span class="rank-row counted">{inner}</span></li> }.erase(),
            Searched::All | Searched::Part => {
                view! { <li><a class="rank-row counted" href=href>{inner}</a></li> }.erase()
            }
        }
    };
    let none =
        errors.is_empty().then(|| view! { <p class="attention text-muted">{text.subject.no_errors}</p> }.erase());
    let reach = match searched {
        Searched::All => None,
        Searched::Part => Some(text.subject.errors_searched),
        Searched::None => Some(text.subject.errors_not_searched),
    };
    let reach = reach.filter(|_| !errors.is_empty());
    view! {
        <section class="panel">
            <div class="panel-head"><h2>{text.drawn.failed_attempts}</h2><p class="caption">{text.subject.errors_counted}</p></div>
            {none}
            <ul class="p-2">{errors.iter().take(shown.most()).map(row).collect_view()}</ul>
            {shown.rest(text, errors.len())}
            {reach.map(|reach| view! { <p class="caption px-4 pb-3">{reach}</p> }.erase())}
        </section>
    }
    .erase()
}

/// How much of each limit is used, and when there is more room.
fn quotas(text: &'static Text, limits: &[LimitUse], clock: Clock) -> Option<AnyView> {
    let row = |used: &LimitUse| {
        view! {
            <li class="limit-row">
                <span>{limits::name(text, used.window)}</span>
                <div class="quota-use">{limits::meter(text, used)}<p class="caption">{limits::of_limit(used)}" · "{limits::left(text, used)}{room(text, used.resets_at, clock)}</p></div>
            </li>
        }
        .erase()
    };
    let set: Vec<&LimitUse> = limits.iter().filter(|used| used.limit.is_some()).collect();
    (!set.is_empty()).then(|| {
        view! {
            <section class="panel" aria-labelledby="limits">
                <div class="panel-head"><h2 id="limits">{text.limits.use_title}</h2></div>
                <ul>{set.into_iter().map(row).collect_view()}</ul>
            </section>
        }
        .erase()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_lead_to_calls_as_far_back_as_these_are_searched() {
        let clock = Clock { zone: chrono_tz::UTC, now: "2026-11-21T14:00:00Z".parse().unwrap() };
        let named = |period| Searched::of(&Range { period: Some(period), days: None, unread: None }, clock);
        assert_eq!([Recent::Hour, Recent::Day, Recent::Week].map(named), [Searched::All; 3]);
        assert_eq!([Recent::Month, Recent::Quarter, Recent::Year].map(named), [Searched::Part; 3]);
        let day = |text: &str| text.parse().unwrap();
        let days = |first, last| {
            Searched::of(&Range { period: None, days: Some((day(first), day(last))), unread: None }, clock)
        };
        assert_eq!(days("2026-11-15", "2026-11-21"), Searched::All);
        assert_eq!(days("2026-11-01", "2026-11-14"), Searched::Part);
        assert_eq!(days("2026-11-01", "2026-11-13"), Searched::None);
    }

    #[test]
    fn a_model_with_a_slash_has_a_path_of_its_own() {
        assert_eq!(path(UsageBy::Model, "vendor/model x"), "/models/vendor%2Fmodel%20x");
        assert_eq!(path(UsageBy::Model, "claude-opus-4-8"), "/models/claude-opus-4-8");
        assert_eq!(path(UsageBy::User, "7"), "/users/7/use");
    }
}
