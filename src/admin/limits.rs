//! Limits: what may be set, how much is used, and the reset.

use chrono::{DateTime, Utc};

use super::{
    actor::{Admin, shown},
    change,
    check::within,
    fault, keys, providers, users,
};
use crate::{
    clock,
    domain::{
        fault::Fault,
        id::{KeyId, ProviderId, UserId},
        key::ApiKey,
        limit::{Amount, LimitUse, Limited, Limits, ResetMode, Subject},
        money::Usd,
        provider::Provider,
        user::User,
    },
    hub::Hub,
    limit::window,
    state::step::{Span, Usage},
};

/// The highest limit of calls in a minute, and of calls and sessions at the same time.
const COUNT_MAX: u32 = 1_000_000;

/// The highest limit of tokens in a minute.
const TOKENS_MAX: u64 = 1_000_000_000_000;

/// The highest limit of money: nine million dollars. Counters in Redis are exact up to 2^53 nano-dollars.
const USD_MAX: Usd = Usd::from_scaled(9_000_000 * 1_000_000_000);

/// Checks limits that are to be kept.
pub(super) fn check(limits: &Limits) -> Result<(), Fault> {
    within("limit_rpm", limits.limit_rpm, 0, COUNT_MAX)?;
    within("limit_tpm", limits.limit_tpm, 0, TOKENS_MAX)?;
    within("limit_5h_usd", limits.limit_5h_usd, Usd::ZERO, USD_MAX)?;
    within("limit_daily_usd", limits.limit_daily_usd, Usd::ZERO, USD_MAX)?;
    within("limit_weekly_usd", limits.limit_weekly_usd, Usd::ZERO, USD_MAX)?;
    within("limit_monthly_usd", limits.limit_monthly_usd, Usd::ZERO, USD_MAX)?;
    within("limit_total_usd", limits.limit_total_usd, Usd::ZERO, USD_MAX)?;
    within("limit_concurrent_requests", limits.limit_concurrent_requests, 0, COUNT_MAX)?;
    within("limit_concurrent_sessions", limits.limit_concurrent_sessions, 0, COUNT_MAX)
}

/// How much of each limit a user, a key or a provider has used; also where there is no limit. In the order in which they
/// are looked at. What calls know of is answered without Postgres.
///
/// # Errors
/// [`Fault::NotFound`]; [`Fault::CountersAway`] while Redis does not answer.
pub async fn usage(hub: &Hub, actor: &Admin, subject: Subject) -> Result<Vec<LimitUse>, Fault> {
    let known = hub.snapshot.load().limits(subject).cloned();
    let limits = match (known, subject) {
        (Some(limits), _) => limits,
        (None, Subject::Key(id)) => keys::find(hub, actor, id).await?.limits,
        (None, Subject::User(id)) => users::find(hub, actor, id).await?.limits,
        (None, Subject::Provider(id)) => providers::find(hub, actor, id).await?.limits,
    };
    used(hub, subject, &limits, clock::now()).await
}

/// How much of each of these limits is used, at `now`.
pub(super) async fn used(
    hub: &Hub,
    subject: Subject,
    limits: &Limits,
    now: DateTime<Utc>,
) -> Result<Vec<LimitUse>, Fault> {
    let zone = hub.snapshot.load().zone;
    let money =
        Limited::ALL.into_iter().filter_map(|limited| Some((limited, window::span(limited, limits, zone, now)?)));
    let money: Vec<(Limited, Span)> = money.collect();
    let spans: Vec<Span> = money.iter().map(|(_, span)| *span).collect();
    let usage = hub.state.usage(subject, &spans, now.timestamp_millis()).await.map_err(|_| Fault::CountersAway)?;
    let used = |limited| match money.iter().position(|(of, _)| *of == limited) {
        Some(place) => {
            let mut used = spent(limits, &usage, limited, place);
            let oldest_ms = match (limited, limits.reset_5h_mode) {
                (Limited::FiveHours, ResetMode::Fixed) => usage.five_hours_ms,
                _ => usage.oldest_ms.get(place).copied().flatten(),
            };
            used.resets_at = window::resets_at(limited, limits, zone, now, oldest_ms);
            used
        }
        None => counted(limits, &usage, limited),
    };
    Ok(Limited::ALL.into_iter().map(used).collect())
}

/// The use of a limit of money, whose window has this place among those that were asked for.
fn spent(limits: &Limits, usage: &Usage, limited: Limited, place: usize) -> LimitUse {
    let settled = Usd::from_scaled(usage.settled.get(place).copied().unwrap_or_default());
    let reserved = Usd::from_scaled(usage.reserved);
    let limit = limits.money(limited);
    LimitUse {
        window: limited,
        limit: limit.map(Amount::Usd),
        settled: Amount::Usd(settled),
        reserved: Amount::Usd(reserved),
        remaining: limit.map(|limit| Amount::Usd((limit - settled - reserved).max(Usd::ZERO))),
        resets_at: None,
    }
}

