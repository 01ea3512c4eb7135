//! A provider that fails before anything reached the client: another one serves, and the record says why.

use serde_json::{Value, json};

use crate::{
    auth::refused,
    client::Request,
    hub::Setup,
    reaper,
    routing::skip,
    upstream::{
        Answer, End, Seen, Turn,
        turn::{error_event, event},
    },
    world::{Key, Provider, World, ask, merge},
};

/// Two providers, `a` before `b`, and a key. Each is tried once.
async fn two(world: &World, a: Value) -> (Provider, Provider, Key) {
    (
        world.provider_with("a", merge(json!({"priority": 0, "max_attempts": 1}), a)).await,
        world.provider_with("b", json!({"priority": 1, "max_attempts": 1})).await,
        world.key().await,
    )
}

/// The provider answers so from now on. Only what has to run out is short: a busy machine must not add a fault.
async fn answers(world: &World, provider: &Provider, answer: Answer) {
    let ms = if answer.end() == End::Stall { json!(2_000) } else { Value::Null };
    let times = json!({"first_byte_timeout_ms": ms, "idle_timeout_ms": ms, "total_timeout_ms": ms});
    world.patch(&format!("/admin/v1/providers/{}", provider.id), &times).await;
    provider.script.always(answer);
}

/// Every way to fail before there is content, with the status the record shows for it.
fn failures() -> Vec<(&'static str, Answer, Option<u16>)> {
    let sse = |events: Vec<String>| Answer::events(events);
    let start = || Turn::new().events().remove(0);
    let overloaded = || error_event("overloaded_error", "Overloaded");
    let mut failures: Vec<_> = [401, 402, 403, 429, 500, 502, 503, 504, 529]
        .map(|status| ("an error status", Answer::status(status), Some(status)))
        .into_iter()
        .collect();
    failures.extend([
        ("rate limited with a date", Answer::status(429).header("retry-after", "30"), Some(429)),
        ("a redirect", Answer::new(302, "text/html", "").header("location", "http://127.0.0.1:9/"), Some(302)),
        ("reset before the head", Answer::nothing(End::Reset), None),
        ("closed before the head", Answer::nothing(End::Close), None),
        ("silent before the head", Answer::nothing(End::Stall), None),
        ("no HTTP", Answer::garbage("SSH-2.0-OpenSSH_9.2\r\n"), None),
        ("half a head", Answer::garbage("HTTP/1.1 200 OK\r\ncontent-ty"), None),
        ("a web page", Answer::new(200, "text/html", "<html>Please log in</html>"), None),
        ("an empty answer", Answer::new(200, "application/json", ""), None),
        ("plain text", Answer::new(200, "text/plain", "Try again later."), None),
        ("an error event first", sse(vec![overloaded()]), None),
        ("an error event before content", sse(vec![start(), event("ping", json!({})), overloaded()]), None),
        ("an empty stream", sse(vec![]), None),
        ("a stream cut before content", sse(vec![start()]).ends(End::Close), None),
        ("a stream reset before content", sse(vec![start()]).ends(End::Reset), None),
        ("a stream that stalls at once", sse(vec![]).ends(End::Stall), None),
    ]);
    failures
}

#[tokio::test]
async fn whatever_happens_to_the_first_provider_the_second_one_serves_the_stream() {
    let world = World::shared().await;
    let (a, b, key) = two(&world, json!({})).await;
    for (what, answer, status) in failures() {
        let asked = b.script.requests().len();
        answers(&world, &a, answer).await;
        let mut reply = world.stream(&key).await;
        assert_eq!(reply.status, 200, "{what}");
        assert_eq!(reply.header("x-switchyard-provider"), Some(b.id.as_str()), "{what}");
        assert_eq!(reply.text().await, Turn::new().events().concat(), "{what}");
        assert_eq!(b.script.requests().len(), asked + 1, "{what}");
        check_chain(&world.call_of(&reply).await, &a, &b, what, status);
        world.well_again(&a).await;
    }
}

