//! What counters and sessions say of a call that nobody makes.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::{
    admin::limits,
    domain::{
        fault::Fault,
        id::{KeyId, ProviderId},
        limit::{LimitUse, Limits, Subject},
    },
    hub::Hub,
    relay::left_out::LeftOut,
    route::snapshot::{Caller, Snapshot, Upstream},
    state::step::Binding,
    wire::{over_limit::OverLimit, rejection::Rejection},
};

/// How many providers the counters are asked for at the same time.
const ASKED_MAX: usize = 64;

/// Where a session is bound to, and what is cached of it there; none if it is not active, or bound nowhere yet.
///
/// # Errors
/// [`Fault::CountersAway`] while Redis does not answer.
pub(super) async fn bound(
    hub: &Hub,
    key_id: KeyId,
    session_id: &str,
    now: DateTime<Utc>,
) -> Result<Option<Binding>, Fault> {
    let active = hub.state.sessions(now.timestamp_millis()).await.map_err(|_| Fault::CountersAway)?;
    let session = active.into_iter().find(|active| active.session.key_id == key_id && active.session.id == session_id);
    Ok(session.and_then(|session| session.binding))
}

/// The limits of a caller of which nothing is left, as the hub would refuse for them; the key's first.
///
/// # Errors
/// [`Fault::CountersAway`] while Redis does not answer.
pub(super) async fn exhausted(hub: &Hub, caller: &Caller, now: DateTime<Utc>) -> Result<Vec<Rejection>, Fault> {
    let subjects =
        [(Subject::Key(caller.key.id), &caller.key.limits), (Subject::User(caller.user.id), &caller.user.limits)];
    let mut rejections = Vec::new();
    for (subject, limits) in subjects {
        let uses = full(hub, subject, limits, now).await?;
        rejections
            .extend(uses.iter().filter_map(|used| over(subject, used)).map(|over| Rejection::Limited(Box::new(over))));
    }
    Ok(rejections)
}

/// The providers that are at a limit of their own, as a call leaves them out.
///
/// # Errors
/// [`Fault::CountersAway`] while Redis does not answer.
pub(super) async fn limited(hub: &Hub, snapshot: &Snapshot, now: DateTime<Utc>) -> Result<LeftOut, Fault> {
    let asked = stream::iter(snapshot.upstreams.clone()).map(|upstream| limited_one(hub, upstream, now));
    let asked: Vec<Option<(ProviderId, OverLimit)>> = asked.buffered(ASKED_MAX).try_collect().await?;
    let mut left_out = LeftOut::default();
    for (provider_id, over) in asked.into_iter().flatten() {
        left_out.limited(provider_id, &over, now);
    }
    Ok(left_out)
}

/// The provider and the limit of its own that it is at, if it is at one; of several the one that is looked at first.
async fn limited_one(
    hub: &Hub,
    upstream: Arc<Upstream>,
    now: DateTime<Utc>,
) -> Result<Option<(ProviderId, OverLimit)>, Fault> {
    let provider = &upstream.provider;
    let subject = Subject::Provider(provider.id);
    let uses = full(hub, subject, &provider.limits, now).await?;
    Ok(uses.iter().find_map(|used| over(subject, used)).map(|over| (provider.id, over)))
}

/// Of somebody's limits those of which nothing is left.
async fn full(hub: &Hub, subject: Subject, limits: &Limits, now: DateTime<Utc>) -> Result<Vec<LimitUse>, Fault> {
    // Who has no limit is not asked for.
    if !limits.is_any() {
        return Ok(Vec::new());
    }
    let mut uses = limits::used(hub, subject, limits, now).await?;
    uses.retain(|used| used.share_permille().is_some_and(|share| share >= 1_000));
    Ok(uses)
}

/// A limit of which nothing is left, as it is told to callers.
fn over(subject: Subject, used: &LimitUse) -> Option<OverLimit> {
    Some(OverLimit {
        subject,
        limited: used.window,
        used: used.settled,
        reserved: (used.reserved.number() > 0).then_some(used.reserved),
        limit: used.limit?,
        resets_at: used.resets_at,
        frees_with_calls: used.settled.number() < used.limit?.number(),
        retry_after_s: 1,
    })
}
