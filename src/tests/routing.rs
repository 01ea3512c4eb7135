//! What routing goes by: groups, prefixes, hours, what a key may ask for; and the explanation of it all.

use serde_json::{Value, json};

use crate::{
    auth::refused,
    client::{Reply, Request},
    management::problem,
    upstream::Answer,
    world::{Key, Provider, World, ask},
};

/// What a choice of an explanation or of a call's decision says of this provider.
pub fn candidate<'a>(choice: &'a Value, provider: &Provider) -> &'a Value {
    let candidates = choice["candidates"].as_array().unwrap();
    candidates.iter().find(|candidate| candidate["provider_id"] == provider.id.as_str()).unwrap()
}

/// Why it left this provider out.
pub fn skip(choice: &Value, provider: &Provider) -> Value {
    candidate(choice, provider)["skip"].clone()
}

/// The first choice of a call.
async fn choice_of(world: &World, reply: &Reply) -> Value {
    world.call_of(reply).await["decision"]["choices"][0].clone()
}

/// Explains a call.
async fn explain(world: &World, query: &Value) -> Value {
    let (status, answer) = world.admin("POST", "/admin/v1/routing/explain", query).await;
    assert_eq!(status, 200, "{query}: {answer}");
    answer
}

fn served_by(reply: &Reply, provider: &Provider) {
    assert_eq!((reply.status, reply.header("x-switchyard-provider")), (200, Some(provider.id.as_str())));
}

#[tokio::test]
async fn groups_go_in_the_order_of_their_priority_and_take_back_what_is_theirs() {
    let world = World::alone().await;
    let [first, second] = ["first", "second"].map(|name| format!("{}-{name}", world.tag));
    let new = json!({"name": first, "priority": -10, "note": "goes first"});
    let made = world.create("/admin/v1/groups", &new).await;
    assert_eq!((&made["name"], &made["priority"], &made["cost_multiplier"]), (&json!(first), &json!(-10), &json!("1")));
    let best = world.provider_with("best", json!({"group": [first], "priority": 9})).await;
    let rest = world.provider_with("rest", json!({"group": [second], "priority": -9})).await;
    let key = world.key_with(json!({}), json!({"group": [second, first]})).await;
    let reply = world.message(&key).await;
    served_by(&reply, &best);
    let choice = choice_of(&world, &reply).await;
    assert_eq!((&choice["group"], skip(&choice, &rest)), (&json!(first), json!("lower_group")), "{choice}");
    let path = format!("/admin/v1/providers/{}", best.id);
    world.patch(&path, &json!({"enabled": false})).await;
    let reply = world.message(&key).await;
    served_by(&reply, &rest);
    assert_eq!(choice_of(&world, &reply).await["group"], json!(second));
    world.patch(&path, &json!({"enabled": true})).await;
    served_by(&world.message(&key).await, &best);
    world.patch(&format!("/admin/v1/groups/{first}"), &json!({"priority": 10})).await;
    served_by(&world.message(&key).await, &rest);
}

#[tokio::test]
async fn a_provider_may_have_another_priority_for_those_who_come_by_a_group() {
    let world = World::shared().await;
    let [red, blue] = ["red", "blue"].map(|name| format!("{}-{name}", world.tag));
    let both = json!([red, blue]);
    let a = world.provider_with("a", json!({"group": both, "priority": 5, "group_priorities": {&blue: -5}})).await;
    let b = world.provider_with("b", json!({"group": both})).await;
    for (group, expected, priority) in [(&red, &b, 0), (&blue, &a, -5)] {
        let reply = world.message(&world.key_with(json!({}), json!({"group": [group]})).await).await;
        served_by(&reply, expected);
        assert_eq!(choice_of(&world, &reply).await["priority"], json!(priority));
    }
}

#[tokio::test]
async fn a_prefix_leads_to_its_provider_which_does_not_see_it() {
    let world = World::shared().await;
    let prefix = format!("{}x", world.tag);
    let redirects = json!([{"from": {"kind": "exact", "value": "claude-a"}, "to": "house-a"}]);
    let own = world.provider_with("own", json!({"prefix": prefix, "priority": -1, "redirects": redirects})).await;
    let other = world.provider_with("other", json!({"redirects": [{"from": "claude-*", "to": "elsewhere"}]})).await;
    let key = world.key().await;
    let with_prefix = |model: &str| ask(&format!("{prefix},{model}"), false);
    for (body, provider, sent) in [
        (ask("claude-a", false), &other, "elsewhere"),
        (with_prefix("claude-a"), &own, "house-a"),
        (with_prefix("claude-b"), &own, "claude-b"),
        (ask("nobody,claude-a", false), &other, "nobody,claude-a"),
    ] {
        let reply = world.messages(&key, &body).await;
        served_by(&reply, provider);
        assert_eq!(provider.script.requests().last().unwrap().model(), sent, "{body}");
        let call = world.call_of(&reply).await;
        assert_eq!((&call["model"], &call["model_sent"]), (&body["model"], &json!(sent)));
    }
    let choice = choice_of(&world, &world.messages(&key, &with_prefix("claude-a")).await).await;
    assert_eq!(skip(&choice, &other), "prefix");
}

