//! A call may try a provider several times, and several providers: how often, when, and with what.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    client::{Open, Reply},
    patience::within,
    upstream::{Answer, End, Gate, Turn},
    waiting::{PING, gauge},
    world::{Key, Provider, World, ask, merge},
};

/// How often each was asked.
fn asked<'a>(providers: impl IntoIterator<Item = &'a Provider>) -> Vec<usize> {
    providers.into_iter().map(|provider| provider.script.requests().len()).collect()
}

#[tokio::test]
async fn a_call_tries_as_many_providers_as_often_as_the_settings_say() {
    let world = World::alone().await;
    let mut providers = Vec::new();
    for (priority, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
        let provider = world.provider_with(name, json!({"priority": priority})).await;
        provider.script.always(Answer::status(500));
        providers.push(provider);
    }
    world.patch("/admin/v1/settings", &json!({"retry_pause_ms": 1})).await;
    let key = world.key().await;
    assert_eq!(world.stream(&key).await.status, 500);
    assert_eq!(asked(&providers), [2, 2, 2, 0]);
    world.patch("/admin/v1/settings", &json!({"providers_max": 4, "attempts_per_provider": 1})).await;
    let path = format!("/admin/v1/providers/{}", providers[0].id);
    world.patch(&path, &json!({"max_attempts": 3})).await;
    assert_eq!(world.stream(&key).await.status, 500);
    assert_eq!(asked(&providers), [5, 3, 3, 1]);
}

#[tokio::test]
async fn a_second_attempt_at_the_same_provider_serves_and_says_so() {
    let world = World::alone().await;
    world.patch("/admin/v1/settings", &json!({"decision_header": true})).await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    for stream in [false, true] {
        provider.script.once(Answer::status(500));
        let mut reply = world.anew(&key, &ask("claude-sonnet-4-5", stream)).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.body().await, Turn::new().answer(stream).body());
        let line = format!("{0}=500/retry, {0}=200", provider.id);
        assert_eq!(reply.header("x-switchyard-decision"), Some(line.as_str()));
        let call = world.call_of(&reply).await;
        let attempts = call["attempts"].as_array().unwrap();
        assert_eq!(attempts.len(), 2, "{call}");
        let queue_ms = attempts[1]["queue_ms"].as_u64().unwrap();
        assert!((100..=300).contains(&queue_ms) || queue_ms > 300, "at least half of the pause: {queue_ms}");
        let choices = &call["decision"]["choices"];
        assert_eq!(
            (&choices[0]["verdict"]["next"], &choices[1]["is_retry"]),
            (&json!("retry"), &json!(true)),
            "{call}"
        );
        assert_eq!(choices[1]["attempt_id"], attempts[1]["id"]);
    }
    assert_eq!(asked([&provider]), [4]);
}

#[tokio::test]
async fn a_named_time_is_waited_for_when_nobody_else_is_left() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    provider.script.once(Answer::status(429).header("retry-after", "1"));
    let began = Instant::now();
    let reply = world.message(&key).await;
    assert_eq!(reply.status, 200);
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(asked([&provider]), [2]);
    let call = world.call_of(&reply).await;
    assert!(call["attempts"][1]["queue_ms"].as_u64().unwrap() >= 990, "{call}");
}

#[tokio::test]
async fn another_provider_goes_before_a_named_time() {
    let world = World::shared().await;
    let a = world.provider_with("a", json!({"priority": 0})).await;
    let b = world.provider_with("b", json!({"priority": 1})).await;
    let key = world.key().await;
    a.script.always(Answer::status(529).header("retry-after", "20"));
    let reply = world.message(&key).await;
    assert_eq!((reply.status, reply.header("x-switchyard-provider")), (200, Some(b.id.as_str())));
    assert_eq!(asked([&a, &b]), [1, 1]);
}

#[tokio::test]
async fn a_time_that_is_too_long_is_told_to_the_client_as_it_came() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    provider.script.always(Answer::status(429).header("retry-after", "40"));
    let mut reply = world.message(&key).await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, Some("40")));
    assert_eq!(reply.json().await["error"]["message"], "upstream says 429");
    assert_eq!(asked([&provider]), [1]);
}

/// A hub whose calls wait, with these settings too, and its one provider.
async fn waits(settings: Value, fields: Value) -> (World, Provider) {
    let world = World::alone().await;
    world.patch("/admin/v1/settings", &merge(json!({"waiting": "on"}), settings)).await;
    let provider = world.provider_with("a", fields).await;
    (world, provider)
}

