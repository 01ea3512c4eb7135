//! What is on hold, and the holds that operators make and end.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    actor::{Admin, shown},
    change, check, fault,
};
use crate::{
    clock,
    domain::{
        fault::Fault,
        hold::{Hold, HoldQuery, HoldReason, HoldScope, HoldShown, HoldSource, Pause},
        id::{HoldId, ProviderId},
        provider::Provider,
    },
    health::{book::Ending, edited::Edited},
    hub::Hub,
    store::{audit::AuditEntry, change::Change},
};

/// Characters of a note.
const NOTE_CHARS_MAX: usize = 500;

/// The longest pause: a year.
const PAUSE_S_MAX: u32 = 31_536_000;

/// Everything that is on hold, the oldest first.
pub fn list(hub: &Hub, _actor: &Admin, query: &HoldQuery) -> Vec<HoldShown> {
    let is_asked = |hold: &Hold| query.provider_id.is_none() || hold.scope.provider_id() == query.provider_id;
    let holds = hub.health.holds();
    holds.iter().filter(|hold| is_asked(hold)).map(|hold| show(hub, hold)).collect()
}

/// Ends a hold; a breaker's closes the breaker.
pub async fn end(hub: &Hub, actor: &Admin, id: HoldId) -> Result<(), Fault> {
    let known = hub.health.holds().into_iter().find(|hold| hold.id == id).ok_or_else(|| Fault::not_found("hold"))?;
    let mut change = change::begin(hub).await?;
    // Several replicas may have opened the same breaker.
    let which = match known.scope.provider_id().filter(|_| known.reason == HoldReason::Breaker) {
        Some(provider_id) => {
            change.holds_of_provider(provider_id, &[HoldReason::Breaker]).await.map_err(fault::store)?
        }
        None => Vec::new(),
    };
    let mut entry = actor.entry("hold.end", &id);
    entry.before = shown(&*known);
    let which = [which, vec![id]].concat();
    end_all(hub, change, entry, &which, Ending::Ended).await
}

/// Takes a provider out of rotation, for a time or until it is resumed. A pause that was there is replaced.
pub async fn pause_provider(hub: &Hub, actor: &Admin, id: ProviderId, pause: Pause) -> Result<HoldShown, Fault> {
    let mut change = change::begin(hub).await?;
    change.lock_provider(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("provider"))?;
    let before = change.holds_of_provider(id, &[HoldReason::Pause]).await.map_err(fault::store)?;
    let hold = paused(HoldScope::Provider { provider_id: id }, pause)?;
    put(hub, change, actor.entry("provider.pause", &id), &before, hold).await
}

/// Puts a paused provider back into rotation.
pub async fn resume_provider(hub: &Hub, actor: &Admin, id: ProviderId) -> Result<(), Fault> {
    let mut change = change::begin(hub).await?;
    change.lock_provider(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("provider"))?;
    let which = change.holds_of_provider(id, &[HoldReason::Pause]).await.map_err(fault::store)?;
    let mut entry = actor.entry("provider.resume", &id);
    entry.before = known(hub, &which);
    end_all(hub, change, entry, &which, Ending::Ended).await
}

/// Takes the providers of a group out of rotation for those who reach them by it, for a time or until it is resumed. A
/// pause that was there is replaced.
pub async fn pause_group(hub: &Hub, actor: &Admin, name: &str, pause: Pause) -> Result<HoldShown, Fault> {
    let mut change = change::begin(hub).await?;
    change.lock_group(name).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("group"))?;
    let before = change.holds_of_group(name).await.map_err(fault::store)?;
    let hold = paused(HoldScope::Group { group: name.to_owned() }, pause)?;
    put(hub, change, actor.entry("group.pause", &name), &before, hold).await
}

/// Puts the providers of a paused group back into rotation.
pub async fn resume_group(hub: &Hub, actor: &Admin, name: &str) -> Result<(), Fault> {
    let mut change = change::begin(hub).await?;
    change.lock_group(name).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("group"))?;
    let which = change.holds_of_group(name).await.map_err(fault::store)?;
    let mut entry = actor.entry("group.resume", &name);
    entry.before = known(hub, &which);
    end_all(hub, change, entry, &which, Ending::Ended).await
}

