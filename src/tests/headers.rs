//! Which headers pass, in which direction.

use serde_json::json;

use crate::{
    client::Request,
    patience::within,
    upstream::{Answer, End, Gate, Turn},
    world::{UPSTREAM_SECRET, World, ask},
};

#[tokio::test]
async fn every_header_of_the_protocol_passes_verbatim() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let beta = "context-1m-2025-08-07,interleaved-thinking-2025-05-14, oauth-2025-04-20";
    let request = Request::post("/v1/messages", ask("claude-sonnet-4-5", false).to_string())
        .header("x-api-key", &world.key().await.secret)
        .header("anthropic-version", "2023-06-01")
        .header("anthropic-beta", beta)
        .header("Anthropic-Beta", "second-line")
        .header("anthropic-dangerous-direct-browser-access", "true")
        .header("anthropic-something-of-tomorrow", "  spaces inside  stay ")
        .header("x-stainless-retry-count", "0")
        .header("user-agent", "claude-cli/2.1.214 (external, cli)")
        .header("x-app", "cli");
    assert_eq!(request.send(world.hub.address).await.status, 200);
    let seen = provider.script.only_request();
    assert_eq!(seen.all("anthropic-version"), ["2023-06-01"]);
    assert_eq!(seen.all("anthropic-beta"), [beta, "second-line"]);
    assert_eq!(seen.all("anthropic-dangerous-direct-browser-access"), ["true"]);
    assert_eq!(seen.all("anthropic-something-of-tomorrow"), ["spaces inside  stay"]);
    assert_eq!(seen.all("user-agent"), ["claude-cli/2.1.214 (external, cli)"]);
    assert_eq!(seen.all("x-app"), ["cli"]);
    assert_eq!(seen.all("content-type"), ["application/json"]);
}

#[tokio::test]
async fn nothing_of_the_caller_leaks_to_the_provider() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let body = ask("claude-sonnet-4-5", false).to_string();
    let request = Request::post("/v1/messages", body.clone())
        .header("x-api-key", &key.secret)
        .header("authorization", format!("Bearer {}", key.secret))
        .header("cookie", "session=private")
        .header("api-key", "private")
        .header("x-auth-token", "private")
        .header("x-amz-security-token", "private")
        .header("proxy-authorization", "Basic cHJpdmF0ZQ==")
        .header("connection", "keep-alive, x-private-hop")
        .header("x-private-hop", "private")
        .header("keep-alive", "timeout=5")
        .header("te", "trailers")
        .header("accept-encoding", "gzip, br")
        .header("x-forwarded-for", "10.9.8.7")
        .header("x-forwarded-host", "private.example")
        .header("x-forwarded-proto", "https")
        .header("x-real-ip", "10.9.8.7")
        .header("forwarded", "for=10.9.8.7")
        .header("via", "1.1 private")
        .header("expect", "100-continue");
    let reply = request.send(world.hub.address).await;
    assert_eq!(reply.status, 200);
    let seen = provider.script.only_request();
    for name in [
        "cookie",
        "proxy-authorization",
        "x-private-hop",
        "keep-alive",
        "te",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-real-ip",
        "forwarded",
        "via",
        "expect",
        "transfer-encoding",
    ] {
        assert!(seen.all(name).is_empty(), "{name} reached the provider:\n{}", seen.head);
    }
    assert_eq!(seen.all("accept-encoding"), ["identity"]);
    for private in [key.secret.as_str(), "10.9.8.7", "private"] {
        assert!(!seen.head.contains(private), "{private} reached the provider:\n{}", seen.head);
    }
    assert_eq!(seen.all("host"), [crate::upstream::address().to_string()]);
    assert_eq!(seen.all("content-length"), [body.len().to_string()]);
}

#[tokio::test]
async fn the_provider_gets_its_own_secret_and_its_fixed_headers() {
    let world = World::shared().await;
    let headers = json!({"x-tenant": "blue", "anthropic-beta": "fixed-2026-01-01"});
    let provider = world.provider_with("a", json!({"headers": headers})).await;
    assert_eq!(world.message(&world.key().await).await.status, 200);
    let seen = provider.script.only_request();
    assert_eq!(seen.all("x-api-key"), [UPSTREAM_SECRET]);
    assert_eq!(seen.all("x-tenant"), ["blue"]);
    assert!(seen.all("anthropic-beta").contains(&"fixed-2026-01-01"));
}

