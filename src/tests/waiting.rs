//! Calls that wait because nobody can serve them just now.

mod full;

use serde_json::{Value, json};

use crate::{
    auth::refused,
    client::{Open, Reply},
    hub::Setup,
    patience::{until, within},
    routing::skip,
    upstream::{Answer, Gate, Seen, Turn, turn::EVENTS_TO_FIRST_CONTENT},
    world::{Key, Provider, World, ask},
};

/// What keeps a connection alive while its call waits.
pub const PING: &[u8] = b"event: ping\ndata: {\"type\": \"ping\"}\n\n";

/// A hub whose calls wait, and its one provider, which takes one call at a time.
async fn world(settings: Value) -> (World, Provider) {
    let world = World::alone().await;
    world.patch("/admin/v1/settings", &json!({"waiting": "on"})).await;
    world.patch("/admin/v1/settings", &settings).await;
    let provider = world.provider_with("a", json!({"limit_concurrent_requests": 1})).await;
    (world, provider)
}

/// Waits until so many calls wait.
async fn waiting(world: &World, n: u64) {
    gauge(world, "switchyard_calls_waiting", n).await;
}

/// Waits until this gauge of the hub shows this.
pub async fn gauge(world: &World, name: &str, n: u64) {
    until("the gauge shows it", async || {
        let metrics = world.admin("GET", "/metrics", &Value::Null).await.1;
        let value = metrics.as_str()?.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?.to_owned();
        (value.parse::<u64>().unwrap() == n).then_some(())
    })
    .await;
}

/// Asks for this model and does not wait for the answer.
async fn open(world: &World, key: &Key, model: &str, stream: bool) -> Open {
    world.request(key, ask(model, stream).to_string()).open(world.hub.address).await.unwrap()
}

async fn reply(open: Open) -> Reply {
    within("an answer", open.reply("POST")).await.unwrap()
}

/// Keeps the provider busy until the gate is opened.
async fn keep_busy(world: &World, provider: &Provider, key: &Key) -> (Gate, Open) {
    let gate = Gate::new();
    provider.script.once(Answer::json(200, &Turn::new().message()).pause_before_head(&gate));
    let open = open(world, key, "claude-busy", false).await;
    gate.reached().await;
    (gate, open)
}

#[tokio::test]
async fn whoever_waits_is_served_when_the_provider_is_free_each_user_in_turn() {
    let (world, provider) = world(json!({})).await;
    let (ada, bob) = (world.key().await, world.key().await);
    let (gate, first) = keep_busy(&world, &provider, &ada).await;
    let mut waits = Vec::new();
    for (n, (key, model)) in
        [(&ada, "claude-a1"), (&ada, "claude-a2"), (&ada, "claude-a3"), (&bob, "claude-b1")].into_iter().enumerate()
    {
        waits.push(open(&world, key, model, false).await);
        waiting(&world, u64::try_from(n).unwrap() + 1).await;
    }
    assert_eq!(provider.script.requests().len(), 1);
    gate.open();
    assert_eq!(reply(first).await.status, 200);
    let mut ids = Vec::new();
    for open in waits {
        let reply = reply(open).await;
        assert_eq!(reply.status, 200);
        ids.push(reply.call_id());
    }
    let served: Vec<String> = provider.script.requests().iter().map(Seen::model).collect();
    assert_eq!(served, ["claude-busy", "claude-a1", "claude-b1", "claude-a2", "claude-a3"]);
    waiting(&world, 0).await;
    let call = world.call(&ids[0]).await;
    let choices = call["decision"]["choices"].as_array().unwrap();
    assert_eq!(choices.len(), 1, "that nobody was free is no choice: {choices:?}");
    assert_eq!(call["n_attempts"], 1);
    assert!(call["attempts"][0]["queue_ms"].as_u64().unwrap() > 0, "{call}");
}

