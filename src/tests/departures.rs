//! Clients that leave before their answer is over: the provider is read to its end, and settled once.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    client::{Reply, was_read},
    holds::holds,
    patience::within,
    upstream::{
        Answer, End, Gate, Turn, Used, address,
        turn::{EVENTS_TO_FIRST_CONTENT, error_event},
    },
    world::{Key, Provider, World, ask, merge},
};

/// The one call of this key: its attempt has the whole usage, and nothing is there twice.
async fn settled(world: &World, key: &Key, outcome: &str) -> Value {
    let call = world.calls_of(key, 1).await.remove(0);
    assert_eq!(call["outcome"], outcome, "{call}");
    assert_eq!((&call["usage"], &call["token_source"]), (&Used::EVERY_CLASS.shown(), &json!("reported")), "{call}");
    assert_ne!(call["cost_usd"], "0");
    let id = call["id"].as_str().unwrap();
    assert_eq!(world.value(&format!("select count(*) from attempts where call_id = '{id}'")).await, 1);
    assert_eq!(world.value(&format!("select sum(calls) from usage_15m where key_id = {}", key.id)).await, 1);
    call
}

#[tokio::test]
async fn a_client_that_leaves_before_the_head_pays_for_what_the_provider_did() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    for stream in [false, true] {
        let (gate, key) = (Gate::new(), world.key().await);
        provider.script.once(Turn::new().answer(stream).pause_before_head(&gate));
        let request = world.request(&key, ask("claude-sonnet-4-5", stream).to_string());
        let open = request.open(world.hub.address).await.unwrap();
        gate.reached().await;
        open.leave().await;
        gate.open();
        let call = settled(&world, &key, "abandoned").await;
        assert_eq!(call["attempts"][0]["result"], "abandoned", "{call}");
        assert!(call["first_byte_ms"].is_null(), "nothing was sent: {call}");
    }
}

/// A stream that stops after `n` events, once the client has read that far.
async fn read_and_stop(world: &World, provider: &Provider, key: &Key, n: usize) -> (Reply, Gate) {
    read_and_stop_in(Turn::new().answer(true), world, provider, key, n).await
}

/// The same of this answer.
async fn read_and_stop_in(answer: Answer, world: &World, provider: &Provider, key: &Key, n: usize) -> (Reply, Gate) {
    let gate = Gate::new();
    provider.script.once(answer.pause_after(n, &gate));
    let request = world.request(key, ask("claude-sonnet-4-5", true).to_string());
    let open = request.open(world.hub.address).await.unwrap();
    gate.reached().await;
    let mut reply = within("the head", open.reply("POST")).await.unwrap();
    reply.read_until(Turn::new().events()[n - 1].as_bytes()).await;
    (reply, gate)
}

#[tokio::test]
async fn a_client_that_leaves_during_the_answer_pays_for_what_the_provider_did() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    for n in [EVENTS_TO_FIRST_CONTENT, 12] {
        let key = world.key().await;
        let (reply, gate) = read_and_stop(&world, &provider, &key, n).await;
        reply.leave().await;
        gate.open();
        settled(&world, &key, "abandoned").await;
    }
}

#[tokio::test]
async fn a_client_that_leaves_after_the_last_event_has_had_its_answer() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let n = Turn::new().events().len();
    let (reply, gate) = read_and_stop(&world, &provider, &key, n).await;
    // Settled when the last event was seen: the record is there although the provider's connection is still open.
    settled(&world, &key, "completed").await;
    reply.leave().await;
    gate.open();
    settled(&world, &key, "completed").await;
}

#[tokio::test]
async fn a_provider_may_be_told_to_hang_up_when_the_client_leaves() {
    let world = World::shared().await;
    let provider = world.provider_with("a", json!({"on_client_gone": "stop"})).await;
    let key = world.key().await;
    let (reply, _gate) = read_and_stop(&world, &provider, &key, 12).await;
    let seen = provider.script.only_request();
    reply.leave().await;
    seen.hung_up().await;
    let call = world.calls_of(&key, 1).await.remove(0);
    assert_eq!((&call["outcome"], &call["token_source"]), (&json!("abandoned"), &json!("partial")), "{call}");
    assert_eq!(call["usage"]["input"], 127, "{call}");

    let (gate, key) = (Gate::new(), world.key().await);
    provider.script.once(Turn::new().answer(false).pause_before_head(&gate));
    let open = world.request(&key, ask("claude-sonnet-4-5", false).to_string()).open(world.hub.address).await.unwrap();
    gate.reached().await;
    open.leave().await;
    provider.script.request(1).await.hung_up().await;
    let call = world.calls_of(&key, 1).await.remove(0);
    assert_eq!((&call["outcome"], &call["token_source"]), (&json!("abandoned"), &json!("estimated")), "{call}");
    assert_ne!(call["cost_usd"], "0", "work that was ordered is not free: {call}");
}

