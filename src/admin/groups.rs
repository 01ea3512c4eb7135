//! Groups: which providers a key may use, and in which order.

use super::{
    actor::{Admin, shown},
    change, check, fault,
};
use crate::{
    clock,
    domain::{
        fault::Fault,
        group::{DEFAULT_GROUP, Group, GroupCreate, GroupPatch, GroupUse},
        money::Multiplier,
    },
    hub::Hub,
};

/// Characters of a note.
const NOTE_CHARS_MAX: usize = 2_000;

/// The largest factor on prices.
const COST_MULTIPLIER_MAX: Multiplier = Multiplier::from_scaled(1_000_000_000);

/// Every group, by name.
pub async fn list(hub: &Hub, _actor: &Admin) -> Result<Vec<Group>, Fault> {
    hub.store.list_groups().await.map_err(fault::store)
}

/// One group.
pub async fn find(hub: &Hub, _actor: &Admin, name: &str) -> Result<Group, Fault> {
    hub.store.find_group(name).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("group"))
}

/// Who names a group: it can be deleted once nobody does.
pub async fn in_use(hub: &Hub, _actor: &Admin, name: &str) -> Result<GroupUse, Fault> {
    check::check_text("name", Some(name))?;
    hub.store.use_of_group(name).await.map_err(fault::store)
}

/// Makes a group.
pub async fn create(hub: &Hub, actor: &Admin, new: GroupCreate) -> Result<Group, Fault> {
    let group = checked(Group {
        name: check::group("name", &new.name)?,
        note: new.note.unwrap_or_default(),
        cost_multiplier: new.cost_multiplier.unwrap_or(Multiplier::ONE),
        priority: new.priority.unwrap_or_default(),
        created_at: clock::now(),
    })?;
    let mut change = change::begin(hub).await?;
    change.insert_group(&group).await.map_err(fault::store)?;
    let mut entry = actor.entry("group.create", &group.name);
    entry.after = shown(&group);
    change::commit(hub, change, entry).await?;
    Ok(group)
}

/// Changes what the patch names; the next call goes by it.
pub async fn update(hub: &Hub, actor: &Admin, name: &str, patch: GroupPatch) -> Result<Group, Fault> {
    let mut change = change::begin(hub).await?;
    let before = change.lock_group(name).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("group"))?;
    let mut after = before.clone();
    patch.note.apply_or(&mut after.note, String::new());
    patch.cost_multiplier.apply_or(&mut after.cost_multiplier, Multiplier::ONE);
    patch.priority.apply_or(&mut after.priority, 0);
    let after = checked(after)?;
    change.update_group(&after).await.map_err(fault::store)?;
    let mut entry = actor.entry("group.update", &name);
    (entry.before, entry.after) = (shown(&before), shown(&after));
    change::commit(hub, change, entry).await?;
    Ok(after)
}

/// Deletes a group that nobody names any more.
///
/// # Errors
/// [`Fault::Conflict`] if somebody does, or if it is the one that stands for all who name none.
pub async fn delete(hub: &Hub, actor: &Admin, name: &str) -> Result<(), Fault> {
    let mut change = change::begin(hub).await?;
    let before = change.lock_group(name).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("group"))?;
    let conflict = |why: String| Fault::Conflict { field: "name".to_owned(), why };
    if name == DEFAULT_GROUP {
        return Err(conflict("it is the group of all who name none".to_owned()));
    }
    let in_use = change.use_of_group(name).await.map_err(fault::store)?;
    if in_use != GroupUse::default() {
        let GroupUse { n_providers, n_users, n_keys } = in_use;
        return Err(conflict(format!("{n_providers} providers, {n_users} users and {n_keys} keys name it")));
    }
    change.delete_group(name).await.map_err(fault::store)?;
    let mut entry = actor.entry("group.delete", &name);
    entry.before = shown(&before);
    change::commit(hub, change, entry).await
}

/// The group as it is kept.
fn checked(group: Group) -> Result<Group, Fault> {
    if !(Multiplier::from_scaled(0)..=COST_MULTIPLIER_MAX).contains(&group.cost_multiplier) {
        return Err(Fault::invalid("cost_multiplier", format!("must be from 0 to {COST_MULTIPLIER_MAX}")));
    }
    Ok(Group { note: check::text("note", &group.note, NOTE_CHARS_MAX)?, ..group })
}
