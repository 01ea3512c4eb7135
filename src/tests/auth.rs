//! Who may call.

use serde_json::{Value, json};

use crate::{
    access,
    client::{Reply, Request},
    patience::within,
    world::{Key, World, ask},
};

/// A call with these credentials.
fn with(world: &World, headers: &[(&str, &str)]) -> Request {
    let request = Request::post("/v1/messages", ask("claude-sonnet-4-5", false).to_string())
        .header("x-forwarded-for", &world.address);
    headers.iter().fold(request, |request, (name, value)| request.header(name, *value))
}

/// Expects the hub's own refusal in the form of the protocol, and gives its message.
pub async fn refused(reply: &mut Reply, status: u16, kind: &str) -> String {
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("x-switchyard-provider"), None);
    let id = reply.call_id();
    let body = reply.json().await;
    assert_eq!((reply.status, &body["error"]["type"]), (status, &json!(kind)), "{body}");
    assert_eq!((&body["type"], &body["request_id"]), (&json!("error"), &json!(id)), "{body}");
    body["error"]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_opens_as_api_key_as_bearer_and_as_both() {
    let world = World::shared().await;
    world.provider("a").await;
    let Key { secret, .. } = world.key().await;
    let bearer = format!("Bearer {secret}");
    let lower = format!("bearer {secret}");
    for headers in [
        vec![("x-api-key", secret.as_str())],
        vec![("authorization", bearer.as_str())],
        vec![("authorization", lower.as_str())],
        vec![("x-api-key", secret.as_str()), ("authorization", bearer.as_str())],
    ] {
        let reply = with(&world, &headers).send(world.hub.address).await;
        assert_eq!(reply.status, 200, "{headers:?}");
    }
}

#[tokio::test]
async fn two_different_keys_in_one_request_are_refused() {
    let world = World::shared().await;
    world.provider("a").await;
    let (one, two) = (world.key().await, world.key().await);
    let bearer = format!("Bearer {}", two.secret);
    let request = with(&world, &[("x-api-key", &one.secret), ("authorization", &bearer)]);
    refused(&mut request.send(world.hub.address).await, 401, "authentication_error").await;
}

#[tokio::test]
async fn without_a_known_key_there_is_no_answer_but_a_refusal() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    for headers in [
        vec![],
        vec![("x-api-key", "sk-nobody-has-issued-this")],
        vec![("x-api-key", "")],
        vec![("authorization", "Basic abc")],
        vec![("authorization", "Bearer")],
        vec![("cookie", key.secret.as_str())],
    ] {
        let mut reply = with(&world, &headers).send(world.hub.address).await;
        refused(&mut reply, 401, "authentication_error").await;
        // A refusal before authentication is no call.
        assert!(world.rows(&format!("select id from calls where id = '{}'", reply.call_id())).await.is_empty());
    }
    assert!(provider.script.requests().is_empty());
}

#[tokio::test]
async fn a_key_in_the_query_is_no_key() {
    let world = World::shared().await;
    let key = world.key().await;
    let target = format!("/v1/messages?x-api-key={}&key={}", key.secret, key.secret);
    let request = Request::post(&target, "{}").header("x-forwarded-for", &world.address);
    refused(&mut request.send(world.hub.address).await, 401, "authentication_error").await;
}

/// Where a key, or its user, is managed.
type Place = fn(&Key) -> String;

#[tokio::test]
async fn what_is_disabled_expired_or_deleted_is_refused_from_the_next_request_on() {
    let world = World::shared().await;
    world.provider("a").await;
    let past = "2020-01-01T00:00:00Z";
    let future = "2999-01-01T00:00:00Z";
    let places: [(Place, &str); 2] = [
        (|key| format!("/admin/v1/users/{}", key.user_id), "user"),
        (|key| format!("/admin/v1/keys/{}", key.id), "key"),
    ];
    for (place, what) in places {
        let key = world.key().await;
        for (no, yes) in [
            (json!({"enabled": false}), json!({"enabled": true})),
            (json!({"expires_at": past}), json!({"expires_at": future})),
            (json!({"expires_at": past}), json!({"expires_at": null})),
        ] {
            assert_eq!(world.message(&key).await.status, 200, "{what} before {no}");
            world.patch(&place(&key), &no).await;
            let message = refused(&mut world.message(&key).await, 401, "authentication_error").await;
            assert!(message.contains(what), "{what} {no}: {message}");
            world.patch(&place(&key), &yes).await;
            assert_eq!(world.message(&key).await.status, 200, "{what} after {yes}");
        }
    }
    for (place, _) in places {
        let key = world.key().await;
        assert_eq!(world.message(&key).await.status, 200);
        let (status, _) = world.admin("DELETE", &place(&key), &Value::Null).await;
        assert_eq!(status, 204);
        refused(&mut world.message(&key).await, 401, "authentication_error").await;
    }
}

