//! Requests that cannot be served.

use serde_json::json;

use crate::{
    auth::refused,
    client::Request,
    patience::within,
    world::{World, ask},
};

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_naming_what_is_wrong() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    for (body, named) in [
        ("", "body"),
        ("hello", "JSON"),
        ("[]", "JSON"),
        ("[\"m\",true,1,{}]", "JSON"),
        ("\"m\"", "JSON"),
        ("{\"model\":\"m\",}", "JSON"),
        ("{\"model\":\"m\"", "JSON"),
        ("{\"model\":\"m\"} {}", "JSON"),
        ("{\"max_tokens\":1}", "model"),
        ("{\"model\":7}", "model"),
        ("{\"model\":null}", "model"),
        ("{\"model\":\"\"}", "model"),
        ("{\"model\":\"m\",\"stream\":\"yes\"}", "stream"),
        ("{\"model\":\"m\",\"model\":\"m\"}", "model"),
        ("{\"model\":\"m\",\"mod\\u0065l\":\"m\"}", "model"),
        ("{\"model\":\"m\",\"stream\":true,\"stream\":true}", "stream"),
        ("{\"model\":\"m\",\"max_tokens\":1,\"max_tokens\":1}", "max_tokens"),
        ("{\"model\":\"m\",\"metadata\":{},\"metadata\":{}}", "metadata"),
    ] {
        let mut reply = world.request(&key, body).send(world.hub.address).await;
        let message = refused(&mut reply, 400, "invalid_request_error").await;
        assert!(message.contains(named), "{body}: {message}");
        let call = world.call_of(&reply).await;
        assert_eq!((&call["outcome"], &call["status"]), (&json!("rejected"), &json!(400)), "{body}: {call}");
        assert_eq!(call["key_id"], json!(key.id));
        assert_eq!(call["error"]["cause"], "bad_request", "{body}: {call}");
    }
    assert!(provider.script.requests().is_empty());
}

#[tokio::test]
async fn a_body_that_is_not_utf8_is_refused() {
    let world = World::shared().await;
    let body = b"{\"model\":\"m\xff\",\"max_tokens\":1}".to_vec();
    let mut reply = world.request(&world.key().await, body).send(world.hub.address).await;
    refused(&mut reply, 400, "invalid_request_error").await;
}

