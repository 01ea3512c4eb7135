//! The description of the API is generated, and true.

use serde_json::Value;

use super::ROUTES;
use crate::{client::Request, world::World};

#[tokio::test]
async fn the_description_lists_every_route_and_refers_to_nothing_that_is_missing() {
    let world = World::shared().await;
    let description = world.get("/admin/v1/openapi.json").await;
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1."), "{}", description["openapi"]);
    let paths = description["paths"].as_object().unwrap();
    let mut described: Vec<(String, String)> = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            if !["get", "put", "post", "delete", "patch"].contains(&method.as_str()) {
                continue;
            }
            assert!(operation["summary"].is_string() || operation["description"].is_string(), "{method} {path}");
            assert!(
                operation["responses"].as_object().is_some_and(|responses| !responses.is_empty()),
                "{method} {path}"
            );
            for name in path.split('{').skip(1).filter_map(|part| part.split('}').next()) {
                let parameters = operation["parameters"].as_array().or(item["parameters"].as_array());
                let is_described =
                    parameters.is_some_and(|all| all.iter().any(|one| one["name"] == name && one["in"] == "path"));
                assert!(is_described, "{name} of {method} {path}");
            }
            described.push((method.to_uppercase(), path.clone()));
        }
    }
    for (method, path) in ROUTES {
        assert!(described.contains(&((*method).to_owned(), (*path).to_owned())), "{method} {path} is not described");
    }
    check_references(&description, &description);
    let text = description.to_string();
    for field in [
        "cost_multiplier",
        "on_client_gone",
        "next_cursor",
        "first_token_ms",
        "cache_write_1h",
        "limit_concurrent_sessions",
        "daily_reset_time",
    ] {
        assert!(text.contains(field), "{field}");
    }
}

/// Every `$ref` leads somewhere.
fn check_references(value: &Value, whole: &Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str().filter(|_| name == "$ref") {
                    Some(target) => {
                        let target = target.strip_prefix('#').unwrap();
                        assert!(whole.pointer(target).is_some(), "{target} is missing");
                    }
                    None => check_references(value, whole),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| check_references(item, whole)),
        _ => {}
    }
}

#[tokio::test]
async fn every_route_that_is_described_is_served() {
    let world = World::shared().await;
    let description = world.get("/admin/v1/openapi.json").await;
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys().filter(|method| *method == "get") {
            let target = path.replace("{id}", "999999").replace("{model}", "x");
            let (status, answer) = world.admin(&method.to_uppercase(), &target, &Value::Null).await;
            assert!(matches!(status, 200 | 404 | 422), "{method} {path}: {status} {answer}");
        }
    }
}

#[tokio::test]
async fn the_description_can_be_browsed() {
    let world = World::shared().await;
    let request = Request::get("/admin/docs").header("authorization", format!("Bearer {}", world.admin_token));
    let mut reply = request.header("x-forwarded-for", &world.address).send(world.hub.address).await;
    assert_eq!(reply.status, 200);
    assert!(reply.header("content-type").unwrap().starts_with("text/html"));
    let page = reply.text().await;
    assert!(page.contains("/admin/v1/providers") || page.contains("/admin/v1/openapi.json"), "{page}");
}

#[tokio::test]
async fn every_list_is_given_out_by_the_page() {
    let world = World::shared().await;
    let description = world.get("/admin/v1/openapi.json").await;
    let is_page = |operation: &Value| {
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let schema = match schema["$ref"].as_str() {
            Some(target) => description.pointer(target.strip_prefix('#').unwrap()).unwrap(),
            None => schema,
        };
        schema["properties"]["next_cursor"].is_object() && schema["properties"]["items"].is_object()
    };
    let mut n_lists = 0;
    for (path, item) in description["paths"].as_object().unwrap() {
        let operation = &item["get"];
        if !is_page(operation) {
            continue;
        }
        n_lists += 1;
        for name in ["limit", "cursor"] {
            let parameters = operation["parameters"].as_array().unwrap();
            let found = parameters.iter().any(|one| one["name"] == name && one["in"] == "query");
            assert!(found, "{path} does not take {name}");
        }
    }
    assert!(n_lists >= 20, "{n_lists}");

    for path in
        ["settings", "environment", "groups", "holds", "usage", "usage/errors", "users/tags", "providers/traffic"]
    {
        let page = world.get(&format!("/admin/v1/{path}?limit=100")).await;
        assert!(page["items"].is_array(), "{path}: {page}");
    }
    let all = world.get("/admin/v1/settings").await;
    let (mut items, mut query) = (Vec::new(), String::new());
    loop {
        let page = world.get(&format!("/admin/v1/settings?limit=7{query}")).await;
        let some = page["items"].as_array().unwrap();
        assert!(some.len() <= 7, "{page}");
        items.extend(some.clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        query = format!("&cursor={next}");
    }
    assert_eq!(all["items"], Value::from(items));
    for wrong in ["limit=0", "limit=501", "cursor=%20", "limits=1"] {
        let (status, answer) = world.admin("GET", &format!("/admin/v1/settings?{wrong}"), &Value::Null).await;
        assert_eq!(status, 422, "{wrong}: {answer}");
    }
}
