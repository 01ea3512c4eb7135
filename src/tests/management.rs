//! The management API: the contract that scripts rely on.

mod exports;
mod keys;
mod leaderboards;
mod limits;
mod many_providers;
mod many_users;
mod openapi;
mod people;
mod providers;
mod quotas;
mod reports;
mod settings;

use serde_json::{Value, json};

use crate::{
    client::Request,
    world::{UPSTREAM_SECRET, World},
};

/// Every route, with a path that leads to something. `{}` stands for an id.
pub const ROUTES: &[(&str, &str)] = &[
    ("POST", "/admin/v1/users"),
    ("GET", "/admin/v1/users"),
    ("GET", "/admin/v1/users/{id}"),
    ("PATCH", "/admin/v1/users/{id}"),
    ("DELETE", "/admin/v1/users/{id}"),
    ("POST", "/admin/v1/users/bulk"),
    ("GET", "/admin/v1/users/tags"),
    ("POST", "/admin/v1/users/{id}/renew"),
    ("POST", "/admin/v1/users/{id}/keys"),
    ("GET", "/admin/v1/users/{id}/keys"),
    ("GET", "/admin/v1/keys"),
    ("GET", "/admin/v1/keys/{id}"),
    ("PATCH", "/admin/v1/keys/{id}"),
    ("DELETE", "/admin/v1/keys/{id}"),
    ("POST", "/admin/v1/keys/{id}/rotate"),
    ("POST", "/admin/v1/keys/bulk"),
    ("POST", "/admin/v1/providers"),
    ("GET", "/admin/v1/providers"),
    ("GET", "/admin/v1/providers/{id}"),
    ("PATCH", "/admin/v1/providers/{id}"),
    ("DELETE", "/admin/v1/providers/{id}"),
    ("POST", "/admin/v1/providers/{id}/test"),
    ("POST", "/admin/v1/providers/bulk"),
    ("GET", "/admin/v1/providers/traffic"),
    ("POST", "/admin/v1/providers/{id}/clone"),
    ("POST", "/admin/v1/providers/{id}/test-proxy"),
    ("POST", "/admin/v1/providers/test-proxy"),
    ("GET", "/admin/v1/users/{id}/limits"),
    ("POST", "/admin/v1/users/{id}/reset"),
    ("GET", "/admin/v1/keys/{id}/limits"),
    ("POST", "/admin/v1/keys/{id}/reset"),
    ("GET", "/admin/v1/providers/{id}/limits"),
    ("POST", "/admin/v1/providers/{id}/reset"),
    ("GET", "/admin/v1/quotas"),
    ("GET", "/admin/v1/sessions"),
    ("GET", "/admin/v1/sessions/{id}"),
    ("DELETE", "/admin/v1/sessions/{id}"),
    ("POST", "/admin/v1/sessions/bulk"),
    ("GET", "/admin/v1/prices"),
    ("PUT", "/admin/v1/prices/{model}"),
    ("DELETE", "/admin/v1/prices/{model}"),
    ("GET", "/admin/v1/prices/{model}/history"),
    ("POST", "/admin/v1/prices/import"),
    ("POST", "/admin/v1/prices/sync"),
    ("GET", "/admin/v1/groups"),
    ("POST", "/admin/v1/groups"),
    ("GET", "/admin/v1/groups/{name}"),
    ("PATCH", "/admin/v1/groups/{name}"),
    ("DELETE", "/admin/v1/groups/{name}"),
    ("POST", "/admin/v1/routing/explain"),
    ("GET", "/admin/v1/calls"),
    ("GET", "/admin/v1/calls/export"),
    ("GET", "/admin/v1/calls/{id}"),
    ("GET", "/admin/v1/calls/{id}/messages"),
    ("GET", "/admin/v1/overview"),
    ("GET", "/admin/v1/usage"),
    ("GET", "/admin/v1/usage/errors"),
    ("GET", "/admin/v1/leaderboard"),
    ("GET", "/admin/v1/availability"),
    ("GET", "/admin/v1/settings"),
    ("PATCH", "/admin/v1/settings"),
    ("GET", "/admin/v1/environment"),
    ("GET", "/admin/v1/storage"),
];