#[tokio::test]
async fn a_hard_limit_that_comes_while_a_call_waits_reserves_what_its_body_bounds() {
    let (world, provider) = world(json!({})).await;
    let (busy, key, model) = (world.key().await, world.key().await, world.priced_model().await);
    let (gate, first) = keep_busy(&world, &provider, &busy).await;
    let waits = open(&world, &key, &model, false).await;
    waiting(&world, 1).await;
    // Enough for this call, and far too little for a whole context window.
    let limits = json!({"limit_daily_usd": "0.5", "limit_mode": "hard"});
    world.patch(&format!("/admin/v1/keys/{}", key.id), &limits).await;
    gate.open();
    assert_eq!(reply(first).await.status, 200);
    let served = reply(waits).await;
    assert_eq!(served.status, 200);
    let call = world.call_of(&served).await;
    let reserved = &call["attempts"][0]["reserved_usd"];
    assert!(reserved.as_str().is_some_and(|usd| usd.starts_with("0.01")), "{call}");
}

#[tokio::test]
async fn a_place_that_is_kept_for_those_who_wait_is_no_limit_on_record() {
    let (world, provider) = world(json!({})).await;
    let other = world.provider_with("b", json!({"priority": 1, "models": ["claude-c"]})).await;
    let (ada, bob) = (world.key().await, world.key().await);
    let (gate, busy) = keep_busy(&world, &provider, &ada).await;
    let waits = open(&world, &ada, "claude-b", false).await;
    // As soon as it has said what it waits for.
    until("the place is kept for it", async || {
        let served = reply(open(&world, &bob, "claude-c", false).await).await;
        assert_eq!((served.status, served.header("x-switchyard-provider")), (200, Some(other.id.as_str())));
        let call = world.call_of(&served).await;
        (skip(&call["decision"]["choices"][0], &provider) == "awaited").then_some(())
    })
    .await;
    gate.open();
    assert_eq!((reply(busy).await.status, reply(waits).await.status), (200, 200));
}

#[tokio::test]
async fn who_does_not_wait_is_told_at_once() {
    let (world, provider) = world(json!({"waiting_max": 1})).await;
    let key = world.key().await;
    let (gate, _first) = keep_busy(&world, &provider, &key).await;
    let is_told = async |world: &World, agent: &str| {
        let request = world.request(&key, ask("claude-c", false).to_string()).header("user-agent", agent);
        let reply = request.send(world.hub.address).await;
        assert_eq!((reply.status, reply.header("retry-after")), (429, Some("1")), "{agent}");
    };
    // There is no room for a second one.
    let second = open(&world, &key, "claude-b", false).await;
    waiting(&world, 1).await;
    is_told(&world, "curl/8").await;
    // Its client leaves: there is room again.
    second.leave().await;
    waiting(&world, 0).await;
    let third = open(&world, &key, "claude-d", true).await;
    waiting(&world, 1).await;
    third.leave().await;
    waiting(&world, 0).await;
    world.patch("/admin/v1/settings", &json!({"waiting": "patient_only"})).await;
    is_told(&world, "claude-cli/2.1.80 (external, cli)").await;
    let patient = open(&world, &key, "claude-e", false).await;
    waiting(&world, 1).await;
    patient.leave().await;
    world.patch("/admin/v1/settings", &json!({"waiting": "off"})).await;
    waiting(&world, 0).await;
    is_told(&world, "curl/8").await;
    gate.open();
    let calls = world.calls_of(&key, 7).await;
    let left: Vec<&Value> = calls.iter().filter(|call| call["outcome"] == "abandoned").collect();
    assert_eq!(left.len(), 3);
    for call in left {
        assert_eq!((&call["n_attempts"], &call["attempts"]), (&json!(0), &json!([])), "{call}");
    }
    assert_eq!(provider.script.requests().len(), 1);
}