/// The use of a limit of calls, tokens or sessions.
fn counted(limits: &Limits, usage: &Usage, limited: Limited) -> LimitUse {
    let (limit, used, leaves_ms) = match limited {
        Limited::ConcurrentRequests => (limits.limit_concurrent_requests.map(u64::from), usage.requests, None),
        Limited::ConcurrentSessions => (limits.limit_concurrent_sessions.map(u64::from), usage.sessions, None),
        Limited::Rpm => (limits.limit_rpm.map(u64::from), usage.rpm, usage.rpm_leaves_ms),
        Limited::Tpm => (limits.limit_tpm, usage.tpm, usage.tpm_leaves_ms),
        Limited::Total | Limited::FiveHours | Limited::Daily | Limited::Weekly | Limited::Monthly => (None, 0, None),
    };
    LimitUse {
        window: limited,
        limit: limit.map(Amount::Count),
        settled: Amount::Count(used),
        reserved: Amount::Count(0),
        remaining: limit.map(|limit| Amount::Count(limit.saturating_sub(used))),
        resets_at: leaves_ms.and_then(DateTime::from_timestamp_millis),
    }
}

/// Resets a user's limits: what its keys spent before no longer counts for the user. The keys' own limits stay.
pub async fn reset_user(hub: &Hub, actor: &Admin, id: UserId) -> Result<User, Fault> {
    let mut change = change::begin(hub).await?;
    let before = change.lock_user(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("user"))?;
    let mut user = before.clone();
    let now = reset_now(&mut user.limits);
    change.set_limits(Subject::User(id), &user.limits).await.map_err(fault::store)?;
    let mut entry = actor.entry("user.reset", &id);
    (entry.before, entry.after) = (shown(&before), shown(&user));
    change::commit(hub, change, entry).await?;
    forget(hub, Subject::User(id), now).await;
    Ok(user)
}

/// Resets a key's limits: what it spent before no longer counts for the key. Its user's limits stay.
pub async fn reset_key(hub: &Hub, actor: &Admin, id: KeyId) -> Result<ApiKey, Fault> {
    let mut change = change::begin(hub).await?;
    let before = change.lock_key(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("key"))?;
    let mut key = before.clone();
    let now = reset_now(&mut key.limits);
    change.set_limits(Subject::Key(id), &key.limits).await.map_err(fault::store)?;
    let mut entry = actor.entry("key.reset", &id);
    (entry.before, entry.after) = (shown(&before), shown(&key));
    change::commit(hub, change, entry).await?;
    forget(hub, Subject::Key(id), now).await;
    Ok(key)
}

/// Resets a provider's limits: what was spent there before no longer counts.
pub async fn reset_provider(hub: &Hub, actor: &Admin, id: ProviderId) -> Result<Provider, Fault> {
    let mut change = change::begin(hub).await?;
    let stored = change.lock_provider(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("provider"))?;
    let mut provider = stored.provider.clone();
    let now = reset_now(&mut provider.limits);
    change.set_limits(Subject::Provider(id), &provider.limits).await.map_err(fault::store)?;
    let mut entry = actor.entry("provider.reset", &id);
    (entry.before, entry.after) = (shown(&stored.provider), shown(&provider));
    change::commit(hub, change, entry).await?;
    forget(hub, Subject::Provider(id), now).await;
    Ok(provider)
}

fn reset_now(limits: &mut Limits) -> DateTime<Utc> {
    let now = clock::now();
    limits.reset_at = Some(now);
    now
}

/// Lets the counters know at once, for those who look before the next call. If they are away the next call tells them.
async fn forget(hub: &Hub, subject: Subject, now: DateTime<Utc>) {
    if hub.state.reset(subject, now.timestamp_millis()).await.is_err() {
        tracing::warn!(%subject, "the counters are away; they learn of the reset with the next call");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_never_less_than_nothing() {
        let usd = |text: &str| text.parse::<Usd>().unwrap();
        let limits = Limits { limit_total_usd: Some(usd("2")), limit_rpm: Some(3), ..Limits::default() };
        let usage = |settled: &str, rpm| Usage {
            settled: vec![usd(settled).scaled()],
            reserved: usd("0.5").scaled(),
            rpm,
            ..Usage::default()
        };
        let left = spent(&limits, &usage("1", 0), Limited::Total, 0);
        assert_eq!((left.reserved, left.remaining), (Amount::Usd(usd("0.5")), Some(Amount::Usd(usd("0.5")))));
        let over = spent(&limits, &usage("1.6", 0), Limited::Total, 0);
        assert_eq!((over.settled, over.remaining), (Amount::Usd(usd("1.6")), Some(Amount::Usd(Usd::ZERO))));
        assert_eq!(spent(&limits, &usage("1", 0), Limited::Daily, 0).remaining, None);
        assert_eq!(counted(&limits, &usage("0", 2), Limited::Rpm).remaining, Some(Amount::Count(1)));
        assert_eq!(counted(&limits, &usage("0", 5), Limited::Rpm).remaining, Some(Amount::Count(0)));
        assert_eq!(counted(&limits, &usage("0", 5), Limited::Tpm).limit, None);
    }
}
