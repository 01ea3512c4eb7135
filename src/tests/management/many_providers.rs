//! Providers by the many: found, changed together, copied; what they did lately; the way to one.

use serde_json::{Value, json};

use super::{problem, walk};
use crate::world::{UPSTREAM_SECRET, World};

const PROVIDERS: &str = "/admin/v1/providers";

#[tokio::test]
async fn the_list_is_searched_by_name_and_address_and_by_group() {
    let world = World::alone().await;
    let least = |name: &str, host: &str, group: Value| json!({"name": name, "base_url": format!("https://{host}"), "secret": UPSTREAM_SECRET, "group": group});
    let mut ids = Vec::new();
    for (name, host, group) in [
        ("East", "a.example", json!([])),
        ("west", "b.example", json!(["blue"])),
        ("North", "East.example", json!(["blue"])),
    ] {
        ids.push(world.create(PROVIDERS, &least(name, host, group)).await["id"].as_str().unwrap().to_owned());
    }
    for (query, expected) in [
        ("search=EAST", vec![0, 2]),
        ("search=b.exa", vec![1]),
        ("group=blue", vec![1, 2]),
        ("group=default", vec![0]),
        ("group=blue&search=west", vec![1]),
    ] {
        let expected: Vec<String> = expected.into_iter().map(|place: usize| ids[place].clone()).collect();
        assert_eq!(walk(&world, &format!("{PROVIDERS}?{query}"), 1).await, expected, "{query}");
    }
}

