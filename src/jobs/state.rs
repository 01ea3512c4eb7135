//! Keeps the counters in Redis right: tells it what waits, renews what runs, and fills it from the ledger when it was
//! emptied.

use std::{sync::atomic::Ordering, time::Duration};

use chrono::{DateTime, Utc};

use crate::{
    clock,
    hub::Hub,
    state::source::{Attempts, Ledgered, Page, Source},
    store::sums::RecordedAttempts,
};

/// How long this hub's journal is waited for: shorter than leases last, which are not renewed meanwhile.
const JOURNAL_WITHIN: Duration = Duration::from_secs(15);

/// How often it is looked how far the journal is.
const JOURNAL_LOOK: Duration = Duration::from_millis(50);

/// The ledger in Postgres.
pub(super) struct Recorded<'a>(pub(super) &'a Hub);

impl Source for Recorded<'_> {
    type Attempts = RecordedAttempts;

    async fn catch_up(&self) -> anyhow::Result<()> {
        let ledger = &self.0.ledger;
        let (asked, end) = (clock::instant(), ledger.journal().bytes_total());
        ledger.is_hurried.store(true, Ordering::Relaxed);
        while ledger.bytes_done.load(Ordering::Relaxed) < end
            && !ledger.is_database_away.load(Ordering::Relaxed)
            && asked.elapsed() < JOURNAL_WITHIN
        {
            // Not every record wakes the recorder.
            ledger.news.notify_one();
            tokio::time::sleep(JOURNAL_LOOK).await;
        }
        ledger.is_hurried.store(false, Ordering::Relaxed);
        let is_done = ledger.bytes_done.load(Ordering::Relaxed) >= end;
        anyhow::ensure!(is_done, "entries wait in the journal of this hub");
        Ok(())
    }

    async fn read(&self, since_ms: i64) -> anyhow::Result<Ledgered<RecordedAttempts>> {
        let since = DateTime::<Utc>::from_timestamp_millis(since_ms).unwrap_or_else(clock::now);
        let (sums, recorded) = self.0.store.limit_sums_and_attempts(since).await?;
        Ok(Ledgered { sums, recorded })
    }
}

impl Attempts for RecordedAttempts {
    async fn next(&mut self) -> anyhow::Result<Page> {
        let recorded = self.page().await?;
        let recorded_ms = recorded.iter().map(|(_, at)| at.timestamp_millis()).max().unwrap_or_default();
        Ok(Page { attempts: recorded.into_iter().map(|(id, _)| id).collect(), recorded_ms })
    }
}

/// Works for ever. There is nothing to do for counters in memory.
pub async fn run(hub: Hub) {
    hub.state.keep(&Recorded(&hub)).await;
}
