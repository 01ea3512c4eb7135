//! Limits of users, keys and providers, their use, and sessions.

use serde_json::{Value, json};

use super::{problem, walk};
use crate::world::{UPSTREAM_SECRET, World, ask, merge};

/// The fields of limits, each with a value that is not its default.
fn full() -> Value {
    json!({
        "limit_rpm": 60, "limit_tpm": 1_000_000, "limit_5h_usd": "1.5", "limit_daily_usd": "0.000000001",
        "limit_weekly_usd": "9000000", "limit_monthly_usd": "100", "limit_total_usd": "0",
        "limit_concurrent_requests": 4, "limit_concurrent_sessions": 0, "limit_mode": "hard",
        "reset_5h_mode": "fixed", "daily_reset_mode": "rolling", "daily_reset_time": "18:30",
    })
}

/// The names of an object's fields, sorted.
pub fn names(object: &Value) -> Vec<String> {
    let mut names: Vec<String> = object.as_object().unwrap().keys().cloned().collect();
    names.sort();
    names
}

/// These names and those of the fields of limits, sorted.
pub fn with_limits(own: &[&str]) -> Vec<String> {
    let mut all = full();
    all["reset_at"] = Value::Null;
    for name in own {
        all[*name] = Value::Null;
    }
    names(&all)
}

/// A new user, key and provider with these fields: their paths, and how they were answered.
async fn made(world: &World, fields: &Value) -> [(String, Value); 3] {
    let user = json!({"name": format!("{}-limited", world.tag)});
    let user = world.create("/admin/v1/users", &merge(user, fields.clone())).await;
    let user_path = format!("/admin/v1/users/{}", user["id"].as_str().unwrap());
    let key = merge(json!({"name": "laptop"}), fields.clone());
    let mut key = world.create(&format!("{user_path}/keys"), &key).await;
    key.as_object_mut().unwrap().remove("key");
    let key_path = format!("/admin/v1/keys/{}", key["id"].as_str().unwrap());
    let provider = json!({"name": format!("{}-limited", world.tag), "base_url": "https://api.example",
        "secret": UPSTREAM_SECRET, "enabled": false});
    let provider = world.create("/admin/v1/providers", &merge(provider, fields.clone())).await;
    let provider_path = format!("/admin/v1/providers/{}", provider["id"].as_str().unwrap());
    [(user_path, user), (key_path, key), (provider_path, provider)]
}

#[tokio::test]
async fn limits_are_set_read_changed_and_cleared() {
    let world = World::shared().await;
    for (path, made) in made(&world, &full()).await {
        for (field, value) in full().as_object().unwrap() {
            assert_eq!(made[field], *value, "{field}: {made}");
        }
        assert_eq!(made["reset_at"], Value::Null);
        assert_eq!(world.get(&path).await, made);
        let patched = world.patch(&path, &json!({"limit_rpm": 0, "limit_5h_usd": 2})).await;
        let expected = merge(full(), json!({"limit_rpm": 0, "limit_5h_usd": "2"}));
        for (field, value) in expected.as_object().unwrap() {
            assert_eq!(patched[field], *value, "a PATCH changes only what it names: {field}: {patched}");
        }
        let clear: Value = full().as_object().unwrap().keys().map(|field| (field.clone(), Value::Null)).collect();
        let cleared = world.patch(&path, &clear).await;
        for field in with_limits(&[]) {
            let default = match field.as_str() {
                "limit_mode" => json!("soft"),
                "reset_5h_mode" => json!("rolling"),
                "daily_reset_mode" => json!("fixed"),
                "daily_reset_time" => json!("00:00"),
                _ => Value::Null,
            };
            assert_eq!(cleared[&field], default, "{field}: {cleared}");
        }
    }
}

#[tokio::test]
async fn a_limit_that_cannot_be_is_refused_naming_its_field() {
    let world = World::shared().await;
    for (path, _) in made(&world, &json!({})).await {
        for (field, value) in [
            ("limit_rpm", json!(-1)),
            ("limit_rpm", json!(1.5)),
            ("limit_rpm", json!("many")),
            ("limit_rpm", json!(1_000_001)),
            ("limit_tpm", json!(1_000_000_000_001_u64)),
            ("limit_5h_usd", json!("-0.01")),
            ("limit_daily_usd", json!("1.0000000001")),
            ("limit_weekly_usd", json!("much")),
            ("limit_monthly_usd", json!("9000000.01")),
            ("limit_total_usd", json!(true)),
            ("limit_concurrent_requests", json!(4_294_967_296_u64)),
            ("limit_concurrent_sessions", json!(1_000_001)),
            ("limit_mode", json!("firm")),
            ("reset_5h_mode", json!("never")),
            ("daily_reset_mode", json!(1)),
            ("daily_reset_time", json!("24:00")),
            ("daily_reset_time", json!("noon")),
            ("reset_at", json!("2026-01-01T00:00:00Z")),
            ("reset_at", Value::Null),
            ("limit_yearly_usd", json!("1")),
        ] {
            let mut body = json!({});
            body[field] = value;
            let answer = world.admin("PATCH", &path, &body).await;
            problem(&answer, 422, Some(field));
            assert_eq!(answer.1["field"], field, "{}", answer.1);
        }
    }
    let body = json!({"name": "x", "limit_rpm": -1});
    problem(&world.admin("POST", "/admin/v1/users", &body).await, 422, Some("limit_rpm"));
    problem(&world.admin("PATCH", "/admin/v1/settings", &json!({"time_zone": "Mars"})).await, 422, Some("time_zone"));
}

