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

/// A refused step, and who took part in it.
pub struct Overdrawn<'a> {
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
        retry_after_s: 1,
    };
    let mut over = match overdrawn.checks.get(*check) {
        Some(Check::Money { subject, window, limit, .. }) => OverLimit {
            used: Amount::Usd(Usd::from_scaled(*used)),
            reserved: (*reserved > 0).then(|| Amount::Usd(Usd::from_scaled(*reserved))),
            limit: Amount::Usd(Usd::from_scaled(*limit)),
            // A window ends, or, if it rolls, its oldest part leaves.
            resets_at: frees_at_ms
                .and_then(DateTime::from_timestamp_millis)
                .or_else(|| window::resets_at(*window, &overdrawn.limits(*subject), zone, now, *oldest_ms)),
            ..of(*subject, *window, 0)
        },
        Some(Check::Requests { subject, limit }) => of(*subject, Limited::ConcurrentRequests, u64::from(*limit)),
        Some(Check::Sessions { subject, limit }) => of(*subject, Limited::ConcurrentSessions, u64::from(*limit)),
        Some(Check::Rpm { subject, limit }) => of(*subject, Limited::Rpm, u64::from(*limit)),
        Some(Check::Tpm { subject, limit, .. }) => of(*subject, Limited::Tpm, *limit),
        // A backend that names a check which was not asked: the call is refused, and nobody is blamed for more.
        None => of(Subject::Provider(crate::domain::id::ProviderId(0)), Limited::ConcurrentRequests, 0),
    };
    over.retry_after_s = over.resets_at.map_or(1, |at| seconds_until(at, now));
    over
}

/// Whole seconds, at least 1.
fn seconds_until(at: DateTime<Utc>, now: DateTime<Utc>) -> u32 {
    let ms = (at - now).num_milliseconds().max(1);
    u32::try_from((ms + 999) / 1_000).unwrap_or(u32::MAX)
}

/// When what is over its limit may be free again: a minute from now if nobody knows.
pub fn free_at_ms(over: &OverLimit, now: DateTime<Utc>) -> i64 {
    match (over.resets_at, over.limited) {
        (Some(at), _) => at.timestamp_millis(),
        (None, Limited::ConcurrentRequests | Limited::ConcurrentSessions) => now.timestamp_millis() + 1_000,
        (None, _) => now.timestamp_millis() + 60_000,
    }
}
