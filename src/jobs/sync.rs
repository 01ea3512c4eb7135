//! Makes the journal survive the machine, in groups.

use std::time::Duration;

use crate::hub::Hub;

/// How often the journal is synced, if nobody waits for it.
const INTERVAL: Duration = Duration::from_millis(100);

/// Syncs the journal until the hub stops, and writes what a full disk did not take. While a sync runs, those who wait
/// for the next one gather.
pub async fn run(hub: Hub) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = hub.ledger.sync_wanted.notified() => {}
        }
        let worker = hub.clone();
        let synced = tokio::task::spawn_blocking(move || {
            worker.ledger.flush_unwritten();
            worker.ledger.sync();
        });
        if let Err(error) = synced.await {
            tracing::error!(%error, "syncing the journal failed");
        }
    }
}