/// Asks and does not wait for the answer.
async fn open(world: &World, key: &Key, stream: bool) -> Open {
    let body = ask("claude-sonnet-4-5", stream).to_string();
    world.request(key, body).open(world.hub.address).await.unwrap()
}

async fn reply(open: Open) -> Reply {
    within("an answer", open.reply("POST")).await.unwrap()
}

#[tokio::test]
async fn a_call_that_waits_waits_for_a_time_that_would_be_told_to_others() {
    let (world, provider) = waits(json!({"retry_after_max_ms": 0}), json!({})).await;
    let key = world.key().await;
    for (n, providers_max) in (1..).zip([3, 1]) {
        world.patch("/admin/v1/settings", &json!({"providers_max": providers_max})).await;
        provider.script.once(Answer::status(429).header("retry-after", "3"));
        // That it stands in the line meanwhile follows from the setting: outside of it nobody would wait at all.
        let reply = reply(open(&world, &key, false).await).await;
        assert_eq!((reply.status, asked([&provider])), (200, vec![2 * n]));
        let call = world.call_of(&reply).await;
        let choices = call["decision"]["choices"].as_array().unwrap();
        assert_eq!((choices.len(), &choices[1]["is_retry"]), (2, &json!(true)), "{call}");
        assert!(call["attempts"][1]["queue_ms"].as_u64().unwrap() >= 2_900, "{call}");
    }
}

#[tokio::test]
async fn a_provider_that_is_paused_while_a_call_waits_for_it_is_not_tried_again() {
    let (world, provider) = waits(json!({"retry_after_max_ms": 0}), json!({})).await;
    let key = world.key().await;
    // Long enough for the pause to come before its end.
    provider.script.once(Answer::status(429).header("retry-after", "10"));
    let open = open(&world, &key, false).await;
    gauge(&world, "switchyard_calls_waiting", 1).await;
    let (status, hold) = world.admin("POST", &format!("/admin/v1/providers/{}/pause", provider.id), &json!({})).await;
    assert!((200..300).contains(&status), "{hold}");
    let mut reply = reply(open).await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, Some("10")));
    assert_eq!(reply.json().await["error"]["message"], "upstream says 429");
    assert_eq!(asked([&provider]), [1]);
}

#[tokio::test]
async fn a_place_that_is_taken_during_the_pause_is_waited_for() {
    let (world, provider) = waits(json!({"retry_pause_ms": 4_000}), json!({"limit_concurrent_requests": 1})).await;
    let (key, other) = (world.key().await, world.key().await);
    let gate = Gate::new();
    provider.script.once(Answer::status(500));
    provider.script.once(Answer::json(200, &Turn::new().message()).pause_before_head(&gate));
    let first = open(&world, &key, false).await;
    provider.script.request(0).await;
    let second = open(&world, &other, false).await;
    gate.reached().await;
    gauge(&world, "switchyard_calls_waiting", 1).await;
    gate.open();
    let (first, second) = (reply(first).await, reply(second).await);
    assert_eq!((first.status, second.status, asked([&provider])), (200, 200, vec![3]));
    let call = world.call_of(&first).await;
    assert_eq!((&call["n_attempts"], &call["attempts"][0]["status"]), (&json!(2), &json!(500)), "{call}");
}

#[tokio::test]
async fn a_stream_is_kept_alive_in_a_long_pause_if_calls_wait_here() {
    let (world, provider) = waits(json!({"retry_pause_ms": 4_000, "keep_alive_after_ms": 0}), json!({})).await;
    let key = world.key().await;
    // Whatever comes before this gate is opened comes in the pause: the second attempt says nothing before.
    let gate = Gate::new();
    provider.script.once(Answer::status(500));
    provider.script.once(Turn::new().answer(true).pause_before_head(&gate));
    let mut kept = reply(open(&world, &key, true).await).await;
    assert_eq!((kept.status, kept.read_until(PING).await.as_slice()), (200, PING));
    gate.open();
    let rest = kept.body().await;
    let rest = rest.strip_prefix(PING).unwrap_or(&rest);
    assert_eq!(String::from_utf8_lossy(rest), Turn::new().events().concat());
    assert_eq!(asked([&provider]), [2]);
}

#[tokio::test]
async fn how_long_a_connection_took_is_known_whatever_comes_over_it() {
    let world = World::alone().await;
    world.patch("/admin/v1/settings", &json!({"retry_pause_ms": 1})).await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    for (end, n_attempts) in [(End::Stall, 1), (End::Reset, 2)] {
        // Only what has to run out is short.
        let ms = if end == End::Stall { json!(2_000) } else { Value::Null };
        world.patch(&format!("/admin/v1/providers/{}", provider.id), &json!({"first_byte_timeout_ms": ms})).await;
        provider.script.always(Answer::nothing(end));
        let reply = world.stream(&key).await;
        let call = world.call_of(&reply).await;
        let attempts = call["attempts"].as_array().unwrap();
        assert_eq!(attempts.len(), n_attempts, "{end:?}: {call}");
        for attempt in attempts {
            assert!(attempt["connect_ms"].is_u64() && attempt["first_byte_ms"].is_null(), "{end:?}: {attempt}");
        }
    }
}