#[tokio::test]
async fn each_provider_redirects_the_model_that_the_client_asked_for() {
    let world = World::shared().await;
    let to = |name: &str| json!([{"from": "claude-*", "to": name}]);
    let first = world.provider_with("first", json!({"priority": 0, "redirects": to("glm-1")})).await;
    let second = world.provider_with("second", json!({"priority": 1, "redirects": to("kimi-2")})).await;
    first.script.always(Answer::status(500));
    let reply = world.messages(&world.key().await, &ask("claude-a", false)).await;
    served_by(&reply, &second);
    let sent = |provider: &Provider| provider.script.requests().last().unwrap().model().clone();
    assert_eq!((sent(&first), sent(&second)), ("glm-1".to_owned(), "kimi-2".to_owned()));
}

#[tokio::test]
async fn hours_open_and_close_a_provider_by_the_hubs_clock() {
    let world = World::alone().await;
    world.patch("/admin/v1/settings", &json!({"time_zone": "Asia/Shanghai"})).await;
    let night = world.provider_with("night", json!({"active_from": "22:00", "active_to": "06:30"})).await;
    let day = world.provider_with("day", json!({"active_from": "06:30", "active_to": "22:00"})).await;
    // Eight hours ahead of UTC, all year.
    for (at, open, shut) in [
        ("2026-11-21T14:00:00Z", &night, &day),
        ("2026-11-21T16:00:00Z", &night, &day),
        ("2026-11-21T22:29:59Z", &night, &day),
        ("2026-11-21T22:30:00Z", &day, &night),
        ("2026-11-21T13:59:59Z", &day, &night),
    ] {
        let explained = explain(&world, &json!({"groups": [world.tag], "model": "claude-a", "at": at})).await;
        let choice = &explained["choices"][0]["choice"];
        assert_eq!(
            (choice["provider_id"].as_str(), skip(choice, shut)),
            (Some(open.id.as_str()), json!("hours")),
            "{at}"
        );
    }
}

/// Asks with another user agent, from another address.
async fn from(world: &World, key: &Key, user_agent: &str, address: &str) -> Reply {
    let body = ask("claude-a", false).to_string();
    let request = Request::new("POST", "/v1/messages").header("x-api-key", &key.secret).body(body);
    let request = request.header("content-type", "application/json").header("anthropic-version", "2023-06-01");
    request.header("user-agent", user_agent).header("x-forwarded-for", address).send(world.hub.address).await
}

#[tokio::test]
async fn a_key_is_used_by_its_clients_from_its_addresses_for_its_models() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let restricted = json!({
        "models": ["claude-a*", {"kind": "exact", "value": "house"}],
        "clients": ["claude-cli/*"], "addresses": ["10.0.0.0/8", "2001:db8::/32"],
    });
    let key = world.key_with(json!({}), restricted.clone()).await;
    let shown = world.get(&format!("/admin/v1/keys/{}", key.id)).await;
    assert_eq!((&shown["clients"], &shown["addresses"]), (&restricted["clients"], &restricted["addresses"]));
    assert_eq!(from(&world, &key, "claude-cli/2.1", "10.1.1.1").await.status, 200);
    assert_eq!(from(&world, &key, "Claude-CLI/2.1", "2001:db8::7").await.status, 200);
    let n_sent = provider.script.requests().len();
    for (user_agent, address, cause, named) in [
        ("curl/8.1", "10.1.1.1", "client_not_allowed", "user-agent"),
        ("claude-cli/2.1", "192.0.2.7", "address_not_allowed", "192.0.2.7"),
    ] {
        let mut reply = from(&world, &key, user_agent, address).await;
        let message = refused(&mut reply, 403, "permission_error").await;
        assert!(message.contains(named), "{message}");
        let call = world.call_of(&reply).await;
        assert_eq!((&call["outcome"], &call["error"]["cause"]), (&json!("rejected"), &json!(cause)), "{call}");
    }
    let models = json!({"clients": null, "addresses": null});
    world.patch(&format!("/admin/v1/keys/{}", key.id), &models).await;
    let mut reply = world.messages(&key, &ask("claude-opus", false)).await;
    let message = refused(&mut reply, 403, "permission_error").await;
    assert!(message.contains("claude-opus"), "{message}");
    assert_eq!(world.call_of(&reply).await["error"]["cause"], "model_not_allowed");
    assert_eq!(provider.script.requests().len(), n_sent, "what is refused goes nowhere");
    assert_eq!(world.messages(&key, &ask("house", false)).await.status, 200);
}

