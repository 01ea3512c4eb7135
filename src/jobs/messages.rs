//! Captured messages → Postgres, behind the callers' backs (docs/rules.md, Messages).

use std::time::Duration;

use crate::{hub::Hub, relay::capture::Parcel};

/// Calls that are written in one transaction.
const BATCH: usize = 32;

/// How often writing is tried, and the pause in between. Meanwhile what comes waits, and is given up when too much does.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// Writes until the hub stops. Ends at once if nothing is captured.
pub async fn run(hub: Hub) {
    while hub.captures.is_on() {
        let parcels = hub.captures.take(BATCH).await;
        write(&hub, &parcels, TRIES).await;
    }
}

/// Writes what still waits when the hub stops.
pub async fn write_rest(hub: &Hub) {
    loop {
        let parcels = hub.captures.take_rest(BATCH).await;
        if parcels.is_empty() {
            return;
        }
        write(hub, &parcels, 1).await;
    }
}

async fn write(hub: &Hub, parcels: &[Parcel], n_tries: u32) {
    for n_try in 1..=n_tries {
        match hub.store.insert_messages(parcels.iter().map(|parcel| &parcel.captured)).await {
            Ok(()) => return,
            Err(error) if n_try == n_tries => {
                tracing::warn!(%error, n_calls = parcels.len(), "captured messages are given up");
                hub.captures.lose(u64::try_from(parcels.len()).unwrap_or(u64::MAX));
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
