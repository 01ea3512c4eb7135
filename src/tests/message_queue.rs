//! Providers that take messages of users one by one.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    access::{cookie, log_in},
    client::{Open, Reply},
    feed::Reader,
    hub::Setup,
    patience::{until, within},
    routing::skip,
    upstream::{Answer, Gate, Turn},
    waiting::{PING, gauge},
    world::{Key, World, ask},
};

/// A request whose last message is the result of a tool.
fn result_of_a_tool(model: &str) -> Value {
    let mut body = ask(model, false);
    body["messages"] = json!([
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "w", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "rain"}]},
    ]);
    body
}

async fn open(world: &World, key: &Key, model: &str) -> Open {
    world.request(key, ask(model, false).to_string()).open(world.hub.address).await.unwrap()
}

async fn reply(open: Open) -> Reply {
    within("an answer", open.reply("POST")).await.unwrap()
}

#[tokio::test]
async fn the_next_message_goes_a_while_after_the_last_was_answered() {
    const GAP: Duration = Duration::from_millis(700);
    let world = World::alone().await;
    world.patch("/admin/v1/settings", &json!({"message_queue_gap_ms": 700})).await;
    let provider = world.provider_with("a", json!({"message_queue": true})).await;
    let key = world.key().await;
    let cookie = cookie(&log_in(&world, "", &world.admin_token).await);
    let mut reader = Reader::open(&world, &cookie, None, None).await;
    let seen: Arc<Mutex<Vec<(String, Instant)>>> = Arc::default();
    let arrivals = seen.clone();
    provider.script.by(move |request| {
        arrivals.lock().unwrap().push((request.model(), Instant::now()));
        Answer::proper(request)
    });
    // The first one's head comes, and its rest does not: the next one need not wait for that.
    let (head, rest) = (Gate::new(), Gate::new());
    let slow = Turn::new().answer(true).pause_before_head(&head).pause_after(4, &rest);
    provider.script.once(slow);
    let body = ask("claude-a", true).to_string();
    let first = world.request(&key, body).open(world.hub.address).await.unwrap();
    head.reached().await;
    let second = open(&world, &key, "claude-b").await;
    // What a tool has said is not a message of a user: it goes past.
    let tool = world.messages(&key, &result_of_a_tool("claude-t")).await;
    assert_eq!(tool.status, 200);
    assert_eq!(provider.script.requests().len(), 2);
    // It is seen to wait.
    let id = loop {
        let call = reader.next().await.0["call"].take();
        if call["model"] == "claude-b" {
            break call["id"].as_str().unwrap().to_owned();
        }
    };
    let waiting = until("it stands in the queue", async || {
        let waiting = world.get(&format!("/admin/v1/calls/{id}")).await["waiting"].take();
        (!waiting.is_null()).then_some(waiting)
    })
    .await;
    assert_eq!(waiting["position"], 1, "{waiting}");
    let answered = Instant::now();
    head.open();
    let mut first = reply(first).await;
    let second = reply(second).await;
    let record = world.call_of(&second).await;
    assert_eq!((second.call_id(), &record["waiting"]), (id, &Value::Null));
    assert!(record["attempts"][0]["queue_ms"].as_u64().unwrap() >= 700, "{record}");
    assert_eq!((first.status, second.status), (200, 200));
    let arrived = seen.lock().unwrap().iter().find(|(model, _)| model == "claude-b").unwrap().1;
    assert!(arrived.duration_since(answered) >= GAP, "{:?}", arrived.duration_since(answered));
    rest.open();
    first.body().await;
}

#[tokio::test]
async fn a_message_waits_a_bounded_time_and_then_goes_elsewhere_or_is_told() {
    let world = World::alone().await;
    world.patch("/admin/v1/settings", &json!({"message_queue_wait_ms": 300})).await;
    let provider = world.provider_with("a", json!({"message_queue": true, "priority": 1})).await;
    let key = world.key().await;
    let gate = Gate::new();
    provider.script.once(Answer::json(200, &Turn::new().message()).pause_before_head(&gate));
    let first = open(&world, &key, "claude-a").await;
    gate.reached().await;
    let mut late = reply(open(&world, &key, "claude-b").await).await;
    assert_eq!((late.status, late.header("retry-after")), (503, Some("1")));
    assert_eq!(late.json().await["error"]["type"], "overloaded_error");
    let call = world.call_of(&late).await;
    assert_eq!((&call["outcome"], &call["error"]["cause"]), (&json!("rejected"), &json!("messages_queued")));
    let other = world.provider_with("b", json!({"priority": 2})).await;
    let elsewhere = reply(open(&world, &key, "claude-c").await).await;
    assert_eq!(elsewhere.status, 200);
    let call = world.call_of(&elsewhere).await;
    let waited = call["attempts"][0]["queue_ms"].as_u64().unwrap();
    assert!(waited >= 300, "what it has waited elsewhere is told: {waited}");
    assert_eq!(skip(&call["decision"]["choices"][0], &provider), "messages_queued", "{call}");
    assert_eq!(other.script.only_request().model(), "claude-c");
    gate.open();
    assert_eq!(reply(first).await.status, 200);
}

