//! Entries → sums by time, user, key, provider and model.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::entry::Closed;
use crate::domain::{
    call::Outcome,
    price::bill::Cost,
    report::{TIME_BUCKETS, time_bucket},
    usage::Usage,
};

/// What a row of sums is for; 0 stands for none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RollupKey {
    /// The beginning of its span.
    pub at: DateTime<Utc>,
    /// The user.
    pub user_id: i64,
    /// The key.
    pub key_id: i64,
    /// The provider.
    pub provider_id: i64,
    /// The model asked for.
    pub model: String,
}

/// The sums of one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rollup {
    /// Calls, each at its last provider.
    pub calls: i64,
    /// Calls by outcome, in the order of [`Outcome::ALL`].
    pub outcomes: [i64; Outcome::ALL.len()],
    /// Attempts, each at its own provider, as all that follows but the histograms.
    pub attempts: i64,
    /// Attempts that were priced by the default.
    pub unpriced: i64,
    /// Tokens.
    pub usage: Usage,
    /// Dollars.
    pub cost: Cost,
    /// Times until the first content, by bucket.
    pub first_token: [i64; TIME_BUCKETS],
    /// Times for the whole call, by bucket.
    pub duration: [i64; TIME_BUCKETS],
}

/// Adds up `entries` in spans of `minutes`, in an order that never makes two writers wait for each other.
pub fn roll_up<'a>(entries: impl Iterator<Item = &'a Closed>, minutes: i64) -> BTreeMap<RollupKey, Rollup> {
    let mut rows = BTreeMap::<RollupKey, Rollup>::new();
    for entry in entries {
        let call = &entry.call;
        let key = |provider_id| RollupKey {
            at: floor(call.created_at, minutes),
            user_id: call.user_id.map_or(0, |id| id.0),
            key_id: call.key_id.map_or(0, |id| id.0),
            provider_id,
            model: call.model.clone(),
        };
        let row = rows.entry(key(call.provider_id.map_or(0, |id| id.0))).or_default();
        row.calls += 1;
        for (outcome, count) in Outcome::ALL.iter().zip(&mut row.outcomes) {
            *count += i64::from(call.outcome == Some(*outcome));
        }
        count_time(&mut row.first_token, call.first_token_ms);
        count_time(&mut row.duration, call.duration_ms);
        for attempt in &entry.attempts {
            let row = rows.entry(key(attempt.provider_id.0)).or_default();
            row.attempts += 1;
            row.unpriced += i64::from(attempt.unpriced);
            row.usage = row.usage.plus(&attempt.usage);
            row.cost = row.cost.plus(&attempt.cost);
        }
    }
    rows
}

fn count_time(histogram: &mut [i64; TIME_BUCKETS], ms: Option<u32>) {
    if let Some(count) = ms.and_then(|ms| histogram.get_mut(time_bucket(ms))) {
        *count += 1;
    }
}

/// The beginning of the span of `minutes` that holds `at`.
fn floor(at: DateTime<Utc>, minutes: i64) -> DateTime<Utc> {
    let seconds = at.timestamp().div_euclid(minutes * 60) * minutes * 60;
    DateTime::from_timestamp(seconds, 0).unwrap_or(at)
}
