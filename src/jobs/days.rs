//! Keeps the sums by day where the hub's days begin (docs/rules.md, Reports).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::{clock, hub::Hub, store::facet::Unit};

/// How often it is looked whether the hub's zone is another one.
const INTERVAL: Duration = Duration::from_secs(5);

/// How long after its end a day is closed, so that few calls come after that.
const LATE: TimeDelta = TimeDelta::hours(1);

/// The same of a quarter of an hour: most calls are over by then, and what is not closed has many rows.
const QUARTER_LATE: TimeDelta = TimeDelta::minutes(15);

/// Makes the days when the hub starts for the first time, and anew when its zone changes, and closes what is over of them
/// and of today, until the hub stops.
pub async fn run(hub: Hub) {
    let mut ticks = tokio::time::interval(INTERVAL);
    let (mut made, mut closed) = (None, None);
    loop {
        ticks.tick().await;
        let (now, zone) = (clock::now(), hub.snapshot.load().zone);
        let midnight = clock::midnight(now - LATE, zone);
        let over = (zone, midnight);
        if made != Some(over) {
            match make(&hub, over).await {
                Ok(()) => made = Some(over),
                Err(error) => {
                    tracing::warn!(%error, "the sums by day could not be made; trying again");
                    continue;
                }
            }
        }
        let over = (zone, Unit::Quarter.begin(now - QUARTER_LATE, zone));
        if closed != Some(over) {
            match hub.store.close_quarters(zone, midnight, over.1).await {
                Ok(()) => closed = Some(over),
                Err(error) => tracing::warn!(%error, "the sums of today could not be closed; trying again"),
            }
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
