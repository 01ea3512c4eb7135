//! Keeps partitions ahead of time, and lets go what is kept no longer.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::MissedTickBehavior;

use crate::{clock, hub::Hub};

/// How often it is looked whether all are there. After a night without a database, or a laptop's sleep, calls of today
/// may come before their partition: the fewer are to be moved, the better.
const INTERVAL: Duration = Duration::from_mins(1);

/// How often it is looked whether something is kept no longer.
const TIDY_INTERVAL: TimeDelta = TimeDelta::hours(1);

/// Days that have their partitions, from today on.
pub const DAYS_AHEAD: u64 = 4;

/// How long sums by minute are kept.
const MINUTES_KEPT: TimeDelta = TimeDelta::days(2);

/// How long texts of errors can be looked for, with a day to spare.
const ERRORS_KEPT: TimeDelta = TimeDelta::days(8);

/// How long the audit log is kept, if calls are not kept longer.
const AUDIT_KEPT: TimeDelta = TimeDelta::days(365);

/// Creates partitions until the hub stops. Without one, rows go to the default partition: nothing is lost.
pub async fn run(hub: Hub) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut tidied: Option<DateTime<Utc>> = None;
    let mut is_failing = false;
    loop {
        ticks.tick().await;
        let now = clock::now();
        let created = hub.store.create_partitions(now, DAYS_AHEAD).await;
        if let Err(error) = &created
            && !is_failing
        {
            tracing::warn!(%error, "partitions could not be created; trying again every minute");
        }
        is_failing = created.is_err();
        // By the clock on the wall: a machine that slept has something to tidy.
        if tidied.is_some_and(|tidied| (now - tidied).abs() < TIDY_INTERVAL) {
            continue;
        }
        tidied = Some(now);
        if let Err(error) = let_go(&hub).await {
            tracing::warn!(%error, "what is kept no longer could not be let go; trying again in an hour");
        }
    }
}

/// Lets sums by minute go, and single calls that are older than the setting says. What limits need of them is put down
/// before (docs/rules.md, Ledger).
async fn let_go(hub: &Hub) -> Result<(), sqlx::Error> {
    let now = clock::now();
    hub.store.keep_windows().await?;
    hub.store.delete_minutes(now - MINUTES_KEPT).await?;
    hub.store.delete_errors(now - ERRORS_KEPT).await?;
    let kept = TimeDelta::days(hub.snapshot.load().settings.retention_days.into());
    hub.store.delete_holds(now - kept).await?;
    hub.store.delete_conversations(now - kept).await?;
    hub.store.delete_audit(now - kept.max(AUDIT_KEPT)).await?;
    let messages_kept = TimeDelta::days(hub.snapshot.load().settings.messages_retention_days.into());
    hub.store.drop_messages((now - messages_kept.min(kept)).date_naive()).await?;
    let n_days = hub.store.drop_days((now - kept).date_naive()).await?;
    if n_days > 0 {
        tracing::info!(n_days, "calls of days that are kept no longer are let go");
    }
    Ok(())
}
