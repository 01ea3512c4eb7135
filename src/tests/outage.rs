//! Postgres goes away while calls are served: nobody waits, nothing is lost.

use std::{net::SocketAddr, time::Instant};

use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection};
use tokio::sync::watch;

use crate::{
    cable::{self, Cable},
    client::Request,
    hub::Setup,
    patience::until,
    postgres,
    upstream::{Answer, Turn},
    world::{World, ask},
};

/// A hub whose cable to Postgres can be pulled, and a world that asks Postgres past the cable.
pub async fn world_on_a_cable() -> (World, String, watch::Sender<Cable>) {
    world_on_a_cable_with(|setup| setup).await
}

/// The same, with what else it is started with.
pub async fn world_on_a_cable_with(more: impl FnOnce(Setup) -> Setup) -> (World, String, watch::Sender<Cable>) {
    let dsn = postgres::database().await;
    let at = dsn.rfind('@').map_or("postgres://".len(), |at| at + 1);
    let end = at + dsn[at..].find('/').unwrap();
    let to: SocketAddr = tokio::net::lookup_host(&dsn[at..end]).await.unwrap().next().unwrap();
    let (address, switch) = cable::lay(to).await;
    let through = format!("{}{address}{}", &dsn[..at], &dsn[end..]);
    (World::with(more(Setup::bare().with_dsn(&through))).await, dsn, switch)
}

#[tokio::test]
async fn calls_are_served_at_once_while_postgres_is_away_and_recorded_when_it_is_back() {
    for away in [Cable::Pulled, Cable::Silent] {
        let (world, dsn, switch) = world_on_a_cable().await;
        let provider = world.provider("a").await;
        let key = world.key().await;
        world.message(&key).await.body().await;
        switch.send_replace(away);
        let (mut ids, mut times) = (Vec::new(), Vec::new());
        for n in 0..60 {
            let since = Instant::now();
            let mut reply = world.messages(&key, &ask("claude-sonnet-4-5", n % 2 == 0)).await;
            assert_eq!(reply.status, 200);
            reply.body().await;
            times.push(since.elapsed());
            ids.push(format!("'{}'", reply.call_id()));
        }
        // Whoever asks Postgres waits ten seconds for it. The machine may stand still once, too.
        let n_waited = times.iter().filter(|time| time.as_secs() >= 9).count();
        assert!(n_waited <= 1, "{away:?}: calls have waited: {times:?}");
        let ready = Request::get("/health/ready").send(world.hub.address).await;
        assert_eq!(ready.status, 200, "ready although Postgres is away");
        let (status, problem) = world.admin("POST", "/admin/v1/users", &json!({"name": "x"})).await;
        assert_eq!((status, &problem["status"]), (503, &json!(503)), "{problem}");
        // Counters tell what was used of limits that calls know.
        for (nouns, id) in [("keys", &key.id), ("users", &key.user_id), ("providers", &provider.id)] {
            let limits = world.get(&format!("/admin/v1/{nouns}/{id}/limits")).await;
            let total = &limits["items"][0];
            assert!(total["window"] == "total" && total["settled"] != "0", "{limits}");
        }
        switch.send_replace(Cable::Plugged);
        let sql = format!("select outcome, input from calls where id in ({})", ids.join(","));
        let rows = until("all calls are recorded", async || {
            let rows = postgres::rows(&dsn, &sql).await;
            (rows.len() == ids.len()).then_some(rows)
        })
        .await;
        assert!(rows.iter().all(|row| *row == json!({"outcome": "completed", "input": 127})), "{rows:?}");
        let sums = postgres::rows(&dsn, &format!("select sum(calls) from usage_15m where key_id = {}", key.id)).await;
        assert_eq!(sums, [json!({"sum": 61})]);
    }
}

#[tokio::test]
async fn what_postgres_has_not_taken_survives_a_kill() {
    let (world, dsn, switch) = world_on_a_cable().await;
    world.provider("a").await;
    let key = world.key().await;
    switch.send_replace(Cable::Pulled);
    let mut ids = Vec::new();
    for _ in 0..20 {
        let mut reply = world.stream(&key).await;
        reply.body().await;
        ids.push(format!("'{}'", reply.call_id()));
    }
    world.hub.kill();
    switch.send_replace(Cable::Plugged);
    world.hub.start_again().await;
    let sql = format!("select id from calls where outcome = 'completed' and id in ({})", ids.join(","));
    until("all calls are recorded", async || (postgres::rows(&dsn, &sql).await.len() == ids.len()).then_some(())).await;
}

