//! What the hub keeps, and how much room it takes.

use super::{actor::Admin, fault};
use crate::{
    domain::{fault::Fault, storage::Storage},
    hub::Hub,
};

/// What is kept: sizes, days, and what waits in the journal.
pub async fn storage(hub: &Hub, _actor: &Admin) -> Result<Storage, Fault> {
    let store = &hub.store;
    let (database_bytes, (tables, days), n_quarantined) =
        tokio::try_join!(store.database_bytes(), store.list_sizes(), store.count_quarantined())
            .map_err(fault::store)?;
    let snapshot = hub.snapshot.load();
    Ok(Storage {
        database_bytes,
        is_private: hub.config.dsn.is_none(),
        tables,
        days,
        retention_days: snapshot.settings.retention_days,
        journal_backlog_bytes: hub.ledger.status().backlog_bytes,
        journal_bytes_max: snapshot.settings.journal_bytes_max,
        n_quarantined,
        data_dir: hub.config.data_dir.display().to_string(),
    })
}
