//! Keeps the sums by day where the hub's days begin (docs/rules.md, Reports).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::{clock, hub::Hub};

/// How often it is looked whether the hub's zone is another one.
const INTERVAL: Duration = Duration::from_secs(5);

/// How long after its end a day is closed, so that few calls come after that.
const LATE: TimeDelta = TimeDelta::hours(1);

/// Makes the days when the hub starts for the first time, and anew when its zone changes, until the hub stops.
pub async fn run(hub: Hub) {
    let mut ticks = tokio::time::interval(INTERVAL);
    let mut made = None;
    loop {
        ticks.tick().await;
        let zone = hub.snapshot.load().zone;
        let over = (zone, clock::midnight(clock::now() - LATE, zone));
        if made == Some(over) {
            continue;
        }
        match make(&hub, over).await {
            Ok(()) => made = Some(over),
            Err(error) => tracing::warn!(%error, "the sums by day could not be made; trying again"),
        }
    }
}

/// Makes the days of a zone if they are not there, and closes those before a midnight.
async fn make(hub: &Hub, (zone, before): (Tz, DateTime<Utc>)) -> Result<(), sqlx::Error> {
    let mut n_steps = 0_u32;
    while step(hub.store.make_days(zone)).await? {
        n_steps += 1;
    }
    if n_steps > 0 {
        tracing::info!(%zone, n_steps, "the sums by day are made");
    }
    n_steps = 0;
    while step(hub.store.close_days(zone, before)).await? {
        n_steps += 1;
    }
    if n_steps > 0 {
        tracing::info!(%before, n_steps, "the sums of days that are over are made");
    }
    Ok(())
}

/// Takes a step, and rests as long as it took: recording calls waits for one step, and goes on before the next. False if
/// nothing was left to do.
async fn step(step: impl Future<Output = Result<bool, sqlx::Error>>) -> Result<bool, sqlx::Error> {
    let began = clock::instant();
    let was_done = step.await?;
    if was_done {
        tokio::time::sleep(began.elapsed()).await;
    }
    Ok(was_done)
}
