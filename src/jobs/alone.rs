//! Keeps the database for this hub when there is no Redis: Postgres lets go of the lock when it restarts.

use std::time::Duration;

use super::state::Recorded;
use crate::{
    hub::Hub,
    store::alone::{Alone, Role, Session},
};

/// How often the lock is looked at.
const INTERVAL: Duration = Duration::from_secs(5);

/// Holds the lock until the hub stops, and takes it again when Postgres was away. While another hub has it nothing is
/// counted here: each would count alone.
pub async fn run(hub: Hub, alone: Alone) {
    let mut last = alone.session();
    let mut held = Some(alone);
    loop {
        tokio::time::sleep(INTERVAL).await;
        let holds = match &mut held {
            Some(alone) => alone.still_holds().await,
            None => false,
        };
        if !holds {
            held = take(&hub, last).await;
            last = held.as_ref().map_or(last, Alone::session);
        }
        if held.is_some() && hub.state.is_shared() {
            resume(&hub).await;
        }
    }
}

/// Takes the lock again; none if another hub has it, or if Postgres is away: then there is nobody to share it with. `last`
/// had it before.
async fn take(hub: &Hub, last: Session) -> Option<Alone> {
    let taken = hub.store.take_alone(Role::Counter).await.ok()?;
    if taken.is_some() {
        return taken;
    }
    // A connection that was cut on the way lives on for Postgres, and nobody else has the lock.
    let was_ours = hub.store.end_session(last).await.unwrap_or(true);
    if !was_ours && hub.state.share(true) {
        tracing::error!(
            "another hub works on this database: nothing is counted here until it stops; set REDIS_URL for both"
        );
    }
    None
}

/// The database is this hub's own again: what the other one let pass is counted first.
async fn resume(hub: &Hub) {
    match hub.state.fill(&Recorded(hub)).await {
        Ok(()) => {
            hub.state.share(false);
            tracing::info!("no other hub works on this database any more: limits are counted again");
        }
        Err(error) => tracing::warn!(error = format!("{error:#}"), "the counters cannot be filled yet"),
    }
}