#[tokio::test]
async fn changes_that_were_missed_while_postgres_was_away_are_seen_when_it_is_back() {
    let (world, dsn, switch) = world_on_a_cable().await;
    world.provider("a").await;
    let key = world.key().await;
    assert_eq!(world.message(&key).await.status, 200);
    switch.send_replace(Cable::Pulled);
    postgres::execute(&dsn, &format!("update keys set enabled = false where id = {}", key.id)).await;
    assert_eq!(world.message(&key).await.status, 200, "what was known is used");
    switch.send_replace(Cable::Plugged);
    until("the change is seen", async || (world.message(&key).await.status == 401).then_some(())).await;
}

#[tokio::test]
async fn a_journal_that_is_full_refuses_calls_says_so_and_takes_them_again() {
    let world = World::alone().await;
    world.patch("/admin/v1/settings", &json!({"journal_bytes_max": 16 << 20})).await;
    let (provider, key) = (world.provider("a").await, world.key().await);
    let mut message = Turn::new().message();
    message["usage"]["note"] = "x".repeat(15_000).into();
    provider.script.always(Answer::json(200, &message));
    // Postgres answers, and takes no entries.
    let mut keeper = PgConnection::connect(world.dsn()).await.unwrap();
    keeper.execute("begin").await.unwrap();
    keeper.execute("lock table calls in exclusive mode").await.unwrap();
    let mut n_served = 0;
    let mut refused = loop {
        let mut reply = world.message(&key).await;
        if reply.status != 200 {
            break reply;
        }
        reply.body().await;
        n_served += 1;
        assert!(n_served < 3_000, "nobody is refused");
    };
    let error = refused.json().await;
    assert_eq!((refused.status, &error["error"]["type"]), (503, &json!("overloaded_error")), "{error}");
    let health = async || Request::get("/health/ready").send(world.hub.address).await;
    let mut ready = health().await;
    assert_eq!((ready.status, &ready.json().await["journal"]["status"]), (503, &json!("full")));
    let overview = world.get("/admin/v1/overview").await;
    let kinds: Vec<_> = overview["attention"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert!(kinds.contains(&&json!("journal_at_bound")) && !kinds.contains(&&json!("backlog")), "{overview}");
    let token = format!("Bearer {}", world.admin_token);
    let mut metrics = Request::get("/metrics").header("authorization", &token).send(world.hub.address).await;
    assert!(metrics.text().await.contains("\nswitchyard_journal_full 1\n"));

    keeper.execute("rollback").await.unwrap();
    until("calls are taken again", async || (health().await.status == 200).then_some(())).await;
    assert_eq!(world.message(&key).await.status, 200);
    let all = format!("select count(*) from calls where key_id = {} and outcome = 'completed'", key.id);
    until("everything is recorded", async || (world.value(&all).await == n_served + 1).then_some(())).await;
}

#[tokio::test]
async fn a_row_that_postgres_rejects_is_set_aside_and_holds_up_nobody() {
    let world = World::alone().await;
    world.provider("a").await;
    let (good, bad) = (world.key().await, world.key().await);
    let rule = format!("alter table calls add constraint test_no_such_key check (key_id <> {}) not valid", bad.id);
    postgres::execute(world.dsn(), &rule).await;
    let mut set_aside = Vec::new();
    for n in 0..10 {
        let key = if n == 4 { &bad } else { &good };
        let mut reply = world.stream(key).await;
        reply.body().await;
        if n == 4 {
            set_aside.push(reply.call_id());
        }
    }
    world.calls_of(&good, 9).await;
    let rows = until("the row is set aside", async || {
        let rows = world.rows("select call_id::text, reason, entry from quarantine").await;
        (!rows.is_empty()).then_some(rows)
    })
    .await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["call_id"], json!(set_aside[0]));
    assert!(rows[0]["reason"].as_str().unwrap().contains("test_no_such_key"), "{rows:?}");
    assert_ne!(rows[0]["entry"], Value::Null);
}
