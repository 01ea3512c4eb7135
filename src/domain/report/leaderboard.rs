//! Who and what used most, ranked.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Totals, UsageBy};

/// A range of time with a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// Since midnight in the hub's time zone.
    #[default]
    Today,
    /// Since midnight of this week's Monday.
    Week,
    /// Since midnight of the first of this month.
    Month,
    /// Since the beginning.
    All,
}

impl Period {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Today, Self::Week, Self::Month, Self::All];

    /// The name used in JSON and in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Week => "week",
            Self::Month => "month",
            Self::All => "all",
        }
    }
}

/// What a leaderboard is sorted by. Numbers begin with the largest, names with the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RankBy {
    /// By name.
    Name,
    /// By cost.
    #[default]
    Cost,
    /// By number of calls.
    Calls,
    /// By tokens, those read from a cache too.
    Tokens,
    /// By the share of prompt tokens that were read from a cache.
    CacheHit,
    /// By the share of calls that succeeded.
    Success,
    /// By the median time to the first content.
    FirstTokenP50,
    /// By the time within which 95 of 100 calls had content.
    FirstTokenP95,
    /// By tokens of output in a second.
    Speed,
}

impl RankBy {
    /// All of them, in the order of their columns.
    pub const ALL: [Self; 9] = [
        Self::Name,
        Self::Cost,
        Self::Calls,
        Self::Tokens,
        Self::CacheHit,
        Self::Success,
        Self::FirstTokenP50,
        Self::FirstTokenP95,
        Self::Speed,
    ];

    /// The name used in JSON and in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Cost => "cost",
            Self::Calls => "calls",
            Self::Tokens => "tokens",
            Self::CacheHit => "cache_hit",
            Self::Success => "success",
            Self::FirstTokenP50 => "first_token_p50",
            Self::FirstTokenP95 => "first_token_p95",
            Self::Speed => "speed",
        }
    }

    /// What a row is ranked by; none if it is not known.
    fn number(self, row: &LeaderboardRow) -> Option<i128> {
        match self {
            Self::Name => None,
            Self::Cost => Some(row.totals.cost_usd.scaled().into()),
            Self::Calls => Some(row.totals.calls.into()),
            Self::Tokens => Some(row.totals.usage.total().into()),
            Self::CacheHit => row.cache_permille.map(Into::into),
            Self::Success => row.success_permille.map(Into::into),
            Self::FirstTokenP50 => row.totals.first_token_ms_p50.map(Into::into),
            Self::FirstTokenP95 => row.totals.first_token_ms_p95.map(Into::into),
            Self::Speed => row.totals.tokens_per_second.map(Into::into),
        }
    }

    /// Sorts rows; `is_reverse` turns the order around. What is not known is last either way, and equal ones are in the
    /// order of their names.
    pub fn sort(self, rows: &mut [LeaderboardRow], is_reverse: bool) {
        rows.sort_by(|one, other| {
            let names = || one.name.cmp(&other.name).then_with(|| one.id.cmp(&other.id));
            let turned = |order: Ordering| if is_reverse { order.reverse() } else { order };
            match (self, self.number(one), self.number(other)) {
                (Self::Name, ..) => turned(names()),
                (_, Some(one), Some(other)) => turned(other.cmp(&one)).then_with(names),
                (_, one, other) => other.is_some().cmp(&one.is_some()).then_with(names),
            }
        });
    }
}

/// Which leaderboard to read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct LeaderboardQuery {
    /// Who is ranked; default `user`.
    #[cfg_attr(feature = "server", param(inline))]
    pub by: Option<UsageBy>,
    /// Over which time; default `today`. Not beside `from` and `to`.
    #[cfg_attr(feature = "server", param(inline))]
    pub period: Option<Period>,
    /// From this time on, cut down to a quarter of an hour.
    pub from: Option<DateTime<Utc>>,
    /// Up to this time; default now.
    pub to: Option<DateTime<Utc>>,
    /// What comes first; default `cost`.
    #[cfg_attr(feature = "server", param(inline))]
    pub sort: Option<RankBy>,
    /// True to turn the order around.
    pub reverse: Option<bool>,
    /// Only users who have this tag now, or had it when they were deleted. Only where users are ranked.
    pub tag: Option<String>,
    /// Only users who are of this group now, or were when they were deleted. Only where users are ranked.
    pub group: Option<String>,
}

/// Who and what used most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Leaderboard {
    /// From this time on.
    pub from: DateTime<Utc>,
    /// Up to this time.
    pub to: DateTime<Utc>,
    /// The beginning of the span that is compared with; null if there is none.
    pub before_from: Option<DateTime<Utc>>,
    /// Its end.
    pub before_to: Option<DateTime<Utc>>,
    /// The rows in the order that was asked for.
    pub items: Vec<LeaderboardRow>,
}

/// One of those that are ranked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct LeaderboardRow {
    /// The id of the user, key or provider, or the model's name.
    pub id: String,
    /// The name.
    pub name: String,
    /// Prompt tokens that came from a cache, in thousandths of all of them; null without any.
    pub cache_permille: Option<u32>,
    /// Calls that were completed, in thousandths of those that were completed or let down; of a provider the same of
    /// attempts. Null without any.
    pub success_permille: Option<u32>,
    /// The sums.
    #[serde(flatten)]
    pub totals: Totals,
    /// The sums of the span before, without times; null if nothing is compared, or there was nothing.
    pub before: Option<Totals>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Usd;

    fn row(name: &str, cost: i64, success_permille: Option<u32>) -> LeaderboardRow {
        let totals = Totals { cost_usd: Usd::from_scaled(cost), ..Totals::default() };
        LeaderboardRow { name: name.to_owned(), success_permille, totals, ..LeaderboardRow::default() }
    }

    #[test]
    fn the_unknown_is_last_whichever_way_and_equal_ones_go_by_name() {
        let order = |by: RankBy, is_reverse| {
            let mut rows = vec![row("c", 5, None), row("a", 5, Some(900)), row("b", 7, Some(990))];
            by.sort(&mut rows, is_reverse);
            rows.into_iter().map(|row| row.name).collect::<String>()
        };
        assert_eq!(order(RankBy::Cost, false), "bac");
        assert_eq!(order(RankBy::Cost, true), "acb");
        assert_eq!(order(RankBy::Success, false), "bac");
        assert_eq!(order(RankBy::Success, true), "abc");
        assert_eq!((order(RankBy::Name, false), order(RankBy::Name, true)), ("abc".to_owned(), "cba".to_owned()));
    }

    #[test]
    fn words_in_addresses_are_those_of_json() {
        for by in RankBy::ALL {
            assert_eq!(serde_json::to_value(by).unwrap(), by.as_str());
        }
        for period in Period::ALL {
            assert_eq!(serde_json::to_value(period).unwrap(), period.as_str());
        }
    }
}