#[tokio::test]
async fn a_default_version_is_not_invented_over_the_callers() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let request = Request::post("/v1/messages", ask("claude-sonnet-4-5", false).to_string())
        .header("x-api-key", &world.key().await.secret)
        .header("anthropic-version", "2099-01-01");
    assert_eq!(request.send(world.hub.address).await.status, 200);
    assert_eq!(provider.script.only_request().all("anthropic-version"), ["2099-01-01"]);
}

#[tokio::test]
async fn only_the_listed_headers_of_an_answer_reach_the_client() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let answer = Turn::new()
        .answer(false)
        .header("cache-control", "no-store")
        .header("request-id", "req_011CQ")
        .header("retry-after", "7")
        .header("x-should-retry", "false")
        .header("anthropic-ratelimit-tokens-remaining", "1000")
        .header("anthropic-fast-input-tokens-limit", "5")
        .header("anthropic-ratelimit-unified-status", "allowed")
        .header("anthropic-ratelimit-unified-5h-reset", "1790000000")
        .header("anthropic-organization-id", "org-private")
        .header("set-cookie", "__cf=private")
        .header("server", "cloudflare")
        .header("via", "1.1 google")
        .header("cf-ray", "private")
        .header("location", "https://elsewhere.example/")
        .header("strict-transport-security", "max-age=1")
        .header("x-switchyard-call-id", "forged")
        .header("x-powered-by", "private");
    provider.script.always(answer);
    let reply = world.message(&world.key().await).await;
    assert_eq!(reply.status, 200);
    let mut names: Vec<&str> = reply.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let expected = [
        "anthropic-fast-input-tokens-limit",
        "anthropic-ratelimit-tokens-remaining",
        "cache-control",
        "content-length",
        "content-type",
        "date",
        "request-id",
        "retry-after",
        "x-should-retry",
        "x-switchyard-call-id",
        "x-switchyard-provider",
    ];
    assert_eq!(names, expected);
    assert_eq!(reply.header("request-id"), Some("req_011CQ"));
    assert_eq!(reply.header("retry-after"), Some("7"));
    assert_eq!(reply.header("x-switchyard-provider"), Some(provider.id.as_str()));
    assert_eq!(world.call_of(&reply).await["attempts"][0]["upstream_request_id"], "req_011CQ");
}

#[tokio::test]
async fn a_setting_shows_the_providers_own_headers() {
    let world = World::alone().await;
    let provider = world.provider("a").await;
    let answer = Turn::new()
        .answer(false)
        .header("anthropic-ratelimit-unified-status", "allowed")
        .header("anthropic-organization-id", "org-1");
    provider.script.always(answer);
    let key = world.key().await;
    world.patch("/admin/v1/settings", &json!({"expose_provider_headers": true})).await;
    let reply = world.message(&key).await;
    assert_eq!(reply.header("anthropic-ratelimit-unified-status"), Some("allowed"));
    assert_eq!(reply.header("anthropic-organization-id"), Some("org-1"));
}

#[tokio::test]
async fn an_error_of_the_provider_passes_with_its_body_and_its_headers() {
    let world = World::shared().await;
    let provider = world.provider_with("a", json!({"max_attempts": 1})).await;
    let key = world.key().await;
    for status in [400, 401, 402, 403, 404, 413, 422, 429, 500, 502, 503, 504, 529] {
        let body = format!(
            r#"{{ "type":"error", "error":{{"type":"odd_error","message":"wörd {status}","details":null}},"request_id" : "req_1"}} "#
        );
        let answer = Answer::new(status, "application/json", body.clone())
            .header("request-id", "req_1")
            .header("retry-after", "13")
            .header("x-should-retry", "true");
        world.well_again(&provider).await;
        provider.script.always(answer);
        let mut reply = world.stream(&key).await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.header("retry-after"), Some("13"));
        assert_eq!(reply.header("x-should-retry"), Some("true"));
        assert_eq!(reply.header("request-id"), Some("req_1"));
        assert_eq!(reply.header("x-switchyard-provider"), Some(provider.id.as_str()));
        assert_eq!(reply.text().await, body);
        let call = world.call_of(&reply).await;
        let outcome = if status < 500 { "refused" } else { "failed" };
        assert_eq!((&call["outcome"], &call["status"]), (&json!(outcome), &json!(status)), "{call}");
        assert_eq!(call["cost_usd"], "0");
    }
}

