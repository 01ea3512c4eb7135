//! Keeps the sums by day where the hub's days begin (docs/rules.md, Reports).

use std::time::Duration;

use crate::hub::Hub;

/// How often it is looked whether the hub's zone is another one.
const INTERVAL: Duration = Duration::from_secs(5);

/// Makes the days when the hub starts for the first time, and anew when its zone changes, until the hub stops.
pub async fn run(hub: Hub) {
    let mut ticks = tokio::time::interval(INTERVAL);
    let mut made = None;
    loop {
        ticks.tick().await;
        let zone = hub.snapshot.load().zone;
        if made == Some(zone) {
            continue;
        }
        match hub.store.make_days(zone).await {
            Ok(is_new) => {
                made = Some(zone);
                if is_new {
                    tracing::info!(%zone, "the sums by day are made");
                }
            }
            Err(error) => tracing::warn!(%error, "the sums by day could not be made; trying again"),
        }
    }
}
