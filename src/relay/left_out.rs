//! Providers that a call leaves out for reasons that its choice does not know, and which of them it can wait for.

use chrono::{DateTime, Utc};

use super::over::free_at_ms;
use crate::{
    clock,
    domain::{
        decision::{Choice, Skip},
        id::ProviderId,
        limit::{
            Limited,
            reached::{AtLimit, LimitField},
        },
    },
    limit::parking::Wants,
    wire::over_limit::OverLimit,
};

/// Providers that a call leaves out, and until when.
#[derive(Debug, Default)]
pub struct LeftOut {
    providers: Vec<ProviderId>,
    /// The same, with what is known of each.
    reasons: Vec<Reason>,
    /// When a call that does not wait may try again.
    free_at_ms: Option<i64>,
}

/// Why a provider is left out.
#[derive(Clone, Copy, Debug)]
struct Reason {
    provider_id: ProviderId,
    why: Skip,
    /// The limit of its own that it is at, if that is why.
    at_limit: Option<AtLimit>,
    /// True if it may be free as soon as an attempt there is over.
    is_full: bool,
    /// When it is free again, if that is known.
    ends_at_ms: Option<i64>,
}

impl LeftOut {
    /// All of them.
    pub fn providers(&self) -> &[ProviderId] {
        &self.providers
    }

    /// A provider is left out for this, and nobody knows until when.
    pub fn add(&mut self, provider_id: ProviderId, why: Skip) {
        self.note(Reason { provider_id, why, at_limit: None, is_full: false, ends_at_ms: None });
    }

    /// A provider is at this limit of its own.
    pub fn limited(&mut self, provider_id: ProviderId, over: &OverLimit, now: DateTime<Utc>) {
        let free_at_ms = free_at_ms(over, now);
        self.free_at_ms = Some(self.free_at_ms.map_or(free_at_ms, |known| known.min(free_at_ms)));
        let is_taken = matches!(over.limited, Limited::ConcurrentRequests | Limited::ConcurrentSessions);
        // What is reserved goes as places do: with the attempts that hold it, long before the window ends.
        let is_full = is_taken || over.frees_with_calls;
        let ends_at_ms = over.resets_at.filter(|_| !is_full).map(|at| at.timestamp_millis());
        let at_limit = Some(AtLimit {
            field: LimitField(over.limited),
            used: over.used,
            reserved: over.reserved,
            limit: over.limit,
            resets_at: over.resets_at,
        });
        self.note(Reason { provider_id, why: Skip::Limit, at_limit, is_full, ends_at_ms });
    }

    /// The next free place at these providers belongs to calls that wait.
    pub fn awaited(&mut self, providers: &[ProviderId]) {
        for provider_id in providers.iter().copied() {
            self.note(Reason { provider_id, why: Skip::Awaited, at_limit: None, is_full: true, ends_at_ms: None });
        }
    }

    fn note(&mut self, reason: Reason) {
        self.providers.push(reason.provider_id);
        self.reasons.push(reason);
    }

    /// True if one of them is left out for this.
    pub fn any(&self, why: Skip) -> bool {
        self.reasons.iter().any(|reason| reason.why == why)
    }

    /// Says of each candidate that a choice has left out because it is one of these why it is, and at which limit.
    pub fn explain(&self, choice: &mut Choice) {
        for candidate in choice.candidates.iter_mut().filter(|candidate| candidate.skip == Some(Skip::Limit)) {
            let reason = self.reasons.iter().find(|reason| reason.provider_id == candidate.provider_id);
            let Some(reason) = reason else { continue };
            candidate.skip = Some(reason.why);
            candidate.at_limit = reason.at_limit.map(Box::new);
        }
    }

    /// What a call may wait for that could go to those for which this is true.
    pub fn wants(&self, could_go: impl Fn(ProviderId) -> bool) -> Wants {
        let wanted: Vec<&Reason> = self.reasons.iter().filter(|reason| could_go(reason.provider_id)).collect();
        Wants {
            providers: wanted.iter().map(|reason| reason.provider_id).collect(),
            full: wanted.iter().filter(|reason| reason.is_full).map(|reason| reason.provider_id).collect(),
            until_ms: wanted.iter().filter_map(|reason| reason.ends_at_ms).min(),
        }
    }

