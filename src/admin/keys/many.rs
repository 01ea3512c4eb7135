//! Keys changed many at a time.

use super::{checked, patched};
use crate::{
    admin::{
        actor::{Admin, shown},
        bulk::{self, Planned},
        change, check, fault,
    },
    domain::{bulk::BulkReport, fault::Fault, key::KeyBulk},
    hub::Hub,
};

/// Changes many keys: all of them, or none if one cannot be changed so. A preview only says what would be.
///
/// # Errors
/// [`Fault::Invalid`] for what cannot be set for many, and for the first key that cannot be changed so;
/// [`Fault::NotFound`] if one is not there.
pub async fn bulk(hub: &Hub, actor: &Admin, asked: KeyBulk) -> Result<BulkReport, Fault> {
    if !asked.patch.name.is_keep() {
        return Err(Fault::invalid("name", "belongs to one key; it cannot be set for many"));
    }
    let ids = bulk::distinct(asked.ids, "ids")?;
    let mut change = change::begin(hub).await?;
    let mut planned = Vec::new();
    for id in ids {
        let found = change.key_of_many(id, asked.preview).await.map_err(fault::store)?;
        let before = found.ok_or_else(|| Fault::not_found("key"))?;
        let after = patched(before.clone(), asked.patch.clone()).and_then(checked);
        planned.push(Planned { before, after });
    }
    let report = bulk::report(&planned, asked.preview, |key| (key.id.to_string(), key.name.clone()));
    if asked.preview {
        return Ok(report);
    }
    bulk::accept(&report)?;
    let changed = planned.iter().zip(&report.items).filter(|(_, row)| !row.changes.is_empty());
    for (Planned { before, after }, _) in changed {
        let Ok(after) = after else { continue };
        change.ensure_groups(&check::named_groups(&after.group)).await.map_err(fault::store)?;
        change.update_key(after).await.map_err(fault::store)?;
        let mut entry = actor.entry("key.update", &after.id);
        (entry.before, entry.after) = (shown(before), shown(after));
        change.audit(entry).await.map_err(fault::store)?;
    }
    change::publish(hub, change).await?;
    Ok(report)
}