/// A server that lets itself be connected to and then says nothing: who speaks TLS to it is never done connecting.
async fn mute(world: &World, fields: Value) -> TcpListener {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    world.provider_with("mute", merge(json!({"base_url": format!("https://{address}")}), fields)).await;
    server
}

#[tokio::test]
async fn who_leaves_before_anything_was_sent_pays_nothing() {
    let world = World::shared().await;
    let server = mute(&world, json!({"on_client_gone": "stop"})).await;
    let key = world.key().await;
    let open = world.request(&key, ask("claude-sonnet-4-5", false).to_string()).open(world.hub.address).await.unwrap();
    let _line = within("the hub connects", server.accept()).await.unwrap();
    open.leave().await;
    let call = world.calls_of(&key, 1).await.remove(0);
    let attempt = &call["attempts"][0];
    assert_eq!((&call["outcome"], &attempt["result"]), (&json!("abandoned"), &json!("abandoned")), "{call}");
    assert_eq!((&attempt["token_source"], &call["cost_usd"]), (&json!("none"), &json!("0")), "{call}");
    assert_eq!((&call["usage"]["input"], &attempt["connect_ms"]), (&json!(0), &Value::Null), "{call}");
}

#[tokio::test]
async fn what_was_not_sent_when_the_hub_stops_costs_nothing() {
    let world = World::alone().await;
    world.patch("/admin/v1/settings", &json!({"shutdown_grace_ms": 200})).await;
    let server = mute(&world, json!({"connect_timeout_ms": 60_000})).await;
    let key = world.key().await;
    let open = world.request(&key, ask("claude-sonnet-4-5", false).to_string()).open(world.hub.address).await.unwrap();
    let _line = within("the hub connects", server.accept()).await.unwrap();
    world.hub.terminate();
    assert_eq!(within("an answer", open.reply("POST")).await.unwrap().status, 503);
    assert_eq!(world.hub.stopped().await.code(), Some(0), "{}", world.hub.log_tail());
    let rows = world.rows("select outcome, error_cause, token_source, cost > 0 as costs from calls").await;
    let cut = json!({"outcome": "interrupted", "error_cause": "shutdown", "token_source": "none", "costs": false});
    assert_eq!(rows, [cut]);
}

#[tokio::test]
async fn an_answer_that_breaks_behind_its_client_is_no_success_of_the_provider() {
    const N: usize = 12;
    let world = World::shared().await;
    let proper = Turn::new().answer(true);
    let with_error = [&Turn::new().events()[..N], &[error_event("overloaded_error", "x")]].concat();
    for (what, answer, is_success) in [
        ("a reset", proper.clone().cut_after(N, End::Reset), false),
        ("a close", proper.clone().cut_after(N, End::Close), false),
        ("an error event", Answer::events(with_error), false),
        ("its end", proper, true),
    ] {
        let world = world.another();
        let provider = world.provider_with("a", json!({"max_attempts": 1, "breaker_failures": 2})).await;
        let key = world.key().await;
        let fail = async || {
            provider.script.once(Answer::status(500));
            assert_eq!(world.message(&key).await.status, 500, "{what}");
        };
        fail().await;
        let (reply, gate) = read_and_stop_in(answer, &world, &provider, &key, N).await;
        reply.leave().await;
        gate.open();
        assert_eq!(world.calls_of(&key, 2).await[1]["outcome"], "abandoned", "{what}");
        fail().await;
        // Two failures in a row, unless there was a success between them.
        assert_eq!(holds(&world, &provider).await.is_empty(), is_success, "{what}");
    }
}

#[tokio::test]
async fn reading_on_for_a_client_that_left_has_an_end() {
    let world = World::alone().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    world.patch("/admin/v1/settings", &json!({"drain_ms": 200})).await;
    let (reply, _gate) = read_and_stop(&world, &provider, &key, 12).await;
    let seen = provider.script.only_request();
    reply.leave().await;
    seen.hung_up().await;
    let call = world.calls_of(&key, 1).await.remove(0);
    assert_eq!((&call["outcome"], &call["token_source"]), (&json!("abandoned"), &json!("partial")), "{call}");
}

