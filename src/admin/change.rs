//! How every change of configuration ends: with its line in the audit log, and seen by the next call.

use super::fault;
use crate::{
    domain::fault::Fault,
    hub::Hub,
    route::snapshot,
    store::{audit::AuditEntry, change::Change},
};

/// Begins a change.
pub(super) async fn begin(hub: &Hub) -> Result<Change, Fault> {
    hub.store.change().await.map_err(fault::store)
}

/// Writes the line of the audit log, commits, and swaps the snapshot.
pub(super) async fn commit(hub: &Hub, mut change: Change, entry: AuditEntry<'_>) -> Result<(), Fault> {
    change.audit(entry).await.map_err(fault::store)?;
    publish(hub, change).await
}

/// Commits a change that has its lines in the audit log already, and swaps the snapshot.
pub(super) async fn publish(hub: &Hub, change: Change) -> Result<(), Fault> {
    change.commit().await.map_err(fault::store)?;
    // The change stands, whatever happens now: Postgres has told this replica too, which then reads once more.
    if let Err(error) = snapshot::reload(hub).await {
        tracing::warn!(error = %format!("{error:#}"), "the changed configuration could not be read at once");
    }
    Ok(())
}
