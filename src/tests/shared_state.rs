//! Counters in Redis: shared by replicas, and what happens while Redis is away.

use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::{Connection, Executor};

use crate::{
    cable::Cable,
    hub::Setup,
    limits::{nano, provider, window},
    outage::world_on_a_cable_with,
    patience::until,
    postgres, reaper,
    upstream::{Answer, Gate, Turn},
    world::{World, ask},
};

/// Less than the hub waits for a connection to Postgres before it gives up.
const POSTGRES_WAITED_FOR: Duration = Duration::from_secs(8);

/// A counter of the hub.
async fn counter(world: &World, name: &str) -> u64 {
    let metrics = world.admin("GET", "/metrics", &serde_json::Value::Null).await.1;
    let value = metrics.as_str().unwrap().lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("{name} in {metrics}")).parse().unwrap()
}

/// How often calls of a hub have asked Redis.
async fn steps(world: &World) -> u64 {
    counter(world, "switchyard_state_steps_total").await
}

/// How often a hub has taken a connection to Postgres.
async fn uses_of_the_database(world: &World) -> u64 {
    counter(world, "switchyard_database_uses_total").await
}

#[tokio::test]
async fn replicas_share_every_limit() {
    let (redis, _) = crate::redis::start().await;
    let dsn = postgres::database().await;
    let setup = || Setup::bare().with_dsn(&dsn).set("REDIS_URL", &redis);
    let first = World::with(setup()).await;
    let second = World::with(setup()).await;
    let (_, model) = provider(&first).await;
    let limits = json!({"limit_rpm": 5, "limit_total_usd": "1", "limit_mode": "hard"});
    let key = first.key_with(json!({}), limits).await;
    let mut body = ask(&model, false);
    body["max_tokens"] = 1_000.into();
    until("the second replica knows the key", async || {
        // Who is not known is told so before anybody looks at the body; what cannot be read uses nothing.
        (second.request(&key, "{").send(second.hub.address).await.status == 400).then_some(())
    })
    .await;
    let mut statuses = Vec::new();
    for n in 0..7 {
        let world = if n % 2 == 0 { &first } else { &second };
        statuses.push(world.messages(&key, &body).await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429, 429]);
    let path = format!("keys/{}", key.id);
    let used = until("both have settled", async || {
        let used = window(&second, &path, "total").await;
        (used["reserved"] == "0").then_some(used)
    })
    .await;
    assert_eq!(nano(&used["settled"]), 5 * 15_000_000, "{used}");
    assert_eq!(window(&first, &path, "total").await["settled"], used["settled"]);
}

#[tokio::test]
async fn a_heap_of_notices_is_followed_by_few_readings() {
    let world = World::alone().await;
    let mut connection = sqlx::PgConnection::connect(world.dsn()).await.unwrap();
    let before = uses_of_the_database(&world).await;
    let heap =
        "do $$ begin for n in 1..1000 loop perform pg_notify('switchyard', 'configuration' ); commit; end loop; end $$";
    connection.execute(heap).await.unwrap();
    // What comes last is seen, too.
    let provider = world.provider("a").await;
    let key = world.key().await;
    assert_eq!(world.message(&key).await.header("x-switchyard-provider"), Some(provider.id.as_str()));
    let mut last = 0;
    until("the hub has read what it wants to", async || {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = uses_of_the_database(&world).await;
        (std::mem::replace(&mut last, now) == now).then_some(())
    })
    .await;
    let uses = last - before;
    assert!((4..500).contains(&uses), "a thousand notices made the hub ask Postgres {uses} times");
}

