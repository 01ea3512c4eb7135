//! Providers and prices.

use serde_json::{Value, json};

use super::{
    limits::{names, with_limits},
    problem,
};
use crate::world::{UPSTREAM_SECRET, World};

#[tokio::test]
async fn a_provider_is_made_read_changed_and_deleted() {
    let world = World::shared().await;
    let full = json!({
        "name": format!("{}-full", world.tag), "kind": "anthropic", "base_url": "https://api.example/proxy/anthropic",
        "secret": UPSTREAM_SECRET, "enabled": false, "weight": 7, "priority": -3, "group": ["blue", "red"],
        "cost_multiplier": "0.85", "models": ["claude-*", {"kind": "exact", "value": "other"}],
        "redirects": [{"from": {"kind": "prefix", "value": "claude-"}, "to": "vendor-model"}],
        "proxy_url": "socks5://user:pass@127.0.0.1:1080", "connect_timeout_ms": 1000, "first_byte_timeout_ms": 2000,
        "idle_timeout_ms": 3000, "total_timeout_ms": 4000, "on_client_gone": "stop", "headers": {"x-tenant": "blue"},
    });
    let made = world.create("/admin/v1/providers", &full).await;
    for (field, value) in full.as_object().unwrap() {
        match field.as_str() {
            "secret" => assert_eq!(made[field], Value::Null, "write-only: {made}"),
            "models" => {
                let both = json!([{"kind": "glob", "value": "claude-*"}, {"kind": "exact", "value": "other"}]);
                assert_eq!(made[field], both, "{made}");
            }
            "proxy_url" => {
                let shown = made[field].as_str().unwrap();
                assert!(shown.starts_with("socks5://user:") && shown.contains("@127.0.0.1:1080"), "{shown}");
                assert!(!shown.contains("pass@"), "{shown}");
            }
            _ => assert_eq!(made[field], *value, "{field}: {made}"),
        }
    }
    let path = format!("/admin/v1/providers/{}", made["id"].as_str().unwrap());
    assert_eq!(world.get(&path).await, made);

    let patched = world.patch(&path, &json!({"weight": 8, "proxy_url": made["proxy_url"]})).await;
    let mut expected = made.clone();
    expected["weight"] = json!(8);
    expected["updated_at"] = patched["updated_at"].clone();
    assert_eq!(patched, expected, "a PATCH changes only what it names");

    let clear = json!({
        "enabled": null, "weight": null, "priority": null, "group": null, "cost_multiplier": null, "models": null,
        "redirects": null, "proxy_url": null, "connect_timeout_ms": null, "first_byte_timeout_ms": null,
        "idle_timeout_ms": null, "total_timeout_ms": null, "on_client_gone": null, "headers": null,
    });
    let cleared = world.patch(&path, &clear).await;
    for (field, value) in [
        ("enabled", json!(true)),
        ("weight", json!(1)),
        ("priority", json!(0)),
        ("group", json!([])),
        ("cost_multiplier", json!("1")),
        ("models", json!([])),
        ("redirects", json!([])),
        ("proxy_url", Value::Null),
        ("connect_timeout_ms", Value::Null),
        ("first_byte_timeout_ms", Value::Null),
        ("idle_timeout_ms", Value::Null),
        ("total_timeout_ms", Value::Null),
        ("on_client_gone", json!("drain")),
        ("headers", json!({})),
        ("name", full["name"].clone()),
    ] {
        assert_eq!(cleared[field], value, "{field}: {cleared}");
    }
    assert_eq!(world.admin("DELETE", &path, &Value::Null).await.0, 204);
    problem(&world.admin("GET", &path, &Value::Null).await, 404, None);
    let listed = world.get("/admin/v1/providers?limit=500").await;
    assert!(!listed.to_string().contains(&format!("{}-full", world.tag)), "{listed}");
}

#[tokio::test]
async fn of_a_deleted_provider_nothing_sealed_is_left() {
    let world = World::shared().await;
    let provider = world.provider_with("gone", json!({"proxy_url": "http://user:pass@127.0.0.1:1"})).await;
    let sealed = format!(
        "select octet_length(c.secret_sealed) > 0 as has_secret, p.proxy_sealed is not null as has_proxy \
         from providers p join credentials c on c.provider_id = p.id where p.id = {}",
        provider.id
    );
    assert_eq!(world.rows(&sealed).await, [json!({"has_secret": true, "has_proxy": true})]);
    let path = format!("/admin/v1/providers/{}", provider.id);
    assert_eq!(world.admin("DELETE", &path, &Value::Null).await.0, 204);
    assert_eq!(world.rows(&sealed).await, [json!({"has_secret": false, "has_proxy": false})]);
}