#[tokio::test]
async fn whatever_happens_to_the_first_provider_the_second_one_serves_the_message() {
    let world = World::shared().await;
    let (a, b, key) = two(&world, json!({})).await;
    let mut failures = failures();
    failures.retain(|(what, ..)| !what.contains("event") && !what.contains("stream"));
    let error = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    failures.push(("an error with status 200", Answer::json(200, &error), None));
    for (what, answer, status) in failures {
        answers(&world, &a, answer).await;
        let mut reply = world.message(&key).await;
        assert_eq!(reply.status, 200, "{what}");
        assert_eq!(reply.header("x-switchyard-provider"), Some(b.id.as_str()), "{what}");
        assert_eq!(reply.json().await, Turn::new().message(), "{what}");
        check_chain(&world.call_of(&reply).await, &a, &b, what, status);
        world.well_again(&a).await;
    }
}

/// The record of a call that `a` failed and `b` served.
fn check_chain(call: &Value, a: &Provider, b: &Provider, what: &str, status: Option<u16>) {
    assert_eq!((&call["outcome"], &call["provider_id"]), (&json!("completed"), &json!(b.id)), "{what}: {call}");
    let attempts = call["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{what}: {call}");
    let [first, second] = [&attempts[0], &attempts[1]];
    assert_eq!((&first["provider_id"], &first["result"]), (&json!(a.id), &json!("failed")), "{what}: {first}");
    assert_eq!((&second["provider_id"], &second["result"]), (&json!(b.id), &json!("completed")), "{what}: {second}");
    assert!(first["error"]["cause"].is_string() && first["error"]["message"].is_string(), "{what}: {first}");
    if let Some(status) = status {
        assert_eq!(first["status"], status, "{what}: {first}");
    }
    // What began with a report of what it used is charged by that, and its prompt by an estimate where the provider has
    // the request and the hub's own time ran out; all else that failed costs nothing.
    let has_begun = first["model_served"].is_string();
    let is_given_up = first["error"]["cause"].as_str().unwrap().ends_with("_timeout");
    let may_be_served = first["status"].as_u64().is_none_or(|status| status == 200);
    let source = match (has_begun, is_given_up && may_be_served) {
        (true, _) => "partial",
        (false, true) => "estimated",
        (false, false) => "none",
    };
    assert_eq!(first["token_source"], source, "{what}: {first}");
    let input = first["usage"]["input"].as_u64().unwrap();
    assert!(if has_begun { input == 127 } else { (input > 0) == (source == "estimated") }, "{what}: {first}");
    assert_eq!(call["cost_usd"] == second["cost_usd"], source == "none", "{what}: {call}");

    let choices = call["decision"]["choices"].as_array().unwrap();
    assert_eq!(choices.len(), 2, "{what}: {call}");
    assert_eq!((&choices[0]["provider_id"], &choices[0]["attempt_id"]), (&json!(a.id), &first["id"]), "{what}");
    assert_eq!((&choices[1]["provider_id"], &choices[1]["attempt_id"]), (&json!(b.id), &second["id"]), "{what}");
    assert_eq!(choices[0]["verdict"]["next"], "switch", "{what}: {call}");
    assert_eq!(choices[1]["verdict"], Value::Null, "{what}: {call}");
    let candidate = |choice: &Value, id: &str| {
        let candidates = choice["candidates"].as_array().unwrap();
        candidates.iter().find(|candidate| candidate["provider_id"] == id).unwrap_or_else(|| panic!("{choice}")).clone()
    };
    assert_eq!(candidate(&choices[0], &a.id)["skip"], Value::Null);
    assert_eq!(candidate(&choices[1], &a.id)["skip"], "tried");
    assert_eq!(candidate(&choices[1], &b.id)["skip"], Value::Null);
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_passed_over() {
    let world = World::shared().await;
    let closed = reaper::free_port();
    let (a, b, key) = two(&world, json!({"base_url": format!("http://127.0.0.1:{closed}")})).await;
    for reply in [world.stream(&key).await, world.message(&key).await] {
        assert_eq!(reply.header("x-switchyard-provider"), Some(b.id.as_str()));
        let call = world.call_of(&reply).await;
        assert_eq!(call["attempts"][0]["provider_id"], json!(a.id));
        assert_eq!(call["attempts"][0]["error"]["cause"], "connect", "{call}");
    }
}

#[tokio::test]
async fn a_provider_that_is_left_out_for_no_limit_is_not_said_to_be_at_one() {
    let (redis, mut process) = crate::redis::start().await;
    let world = World::with(Setup::usual().await.set("REDIS_URL", &redis)).await;
    world.patch("/admin/v1/settings", &json!({"refuse_unbounded": true})).await;
    let (hard, other, key) = two(&world, json!({"limit_daily_usd": "50", "limit_mode": "hard"})).await;
    let check = async |body: &Value, why: &str| {
        let reply = world.anew(&key, body).await;
        assert_eq!((reply.status, reply.header("x-switchyard-provider")), (200, Some(other.id.as_str())), "{why}");
        let call = world.call_of(&reply).await;
        assert_eq!(skip(&call["decision"]["choices"][0], &hard), why, "{call}");
    };
    let mut unbounded = ask("claude-sonnet-4-5", false);
    let source = json!({"type": "url", "url": "https://a.example/a.png"});
    unbounded["messages"][0]["content"] = json!([{"type": "image", "source": source}]);
    check(&unbounded, "unbounded").await;
    let path = format!("/admin/v1/providers/{}", other.id);
    world.patch(&path, &json!({"enabled": false})).await;
    let mut reply = world.anew(&key, &unbounded).await;
    refused(&mut reply, 400, "invalid_request_error").await;
    assert_eq!(world.call_of(&reply).await["error"]["cause"], "unbounded");
    world.patch(&path, &json!({"enabled": true})).await;
    process.kill().unwrap();
    process.wait().unwrap();
    reaper::forget(process.id());
    check(&ask("claude-sonnet-4-5", false), "limits_away").await;
}

#[tokio::test]
async fn a_mistake_of_the_client_is_not_tried_elsewhere() {
    let world = World::shared().await;
    let (a, b, key) = two(&world, json!({})).await;
    for status in [400, 404, 413, 422] {
        a.script.always(Answer::status(status));
        let mut reply = world.stream(&key).await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.json().await["error"]["message"], format!("upstream says {status}"));
        let call = world.call_of(&reply).await;
        assert_eq!(
            (&call["outcome"], &call["attempts"][0]["result"]),
            (&json!("refused"), &json!("delivered")),
            "{call}"
        );
        assert_eq!(call["decision"]["choices"][0]["verdict"]["blame"], "caller", "{call}");
    }
    assert!(b.script.requests().is_empty());
}

