//! Closes connections to providers that nobody uses any more.

use std::time::Duration;

use crate::hub::Hub;

/// How often it looks.
const INTERVAL: Duration = Duration::from_secs(30);

/// Sweeps until the hub stops.
pub async fn run(hub: Hub) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        hub.clients.sweep();
    }
}
