//! A provider that serves only so many sessions at the same time.

use serde_json::{Value, json};

use super::of_session;
use crate::{
    client::Reply,
    hub::Setup,
    limits::window,
    patience::{until, within},
    routing::{candidate, skip},
    waiting::gauge,
    world::{Key, Provider, World},
};

/// The two ways to keep counters.
async fn backends() -> [World; 2] {
    let (redis, _) = crate::redis::start().await;
    [World::alone().await, World::with(Setup::usual().await.set("REDIS_URL", &redis)).await]
}

/// Asks in this session, and reads the answer to its end.
async fn asked(world: &World, key: &Key, session: &str) -> Reply {
    let mut reply = world.messages(key, &of_session(session)).await;
    reply.body().await;
    reply
}

/// Asks in this session, which must be served by this provider.
async fn stays(world: &World, key: &Key, session: &str, provider: &Provider) {
    let reply = asked(world, key, session).await;
    assert_eq!((reply.status, reply.header("x-switchyard-provider")), (200, Some(provider.id.as_str())), "{session}");
}

/// Asks in this session, for which there is no place at the provider.
async fn refused(world: &World, key: &Key, session: &str, provider: &Provider) {
    let reply = asked(world, key, session).await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, Some("1")), "{session}");
    let call = world.call_of(&reply).await;
    assert_eq!(
        (&call["outcome"], &call["error"]["cause"]),
        (&json!("rejected"), &json!("providers_limited")),
        "{call}"
    );
    let choices = call["decision"]["choices"].as_array().unwrap();
    let left_out = candidate(choices.last().unwrap(), provider);
    let at_limit = json!({"field": "limit_concurrent_sessions", "used": 1, "limit": 1, "resets_at": null});
    assert_eq!((&left_out["skip"], &left_out["at_limit"]), (&json!("limit"), &at_limit), "{call}");
}

/// An operator ends a session.
async fn end(world: &World, session: &str) {
    let active = world.get("/admin/v1/sessions").await;
    let found = active["items"].as_array().unwrap().iter().find(|item| item["session_id"] == session).cloned();
    let id = found.unwrap_or_else(|| panic!("{session} in {active}"))["id"].as_str().unwrap().to_owned();
    assert_eq!(world.admin("DELETE", &format!("/admin/v1/sessions/{id}"), &Value::Null).await.0, 204);
}

/// How many sessions are active at a provider.
async fn n_active(world: &World, provider: &Provider) -> Value {
    window(world, &format!("providers/{}", provider.id), "concurrent_sessions").await["settled"].clone()
}

#[tokio::test]
async fn a_second_session_goes_elsewhere_and_each_stays_where_it_is() {
    for world in backends().await {
        let first = world.provider_with("first", json!({"limit_concurrent_sessions": 1})).await;
        let second = world.provider_with("second", json!({"priority": 1})).await;
        let key = world.key().await;
        stays(&world, &key, "one", &first).await;
        let reply = asked(&world, &key, "two").await;
        assert_eq!((reply.status, reply.header("x-switchyard-provider")), (200, Some(second.id.as_str())));
        let call = world.call_of(&reply).await;
        assert_eq!(skip(&call["decision"]["choices"][0], &first), "limit", "{call}");
        // Another key's session is another one, whatever it is called.
        stays(&world, &world.key().await, "one", &second).await;
        for _ in 0..2 {
            stays(&world, &key, "one", &first).await;
            stays(&world, &key, "two", &second).await;
        }
        assert_eq!((n_active(&world, &first).await, n_active(&world, &second).await), (json!(1), json!(2)));
        assert_eq!(first.script.requests().len(), 3);
    }
}

#[tokio::test]
async fn where_nobody_else_is_a_session_is_refused_until_another_one_has_ended() {
    for world in backends().await {
        let only = world.provider_with("only", json!({"limit_concurrent_sessions": 1})).await;
        let key = world.key().await;
        stays(&world, &key, "one", &only).await;
        refused(&world, &key, "two", &only).await;
        stays(&world, &key, "one", &only).await;
        refused(&world, &key, "two", &only).await;
        end(&world, "one").await;
        // What a call has used may be told to Redis a moment after its answer: until then it still runs there.
        until("the place is free", async || (asked(&world, &key, "two").await.status == 200).then_some(())).await;
        refused(&world, &key, "one", &only).await;
        stays(&world, &key, "two", &only).await;
        assert_eq!(n_active(&world, &only).await, 1);
        // A limit that is gone keeps nobody.
        world.patch(&format!("/admin/v1/providers/{}", only.id), &json!({"limit_concurrent_sessions": null})).await;
        stays(&world, &key, "one", &only).await;
    }
}

#[tokio::test]
async fn a_session_waits_for_the_place_of_another_one_if_calls_wait() {
    for world in backends().await {
        world.patch("/admin/v1/settings", &json!({"waiting": "on"})).await;
        let only = world.provider_with("only", json!({"limit_concurrent_sessions": 1})).await;
        let key = world.key().await;
        stays(&world, &key, "one", &only).await;
        let request = world.request(&key, of_session("two").to_string());
        let waits = request.open(world.hub.address).await.unwrap();
        gauge(&world, "switchyard_calls_waiting", 1).await;
        // Whoever has the place goes on with it meanwhile.
        stays(&world, &key, "one", &only).await;
        end(&world, "one").await;
        let reply = within("an answer", waits.reply("POST")).await.unwrap();
        assert_eq!((reply.status, reply.header("x-switchyard-provider")), (200, Some(only.id.as_str())));
        let call = world.call_of(&reply).await;
        assert_eq!((&call["outcome"], &call["n_attempts"]), (&json!("completed"), &json!(1)), "{call}");
        assert!(call["attempts"][0]["queue_ms"].as_u64().unwrap() > 0, "{call}");
        gauge(&world, "switchyard_calls_waiting", 0).await;
        let asked: Vec<Value> = only.script.requests().iter().map(|seen| seen.json()["metadata"].clone()).collect();
        let of = |session: &str| of_session(session)["metadata"].clone();
        assert_eq!(asked, [of("one"), of("one"), of("two")]);
    }
}
