//! A conversation stays with the provider that served it.

use serde_json::{Value, json};

use crate::{
    hub::Setup,
    patience::until,
    upstream::{Answer, Gate, Turn},
    world::{Key, World, ask},
};

/// A message of a conversation.
pub fn of_session(session: &str) -> Value {
    let mut body = ask("claude-sonnet-4-5", false);
    body["metadata"] = json!({"user_id": format!("user_1_account__session_{session}")});
    body
}

async fn served_by(world: &World, key: &Key, session: &str) -> String {
    let reply = world.messages(key, &of_session(session)).await;
    assert_eq!(reply.status, 200);
    reply.header("x-switchyard-provider").unwrap().to_owned()
}

/// Waits until a call of this session would go to this provider: a binding may follow the answer by a moment.
async fn bound_to(world: &World, session: &str, provider: &str) {
    until("the session is bound", async || {
        let sessions = world.get("/admin/v1/sessions").await;
        let found = sessions["items"].as_array().unwrap().iter().find(|item| item["session_id"] == session).cloned()?;
        (found["provider_id"] == provider).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_session_stays_although_a_better_provider_comes() {
    for setup in [None, Some(crate::redis::start().await.0)] {
        let world = match setup {
            None => World::alone().await,
            Some(redis) => World::with(Setup::usual().await.set("REDIS_URL", &redis)).await,
        };
        let first = world.provider_with("first", json!({"priority": 5})).await;
        let key = world.key().await;
        assert_eq!(served_by(&world, &key, "warm").await, first.id);
        bound_to(&world, "warm", &first.id).await;
        let better = world.provider_with("better", json!({"priority": 0})).await;
        assert_eq!(served_by(&world, &key, "warm").await, first.id);
        assert_eq!(served_by(&world, &key, "new").await, better.id);
        // Another key's session of the same name is another one.
        let other = world.key().await;
        assert_eq!(served_by(&world, &other, "warm").await, better.id);
        // The decision says why.
        let calls = world.calls_of(&key, 3).await;
        assert_eq!(calls[1]["decision"]["choices"][0]["is_sticky"], true, "{}", calls[1]);
        assert_eq!(calls[2]["decision"]["choices"][0]["is_sticky"], false, "{}", calls[2]);
        // A bound provider that may not serve is left.
        world.patch(&format!("/admin/v1/providers/{}", first.id), &json!({"enabled": false})).await;
        assert_eq!(served_by(&world, &key, "warm").await, better.id);
        // What it leaves behind there: all that the last turn has read from the cache and written to it.
        let moved = world.calls_of(&key, 4).await.remove(3);
        let warm = json!({"provider_id": first.id, "cached_tokens": 20_480 + 1_024 + 512});
        assert_eq!(moved["decision"]["choices"][0]["warm"], warm, "{moved}");
        assert_eq!(calls[1]["decision"]["choices"][0]["warm"], Value::Null, "{}", calls[1]);
        bound_to(&world, "warm", &better.id).await;
        // What a move would cost is told to whoever asks, too.
        let query = json!({"key_id": key.id, "model": "claude-sonnet-4-5", "session_id": "warm"});
        let explain = async || world.admin("POST", "/admin/v1/routing/explain", &query).await.1;
        assert_eq!(explain().await["choices"][0]["choice"]["warm"], Value::Null);
        let path = format!("/admin/v1/providers/{}", better.id);
        world.patch(&path, &json!({"enabled": false})).await;
        world.patch(&format!("/admin/v1/providers/{}", first.id), &json!({"enabled": true})).await;
        let warm = json!({"provider_id": better.id, "cached_tokens": 20_480 + 1_024 + 512});
        assert_eq!(explain().await["choices"][0]["choice"]["warm"], warm);
        world.patch(&path, &json!({"enabled": true})).await;
        world.patch(&format!("/admin/v1/providers/{}", first.id), &json!({"enabled": true, "priority": -1})).await;
        assert_eq!(served_by(&world, &key, "warm").await, better.id);
    }
}

#[tokio::test]
async fn only_a_success_binds() {
    let world = World::alone().await;
    let failing = world.provider_with("failing", json!({"priority": 0, "max_attempts": 1})).await;
    let working = world.provider_with("working", json!({"priority": 1})).await;
    failing.script.once(Answer::status(500));
    let key = world.key().await;
    assert_eq!(served_by(&world, &key, "a").await, working.id);
    bound_to(&world, "a", &working.id).await;
    assert_eq!(served_by(&world, &key, "a").await, working.id);
    assert_eq!(served_by(&world, &key, "b").await, failing.id);
}

#[tokio::test]
async fn a_slow_call_does_not_overwrite_a_newer_binding() {
    let world = World::alone().await;
    let slow = world.provider_with("slow", json!({"priority": 0})).await;
    let key = world.key().await;
    let gate = Gate::new();
    slow.script.once(Answer::json(200, &Turn::new().message()).pause_before_head(&gate));
    let open = world.request(&key, of_session("a").to_string()).open(world.hub.address).await.unwrap();
    gate.reached().await;
    world.patch(&format!("/admin/v1/providers/{}", slow.id), &json!({"priority": 9})).await;
    let newer = world.provider_with("newer", json!({"priority": 1})).await;
    assert_eq!(served_by(&world, &key, "a").await, newer.id);
    bound_to(&world, "a", &newer.id).await;
    gate.open();
    assert_eq!(open.reply("POST").await.unwrap().status, 200);
    world.calls_of(&key, 2).await;
    assert_eq!(served_by(&world, &key, "a").await, newer.id);
}

#[tokio::test]
async fn a_binding_ends_when_nobody_uses_it() {
    let world = World::with(Setup::usual().await.set("SESSION_TTL", "1")).await;
    let first = world.provider_with("first", json!({"priority": 5})).await;
    let key = world.key().await;
    assert_eq!(served_by(&world, &key, "a").await, first.id);
    let better = world.provider_with("better", json!({"priority": 0})).await;
    until("the binding has ended", async || {
        tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
        (served_by(&world, &key, "a").await == better.id).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_operator_sees_sessions_and_ends_them() {
    let world = World::alone().await;
    let first = world.provider_with("first", json!({"priority": 5})).await;
    let key = world.key().await;
    served_by(&world, &key, "a").await;
    bound_to(&world, "a", &first.id).await;
    let sessions = world.get("/admin/v1/sessions").await;
    let session = sessions["items"].as_array().unwrap().iter().find(|item| item["session_id"] == "a").unwrap().clone();
    assert_eq!((&session["key_id"], &session["user_id"]), (&json!(key.id), &json!(key.user_id)), "{session}");
    let better = world.provider_with("better", json!({"priority": 0})).await;
    let path = format!("/admin/v1/sessions/{}", session["id"].as_str().unwrap());
    assert_eq!(world.admin("DELETE", &path, &Value::Null).await.0, 204);
    assert_eq!(world.admin("DELETE", &path, &Value::Null).await.0, 404);
    assert_eq!(served_by(&world, &key, "a").await, better.id);
}

#[tokio::test]
async fn a_header_names_the_session_before_the_body_does() {
    let world = World::alone().await;
    world.provider("a").await;
    let key = world.key().await;
    let long = "s".repeat(256);
    for (header, body, expected) in [
        (Some(long.as_str()), of_session("body"), long.as_str()),
        (Some("from-header"), of_session("body"), "from-header"),
        (None, of_session("body"), "body"),
    ] {
        let mut request = world.request(&key, body.to_string());
        if let Some(header) = header {
            request = request.header("x-claude-code-session-id", header);
        }
        let reply = request.send(world.hub.address).await;
        assert_eq!(world.call_of(&reply).await["session_id"], expected);
    }
    // Without a name it is derived: the same for later turns, another one for another beginning.
    let turn = |messages: Value| json!({"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": messages});
    let say = |role: &str, text: &str| json!({"role": role, "content": text});
    let mut ids = Vec::new();
    for messages in [
        json!([say("user", "one")]),
        json!([say("user", "one"), say("assistant", "yes"), say("user", "two")]),
        json!([say("user", "other")]),
    ] {
        let reply = world.messages(&key, &turn(messages)).await;
        ids.push(world.call_of(&reply).await["session_id"].as_str().unwrap().to_owned());
    }
    assert!(ids[0].starts_with("derived-") && ids[0] == ids[1] && ids[0] != ids[2], "{ids:?}");
}