#[tokio::test]
async fn waiting_ends_with_its_bound() {
    let (world, provider) = world(json!({"waiting_ms": 1_000})).await;
    let key = world.key().await;
    let (gate, _first) = keep_busy(&world, &provider, &key).await;
    let mut late = reply(open(&world, &key, "claude-b", false).await).await;
    assert_eq!((late.status, late.header("retry-after")), (429, Some("1")));
    assert_eq!(late.json().await["error"]["type"], "rate_limit_error");
    let call = world.call_of(&late).await;
    assert_eq!((&call["outcome"], &call["error"]["cause"]), (&json!("rejected"), &json!("providers_limited")));
    assert!(call["duration_ms"].as_u64().unwrap() >= 1_000, "{call}");
    gate.open();
}

#[tokio::test]
async fn a_stream_that_waits_is_kept_alive_and_then_passed_on_as_it_comes() {
    let (world, provider) = world(json!({"keep_alive_after_ms": 0})).await;
    let key = world.key().await;
    let (gate, _first) = keep_busy(&world, &provider, &key).await;
    let mut kept = reply(open(&world, &key, "claude-b", true).await).await;
    assert_eq!((kept.status, kept.header("content-type")), (200, Some("text/event-stream; charset=utf-8")));
    let id = kept.call_id();
    assert_eq!(kept.read_until(PING).await, PING);
    let running = world.get(&format!("/admin/v1/calls/{id}")).await;
    assert_eq!(running["waiting"]["position"], 1, "{running}");
    assert!(running["running"].is_null() && running["outcome"].is_null());
    let proper = Turn::new().model("claude-b").answer(true);
    let last = Gate::new();
    provider.script.once(proper.clone().pause_after(EVENTS_TO_FIRST_CONTENT, &last));
    gate.open();
    last.reached().await;
    let running = world.get(&format!("/admin/v1/calls/{id}")).await;
    assert!(running["waiting"].is_null() && running["running"].is_object(), "{running}");
    last.open();
    let rest = kept.body().await;
    let rest = rest.strip_prefix(PING).unwrap_or(&rest);
    assert_eq!(String::from_utf8_lossy(rest), String::from_utf8(proper.body()).unwrap());
    let call = world.call(&id).await;
    assert_eq!((&call["outcome"], &call["status"], &call["n_attempts"]), (&json!("completed"), &json!(200), &json!(1)));
}

#[tokio::test]
async fn what_goes_wrong_after_the_wait_is_the_event_of_an_error() {
    let (world, provider) = world(json!({"keep_alive_after_ms": 0})).await;
    let key = world.key().await;
    let (gate, _first) = keep_busy(&world, &provider, &key).await;
    let mut kept = reply(open(&world, &key, "claude-b", true).await).await;
    kept.read_until(PING).await;
    let refusal = Answer::status(400);
    provider.script.once(refusal.clone());
    gate.open();
    let text = kept.text().await;
    let text = text.trim_start_matches(std::str::from_utf8(PING).unwrap());
    assert_eq!(text, format!("event: error\ndata: {}\n\n", String::from_utf8(refusal.body()).unwrap()));
    let call = world.call(&kept.call_id()).await;
    assert_eq!((&call["outcome"], &call["status"]), (&json!("refused"), &json!(200)), "{call}");
}

#[tokio::test]
async fn a_client_that_leaves_while_it_is_kept_alive_gives_its_place_up() {
    let (world, provider) = world(json!({"keep_alive_after_ms": 0})).await;
    let key = world.key().await;
    let (gate, _first) = keep_busy(&world, &provider, &key).await;
    let mut kept = reply(open(&world, &key, "claude-b", true).await).await;
    kept.read_until(PING).await;
    let id = kept.call_id();
    kept.leave().await;
    waiting(&world, 0).await;
    gate.open();
    let call = world.call(&id).await;
    assert_eq!((&call["outcome"], &call["n_attempts"]), (&json!("abandoned"), &json!(0)), "{call}");
    assert_eq!(provider.script.requests().len(), 1);
}

