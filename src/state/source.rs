//! Where the counters come from when the state holds none.

use std::future::Future;

use uuid::Uuid;

use super::step::Sums;
use crate::domain::limit::Subject;

/// What emptied counters are filled with.
#[derive(Clone, Debug, Default)]
pub struct Ledgered<A> {
    /// What every subject has spent.
    pub sums: Vec<(Subject, Sums)>,
    /// The attempts among those sums that were recorded since the time that was asked for.
    pub recorded: A,
}

/// Some of the attempts that the ledger holds.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Their ids.
    pub attempts: Vec<Uuid>,
    /// When the last of them was recorded, in milliseconds since 1970.
    pub recorded_ms: i64,
}

/// Attempts that the ledger holds: there may be more than memory holds.
pub trait Attempts: Send {
    /// The next of them; an empty page if there are no more.
    fn next(&mut self) -> impl Future<Output = anyhow::Result<Page>> + Send;
}

impl<A: Attempts> Ledgered<A> {
    /// With all attempts at once: those of a short time are few.
    pub async fn whole(mut self) -> anyhow::Result<Ledgered<Vec<Uuid>>> {
        let mut recorded = Vec::new();
        loop {
            let page = self.recorded.next().await?;
            if page.attempts.is_empty() {
                return Ok(Ledgered { sums: self.sums, recorded });
            }
            recorded.extend(page.attempts);
        }
    }
}

/// The ledger, as far as the state needs it.
pub trait Source: Sync {
    /// The attempts that it has recorded.
    type Attempts: Attempts;

    /// Waits, within a bound, until the ledger holds what this replica has settled so far: what it has settled long ago is
    /// not told again. An error says that it does not; the caller tries again.
    fn catch_up(&self) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// Reads the sums, and which attempts they hold that were recorded since `since_ms` (milliseconds since 1970).
    /// Both must be of the same moment, or an attempt is counted twice or not at all.
    fn read(&self, since_ms: i64) -> impl Future<Output = anyhow::Result<Ledgered<Self::Attempts>>> + Send;
}
