//! Makes the journal survive the machine, in groups.

use std::time::Duration;

use crate::hub::Hub;

/// How often the journal is synced.
const INTERVAL: Duration = Duration::from_millis(100);

/// Syncs the journal until the hub stops, and writes what a full disk did not take.
pub async fn run(hub: Hub) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut synced_to = None;
    loop {
        ticks.tick().await;
        hub.ledger.flush_unwritten();
        let end = hub.ledger.journal().end();
        if synced_to == Some(end) {
            continue;
        }
        let worker = hub.clone();
        match tokio::task::spawn_blocking(move || worker.ledger.journal().sync()).await {
            Ok(Ok(())) => synced_to = Some(end),
            Ok(Err(error)) => tracing::error!(%error, "the journal cannot be synced"),
            Err(error) => tracing::error!(%error, "syncing the journal failed"),
        }
    }
}