#[tokio::test]
async fn when_all_fail_the_last_answer_is_delivered_as_it_came() {
    let world = World::shared().await;
    let (a, b, key) = two(&world, json!({})).await;
    a.script.always(Answer::status(500));
    let body = r#"{ "type":"error","error":{"type":"overloaded_error","message":"b is busy"}}"#;
    b.script
        .always(Answer::new(529, "application/json", body).header("retry-after", "3").header("request-id", "req_b"));
    for stream in [false, true] {
        world.well_again(&b).await;
        let mut reply = world.messages(&key, &ask("claude-sonnet-4-5", stream)).await;
        assert_eq!((reply.status, reply.header("retry-after")), (529, Some("3")));
        assert_eq!(reply.header("x-switchyard-provider"), Some(b.id.as_str()));
        assert_eq!(reply.header("request-id"), Some("req_b"));
        assert_eq!(reply.text().await, body);
        let call = world.call_of(&reply).await;
        assert_eq!((&call["outcome"], &call["status"]), (&json!("failed"), &json!(529)), "{call}");
        assert_eq!(call["attempts"].as_array().unwrap().len(), 2);
        assert_eq!(call["cost_usd"], "0");
    }
}

#[tokio::test]
async fn an_answer_counts_more_than_a_later_silence() {
    let world = World::shared().await;
    let (a, b, key) = two(&world, json!({})).await;
    let body = r#"{"type":"error","error":{"type":"rate_limit_error","message":"a is limited"}}"#;
    a.script.always(Answer::new(429, "application/json", body));
    b.script.always(Answer::nothing(End::Reset));
    let mut reply = world.stream(&key).await;
    assert_eq!((reply.status, reply.header("x-switchyard-provider")), (429, Some(a.id.as_str())));
    assert_eq!(reply.text().await, body);
    assert_eq!(world.call_of(&reply).await["attempts"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn without_any_answer_the_hub_speaks_for_itself() {
    let world = World::shared().await;
    let provider = world.provider_with("a", json!({"max_attempts": 1})).await;
    let key = world.key().await;
    for (end, status, kind) in
        [(End::Reset, 502, "api_error"), (End::Close, 502, "api_error"), (End::Stall, 504, "timeout_error")]
    {
        answers(&world, &provider, Answer::nothing(end)).await;
        for stream in [false, true] {
            let mut reply = world.messages(&key, &ask("claude-sonnet-4-5", stream)).await;
            refused(&mut reply, status, kind).await;
            let call = world.call_of(&reply).await;
            assert_eq!((&call["outcome"], &call["status"]), (&json!("failed"), &json!(status)), "{call}");
            assert_eq!(call["provider_id"], provider.id, "{call}");
            // Whom the hub did not wait for may be at work.
            assert_eq!(call["cost_usd"] == "0", end != End::Stall, "{call}");
        }
    }
}

#[tokio::test]
async fn an_error_event_with_nobody_left_becomes_the_status_it_stands_for() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    for (kind, status) in [
        ("overloaded_error", 529),
        ("api_error", 500),
        ("rate_limit_error", 429),
        ("authentication_error", 401),
        ("permission_error", 403),
        ("timeout_error", 504),
        ("invalid_request_error", 400),
        ("not_found_error", 404),
        ("request_too_large", 413),
    ] {
        let data = format!(r#"{{"type":"error", "error":{{"type":"{kind}","message":"wörd"}} ,"request_id":"req_7"}}"#);
        provider.script.always(Answer::events([format!("event: error\ndata: {data}\n\n")]));
        let mut reply = world.stream(&key).await;
        assert_eq!(reply.status, status, "{kind}");
        assert_eq!(reply.header("content-type"), Some("application/json"), "{kind}");
        assert_eq!(reply.text().await, data);
        let call = world.call_of(&reply).await;
        assert_eq!(call["status"], status, "{call}");
        assert_eq!(call["outcome"], if status < 500 { "refused" } else { "failed" }, "{call}");
        world.well_again(&provider).await;
    }
}

#[tokio::test]
async fn a_mistake_of_the_client_told_inside_the_stream_is_not_tried_elsewhere() {
    let world = World::shared().await;
    let (a, b, key) = two(&world, json!({})).await;
    let start = Turn::new().events().remove(0);
    a.script.always(Answer::events([start, error_event("invalid_request_error", "prompt is too long")]));
    let mut reply = world.stream(&key).await;
    assert_eq!(reply.status, 400);
    assert_eq!(reply.json().await["error"]["message"], "prompt is too long");
    assert!(b.script.requests().is_empty());
}

#[tokio::test]
async fn an_error_with_status_200_and_nobody_left_becomes_the_status_it_stands_for() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let error = r#"{"type":"error", "error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    provider.script.always(Answer::new(200, "application/json", error));
    let key = world.key().await;
    for stream in [false, true] {
        let mut reply = world.messages(&key, &ask("claude-sonnet-4-5", stream)).await;
        assert_eq!((reply.status, reply.text().await.as_str()), (529, error));
        assert_eq!(world.call_of(&reply).await["outcome"], "failed");
    }
}

#[tokio::test]
async fn both_providers_get_the_body_as_the_client_has_sent_it() {
    let world = World::shared().await;
    let redirects = json!([{"from": "claude-*", "to": "other-model"}]);
    let (a, b, key) = two(&world, json!({"redirects": redirects})).await;
    a.script.always(Answer::status(500));
    let body = r#"{ "model" : "claude-sonnet-4-5", "max_tokens":5, "stream":true, "messages":[] }"#;
    let reply = world.request(&key, body).send(world.hub.address).await;
    assert_eq!(reply.status, 200);
    assert_eq!(a.script.only_request().body, body.replace("claude-sonnet-4-5", "other-model").as_bytes());
    assert_eq!(b.script.only_request().body, body.as_bytes());
    let call = world.call_of(&reply).await;
    let sent: Vec<&Value> = call["attempts"].as_array().unwrap().iter().map(|attempt| &attempt["model_sent"]).collect();
    assert_eq!(sent, ["other-model", "claude-sonnet-4-5"]);
}

#[tokio::test]
async fn counting_tokens_and_listing_models_pass_through_for_free() {
    let world = World::shared().await;
    let (a, b, key) = two(&world, json!({})).await;
    let headers = |request: Request| {
        request
            .header("authorization", format!("Bearer {}", key.secret))
            .header("anthropic-version", "2023-06-01")
            .header("anthropic-beta", "token-counting-2024-11-01")
            .header("x-forwarded-for", &world.address)
    };
    let body = r#"{ "model":"claude-sonnet-4-5" ,"messages":[{"role":"user","content":"hi"}] }"#;
    let count = headers(Request::post("/v1/messages/count_tokens?beta=true", body));
    let models = headers(Request::get("/v1/models?limit=1000"));
    let check = async |provider: &Provider, n: usize| {
        let mut ids = Vec::new();
        let mut reply = count.send(world.hub.address).await;
        assert_eq!((reply.status, reply.json().await), (200, json!({"input_tokens": 2095})));
        assert_eq!(reply.header("x-switchyard-provider"), Some(provider.id.as_str()));
        ids.push(reply.call_id());
        let mut reply = models.send(world.hub.address).await;
        assert_eq!((reply.status, &reply.json().await["data"][0]["id"]), (200, &json!("claude-sonnet-4-5")));
        ids.push(reply.call_id());
        let seen: Vec<Seen> = provider.script.requests()[n..].to_vec();
        assert_eq!(seen[0].target, "/v1/messages/count_tokens?beta=true");
        assert_eq!(
            (seen[0].body.as_slice(), seen[0].all("anthropic-beta")),
            (body.as_bytes(), vec!["token-counting-2024-11-01"])
        );
        assert_eq!((seen[1].method.as_str(), seen[1].target.as_str()), ("GET", "/v1/models?limit=1000"));
        assert!(seen[1].body.is_empty() && !seen[1].head.contains(&key.secret));
        ids
    };
    let mut ids = check(&a, 0).await;
    a.script.always(Answer::status(529));
    ids.extend(check(&b, 0).await);
    // A call that is recorded after them shows that they will not be.
    let reply = world.message(&key).await;
    world.call_of(&reply).await;
    for id in ids {
        assert!(world.rows(&format!("select id from calls where id = '{id}'")).await.is_empty(), "{id} is recorded");
    }
}

#[tokio::test]
async fn a_provider_that_closes_its_connections_between_requests_is_not_blamed() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    for n in 0..20 {
        let stream = n % 2 == 0;
        let answer = Turn::new().answer(stream);
        // Streams end with their last chunk here, then the connection goes without a word.
        provider.script.once(if stream { answer } else { answer.then_close() });
        let mut reply = world.messages(&key, &ask("claude-sonnet-4-5", stream)).await;
        assert_eq!(reply.status, 200, "{n}");
        reply.body().await;
        assert_eq!(world.call_of(&reply).await["n_attempts"], 1, "{n}");
    }
}
