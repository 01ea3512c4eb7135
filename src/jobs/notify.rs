//! Hears from Postgres what other replicas have changed.

use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::sync::Notify;

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
    let changed = Notify::new();
    // Whatever was said while nobody listened.
    changed.notify_one();
    tokio::select! {
        heard = hear(hub, &mut listener, &changed) => heard,
        followed = follow(hub, &changed) => followed,
    }
}

/// Hears until the connection is lost.
async fn hear(hub: &Hub, listener: &mut PgListener, changed: &Notify) -> anyhow::Result<()> {
    // `None` says that the connection was lost and notices may be missing.
    while let Some(notice) = listener.try_recv().await? {
        match notice.payload().split_once(' ') {
            None if notice.payload() == "holds" => hub.health.reread(),
            None => changed.notify_one(),
            Some((_, recorded)) => tell(hub, recorded),
        }
    }
    Ok(())
}

/// Reads the configuration again whenever it has changed. However many notices come during one reading, one more follows.
async fn follow(hub: &Hub, changed: &Notify) -> anyhow::Result<()> {
    loop {
        changed.notified().await;
        snapshot::reload(hub).await?;
        // Operators change holds too, and what they change may end some.
        hub.health.reread();
    }
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
