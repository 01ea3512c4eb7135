//! A step that was refused, told as the limit that it hit.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::{
    domain::{
        limit::{Amount, Limited, Limits, Subject},
        money::Usd,
        provider::Provider,
    },
    limit::window,
    route::snapshot::Caller,
    state::step::{Check, Refusal},
    wire::over_limit::OverLimit,
};

/// Seconds after which it is worth looking whether running calls have freed what they had reserved.
const CALLS_END_S: u32 = 5;

/// Seconds to wait where nothing that is used is in the way, so that nothing will leave: only a smaller call or another
/// limit can help.
const NOTHING_LEAVES_S: u32 = 60;

/// A refused step, and who took part in it.
pub struct Overdrawn<'a> {
    /// When the call began: fixed windows were those of that moment.
    pub began: DateTime<Utc>,
    /// What was asked.
    pub checks: &'a [Check],
    /// What was answered.
    pub refusal: &'a Refusal,
    /// Who called.
    pub caller: Option<&'a Caller>,
    /// Where it was to go.
    pub provider: Option<&'a Provider>,
}

impl Overdrawn<'_> {
    fn limits(&self, subject: Subject) -> Limits {
        let limits = match subject {
            Subject::Key(_) => self.caller.map(|caller| &caller.key.limits),
            Subject::User(_) => self.caller.map(|caller| &caller.user.limits),
            Subject::Provider(_) => self.provider.map(|provider| &provider.limits),
        };
        limits.cloned().unwrap_or_default()
    }
}

/// The limit that was hit: whose, what is used of it, and when it is free again.
pub fn over_limit(zone: Tz, now: DateTime<Utc>, overdrawn: &Overdrawn<'_>) -> OverLimit {
    let Refusal { check, used, reserved, frees_at_ms, oldest_ms } = overdrawn.refusal;
    let count = Amount::Count(u64::try_from(*used).unwrap_or_default());
    let of = |subject, limited, limit: u64| OverLimit {
        subject,
        limited,
        used: count,
        reserved: None,
        limit: Amount::Count(limit),
        resets_at: frees_at_ms.and_then(DateTime::from_timestamp_millis),
        frees_with_calls: false,
        retry_after_s: 1,
    };
    let mut over = match overdrawn.checks.get(*check) {
        Some(Check::Money { subject, window, limit, amount, .. }) => OverLimit {
            used: Amount::Usd(Usd::from_scaled(*used)),
            reserved: (*reserved > 0).then(|| Amount::Usd(Usd::from_scaled(*reserved))),
            limit: Amount::Usd(Usd::from_scaled(*limit)),
            // A window ends, or, if it rolls, its oldest part leaves. One that a call has begun in may have ended since:
            // it is free already for the next call.
            resets_at: frees_at_ms
                .and_then(DateTime::from_timestamp_millis)
                .or_else(|| window::resets_at(*window, &overdrawn.limits(*subject), zone, overdrawn.began, *oldest_ms))
                .map(|at| at.max(now)),
            frees_with_calls: used.saturating_add(*amount) <= *limit,
            ..of(*subject, *window, 0)
        },
        Some(Check::Requests { subject, limit }) => of(*subject, Limited::ConcurrentRequests, u64::from(*limit)),
        Some(Check::Sessions { subject, limit }) => of(*subject, Limited::ConcurrentSessions, u64::from(*limit)),
        Some(Check::Rpm { subject, limit }) => of(*subject, Limited::Rpm, u64::from(*limit)),
        Some(Check::Tpm { subject, limit, .. }) => of(*subject, Limited::Tpm, *limit),
        // A backend that names a check which was not asked: the call is refused, and nobody is blamed for more.
        None => of(Subject::Provider(crate::domain::id::ProviderId(0)), Limited::ConcurrentRequests, 0),
    };
    over.retry_after_s = match over.resets_at {
        _ if over.frees_with_calls => CALLS_END_S,
        Some(at) => seconds_until(at, now),
        // A place is free again when any of those that have one ends; of none there is nothing to wait for.
        None if is_place(over.limited) && over.limit.number() > 0 => 1,
        None => NOTHING_LEAVES_S,
    };
    over
}

/// True if it is a limit of what runs at the same time.
const fn is_place(limited: Limited) -> bool {
    matches!(limited, Limited::ConcurrentRequests | Limited::ConcurrentSessions)
}