/// Postgres is there and answers nothing: whatever of a call asked it would wait, and keep the call from its provider.
#[tokio::test]
async fn a_call_asks_redis_twice_and_postgres_never_before_anything_is_sent() {
    let (redis, _) = crate::redis::start().await;
    let (world, dsn, cable) = world_on_a_cable_with(|setup| setup.set("REDIS_URL", &redis)).await;
    let limits =
        json!({"limit_rpm": 500, "limit_daily_usd": "1", "limit_mode": "hard", "limit_concurrent_requests": 9});
    // Whoever queues messages is asked for a turn as well. Each call has a provider of its own: no turn is taken yet.
    let mut calls = Vec::new();
    for (message_queue, n_asked) in [(false, 2), (true, 3)].repeat(3) {
        let world = world.another();
        let provider = world.provider_with("a", json!({"message_queue": message_queue, "limit_rpm": 500})).await;
        let (key, model) = (world.key_with(limits.clone(), limits.clone()).await, world.priced_model().await);
        calls.push((world, provider, key, model, n_asked));
    }
    cable.send_replace(Cable::Silent);
    let mut ids = Vec::new();
    for (world, provider, key, model, n_asked) in &calls {
        let before = steps(world).await;
        let gate = Gate::new();
        provider.script.once(Answer::json(200, &Turn::new().message()).pause_before_head(&gate));
        let since = Instant::now();
        let open = world.request(key, ask(model, false).to_string()).open(world.hub.address).await.unwrap();
        gate.reached().await;
        let elapsed = since.elapsed();
        assert!(elapsed < POSTGRES_WAITED_FOR, "it was sent after {elapsed:?}");
        assert_eq!(steps(world).await - before, *n_asked);
        gate.open();
        let reply = open.reply("POST").await.unwrap();
        assert_eq!(reply.status, 200);
        assert_eq!(steps(world).await - before, *n_asked);
        ids.push(format!("'{}'", reply.call_id()));
    }
    cable.send_replace(Cable::Plugged);
    let sql = format!("select id from calls where outcome = 'completed' and id in ({})", ids.join(","));
    until("all calls are recorded", async || (postgres::rows(&dsn, &sql).await.len() == ids.len()).then_some(())).await;
}

#[tokio::test]
async fn without_redis_soft_limits_let_pass_hard_ones_do_not_and_nothing_is_lost() {
    let (redis, mut process) = crate::redis::start().await;
    let world = World::with(Setup::usual().await.set("REDIS_URL", &redis)).await;
    let (_, model) = provider(&world).await;
    let soft = world.key_with(json!({}), json!({"limit_total_usd": "1"})).await;
    let hard = world.key_with(json!({}), json!({"limit_total_usd": "1", "limit_mode": "hard"})).await;
    let body = ask(&model, false);
    assert_eq!(world.messages(&soft, &body).await.status, 200);
    assert_eq!(world.messages(&hard, &body).await.status, 200);
    let told = |what: &str| world.hub.log().matches(what).count();
    let (gone, back) = ("Redis does not answer", "Redis answers again");
    let before = (told(gone), told(back));
    process.kill().unwrap();
    process.wait().unwrap();
    reaper::forget(process.id());
    // One bounded wait, however long it is away: the library alone would take over eight seconds, each time.
    let mut times = Vec::new();
    for _ in 0..3 {
        let began = Instant::now();
        assert_eq!(world.messages(&soft, &body).await.status, 200);
        times.push(began.elapsed());
    }
    // A machine that stands still does not do so three times.
    assert!(times.iter().min() < Some(&Duration::from_secs(5)), "{times:?}");
    let mut refused = world.messages(&hard, &body).await;
    assert_eq!(refused.status, 503);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(refused.json().await["error"]["type"], "overloaded_error");
    world.patch("/admin/v1/settings", &json!({"limits_when_away": "fail_closed"})).await;
    assert_eq!(world.messages(&soft, &body).await.status, 503);
    let health = world.get("/health/ready").await;
    assert_eq!(health["state"]["status"], "away", "{health}");
    // However many have asked it.
    until("the log says so", async || (told(gone) > before.0).then_some(())).await;
    assert_eq!((told(gone), told(back)), (before.0 + 1, before.1), "{}", world.hub.log_tail());

    // An empty Redis comes back: it is filled from the ledger, and what was spent meanwhile is in it once.
    let port = redis.rsplit(':').next().unwrap().parse().unwrap();
    let _process = crate::redis::start_at(port).await;
    for (key, n) in [(&soft, 4), (&hard, 1)] {
        let path = format!("/admin/v1/keys/{}/limits", key.id);
        until("the counters are what was spent", async || {
            let (status, limits) = world.admin("GET", &path, &serde_json::Value::Null).await;
            let items = if status == 200 { limits["items"].as_array().unwrap().clone() } else { Vec::new() };
            let total = items.into_iter().find(|item| item["window"] == "total")?;
            (nano(&total["settled"]) == n * 15_000_000 && total["reserved"] == "0").then_some(())
        })
        .await;
    }
    until("hard limits let pass again", async || (world.messages(&hard, &body).await.status == 200).then_some(()))
        .await;
    until("the log says that it is back", async || (told(back) > before.1).then_some(())).await;
    assert_eq!((told(gone), told(back)), (before.0 + 1, before.1 + 1), "{}", world.hub.log_tail());
}
