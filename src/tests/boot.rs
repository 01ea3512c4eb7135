//! Starting and stopping.

use std::time::Instant;

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::{
    client::Request,
    hub::{Setup, root},
    limits::{nano, window},
    patience::{until, within},
    reaper,
    upstream::{Gate, Turn},
    world::{Key, World, ask},
};

#[tokio::test]
async fn with_nothing_configured_it_starts_serves_and_keeps_what_it_knows() {
    let world = World::with(Setup::bare()).await;
    world.provider("a").await;
    let key = world.key().await;
    let mut reply = world.stream(&key).await;
    assert_eq!(reply.text().await, Turn::new().events().concat());
    let id = reply.call_id();
    let path = format!("/admin/v1/calls/{id}");
    until("the call is recorded", async || {
        (world.get("/admin/v1/calls").await["items"][0]["id"] == id.as_str()).then_some(())
    })
    .await;
    let postmaster = world.hub.postmaster().expect("a private Postgres");
    let uid = std::fs::read_to_string(format!("/proc/{postmaster}/status")).unwrap();
    let uid = uid.lines().find(|line| line.starts_with("Uid:")).unwrap().split_whitespace().nth(2).unwrap().to_owned();
    assert_ne!(uid, "0", "Postgres runs as root");

    let before = world.get(&path).await;
    world.hub.terminate();
    assert!(world.hub.stopped().await.success(), "{}", world.hub.log_tail());
    assert!(world.hub.postmaster().is_none(), "Postgres stops with the hub");
    world.hub.start_again().await;
    assert_eq!(world.get(&path).await, before);
    assert_eq!(world.message(&key).await.status, 200, "keys and providers are still known");
}

#[tokio::test]
async fn a_second_hub_on_the_same_folder_says_so_and_stops() {
    let world = World::alone().await;
    let data = world.hub.setup.data.to_str().unwrap().to_owned();
    let mut second = Setup::usual().await.set("DATA_DIR", &data);
    second.data = reaper::folder("second").join("data");
    let (status, said) = second.fails().await;
    assert!(!status.success());
    assert!(said.contains(&data) && !said.contains("panicked"), "{said}");
    world.get("/admin/v1/users").await;
}

#[tokio::test]
async fn a_second_hub_on_the_same_database_without_redis_says_so_and_stops() {
    let world = World::alone().await;
    let (status, said) = Setup::bare().with_dsn(world.dsn()).fails().await;
    assert!(!status.success());
    assert!(said.contains("REDIS_URL") && !said.contains("panicked"), "{said}");
    world.get("/admin/v1/users").await;
}

#[tokio::test]
async fn a_hub_whose_database_another_one_has_taken_counts_nothing_until_it_has_it_back() {
    let world = World::alone().await;
    world.provider("a").await;
    let model = world.priced_model().await;
    let soft = world.key_with(json!({}), json!({"limit_total_usd": "1"})).await;
    let hard = world.key_with(json!({}), json!({"limit_total_usd": "1", "limit_mode": "hard"})).await;
    let status = async |key: &Key| world.messages(key, &ask(&model, false)).await.status;
    assert_eq!((status(&soft).await, status(&hard).await), (200, 200));
    // As when Postgres is restarted: it lets go of the lock, and somebody else is faster.
    let let_go = "select count(pg_terminate_backend(pid)) from pg_locks where locktype = 'advisory' and objid = 7311043
        and database = (select oid from pg_database where datname = current_database())";
    let mut other = PgConnection::connect(world.dsn()).await.unwrap();
    until("the other one has the lock", async || {
        world.rows(let_go).await;
        let take = "select pg_try_advisory_lock(7311043)";
        let is_taken: bool = sqlx::query_scalar(take).fetch_one(&mut other).await.unwrap();
        is_taken.then_some(())
    })
    .await;
    let is_ready = async || Request::get("/health/ready").send(world.hub.address).await.status == 200;
    until("it is not ready", async || (!is_ready().await).then_some(())).await;
    assert_eq!((status(&soft).await, status(&hard).await), (200, 503));
    let (limits, problem) = world.admin("GET", &format!("/admin/v1/keys/{}/limits", soft.id), &Value::Null).await;
    assert_eq!(limits, 503, "{problem}");
    let overview = world.get("/admin/v1/overview").await;
    assert!(overview["attention"].as_array().unwrap().iter().any(|one| one["kind"] == "not_alone"), "{overview}");

    other.close().await.unwrap();
    until("it is ready again", async || is_ready().await.then_some(())).await;
    assert_eq!(status(&hard).await, 200);
    for (key, n) in [(&soft, 2), (&hard, 3)] {
        let calls = world.calls_of(key, n).await;
        let cost: i64 = calls.iter().map(|call| nano(&call["cost_usd"])).sum();
        let total = window(&world, &format!("keys/{}", key.id), "total").await;
        assert_eq!(nano(&total["settled"]), cost, "{total}");
    }
}

