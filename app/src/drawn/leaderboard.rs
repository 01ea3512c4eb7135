//! The leaderboard: who and what used most, with its trend.

use hub::domain::{
    group::Group,
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
    format::{UNKNOWN, places_of_sums, share_of_permille, short, span_or_unknown, usd, whole},
    text::Text,
    ui::{Erase, icon::Icon, state::empty},
};

/// Where it is.
const PATH: &str = "/leaderboard";

/// Most rows that are shown at first.
const ROWS_MAX: usize = 100;

/// Most rows that are shown at all: whoever looks for one of more narrows them down.
const ALL_MAX: usize = 1_000;

/// What the page shows.
pub(crate) struct Shown<'a> {
    /// What was asked.
    pub(crate) query: &'a LeaderboardQuery,
    /// What was found.
    pub(crate) board: &'a Leaderboard,
    /// Which time it is about.
    pub(crate) range: &'a Range<Period>,
    /// True for all rows, as far as they are shown at all.
    pub(crate) is_all: bool,
    /// Every tag, where users are ranked.
    pub(crate) tags: &'a [String],
    /// Every group, where users are ranked.
    pub(crate) groups: &'a [Group],
}

/// The page.
pub(crate) fn page(text: &'static Text, shown: &Shown<'_>, clock: Clock) -> (Option<String>, AnyView) {
    let Shown { query, board, range, is_all, .. } = *shown;
    let words = &text.leaderboard;
    let by = query.by.unwrap_or(UsageBy::User);
    let address = address(query, range, is_all);
    let most = if is_all { ALL_MAX } else { ROWS_MAX };
    let kinds = [
        (UsageBy::User, words.users),
        (UsageBy::Key, words.keys),
        (UsageBy::Provider, words.providers),
        (UsageBy::Model, words.models),
    ];
    let kind = |(kind, label): (UsageBy, &'static str)| Choice {
        label,
        // Only users have tags and groups.
        href: if kind == UsageBy::User {
            link_with(PATH, &address, &[("by", kind.as_str())])
        } else {
            link_with(PATH, &address, &[("by", kind.as_str()), ("tag", ""), ("group", "")])
        },
        is_chosen: kind == by,
    };
    // The picker of the range sets these itself.
    let elsewhere: Vec<_> =
        address.iter().filter(|(name, _)| !["period", "from", "to"].contains(name)).cloned().collect();
    let list = if !board.items.is_empty() {
        table(text, board, query, most, &address)
    } else if is_narrow(query) {
        empty(Icon::Users, words.nobody, words.nobody_why, Some((PATH, text.calls.clear)))
    } else {
        empty(Icon::Inbox, words.empty, words.empty_why, None)
    };
    let n_rows = board.items.len();
    let rest = if is_all {
        let counted = |n: usize| whole(u64::try_from(n).unwrap_or_default());
        (n_rows > most).then(|| (words.too_many)(&counted(most), &counted(n_rows)).into_any())
    } else {
        parts::rest(text, n_rows, most, link_with(PATH, &address, &[("all", "1")]))
    };
    let content = view! {
        <div class="bar">{tabs(words.whose, kinds.into_iter().map(kind))} {periods(text, PATH, &elsewhere, range)}</div>
        {(by == UsageBy::User).then(|| filters(text, shown, &address))}
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
    let tag = query.tag.clone().map(|tag| ("tag", tag));
    let group = query.group.clone().map(|group| ("group", group));
    let all = by.into_iter().chain(range).chain(sort).chain(order).chain(tag).chain(group);
    all.chain(parts::asks_for_all(is_all)).collect()
}

/// True if some users are left out.
const fn is_narrow(query: &LeaderboardQuery) -> bool {
    query.tag.is_some() || query.group.is_some()
}

/// Which users are ranked. What else the address says stays.
fn filters(text: &'static Text, shown: &Shown<'_>, address: &[(&'static str, String)]) -> AnyView {
    let words = &text.user_list;
    let tag = shown.query.tag.clone().unwrap_or_default();
    let group = shown.query.group.clone().unwrap_or_default();
    // What an address asks for is offered too: deleted users may have had it.
    let with = |mut all: Vec<String>, asked: &str| {
        if !asked.is_empty() && !all.iter().any(|one| one == asked) {
            all.push(asked.to_owned());
        }
        all.into_iter().map(|one| (one.clone(), one)).collect::<Vec<_>>()
    };
    let tags = with(shown.tags.to_vec(), &tag);
    let groups = with(shown.groups.iter().map(|group| group.name.clone()).collect(), &group);
    let stays = address.iter().filter(|(name, _)| !["tag", "group", "all"].contains(name)).cloned();
    let kept = stays.map(|(name, value)| view! { <input type="hidden" name=name value=value /> }.erase());
    let away = link_with(PATH, address, &[("tag", ""), ("group", "")]);
    let clear = is_narrow(shown.query)
        .then(|| view! { <a class="button ghost" href=away data-noscroll>{text.calls.clear}</a> }.erase());
    view! {
        <form class="filters" method="get" action=PATH role="search" aria-label=words.filter>
            {kept.collect_view()}
            <select class="select" id="board-tag" name="tag" aria-label=words.tag>
                {parts::options_or(words.any_tag, tags.into_iter(), &tag)}
            </select>
            <select class="select" id="board-group" name="group" aria-label=text.common.group>
                {parts::options_or(text.provider_list.any_group, groups.into_iter(), &group)}
            </select>
            <button class="button" type="submit">{text.calls.apply}</button>
            {clear}
        </form>
    }
    .erase()
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
    let places = places_of_sums(board.items.iter().map(|row| row.totals.cost_usd));
    let rows = board.items.iter().take(most).zip(1..);
    let class = if board.before_from.is_some() { "table compared" } else { "table" };
    view! {
        <div class="scroll">
            <table class=class>
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
    // The calls that named no model are no model's, and lead nowhere.
    let name = if row.id.is_empty() {
        view! { <span class="text-muted">{text.overview.no_model}</span> }.erase()
    } else {
        view! { <a class="row-link" data-row href=subject::path(by, &row.id)>{row.name.clone()}</a> }.erase()
    };
    view! {
        <tr>
            <td><span class="rank-number">{whole(rank)}</span>{name}</td>
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
