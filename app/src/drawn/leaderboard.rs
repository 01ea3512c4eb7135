//! The leaderboard: who and what used most, with its trend.

use hub::domain::{
    money::Usd,
    report::{
        Totals, UsageBy,
        leaderboard::{Leaderboard, LeaderboardQuery, LeaderboardRow, Period, RankBy},
    },
};
use leptos::prelude::*;

use super::{
    clock::Clock,
    parts::{self, Choice, SortHead, link_with, tabs, versus},
    range::{Range, periods},
    subject,
};
use crate::{
    format::{UNKNOWN, share_of_permille, short, span_or_unknown, usd, whole},
    text::Text,
    ui::{Erase, icon::Icon, state::empty},
};

/// Where it is.
const PATH: &str = "/leaderboard";

/// Most rows that are shown at first.
const ROWS_MAX: usize = 100;

/// The page; true for all rows.
pub(crate) fn page(
    text: &'static Text,
    board: &Leaderboard,
    (query, is_all): (&LeaderboardQuery, bool),
    range: &Range<Period>,
    clock: Clock,
) -> (Option<String>, AnyView) {
    let words = &text.leaderboard;
    let by = query.by.unwrap_or(UsageBy::User);
    let address = address(query, range, is_all);
    let most = if is_all { usize::MAX } else { ROWS_MAX };
    let kinds = [
        (UsageBy::User, words.users),
        (UsageBy::Key, words.keys),
        (UsageBy::Provider, words.providers),
        (UsageBy::Model, words.models),
    ];
    let kind = |(kind, label): (UsageBy, &'static str)| Choice {
        label,
        href: link_with(PATH, &address, &[("by", kind.as_str())]),
        is_chosen: kind == by,
    };
    // The picker of the range sets these itself.
    let elsewhere: Vec<_> =
        address.iter().filter(|(name, _)| !["period", "from", "to"].contains(name)).cloned().collect();
    let list = if board.items.is_empty() {
        empty(Icon::Inbox, words.empty, words.empty_why, None)
    } else {
        table(text, board, query, most, &address)
    };
    let rest = parts::rest(text, board.items.len(), most, link_with(PATH, &address, &[("all", "1")]));
    let content = view! {
        <div class="bar">{tabs(words.whose, kinds.into_iter().map(kind))} {periods(text, PATH, &elsewhere, range)}</div>
        <p class="caption span">{spans(text, board, clock)}</p>
        <section class="panel" aria-label=words.title>
            {list}
            {rest.map(|rest| view! { <p class="caption px-4 py-2">{rest}</p> }.erase())}
        </section>
    };
    parts::page(words.title, words.lead, content.into_any())
}

/// The parameters that lead here.
fn address(query: &LeaderboardQuery, range: &Range<Period>, is_all: bool) -> Vec<(&'static str, String)> {
    let by = query.by.map(|by| ("by", by.as_str().to_owned()));
    let sort = query.sort.map(|sort| ("sort", sort.as_str().to_owned()));
    let order = (query.reverse == Some(true)).then(|| ("order", "reverse".to_owned()));
    let range = range.parameters(|period| period.as_str());
    by.into_iter().chain(range).chain(sort).chain(order).chain(parts::asks_for_all(is_all)).collect()
}

/// The span that is shown, and the one it is compared with.
fn spans(text: &'static Text, board: &Leaderboard, clock: Clock) -> AnyView {
    let zone = clock.zone.name();
    let (Some(from), Some(to)) = (board.before_from, board.before_to) else {
        return view! { {text.leaderboard.since_ever}" · "{zone} }.into_any();
    };
    view! {
        {clock.stamp(board.from)}" – "{clock.stamp(board.to)}" · "{text.leaderboard.compared_with}" "{clock.stamp(from)}
        " – "{clock.stamp(to)}" · "{zone}
    }
    .into_any()
}

