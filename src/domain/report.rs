//! Sums over many calls.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use self::course::Course;
use super::{
    call::{Call, Outcome},
    id::{KeyId, ProviderId, UserId},
    money::Usd,
    usage::Usage,
};

mod attention;
pub mod availability;
mod calls;
pub mod course;
pub mod leaderboard;

pub use attention::Attention;
pub use calls::{CallExport, CallQuery, ExportEnd, ExportFormat, ExportProgress};

/// Sums over a set of calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Totals {
    /// Calls.
    pub calls: u64,
    /// Of these, by outcome.
    pub completed: u64,
    /// See [`Outcome`].
    pub rejected: u64,
    /// See [`Outcome`].
    pub refused: u64,
    /// See [`Outcome`].
    pub failed: u64,
    /// See [`Outcome`].
    pub interrupted: u64,
    /// See [`Outcome`].
    pub abandoned: u64,
    /// Attempts.
    pub attempts: u64,
    /// Of these, those that the provider served.
    pub attempts_good: u64,
    /// Of these, those that the provider did not serve (docs/rules.md, Reports).
    pub attempts_bad: u64,
    /// Tokens.
    pub usage: Usage,
    /// Dollars.
    pub cost_usd: Usd,
    /// Tokens of output in a second, between the first content of a stream and its end.
    pub tokens_per_second: Option<u32>,
    /// Half of the calls that had content had it within this many milliseconds (docs/rules.md, Reports).
    pub first_token_ms_p50: Option<u32>,
    /// As above, 95 of 100.
    pub first_token_ms_p95: Option<u32>,
    /// As above, 99 of 100.
    pub first_token_ms_p99: Option<u32>,
    /// Half of the calls were over within this many milliseconds (docs/rules.md, Reports).
    pub duration_ms_p50: Option<u32>,
    /// As above, 95 of 100.
    pub duration_ms_p95: Option<u32>,
    /// As above, 99 of 100.
    pub duration_ms_p99: Option<u32>,
}

impl Totals {
    /// The calls with one outcome.
    pub const fn of(&self, outcome: Outcome) -> u64 {
        match outcome {
            Outcome::Completed => self.completed,
            Outcome::Rejected => self.rejected,
            Outcome::Refused => self.refused,
            Outcome::Failed => self.failed,
            Outcome::Interrupted => self.interrupted,
            Outcome::Abandoned => self.abandoned,
        }
    }

    /// Calls that the hub or a provider let down: failed and interrupted ones.
    pub const fn errors(&self) -> u64 {
        self.failed + self.interrupted
    }

    /// Completed calls, in thousandths of those that were completed or let down (docs/rules.md, Reports).
    pub fn success_permille(&self) -> Option<u32> {
        full_permille(self.completed, self.completed + self.errors())
    }

    /// Attempts that the provider served, in thousandths of those that it served or did not.
    pub fn good_permille(&self) -> Option<u32> {
        full_permille(self.attempts_good, self.attempts_good + self.attempts_bad)
    }

    /// Prompt tokens that came from a cache, in thousandths of all of them.
    pub fn cache_permille(&self) -> Option<u32> {
        permille(self.usage.cache_read, self.usage.prompt())
    }
}

/// `part` of `all` in thousandths, rounded half up; none of nothing.
pub fn permille(part: u64, all: u64) -> Option<u32> {
    let rounded = (u128::from(part) * 1_000 + u128::from(all / 2)).checked_div(u128::from(all))?;
    Some(u32::try_from(rounded).unwrap_or(u32::MAX))
}

/// The same, but 1000 is all of it: what is less is rounded to 999 at most.
fn full_permille(part: u64, all: u64) -> Option<u32> {
    permille(part, all).map(|rounded| if part < all { rounded.min(999) } else { rounded })
}

/// What sums are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UsageBy {
    /// By user.
    User,
    /// By key.
    Key,
    /// By provider: tokens and cost of its attempts, calls it was the last provider of.
    Provider,
    /// By model asked for.
    Model,
}

