//! What operators put on hold, and end.

use serde_json::{Value, json};

use super::{hold, holds, row, served_by, two};
use crate::{insight::page, patience::until, upstream::Answer, world::World};

#[tokio::test]
async fn what_an_operator_pauses_gets_no_calls_until_it_is_resumed() {
    let world = World::shared().await;
    let (a, b, key) = two(&world, json!({})).await;
    let path = format!("/admin/v1/providers/{}", a.id);
    let (status, paused) = world.admin("POST", &format!("{path}/pause"), &json!({"note": "maintenance"})).await;
    assert_eq!((status, &paused["reason"], &paused["is_absolute"]), (200, &json!("pause"), &json!(true)), "{paused}");
    assert_eq!((&paused["note"], &paused["remaining_s"]), (&json!("maintenance"), &Value::Null));
    let asked = json!({"groups": [world.tag], "model": "claude-sonnet-4-5"});
    let (_, explained) = world.admin("POST", "/admin/v1/routing/explain", &asked).await;
    assert_eq!(explained["choices"][0]["choice"]["provider_id"], b.id.as_str(), "{explained}");
    assert_eq!(served_by(&world, &key).await, b.id);
    // Another pause takes its place.
    let (_, other) = world.admin("POST", &format!("{path}/pause"), &json!({"duration_s": 600})).await;
    assert_eq!(hold(&world, &a).await["id"], other["id"]);
    // Its own page says until when, and has the button that ends it.
    let own = page(&world, &format!("/providers/{}", a.id)).await;
    assert!(own.contains("id=\"holds-title\"") && own.contains("data-until=") && own.contains("Resume"), "{own}");
    let of_b = page(&world, &format!("/providers/{}", b.id)).await;
    assert!(!of_b.contains("id=\"holds-title\""), "{of_b}");
    let (_, shorter) = world.admin("POST", &format!("{path}/pause"), &json!({"duration_s": 1})).await;
    until("the pause is over", async || holds(&world, &a).await.is_empty().then_some(())).await;
    assert_eq!(served_by(&world, &key).await, a.id);
    row(&world, &shorter, "ended_why = 'expired'").await;
    world.admin("POST", &format!("{path}/pause"), &json!({})).await;
    let (status, _) = world.admin("POST", &format!("{path}/resume"), &Value::Null).await;
    assert_eq!(status, 204);
    assert_eq!(served_by(&world, &key).await, a.id);
    let actions = format!("select action from audit_log where subject = '{}' order by id", a.id);
    let actions: Vec<Value> = world.rows(&actions).await.into_iter().map(|row| row["action"].clone()).collect();
    assert!(actions.ends_with(&[json!("provider.pause"), json!("provider.resume")]), "{actions:?}");
}

#[tokio::test]
async fn a_paused_group_is_paused_for_those_who_come_by_it() {
    let world = World::shared().await;
    let other = format!("{}-other", world.tag);
    let a = world.provider_with("a", json!({"group": [world.tag, other]})).await;
    let key = world.key().await;
    let key_of_other = world.key_with(json!({"group": [other]}), json!({})).await;
    let path = format!("/admin/v1/groups/{}", world.tag);
    let (status, paused) = world.admin("POST", &format!("{path}/pause"), &json!({})).await;
    assert_eq!((status, &paused["scope"]), (200, &json!({"kind": "group", "group": world.tag})), "{paused}");
    assert_ne!(world.message(&key).await.status, 200);
    assert_eq!(served_by(&world, &key_of_other).await, a.id);
    assert_eq!(world.admin("POST", &format!("{path}/resume"), &Value::Null).await.0, 204);
    assert_eq!(served_by(&world, &key).await, a.id);
}

#[tokio::test]
async fn an_operator_ends_a_hold() {
    let world = World::shared().await;
    let (a, b, key) = two(&world, json!({"breaker_failures": 2})).await;
    a.script.once(Answer::status(500));
    a.script.once(Answer::status(500));
    for _ in 0..2 {
        assert_eq!(served_by(&world, &key).await, b.id);
    }
    let hold = hold(&world, &a).await;
    let path = format!("/admin/v1/holds/{}", hold["id"].as_str().unwrap());
    assert_eq!(world.admin("DELETE", &path, &Value::Null).await.0, 204);
    assert!(holds(&world, &a).await.is_empty());
    assert_eq!(served_by(&world, &key).await, a.id);
    assert_eq!(row(&world, &hold, "ended_at is not null").await["ended_why"], "ended");
    assert_eq!(world.admin("DELETE", &path, &Value::Null).await.0, 404);
    let lines = format!("select action from audit_log where subject = '{}'", hold["id"].as_str().unwrap());
    assert_eq!(world.value(&lines).await, "hold.end");
}

#[tokio::test]
async fn bad_input_is_refused_with_the_field_named() {
    let world = World::shared().await;
    let a = world.provider("a").await;
    let pause = format!("/admin/v1/providers/{}/pause", a.id);
    for (body, field) in [
        (json!({"duration_s": 0}), "duration_s"),
        (json!({"duration_s": 31_536_001}), "duration_s"),
        (json!({"duration_s": "1h"}), "duration_s"),
        (json!({"note": "x".repeat(501)}), "note"),
        (json!({"until": "tomorrow"}), "until"),
    ] {
        let (status, problem) = world.admin("POST", &pause, &body).await;
        assert_eq!((status, &problem["field"]), (422, &json!(field)), "{body}: {problem}");
    }
    for (method, path) in [
        ("POST", "/admin/v1/providers/999999999/pause".to_owned()),
        ("POST", "/admin/v1/providers/999999999/resume".to_owned()),
        ("POST", "/admin/v1/groups/nobody-has-made-it/pause".to_owned()),
        ("POST", "/admin/v1/groups/nobody-has-made-it/resume".to_owned()),
        ("DELETE", "/admin/v1/holds/00000000-0000-7000-8000-000000000000".to_owned()),
        ("DELETE", "/admin/v1/holds/1".to_owned()),
    ] {
        assert_eq!(world.admin(method, &path, &Value::Null).await.0, 404, "{path}");
    }
    let (status, problem) = world.admin("GET", "/admin/v1/holds?provider_id=x", &Value::Null).await;
    assert_eq!((status, &problem["field"]), (422, &json!("provider_id")), "{problem}");
    assert!(holds(&world, &a).await.is_empty());
}
