//! The list of providers: what each is doing, what keeps it from doing it, and what can be done about that.

mod form;
pub(crate) mod group;
mod groups;
pub(crate) mod one;
pub(crate) mod order;
mod row;

use hub::domain::{
    group::Group,
    hold::HoldShown,
    provider::{Provider, many::ProviderFilter, traffic::ProviderTraffic},
};
use leptos::prelude::*;

use self::order::{Column, Order};
use super::{
    clock::Clock,
    parts::{self, Choice, link_with, tabs},
};
use crate::{
    format::{places_of_sums, shares},
    text::Text,
    ui::{
        Erase,
        icon::{Icon, icon},
        state::empty,
    },
};

/// Where it is.
pub(crate) const PATH: &str = "/providers";

/// The form that the boxes of rows belong to: it stands outside the table, which has forms of its own.
const CHOOSER: &str = "choose";

/// How the list is cut into parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum By {
    /// Not at all: by id.
    #[default]
    List,
    /// By the groups that providers belong to; one that is in several stands in each.
    Group,
    /// By priority, the lowest number first.
    Priority,
}

impl By {
    const fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Group => "group",
            Self::Priority => "priority",
        }
    }
}

/// What the page shows.
pub(crate) struct ProviderList {
    /// The providers, by id.
    pub(crate) rows: Vec<Row>,
    /// Every group.
    pub(crate) groups: Vec<Group>,
    /// Everything that is on hold.
    pub(crate) holds: Vec<HoldShown>,
    /// Which are asked for.
    pub(crate) filter: ProviderFilter,
    /// Which of these are shown, and in which order.
    pub(crate) order: Order,
    /// How they are cut into parts.
    pub(crate) by: By,
    /// True if there are more than are shown.
    pub(crate) is_cut: bool,
}

/// A provider and what it did lately.
#[derive(Clone)]
pub(crate) struct Row {
    /// The provider.
    pub(crate) provider: Provider,
    /// What it did.
    pub(crate) traffic: ProviderTraffic,
}

/// The page.
pub(crate) fn page(text: &'static Text, list: &ProviderList, clock: Clock) -> (Option<String>, AnyView) {
    let words = &text.provider_list;
    let address = address(list);
    let content = view! {
        <div class="bar">
            {tabs(words.shown, views(text, list, &address))}
            {filters(text, list)}
        </div>
        {body(text, list, clock)}
        {groups::panel(text, list, clock)}
    };
    let actions = view! { <a class="button primary" href="/providers/new">{icon(Icon::Plus)}{text.providers.new}</a> };
    parts::page_with(text.providers.title, None, actions.erase(), content.into_any())
}

/// The parameters that lead here.
fn address(list: &ProviderList) -> Vec<(&'static str, String)> {
    let by = if list.by == By::List { String::new() } else { list.by.as_str().to_owned() };
    let of = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut all = vec![("search", of(&list.filter.search)), ("group", of(&list.filter.group)), ("by", by)];
    all.extend(list.order.parameters());
    all
}

fn views(text: &'static Text, list: &ProviderList, address: &[(&'static str, String)]) -> impl Iterator<Item = Choice> {
    let words = &text.provider_list;
    [(By::List, words.as_list), (By::Group, words.by_group), (By::Priority, words.by_priority)]
        .map(|(by, label)| Choice {
            label,
            href: link_with(PATH, address, &[("by", if by == By::List { "" } else { by.as_str() })]),
            is_chosen: by == list.by,
        })
        .into_iter()
}

fn filters(text: &'static Text, list: &ProviderList) -> AnyView {
    let words = &text.provider_list;
    let group = list.filter.group.clone().unwrap_or_default();
    let names = list.groups.iter().map(|group| (group.name.clone(), group.name.clone()));
    let options = parts::options_or(words.any_group, names, &group);
    let kept = list.order.parameters().into_iter().filter(|(name, value)| *name != "state" && !value.is_empty());
    let by = (list.by != By::List).then(|| view! { <input type="hidden" name="by" value=list.by.as_str() /> }.erase());
    view! {
        <form class="filters flex-1" method="get" action=PATH role="search" aria-label=words.filter>
            <input class="input" type="search" name="search" value=list.filter.search.clone() placeholder=words.search
                aria-label=words.search maxlength="256" data-filter />
            <select class="select" id="provider-group" name="group" aria-label=text.common.group>{options}</select>
            {order::choice(text, list)}
            {by}
            {kept.map(|(name, value)| view! { <input type="hidden" name=name value=value /> }.erase()).collect_view()}
            <button class="button" type="submit">{text.calls.apply}</button>
        </form>
    }
    .erase()
}

