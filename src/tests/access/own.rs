//! What people see of their own, and that it is nothing else.

use serde_json::{Value, json};

use super::{Cast, Who, cookie, log_in};
use crate::{client::Request, upstream::Answer, world::World};

/// Reads something of one's own with a key: its status and its JSON.
async fn read(world: &World, secret: &str, path: &str) -> (u16, Value) {
    read_with(world, ("authorization", &format!("Bearer {secret}")), path).await
}

async fn read_with(world: &World, header: (&str, &str), path: &str) -> (u16, Value) {
    let request = Request::get(path).header(header.0, header.1).header("x-forwarded-for", &world.address);
    let mut reply = request.send(world.hub.address).await;
    (reply.status, reply.json().await)
}

fn ids(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_key_sees_its_calls_a_user_those_of_all_their_keys_and_nobody_anybody_elses() {
    let cast = Cast::shared().await;
    let world = &cast.world;
    let provider = world.provider_with("secret-provider", json!({"group": ["default"]})).await;
    let (model, keys) = (world.priced_model().await, format!("/admin/v1/users/{}/keys", cast.person.user_id));
    let second = world.create(&keys, &json!({"name": "server"})).await;
    let second = crate::world::Key {
        id: second["id"].as_str().unwrap().to_owned(),
        user_id: cast.person.user_id.clone(),
        secret: second["key"].as_str().unwrap().to_owned(),
    };
    for key in [&cast.person, &second, &cast.admin] {
        // Only this test's provider serves it.
        world.patch(&format!("/admin/v1/keys/{}", key.id), &json!({"group": [world.tag]})).await;
    }
    world.patch(&format!("/admin/v1/providers/{}", provider.id), &json!({"group": [world.tag]})).await;
    let ask = crate::world::ask(&model, false);
    let mut made = Vec::new();
    for key in [&cast.person, &second, &cast.admin] {
        let mut reply = world.anew(key, &ask).await;
        reply.body().await;
        world.call_of(&reply).await;
        made.push(reply.call_id());
    }
    provider.script.always(Answer::status(500));
    let mut failed = world.anew(&cast.person, &ask).await;
    failed.body().await;
    world.call_of(&failed).await;
    let failed = failed.call_id();

    let (mine, theirs) = (&cast.person.secret, &cast.admin.secret);
    let path = "/admin/v1/me/calls";
    let (status, list) = read(world, mine, path).await;
    assert_eq!((status, ids(&list)), (200, vec![failed.as_str(), made[0].as_str()]));
    assert_eq!(ids(&read(world, theirs, path).await.1), [made[2].as_str()]);
    let cookie = cast.cookie(Who::Person).await.unwrap();
    let all = read_with(world, ("cookie", &cookie), path).await.1;
    assert_eq!(ids(&all), [failed.as_str(), made[1].as_str(), made[0].as_str()]);
    let of_one = read_with(world, ("cookie", &cookie), &format!("{path}?key_id={}", second.id)).await.1;
    assert_eq!(ids(&of_one), [made[1].as_str()]);
    let foreign = format!("{path}?key_id={}", cast.admin.id);
    assert!(ids(&read_with(world, ("cookie", &cookie), &foreign).await.1).is_empty());
    assert_eq!(read(world, mine, &format!("{path}?key_id={}", second.id)).await.0, 404);
    assert_eq!(read(world, mine, &format!("{path}?user_id={}", cast.admin.user_id)).await.0, 422);
    assert_eq!(ids(&read(world, mine, &format!("{path}?outcome=failed")).await.1), [failed.as_str()]);

    let (status, detail) = read(world, mine, &format!("{path}/{}", made[0])).await;
    assert_eq!((status, &detail["id"], &detail["key_name"]), (200, &json!(made[0]), &json!("laptop")), "{detail}");
    assert!(detail["cost"].is_object(), "{detail}");
    for (secret, id) in [(mine, &made[1]), (mine, &made[2]), (theirs, &made[0])] {
        assert_eq!(read(world, secret, &format!("{path}/{id}")).await.0, 404);
    }
    let failed = read(world, mine, &format!("{path}/{failed}")).await.1;
    assert_eq!((&failed["error"]["message"], failed["error"]["cause"].is_string()), (&json!(""), true), "{failed}");
    let said = format!("{all}{detail}{failed}");
    for hidden in ["secret-provider", "provider_id", "decision", "credential", "127.0.0.1:"] {
        assert!(!said.contains(hidden), "{hidden} in {said}");
    }
}

#[tokio::test]
async fn people_see_until_when_the_secret_before_still_works() {
    let world = World::shared().await;
    let key = world.key().await;
    let html = async |secret: &str| {
        let cookie = cookie(&log_in(&world, "", secret).await);
        let request = Request::get("/me").header("cookie", cookie).header("accept", "text/html");
        request.send(world.hub.address).await.text().await
    };
    let shown = "The old secret ends";
    assert_eq!(read(&world, &key.secret, "/admin/v1/me").await.1["keys"][0]["old_secret_until"], Value::Null);
    assert!(!html(&key.secret).await.contains(shown));
    let path = format!("/admin/v1/keys/{}/rotate", key.id);
    let (status, rotated) = world.admin("POST", &path, &json!({"grace_s": 3600})).await;
    assert_eq!(status, 200, "{rotated}");
    // Whoever has only the old one is told too.
    for secret in [key.secret.as_str(), rotated["key"].as_str().unwrap()] {
        let own = read(&world, secret, "/admin/v1/me").await.1;
        assert_eq!(own["keys"][0]["old_secret_until"], rotated["old_secret_until"], "{own}");
        assert!(html(secret).await.contains(shown));
    }
}

#[tokio::test]
async fn people_see_what_is_left_of_their_limits() {
    let cast = Cast::shared().await;
    let world = &cast.world;
    world.patch(&format!("/admin/v1/users/{}", cast.person.user_id), &json!({"limit_daily_usd": "5"})).await;
    world.patch(&format!("/admin/v1/keys/{}", cast.person.id), &json!({"limit_rpm": 7})).await;
    world.create(&format!("/admin/v1/users/{}/keys", cast.person.user_id), &json!({"name": "server"})).await;
    let by_key = read(world, &cast.person.secret, "/admin/v1/me").await.1;
    let cookie = cast.cookie(Who::Person).await.unwrap();
    let by_password = read_with(world, ("cookie", &cookie), "/admin/v1/me").await.1;
    for (own, has_password, n_keys) in [(&by_key, false, 1), (&by_password, true, 2)] {
        assert_eq!(own["user_name"], json!(cast.name("person")), "{own}");
        assert_eq!(
            (&own["has_password"], own["keys"].as_array().unwrap().len()),
            (&json!(has_password), n_keys),
            "{own}"
        );
        assert_eq!(own["limits"].as_array().unwrap().len(), 1, "{own}");
        assert_eq!(
            (&own["limits"][0]["window"], &own["limits"][0]["remaining"]),
            (&json!("daily"), &json!("5")),
            "{own}"
        );
        let key = &own["keys"][0];
        assert_eq!(
            (&key["name"], &key["limits"][0]["window"], &key["limits"][0]["limit"]),
            (&json!("laptop"), &json!("rpm"), &json!(7)),
            "{own}"
        );
    }
    assert_eq!(read(world, &world.admin_token, "/admin/v1/me").await.0, 404);
}