#[tokio::test]
async fn many_are_changed_together_after_a_look() {
    let world = World::alone().await;
    let one = world.provider_with("one", json!({"priority": 3})).await;
    let two = world.provider_with("two", json!({"group": ["blue"], "group_priorities": {"blue": 1}})).await;
    let path = format!("{PROVIDERS}/bulk");
    let asked = json!({"weight": 5, "priority": 3, "cost_multiplier": "0.5", "idle_timeout_ms": 9000, "limit_rpm": 7});
    let ask = |preview| json!({"filter": {}, "patch": asked, "preview": preview});
    let (status, report) = world.admin("POST", &path, &ask(true)).await;
    assert_eq!((status, &report["n_changed"], &report["n_refused"]), (200, &json!(2), &json!(0)), "{report}");
    let fields = |place: usize| -> Vec<&str> {
        let changes = report["items"][place]["changes"].as_array().unwrap();
        changes.iter().map(|change| change["field"].as_str().unwrap()).collect()
    };
    assert_eq!(fields(0), ["cost_multiplier", "idle_timeout_ms", "limit_rpm", "weight"]);
    assert_eq!(fields(1), ["cost_multiplier", "idle_timeout_ms", "limit_rpm", "priority", "weight"]);
    assert_eq!(world.get(&format!("{PROVIDERS}/{}", one.id)).await["weight"], 1, "a look changes nothing");
    let (status, done) = world.admin("POST", &path, &ask(false)).await;
    assert_eq!((status, &done["n_changed"]), (200, &json!(2)), "{done}");
    for id in [&one.id, &two.id] {
        let provider = world.get(&format!("{PROVIDERS}/{id}")).await;
        for (field, value) in asked.as_object().unwrap() {
            assert_eq!(provider[field], *value, "{field}: {provider}");
        }
    }
    let audit = world.rows("select subject from audit_log where action = 'provider.update' order by id").await;
    let subjects: Vec<&str> = audit.iter().map(|row| row["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, [one.id.as_str(), &two.id]);
    // The next call goes by it.
    world.patch(&format!("{PROVIDERS}/{}", one.id), &json!({"enabled": false})).await;
    let key = world.key_with(json!({"group": ["*"]}), json!({})).await;
    let off = json!({"ids": [one.id, two.id], "patch": {"enabled": false}});
    assert_eq!(world.message(&key).await.status, 200);
    assert_eq!(world.admin("POST", &path, &off).await.1["n_changed"], 1, "one was off already");
    assert_eq!(world.message(&key).await.status, 503);
}

#[tokio::test]
async fn what_is_one_providers_own_is_not_changed_for_many() {
    let world = World::alone().await;
    let one = world.provider("one").await;
    let two = world.provider_with("two", json!({"group": ["blue"], "group_priorities": {"blue": 1}})).await;
    let path = format!("{PROVIDERS}/bulk");
    for (patch, field) in [
        (json!({"name": "x"}), "name"),
        (json!({"base_url": "https://x.example"}), "base_url"),
        (json!({"secret": "sk-other"}), "secret"),
        (json!({"proxy_url": null}), "proxy_url"),
        (json!({"nonsense": 1}), "patch"),
        (json!({"weight": 10_001}), "weight"),
    ] {
        problem(&world.admin("POST", &path, &json!({"ids": [one.id], "patch": patch})).await, 422, Some(field));
    }
    // A priority for a group that it would leave.
    let ask = |preview| json!({"ids": [one.id, two.id], "patch": {"group": ["red"]}, "preview": preview});
    let (_, report) = world.admin("POST", &path, &ask(true)).await;
    assert_eq!((&report["n_changed"], &report["n_refused"]), (&json!(1), &json!(1)), "{report}");
    assert_eq!(report["items"][1]["refusal"]["field"], "group_priorities", "{report}");
    problem(&world.admin("POST", &path, &ask(false)).await, 422, Some("group_priorities"));
    assert_eq!(world.get(&format!("{PROVIDERS}/{}", one.id)).await["group"], json!([world.tag]));
}

#[tokio::test]
async fn a_copy_has_the_secret_and_the_proxy_and_waits() {
    let world = World::shared().await;
    let original = world.provider_with("a", json!({"weight": 3, "models": ["claude-*"], "limit_rpm": 100})).await;
    let proxied = json!({"proxy_url": "socks5://me:pass-word@127.0.0.1:9"});
    world.patch(&format!("{PROVIDERS}/{}", original.id), &proxied).await;
    let before = world.get(&format!("{PROVIDERS}/{}", original.id)).await;
    let path = format!("{PROVIDERS}/{}/clone", original.id);
    let copy = world.create(&path, &Value::Null).await;
    assert_eq!((&copy["enabled"], &copy["name"]), (&json!(false), &json!(format!("{}-a copy", world.tag))));
    for field in ["base_url", "secret_preview", "proxy_url", "weight", "models", "limit_rpm", "group"] {
        assert_eq!(copy[field], before[field], "{field}");
    }
    let id = copy["id"].as_str().unwrap();
    // Without its proxy it works: the secret came along.
    world.patch(&format!("{PROVIDERS}/{id}"), &json!({"enabled": true, "proxy_url": null})).await;
    world.patch(&format!("{PROVIDERS}/{}", original.id), &json!({"enabled": false})).await;
    let key = world.key().await;
    let reply = world.message(&key).await;
    assert_eq!((reply.status, &world.call_of(&reply).await["provider_id"]), (200, &json!(id)));
    let turn = original.script.only_request();
    assert_eq!(turn.all("x-api-key"), [UPSTREAM_SECRET]);

    assert_eq!(world.create(&path, &json!({})).await["name"], format!("{}-a copy 2", world.tag));
    problem(&world.admin("POST", &path, &json!({"name": before["name"]})).await, 409, Some("name"));
    problem(&world.admin("POST", &path, &json!({"name": ""})).await, 422, Some("name"));
    problem(&world.admin("POST", "/admin/v1/providers/999999/clone", &Value::Null).await, 404, None);
}

#[tokio::test]
async fn what_providers_did_lately_comes_in_blocks_with_their_share() {
    let world = World::alone().await;
    let good = world.provider_with("good", json!({"priority": 1})).await;
    let bad = world.provider_with("bad", json!({"max_attempts": 1})).await;
    let idle = world.provider_with("idle", json!({"priority": 2})).await;
    bad.script.always(crate::upstream::Answer::status(500));
    let key = world.key().await;
    for _ in 0..3 {
        assert_eq!(world.message(&key).await.status, 200);
    }
    world.calls_of(&key, 3).await;
    let traffic = world.get(&format!("{PROVIDERS}/traffic")).await;
    let of = |id: &str| traffic["items"].as_array().unwrap().iter().find(|item| item["provider_id"] == id).unwrap();
    let sum = |id: &str, field: &str| -> u64 {
        of(id)["blocks"].as_array().unwrap().iter().map(|block| block[field].as_u64().unwrap()).sum()
    };
    assert_eq!((sum(&good.id, "attempts"), sum(&good.id, "failed")), (3, 0), "{traffic}");
    assert_eq!(sum(&bad.id, "attempts"), sum(&bad.id, "failed"), "{traffic}");
    assert!(sum(&bad.id, "failed") >= 1, "{traffic}");
    assert_eq!((sum(&idle.id, "attempts"), &of(&idle.id)["share_permille"]), (0, &json!(0)));
    assert_eq!((&of(&good.id)["share_permille"], &of(&good.id)["totals"]["calls"]), (&json!(1000), &json!(3)));
    for id in [&good.id, &bad.id, &idle.id] {
        assert_eq!(of(id)["blocks"].as_array().unwrap().len(), 60);
    }
}
