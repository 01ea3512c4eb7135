//! What the hub keeps, and how much room it takes.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What the hub keeps. Sizes are bytes on disk, indexes included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Storage {
    /// The size of the whole database.
    pub database_bytes: u64,
    /// True if the hub runs the Postgres itself, in its data folder.
    pub is_private: bool,
    /// Its tables, the largest first; the partitions of a table count as the table.
    pub tables: Vec<TableSize>,
    /// The days whose calls and attempts are kept (UTC), the latest first; days to come have their place already.
    pub days: Vec<DaySize>,
    /// How many days single calls are kept.
    pub retention_days: u32,
    /// What lies in this replica's journal and has not reached the database yet.
    pub journal_backlog_bytes: u64,
    /// The size of the journal at which new calls are refused.
    pub journal_bytes_max: u64,
    /// Entries that the database has rejected, and that were set aside.
    pub n_quarantined: u64,
    /// The folder of the journal, of generated secrets and of a private Postgres.
    pub data_dir: String,
}

/// The size of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct TableSize {
    /// Its name.
    pub name: String,
    /// Its size with its indexes and partitions.
    pub bytes: u64,
    /// How many partitions it has; none for a table that has no such parts.
    pub n_partitions: u64,
}

/// The size of the calls and attempts of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct DaySize {
    /// The day (UTC).
    pub day: NaiveDate,
    /// The size of both of its partitions.
    pub bytes: u64,
}
