//! Calls and their sums.

use serde_json::{Value, json};

use super::{problem, walk};
use crate::{
    insight::page,
    patience::until,
    upstream::Answer,
    world::{World, ask},
};

#[tokio::test]
async fn calls_are_found_by_whatever_is_known_of_them() {
    let world = World::alone().await;
    let a = world.provider_with("a", json!({"models": ["claude-*"]})).await;
    let b = world.provider_with("b", json!({"models": ["other-*"]})).await;
    let (one, two) = (world.key().await, world.key().await);
    let first = world.messages(&one, &ask("claude-sonnet-4-5", false)).await.call_id();
    b.script.always(Answer::status(400));
    let second = world.messages(&two, &ask("other-model", true)).await.call_id();
    let request = world.request(&two, ask("claude-opus-4-8", false).to_string());
    let third = request.header("x-claude-code-session-id", "session-7").send(world.hub.address).await.call_id();
    world.calls_of(&one, 1).await;
    world.calls_of(&two, 2).await;
    let all = [third.as_str(), second.as_str(), first.as_str()];
    for (query, found) in [
        (String::new(), &all[..]),
        (format!("user_id={}", one.user_id), &[first.as_str()][..]),
        (format!("key_id={}", two.id), &[third.as_str(), second.as_str()]),
        (format!("provider_id={}", a.id), &[third.as_str(), first.as_str()]),
        ("model=other-model".to_owned(), &[second.as_str()]),
        ("session_id=session-7".to_owned(), &[third.as_str()]),
        ("outcome=refused".to_owned(), &[second.as_str()]),
        ("outcome=completed".to_owned(), &[third.as_str(), first.as_str()]),
        ("status=400".to_owned(), &[second.as_str()]),
        (format!("status=200&key_id={}", two.id), &[third.as_str()]),
        ("from=2100-01-01T00:00:00Z".to_owned(), &[]),
        ("to=2020-01-01T00:00:00Z".to_owned(), &[]),
        ("from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z".to_owned(), &all),
        ("errors=true".to_owned(), &[]),
        ("errors=false".to_owned(), &all),
        ("error=Refused".to_owned(), &[]),
        (format!("error={}", errors_cause(&world, &second).await), &[second.as_str()]),
        ("retried=true".to_owned(), &[]),
        ("retried=false".to_owned(), &all),
        ("cost_min=0.000000001".to_owned(), &[third.as_str(), first.as_str()]),
        ("cost_max=0".to_owned(), &[second.as_str()]),
        ("cost_min=1000".to_owned(), &[]),
        ("duration_min=600000".to_owned(), &[]),
        ("duration_max=600000".to_owned(), &all),
        ("first_token_min=600000".to_owned(), &[]),
        ("kind=messages".to_owned(), &all),
        ("kind=probe".to_owned(), &[]),
    ] {
        assert_eq!(walk(&world, &format!("/admin/v1/calls?{query}"), 100).await, found, "{query}");
    }
}

#[tokio::test]
async fn tests_of_providers_are_told_from_calls_of_people() {
    let world = World::alone().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let asked = world.message(&key).await.call_id();
    let path = format!("/admin/v1/providers/{}/test", provider.id);
    let (status, result) = world.admin("POST", &path, &json!({})).await;
    assert_eq!(status, 200, "{result}");
    let tested = result["call_id"].as_str().expect("an id").to_owned();
    let list = async |query: &str| walk(&world, &format!("/admin/v1/calls?{query}"), 100).await;
    until("both are recorded", async || (list("").await.len() == 2).then_some(())).await;
    assert_eq!(list("kind=messages").await, [asked.as_str()]);
    for query in ["kind=probe".to_owned(), format!("kind=probe&provider_id={}", provider.id)] {
        assert_eq!(list(&query).await, [tested.as_str()], "{query}");
    }
    assert!(list(&format!("kind=probe&key_id={}", key.id)).await.is_empty());
}

