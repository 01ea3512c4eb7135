//! Users and their keys.

use serde_json::{Value, json};

use super::{
    limits::{names, with_limits},
    problem,
};
use crate::world::World;

#[tokio::test]
async fn a_user_is_made_read_changed_and_deleted() {
    let world = World::shared().await;
    let name = format!("{}-Jörg", world.tag);
    let full = json!({
        "name": name, "note": "team blue", "enabled": false, "role": "admin", "group": ["blue", "red"],
        "expires_at": "2031-01-02T03:04:05Z", "tags": ["night shift", "on call"],
    });
    let made = world.create("/admin/v1/users", &full).await;
    for (field, value) in full.as_object().unwrap() {
        assert_eq!(made[field], *value, "{field}: {made}");
    }
    let own = ["created_at", "enabled", "expires_at", "group", "has_password", "id", "name", "note", "role", "tags"];
    assert_eq!(names(&made), with_limits(&own));
    assert!(made["id"].is_string());
    let path = format!("/admin/v1/users/{}", made["id"].as_str().unwrap());
    assert_eq!(world.get(&path).await, made);

    let patched = world.patch(&path, &json!({"note": "team red"})).await;
    let mut expected = made.clone();
    expected["note"] = json!("team red");
    assert_eq!(patched, expected, "a PATCH changes only what it names");
    let cleared = world
        .patch(
            &path,
            &json!({"expires_at": null, "note": null, "group": null, "role": null, "enabled": null, "tags": null}),
        )
        .await;
    let (none, empty) = (Value::Null, json!(""));
    assert_eq!((&cleared["expires_at"], &cleared["note"], &cleared["group"]), (&none, &empty, &json!([])));
    assert_eq!(cleared["tags"], json!([]));
    assert_eq!((&cleared["role"], &cleared["enabled"]), (&json!("user"), &json!(true)));
    assert_eq!(world.patch(&path, &json!({})).await, cleared);

    let (status, answer) = world.admin("DELETE", &path, &none).await;
    assert_eq!((status, answer), (204, none.clone()));
    problem(&world.admin("GET", &path, &none).await, 404, None);
    problem(&world.admin("DELETE", &path, &none).await, 404, None);
    // The name is free again.
    world.create("/admin/v1/users", &json!({"name": name})).await;
}

#[tokio::test]
async fn a_name_is_taken_once() {
    let world = World::shared().await;
    let name = format!("{}-twin", world.tag);
    world.create("/admin/v1/users", &json!({"name": name})).await;
    problem(&world.admin("POST", "/admin/v1/users", &json!({"name": name})).await, 409, Some("name"));
    let other = world.create("/admin/v1/users", &json!({"name": format!("{name}-2")})).await;
    let path = format!("/admin/v1/users/{}", other["id"].as_str().unwrap());
    problem(&world.admin("PATCH", &path, &json!({"name": name})).await, 409, Some("name"));
}

#[tokio::test]
async fn a_key_is_made_read_changed_and_deleted() {
    let world = World::shared().await;
    let user = world.create("/admin/v1/users", &json!({"name": world.tag})).await;
    let user_id = user["id"].as_str().unwrap();
    let keys = format!("/admin/v1/users/{user_id}/keys");
    let mut made = world.create(&keys, &json!({"name": "laptop"})).await;
    let secret = made.as_object_mut().unwrap().remove("key").unwrap();
    assert!(secret.as_str().unwrap().len() > 40);
    let own = [
        "addresses",
        "clients",
        "created_at",
        "enabled",
        "expires_at",
        "group",
        "id",
        "last_used_at",
        "models",
        "name",
        "old_secret_until",
        "preview",
        "user_id",
    ];
    assert_eq!(names(&made), with_limits(&own));
    assert_eq!((&made["user_id"], &made["enabled"], &made["group"]), (&json!(user_id), &json!(true), &json!([])));
    let path = format!("/admin/v1/keys/{}", made["id"].as_str().unwrap());
    assert_eq!(world.get(&path).await, made);
    assert_eq!(world.get(&keys).await["items"], json!([made]));
    let full = json!({"name": "desk", "enabled": false, "group": ["blue"], "expires_at": "2031-01-02T03:04:05Z"});
    let changed = world.patch(&path, &full).await;
    for (field, value) in full.as_object().unwrap() {
        assert_eq!(changed[field], *value, "{field}: {changed}");
    }
    let cleared = world.patch(&path, &json!({"group": null, "expires_at": null})).await;
    assert_eq!(
        (&cleared["group"], &cleared["expires_at"], &cleared["name"]),
        (&json!([]), &Value::Null, &json!("desk"))
    );
    assert_eq!(world.admin("DELETE", &path, &Value::Null).await.0, 204);
    problem(&world.admin("GET", &path, &Value::Null).await, 404, None);
    assert_eq!(world.get(&keys).await["items"], json!([]));
}