#[tokio::test]
async fn a_place_that_another_replica_frees_is_found() {
    let (redis, _) = crate::redis::start().await;
    let dsn = crate::postgres::database().await;
    let setup = || Setup::bare().with_dsn(&dsn).set("REDIS_URL", &redis);
    let (first, second) = (World::with(setup()).await, World::with(setup()).await);
    first.patch("/admin/v1/settings", &json!({"waiting": "on"})).await;
    let provider = first.provider_with("a", json!({"limit_concurrent_requests": 1})).await;
    let key = first.key().await;
    let (gate, busy) = keep_busy(&first, &provider, &key).await;
    until("the second replica knows the key", async || {
        // Who is not known is told so before anybody looks at the body.
        (second.request(&key, "{").send(second.hub.address).await.status == 400).then_some(())
    })
    .await;
    let late = open(&second, &key, "claude-b", false).await;
    waiting(&second, 1).await;
    gate.open();
    assert_eq!((reply(busy).await.status, reply(late).await.status), (200, 200));
}

#[tokio::test]
async fn a_provider_that_is_added_meanwhile_serves() {
    let (world, provider) = world(json!({})).await;
    let key = world.key().await;
    let (gate, busy) = keep_busy(&world, &provider, &key).await;
    let late = open(&world, &key, "claude-b", false).await;
    waiting(&world, 1).await;
    let added = world.provider("b").await;
    let late = reply(late).await;
    assert_eq!((late.status, late.header("x-switchyard-provider")), (200, Some(added.id.as_str())));
    gate.open();
    assert_eq!(reply(busy).await.status, 200);
}

#[tokio::test]
async fn whoever_may_no_longer_ask_does_not_wait_on() {
    let (world, provider) = world(json!({})).await;
    let (ada, bob) = (world.key().await, world.key().await);
    let (gate, busy) = keep_busy(&world, &provider, &ada).await;
    let disabled = open(&world, &bob, "claude-b", false).await;
    waiting(&world, 1).await;
    world.patch(&format!("/admin/v1/keys/{}", bob.id), &json!({"enabled": false})).await;
    let mut disabled = reply(disabled).await;
    refused(&mut disabled, 401, "authentication_error").await;
    let restricted = open(&world, &ada, "claude-c", false).await;
    waiting(&world, 1).await;
    world.patch(&format!("/admin/v1/keys/{}", ada.id), &json!({"models": ["claude-d"]})).await;
    let mut restricted = reply(restricted).await;
    refused(&mut restricted, 403, "permission_error").await;
    waiting(&world, 0).await;
    gate.open();
    assert_eq!(reply(busy).await.status, 200, "what runs goes on");
    assert_eq!(provider.script.requests().len(), 1);
}

#[tokio::test]
async fn the_end_of_a_hold_is_waited_for() {
    let world = World::alone().await;
    world.patch("/admin/v1/settings", &json!({"waiting": "on"})).await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let hold = async |what: &str, body: Value| {
        let path = format!("/admin/v1/providers/{}/{what}", provider.id);
        let (status, answer) = world.admin("POST", &path, &body).await;
        assert!((200..300).contains(&status), "{what}: {status} {answer}");
    };
    // Nobody knows when this ends.
    hold("pause", json!({})).await;
    assert_eq!(reply(open(&world, &key, "claude-a", false).await).await.status, 503);
    // This ends by itself.
    hold("pause", json!({"duration_s": 2})).await;
    assert_eq!(reply(open(&world, &key, "claude-b", false).await).await.status, 200);
    // This would take longer than anybody waits here, but for an operator.
    hold("pause", json!({"duration_s": 200})).await;
    let open = open(&world, &key, "claude-c", false).await;
    waiting(&world, 1).await;
    hold("resume", Value::Null).await;
    assert_eq!(reply(open).await.status, 200);
    assert_eq!(provider.script.requests().len(), 2);
}