#[tokio::test]
async fn the_errors_of_the_list_are_those_that_are_counted() {
    let world = World::alone().await;
    let provider = world.provider_with("a", json!({"max_attempts": 1})).await;
    let key = world.key().await;
    let mut ids = Vec::new();
    for status in [400, 500, 200] {
        if status != 200 {
            provider.script.once(Answer::status(status));
        }
        ids.push(world.anew(&key, &ask("claude-sonnet-4-5", false)).await.call_id());
    }
    provider.script.once(Answer::status(500));
    let path = format!("/admin/v1/providers/{}/test", provider.id);
    let tested = world.admin("POST", &path, &json!({})).await.1["call_id"].as_str().expect("an id").to_owned();
    let list = async |query: &str| walk(&world, &format!("/admin/v1/calls?{query}"), 100).await;
    until("all are recorded", async || (list("").await.len() == 4).then_some(())).await;
    let sums = world.get("/admin/v1/usage?step=total").await["items"][0].clone();
    assert_eq!((&sums["calls"], &sums["refused"]), (&json!(3), &json!(1)), "{sums}");
    assert_eq!((&sums["failed"], &sums["interrupted"]), (&json!(1), &json!(0)), "{sums}");
    assert_eq!(list("errors=true").await, [ids[1].as_str()]);
    assert_eq!(list("errors=true&kind=probe").await, [tested.as_str()]);
    let cause = errors_cause(&world, &ids[1]).await;
    assert_eq!(list(&format!("errors=true&error={cause}")).await, [ids[1].as_str()]);
    // Above the list it says how many there are, and in words that there are no others.
    let shown = page(&world, "/calls?errors=yes").await;
    assert!(shown.contains("1 error<") && shown.contains("Only failed and interrupted ones"), "{shown}");
    let of_a_session = page(&world, "/calls?errors=yes&session=x").await;
    assert!(!of_a_session.contains("1 error<"), "{of_a_session}");
}

/// What a recorded call says went wrong.
async fn errors_cause(world: &World, id: &str) -> String {
    world.call(id).await["error"]["cause"].as_str().expect("a cause").to_owned()
}

#[tokio::test]
async fn a_filter_of_calls_that_cannot_be_is_named() {
    let world = World::shared().await;
    for (query, field) in [
        ("cost_min=2&cost_max=1", "cost_min"),
        ("duration_min=2&duration_max=1", "duration_min"),
        ("cost_min=dear", "cost_min"),
        ("duration_min=-1", "duration_min"),
        ("retried=perhaps", "retried"),
        ("kind=other", "kind"),
        ("error=%00", "error"),
        ("error=", "error"),
    ] {
        for path in ["calls", "calls/export"] {
            problem(&world.admin("GET", &format!("/admin/v1/{path}?{query}"), &Value::Null).await, 422, Some(field));
        }
    }
}

#[tokio::test]
async fn a_list_of_calls_shows_the_fields_of_the_contract_and_the_single_one_more() {
    let world = World::shared().await;
    world.provider("a").await;
    let key = world.key().await;
    let reply = world.message(&key).await;
    let single = world.call_of(&reply).await;
    let listed = world.get(&format!("/admin/v1/calls?key_id={}", key.id)).await["items"][0].clone();
    for field in [
        "id",
        "created_at",
        "user_id",
        "key_id",
        "provider_id",
        "session_id",
        "model",
        "model_sent",
        "model_served",
        "stream",
        "status",
        "outcome",
        "usage",
        "token_source",
        "cost_usd",
        "first_byte_ms",
        "first_token_ms",
        "duration_ms",
        "error",
    ] {
        assert!(listed.get(field).is_some(), "{field}: {listed}");
        assert_eq!(listed[field], single[field], "{field}");
    }
    for field in ["input", "output", "cache_write_5m", "cache_write_1h", "cache_read"] {
        assert!(listed["usage"][field].is_u64(), "{field}: {listed}");
    }
    assert!(listed.get("attempts").is_none() && listed.get("decision").is_none(), "{listed}");
    assert!(single["attempts"].is_array() && single["decision"].is_object(), "{single}");
    assert!(listed["cost_usd"].is_string() && listed["id"].is_string() && listed["key_id"].is_string());
}

#[tokio::test]
async fn usage_is_summed_by_what_is_asked_and_by_time() {
    let world = World::alone().await;
    let a = world.provider_with("a", json!({"priority": 0, "max_attempts": 1})).await;
    let b = world.provider_with("b", json!({"priority": 1})).await;
    let key = world.key().await;
    a.script.once(Answer::status(529));
    for stream in [true, false, true] {
        world.well_again(&a).await;
        world.anew(&key, &ask("claude-sonnet-4-5", stream)).await.body().await;
    }
    world.calls_of(&key, 3).await;
    let rows =
        async |query: &str| world.get(&format!("/admin/v1/usage?{query}")).await["items"].as_array().unwrap().clone();
    let total = rows("step=total").await;
    assert_eq!(total.len(), 1, "{total:?}");
    assert_eq!(
        (&total[0]["calls"], &total[0]["attempts"], &total[0]["usage"]["output"]),
        (&json!(3), &json!(4), &json!(3 * 385))
    );
    for by in ["user", "key", "model"] {
        let rows = rows(&format!("by={by}&step=total")).await;
        assert_eq!(rows.len(), 1, "{by}: {rows:?}");
        assert_eq!((&rows[0]["calls"], &rows[0]["cost_usd"]), (&json!(3), &total[0]["cost_usd"]), "{by}");
    }
    let by_provider = rows("by=provider").await;
    let of =
        |id: &str| by_provider.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("{by_provider:?}")).clone();
    assert_eq!((&of(&a.id)["calls"], &of(&a.id)["attempts"]), (&json!(2), &json!(3)));
    assert_eq!((&of(&b.id)["calls"], &of(&b.id)["attempts"]), (&json!(1), &json!(1)));
    for step in ["hour", "day"] {
        let rows = rows(&format!("step={step}")).await;
        let calls: u64 = rows.iter().map(|row| row["calls"].as_u64().unwrap()).sum();
        assert_eq!(calls, 3, "{step}: {rows:?}");
        assert!(rows.iter().all(|row| row["from"].is_string()), "{rows:?}");
    }
    let past = rows("from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z").await;
    assert!(past.iter().all(|row| row["calls"] == 0), "{past:?}");
}

