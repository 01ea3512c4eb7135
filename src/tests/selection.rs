//! Which provider a call goes to.

use serde_json::{Value, json};

use crate::world::{Provider, World, ask};

/// How many requests each provider has got.
fn counts(providers: &[&Provider]) -> Vec<usize> {
    providers.iter().map(|provider| provider.script.requests().len()).collect()
}

/// The last choice of a call, and why it left this provider out.
fn skip(call: &Value, provider: &Provider) -> Value {
    let choice = call["decision"]["choices"].as_array().unwrap().last().unwrap();
    let candidates = choice["candidates"].as_array().unwrap();
    candidates.iter().find(|candidate| candidate["provider_id"] == provider.id.as_str()).unwrap()["skip"].clone()
}

#[tokio::test]
async fn weights_are_shares() {
    let world = World::shared().await;
    let heavy = world.provider_with("heavy", json!({"weight": 30})).await;
    let light = world.provider_with("light", json!({"weight": 10})).await;
    let none = world.provider_with("none", json!({"weight": 0})).await;
    let key = world.key().await;
    let mut last = None;
    for _ in 0..240 {
        let mut reply = world.message(&key).await;
        reply.body().await;
        last = Some(reply);
    }
    let [n_heavy, n_light, n_none] = counts(&[&heavy, &light, &none])[..] else { unreachable!() };
    assert_eq!((n_heavy + n_light, n_none), (240, 0));
    // 180 expected with a standard deviation of 6.7: six of them are never reached by chance.
    assert!((140..=220).contains(&n_heavy), "{n_heavy} of 240");
    let call = world.call_of(&last.unwrap()).await;
    let choice = &call["decision"]["choices"][0];
    assert_eq!((&choice["weight_total"], &choice["priority"]), (&json!(40), &json!(0)), "{choice}");
    assert!(choice["draw"].as_u64().unwrap() < 40, "{choice}");
}

#[tokio::test]
async fn a_weight_of_zero_serves_when_all_its_equals_have_zero_too() {
    let world = World::shared().await;
    let only = world.provider_with("only", json!({"weight": 0})).await;
    assert_eq!(world.message(&world.key().await).await.status, 200);
    assert_eq!(counts(&[&only]), [1]);
}

#[tokio::test]
async fn the_lowest_priority_number_goes_first_whatever_the_weights() {
    let world = World::shared().await;
    let second = world.provider_with("second", json!({"priority": 10, "weight": 1000})).await;
    let first = world.provider_with("first", json!({"priority": -5, "weight": 1})).await;
    let key = world.key().await;
    for _ in 0..10 {
        assert_eq!(world.message(&key).await.status, 200);
    }
    assert_eq!(counts(&[&first, &second]), [10, 0]);
}

#[tokio::test]
async fn a_key_reaches_only_the_providers_of_its_groups() {
    let world = World::alone().await;
    let group = |name: &str| format!("{}-{name}", world.tag);
    let red = world.provider_with("red", json!({"group": [group("red")]})).await;
    let blue = world.provider_with("blue", json!({"group": [group("blue"), group("both")]})).await;
    for (user, key, expected) in [
        (json!({"group": [group("red")]}), json!({}), Some(&red)),
        (json!({"group": [group("blue")]}), json!({}), Some(&blue)),
        (json!({"group": [group("red")]}), json!({"group": [group("both")]}), Some(&blue)),
        (json!({"group": [group("green")]}), json!({}), None),
    ] {
        let key = world.key_with(user, key).await;
        let reply = world.message(&key).await;
        assert_eq!(reply.header("x-switchyard-provider"), expected.map(|provider| provider.id.as_str()));
        let call = world.call_of(&reply).await;
        for provider in [&red, &blue] {
            let is_chosen = expected.is_some_and(|expected| expected.id == provider.id);
            assert_eq!(skip(&call, provider), if is_chosen { Value::Null } else { json!("group") }, "{call}");
        }
    }
}

#[tokio::test]
async fn without_a_group_everything_is_in_the_default_one() {
    let world = World::alone().await;
    let provider = world.provider_with("a", json!({"group": []})).await;
    let other = world.provider_with("b", json!({"group": ["other"], "priority": -1})).await;
    let key = world.key_with(json!({"group": []}), json!({})).await;
    assert_eq!(world.message(&key).await.status, 200);
    assert_eq!(counts(&[&provider, &other]), [1, 0]);
    let everywhere = world.key_with(json!({"group": ["*"]}), json!({})).await;
    assert_eq!(world.message(&everywhere).await.status, 200);
    assert_eq!(counts(&[&provider, &other]), [1, 1]);
}