impl UsageBy {
    /// The name used in JSON and in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Key => "key",
            Self::Provider => "provider",
            Self::Model => "model",
        }
    }
}

/// The length of one row's span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UsageStep {
    /// A quarter of an hour.
    QuarterHour,
    /// An hour.
    Hour,
    /// A day in the hub's time zone.
    Day,
    /// A week from Monday on.
    Week,
    /// A month.
    Month,
    /// The whole range.
    #[default]
    Total,
}

impl UsageStep {
    /// The name used in JSON and in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QuarterHour => "quarter_hour",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Total => "total",
        }
    }
}

/// Whose and what use is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageFilter {
    /// Only this user's.
    pub user_id: Option<UserId>,
    /// Only this key's.
    pub key_id: Option<KeyId>,
    /// Only this provider's.
    pub provider_id: Option<ProviderId>,
    /// Only of this model.
    pub model: Option<String>,
}

/// How often something went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ErrorCount {
    /// What, as `error.cause` says it.
    pub cause: String,
    /// How many attempts, or calls without attempts.
    pub n_errors: u64,
}

/// Which sums to read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct UsageQuery {
    /// From this time on, cut down to a quarter of an hour; default 24 hours ago.
    pub from: Option<DateTime<Utc>>,
    /// Up to this time; default now.
    pub to: Option<DateTime<Utc>>,
    /// One row for each of these; default one row for all.
    #[cfg_attr(feature = "server", param(inline))]
    pub by: Option<UsageBy>,
    /// One row for each of these spans; default `total`.
    #[cfg_attr(feature = "server", param(inline))]
    pub step: Option<UsageStep>,
    /// Only this user's.
    #[cfg_attr(feature = "server", param(value_type = Option<String>))]
    pub user_id: Option<UserId>,
    /// Only this key's.
    #[cfg_attr(feature = "server", param(value_type = Option<String>))]
    pub key_id: Option<KeyId>,
    /// Only this provider's.
    #[cfg_attr(feature = "server", param(value_type = Option<String>))]
    pub provider_id: Option<ProviderId>,
    /// Only of calls that asked for this model.
    pub model: Option<String>,
}

/// Which errors to count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct ErrorQuery {
    /// From this time on, cut down to a quarter of an hour; default 24 hours ago.
    pub from: Option<DateTime<Utc>>,
    /// Up to this time, to the end of its quarter of an hour; default now.
    pub to: Option<DateTime<Utc>>,
    /// Only this user's.
    #[cfg_attr(feature = "server", param(value_type = Option<String>))]
    pub user_id: Option<UserId>,
    /// Only this key's.
    #[cfg_attr(feature = "server", param(value_type = Option<String>))]
    pub key_id: Option<KeyId>,
    /// Only this provider's.
    #[cfg_attr(feature = "server", param(value_type = Option<String>))]
    pub provider_id: Option<ProviderId>,
    /// Only of calls that asked for this model.
    pub model: Option<String>,
}

/// One row of sums.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct UsageRow {
    /// The beginning of the row's span.
    pub from: Option<DateTime<Utc>>,
    /// The id of the user, key or provider, or the model's name; null in a row for all, or for nobody's calls.
    pub id: Option<String>,
    /// The name of that user, key, provider or model.
    pub name: Option<String>,
    /// The sums.
    #[serde(flatten)]
    pub totals: Totals,
}