#[tokio::test]
async fn a_killed_hub_comes_back_and_adopts_its_postgres() {
    let world = World::with(Setup::bare()).await;
    world.provider("a").await;
    let key = world.key().await;
    assert_eq!(world.message(&key).await.status, 200);
    let postmaster = world.hub.postmaster().unwrap();
    world.hub.kill();
    assert!(reaper::signal(postmaster, "0"), "Postgres has died with the hub");
    world.hub.start_again().await;
    assert_eq!(world.hub.postmaster(), Some(postmaster), "the running one is adopted");
    assert_eq!(world.message(&key).await.status, 200);
    world.hub.kill();
    reaper::signal(postmaster, "KILL");
    world.hub.start_again().await;
    assert_eq!(world.message(&key).await.status, 200, "and a dead one is started again");
    world.hub.terminate();
    assert!(world.hub.stopped().await.success());
}

#[tokio::test]
async fn told_to_stop_it_lets_running_calls_finish() {
    let world = World::alone().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let gate = Gate::new();
    provider.script.once(Turn::new().answer(true).pause_after(8, &gate));
    let mut reply = world.stream(&key).await;
    world.hub.terminate();
    until("new connections are refused", async || {
        Request::get("/health/live").try_send(world.hub.address).await.is_err().then_some(())
    })
    .await;
    gate.open();
    assert_eq!(reply.text().await, Turn::new().events().concat());
    assert_eq!(world.hub.stopped().await.code(), Some(0), "{}", world.hub.log_tail());
    let rows = world.rows(&format!("select outcome from calls where id = '{}'", reply.call_id())).await;
    assert_eq!(rows, [json!({"outcome": "completed"})], "written before it stopped");
}

#[tokio::test]
async fn a_call_that_does_not_finish_in_time_is_cut_and_recorded() {
    let world = World::alone().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    world.patch("/admin/v1/settings", &json!({"shutdown_grace_ms": 200})).await;
    let gate = Gate::new();
    provider.script.once(Turn::new().answer(true).pause_after(8, &gate));
    let mut reply = world.stream(&key).await;
    let since = Instant::now();
    world.hub.terminate();
    let (_, _) = reply.drain().await;
    assert_eq!(world.hub.stopped().await.code(), Some(0), "{}", world.hub.log_tail());
    // It would have half a minute without the setting.
    assert!(since.elapsed().as_secs() < 25, "{:?}", since.elapsed());
    let rows = world.rows(&format!("select outcome, input from calls where id = '{}'", reply.call_id())).await;
    assert_eq!(rows, [json!({"outcome": "interrupted", "input": 127})]);
}

#[tokio::test]
async fn a_kept_open_connection_does_not_keep_it_from_stopping() {
    let world = World::alone().await;
    world.provider("a").await;
    let mut idle = world.message(&world.key().await).await;
    idle.body().await;
    let since = Instant::now();
    world.hub.terminate();
    assert_eq!(world.hub.stopped().await.code(), Some(0));
    // Calls that run have half a minute.
    assert!(since.elapsed().as_secs() < 25, "{:?}", since.elapsed());
}

