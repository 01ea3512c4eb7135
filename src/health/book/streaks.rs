//! How often in a row something was put on hold, so that each time is longer. Plain data; time is passed in.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{
    hold::{HoldReason, HoldScope},
    id::ProviderId,
};

/// How long it is remembered that something was on hold, so that the next time is longer.
const REMEMBERED: TimeDelta = TimeDelta::hours(1);

/// How many are remembered: names of models come from callers.
const STREAKS_MAX: usize = 1_000;

/// How often in a row something was put on hold; since when and until when the last time.
#[derive(Clone, Copy, Debug)]
struct Streak {
    n: u32,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
}

/// What was put on hold lately, and how often in a row.
#[derive(Debug, Default)]
pub(super) struct Streaks(HashMap<(HoldScope, HoldReason), Streak>);

impl Streaks {
    /// The end of a hold that lasts the first of these seconds, then twice as long each time, at most the second.
    pub(super) fn next_end(
        &mut self,
        of: (HoldScope, HoldReason),
        (first_s, max_s): (u32, u32),
        now: DateTime<Utc>,
    ) -> DateTime<Utc> {
        self.0.retain(|_, streak| now - streak.until < REMEMBERED);
        if self.0.len() >= STREAKS_MAX && !self.0.contains_key(&of) {
            self.forget_oldest();
        }
        let streak = self.0.entry(of).or_insert(Streak { n: 0, since: now, until: now });
        let seconds = first_s.saturating_mul(1_u32.checked_shl(streak.n).unwrap_or(u32::MAX)).min(max_s);
        streak.n += 1;
        streak.since = now;
        streak.until = now + TimeDelta::seconds(seconds.into());
        streak.until
    }

    fn forget_oldest(&mut self) {
        let oldest = self.0.iter().min_by_key(|(_, streak)| streak.until).map(|(of, _)| of.clone());
        if let Some(of) = oldest {
            self.0.remove(&of);
        }
    }

    /// An attempt at these has succeeded: what was put on hold before it `began` is the first time again. Calls that ran
    /// already when it was say nothing about it.
    pub(super) fn succeeded(&mut self, scopes: &[HoldScope], began: DateTime<Utc>) {
        self.0.retain(|(scope, _), streak| streak.since > began || !scopes.contains(scope));
    }

    /// Forgets providers that are not known any more.
    pub(super) fn keep(&mut self, is_known: impl Fn(ProviderId) -> bool) {
        self.0.retain(|(scope, _), _| scope.provider_id().is_none_or(&is_known));
    }

    /// The providers that they are about.
    pub(super) fn provider_ids(&self) -> impl Iterator<Item = ProviderId> {
        self.0.keys().filter_map(|(scope, _)| scope.provider_id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_ended_first_are_forgotten_when_there_are_too_many() {
        let model = |n: u32| HoldScope::Model { provider_id: ProviderId(1), model: format!("m{n}") };
        let of = |n| (model(n), HoldReason::Overload);
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let (mut streaks, mut now) = (Streaks::default(), start);
        for n in 0..1_100 {
            now += TimeDelta::seconds(1);
            streaks.next_end(of(n), (10, 300), now);
        }
        assert_eq!(streaks.0.len(), STREAKS_MAX);
        let mut seconds = |n| (streaks.next_end(of(n), (10, 300), now) - now).num_seconds();
        assert_eq!((seconds(1_099), seconds(100), seconds(0)), (20, 20, 10));
    }
}