#[tokio::test]
async fn the_use_of_every_limit_is_told() {
    let world = World::alone().await;
    world.patch("/admin/v1/settings", &json!({"time_zone": "Asia/Kathmandu"})).await;
    let limits = json!({"limit_rpm": 5, "limit_daily_usd": "2", "daily_reset_time": "06:00", "limit_total_usd": "0"});
    for (path, _) in made(&world, &limits).await {
        let told = world.get(&format!("{path}/limits")).await;
        let items = told["items"].as_array().unwrap();
        let windows: Vec<&str> = items.iter().map(|item| item["window"].as_str().unwrap()).collect();
        let expected =
            ["total", "concurrent_requests", "concurrent_sessions", "rpm", "tpm", "5h", "daily", "weekly", "monthly"];
        assert_eq!(windows, expected);
        let of = |window: &str| items.iter().find(|item| item["window"] == window).unwrap();
        let unused =
            |limit: Value, zero: Value| json!({"limit": limit, "settled": zero, "reserved": zero, "remaining": limit});
        for (window, limit, zero) in [
            ("total", json!("0"), json!("0")),
            ("concurrent_requests", Value::Null, json!(0)),
            ("rpm", json!(5), json!(0)),
            ("5h", Value::Null, json!("0")),
            ("daily", json!("2"), json!("0")),
            ("monthly", Value::Null, json!("0")),
        ] {
            let mut item = of(window).clone();
            item.as_object_mut().unwrap().retain(|name, _| !["window", "resets_at"].contains(&name.as_str()));
            assert_eq!(item, unused(limit, zero), "{window}");
        }
        // A quarter past midnight UTC is six in the morning there; a week and a month begin at midnight.
        for (window, time) in [("daily", "T00:15:00Z"), ("weekly", "T18:15:00Z"), ("monthly", "T18:15:00Z")] {
            let resets_at = of(window)["resets_at"].as_str().unwrap();
            assert!(resets_at.ends_with(time), "{window}: {resets_at}");
        }
        for window in ["total", "concurrent_requests", "rpm", "5h"] {
            assert_eq!(of(window)["resets_at"], Value::Null, "{window}");
        }
    }
}

#[tokio::test]
async fn a_reset_is_noted_and_changes_nothing_else() {
    let world = World::shared().await;
    for (path, made) in made(&world, &full()).await {
        let (status, reset) = world.admin("POST", &format!("{path}/reset"), &Value::Null).await;
        assert_eq!(status, 200, "{reset}");
        assert!(reset["reset_at"].is_string(), "{reset}");
        assert_eq!(merge(reset.clone(), json!({"reset_at": null})), made);
        assert_eq!(world.get(&path).await, reset);
        // It is only set by a reset, and stays when other things change.
        let patched = world.patch(&path, &json!({"limit_rpm": 7})).await;
        assert_eq!(patched["reset_at"], reset["reset_at"]);
        problem(&world.admin("POST", &format!("{path}/reset"), &json!({"at": 1})).await, 422, Some("at"));
    }
    let sql = format!("select action from audit_log where address = '{}' and action like '%reset'", world.address);
    let mut actions: Vec<Value> = world.rows(&sql).await.iter().map(|row| row["action"].clone()).collect();
    actions.sort_by_key(ToString::to_string);
    assert_eq!(actions, ["key.reset", "provider.reset", "user.reset"]);
}

#[tokio::test]
async fn sessions_are_listed_newest_first_and_ended() {
    let world = World::alone().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    for n in 0..5 {
        let mut body = ask("claude-sonnet-4-5", false);
        body["metadata"] = json!({"user_id": format!("user_a_account__session_s/{n}")});
        assert_eq!(world.messages(&key, &body).await.status, 200);
    }
    let listed = crate::patience::until("the sessions are bound", async || {
        let listed = world.get("/admin/v1/sessions").await;
        let all = listed["items"].as_array().unwrap();
        (all.len() == 5 && all.iter().all(|one| one["provider_id"] == provider.id)).then_some(listed.clone())
    })
    .await;
    let items = listed["items"].as_array().unwrap();
    let names: Vec<&str> = items.iter().map(|item| item["session_id"].as_str().unwrap()).collect();
    assert_eq!(names, ["s/4", "s/3", "s/2", "s/1", "s/0"]);
    let one = &items[0];
    assert_eq!((&one["key_id"], &one["user_id"]), (&json!(key.id), &json!(key.user_id)), "{one}");
    assert_eq!((&one["key_name"], &one["calls"], &one["in_flight"]), (&json!("laptop"), &json!(1), &json!(0)), "{one}");
    assert!(one["created_at"].is_string() && one["last_seen_at"].is_string() && one["user_name"].is_string(), "{one}");
    assert_eq!(one["provider_name"], format!("{}-a", world.tag));
    let ids: Vec<String> = items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
    for limit in [1, 2, 5] {
        assert_eq!(walk(&world, "/admin/v1/sessions", limit).await, ids, "by {limit}");
    }
    let path = format!("/admin/v1/sessions/{}", ids[0]);
    assert_eq!(world.admin("DELETE", &path, &Value::Null).await, (204, Value::Null));
    for unknown in [path.as_str(), "/admin/v1/sessions/nonsense", "/admin/v1/sessions/OTk5OmE"] {
        problem(&world.admin("DELETE", unknown, &Value::Null).await, 404, None);
    }
    assert_eq!(walk(&world, "/admin/v1/sessions", 100).await, ids[1..]);
    let sql = "select subject from audit_log where action = 'session.end'";
    assert_eq!(world.value(sql).await, "s/4", "what was not there leaves no trace");
}