fn table(
    text: &'static Text,
    board: &Leaderboard,
    query: &LeaderboardQuery,
    most: usize,
    address: &[(&'static str, String)],
) -> AnyView {
    let words = &text.leaderboard;
    let by = query.by.unwrap_or(UsageBy::User);
    let sort = query.sort.unwrap_or_default();
    let is_reverse = query.reverse == Some(true);
    let head = |column: RankBy| {
        let is_sorted = column == sort;
        // Numbers begin with the largest, names with the first.
        let is_rising = (column == RankBy::Name) != is_reverse;
        let order = if is_sorted && !is_reverse { "reverse" } else { "" };
        SortHead {
            label: label(text, column, by),
            href: link_with(PATH, address, &[("sort", column.as_str()), ("order", order)]),
            order: is_sorted.then_some(if is_rising { "ascending" } else { "descending" }),
            is_number: column != RankBy::Name,
        }
        .view()
    };
    let is_large = board.items.iter().any(|row| row.totals.cost_usd >= Usd::from_scaled(10_000_000_000));
    let places = if is_large { 2 } else { 4 };
    let rows = board.items.iter().take(most).zip(1..);
    view! {
        <div class="scroll">
            <table class="table">
                <caption class="aside">{words.title}</caption>
                <thead>
                    <tr>
                        {RankBy::ALL.into_iter().map(head).collect_view()}
                    </tr>
                </thead>
                <tbody>{rows.map(|(row, rank)| line(text, row, rank, by, places)).collect_view()}</tbody>
            </table>
        </div>
    }
    .erase()
}

fn label(text: &'static Text, column: RankBy, by: UsageBy) -> &'static str {
    let words = &text.leaderboard;
    match (column, by) {
        (RankBy::Name, UsageBy::User) => text.calls.user,
        (RankBy::Name, UsageBy::Key) => text.call.key,
        (RankBy::Name, UsageBy::Provider) => text.calls.provider,
        (RankBy::Name, UsageBy::Model) => text.calls.model,
        (RankBy::Cost, _) => text.overview.cost,
        (RankBy::Calls, _) => text.overview.requests,
        (RankBy::Tokens, _) => text.overview.tokens,
        (RankBy::CacheHit, _) => words.cache_hit,
        (RankBy::Success, _) => words.success,
        (RankBy::FirstTokenP50, _) => words.first_token_p50,
        (RankBy::FirstTokenP95, _) => words.first_token_p95,
        (RankBy::Speed, _) => words.speed,
    }
}

fn line(text: &'static Text, row: &LeaderboardRow, rank: u64, by: UsageBy, places: u32) -> AnyView {
    let nano = |totals: &Totals| u64::try_from(totals.cost_usd.scaled()).unwrap_or_default();
    let (now, before) = (&row.totals, row.before.as_ref());
    let tokens = |totals: &Totals| totals.usage.total();
    let rate = |permille: Option<u32>| permille.map_or_else(|| UNKNOWN.to_owned(), share_of_permille);
    view! {
        <tr>
            <td><span class="rank-number">{whole(rank)}</span><a class="row-link" data-row href=subject::path(by, &row.id)>{row.name.clone()}</a></td>
            <td class="num">{versus(text, usd(now.cost_usd, places), nano(now), before.map(nano))}</td>
            <td class="num">{versus(text, whole(now.calls), now.calls, before.map(|before| before.calls))}</td>
            <td class="num">{versus(text, short(tokens(now)), tokens(now), before.map(tokens))}</td>
            <td class="num">{rate(row.cache_permille)}</td>
            <td class="num">{rate(row.success_permille)}</td>
            <td class="num">{span_or_unknown(now.first_token_ms_p50)}</td>
            <td class="num">{span_or_unknown(now.first_token_ms_p95)}</td>
            <td class="num">{now.tokens_per_second.map_or_else(|| UNKNOWN.to_owned(), |rate| whole(rate.into()))}</td>
        </tr>
    }
    .erase()
}