#[tokio::test]
async fn the_time_of_the_last_use_is_kept() {
    let world = World::shared().await;
    world.provider("a").await;
    let key = world.key().await;
    let path = format!("/admin/v1/keys/{}", key.id);
    assert_eq!(world.get(&path).await["last_used_at"], Value::Null);
    let reply = world.message(&key).await;
    world.call_of(&reply).await;
    crate::patience::until("the use is noted", async || {
        world.get(&path).await["last_used_at"].as_str().map(ToOwned::to_owned)
    })
    .await;
}

#[tokio::test]
async fn deleting_keeps_the_history_and_its_names() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let reply = world.message(&key).await;
    let before = world.call_of(&reply).await;
    for path in [
        format!("/admin/v1/keys/{}", key.id),
        format!("/admin/v1/users/{}", key.user_id),
        format!("/admin/v1/providers/{}", provider.id),
    ] {
        assert_eq!(world.admin("DELETE", &path, &Value::Null).await.0, 204, "{path}");
    }
    assert_eq!(world.call_of(&reply).await, before);
    assert!(before["user_name"].as_str().unwrap().starts_with(&world.tag));
    assert_eq!(before["provider_name"], format!("{}-a", world.tag));
    for by in ["user", "key", "provider", "model"] {
        let usage = world.get(&format!("/admin/v1/usage?by={by}")).await;
        let id = match by {
            "user" => key.user_id.as_str(),
            "key" => &key.id,
            "provider" => &provider.id,
            _ => "claude-sonnet-4-5",
        };
        let rows = usage["items"].as_array().unwrap();
        assert!(rows.iter().any(|row| row["id"] == id && row["name"].is_string()), "{by}: {usage}");
    }
}

#[tokio::test]
async fn deleting_a_user_ends_its_keys() {
    let world = World::shared().await;
    world.provider("a").await;
    let key = world.key().await;
    assert_eq!(world.message(&key).await.status, 200);
    assert_eq!(world.admin("DELETE", &format!("/admin/v1/users/{}", key.user_id), &Value::Null).await.0, 204);
    assert_eq!(world.message(&key).await.status, 401);
    problem(&world.admin("GET", &format!("/admin/v1/keys/{}", key.id), &Value::Null).await, 404, None);
}

#[tokio::test]
async fn every_change_leaves_a_trace_without_secrets() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    world
        .patch(
            &format!("/admin/v1/providers/{}", provider.id),
            &json!({"weight": 9, "secret": "sk-ant-new-secret-987654"}),
        )
        .await;
    world.admin("DELETE", &format!("/admin/v1/keys/{}", key.id), &Value::Null).await;
    let trace = world.rows(&format!("select * from audit_log where address = '{}' order by id", world.address)).await;
    let actions: Vec<&str> = trace.iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["provider.create", "user.create", "key.create", "provider.update", "key.delete"]);
    let update = &trace[3];
    assert_eq!((&update["before"]["weight"], &update["after"]["weight"]), (&json!(1), &json!(9)), "{update}");
    let text = json!(trace).to_string();
    assert!(!text.contains("sk-ant-new-secret-987654") && !text.contains(&key.secret), "{text}");
}
