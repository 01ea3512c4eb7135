//! Entries → sums by time, user, key, provider and model.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::entry::Closed;
use crate::{
    domain::{
        attempt::{Attempt, AttemptResult},
        call::{Call, CallKind, Outcome},
        price::bill::Cost,
        report::{TIME_BUCKETS, time_bucket},
        usage::Usage,
    },
    store::facet::{Facet, Told},
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
    /// Calls of people, each at its last provider; tests and probes are attempts only (docs/rules.md, Ledger).
    pub calls: i64,
    /// Calls by outcome, in the order of [`Outcome::ALL`].
    pub outcomes: [i64; Outcome::ALL.len()],
    /// Attempts, each at its own provider, as all that follows but the histograms.
    pub attempts: i64,
    /// Attempts that the provider served.
    pub attempts_good: i64,
    /// Attempts that the provider did not serve.
    pub attempts_bad: i64,
    /// Attempts in which what was asked for was charged the default. Others that have worked on their answers are in no sum
    /// of their own: what these lack is not counted here, but found by the attempts' shares.
    pub unpriced: i64,
    /// Tokens.
    pub usage: Usage,
    /// Dollars.
    pub cost: Cost,
    /// Tokens of answers that came as streams.
    pub streamed: i64,
    /// Milliseconds from the first content of these to their end.
    pub streamed_ms: i64,
    /// Times until the first content, by bucket.
    pub first_token: [i64; TIME_BUCKETS],
    /// Times for the whole call, by bucket.
    pub duration: [i64; TIME_BUCKETS],
}

/// What sums are added up over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// A minute.
    Minute,
    /// A quarter of an hour.
    Quarter,
    /// A facet; its days begin in this zone.
    Facet(Facet, Tz),
}

impl Grain {
    /// The beginning of the span that holds `at`.
    fn floor(self, at: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Minute => floor(at, 60),
            Self::Quarter => floor(at, 900),
            Self::Facet(facet, zone) => facet.unit.begin(at, zone),
        }
    }

    /// The row that a call belongs to, or the part of it that is about a provider.
    fn key(self, entry: &Closed, provider_id: i64) -> RollupKey {
        let told = match self {
            Self::Minute | Self::Quarter => Told::Whole,
            Self::Facet(facet, _) => facet.told,
        };
        let call = &entry.call;
        RollupKey {
            at: self.floor(call.created_at),
            user_id: call.user_id.filter(|_| told.has_user()).map_or(0, |id| id.0),
            key_id: call.key_id.filter(|_| told.has_key()).map_or(0, |id| id.0),
            provider_id: if told.has_provider() { provider_id } else { 0 },
            model: if told.has_model() { call.model.clone() } else { String::new() },
        }
    }
}

/// Adds up `entries`, in an order that never makes two writers wait for each other.
pub fn roll_up<'a>(entries: impl Iterator<Item = &'a Closed>, grain: Grain) -> BTreeMap<RollupKey, Rollup> {
    let mut rows = BTreeMap::<RollupKey, Rollup>::new();
    for entry in entries {
        let call = &entry.call;
        // A provider that is asked every half minute whether it is well again would be most of what people seem to ask.
        if call.kind != CallKind::Probe {
            count_call(rows.entry(grain.key(entry, call.provider_id.map_or(0, |id| id.0))).or_default(), call);
        }
        for attempt in &entry.attempts {
            let row = rows.entry(grain.key(entry, attempt.provider_id.0)).or_default();
            row.attempts += 1;
            row.attempts_good += i64::from(was_served(attempt) == Some(true));
            row.attempts_bad += i64::from(was_served(attempt) == Some(false));
            row.unpriced += i64::from(was_unpriced(attempt));
            row.usage = row.usage.plus(&attempt.usage);
            row.cost = row.cost.plus(&attempt.cost);
            if call.stream
                && let Some(first) = attempt.first_token_ms.filter(|first| *first < attempt.ended_ms)
            {
                row.streamed += i64::try_from(attempt.usage.output).unwrap_or_default();
                row.streamed_ms += i64::from(attempt.ended_ms - first);
            }
        }
    }
    rows
}

/// Counts a call, how it ended, and how long it took.
fn count_call(row: &mut Rollup, call: &Call) {
    row.calls += 1;
    for (outcome, count) in Outcome::ALL.iter().zip(&mut row.outcomes) {
        *count += i64::from(call.outcome == Some(*outcome));
    }
    count_time(&mut row.first_token, call.first_token_ms);
    count_time(&mut row.duration, call.duration_ms);
}

/// Whether the provider served an attempt; none where it is not to blame for what came of it.
fn was_served(attempt: &Attempt) -> Option<bool> {
    let is_ours = attempt.error.as_ref().is_some_and(|error| error.cause == "crash");
    match attempt.result {
        AttemptResult::Completed => Some(true),
        AttemptResult::Failed | AttemptResult::Interrupted => (!is_ours).then_some(false),
        AttemptResult::Delivered => attempt.status.is_some_and(|status| status >= 500).then_some(false),
        AttemptResult::Abandoned => None,
    }
}

/// Whether the model that was sent has used tokens at the default price. What it has done comes first of several shares,
/// and is not among them if it has done nothing.
fn was_unpriced(attempt: &Attempt) -> bool {
    match attempt.shares.first() {
        Some(share) => share.unpriced && share.model == attempt.model_sent && share.usage.total() > 0,
        None => attempt.unpriced && attempt.usage.total() > 0,
    }
}

/// Counts what went wrong, by cause: each attempt that was not served, and each call without
/// attempts that ended in an error.
pub fn errors<'a>(entries: impl Iterator<Item = &'a Closed>, grain: Grain) -> BTreeMap<(RollupKey, String), i64> {
    let mut rows = BTreeMap::new();
    let mut count = |entry: &Closed, provider_id, cause: &str| {
        *rows.entry((grain.key(entry, provider_id), cause.to_owned())).or_default() += 1;
    };
    for entry in entries {
        for attempt in &entry.attempts {
            if let Some(error) = &attempt.error {
                count(entry, attempt.provider_id.0, &error.cause);
            }
        }
        if let Some(error) = entry.call.error.as_ref().filter(|_| entry.attempts.is_empty()) {
            count(entry, 0, &error.cause);
        }
    }
    rows
}

fn count_time(histogram: &mut [i64; TIME_BUCKETS], ms: Option<u32>) {
    if let Some(count) = ms.and_then(|ms| histogram.get_mut(time_bucket(ms))) {
        *count += 1;
    }
}

/// The beginning of the span of `seconds` that holds `at`.
fn floor(at: DateTime<Utc>, seconds: i64) -> DateTime<Utc> {
    let seconds = at.timestamp().div_euclid(seconds) * seconds;
    DateTime::from_timestamp(seconds, 0).unwrap_or(at)
}