#[tokio::test]
async fn rules_say_which_models_a_provider_serves() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let path = format!("/admin/v1/providers/{}", provider.id);
    let rule = |kind: &str, value: &str| json!([{"kind": kind, "value": value}]);
    for (models, served, not_served) in [
        (json!([]), "anything", None),
        (rule("exact", "claude-a"), "claude-a", Some("claude-ab")),
        (rule("prefix", "claude-"), "claude-x", Some("gpt-claude-")),
        (rule("suffix", "-latest"), "x-latest", Some("x-latest-1")),
        (rule("contains", "sonnet"), "claude-sonnet-4", Some("claude-opus-4")),
        (rule("glob", "claude-*-4?5"), "claude-opus-4-5", Some("claude-opus-45")),
        (rule("regex", "^claude-(opus|sonnet)-[0-9]+$"), "claude-opus-4", Some("claude-haiku-4")),
        (json!(["claude-*", {"kind": "exact", "value": "other"}]), "other", Some("others")),
        (json!(["a.c"]), "a.c", Some("abc")),
    ] {
        world.patch(&path, &json!({"models": models})).await;
        assert_eq!(world.messages(&key, &ask(served, false)).await.status, 200, "{models} {served}");
        if let Some(not_served) = not_served {
            let reply = world.messages(&key, &ask(not_served, false)).await;
            assert_eq!(reply.status, 503, "{models} {not_served}");
            assert_eq!(skip(&world.call_of(&reply).await, &provider), "model", "{models} {not_served}");
        }
    }
}

#[tokio::test]
async fn the_first_redirect_that_matches_decides() {
    let world = World::shared().await;
    let redirects = json!([
        {"from": {"kind": "exact", "value": "claude-a"}, "to": "first"},
        {"from": "claude-*", "to": "second"},
        {"from": "second", "to": "never-followed"},
    ]);
    let provider = world.provider_with("a", json!({"redirects": redirects})).await;
    let key = world.key().await;
    for (asked, sent) in [("claude-a", "first"), ("claude-b", "second"), ("other", "other")] {
        assert_eq!(world.messages(&key, &ask(asked, false)).await.status, 200);
        assert_eq!(provider.script.requests().last().unwrap().model(), sent);
    }
}

#[tokio::test]
async fn what_an_admin_writes_counts_for_the_very_next_request() {
    let world = World::alone().await;
    let a = world.provider_with("a", json!({"priority": 0})).await;
    let b = world.provider_with("b", json!({"priority": 1})).await;
    let key = world.key().await;
    let path = format!("/admin/v1/providers/{}", a.id);
    for _ in 0..20 {
        world.patch(&path, &json!({"enabled": false})).await;
        let reply = world.message(&key).await;
        assert_eq!(reply.header("x-switchyard-provider"), Some(b.id.as_str()));
        world.patch(&path, &json!({"enabled": true})).await;
        let reply = world.message(&key).await;
        assert_eq!(reply.header("x-switchyard-provider"), Some(a.id.as_str()));
    }
    world.patch(&path, &json!({"enabled": false})).await;
    let reply = world.message(&key).await;
    assert_eq!(skip(&world.call_of(&reply).await, &a), "disabled");
    world.patch(&path, &json!({"enabled": true, "secret": "sk-ant-brand-new-secret-42"})).await;
    world.message(&key).await;
    assert_eq!(a.script.requests().last().unwrap().all("x-api-key"), ["sk-ant-brand-new-secret-42"]);
    assert_eq!(world.admin("DELETE", &path, &Value::Null).await.0, 204);
    let reply = world.message(&key).await;
    assert_eq!(reply.header("x-switchyard-provider"), Some(b.id.as_str()));
}

#[tokio::test]
async fn what_is_written_at_one_replica_counts_at_the_others() {
    // Without Redis a second hub on one database stops, so these share one.
    let redis = crate::redis::url().await;
    let dsn = crate::postgres::database().await;
    let setup = || crate::hub::Setup::bare().with_dsn(&dsn).set("REDIS_URL", &redis);
    let first = World::with(setup()).await;
    let second = World::with(setup()).await;
    let a = first.provider_with("a", json!({"priority": 0})).await;
    let b = first.provider_with("b", json!({"priority": 1})).await;
    let key = first.key().await;
    let path = format!("/admin/v1/providers/{}", a.id);
    // Replicas ask for nothing by themselves: what they know of one another's changes they were told.
    for enabled in [false, true].repeat(10) {
        first.patch(&path, &json!({"enabled": enabled})).await;
        let expected = if enabled { &a.id } else { &b.id };
        crate::patience::until("the other replica knows", async || {
            let reply = second.message(&key).await;
            (reply.header("x-switchyard-provider") == Some(expected)).then_some(())
        })
        .await;
    }
}
