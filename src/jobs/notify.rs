//! Hears from Postgres what other replicas have changed.

use std::time::Duration;

use sqlx::postgres::PgListener;

use crate::{domain::event::Event, hub::Hub, route::snapshot, store::CHANNEL};

/// How long to wait after the connection was lost.
const PAUSE: Duration = Duration::from_secs(1);

/// Listens until the hub stops.
pub async fn run(hub: Hub) {
    loop {
        if let Err(error) = listen(&hub).await {
            tracing::warn!(%error, "not hearing from Postgres; trying again");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn listen(hub: &Hub) -> anyhow::Result<()> {
    let mut listener = PgListener::connect_with(hub.store.pool()).await?;
    listener.listen(CHANNEL).await?;
    // Whatever was said while nobody listened.
    snapshot::reload(hub).await?;
    hub.health.reread();
    // `None` says that the connection was lost and notices may be missing.
    while let Some(notice) = listener.try_recv().await? {
        match notice.payload().split_once(' ') {
            None if notice.payload() == "holds" => hub.health.reread(),
            None => {
                snapshot::reload(hub).await?;
                // Operators change holds too, and what they change may end some.
                hub.health.reread();
            }
            Some((_, recorded)) => tell(hub, recorded),
        }
    }
    Ok(())
}

/// Passes on that another replica has recorded calls.
fn tell(hub: &Hub, recorded: &str) {
    let event = || {
        let (newest, n_calls) = recorded.split_once(' ')?;
        Some(Event::Recorded { newest: newest.parse().ok()?, n_calls: n_calls.parse().ok()? })
    };
    if let Some(event) = event() {
        hub.live.feed.tell(|| event);
    }
}