#[tokio::test]
async fn the_explanation_is_the_choice_with_its_chances_and_what_would_follow() {
    let world = World::alone().await;
    let heavy = world.provider_with("heavy", json!({"weight": 3, "redirects": [{"from": "*", "to": "glm"}]})).await;
    let light = world.provider_with("light", json!({"weight": 1})).await;
    let later = world.provider_with("later", json!({"priority": 1})).await;
    let off = world.provider_with("off", json!({"enabled": false})).await;
    let key = world.key_with(json!({}), json!({"models": ["claude-a"], "addresses": ["10.0.0.1"]})).await;
    let explained = explain(&world, &json!({"key_id": key.id, "model": "claude-a"})).await;
    assert_eq!(explained["groups"], json!([{"name": world.tag, "priority": 0}]));
    assert_eq!(explained["refusals"], json!([]));
    let choices = explained["choices"].as_array().unwrap();
    assert_eq!(skip(&choices[0]["choice"], &off), "disabled");
    let chances = json!([
        {"provider_id": heavy.id, "per_million": 750_000}, {"provider_id": light.id, "per_million": 250_000},
    ]);
    assert_eq!(choices[0]["chances"], chances);
    let mut order: Vec<_> = choices[..2].iter().map(|one| one["choice"]["provider_id"].as_str().unwrap()).collect();
    order.sort_unstable();
    let mut equals = [heavy.id.as_str(), light.id.as_str()];
    equals.sort_unstable();
    assert_eq!(order, equals, "the equals one after the other, whichever is drawn first");
    assert_eq!(
        skip(
            &choices[1]["choice"],
            if choices[0]["choice"]["provider_id"] == heavy.id.as_str() { &heavy } else { &light }
        ),
        "tried"
    );
    for one in choices {
        let is_heavy = one["choice"]["provider_id"] == heavy.id.as_str();
        assert_eq!(one["model_sent"], json!(if is_heavy { "glm" } else { "claude-a" }));
    }
    let query = json!({
        "key_id": key.id, "model": "claude-b", "address": "10.0.0.2", "bound_provider_id": later.id,
    });
    let explained = explain(&world, &query).await;
    let causes: Vec<_> = explained["refusals"].as_array().unwrap().iter().map(|refusal| &refusal["cause"]).collect();
    assert_eq!(causes, ["address_not_allowed", "model_not_allowed"]);
    let first = &explained["choices"][0];
    assert_eq!((&first["choice"]["is_sticky"], &first["choice"]["provider_id"]), (&json!(true), &json!(later.id)));
    assert_eq!(first["chances"], json!([{"provider_id": later.id, "per_million": 1_000_000}]));
    assert!(heavy.script.requests().is_empty() && light.script.requests().is_empty(), "nobody is called");
    for (query, status, field) in [
        (json!({"model": "a"}), 422, Some("key_id")),
        (json!({"model": "a", "key_id": key.id, "groups": ["a"]}), 422, Some("groups")),
        (json!({"model": "a", "groups": ["a,b"]}), 422, Some("groups")),
        (json!({"model": "", "groups": ["a"]}), 422, Some("model")),
        (json!({"model": "a", "groups": ["a"], "address": "here"}), 422, Some("address")),
        (json!({"model": "a", "key_id": "999999"}), 404, None),
    ] {
        problem(&world.admin("POST", "/admin/v1/routing/explain", &query).await, status, field);
    }
}