#[tokio::test]
async fn a_refusal_does_not_wait_for_the_body() {
    let world = World::shared().await;
    let request = Request::new("POST", "/v1/messages")
        .header("x-api-key", "sk-wrong")
        .header("x-forwarded-for", &world.address)
        .header("content-length", "30000000");
    let open = request.open(world.hub.address).await.unwrap();
    let mut reply = within("a refusal", open.reply("POST")).await.unwrap();
    refused(&mut reply, 401, "authentication_error").await;
}

#[tokio::test]
async fn guessing_keys_is_slowed_down_for_that_address_alone() {
    let (world, other) = (World::shared().await, World::shared().await);
    let mut locked = None;
    for n in 0..40 {
        let wrong = format!("sk-guess-{n}");
        let reply = with(&world, &[("x-api-key", &wrong)]).send(world.hub.address).await;
        if reply.status == 429 {
            locked = Some(reply);
            break;
        }
        assert_eq!(reply.status, 401);
    }
    let mut locked = locked.expect("40 wrong keys in a row were looked at");
    let seconds: u32 = locked.header("retry-after").expect("retry-after").parse().unwrap();
    assert!(seconds >= 1);
    refused(&mut locked, 429, "rate_limit_error").await;
    other.provider("a").await;
    assert_eq!(other.message(&other.key().await).await.status, 200, "another address is not concerned");
}

#[tokio::test]
async fn an_admin_token_is_no_key_and_a_key_is_no_admin_token() {
    let world = World::shared().await;
    let mut reply = with(&world, &[("x-api-key", &world.admin_token)]).send(world.hub.address).await;
    refused(&mut reply, 401, "authentication_error").await;
    let key = world.key_with(json!({"role": "admin"}), json!({})).await;
    let request = Request::get("/admin/v1/users")
        .header("authorization", format!("Bearer {}", key.secret))
        .header("x-forwarded-for", &world.address);
    assert_eq!(request.send(world.hub.address).await.status, 403, "known, but no administrator's");
}

#[tokio::test]
async fn the_address_of_a_client_is_what_a_trusted_proxy_says() {
    let world = World::shared().await;
    world.provider("a").await;
    let key = world.key().await;
    let reply = world.message(&key).await;
    assert_eq!(world.call_of(&reply).await["client"]["address"], world.address);
    // What the client itself has put in front does not count: the nearest address that is not a proxy does.
    let request = Request::post("/v1/messages", ask("claude-sonnet-4-5", false).to_string())
        .header("x-api-key", &key.secret)
        .header("x-forwarded-for", format!("1.2.3.4, {}", world.address));
    let reply = request.send(world.hub.address).await;
    assert_eq!(world.call_of(&reply).await["client"]["address"], world.address);
}

#[tokio::test]
async fn without_a_trusted_proxy_forwarding_headers_do_not_count() {
    let world = World::with(crate::hub::Setup::usual().await.set("TRUSTED_PROXIES", "")).await;
    world.provider("a").await;
    let reply = world.message(&world.key().await).await;
    assert_eq!(world.call_of(&reply).await["client"]["address"], "127.0.0.1");
}

#[tokio::test]
async fn the_consoles_cookie_is_for_https_only_if_and_only_if_it_is_told_so() {
    // What the variable says, whether the hub believes who says that a request came by https, and whether the cookie is
    // for https only without and with such words.
    for (variable, trusted, [plain, https]) in [
        ("", true, [false, true]),
        ("auto", false, [false, false]),
        ("true", true, [true, true]),
        ("false", true, [false, false]),
    ] {
        let world = if variable.is_empty() {
            World::shared().await
        } else {
            let setup = crate::hub::Setup::usual().await.set("ENABLE_SECURE_COOKIES", variable);
            World::with(setup.set("TRUSTED_PROXIES", if trusted { "127.0.0.1" } else { "" })).await
        };
        for (scheme, secure) in [("http", plain), ("https", https)] {
            let secret = access::escape(&world.admin_token);
            let request = access::call(&world, "log_in", &format!("name=&secret={secret}&next="));
            let reply = request.header("x-forwarded-proto", scheme).send(world.hub.address).await;
            let case = format!("{variable:?}, {scheme}, trusted: {trusted}");
            let cookie =
                reply.header("set-cookie").unwrap_or_else(|| panic!("{case}: {} {:?}", reply.status, reply.headers));
            let flags: Vec<&str> = cookie.split(';').skip(1).map(str::trim).collect();
            assert_eq!(flags.contains(&"Secure"), secure, "{case}: {cookie}");
            assert!(flags.contains(&"HttpOnly") && flags.contains(&"SameSite=Lax"), "{case}: {cookie}");
        }
    }
}
