//! Keeps partitions ahead of time.

use std::time::Duration;

use crate::{clock, hub::Hub};

/// How often they are looked at.
const INTERVAL: Duration = Duration::from_hours(1);

/// Days that have their partitions, from today on.
pub const DAYS_AHEAD: u64 = 4;

/// Creates partitions until the hub stops. Without one, rows go to the default partition: nothing is lost.
pub async fn run(hub: Hub) {
    let mut ticks = tokio::time::interval(INTERVAL);
    loop {
        ticks.tick().await;
        if let Err(error) = hub.store.create_partitions(clock::now(), DAYS_AHEAD).await {
            tracing::warn!(%error, "partitions could not be created; trying again in an hour");
        }
    }
}
