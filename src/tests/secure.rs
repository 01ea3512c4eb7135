//! Providers behind TLS, by HTTP/1.1 and by HTTP/2, as every real one is.

use serde_json::{Value, json};

use crate::{
    client::Reply,
    proxies::{Kind, Proxy},
    upstream::{
        self, Gate, Seen, Turn,
        tls::{self, Front, Speaks},
    },
    world::{Key, Provider, UPSTREAM_SECRET, World, ask},
};

/// A provider whose server is this one.
async fn behind(world: &World, front: &Front, fields: Value) -> Provider {
    let provider = world.provider_with("a", fields).await;
    let base = provider
        .script
        .url()
        .replace(&format!("http://{}", upstream::address()), &format!("https://{}", front.address));
    let change = json!({"base_url": base, "secret": UPSTREAM_SECRET});
    world.patch(&format!("/admin/v1/providers/{}", provider.id), &change).await;
    provider
}

/// Status, headers without those that differ from call to call, and body.
async fn answer(mut reply: Reply) -> (u16, Vec<(String, String)>, String) {
    let differ = ["x-switchyard-call-id", "x-switchyard-provider", "date"];
    let mut headers = reply.headers.clone();
    headers.retain(|(name, _)| !differ.contains(&name.as_str()));
    headers.sort();
    (reply.status, headers, reply.text().await)
}

/// What arrived: the head's fields, in order of their names, without the host; and the body.
fn arrived(seen: &Seen) -> (String, String, Vec<(String, String)>, Vec<u8>) {
    let mut headers = seen.headers.clone();
    headers.retain(|(name, _)| name != "host");
    headers.sort();
    (seen.method.clone(), seen.target.clone(), headers, seen.body.clone())
}

/// One message and one stream, compared with those of a provider without TLS.
async fn same_as_plain(world: &World, key: &Key, provider: &Provider) {
    let plain_world = world.another();
    let plain = plain_world.provider("plain").await;
    let plain_key = plain_world.key().await;
    for (n, stream) in [false, true].into_iter().enumerate() {
        let body = ask("claude-sonnet-4-5", stream).to_string();
        // Every SDK says what it takes; for a client that does not, the way through a proxy adds that it takes anything.
        let asked = |world: &World, key: &Key| world.request(key, body.clone()).header("accept", "application/json");
        let expected = answer(asked(&plain_world, &plain_key).send(world.hub.address).await).await;
        let got = answer(asked(world, key).send(world.hub.address).await).await;
        assert_eq!(got, expected, "stream: {stream}");
        let of_turn = if stream { Turn::new().events().concat() } else { Turn::new().message().to_string() };
        assert_eq!((got.0, &got.2), (200, &of_turn));
        let (seen, beside) = (provider.script.request(n).await, plain.script.request(n).await);
        assert_eq!(arrived(&seen), arrived(&beside), "stream: {stream}");
        assert_eq!(seen.all("x-api-key"), [UPSTREAM_SECRET]);
    }
}

#[tokio::test]
async fn behind_tls_everything_is_as_without_by_either_protocol() {
    for (speaks, agreed) in [(Speaks::Http1, "http/1.1"), (Speaks::Http2(100), "h2")] {
        let world = World::shared().await;
        let front = Front::start(upstream::address(), speaks).await;
        let provider = behind(&world, &front, json!({})).await;
        let key = world.key().await;
        same_as_plain(&world, &key, &provider).await;
        assert_eq!(front.agreed(), [agreed], "one connection, used twice");
        let seen = provider.script.request(0).await;
        assert_eq!(seen.all("host"), [front.address.to_string()]);
        let call = world.calls_of(&key, 2).await.remove(0);
        assert!(call["attempts"][0]["connect_ms"].is_u64(), "{call}");
    }
}

#[tokio::test]
async fn a_server_whose_certificate_nobody_has_signed_is_not_spoken_to() {
    let known = tls::another_authority();
    let world = World::with(crate::hub::Setup::usual().await.set("SSL_CERT_FILE", known.to_str().unwrap())).await;
    let front = Front::start(upstream::address(), Speaks::Http1).await;
    let provider = behind(&world, &front, json!({"max_attempts": 1})).await;
    let mut reply = world.message(&world.key().await).await;
    crate::auth::refused(&mut reply, 502, "api_error").await;
    let call = world.call_of(&reply).await;
    assert_eq!(call["attempts"][0]["error"]["cause"], "connect", "{call}");
    assert!(provider.script.requests().is_empty());
}

