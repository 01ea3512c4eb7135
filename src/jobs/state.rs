//! Keeps the counters in Redis right: tells it what waits, renews what runs, and fills it from the ledger when it was
//! emptied.

use chrono::{DateTime, Utc};

use crate::{
    clock,
    hub::Hub,
    state::source::{Ledgered, Source},
    store::Store,
};

/// Attempts that are said to be in the sums: so many fit into Redis, and what is told again is among the newest.
const ATTEMPTS_MAX: u32 = 500_000;

/// The ledger in Postgres.
struct Recorded<'a>(&'a Store);

impl Source for Recorded<'_> {
    async fn read(&self, since_ms: i64) -> anyhow::Result<Ledgered> {
        let since = DateTime::<Utc>::from_timestamp_millis(since_ms).unwrap_or_else(clock::now);
        let (sums, recorded) = self.0.limit_sums_and_attempts(since, ATTEMPTS_MAX).await?;
        Ok(Ledgered { sums, recorded })
    }
}

/// Works for ever. There is nothing to do for counters in memory.
pub async fn run(hub: Hub) {
    hub.state.keep(&Recorded(&hub.store)).await;
}
