//! Health, metrics, and what protects the hub itself.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    client::Request,
    patience::{until, within},
    upstream::{Answer, Gate, Turn, Used, turn::event},
    world::{World, ask},
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
    let mut body = ask("claude-sonnet-4-5", true);
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
    let mut first = within("the first", first.reply("POST")).await.unwrap();
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
    let mut body = ask("claude-sonnet-4-5", true);
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

#[tokio::test]
async fn what_is_no_call_is_counted_and_logged() {
    let world = World::alone().await;
    let refused = async || {
        let token = format!("Bearer {}", world.admin_token);
        let mut reply = Request::get("/metrics").header("authorization", token).send(world.hub.address).await;
        let text = reply.text().await;
        let name = "switchyard_refused_before_authentication_total ";
        text.lines().find_map(|line| line.strip_prefix(name)).unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(refused().await, 0);
    for (n, (path, status)) in [("/v1/nothing", 404), ("/v1/models", 401)].into_iter().enumerate() {
        let reply = Request::get(path).send(world.hub.address).await;
        assert_eq!(reply.status, status);
        assert_eq!(refused().await, n as u64 + 1, "{path}");
        let id = reply.call_id();
        until("a line in the log", async || {
            let log = world.hub.log();
            log.lines().any(|line| line.contains(&id) && line.contains("refused")).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_refusal_is_read_by_a_client_that_still_sends_its_body() {
    let world = World::shared().await;
    let size = 5 << 20;
    for target in ["/v1/messages", "/v1/nothing", "/admin/v1/users"] {
        let mut stream = TcpStream::connect(world.hub.address).await.unwrap();
        let head = format!(
            "POST {target} HTTP/1.1\r\nhost: hub\r\nx-api-key: sk-wrong\r\nauthorization: Bearer sk-wrong\r\n\
             x-forwarded-for: {}\r\ncontent-type: application/json\r\ncontent-length: {size}\r\n\r\n",
            world.address
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let piece = vec![b' '; 64 << 10];
        for sent in (0..size).step_by(piece.len()) {
            let written = within("the body is taken", stream.write_all(&piece)).await;
            written.unwrap_or_else(|error| panic!("{target}: {error} after {sent} bytes"));
        }
        let mut answer = Vec::new();
        within("the answer", stream.read_to_end(&mut answer)).await.expect("an end, and no reset");
        let answer = String::from_utf8(answer).unwrap();
        let expected = if target == "/v1/nothing" { "HTTP/1.1 404 " } else { "HTTP/1.1 401 " };
        assert!(answer.starts_with(expected) && answer.ends_with('}'), "{target}: {answer}");
    }
}

#[tokio::test]
async fn a_refusal_of_a_large_request_does_not_spoil_the_client() {
    let world = World::shared().await;
    // An error says that another test has installed it before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{}/v1/messages", world.hub.address);
    for _ in 0..3 {
        let request = client.post(&url).header("x-api-key", "sk-wrong").header("x-forwarded-for", &world.address);
        let answer = within("an answer", request.body("x".repeat(500 << 10)).send()).await.unwrap();
        assert_eq!(answer.status(), 401);
        assert!(answer.text().await.unwrap().contains("authentication_error"));
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_gives_back_what_it_holds() {
    let world = World::alone().await;
    let provider = world.provider("a").await;
    let key = world.key_with(json!({}), json!({"limit_concurrent_requests": 1})).await;
    world.patch("/admin/v1/settings", &json!({"write_stall_ms": 300})).await;
    // More than all that the system keeps for a reader.
    let text = "x".repeat(1 << 20);
    let large = event("content_block_delta", json!({"index": 0, "delta": {"type": "text_delta", "text": text}}));
    let mut events = Turn::new().events();
    for _ in 0..40 {
        events.insert(4, large.clone());
    }
    provider.script.once(Answer::events(events));
    let stuck = world.request(&key, ask("claude-sonnet-4-5", true).to_string()).open(world.hub.address).await.unwrap();
    let call = world.calls_of(&key, 1).await.remove(0);
    assert_eq!((&call["outcome"], &call["token_source"]), (&json!("abandoned"), &json!("reported")), "{call}");
    assert_eq!(call["usage"], Used::EVERY_CLASS.shown(), "it was read on to its end: {call}");
    assert_eq!(world.message(&key).await.status, 200, "its place is free");
    drop(stuck);
}

#[tokio::test]
async fn a_client_that_reads_slowly_is_waited_for() {
    const STALL: Duration = Duration::from_secs(5);
    let world = World::alone().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    world.patch("/admin/v1/settings", &json!({"write_stall_ms": 5_000})).await;
    let text = "x".repeat(1 << 20);
    let large = event("content_block_delta", json!({"index": 0, "delta": {"type": "text_delta", "text": text}}));
    let mut events = Turn::new().events();
    for _ in 0..24 {
        events.insert(4, large.clone());
    }
    provider.script.once(Answer::events(events.clone()));
    let mut reply = world.stream(&key).await;
    let (mut got, began) = (Vec::new(), Instant::now());
    while let Some(chunk) = within("more", reply.try_chunk()).await.unwrap() {
        got.extend(chunk);
        // All in all longer than a write may wait, and never as long at once.
        if began.elapsed() < 2 * STALL {
            tokio::time::sleep(STALL / 14).await;
        }
    }
    assert!(got == events.concat().into_bytes(), "{} bytes", got.len());
    assert_eq!(world.call_of(&reply).await["outcome"], "completed");
}

/// The time that the fastest of the last ninety takes, after so many that the system no longer acknowledges each segment at
/// once. On a busy machine most of them wait for a processor; those that wait for the other side all do.
fn fastest_of_the_last(times: &[Duration]) -> Duration {
    times.iter().rev().take(90).min().copied().unwrap()
}

/// A small write that waits for the acknowledgement of the one before it takes as long as the other side may delay
/// that: 40 ms at least.
const FAR_LESS: Duration = Duration::from_millis(25);

#[tokio::test]
async fn small_events_do_not_wait_for_one_another() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let gates: Vec<Gate> = (0..120).map(|_| Gate::new()).collect();
    let ping = event("ping", json!({}));
    let mut events = Turn::new().events();
    events.splice(4..4, std::iter::repeat_n(ping.clone(), gates.len()));
    // The last one first, so that none moves those that were put in before.
    let answer = Answer::events(events);
    let answer = (0..gates.len()).rev().fold(answer, |answer, n| answer.pause_after(4 + n, &gates[n]));
    provider.script.once(answer);
    let mut reply = world.stream(&key).await;
    let mut times = Vec::new();
    for gate in &gates {
        gate.reached().await;
        let since = Instant::now();
        gate.open();
        reply.read_until(ping.as_bytes()).await;
        times.push(since.elapsed());
    }
    reply.body().await;
    assert!(fastest_of_the_last(&times) < FAR_LESS, "{times:?}");
}