fn body(text: &'static Text, list: &ProviderList, clock: Clock) -> AnyView {
    let words = &text.provider_list;
    if list.rows.is_empty() {
        let is_filtered = list.filter != ProviderFilter::default() || list.order.state.is_some();
        let nothing = if is_filtered {
            empty(Icon::Providers, words.none_found, words.none_found_why, Some((PATH, text.calls.clear)))
        } else {
            let action = Some(("/providers/new", text.providers.new));
            empty(Icon::Providers, text.provider_list.empty, text.provider_list.empty_why, action)
        };
        return view! { <section class="panel">{nothing}</section> }.erase();
    }
    let cut = list.is_cut.then(|| view! { <p class="note mt-3">{words.too_many}</p> }.erase());
    let all = if list.order.state.is_some() {
        // A change of many knows no state: those that are shown are named.
        let ids: Vec<String> = list.rows.iter().map(|row| format!("id={}", row.provider.id)).collect();
        format!("/providers/bulk?{}", ids.join("&"))
    } else {
        let stay = [("by", ""), ("sort", ""), ("order", ""), ("all", "1")];
        link_with("/providers/bulk", &address(list), &stay)
    };
    view! {
        <form id=CHOOSER class="chooser" method="get" action="/providers/bulk">
            <button class="button small" type="submit">{words.change_chosen}</button>
            <a class="button small" href=all>{words.change_all}</a>
            <span class="caption">{words.choose_help}</span>
        </form>
        {table(text, list, clock)}
        {cut}
        <p class="caption mt-2 px-4">{words.legend}</p>
    }
    .into_any()
}

/// The rows in their parts, each with its title; one without if the list is not cut.
fn parts_of(text: &'static Text, list: &ProviderList) -> Vec<(Option<String>, Vec<Row>)> {
    let of = |is_in: &dyn Fn(&Provider) -> bool| {
        list.rows.iter().filter(|row| is_in(&row.provider)).cloned().collect::<Vec<_>>()
    };
    match list.by {
        By::List => vec![(None, list.rows.clone())],
        By::Group => {
            let of_group = |name: &str| of(&|provider: &Provider| is_of(provider, name));
            let names = list.groups.iter().map(|group| group.name.as_str());
            let parts = names.map(|name| (Some(name.to_owned()), of_group(name)));
            parts.filter(|(_, rows)| !rows.is_empty()).collect()
        }
        By::Priority => {
            let priorities: std::collections::BTreeSet<i32> =
                list.rows.iter().map(|row| row.provider.priority).collect();
            let title = |priority: i32| Some(format!("{} {priority}", text.providers.priority));
            let part = |priority: i32| (title(priority), of(&|provider: &Provider| provider.priority == priority));
            priorities.into_iter().map(part).collect()
        }
    }
}

/// True if a provider belongs to a group.
fn is_of(provider: &Provider, group: &str) -> bool {
    provider.group.iter().any(|name| name == group)
        || provider.group.is_empty() && group == hub::domain::group::DEFAULT_GROUP
}

/// The table. Its parts are in one, so that their columns line up.
fn table(text: &'static Text, list: &ProviderList, clock: Clock) -> AnyView {
    let words = &text.provider_list;
    let parts = parts_of(text, list).into_iter().map(|(title, rows)| part(text, title, &rows, list, clock));
    let times = [(words.p50, Some(Column::P50)), (words.p95, Some(Column::P95))];
    view! {
        <section class="panel mb-4" aria-label=text.providers.title>
            <div class="scroll">
                <table class="table providers cards">
                    <caption class="aside">{text.providers.title}</caption>
                    <thead>
                        <tr>
                            {order::head(text.common.name, Column::Name, list)}
                            <th scope="col">{text.common.state}</th>
                            <th scope="col">{words.last_hours}</th>
                            {order::two_lines([&[(words.requests, Some(Column::Requests))], &[(words.share, None)]], true, list)}
                            {order::head(text.drawn.failed_attempts, Column::FailedAttempts, list)}
                            {order::two_lines([&[(words.first, None)], &times], true, list)}
                            {order::head(text.overview.cost, Column::Cost, list)}
                            {order::two_lines([&[(text.common.group, None)], &[(words.place, Some(Column::Priority))]], false, list)}
                            <th scope="col"><span class="aside">{text.common.actions}</span></th>
                        </tr>
                    </thead>
                    {parts.collect_view()}
                </table>
            </div>
        </section>
    }
    .erase()
}