#[tokio::test]
async fn schema_changes_wait_for_permission() {
    let dsn = crate::postgres::database().await;
    let (status, said) = Setup::bare().with_dsn(&dsn).set("AUTO_MIGRATE", "false").fails().await;
    assert!(!status.success() && said.contains("AUTO_MIGRATE"), "{said}");
    drop(World::with(Setup::bare().with_dsn(&dsn)).await);
    World::with(Setup::bare().with_dsn(&dsn).set("AUTO_MIGRATE", "false")).await.get("/admin/v1/users").await;
}

#[tokio::test]
async fn replicas_may_start_together_on_an_empty_database() {
    let (dsn, redis) = (crate::postgres::database().await, crate::redis::url().await);
    let setup = || World::with(Setup::bare().with_dsn(&dsn).set("REDIS_URL", &redis));
    let (one, two, three) = tokio::join!(setup(), setup(), setup());
    for world in [&one, &two, &three] {
        world.get("/admin/v1/users").await;
    }
}

#[tokio::test]
async fn a_mistake_in_the_configuration_is_named() {
    for (name, value) in [
        ("APP_PORT", "http"),
        ("TZ", "Mars/Base"),
        ("TRUSTED_PROXIES", "10.0.0.0/99"),
        ("LOG_LEVEL", "=="),
        ("LOG_LEVEL", "warning"),
    ] {
        let (status, said) = Setup::bare().set(name, value).fails().await;
        assert!(!status.success() && said.contains(name) && !said.contains("panicked"), "{name}: {said}");
    }
    let unreachable = format!("postgres://nobody@127.0.0.1:{}/x", reaper::free_port());
    let (status, said) = Setup::bare().with_dsn(&unreachable).fails().await;
    assert!(!status.success() && said.contains("Postgres"), "{said}");
}

#[test]
fn a_variable_that_is_given_goes_before_the_one_in_the_file() {
    let folder = reaper::folder("variables");
    std::fs::write(folder.join(".env"), "APP_PORT=23000\nTZ='Europe/Berlin'\nADMIN_TOKEN=file\n").unwrap();
    let run = |program: &str, arguments: &[&str], folder: &std::path::Path| {
        let mut command = std::process::Command::new(program);
        command.args(arguments).current_dir(folder).env_remove("TZ").env("APP_PORT", "24000").env("ADMIN_TOKEN", "");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let script = root().join("scripts/with-env.sh");
    let said = run(script.to_str().unwrap(), &["printenv", "APP_PORT", "TZ", "ADMIN_TOKEN"], &folder);
    assert_eq!(said, "24000\nEurope/Berlin\n\n");
    for target in ["run", "dev"] {
        let said = run("make", &["--dry-run", target], &root());
        assert!(said.lines().any(|line| line.starts_with("exec scripts/with-env.sh ")), "make {target}: {said}");
    }
}

#[tokio::test]
async fn a_stopping_hub_is_not_ready() {
    let world = World::alone().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let gate = Gate::new();
    provider.script.once(Turn::new().answer(false).pause_before_head(&gate));
    let body = ask("claude-sonnet-4-5", false).to_string();
    let running = world.request(&key, body).open(world.hub.address).await.unwrap();
    gate.reached().await;
    // A connection that was open before: new ones are not taken any more.
    let probe = Request::get("/health/live").open(world.hub.address).await.unwrap();
    world.hub.terminate();
    let _ = probe.reply("GET").await;
    until("it is not ready", async || match Request::get("/health/ready").try_send(world.hub.address).await {
        Ok(reply) => (reply.status == 503).then_some(()),
        Err(_) => Some(()),
    })
    .await;
    gate.open();
    assert_eq!(within("the answer", running.reply("POST")).await.unwrap().status, 200);
    assert_eq!(world.hub.stopped().await.code(), Some(0));
}