/// Whole seconds, at least 1.
fn seconds_until(at: DateTime<Utc>, now: DateTime<Utc>) -> u32 {
    let ms = (at - now).num_milliseconds().max(1);
    u32::try_from((ms + 999) / 1_000).unwrap_or(u32::MAX)
}

/// When what is over its limit may be free again: a minute from now if nobody knows.
pub fn free_at_ms(over: &OverLimit, now: DateTime<Utc>) -> i64 {
    match over.resets_at.filter(|_| !over.frees_with_calls) {
        Some(at) => at.timestamp_millis(),
        None => now.timestamp_millis() + i64::from(over.retry_after_s) * 1_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::id::ProviderId, state::step::Span};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// The limit of a provider that refuses a call of 10 nano-dollars.
    fn refused(window: Limited, limit: i64, (used, reserved): (i64, i64), began: &str, now: &str) -> OverLimit {
        let subject = Subject::Provider(ProviderId(1));
        let checks = [Check::Money { subject, window, span: Span::All, limit, amount: 10 }];
        let refusal = Refusal { check: 0, used, reserved, frees_at_ms: None, oldest_ms: None };
        let overdrawn =
            Overdrawn { began: at(began), checks: &checks, refusal: &refusal, caller: None, provider: None };
        over_limit(Tz::UTC, at(now), &overdrawn)
    }

    #[test]
    fn what_only_reservations_are_in_the_way_of_is_free_when_they_end() {
        let (began, now) = ("2026-11-21T10:00:00Z", "2026-11-21T10:00:01Z");
        for window in [Limited::Total, Limited::FiveHours, Limited::Daily] {
            let over = refused(window, 100, (90, 1), began, now);
            assert!(over.frees_with_calls && over.message().contains("running calls"), "{}", over.message());
            assert_eq!((over.retry_after_s, free_at_ms(&over, at(now))), (5, at(now).timestamp_millis() + 5_000));
            // What is spent is in the way by itself.
            let over = refused(window, 100, (91, 1), began, now);
            assert!(!over.frees_with_calls && !over.message().contains("running calls"), "{}", over.message());
        }
    }

    #[test]
    fn what_no_retry_can_pass_is_not_to_be_tried_again_at_once() {
        let (now, subject) = (at("2026-11-21T10:00:00Z"), Subject::Provider(ProviderId(1)));
        let leaves = now.timestamp_millis() + 7_000;
        for (check, frees_at_ms, wait_s) in [
            (Check::Tpm { subject, limit: 10, tokens: 11 }, None, 60_u32),
            (Check::Tpm { subject, limit: 10, tokens: 9 }, Some(leaves), 7),
            (Check::Rpm { subject, limit: 0 }, None, 60),
            (Check::Requests { subject, limit: 0 }, None, 60),
            (Check::Sessions { subject, limit: 0 }, None, 60),
            // Calls and sessions may end at any time.
            (Check::Requests { subject, limit: 3 }, None, 1),
            (Check::Sessions { subject, limit: 3 }, None, 1),
        ] {
            let refusal = Refusal { check: 0, used: 0, reserved: 0, frees_at_ms, oldest_ms: None };
            let checks = [check];
            let overdrawn = Overdrawn { began: now, checks: &checks, refusal: &refusal, caller: None, provider: None };
            let over = over_limit(Tz::UTC, now, &overdrawn);
            let at_ms = now.timestamp_millis() + i64::from(wait_s) * 1_000;
            assert_eq!((over.retry_after_s, free_at_ms(&over, now)), (wait_s, at_ms), "{checks:?}");
        }
    }

    #[test]
    fn a_window_that_has_ended_while_the_call_waited_is_free_now_and_not_in_the_past() {
        let (yesterday, now) = ("2026-11-20T23:59:00Z", "2026-11-21T00:10:00Z");
        let over = refused(Limited::Daily, 100, (95, 0), yesterday, now);
        assert_eq!((over.resets_at, over.retry_after_s), (Some(at(now)), 1));
        let over = refused(Limited::Daily, 100, (95, 0), "2026-11-21T00:00:00Z", now);
        assert_eq!(over.resets_at, Some(at("2026-11-22T00:00:00Z")));
    }
}