#[tokio::test]
async fn every_answer_of_the_relay_carries_the_id_of_its_call() {
    let world = World::shared().await;
    let mut ids = Vec::new();
    for (method, path) in [
        ("GET", "/v1"),
        ("GET", "/v1/nothing"),
        ("POST", "/v1/messages"),
        ("POST", "/v1/messages/count_tokens"),
        ("GET", "/v1/models"),
    ] {
        let reply = Request::new(method, path).header("x-forwarded-for", &world.address).send(world.hub.address).await;
        let id = reply.call_id();
        assert!(id.len() >= 32, "{method} {path}: {id}");
        ids.push(id);
    }
    let key = world.key().await;
    ids.push(world.message(&key).await.call_id());
    ids.push(world.request(&key, "no json").send(world.hub.address).await.call_id());
    let n = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), n, "{ids:?}");
}

/// Bytes that look like nothing, as those of a compressed stream do; among them what would end an event.
fn compressed() -> Vec<Vec<u8>> {
    let piece = |seed: u8| (0..=255_u8).map(|byte| byte.wrapping_mul(seed)).chain(*b"\n\nevent: error\n").collect();
    vec![piece(3), piece(5), piece(7)]
}

#[tokio::test]
async fn a_stream_that_is_compressed_all_the_same_passes_as_it_comes() {
    let world = World::shared().await;
    let a = world.provider_with("a", json!({"priority": 0, "max_attempts": 1})).await;
    let b = world.provider_with("b", json!({"priority": 1})).await;
    let (gate, key) = (Gate::new(), world.key().await);
    let pieces = compressed();
    let answer = Answer::events(pieces.clone()).header("content-encoding", "gzip");
    a.script.once(answer.clone().pause_after(2, &gate));
    let mut reply = world.stream(&key).await;
    assert_eq!((reply.status, reply.header("content-encoding")), (200, Some("gzip")));
    // The first piece is there as soon as the second has come, although nothing in it can be an event.
    assert_eq!(within("the first piece", reply.try_chunk()).await.unwrap().unwrap(), pieces[0]);
    gate.open();
    assert_eq!(reply.body().await, pieces[1..].concat());
    let call = world.call_of(&reply).await;
    assert_eq!((&call["outcome"], &call["token_source"]), (&json!("completed"), &json!("estimated")), "{call}");
    let usage = &call["usage"];
    assert!(usage["input"].as_u64().unwrap() > 0 && usage["output"].as_u64().unwrap() > 0, "{call}");

    // One that is cut must not look whole to its client.
    a.script.once(answer.cut_after(2, End::Close));
    let mut reply = world.stream(&key).await;
    let (got, whole) = reply.drain().await;
    assert_eq!((got, whole), (pieces[..2].concat(), false));
    let call = world.call_of(&reply).await;
    assert_eq!((&call["outcome"], &call["token_source"]), (&json!("interrupted"), &json!("estimated")), "{call}");
    assert!(b.script.requests().is_empty());
}

#[tokio::test]
async fn the_last_bytes_of_a_stream_that_nobody_can_read_pass_when_it_is_settled() {
    let world = World::alone().await;
    let provider = world.provider("a").await;
    let (gate, key, pieces) = (Gate::new(), world.key().await, compressed());
    let answer = Answer::events(pieces.clone()).header("content-encoding", "gzip");
    provider.script.once(answer.clone().pause_after(3, &gate));
    let mut reply = world.stream(&key).await;
    assert_eq!(reply.read_until(&pieces[1]).await, pieces[..2].concat());
    gate.reached().await;
    // The third piece has come too. It may be the last: nobody gets it before the call is settled.
    world.hub.kill();
    assert_eq!(reply.drain().await, (Vec::new(), false));
    world.hub.start_again().await;
    assert_eq!(world.call_of(&reply).await["outcome"], "interrupted");

    provider.script.once(answer);
    let mut reply = world.stream(&key).await;
    assert_eq!(reply.read_until(&pieces[2]).await, pieces.concat());
    world.hub.kill();
    world.hub.start_again().await;
    assert_eq!(world.call_of(&reply).await["outcome"], "completed");
}
