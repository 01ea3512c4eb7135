//! Settings, the environment, and what is kept.

use serde_json::{Value, json};

use super::problem;
use crate::world::World;

#[tokio::test]
async fn settings_are_shown_whole_and_changed_by_name() {
    let world = World::alone().await;
    let shown = world.get("/admin/v1/settings").await;
    for setting in shown["items"].as_array().unwrap() {
        assert_eq!(setting["value"], setting["default"], "{setting}");
        // Tests give a hub this one.
        let source = if setting["variable"] == "LOG_LEVEL" { "environment" } else { "default" };
        assert!(setting["source"] == source && setting["description"].is_string(), "{setting}");
        assert!(setting["section"].is_string() && setting["kind"]["type"].is_string(), "{setting}");
    }
    let value = |settings: &Value, name: &str| {
        let settings = settings["items"].as_array().unwrap();
        settings.iter().find(|setting| setting["name"] == name).unwrap_or_else(|| panic!("{name}")).clone()
    };
    let changed = world.patch("/admin/v1/settings", &json!({"gate_ms": 500, "probe_model": "claude-x"})).await;
    assert_eq!(
        (&value(&changed, "gate_ms")["value"], &value(&changed, "gate_ms")["source"]),
        (&json!(500), &json!("database"))
    );
    let answer = world.admin("PATCH", "/admin/v1/settings", &json!({"gate_ms": 1, "providers_max": 99})).await;
    problem(&answer, answer.0, Some("providers_max"));
    let shown = world.get("/admin/v1/settings").await;
    assert_eq!(value(&shown, "gate_ms")["value"], 500, "all or nothing");
    let cleared = world.patch("/admin/v1/settings", &json!({"gate_ms": null})).await;
    assert_eq!(
        (&value(&cleared, "gate_ms")["value"], &value(&cleared, "gate_ms")["source"]),
        (&json!(10_000), &json!("default"))
    );
    assert_eq!(value(&cleared, "probe_model")["value"], "claude-x");
}

/// The one of that name.
fn named(list: &Value, name: &str) -> Value {
    let items = list["items"].as_array().unwrap();
    items.iter().find(|item| item["name"] == name).unwrap_or_else(|| panic!("{name}")).clone()
}

#[tokio::test]
async fn a_setting_says_what_it_can_be_and_is_held_to_it() {
    let world = World::shared().await;
    let shown = world.get("/admin/v1/settings").await;
    for (name, section, kind) in [
        ("providers_max", "calls", json!({"type": "number", "min": 1, "max": 10})),
        ("waiting", "waiting", json!({"type": "choice", "choices": ["off", "on", "patient_only"]})),
        ("metrics_open", "edge", json!({"type": "switch"})),
        ("probe_model", "health", json!({"type": "text", "min": 1, "max": 256})),
        ("default_price", "prices", json!({"type": "price"})),
    ] {
        let setting = named(&shown, name);
        assert_eq!((&setting["section"], &setting["kind"]), (&json!(section), &kind), "{name}");
    }
    let numbers = shown["items"].as_array().unwrap().iter().filter(|setting| setting["kind"]["type"] == "number");
    for setting in numbers {
        let name = setting["name"].as_str().unwrap();
        let too_much = setting["kind"]["max"].as_u64().unwrap() + 1;
        for wrong in [json!(too_much), json!(-1), json!(1.5), json!("1"), json!(true)] {
            let answer = world.admin("PATCH", "/admin/v1/settings", &json!({name: wrong})).await;
            assert_eq!(answer.0, 422, "{name} {wrong}: {}", answer.1);
            problem(&answer, 422, Some(name));
        }
    }
    for (name, wrong) in [("waiting", json!("maybe")), ("metrics_open", json!("on")), ("probe_model", json!(""))] {
        let answer = world.admin("PATCH", "/admin/v1/settings", &json!({name: wrong})).await;
        assert_eq!(answer.0, 422, "{name}: {}", answer.1);
        problem(&answer, 422, Some(name));
    }
}

#[tokio::test]
async fn the_time_zone_is_that_of_the_environment_until_an_operator_says_otherwise() {
    let world = World::alone().await;
    let variables = world.get("/admin/v1/environment").await;
    let zone = named(&variables, "TZ")["value"].clone();
    let shown = named(&world.get("/admin/v1/settings").await, "time_zone");
    assert_eq!((&shown["value"], &shown["default"], &shown["variable"]), (&zone, &zone, &json!("TZ")));
    let changed = world.patch("/admin/v1/settings", &json!({"time_zone": "Asia/Kathmandu"})).await;
    let changed = named(&changed, "time_zone");
    assert_eq!((&changed["value"], &changed["source"]), (&json!("Asia/Kathmandu"), &json!("database")));
    assert_eq!(changed["default"], zone);
    let cleared = named(&world.patch("/admin/v1/settings", &json!({"time_zone": null})).await, "time_zone");
    assert_eq!(cleared["value"], zone);
}

#[tokio::test]
async fn the_environment_is_shown_without_its_secrets() {
    let world = World::shared().await;
    let variables = world.get("/admin/v1/environment").await;
    let token = named(&variables, "ADMIN_TOKEN");
    assert_eq!((&token["is_secret"], &token["value"]), (&json!(true), &Value::Null));
    assert_eq!(named(&variables, "APP_PORT")["source"], "environment");
    assert!(named(&variables, "SESSION_TTL")["value"].is_string());
    assert!(!variables.to_string().contains(&world.admin_token));
}

#[tokio::test]
async fn what_is_kept_is_shown_by_table_and_by_day() {
    let world = World::shared().await;
    let storage = world.get("/admin/v1/storage").await;
    let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("{value}"));
    let tables = storage["tables"].as_array().unwrap();
    let sizes: Vec<u64> = tables.iter().map(|table| number(&table["bytes"])).collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b), "{storage}");
    assert!(sizes.iter().sum::<u64>() < number(&storage["database_bytes"]), "{storage}");
    let calls = tables.iter().find(|table| table["name"] == "calls").unwrap();
    let days = storage["days"].as_array().unwrap();
    // Each day, and one partition for what belongs to none.
    assert_eq!(number(&calls["n_partitions"]), days.len() as u64 + 1, "{storage}");
    assert!(tables.iter().all(|table| !table["name"].as_str().unwrap().starts_with("calls_")), "{storage}");
    let today = chrono::Utc::now().date_naive().to_string();
    assert!(days.iter().any(|day| day["day"] == today && number(&day["bytes"]) > 0), "{storage}");
    assert_eq!((&storage["retention_days"], &storage["is_private"]), (&json!(90), &json!(false)), "{storage}");
}
