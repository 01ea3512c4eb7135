//! Reads prices anew from where the settings say.

use std::time::{Duration, Instant};

use crate::{admin::prices::import, clock, hub::Hub};

/// How often it is looked whether it is time.
const INTERVAL: Duration = Duration::from_mins(1);

/// After a failure it is tried again so much later, or earlier if prices are read more often.
const AGAIN_AFTER: Duration = Duration::from_hours(1);

/// Reads prices at the start, whenever their address has changed, and as often as the settings say, until the hub
/// stops. Replicas that read the same file change nothing a second time.
pub async fn run(hub: Hub) {
    let mut ticks = tokio::time::interval(INTERVAL);
    let mut last: Option<(String, Instant)> = None;
    loop {
        ticks.tick().await;
        let (url, hours) = {
            let snapshot = hub.snapshot.load();
            (snapshot.settings.prices_url.clone(), snapshot.settings.prices_sync_hours)
        };
        if url.is_empty() || hours == 0 {
            continue;
        }
        let every = Duration::from_hours(hours.into());
        let now = clock::instant();
        if last.as_ref().is_some_and(|(known, next)| *known == url && now < *next) {
            continue;
        }
        let wait = match import::sync_by_clock(&hub).await {
            Ok(report) => {
                let (added, changed) = (report.added.len(), report.changed.len());
                tracing::info!(added, changed, unusable = report.unusable.len(), "prices were read");
                every
            }
            Err(error) => {
                tracing::warn!(%error, "prices could not be read");
                every.min(AGAIN_AFTER)
            }
        };
        last = Some((url, now + wait));
    }
}