#[tokio::test]
async fn what_routing_goes_by_is_kept_as_it_is_given() {
    let world = World::shared().await;
    let fields = json!({
        "active_from": "22:00", "active_to": "06:30", "group_priorities": {&world.tag: 3}, "prefix": world.tag,
        "max_attempts": 3, "breaker_failures": 0, "breaker_open_s": 60, "breaker_successes": 1, "probe": false,
        "message_queue": true,
        "failure_rules": [
            {"cause": null, "status": 503, "kind": null, "message": "*busy*", "class": "overload"},
            {"cause": "malformed", "status": null, "kind": null, "message": null, "class": "server"},
        ],
    });
    let provider = world.provider_with("a", fields.clone()).await;
    let path = format!("/admin/v1/providers/{}", provider.id);
    let cleared = json!({
        "active_from": null, "active_to": null, "group_priorities": {}, "prefix": null, "max_attempts": null,
        "breaker_failures": null, "breaker_open_s": null, "breaker_successes": null, "probe": true,
        "message_queue": false, "failure_rules": [],
    });
    let shown = world.get(&path).await;
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(&shown[name], value, "{name}");
    }
    let nothing = cleared.as_object().unwrap().keys().map(|name| (name.clone(), Value::Null)).collect();
    world.patch(&path, &Value::Object(nothing)).await;
    let shown = world.get(&path).await;
    for (name, value) in cleared.as_object().unwrap() {
        assert_eq!(&shown[name], value, "{name}");
    }
    for (field, wrong) in [
        ("active_to", json!({"active_from": "08:00"})),
        ("active_to", json!({"active_from": "08:00", "active_to": "08:00"})),
        ("active_from", json!({"active_from": "8 o'clock", "active_to": "09:00"})),
        ("max_attempts", json!({"max_attempts": 11})),
        ("breaker_open_s", json!({"breaker_open_s": 0})),
        ("prefix", json!({"prefix": "a,b"})),
        ("group_priorities", json!({"group_priorities": {"elsewhere": 1}})),
        ("failure_rules", json!({"failure_rules": [{"class": "overload"}]})),
        ("failure_rules", json!({"failure_rules": [{"status": 503, "class": "bad"}]})),
        ("failure_rules", json!({"failure_rules": [{"status": 499, "class": "client_gone"}]})),
        ("failure_rules", json!({"failure_rules": [{"cause": "bad_luck", "class": "server"}]})),
    ] {
        problem(&world.admin("PATCH", &path, &wrong).await, 422, Some(field));
    }
    let key = world.key().await;
    for (field, wrong) in [
        ("models", json!({"models": [{"kind": "regex", "value": "("}]})),
        ("clients", json!({"clients": [""]})),
        ("addresses", json!({"addresses": ["10.0.0.1/8"]})),
        ("addresses", json!({"addresses": ["example.org"]})),
    ] {
        problem(&world.admin("PATCH", &format!("/admin/v1/keys/{}", key.id), &wrong).await, 422, Some(field));
    }
}

#[tokio::test]
async fn a_group_that_somebody_names_stays() {
    let world = World::shared().await;
    let name = format!("{} größer/als", world.tag);
    let path = format!(
        "/admin/v1/groups/{}",
        name.replace(' ', "%20").replace('ö', "%C3%B6").replace('ß', "%C3%9F").replace('/', "%2F")
    );
    let reply = Request::new("POST", "/admin/v1/groups")
        .header("authorization", format!("Bearer {}", world.admin_token))
        .header("content-type", "application/json")
        .header("x-forwarded-for", &world.address)
        .body(json!({"name": name}).to_string())
        .send(world.hub.address)
        .await;
    assert_eq!((reply.status, reply.header("location")), (201, Some(path.as_str())));
    problem(&world.admin("POST", "/admin/v1/groups", &json!({"name": name})).await, 409, Some("name"));
    for wrong in ["*", "a,b", ""] {
        problem(&world.admin("POST", "/admin/v1/groups", &json!({"name": wrong})).await, 422, Some("name"));
    }
    let listed = world.get("/admin/v1/groups").await;
    assert!(listed["items"].as_array().unwrap().iter().any(|group| group["name"] == name.as_str()));
    let key = world.key_with(json!({}), json!({"group": [name]})).await;
    problem(&world.admin("DELETE", &path, &Value::Null).await, 409, None);
    assert_eq!(world.admin("DELETE", &format!("/admin/v1/keys/{}", key.id), &Value::Null).await.0, 204);
    assert_eq!(world.admin("DELETE", &path, &Value::Null).await.0, 204);
    problem(&world.admin("GET", &path, &Value::Null).await, 404, None);
    problem(&world.admin("DELETE", "/admin/v1/groups/default", &Value::Null).await, 409, None);
}