#[tokio::test]
async fn a_stream_in_the_queue_is_kept_alive_if_calls_wait_here_and_else_has_its_real_status() {
    let world = World::alone().await;
    let settings = json!({"message_queue_wait_ms": 300, "keep_alive_after_ms": 0});
    world.patch("/admin/v1/settings", &settings).await;
    let provider = world.provider_with("a", json!({"message_queue": true})).await;
    let key = world.key().await;
    let gate = Gate::new();
    provider.script.once(Answer::json(200, &Turn::new().message()).pause_before_head(&gate));
    let first = open(&world, &key, "claude-a").await;
    gate.reached().await;
    assert_eq!(world.stream(&key).await.status, 503);
    world.patch("/admin/v1/settings", &json!({"waiting": "on", "message_queue_wait_ms": 60_000})).await;
    let mut kept = world.stream(&key).await;
    assert_eq!((kept.status, kept.read_until(PING).await.as_slice()), (200, PING));
    assert_eq!(provider.script.requests().len(), 1);
    gate.open();
    assert_eq!(reply(first).await.status, 200);
    let rest = kept.body().await;
    let rest = rest.strip_prefix(PING).unwrap_or(&rest);
    assert_eq!(String::from_utf8_lossy(rest), Turn::new().events().concat());
}

#[tokio::test]
async fn a_client_that_leaves_gives_its_turn_up() {
    let world = World::alone().await;
    let provider = world.provider_with("a", json!({"message_queue": true})).await;
    let key = world.key().await;
    let gate = Gate::new();
    provider.script.once(Answer::json(200, &Turn::new().message()).pause_before_head(&gate));
    let first = open(&world, &key, "claude-a").await;
    gate.reached().await;
    let second = open(&world, &key, "claude-b").await;
    gauge(&world, "switchyard_calls_active", 2).await;
    let third = open(&world, &key, "claude-c").await;
    gauge(&world, "switchyard_calls_active", 3).await;
    second.leave().await;
    gauge(&world, "switchyard_calls_active", 2).await;
    gate.open();
    assert_eq!((reply(first).await.status, reply(third).await.status), (200, 200));
    let calls = world.calls_of(&key, 3).await;
    let mut outcomes: Vec<&str> = calls.iter().map(|call| call["outcome"].as_str().unwrap()).collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["abandoned", "completed", "completed"]);
    assert_eq!(provider.script.requests().len(), 2);
}

#[tokio::test]
async fn replicas_share_the_queue() {
    let (redis, _) = crate::redis::start().await;
    let dsn = crate::postgres::database().await;
    let setup = || Setup::bare().with_dsn(&dsn).set("REDIS_URL", &redis);
    let (first, second) = (World::with(setup()).await, World::with(setup()).await);
    let provider = first.provider_with("a", json!({"message_queue": true})).await;
    let key = first.key().await;
    until("the second replica knows the key", async || {
        (second.request(&key, "{").send(second.hub.address).await.status == 400).then_some(())
    })
    .await;
    let gate = Gate::new();
    provider.script.once(Answer::json(200, &Turn::new().message()).pause_before_head(&gate));
    let busy = open(&first, &key, "claude-a").await;
    gate.reached().await;
    let late = open(&second, &key, "claude-b").await;
    // Whoever is not queued arrives at once; so the message that is has had its time to.
    let tool = second.messages(&key, &result_of_a_tool("claude-t")).await;
    assert_eq!(tool.status, 200);
    let models = || provider.script.requests().iter().map(crate::upstream::Seen::model).collect::<Vec<_>>();
    assert_eq!(models(), ["claude-a", "claude-t"]);
    gate.open();
    assert_eq!((reply(busy).await.status, reply(late).await.status), (200, 200));
    assert_eq!(models(), ["claude-a", "claude-t", "claude-b"]);
}