/// Expects a refusal as RFC 9457 describes it. A field at fault is named.
pub fn problem(answer: &(u16, Value), status: u16, field: Option<&str>) {
    let (got, problem) = answer;
    assert_eq!((*got, &problem["status"]), (status, &json!(status)), "{problem}");
    assert!(problem["title"].is_string() && problem["type"].is_string(), "{problem}");
    if let Some(field) = field {
        assert!(problem.to_string().contains(&format!("\"{field}\"")), "{field} is not named: {problem}");
    }
}

/// A model id as it stands in a path.
fn concrete(path: &str) -> String {
    path.replace("{id}", "1").replace("{model}", "claude-x").replace("{name}", "default")
}

#[tokio::test]
async fn every_route_refuses_who_has_no_token_before_it_looks_at_anything() {
    let world = World::shared().await;
    for (method, path) in ROUTES {
        let target = concrete(path);
        for token in [None, Some("Bearer"), Some("Bearer wrong-token-of-some-length"), Some("Basic YTpi")] {
            // Each route guesses from an address of its own, or the brake would answer.
            let address = World::shared().await.address;
            let mut request = Request::new(method, &target).header("x-forwarded-for", &address).body("no json");
            if let Some(token) = token {
                request = request.header("authorization", token);
            }
            let mut reply = request.send(world.hub.address).await;
            assert_eq!(reply.status, 401, "{method} {path} with {token:?}");
            assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{method} {path}");
            problem(&(401, reply.json().await), 401, None);
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_that_says_so() {
    let world = World::shared().await;
    for (method, path, body) in [
        ("GET", "/admin/v1/users/999999", Value::Null),
        ("PATCH", "/admin/v1/users/999999", json!({"note": "x"})),
        ("DELETE", "/admin/v1/users/999999", Value::Null),
        ("GET", "/admin/v1/users/999999/keys", Value::Null),
        ("POST", "/admin/v1/users/999999/keys", json!({"name": "x"})),
        ("GET", "/admin/v1/keys/999999", Value::Null),
        ("PATCH", "/admin/v1/keys/999999", json!({"name": "x"})),
        ("DELETE", "/admin/v1/keys/999999", Value::Null),
        ("GET", "/admin/v1/providers/999999", Value::Null),
        ("PATCH", "/admin/v1/providers/999999", json!({"weight": 2})),
        ("DELETE", "/admin/v1/providers/999999", Value::Null),
        ("POST", "/admin/v1/providers/999999/test", json!({})),
        ("GET", "/admin/v1/users/999999/limits", Value::Null),
        ("POST", "/admin/v1/users/999999/reset", Value::Null),
        ("GET", "/admin/v1/keys/999999/limits", Value::Null),
        ("POST", "/admin/v1/keys/999999/reset", Value::Null),
        ("GET", "/admin/v1/providers/999999/limits", Value::Null),
        ("POST", "/admin/v1/providers/999999/reset", Value::Null),
        ("GET", "/admin/v1/sessions/999999", Value::Null),
        ("DELETE", "/admin/v1/sessions/999999", Value::Null),
        ("DELETE", "/admin/v1/prices/no-such-model", Value::Null),
        ("GET", "/admin/v1/calls/00000000-0000-7000-8000-000000000000", Value::Null),
        ("GET", "/admin/v1/calls/00000000-0000-7000-8000-000000000000/messages", Value::Null),
        ("GET", "/admin/v1/nothing", Value::Null),
    ] {
        let answer = world.admin(method, path, &body).await;
        assert_eq!(answer.0, 404, "{method} {path}: {}", answer.1);
        problem(&answer, 404, None);
    }
    for path in ["/admin/v1/users/abc", "/admin/v1/providers/-", "/admin/v1/calls/abc"] {
        let (status, answer) = world.admin("GET", path, &Value::Null).await;
        assert!(matches!(status, 400 | 404 | 422), "{path}: {status} {answer}");
        assert_eq!(answer["status"], status, "{path}: {answer}");
    }
}

#[tokio::test]
async fn unknown_fields_and_values_that_do_not_fit_are_refused_naming_them() {
    let world = World::shared().await;
    let key = world.key().await;
    let provider = world.provider("a").await;
    let user = format!("/admin/v1/users/{}", key.user_id);
    let keys = format!("{user}/keys");
    let key = format!("/admin/v1/keys/{}", key.id);
    let provider = format!("/admin/v1/providers/{}", provider.id);
    let new = |field: &str, value: Value| {
        let mut body = json!({"name": "new", "base_url": "https://api.example", "secret": UPSTREAM_SECRET});
        body[field] = value;
        body
    };
    let providers = "/admin/v1/providers";
    let prices = "/admin/v1/prices/x";
    let price = |field: &str, value: Value| {
        let mut body =
            json!({"input": "1", "output": "1", "cache_write_5m": "1", "cache_write_1h": "1", "cache_read": "1"});
        body[field] = value;
        body
    };
    for (method, path, body, field) in [
        ("POST", "/admin/v1/users", json!({"name": "x", "nonsense": 1}), "nonsense"),
        ("POST", "/admin/v1/users", json!({"note": "x"}), "name"),
        ("POST", "/admin/v1/users", json!({"name": ""}), "name"),
        ("POST", "/admin/v1/users", json!({"name": "x".repeat(101)}), "name"),
        ("POST", "/admin/v1/users", json!({"name": 7}), "name"),
        ("POST", "/admin/v1/users", json!({"name": "x", "role": "emperor"}), "role"),
        ("POST", "/admin/v1/users", json!({"name": "x", "group": "default"}), "group"),
        ("POST", "/admin/v1/users", json!({"name": "x", "expires_at": "tomorrow"}), "expires_at"),
        ("PATCH", &user, json!({"nonsense": 1}), "nonsense"),
        ("PATCH", &user, json!({"id": "1"}), "id"),
        ("PATCH", &user, json!({"name": null}), "name"),
        ("PATCH", &user, json!({"enabled": "yes"}), "enabled"),
        ("POST", &keys, json!({"name": "x", "key": "mine"}), "key"),
        ("POST", &keys, json!({}), "name"),
        ("PATCH", &key, json!({"user_id": "1"}), "user_id"),
        ("PATCH", &key, json!({"name": null}), "name"),
        ("POST", providers, new("nonsense", json!(1)), "nonsense"),
        ("POST", providers, new("kind", json!("telepathy")), "kind"),
        ("POST", providers, new("base_url", json!("ftp://x")), "base_url"),
        ("POST", providers, new("base_url", json!("https://user:pass@x")), "base_url"),
        ("POST", providers, new("base_url", json!("https://x/?q=1")), "base_url"),
        ("POST", providers, new("base_url", json!("x")), "base_url"),
        ("POST", providers, new("secret", json!("")), "secret"),
        ("POST", providers, new("secret", json!("line\nbreak")), "secret"),
        ("POST", providers, new("weight", json!(10_001)), "weight"),
        ("POST", providers, new("weight", json!(-1)), "weight"),
        ("POST", providers, new("cost_multiplier", json!("-1")), "cost_multiplier"),
        ("POST", providers, new("cost_multiplier", json!("x")), "cost_multiplier"),
        ("POST", providers, new("models", json!([{"kind": "regex", "value": "("}])), "models"),
        ("POST", providers, new("models", json!([{"kind": "psychic", "value": "x"}])), "models"),
        ("POST", providers, new("redirects", json!([{"from": "x"}])), "redirects"),
        ("POST", providers, new("redirects", json!([{"from": "x", "to": ""}])), "redirects"),
        ("POST", providers, new("proxy_url", json!("gopher://x")), "proxy_url"),
        ("POST", providers, new("connect_timeout_ms", json!(0)), "connect_timeout_ms"),
        ("POST", providers, new("idle_timeout_ms", json!(3_600_001)), "idle_timeout_ms"),
        ("POST", providers, new("on_client_gone", json!("cry")), "on_client_gone"),
        ("POST", providers, new("headers", json!({"authorization": "Bearer x"})), "headers"),
        ("POST", providers, new("headers", json!({"X-Api-Key": "x"})), "headers"),
        ("POST", providers, new("headers", json!({"host": "x"})), "headers"),
        ("POST", providers, new("headers", json!({"bad name": "x"})), "headers"),
        ("POST", providers, new("headers", json!({"x": "line\r\nbreak: y"})), "headers"),
        ("PATCH", &provider, json!({"nonsense": 1}), "nonsense"),
        ("PATCH", &provider, json!({"base_url": null}), "base_url"),
        ("PATCH", &provider, json!({"secret": null}), "secret"),
        ("PUT", prices, price("input", json!("-1")), "input"),
        ("PUT", prices, price("output", json!("much")), "output"),
        ("PUT", prices, price("nonsense", json!("1")), "nonsense"),
        ("PUT", prices, json!({"input": "1"}), "output"),
        ("PATCH", "/admin/v1/settings", json!({"nonsense": 1}), "nonsense"),
        ("PATCH", "/admin/v1/settings", json!({"providers_max": 0}), "providers_max"),
        ("PATCH", "/admin/v1/settings", json!({"providers_max": "many"}), "providers_max"),
    ] {
        let answer = world.admin(method, path, &body).await;
        assert!(matches!(answer.0, 400 | 422), "{method} {path} {body}: {} {}", answer.0, answer.1);
        problem(&answer, answer.0, Some(field));
    }
    for path in [
        "/admin/v1/users?nonsense=1",
        "/admin/v1/users?limit=0",
        "/admin/v1/users?limit=501",
        "/admin/v1/users?cursor=%20",
        "/admin/v1/calls?outcome=odd",
        "/admin/v1/calls?nonsense=1",
        "/admin/v1/usage?by=shoe&step=day",
        "/admin/v1/usage?from=x",
    ] {
        let (status, answer) = world.admin("GET", path, &Value::Null).await;
        assert!(matches!(status, 400 | 422) && answer["status"] == status, "{path}: {status} {answer}");
    }
    let request = Request::post("/admin/v1/users", "{\"name\":").header("x-forwarded-for", &world.address);
    let mut reply =
        request.header("authorization", format!("Bearer {}", world.admin_token)).send(world.hub.address).await;
    assert!(matches!(reply.status, 400 | 422));
    assert_eq!(reply.header("content-type"), Some("application/problem+json"));
    assert_eq!(reply.json().await["status"], reply.status);
}

/// Walks through a list page by page and gives all ids.
pub async fn walk(world: &World, path: &str, limit: usize) -> Vec<String> {
    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let join = if path.contains('?') { '&' } else { '?' };
        let page = world.get(&format!("{path}{join}limit={limit}{cursor}")).await;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit, "{page}");
        ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else {
            assert!(page["next_cursor"].is_null(), "{page}");
            return ids;
        };
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test]
async fn lists_come_a_page_at_a_time_and_miss_nothing() {
    let world = World::alone().await;
    let key = world.key().await;
    world.provider("a").await;
    let mut users = vec![key.user_id.clone()];
    let mut keys = vec![key.id.clone()];
    for n in 0..6 {
        users.push(
            world.create("/admin/v1/users", &json!({"name": format!("u{n}")})).await["id"].as_str().unwrap().to_owned(),
        );
        let path = format!("/admin/v1/users/{}/keys", key.user_id);
        keys.push(world.create(&path, &json!({"name": format!("k{n}")})).await["id"].as_str().unwrap().to_owned());
        world.message(&key).await.body().await;
    }
    let calls: Vec<String> =
        world.calls_of(&key, 6).await.iter().rev().map(|call| call["id"].as_str().unwrap().to_owned()).collect();
    for limit in [1, 2, 3, 7, 100] {
        for (path, all) in
            [("/admin/v1/users".to_owned(), &users), (format!("/admin/v1/users/{}/keys", key.user_id), &keys)]
        {
            let mut ids = walk(&world, &path, limit).await;
            let mut all = all.clone();
            ids.sort();
            all.sort();
            assert_eq!(ids, all, "{path} by {limit}");
        }
        assert_eq!(walk(&world, "/admin/v1/calls", limit).await, calls, "newest first, by {limit}");
    }
}