#[tokio::test]
async fn a_tunnel_through_a_proxy_leads_to_a_provider_behind_tls() {
    let world = World::shared().await;
    let front = Front::start(upstream::address(), Speaks::Http2(100)).await;
    let proxy = Proxy::to(front.address, Kind::Http).await;
    let fields = json!({"proxy_url": format!("http://user:pass@{}", proxy.address)});
    let provider = behind(&world, &front, fields).await;
    let key = world.key().await;
    same_as_plain(&world, &key, &provider).await;
    assert_eq!(proxy.asked(), [format!("CONNECT {} as Basic dXNlcjpwYXNz", front.address)], "one tunnel, used twice");
    assert!(provider.script.requests().iter().all(|seen| seen.all("proxy-authorization").is_empty()));
}

#[tokio::test]
async fn a_proxy_may_itself_be_behind_tls() {
    let world = World::shared().await;
    let front = Front::start(upstream::address(), Speaks::Http1).await;
    let proxy = Proxy::to(front.address, Kind::Http).await;
    let before_proxy = Front::start(proxy.address, Speaks::Http1).await;
    let provider = behind(&world, &front, json!({"proxy_url": format!("https://{}", before_proxy.address)})).await;
    let key = world.key().await;
    same_as_plain(&world, &key, &provider).await;
    assert_eq!(proxy.asked(), [format!("CONNECT {}", front.address)]);
    assert_eq!(before_proxy.agreed().len(), 1);
}

/// So many calls at once that all stand before their heads, and whether all have arrived is known.
async fn crowd(world: &World, key: &Key, provider: &Provider, n: u32) -> Vec<tokio::task::JoinHandle<Reply>> {
    let gate = Gate::new();
    provider.script.always(Turn::new().answer(false).pause_before_head(&gate));
    let calls = (0..n).map(|_| {
        let (world, key) = (world.clone(), key.clone());
        tokio::spawn(async move { world.message(&key).await })
    });
    let calls = calls.collect();
    gate.reached_by(n).await;
    gate.open();
    calls
}

#[tokio::test]
async fn a_crowd_opens_one_connection_and_shares_it() {
    let world = World::shared().await;
    let front = Front::start(upstream::address(), Speaks::Http2(200)).await;
    let provider = behind(&world, &front, json!({})).await;
    let key = world.key().await;
    for call in crowd(&world, &key, &provider, 30).await {
        assert_eq!(call.await.unwrap().status, 200);
    }
    assert_eq!(front.agreed(), ["h2"]);
}

#[tokio::test]
async fn when_a_connection_carries_all_it_may_another_one_is_opened() {
    let world = World::shared().await;
    let front = Front::start(upstream::address(), Speaks::Http2(4)).await;
    let provider = behind(&world, &front, json!({})).await;
    let key = world.key().await;
    assert_eq!(world.message(&key).await.status, 200, "now it is known how many it takes");
    for _ in 0..2 {
        for call in crowd(&world, &key, &provider, 10).await {
            assert_eq!(call.await.unwrap().status, 200);
        }
        assert_eq!(front.agreed().len(), 3, "4 + 4 + 2, and used again");
    }
}

#[tokio::test]
async fn after_a_head_that_does_not_come_its_connection_is_not_used_again() {
    let world = World::shared().await;
    let front = Front::start(upstream::address(), Speaks::Http2(100)).await;
    let provider = behind(&world, &front, json!({"max_attempts": 1, "first_byte_timeout_ms": 8_000})).await;
    let key = world.key().await;
    assert_eq!(world.message(&key).await.status, 200);
    front.kill_lines();
    let reply = world.message(&key).await;
    assert_eq!(reply.status, 504);
    let call = world.call_of(&reply).await;
    assert_eq!(call["attempts"][0]["error"]["cause"], "first_byte_timeout", "{call}");
    assert_eq!(world.message(&key).await.status, 200);
    assert_eq!(front.agreed().len(), 2);
    assert_eq!(provider.script.requests().len(), 2);
}

#[tokio::test]
async fn a_line_that_is_dead_is_noticed_long_before_the_provider_counts_as_silent() {
    let world = World::shared().await;
    let front = Front::start(upstream::address(), Speaks::Http2(100)).await;
    // Its silence alone would not end the call within this test's patience.
    let provider = behind(&world, &front, json!({"idle_timeout_ms": 600_000})).await;
    let (gate, key) = (Gate::new(), world.key().await);
    provider.script.once(Turn::new().answer(true).pause_after(8, &gate));
    let mut reply = world.stream(&key).await;
    gate.reached().await;
    front.kill_lines();
    let text = reply.text().await;
    assert!(text.ends_with("}\n\n") && text.contains("event: error"), "{text}");
    let call = world.call_of(&reply).await;
    assert_eq!((&call["outcome"], &call["error"]["cause"]), (&json!("interrupted"), &json!("reset")), "{call}");
    assert_eq!(world.message(&key).await.status, 200, "over another connection");
}