/// How long the hub has to make sense of what it has read: nothing tells from outside when it has.
const READ_MS: u64 = 1_000;

/// The one call of this key was cut while its beginning was held back: it has what was reported, and an estimate of
/// nothing but the rest.
async fn cut_within_the_gate(world: &World, key: &Key, outcome: &str) {
    let sql = format!(
        "select c.outcome, a.token_source, a.input, a.output, a.cache_read, c.cost > 0 as costs
         from calls c join attempts a on a.call_id = c.id where c.key_id = {}",
        key.id
    );
    let reported = json!({
        "outcome": outcome, "token_source": "partial", "input": 127, "output": 1, "cache_read": 20_480, "costs": true,
    });
    assert_eq!(world.rows(&sql).await, [reported]);
}

#[tokio::test]
async fn what_was_reported_while_the_beginning_was_held_back_counts() {
    let world = World::alone().await;
    world.patch("/admin/v1/settings", &json!({"drain_ms": READ_MS, "gate_ms": 60_000})).await;
    let held_back = async |on_client_gone: &str| {
        let world = world.another();
        let provider = world.provider_with("a", json!({"on_client_gone": on_client_gone})).await;
        let (gate, key) = (Gate::new(), world.key().await);
        provider.script.once(Turn::new().answer(true).pause_after(EVENTS_TO_FIRST_CONTENT - 1, &gate));
        let request = world.request(&key, ask("claude-sonnet-4-5", true).to_string());
        let open = request.open(world.hub.address).await.unwrap();
        gate.reached().await;
        was_read(address().port(), provider.script.only_request().port).await;
        tokio::time::sleep(Duration::from_millis(READ_MS)).await;
        (key, provider, open)
    };
    for on_client_gone in ["drain", "stop"] {
        let (key, provider, open) = held_back(on_client_gone).await;
        open.leave().await;
        provider.script.only_request().hung_up().await;
        world.calls_of(&key, 1).await;
        cut_within_the_gate(&world, &key, "abandoned").await;
    }
    // The hub stops and cannot wait any longer.
    world.patch("/admin/v1/settings", &json!({"shutdown_grace_ms": 200})).await;
    let (key, _provider, open) = held_back("drain").await;
    world.hub.terminate();
    assert_eq!(within("an answer", open.reply("POST")).await.unwrap().status, 503);
    assert_eq!(world.hub.stopped().await.code(), Some(0), "{}", world.hub.log_tail());
    cut_within_the_gate(&world, &key, "interrupted").await;
}

#[tokio::test]
async fn a_client_that_left_is_not_served_by_a_second_provider() {
    let world = World::shared().await;
    let a = world.provider_with("a", json!({"priority": 0})).await;
    let b = world.provider_with("b", json!({"priority": 1})).await;
    let (gate, key) = (Gate::new(), world.key().await);
    a.script.once(Answer::status(529).pause_before_head(&gate));
    let open = world.request(&key, ask("claude-sonnet-4-5", false).to_string()).open(world.hub.address).await.unwrap();
    gate.reached().await;
    open.leave().await;
    gate.open();
    let call = world.calls_of(&key, 1).await.remove(0);
    assert_eq!((&call["outcome"], &call["cost_usd"]), (&json!("abandoned"), &json!("0")), "{call}");
    assert!(b.script.requests().is_empty());
}

#[tokio::test]
async fn many_clients_that_leave_are_all_settled_once() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let (gate, key) = (Gate::new(), world.key().await);
    provider.script.always(Turn::new().answer(true).pause_after(8, &gate));
    let mut open = Vec::new();
    for _ in 0..40 {
        let request = world.request(&key, ask("claude-sonnet-4-5", true).to_string());
        open.push(request.open(world.hub.address).await.unwrap());
    }
    gate.reached_by(40).await;
    for open in open {
        let reply = within("the head", open.reply("POST")).await.unwrap();
        reply.leave().await;
    }
    gate.open();
    for call in world.calls_of(&key, 40).await {
        assert_eq!(call["usage"], Used::EVERY_CLASS.shown(), "{call}");
    }
    assert_eq!(world.value(&format!("select sum(calls) from usage_15m where key_id = {}", key.id)).await, 40);
}