#[tokio::test]
async fn sums_by_key_and_provider_never_mix_with_test_calls() {
    let world = World::alone().await;
    let a = world.provider("a").await;
    world.admin("POST", &format!("/admin/v1/providers/{}/test", a.id), &json!({})).await;
    let listed = until("the test call is recorded", async || {
        let calls = world.get("/admin/v1/calls").await;
        (calls["items"].as_array().unwrap().len() == 1).then_some(calls)
    })
    .await;
    assert_eq!(
        (&listed["items"][0]["kind"], &listed["items"][0]["key_id"]),
        (&json!("probe"), &Value::Null),
        "{listed}"
    );
    for by in ["user", "key"] {
        let usage = world.get(&format!("/admin/v1/usage?by={by}")).await;
        let rows = usage["items"].as_array().unwrap();
        assert!(rows.iter().all(|row| row["id"].is_null() || row["calls"] == 0), "{usage}");
    }
}

#[tokio::test]
async fn the_overviews_hour_is_one_to_the_minute_and_its_users_end_with_what_nobody_asked_for() {
    let world = World::alone().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    world.message(&key).await.body().await;
    world.calls_of(&key, 1).await;
    let test = world.admin("POST", &format!("/admin/v1/providers/{}/test", provider.id), &json!({})).await;
    assert_eq!((test.0, &test.1["ok"]), (200, &json!(true)), "{}", test.1);
    let sql = "select sum(attempts)::int8 as n from usage_1m";
    until("both are summed", async || (world.value(sql).await == 2).then_some(())).await;
    let moved = async |by: &str| {
        let sql = format!("update usage_1m set at = at - interval '{by}'");
        crate::postgres::execute(world.dsn(), &sql).await;
        let overview = world.get("/admin/v1/overview").await;
        (overview["hour"]["calls"].clone(), overview["hour_before"]["calls"].clone())
    };
    assert_eq!(moved("0 minutes").await, (json!(1), json!(0)));
    assert_eq!(moved("50 minutes").await, (json!(1), json!(0)));
    assert_eq!(moved("11 minutes").await, (json!(0), json!(0)), "61 minutes ago");
    assert_eq!(moved("23 hours 50 minutes").await, (json!(0), json!(1)), "24 hours and 51 minutes ago");
    let overview = world.get("/admin/v1/overview").await;
    let ids: Vec<_> = overview["users"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
    assert_eq!(ids, [json!(key.user_id), Value::Null], "{overview}");
    // Ten users are shown: nobody's is there too where more of them are dearer.
    for _ in 0..11 {
        let dearer = world.key().await;
        for _ in 0..2 {
            world.message(&dearer).await.body().await;
        }
        world.calls_of(&dearer, 2).await;
    }
    let overview = world.get("/admin/v1/overview").await;
    let users = overview["users"].as_array().unwrap();
    let (last, named) = users.split_last().unwrap();
    assert!(named.len() == 10 && named.iter().all(|row| row["id"].is_string()), "{overview}");
    assert_eq!((&last["id"], &last["calls"], &last["attempts"]), (&Value::Null, &json!(0), &json!(1)), "{overview}");
}

#[tokio::test]
async fn times_long_before_anything_could_happen_are_no_fault_of_the_hub() {
    let world = World::shared().await;
    for (path, status) in [
        ("calls?from=-9999-01-01T00:00:00Z", 422),
        ("calls?to=-262143-01-01T00:00:00Z", 422),
        ("audit?from=-9999-01-01T00:00:00Z", 422),
        ("usage?to=-262143-01-01T00:00:00Z", 422),
        ("usage?from=-262143-01-01T00:00:00Z&step=total", 200),
        ("leaderboard?from=-262143-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", 200),
    ] {
        let answer = world.admin("GET", &format!("/admin/v1/{path}"), &json!({})).await;
        assert_eq!(answer.0, status, "{path}: {}", answer.1);
    }
}