    /// Seconds until the first of them may be free; none if none ever is for this request of this caller.
    pub fn for_s(&self) -> Option<u32> {
        if self.reasons.iter().all(|reason| matches!(reason.why, Skip::Unbounded | Skip::CallerLimit)) {
            return None;
        }
        let now_ms = clock::now().timestamp_millis();
        let wait_ms = self.free_at_ms.map_or(1_000, |at_ms| (at_ms - now_ms).max(1_000));
        Some(u32::try_from(wait_ms / 1_000).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        decision::Candidate,
        limit::{Amount, Subject},
        money::Usd,
    };

    const REASONS: [Skip; 4] = [Skip::Awaited, Skip::MessagesQueued, Skip::Unbounded, Skip::LimitsAway];

    #[test]
    fn a_choice_is_told_why_each_was_left_out() {
        let mut left_out = LeftOut::default();
        left_out.awaited(&[ProviderId(0)]);
        for (id, why) in (1..).zip(&REASONS[1..]) {
            left_out.add(ProviderId(id), *why);
        }
        let skips = [Skip::Limit, Skip::Limit, Skip::Limit, Skip::Limit, Skip::Limit, Skip::Held];
        let candidates = (0..).zip(skips);
        let candidate =
            |(id, skip)| Candidate { provider_id: ProviderId(id), skip: Some(skip), ..Candidate::default() };
        let mut choice = Choice { candidates: candidates.map(candidate).collect(), ..Choice::default() };
        left_out.explain(&mut choice);
        let told: Vec<Skip> = choice.candidates.iter().filter_map(|candidate| candidate.skip).collect();
        assert_eq!(told, [&REASONS[..], &[Skip::Limit, Skip::Held]].concat());
        assert!(choice.candidates.iter().all(|candidate| candidate.at_limit.is_none()));
    }

    #[test]
    fn what_attempts_have_reserved_is_waited_for_as_their_places_are() {
        let (now, provider_id) = (clock::now(), ProviderId(1));
        let usd = |nano| Amount::Usd(Usd::from_scaled(nano));
        for frees_with_calls in [true, false] {
            let over = OverLimit {
                subject: Subject::Provider(provider_id),
                limited: Limited::Daily,
                used: usd(90),
                reserved: Some(usd(10)),
                limit: usd(100),
                resets_at: Some(now),
                frees_with_calls,
                retry_after_s: 5,
            };
            let mut left_out = LeftOut::default();
            left_out.limited(provider_id, &over, now);
            let wants = left_out.wants(|_| true);
            assert_eq!((wants.full.is_empty(), wants.until_ms.is_some()), (!frees_with_calls, !frees_with_calls));
            // Whoever reads the decision learns which limit it was.
            let candidate = Candidate { provider_id, skip: Some(Skip::Limit), ..Candidate::default() };
            let mut choice = Choice { candidates: vec![candidate], ..Choice::default() };
            left_out.explain(&mut choice);
            let at_limit = AtLimit {
                field: LimitField(Limited::Daily),
                used: usd(90),
                reserved: Some(usd(10)),
                limit: usd(100),
                resets_at: Some(now),
            };
            assert_eq!(choice.candidates[0].at_limit.as_deref(), Some(&at_limit));
        }
    }

    #[test]
    fn only_what_may_be_free_one_day_and_could_serve_is_waited_for() {
        let mut left_out = LeftOut::default();
        assert_eq!(left_out.for_s(), None);
        left_out.add(ProviderId(1), Skip::Unbounded);
        assert_eq!(left_out.for_s(), None, "it will refuse the next call like this one");
        left_out.awaited(&[ProviderId(2), ProviderId(3)]);
        assert_eq!(left_out.for_s(), Some(1));
        let wants = left_out.wants(|provider_id| provider_id != ProviderId(2));
        assert_eq!((wants.providers, wants.full), (vec![ProviderId(1), ProviderId(3)], vec![ProviderId(3)]));
    }
}
