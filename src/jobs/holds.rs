//! Writes holds down behind the callers' backs, reads what other replicas have written, and ends what is over.

use std::time::Duration;

use crate::{clock, domain::event::Event, hub::Hub};

/// How often it is looked whether holds are over.
const LOOK: Duration = Duration::from_secs(1);

/// The longest pause after a failure.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Works until the hub stops.
pub async fn run(hub: Hub) {
    tokio::join!(keep(&hub), expire(&hub), tell(&hub));
}

/// Writes and reads, one after the other: what is read is never older than what was written before.
async fn keep(hub: &Hub) {
    let mut pause = Duration::from_millis(100);
    loop {
        let kept = tokio::select! {
            () = hub.health.news() => write(hub).await,
            () = hub.health.rereads() => read(hub).await,
        };
        match kept {
            Ok(()) => pause = Duration::from_millis(100),
            Err(error) => {
                tracing::warn!(%error, "holds are kept in memory only: Postgres does not take them");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
                // Nobody may come again to say that there is something to do.
                hub.health.reread();
            }
        }
    }
}

/// Writes what is to be written, and tells the other replicas.
pub async fn write(hub: &Hub) -> Result<(), sqlx::Error> {
    let writes = hub.health.take_writes();
    if writes.is_empty() {
        return Ok(());
    }
    let mut writes = writes.into_iter();
    while let Some(write) = writes.next() {
        match hub.store.write_hold(&write).await {
            Ok(()) => {}
            Err(error)
                if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation) =>
            {
                tracing::error!(hold.id = %write.hold.id, %error, "a hold is kept in memory only");
            }
            Err(error) => {
                let mut left = vec![write];
                left.extend(writes);
                hub.health.put_back(left);
                return Err(error);
            }
        }
    }
    hub.store.tell_of_holds().await
}

/// Reads what is written, after what this replica has to write.
async fn read(hub: &Hub) -> Result<(), sqlx::Error> {
    write(hub).await?;
    let open = hub.store.open_holds().await?;
    hub.health.learn(open, clock::now());
    Ok(())
}

/// Ends what is over.
async fn expire(hub: &Hub) {
    let mut ticks = tokio::time::interval(LOOK);
    loop {
        ticks.tick().await;
        hub.health.expire(clock::now());
    }
}

/// Tells the live feed and the calls that wait of every change.
async fn tell(hub: &Hub) {
    let mut changes = hub.health.changes();
    // The sender lives as long as the hub.
    while changes.changed().await.is_ok() {
        hub.parking.wake(None);
        hub.live.feed.tell(|| Event::Holds);
    }
}