/// Ends what an edit of a provider puts an end to, in the same change; to be told to [`ended`] once that is made. Whether
/// secret and proxy are new cannot be told from what is shown of them.
pub(super) async fn end_edited(
    hub: &Hub,
    change: &mut Change,
    (before, after): (&Provider, &Provider),
    (is_secret_new, is_proxy_new): (bool, bool),
) -> Result<Vec<HoldId>, Fault> {
    let address = before.base_url != after.base_url;
    let reasons = Edited { address, secret: is_secret_new, proxy: is_proxy_new }.reasons();
    if reasons.is_empty() {
        return Ok(Vec::new());
    }
    let written = change.holds_of_provider(after.id, &reasons).await.map_err(fault::store)?;
    change.end_holds(&written, Ending::Edited, clock::now()).await.map_err(fault::store)?;
    // What is not written yet is ended too.
    let here = hub.health.holds().into_iter().filter(|hold| {
        hold.scope.provider_id() == Some(after.id) && reasons.contains(&hold.reason) && !written.contains(&hold.id)
    });
    Ok(here.map(|hold| hold.id).chain(written.iter().copied()).collect())
}

/// The change that ended these was made.
pub(super) fn ended(hub: &Hub, which: &[HoldId]) {
    hub.health.end(which, Ending::Edited, clock::now());
}

/// A hold that an operator asks for.
fn paused(scope: HoldScope, pause: Pause) -> Result<Hold, Fault> {
    let now = clock::now();
    check::within("duration_s", pause.duration_s, 1, PAUSE_S_MAX)?;
    Ok(Hold {
        id: HoldId::fresh(),
        scope,
        reason: HoldReason::Pause,
        source: HoldSource::Admin,
        since: now,
        until: pause.duration_s.map(|seconds| now + TimeDelta::seconds(seconds.into())),
        note: check::text("note", &pause.note.unwrap_or_default(), NOTE_CHARS_MAX)?,
        call_id: None,
        model_sent: None,
    })
}

/// Writes a hold in the place of others.
async fn put(
    hub: &Hub,
    mut change: Change,
    mut entry: AuditEntry<'_>,
    before: &[HoldId],
    hold: Hold,
) -> Result<HoldShown, Fault> {
    change.end_holds(before, Ending::Ended, clock::now()).await.map_err(fault::store)?;
    change.insert_hold(&hold).await.map_err(fault::store)?;
    (entry.before, entry.after) = (known(hub, before), shown(&hold));
    let answer = show(hub, &hold);
    change::commit(hub, change, entry).await?;
    hub.health.end(before, Ending::Ended, clock::now());
    hub.health.add(hold);
    Ok(answer)
}

/// How the first of these holds that is known here stands in the audit log.
fn known(hub: &Hub, which: &[HoldId]) -> Option<serde_json::Value> {
    hub.health.holds().iter().find(|hold| which.contains(&hold.id)).and_then(|hold| shown(&**hold))
}

/// Ends holds, here and in what is written.
async fn end_all(
    hub: &Hub,
    mut change: Change,
    entry: AuditEntry<'_>,
    which: &[HoldId],
    why: Ending,
) -> Result<(), Fault> {
    change.end_holds(which, why, clock::now()).await.map_err(fault::store)?;
    change::commit(hub, change, entry).await?;
    hub.health.end(which, why, clock::now());
    Ok(())
}

/// As operators see it.
fn show(hub: &Hub, hold: &Hold) -> HoldShown {
    let now = clock::now();
    let snapshot = hub.snapshot.load();
    let upstream = hold.scope.provider_id().and_then(|id| snapshot.upstream(id));
    let left = |until: DateTime<Utc>| {
        u64::try_from((until - now).num_milliseconds().max(0)).unwrap_or_default().div_ceil(1_000)
    };
    HoldShown {
        provider_name: upstream.map(|upstream| upstream.provider.name.clone()),
        is_absolute: hold.is_absolute(),
        remaining_s: hold.until.map(left),
        hold: hold.clone(),
    }
}
