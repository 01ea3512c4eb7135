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