#[tokio::test]
async fn a_session_is_explained_by_where_it_is_bound() {
    let world = World::shared().await;
    let first = world.provider_with("first", json!({"priority": 5})).await;
    let key = world.key().await;
    let session = format!("{}-s", world.tag);
    let mut body = ask("claude-sonnet-4-5", false);
    body["metadata"] = json!({"user_id": format!("user_a_account__session_{session}")});
    served_by(&world.messages(&key, &body).await, &first);
    let better = world.provider_with("better", json!({"priority": 0})).await;
    let query = |session: &str| json!({"key_id": key.id, "model": "claude-sonnet-4-5", "session_id": session});
    let bound = crate::patience::until("the session is bound", async || {
        let explained = explain(&world, &query(&session)).await;
        explained["bound_provider_id"].is_string().then_some(explained)
    })
    .await;
    assert_eq!(bound["bound_provider_id"], json!(first.id));
    let choice = &bound["choices"][0]["choice"];
    assert_eq!((&choice["is_sticky"], &choice["provider_id"]), (&json!(true), &json!(first.id)), "{bound}");
    let new = explain(&world, &query("another")).await;
    let choice = &new["choices"][0]["choice"];
    assert_eq!((&choice["is_sticky"], &choice["provider_id"]), (&json!(false), &json!(better.id)), "{new}");
    assert_eq!(new["bound_provider_id"], Value::Null);
    // The session of that name belongs to another key.
    let other = world.key().await;
    let query = json!({"key_id": other.id, "model": "claude-sonnet-4-5", "session_id": session});
    assert_eq!(explain(&world, &query).await["bound_provider_id"], Value::Null);
    for query in [
        json!({"model": "a", "groups": ["a"], "session_id": "s"}),
        json!({"model": "a", "key_id": key.id, "session_id": "s", "bound_provider_id": first.id}),
        json!({"model": "a", "key_id": key.id, "session_id": ""}),
    ] {
        problem(&world.admin("POST", "/admin/v1/routing/explain", &query).await, 422, Some("session_id"));
    }
}

#[tokio::test]
async fn limits_are_explained_as_they_are_used_now() {
    let world = World::shared().await;
    let tight = world.provider_with("tight", json!({"priority": -1, "limit_total_usd": "1000"})).await;
    let wide = world.provider_with("wide", json!({"limit_total_usd": "1000"})).await;
    let (key, other) = (world.key_with(json!({}), json!({"limit_total_usd": "1000"})).await, world.key().await);
    let query = |key: &Key, limits| json!({"key_id": key.id, "model": "claude-sonnet-4-5", "limits": limits});
    let untouched = explain(&world, &query(&key, true)).await;
    assert_eq!(untouched["refusals"], json!([]));
    assert_eq!(untouched["choices"][0]["choice"]["provider_id"], json!(tight.id), "{untouched}");
    served_by(&world.message(&key).await, &tight);
    for path in [format!("keys/{}", key.id), format!("providers/{}", tight.id)] {
        world.patch(&format!("/admin/v1/{path}"), &json!({"limit_total_usd": "0.000001"})).await;
    }
    let spent = crate::patience::until("what was spent is counted", async || {
        let explained = explain(&world, &query(&key, true)).await;
        (explained["refusals"] != json!([])).then_some(explained)
    })
    .await;
    assert_eq!(spent["refusals"].as_array().unwrap().len(), 1, "{spent}");
    let refusal = &spent["refusals"][0];
    assert_eq!(refusal["status"], json!(402), "{refusal}");
    assert!(refusal["message"].as_str().unwrap().contains("limit_total_usd"), "{refusal}");
    // The key's own limit is not the other key's; the provider's is everybody's.
    let others = explain(&world, &query(&other, true)).await;
    assert_eq!(others["refusals"], json!([]));
    let choice = &others["choices"][0]["choice"];
    assert_eq!((&choice["provider_id"], skip(choice, &tight)), (&json!(wide.id), json!("limit")), "{others}");
    let at_limit = &candidate(choice, &tight)["at_limit"];
    assert_eq!((&at_limit["field"], &at_limit["limit"]), (&json!("limit_total_usd"), &json!("0.000001")), "{others}");
    // As calls fare.
    assert_eq!(world.message(&key).await.status, 402);
    served_by(&world.message(&other).await, &wide);
    // Without limits it is as if nothing were used.
    let free = explain(&world, &query(&key, false)).await;
    assert_eq!((&free["refusals"], &free["choices"][0]["choice"]["provider_id"]), (&json!([]), &json!(tight.id)));
}