#[tokio::test]
async fn a_provider_needs_no_more_than_a_name_a_place_and_a_secret() {
    let world = World::shared().await;
    let least =
        json!({"name": world.tag, "base_url": "https://api.example", "secret": UPSTREAM_SECRET, "enabled": false});
    let made = world.create("/admin/v1/providers", &least).await;
    let expected = [
        "active_from",
        "active_to",
        "base_url",
        "breaker_failures",
        "breaker_open_s",
        "breaker_successes",
        "connect_timeout_ms",
        "cost_multiplier",
        "created_at",
        "enabled",
        "failure_rules",
        "first_byte_timeout_ms",
        "group",
        "group_priorities",
        "headers",
        "id",
        "idle_timeout_ms",
        "kind",
        "max_attempts",
        "message_queue",
        "models",
        "name",
        "on_client_gone",
        "prefix",
        "priority",
        "probe",
        "proxy_url",
        "redirects",
        "secret_preview",
        "total_timeout_ms",
        "updated_at",
        "weight",
    ];
    assert_eq!(names(&made), with_limits(&expected));
    assert_eq!(made["kind"], "anthropic");
    let again = world.admin("POST", "/admin/v1/providers", &least).await;
    problem(&again, 409, Some("name"));
}

#[tokio::test]
async fn a_base_url_is_not_that_of_a_call() {
    let world = World::shared().await;
    let name = format!("{}-copied", world.tag);
    let with = |base: &str| json!({"name": name, "base_url": base, "secret": UPSTREAM_SECRET, "enabled": false});
    let wrong = "https://api.example/v1/messages";
    problem(&world.admin("POST", "/admin/v1/providers", &with(wrong)).await, 422, Some("base_url"));
    let made = world.create("/admin/v1/providers", &with("https://api.example/v1")).await;
    assert_eq!(made["base_url"], "https://api.example/v1", "which gets no second /v1");
    let path = format!("/admin/v1/providers/{}", made["id"].as_str().unwrap());
    problem(&world.admin("PATCH", &path, &json!({"base_url": format!("{wrong}/")})).await, 422, Some("base_url"));
    assert_eq!(world.get(&path).await, made);
}

#[tokio::test]
async fn naming_a_group_makes_it() {
    let world = World::shared().await;
    let group = format!("{}-brand-new", world.tag);
    world.provider_with("a", json!({"group": [group]})).await;
    let sql = format!("select count(*) from provider_groups where name = '{group}'");
    assert_eq!(world.value(&sql).await, 1);
    let key = world.key_with(json!({"group": [group]}), json!({})).await;
    assert_eq!(world.message(&key).await.status, 200);
}

#[tokio::test]
async fn prices_ship_with_the_hub_and_can_be_changed() {
    let world = World::alone().await;
    let prices = world.get("/admin/v1/prices?limit=500").await;
    let prices = prices["items"].as_array().unwrap();
    assert!(
        prices.iter().filter(|price| price["model"].as_str().unwrap().starts_with("claude-")).count() >= 5,
        "{prices:?}"
    );
    for price in prices {
        let usd = |class: &str| price[class].as_str().unwrap().parse::<f64>().unwrap();
        assert_eq!(price["source"], "builtin");
        // About the multipliers of the provider's price list, 1.25 and 2 to write; old models are rounded. Reads are a
        // tenth or less.
        let input = usd("input");
        assert!(usd("cache_read") > 0.0 && usd("cache_read") / input < 0.13, "{price}");
        for (class, factor) in [("cache_write_5m", 1.25), ("cache_write_1h", 2.0)] {
            assert!((usd(class) / (input * factor) - 1.0).abs() < 0.25, "{class}: {price}");
        }
        assert!(usd("output") > input && input > 0.0, "{price}");
    }
    let name = prices[0]["model"].as_str().unwrap();
    let path = format!("/admin/v1/prices/{name}");
    let changed =
        json!({"input": "1.5", "output": "2", "cache_write_5m": "3", "cache_write_1h": "4.000001", "cache_read": "0"});
    let (status, answer) = world.admin("PUT", &path, &changed).await;
    assert_eq!(
        (status, &answer["source"], &answer["cache_write_1h"]),
        (200, &json!("manual"), &json!("4.000001")),
        "{answer}"
    );
    assert!(answer["updated_at"].is_string());
    let odd = "/admin/v1/prices/vendor%2Fodd%20model%3Afree";
    let (status, answer) = world.admin("PUT", odd, &changed).await;
    assert!(matches!(status, 200 | 201), "{answer}");
    assert_eq!(answer["model"], "vendor/odd model:free");
    assert_eq!(world.admin("DELETE", odd, &Value::Null).await.0, 204);
    assert_eq!(world.admin("DELETE", &path, &Value::Null).await.0, 204);
    // What was deleted does not come back with a restart.
    world.hub.terminate();
    world.hub.stopped().await;
    world.hub.start_again().await;
    let prices = world.get("/admin/v1/prices?limit=500").await;
    assert!(!prices["items"].as_array().unwrap().iter().any(|price| price["model"] == name), "{prices}");
}
