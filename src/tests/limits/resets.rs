//! A reset, and calls that run while it is made.

use serde_json::Value;
use sqlx::{Connection, Executor, PgConnection};

use super::{COST, backends, full, nano, provider, window};
use crate::{
    patience::{until, within},
    world::World,
};

/// Waits until the key has spent what so many calls cost.
async fn spent(world: &World, key: &str, n_calls: i64) {
    until("the counters say so", async || {
        let total = window(world, &format!("keys/{key}"), "total").await;
        (nano(&total["settled"]) == n_calls * COST).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_begins_and_ends_while_a_reset_is_written_counts_after_it() {
    for world in backends().await {
        let (_, model) = provider(&world).await;
        let key = world.key().await;
        let call = async || assert_eq!(world.messages(&key, &full(&model, "a")).await.status, 200);
        call().await;
        spent(&world, &key.id, 1).await;
        // The reset has its moment, but nobody hears of it before its line is in the audit log.
        let mut keeper = PgConnection::connect(world.dsn()).await.unwrap();
        keeper.execute("begin").await.unwrap();
        keeper.execute("lock table audit_log in access exclusive mode").await.unwrap();
        let path = format!("/admin/v1/keys/{}/reset", key.id);
        let resetting = tokio::spawn({
            let world = world.clone();
            async move { world.admin("POST", &path, &Value::Null).await }
        });
        let waiting = "select pid from pg_stat_activity where wait_event_type = 'Lock'
            and datname = current_database() and query like '%insert into audit_log%'";
        until("the reset waits", async || world.rows(waiting).await.pop()).await;
        call().await;
        spent(&world, &key.id, 2).await;
        keeper.execute("rollback").await.unwrap();
        let (status, reset) = within("the reset is made", resetting).await.unwrap();
        assert_eq!(status, 200, "{reset}");
        spent(&world, &key.id, 1).await;
        // Steps of calls know of it by then, and forget no more.
        call().await;
        spent(&world, &key.id, 2).await;
    }
}
