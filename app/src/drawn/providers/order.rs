//! Which providers of the list are shown, by their state, and in which order.

use std::cmp::Reverse;

use hub::domain::provider::Provider;
use leptos::prelude::*;

use super::{PATH, ProviderList, Row, address};
use crate::{
    drawn::parts::{SortHead, link_with},
    text::Text,
    ui::Erase,
};

/// What a provider can be asked for by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Enabled, and not on hold.
    Enabled,
    /// Disabled.
    Disabled,
    /// On hold, or held in part.
    Held,
}

impl State {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Enabled, Self::Disabled, Self::Held];

    /// The word in the address.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Held => "held",
        }
    }

    /// The word for people.
    pub(super) const fn word(self, text: &'static Text) -> &'static str {
        match self {
            Self::Enabled => text.common.enabled,
            Self::Disabled => text.common.disabled,
            Self::Held => text.provider_list.held,
        }
    }

    fn admits(self, provider: &Provider, is_held: bool) -> bool {
        match self {
            Self::Enabled => provider.enabled && !is_held,
            Self::Disabled => !provider.enabled,
            Self::Held => is_held,
        }
    }
}

/// A column that the list can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Column {
    /// The name.
    Name,
    /// Calls.
    Requests,
    /// Attempts that it did not serve.
    FailedAttempts,
    /// The median until the first content.
    P50,
    /// What 95 of 100 keep within.
    P95,
    /// What it cost.
    Cost,
    /// The priority, then the weight.
    Priority,
}

impl Column {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Requests => "requests",
            Self::FailedAttempts => "failed_attempts",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::Cost => "cost",
            Self::Priority => "priority",
        }
    }

    /// True if the order begins with the least: names and priorities do, numbers begin with the largest.
    const fn is_rising(self) -> bool {
        matches!(self, Self::Name | Self::Priority)
    }

    fn sort(self, rows: &mut [Row]) {
        match self {
            Self::Name => rows.sort_by_key(|row| row.provider.name.to_lowercase()),
            Self::Requests => rows.sort_by_key(|row| Reverse(row.traffic.totals.calls)),
            Self::FailedAttempts => rows.sort_by_key(|row| Reverse(row.traffic.totals.attempts_bad)),
            Self::P50 => rows.sort_by_key(|row| Reverse(row.traffic.totals.first_token_ms_p50)),
            Self::P95 => rows.sort_by_key(|row| Reverse(row.traffic.totals.first_token_ms_p95)),
            Self::Cost => rows.sort_by_key(|row| Reverse(row.traffic.totals.cost_usd)),
            Self::Priority => rows.sort_by_key(|row| (row.provider.priority, Reverse(row.provider.weight))),
        }
    }
}

/// Which are shown, and how they are sorted; by id if nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Order {
    /// Only those in this state.
    pub(crate) state: Option<State>,
    /// Sorted by it.
    pub(crate) column: Option<Column>,
    /// The other way round.
    pub(crate) is_reverse: bool,
}

impl Order {
    /// The parameters that say it.
    pub(super) fn parameters(self) -> [(&'static str, String); 3] {
        let word = |word: Option<&str>| word.unwrap_or_default().to_owned();
        [
            ("state", word(self.state.map(State::as_str))),
            ("sort", word(self.column.map(Column::as_str))),
            ("order", word(self.is_reverse.then_some("reverse"))),
        ]
    }

    /// The rows that are shown, in their order.
    pub(crate) fn arrange(self, rows: &mut Vec<Row>, is_held: impl Fn(&Provider) -> bool) {
        if let Some(state) = self.state {
            rows.retain(|row| state.admits(&row.provider, is_held(&row.provider)));
        }
        if let Some(column) = self.column {
            column.sort(rows);
        }
        if self.is_reverse {
            rows.reverse();
        }
    }
}

/// The head of a column: sorts by it, and the other way round if it is sorted so.
pub(super) fn head(label: &'static str, column: Column, list: &ProviderList) -> AnyView {
    sort_head(label, column, list).view()
}

/// The head of a column whose cells have two lines. A part of a line that names a column sorts by it.
pub(super) fn two_lines(
    lines: [&[(&'static str, Option<Column>)]; 2],
    is_number: bool,
    list: &ProviderList,
) -> AnyView {
    let mut heads = lines.iter().flat_map(|line| line.iter());
    let order = heads.find_map(|(label, column)| sort_head(label, (*column)?, list).order);
    let [first, second] = lines.map(|line| {
        let part = |(place, (label, column)): (usize, &(&'static str, Option<Column>))| {
            let shown = column.map_or_else(|| label.into_any(), |column| sort_head(label, column, list).link());
            view! { {(place > 0).then_some(" · ")}{shown} }.into_any()
        };
        line.iter().enumerate().map(part).collect::<Vec<_>>()
    });
    view! {
        <th scope="col" class=is_number.then_some("num") aria-sort=order>{first}<span class="second">{second}</span></th>
    }
    .erase()
}

fn sort_head(label: &'static str, column: Column, list: &ProviderList) -> SortHead {
    let is_sorted = list.order.column == Some(column);
    let is_rising = column.is_rising() != (is_sorted && list.order.is_reverse);
    let order = if is_sorted && !list.order.is_reverse { "reverse" } else { "" };
    SortHead {
        label,
        href: link_with(PATH, &address(list), &[("sort", column.as_str()), ("order", order)]),
        order: is_sorted.then_some(if is_rising { "ascending" } else { "descending" }),
        is_number: column != Column::Name,
    }
}

/// A choice of states.
pub(super) fn choice(text: &'static Text, list: &ProviderList) -> AnyView {
    let states = State::ALL.map(|state| (state.as_str().to_owned(), state.word(text).to_owned()));
    let chosen = list.order.state.map(State::as_str).unwrap_or_default();
    view! {
        <select class="select" id="provider-state" name="state" aria-label=text.common.state>
            {crate::drawn::parts::options_or(text.user_list.any_status, states.into_iter(), chosen)}
        </select>
    }
    .erase()
}
