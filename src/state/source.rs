//! Where the counters come from when the state holds none.

use std::future::Future;

use uuid::Uuid;

use super::step::Sums;
use crate::domain::limit::Subject;

/// What an emptied Redis is filled with.
#[derive(Clone, Debug, Default)]
pub struct Ledgered {
    /// What every subject has spent.
    pub sums: Vec<(Subject, Sums)>,
    /// The attempts among those sums that were recorded since the time that was asked for; of very many the newest.
    pub recorded: Vec<Uuid>,
}

/// The ledger, as far as the state needs it.
pub trait Source: Sync {
    /// Waits, within a bound, until the ledger holds what this replica has settled so far: what it has settled long ago is
    /// not told again. An error says that it does not; the caller tries again.
    fn catch_up(&self) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// Reads the sums, and which attempts they hold that were recorded since `since_ms` (milliseconds since 1970).
    /// Both must be of the same moment, or an attempt is counted twice or not at all.
    fn read(&self, since_ms: i64) -> impl Future<Output = anyhow::Result<Ledgered>> + Send;
}