#[tokio::test]
async fn a_deeply_nested_body_does_no_harm() {
    let world = World::shared().await;
    world.provider("a").await;
    let key = world.key().await;
    let nested = "[".repeat(200_000);
    let reply = world.request(&key, format!("{{\"model\":\"m\",\"x\":{nested}")).send(world.hub.address).await;
    assert_eq!(reply.status, 400);
    assert_eq!(world.message(&key).await.status, 200);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_its_length_is_said_or_not() {
    let world = World::alone().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    world.patch("/admin/v1/settings", &json!({"body_bytes_max": 2048})).await;
    let filled = |n: usize| {
        let mut body = ask("claude-sonnet-4-5", false);
        let length = body.to_string().len();
        body["messages"][0]["content"] = "x".repeat(n - length + "Say hello.".len()).into();
        assert_eq!(body.to_string().len(), n);
        body.to_string()
    };
    assert_eq!(world.request(&key, filled(2048)).send(world.hub.address).await.status, 200);
    let mut reply = world.request(&key, filled(2049)).send(world.hub.address).await;
    let message = refused(&mut reply, 413, "request_too_large").await;
    assert!(message.contains("2048"), "{message}");
    assert_eq!(world.call_of(&reply).await["outcome"], "rejected");

    // Only said to be too long: the answer does not wait for the body.
    let request =
        Request::new("POST", "/v1/messages").header("x-api-key", &key.secret).header("content-length", "2049");
    let open = request.open(world.hub.address).await.unwrap();
    let mut reply = within("a refusal", open.reply("POST")).await.unwrap();
    refused(&mut reply, 413, "request_too_large").await;

    // Nobody said how long it is: the hub counts.
    let request =
        Request::new("POST", "/v1/messages").header("x-api-key", &key.secret).header("transfer-encoding", "chunked");
    let mut open = request.open(world.hub.address).await.unwrap();
    let body = filled(4096);
    open.push(format!("{:x}\r\n{body}\r\n", body.len()).as_bytes()).await.unwrap();
    let mut reply = within("a refusal", open.reply("POST")).await.unwrap();
    refused(&mut reply, 413, "request_too_large").await;
    assert_eq!(provider.script.requests().len(), 1);
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_of_its_body_is_recorded_as_gone() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let request = Request::new("POST", "/v1/messages")
        .header("x-api-key", &key.secret)
        .header("content-length", "1000")
        .body(r#"{"model":"claude"#);
    request.open(world.hub.address).await.unwrap().leave().await;
    let call = world.calls_of(&key, 1).await.remove(0);
    assert!(["abandoned", "rejected"].contains(&call["outcome"].as_str().unwrap()), "{call}");
    assert!(provider.script.requests().is_empty());
}

#[tokio::test]
async fn unknown_paths_are_refused_in_the_callers_protocol() {
    let world = World::shared().await;
    let key = world.key().await;
    for (method, path) in [
        ("GET", "/v1"),
        ("GET", "/v1/nothing"),
        ("POST", "/v1/messages/"),
        ("POST", "/v1/complete"),
        ("GET", "/v1/models/a/b"),
    ] {
        let request =
            Request::new(method, path).header("x-api-key", &key.secret).header("x-forwarded-for", &world.address);
        let mut reply = request.send(world.hub.address).await;
        refused(&mut reply, 404, "not_found_error").await;
    }
    let (status, problem) = world.admin("GET", "/admin/v1/nothing", &json!(null)).await;
    assert_eq!((status, &problem["status"]), (404, &json!(404)), "{problem}");
    let reply = Request::get("/nothing-here").header("accept", "text/html").send(world.hub.address).await;
    assert_eq!(reply.status, 404);
    assert!(reply.header("content-type").unwrap().starts_with("text/html"));
}

#[tokio::test]
async fn a_known_path_with_a_wrong_method_is_not_served() {
    let world = World::shared().await;
    let key = world.key().await;
    for (method, path) in [("GET", "/v1/messages"), ("DELETE", "/v1/messages"), ("POST", "/v1/models")] {
        let request =
            Request::new(method, path).header("x-api-key", &key.secret).header("x-forwarded-for", &world.address);
        let reply = request.send(world.hub.address).await;
        assert!(matches!(reply.status, 404 | 405), "{method} {path}: {}", reply.status);
    }
}

#[tokio::test]
async fn a_model_that_no_provider_serves_is_refused_with_the_reason() {
    let world = World::shared().await;
    let key = world.key().await;
    let mut reply = world.message(&key).await;
    refused(&mut reply, 503, "overloaded_error").await;
    let call = world.call_of(&reply).await;
    assert_eq!((&call["outcome"], &call["error"]["cause"]), (&json!("rejected"), &json!("no_provider")), "{call}");
    assert_eq!(call["cost_usd"], "0");
}

#[tokio::test]
async fn why_nobody_serves_a_call_is_told_to_its_client_only_if_that_is_wanted() {
    let world = World::alone().await;
    let key = world.key().await;
    for (explains, ends) in [(true, false), (false, true)] {
        world.patch("/admin/v1/settings", &json!({"explain_errors": explains})).await;
        let mut reply = world.message(&key).await;
        let said = reply.json().await["error"]["message"].as_str().unwrap().to_owned();
        assert!(said.starts_with("no provider can serve claude-sonnet-4-5"), "{said}");
        assert_eq!(said.ends_with("claude-sonnet-4-5"), ends, "{said}");
        let recorded = world.call_of(&reply).await["error"]["message"].as_str().unwrap().to_owned();
        assert!(recorded.contains(": "), "the record says it in any case: {recorded}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_http_do_not_disturb_anybody() {
    let world = World::shared().await;
    world.provider("a").await;
    let key = world.key().await;
    for bytes in [&b"\x16\x03\x01\x02\x00\x01\x00\x01"[..], b"GET\r\n\r\n", b"POST /v1/messages HTTP/9.9\r\n\r\n"] {
        use tokio::io::AsyncWriteExt;
        let mut stream = tokio::net::TcpStream::connect(world.hub.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
    }
    assert_eq!(world.message(&key).await.status, 200);
}
