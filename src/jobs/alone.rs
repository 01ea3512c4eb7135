//! Keeps the database for this hub when there is no Redis: Postgres lets go of the lock when it restarts.

use std::time::Duration;

use crate::{
    hub::Hub,
    store::alone::{Alone, Role},
};

/// How often the lock is looked at.
const INTERVAL: Duration = Duration::from_secs(5);

/// Holds the lock until the hub stops, and takes it again when Postgres was away.
pub async fn run(hub: Hub, alone: Alone) {
    let mut held = Some(alone);
    loop {
        tokio::time::sleep(INTERVAL).await;
        let holds = match &mut held {
            Some(alone) => alone.still_holds().await,
            None => false,
        };
        if holds {
            continue;
        }
        match hub.store.take_alone(Role::Counter).await {
            Ok(Some(alone)) => held = Some(alone),
            Ok(None) => {
                tracing::error!("another hub works on this database: their counters differ; set REDIS_URL for both");
            }
            // Postgres is away: there is nobody to share it with.
            Err(_) => held = None,
        }
    }
}