/// A part of the table: its title, if it has one, and its rows.
fn part(text: &'static Text, title: Option<String>, rows: &[Row], list: &ProviderList, clock: Clock) -> AnyView {
    // In a part the shares are those of the part.
    let shares = shares(&rows.iter().map(|row| row.traffic.totals.calls).collect::<Vec<_>>());
    let places = places_of_sums(list.rows.iter().map(|row| row.traffic.totals.cost_usd));
    let lines = rows.iter().zip(shares).map(|(row, share)| row::line(text, row, (share, places), list, clock));
    let key = title.clone();
    let head = title.map(|title| view! { <tr class="part"><th scope="rowgroup" colspan="9">{title}</th></tr> }.erase());
    view! { <tbody data-key=key>{head}{lines.collect_view()}</tbody> }.erase()
}

#[cfg(test)]
mod tests {
    use super::{order::State, *};
    use crate::text::Language;

    fn row(id: i64, priority: i32, group: &[&str]) -> Row {
        let provider = serde_json::json!({
            "id": id.to_string(), "name": format!("p{id}"), "kind": "anthropic", "base_url": "https://a.example",
            "secret_preview": "", "enabled": true, "weight": 1, "priority": priority, "group_priorities": {},
            "group": group, "cost_multiplier": "1", "models": [], "redirects": [], "prefix": null,
            "active_from": null, "active_to": null, "max_attempts": null, "breaker_failures": null,
            "breaker_open_s": null, "breaker_successes": null, "probe": true, "message_queue": false,
            "failure_rules": [], "proxy_url": null, "connect_timeout_ms": null, "first_byte_timeout_ms": null,
            "idle_timeout_ms": null, "total_timeout_ms": null, "on_client_gone": "drain", "headers": {},
            "limit_rpm": null, "limit_tpm": null, "limit_5h_usd": null, "limit_daily_usd": null,
            "limit_weekly_usd": null, "limit_monthly_usd": null, "limit_total_usd": null,
            "limit_concurrent_requests": null, "limit_concurrent_sessions": null, "limit_mode": "soft",
            "reset_5h_mode": "rolling", "daily_reset_mode": "fixed", "daily_reset_time": "00:00", "reset_at": null,
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        });
        Row { provider: serde_json::from_value(provider).unwrap(), traffic: ProviderTraffic::default() }
    }

    fn group(name: &str) -> Group {
        let group = serde_json::json!({
            "name": name, "note": "", "cost_multiplier": "1", "priority": 0, "created_at": "2026-01-01T00:00:00Z",
        });
        serde_json::from_value(group).unwrap()
    }

    #[test]
    fn the_list_is_sorted_and_has_only_those_in_the_state_that_is_asked_for() {
        let arranged = |order: Order| {
            let mut rows = vec![row(1, 5, &[]), row(2, -1, &[]), row(3, 5, &[])];
            rows[0].provider.enabled = false;
            rows[2].traffic.totals.calls = 9;
            order.arrange(&mut rows, |provider| provider.id.0 == 2);
            rows.iter().map(|row| row.provider.id.0).collect::<Vec<_>>()
        };
        let by = |column| Order { column: Some(column), ..Order::default() };
        assert_eq!(arranged(Order::default()), [1, 2, 3]);
        assert_eq!(arranged(by(Column::Priority)), [2, 1, 3]);
        assert_eq!(arranged(by(Column::Requests)), [3, 1, 2]);
        assert_eq!(arranged(Order { is_reverse: true, ..by(Column::Name) }), [3, 2, 1]);
        for (state, ids) in [(State::Enabled, [3]), (State::Disabled, [1]), (State::Held, [2])] {
            assert_eq!(arranged(Order { state: Some(state), ..Order::default() }), ids);
        }
    }

    #[test]
    fn the_list_is_cut_by_group_and_by_priority() {
        let list = |by| ProviderList {
            rows: vec![row(1, 5, &[]), row(2, -1, &["blue", "red"]), row(3, 5, &["red"])],
            groups: vec![group("blue"), group("default"), group("empty"), group("red")],
            holds: Vec::new(),
            filter: ProviderFilter::default(),
            order: Order::default(),
            by,
            is_cut: false,
        };
        let shown = |by| {
            let parts = parts_of(Language::En.text(), &list(by)).into_iter();
            let ids = |rows: Vec<Row>| rows.iter().map(|row| row.provider.id.0).collect::<Vec<_>>();
            parts.map(|(title, rows)| (title.unwrap_or_default(), ids(rows))).collect::<Vec<_>>()
        };
        let part = |title: &str, ids: &[i64]| (title.to_owned(), ids.to_vec());
        assert_eq!(shown(By::List), [part("", &[1, 2, 3])]);
        assert_eq!(shown(By::Group), [part("blue", &[2]), part("default", &[1]), part("red", &[2, 3])]);
        assert_eq!(shown(By::Priority), [part("Priority -1", &[2]), part("Priority 5", &[1, 3])]);
    }
}
