//! Groups: for choosing from, and what may be said of one.

use super::{
    actor::{Actor, shown},
    change, check, fault,
};
use crate::{
    domain::{
        fault::Fault,
        group::{Group, GroupPatch},
        money::Multiplier,
    },
    hub::Hub,
};

/// Characters of a note.
const NOTE_CHARS_MAX: usize = 2_000;

/// The largest factor on prices.
const COST_MULTIPLIER_MAX: Multiplier = Multiplier::from_scaled(1_000_000_000);

/// Every group, by name.
pub async fn list(hub: &Hub, _actor: &Actor) -> Result<Vec<Group>, Fault> {
    hub.store.list_groups().await.map_err(fault::store)
}

/// One group.
pub async fn find(hub: &Hub, _actor: &Actor, name: &str) -> Result<Group, Fault> {
    hub.store.find_group(name).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("group"))
}

/// Changes what the patch names; the next call of the group is charged so.
pub async fn update(hub: &Hub, actor: &Actor, name: &str, patch: GroupPatch) -> Result<Group, Fault> {
    let mut change = change::begin(hub).await?;
    let before = change.lock_group(name).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("group"))?;
    let mut after = before.clone();
    patch.note.apply_or(&mut after.note, String::new());
    patch.cost_multiplier.apply_or(&mut after.cost_multiplier, Multiplier::ONE);
    after.note = check::text("note", &after.note, NOTE_CHARS_MAX)?;
    if !(Multiplier::from_scaled(0)..=COST_MULTIPLIER_MAX).contains(&after.cost_multiplier) {
        return Err(Fault::invalid("cost_multiplier", format!("must be from 0 to {COST_MULTIPLIER_MAX}")));
    }
    change.update_group(&after).await.map_err(fault::store)?;
    let mut entry = actor.entry("group.update", &name);
    (entry.before, entry.after) = (shown(&before), shown(&after));
    change::commit(hub, change, entry).await?;
    Ok(after)
}