/// What the first page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Overview {
    /// When it was read.
    pub at: DateTime<Utc>,
    /// Since midnight in the hub's time zone.
    pub today: Totals,
    /// From midnight yesterday to the same time of day.
    pub yesterday: Totals,
    /// Calls that run now.
    pub active: u32,
    /// The last 60 minutes, the one that runs among them, without times.
    pub hour: Totals,
    /// The same 60 minutes a day before, without times.
    pub hour_before: Totals,
    /// The last 24 hours.
    pub hours: Course,
    /// Today's sums by provider, dearest first; these and those that follow without times.
    pub providers: Vec<UsageRow>,
    /// Today's sums by model, dearest first.
    pub models: Vec<UsageRow>,
    /// Today's sums by user, dearest first; last, with a null id, those of tests and probes, if there are any.
    pub users: Vec<UsageRow>,
    /// Calls that run now in this replica, those that began first first; at most ten.
    pub running: Vec<Call>,
    /// What an operator should look at; empty on a good day.
    pub attention: Vec<Attention>,
}

/// Most rows of a breakdown of the use of one user, key, provider or model; the cheapest are left out.
pub const PART_ROWS_MAX: usize = 50;

/// Where the histograms of times are cut: upper edges in milliseconds; a last bucket takes the rest.
pub const TIME_EDGES_MS: [u32; 19] = [
    10, 25, 50, 100, 175, 250, 375, 500, 750, 1_000, 1_500, 2_000, 3_500, 5_000, 10_000, 20_000, 45_000, 120_000,
    300_000,
];

/// Buckets of a histogram of times.
pub const TIME_BUCKETS: usize = TIME_EDGES_MS.len() + 1;

/// The bucket that `ms` falls into.
pub fn time_bucket(ms: u32) -> usize {
    TIME_EDGES_MS.iter().position(|edge| ms <= *edge).unwrap_or(TIME_EDGES_MS.len())
}

/// What `percent` of 100 counted times keep within, as if those of a bucket lay evenly in it; of the last bucket its lower
/// edge. None if nothing was counted.
pub fn time_percentile(counts: &[i64], percent: u64) -> Option<u32> {
    // In hundredths of a time, so that the rank is a whole number.
    let hundredths = |count: &i64| u128::from(u64::try_from(*count).unwrap_or_default()) * 100;
    let total: u128 = counts.iter().map(hundredths).sum();
    let rank = total / 100 * u128::from(percent);
    let (mut below, mut from) = (0_u128, 0_u32);
    for (count, to) in counts.iter().map(hundredths).zip(TIME_EDGES_MS.iter().chain(TIME_EDGES_MS.last())) {
        if count > 0 && below + count >= rank {
            let into = (u128::from(*to - from) * (rank - below)).div_ceil(count);
            return Some(from + u32::try_from(into).unwrap_or_default());
        }
        (below, from) = (below + count, *to);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_unless_all_of_it_must_mean_all() {
        assert_eq!([permille(11, 298), permille(1, 2_000), permille(1, 2_001)], [Some(37), Some(1), Some(0)]);
        assert_eq!((permille(9_999, 10_000), full_permille(9_999, 10_000)), (Some(1_000), Some(999)));
        assert_eq!([full_permille(2, 11), full_permille(29, 37)], [Some(182), Some(784)]);
        assert_eq!((permille(u64::MAX, u64::MAX), full_permille(7, 7)), (Some(1_000), Some(1_000)));
        assert_eq!((permille(0, 0), full_permille(0, 0)), (None, None));
    }

    #[test]
    fn a_percentile_lies_within_its_bucket_by_how_many_times_are_below_it() {
        let mut counts = [0_i64; TIME_BUCKETS];
        assert_eq!(time_percentile(&counts, 50), None);
        for ms in [5, 30, 30, 400, 900_000] {
            counts[time_bucket(ms)] += 1;
        }
        assert_eq!([10, 20].map(|percent| time_percentile(&counts, percent)), [Some(5), Some(10)]);
        // Three quarters of the way from 25 to 50, rounded up.
        assert_eq!(time_percentile(&counts, 50), Some(44));
        assert_eq!([70, 80].map(|percent| time_percentile(&counts, percent)), [Some(438), Some(500)]);
        // Nobody knows how far the last bucket reaches.
        assert_eq!(time_percentile(&counts, 95), Some(300_000));
    }
}