/// What the wire says when it does not accept a thinking block's signature.
fn bad_signature() -> Answer {
    Answer::error(400, "invalid_request_error", "messages.1.content.0: Invalid `signature` in `thinking` block")
}

/// A conversation with a thinking block in it.
fn with_thinking() -> Value {
    let mut body = ask("claude-sonnet-4-5", false);
    body["messages"] = json!([
        {"role": "user", "content": "Say hello."},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm", "signature": "c2ln"}, {"type": "text", "text": "Hello."},
        ]},
        {"role": "user", "content": "Again."},
    ]);
    body
}

#[tokio::test]
async fn a_refused_signature_is_repaired_once_at_the_same_provider() {
    let world = World::shared().await;
    let provider = world.provider_with("a", json!({"max_attempts": 1})).await;
    let key = world.key().await;
    provider.script.once(bad_signature());
    let reply = world.messages(&key, &with_thinking()).await;
    assert_eq!(reply.status, 200);
    let seen = provider.script.requests();
    assert_eq!(seen[0].body, with_thinking().to_string().as_bytes());
    let mut repaired = with_thinking();
    repaired["messages"][1]["content"] = json!([{"type": "text", "text": "Hello."}]);
    assert_eq!(serde_json::from_slice::<Value>(&seen[1].body).unwrap(), repaired);
    let call = world.call_of(&reply).await;
    let choices = &call["decision"]["choices"];
    assert_eq!(
        (&choices[0]["verdict"]["next"], &choices[1]["is_repaired"]),
        (&json!("repair"), &json!(true)),
        "{call}"
    );
    // It does not help: the client is told what the provider has said.
    provider.script.always(bad_signature());
    let mut reply = world.messages(&key, &with_thinking()).await;
    assert_eq!((reply.status, reply.text().await.as_bytes()), (400, bad_signature().body().as_slice()));
    assert_eq!(asked([&provider]), [4]);
}

#[tokio::test]
async fn a_repair_leaves_as_many_attempts_as_there_were() {
    let world = World::alone().await;
    world.patch("/admin/v1/settings", &json!({"retry_pause_ms": 1})).await;
    let a = world.provider_with("a", json!({"max_attempts": 2, "priority": 0})).await;
    let b = world.provider_with("b", json!({"priority": 1})).await;
    let key = world.key().await;
    a.script.once(bad_signature());
    a.script.once(Answer::status(500));
    let reply = world.messages(&key, &with_thinking()).await;
    assert_eq!((reply.status, asked([&a, &b])), (200, vec![3, 0]));
    let call = world.call_of(&reply).await;
    let choices = call["decision"]["choices"].as_array().unwrap();
    let next: Vec<&Value> = choices.iter().map(|choice| &choice["verdict"]["next"]).collect();
    assert_eq!(next, [&json!("repair"), &json!("retry"), &Value::Null], "{call}");
    assert_eq!((&choices[1]["is_repaired"], &choices[2]["is_repaired"]), (&json!(true), &json!(true)), "{call}");
    a.script.once(bad_signature());
    a.script.once(Answer::status(500));
    a.script.once(Answer::status(500));
    assert_eq!((world.messages(&key, &with_thinking()).await.status, asked([&a, &b])), (200, vec![6, 1]));
}

#[tokio::test]
async fn a_signature_is_left_to_clients_that_repair_themselves_and_to_the_setting() {
    let world = World::alone().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    provider.script.always(bad_signature());
    let call = async |agent: &str| -> Reply {
        let request = world.request(&key, with_thinking().to_string()).header("user-agent", agent);
        request.send(world.hub.address).await
    };
    assert_eq!((call("claude-cli/2.1.80 (external, cli)").await.status, asked([&provider])), (400, vec![1]));
    world.patch("/admin/v1/settings", &json!({"thinking_repair": "on"})).await;
    assert_eq!((call("claude-cli/2.1.80 (external, cli)").await.status, asked([&provider])), (400, vec![3]));
    world.patch("/admin/v1/settings", &json!({"thinking_repair": "off"})).await;
    assert_eq!((call("curl/8").await.status, asked([&provider])), (400, vec![4]));
}
