//! Health, metrics, and what protects the hub itself.

use serde_json::json;

use crate::{
    client::Request,
    patience::until,
    upstream::{Gate, Turn},
    world::World,
};

#[tokio::test]
async fn health_answers_without_a_key() {
    let world = World::shared().await;
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(Request::get(path).send(world.hub.address).await.status, 200, "{path}");
    }
    let mut reply = Request::new("HEAD", "/").send(world.hub.address).await;
    assert_eq!((reply.status, reply.body().await.len()), (200, 0));
}

#[tokio::test]
async fn redis_shows_in_the_health_report_and_is_not_needed_to_serve() {
    let (url, mut redis) = crate::redis::start().await;
    let world = World::with(crate::hub::Setup::usual().await.set("REDIS_URL", &url)).await;
    world.provider("a").await;
    let key = world.key().await;
    let health = || async { Request::get("/health/ready").send(world.hub.address).await.json().await.to_string() };
    let healthy = health().await;
    assert!(healthy.contains("redis"), "{healthy}");
    redis.kill().unwrap();
    redis.wait().unwrap();
    until("the hub notices", async || (health().await != healthy).then_some(())).await;
    assert_eq!(Request::get("/health/ready").send(world.hub.address).await.status, 200);
    assert_eq!(world.message(&key).await.status, 200);
}

#[tokio::test]
async fn metrics_are_prometheus_text_behind_the_admin_token_unless_a_setting_opens_them() {
    let world = World::alone().await;
    world.provider("a").await;
    let mut reply = world.message(&world.key().await).await;
    reply.body().await;
    assert_eq!(Request::get("/metrics").send(world.hub.address).await.status, 401);
    let token = format!("Bearer {}", world.admin_token);
    let mut reply = Request::get("/metrics").header("authorization", token).send(world.hub.address).await;
    assert_eq!(reply.status, 200);
    assert!(reply.header("content-type").unwrap().starts_with("text/plain"), "{:?}", reply.headers);
    let text = reply.text().await;
    assert!(text.lines().any(|line| line.starts_with("# TYPE switchyard_")), "{text}");
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("switchyard_") && value.parse::<f64>().is_ok(), "{line}");
    }
    assert!(!text.contains(&world.admin_token));
    world.patch("/admin/v1/settings", &json!({"metrics_open": true})).await;
    assert_eq!(Request::get("/metrics").send(world.hub.address).await.status, 200);
}

#[tokio::test]
async fn bodies_in_memory_have_a_budget_which_is_given_back() {
    let world = World::alone().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    world.patch("/admin/v1/settings", &json!({"buffered_bytes_max": 32 << 20, "body_bytes_max": 32 << 20})).await;
    let mut body = crate::world::ask("claude-sonnet-4-5", true);
    body["system"] = "x".repeat(20 << 20).into();
    let gate = Gate::new();
    provider.script.once(Turn::new().answer(true).pause_before_head(&gate));
    let first = world.request(&key, body.to_string()).open(world.hub.address).await.unwrap();
    gate.reached().await;
    let mut second = world.messages(&key, &body).await;
    crate::auth::refused(&mut second, 503, "overloaded_error").await;
    assert!(second.header("retry-after").is_some());
    assert_eq!(world.message(&key).await.status, 200, "a small one still fits");
    gate.open();
    let mut first = crate::patience::within("the first", first.reply("POST")).await.unwrap();
    assert_eq!(first.status, 200);
    first.body().await;
    assert_eq!(world.messages(&key, &body).await.status, 200, "given back");
}

#[tokio::test]
async fn the_body_is_not_kept_once_an_answer_has_begun() {
    let world = World::alone().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    world.patch("/admin/v1/settings", &json!({"buffered_bytes_max": 32 << 20})).await;
    let mut body = crate::world::ask("claude-sonnet-4-5", true);
    body["system"] = "x".repeat(20 << 20).into();
    let gate = Gate::new();
    provider.script.always(Turn::new().answer(true).pause_after(10, &gate));
    let mut replies = Vec::new();
    for _ in 0..3 {
        let reply = world.messages(&key, &body).await;
        assert_eq!(reply.status, 200);
        replies.push(reply);
    }
    gate.open();
    for mut reply in replies {
        reply.body().await;
    }
}

#[tokio::test]
async fn a_running_call_is_shown_and_its_record_takes_its_place() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let (gate, key) = (Gate::new(), world.key().await);
    provider.script.once(Turn::new().answer(true).pause_after(8, &gate));
    let mut reply = world.stream(&key).await;
    let running = world.get(&format!("/admin/v1/calls/{}", reply.call_id())).await;
    assert_eq!((&running["outcome"], &running["key_id"]), (&json!(null), &json!(key.id)), "{running}");
    assert_eq!(running["model"], "claude-sonnet-4-5");
    // Its attempt has come as far as the first content; it stands among the attempts only when it is over.
    let attempt = &running["running"];
    assert_eq!(
        (&attempt["provider_id"], &attempt["model_sent"]),
        (&json!(provider.id), &running["model"]),
        "{running}"
    );
    let ms = |name: &str| attempt[name].as_u64().unwrap_or_else(|| panic!("no {name}: {running}"));
    assert!(ms("started_ms") <= ms("first_byte_ms") && ms("first_byte_ms") <= ms("first_token_ms"), "{running}");
    assert_eq!(running["attempts"], json!([]));
    assert_eq!(running["decision"]["choices"][0]["attempt_id"], attempt["id"]);
    gate.open();
    reply.body().await;
    let ended = world.call_of(&reply).await;
    assert_eq!((&ended["outcome"], &ended["running"]), (&json!("completed"), &json!(null)));
    assert_eq!(ended["attempts"][0]["id"], attempt["id"]);
}
