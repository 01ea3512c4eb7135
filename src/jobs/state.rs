//! Keeps the counters in Redis right: tells it what waits, renews what runs, and fills it from the ledger when it was
//! emptied.

use chrono::{DateTime, Utc};

use crate::{
    clock,
    hub::Hub,
    state::source::{Ledgered, Source},
    store::Store,
};

/// How often the sums are read again because calls were recorded meanwhile.
const READINGS_MAX: u32 = 10;

/// The ledger in Postgres.
struct Recorded<'a>(&'a Store);

impl Source for Recorded<'_> {
    /// The sums and the attempts in them must be of one moment: what was recorded between two readings would count
    /// twice or not at all.
    async fn read(&self, since_ms: i64) -> anyhow::Result<Ledgered> {
        let since = DateTime::<Utc>::from_timestamp_millis(since_ms).unwrap_or_else(clock::now);
        let mut recorded = self.0.attempts_recorded_since(since).await?;
        recorded.sort_unstable();
        for _ in 0..READINGS_MAX {
            let sums = self.0.limit_sums().await?;
            let before = std::mem::replace(&mut recorded, self.0.attempts_recorded_since(since).await?);
            recorded.sort_unstable();
            if before == recorded {
                return Ok(Ledgered { sums, recorded });
            }
        }
        anyhow::bail!("calls are recorded too fast to read what was spent")
    }
}

/// Works for ever. There is nothing to do for counters in memory.
pub async fn run(hub: Hub) {
    hub.state.keep(&Recorded(&hub.store)).await;
}
