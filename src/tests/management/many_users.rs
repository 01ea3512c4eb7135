//! Users by the many: found, changed together, renewed; and keys that get another secret.

use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection};

use super::{problem, walk};
use crate::{
    patience::within,
    world::{Key, World},
};

const USERS: &str = "/admin/v1/users";

/// Makes a user and gives its id.
async fn user(world: &World, name: &str, fields: Value) -> String {
    let named = json!({"name": format!("{}-{name}", world.tag)});
    world.create(USERS, &crate::world::merge(named, fields)).await["id"].as_str().unwrap().to_owned()
}

/// The ids that the list has for a query, a few at a time.
async fn found(world: &World, query: &str) -> Vec<String> {
    walk(world, &format!("{USERS}?{query}"), 2).await
}

/// What an answer says of each: its name's end, and the fields that change.
fn changes(answer: &Value) -> Vec<(String, Vec<String>)> {
    let row = |row: &Value| {
        let name = row["name"].as_str().unwrap().rsplit('-').next().unwrap().to_owned();
        let fields = row["changes"].as_array().unwrap().iter();
        (name, fields.map(|change| change["field"].as_str().unwrap().to_owned()).collect())
    };
    answer["items"].as_array().unwrap().iter().map(row).collect()
}

#[tokio::test]
async fn the_list_is_searched_and_filtered_by_the_server() {
    let world = World::alone().await;
    let soon = (chrono::Utc::now() + chrono::TimeDelta::days(3)).to_rfc3339();
    let ada = user(&world, "Ada", json!({"note": "Analytical ENGINE", "tags": ["math"], "expires_at": soon})).await;
    let bob = user(&world, "Bob", json!({"tags": ["build", "night"], "group": ["blue"], "enabled": false})).await;
    let cyd = user(&world, "Cyd", json!({"expires_at": "2020-01-01T00:00:00Z", "group": ["blue", "*"]})).await;
    let dan = user(&world, "Dan_50%", json!({})).await;
    let key = world.create(&format!("{USERS}/{dan}/keys"), &json!({"name": "Build Server"})).await;
    let preview = key["preview"].as_str().unwrap().rsplit('…').next().unwrap().to_owned();
    for (query, expected) in [
        ("search=ada", vec![&ada]),
        ("search=engine", vec![&ada]),
        ("search=NIGHT", vec![&bob]),
        ("search=build", vec![&bob, &dan]),
        (&format!("search={preview}"), vec![&dan]),
        ("search=_50%25", vec![&dan]),
        ("search=%25", vec![&dan]),
        ("search=nobody", vec![]),
        ("search=%20", vec![&ada, &bob, &cyd, &dan]),
        ("tag=night", vec![&bob]),
        ("tag=nigh", vec![]),
        ("group=blue", vec![&bob, &cyd]),
        ("group=default", vec![&ada, &dan]),
        ("status=active", vec![&dan]),
        ("status=expiring", vec![&ada]),
        ("status=expired", vec![&cyd]),
        ("status=disabled", vec![&bob]),
        ("expires_before=2021-01-01T00:00:00Z", vec![&cyd]),
        ("group=blue&status=disabled&search=bob&tag=build", vec![&bob]),
    ] {
        let expected: Vec<String> = expected.into_iter().cloned().collect();
        assert_eq!(found(&world, query).await, expected, "{query}");
    }
    assert_eq!(world.get("/admin/v1/users/tags").await["items"], json!(["build", "math", "night"]));
    for query in ["status=odd", "expires_before=soon", "search=%00", "nonsense=1"] {
        let (status, answer) = world.admin("GET", &format!("{USERS}?{query}"), &Value::Null).await;
        assert_eq!(status, 422, "{query}: {answer}");
    }
    for (field, value) in [("tags", json!(["a,b"])), ("tags", json!(["x".repeat(33)])), ("tags", json!("a"))] {
        let answer = world.admin("PATCH", &format!("{USERS}/{ada}"), &json!({field: value})).await;
        problem(&answer, 422, Some(field));
    }
}

#[tokio::test]
async fn many_are_changed_together_after_a_look() {
    let world = World::alone().await;
    let one = user(&world, "one", json!({"tags": ["old"], "limit_rpm": 5})).await;
    let two =
        user(&world, "two", json!({"tags": ["new"], "group": ["red"], "expires_at": "2031-01-01T00:00:00Z"})).await;
    let three = user(&world, "three", json!({})).await;
    let path = format!("{USERS}/bulk");
    let ask = |preview| {
        json!({
            "ids": [two, one, two], "preview": preview, "add_tags": ["new"], "remove_tags": ["old"],
            "patch": {"group": ["red"], "limit_daily_usd": "2.5"}, "renew_days": 30,
        })
    };
    let n_before = world.value("select count(*) from audit_log").await;
    let (status, report) = world.admin("POST", &path, &ask(true)).await;
    assert_eq!((status, &report["preview"], &report["n_changed"]), (200, &json!(true), &json!(2)), "{report}");
    let of_one = ["expires_at", "group", "limit_daily_usd", "tags"].map(str::to_owned).to_vec();
    let of_two = ["expires_at", "limit_daily_usd"].map(str::to_owned).to_vec();
    assert_eq!(changes(&report), [("one".to_owned(), of_one), ("two".to_owned(), of_two)]);
    let tags = &report["items"][0]["changes"][3];
    assert_eq!((&tags["before"], &tags["after"]), (&json!(["old"]), &json!(["new"])), "{report}");
    assert_eq!(world.get(&format!("{USERS}/{one}")).await["tags"], json!(["old"]), "a look changes nothing");
    assert_eq!(world.value("select count(*) from audit_log").await, n_before);

    let (status, done) = world.admin("POST", &path, &ask(false)).await;
    assert_eq!((status, &done["preview"], &done["n_changed"]), (200, &json!(false), &json!(2)), "{done}");
    let after = world.get(&format!("{USERS}/{one}")).await;
    assert_eq!((&after["tags"], &after["group"]), (&json!(["new"]), &json!(["red"])));
    assert_eq!((&after["limit_daily_usd"], &after["limit_rpm"]), (&json!("2.5"), &json!(5)));
    assert_eq!(world.get(&format!("{USERS}/{two}")).await["expires_at"], "2031-01-31T00:00:00Z");
    assert_eq!(world.get(&format!("{USERS}/{three}")).await["tags"], json!([]));
    let audit = world.rows("select action, subject, before, after from audit_log order by id desc limit 2").await;
    let subjects: Vec<&str> = audit.iter().map(|row| row["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, [two.as_str(), &one], "a line for each");
    assert_eq!((&audit[1]["before"]["tags"], &audit[1]["after"]["tags"]), (&json!(["old"]), &json!(["new"])));

    // All that match.
    let by_filter = json!({"filter": {"tag": "new"}, "patch": {"enabled": false, "role": "admin"}});
    let (status, done) = world.admin("POST", &path, &by_filter).await;
    assert_eq!((status, done["n_changed"].as_u64()), (200, Some(2)), "{done}");
    assert_eq!(found(&world, "status=disabled").await, [one.clone(), two.clone()]);
    let (_, again) = world.admin("POST", &path, &by_filter).await;
    assert_eq!(again["n_changed"], 0, "{again}");
}

#[tokio::test]
async fn one_that_cannot_be_changed_keeps_all_as_they_are() {
    let world = World::alone().await;
    let full: Vec<String> = (0..20).map(|n| format!("t{n}")).collect();
    let one = user(&world, "one", json!({})).await;
    let two = user(&world, "two", json!({"tags": full})).await;
    let path = format!("{USERS}/bulk");
    let ask = |preview| json!({"ids": [one, two], "add_tags": ["more"], "preview": preview});
    let (status, report) = world.admin("POST", &path, &ask(true)).await;
    assert_eq!((status, &report["n_refused"]), (200, &json!(1)), "{report}");
    assert_eq!(report["items"][1]["refusal"]["field"], "tags", "{report}");
    let refused = world.admin("POST", &path, &ask(false)).await;
    problem(&refused, 422, Some("tags"));
    assert!(refused.1["detail"].as_str().unwrap().contains("-two"), "it says whose: {}", refused.1);
    assert_eq!(world.get(&format!("{USERS}/{one}")).await["tags"], json!([]));
    for (body, field) in [
        (json!({"patch": {}}), "ids"),
        (json!({"ids": [one], "filter": {}, "patch": {}}), "ids"),
        (json!({"ids": [], "patch": {}}), "ids"),
        (json!({"filter": {"tag": "none"}}), "filter"),
        (json!({"ids": [one], "patch": {"name": "x"}}), "name"),
        (json!({"ids": [one], "patch": {"expires_at": null}, "renew_days": 1}), "renew_days"),
        (json!({"ids": [one], "renew_days": 0}), "renew_days"),
        (json!({"ids": [one], "nonsense": 1}), "nonsense"),
    ] {
        problem(&world.admin("POST", &path, &body).await, 422, Some(field));
    }
    problem(&world.admin("POST", &path, &json!({"ids": [one, "999999"]})).await, 404, None);
}

#[tokio::test]
async fn many_keys_are_changed_together_after_a_look_or_none() {
    let world = World::shared().await;
    let one = world.key_with(json!({}), json!({"limit_rpm": 5})).await;
    let two = world.create(&format!("{USERS}/{}/keys", one.user_id), &json!({"name": "server"})).await;
    let two = two["id"].as_str().unwrap().to_owned();
    let path = "/admin/v1/keys/bulk";
    let ask = |preview| {
        json!({
            "ids": [two, one.id], "preview": preview,
            "patch": {"enabled": false, "expires_at": "2031-01-01T00:00:00Z", "limit_rpm": 5},
        })
    };
    let (status, report) = world.admin("POST", path, &ask(true)).await;
    assert_eq!((status, &report["n_changed"]), (200, &json!(2)), "{report}");
    let both = ["enabled", "expires_at"].map(str::to_owned).to_vec();
    let of_server = ["enabled", "expires_at", "limit_rpm"].map(str::to_owned).to_vec();
    assert_eq!(changes(&report), [("laptop".to_owned(), both), ("server".to_owned(), of_server)]);
    let read = async |id: &str| world.get(&format!("/admin/v1/keys/{id}")).await;
    assert_eq!(read(&one.id).await["enabled"], true, "a look changes nothing");
    assert_eq!(world.admin("POST", path, &ask(false)).await.0, 200);
    for id in [&one.id, &two] {
        let key = read(id).await;
        assert_eq!((&key["enabled"], &key["limit_rpm"]), (&json!(false), &json!(5)), "{key}");
        let sql = format!("select action from audit_log where action = 'key.update' and subject = '{id}'");
        assert_eq!(world.rows(&sql).await.len(), 1);
    }
    assert_eq!(world.message(&one).await.status, 401);
    for (body, field) in [
        (json!({"patch": {}}), "ids"),
        (json!({"ids": []}), "ids"),
        (json!({"ids": [one.id], "patch": {"name": "x"}}), "name"),
        (json!({"ids": [one.id], "patch": {"limit_rpm": 1_000_001}}), "limit_rpm"),
    ] {
        problem(&world.admin("POST", path, &body).await, 422, Some(field));
    }
    problem(&world.admin("POST", path, &json!({"ids": [one.id, "999999"]})).await, 404, None);
}

#[tokio::test]
async fn a_look_waits_for_nobody_who_changes_what_it_is_about() {
    let world = World::alone().await;
    let (provider, key) = (world.provider("a").await, world.key().await);
    let mut other = PgConnection::connect(world.dsn()).await.unwrap();
    other.execute("begin").await.unwrap();
    other.execute("lock table users, keys, providers, credentials in exclusive mode").await.unwrap();
    for (nouns, id) in [("users", &key.user_id), ("keys", &key.id), ("providers", &provider.id)] {
        let look = json!({"ids": [id], "preview": true, "patch": {"enabled": false}});
        let path = format!("/admin/v1/{nouns}/bulk");
        let (status, report) = within("a look", world.admin("POST", &path, &look)).await;
        assert_eq!((status, &report["n_changed"]), (200, &json!(1)), "{nouns}: {report}");
    }
    other.execute("rollback").await.unwrap();
}

#[tokio::test]
async fn a_user_gets_more_time() {
    let world = World::shared().await;
    world.provider("a").await;
    let key = world.key_with(json!({"expires_at": "2020-01-01T00:00:00Z", "enabled": false}), json!({})).await;
    let path = format!("{USERS}/{}/renew", key.user_id);
    let before = chrono::Utc::now();
    let (status, user) = world.admin("POST", &path, &json!({"days": 7})).await;
    assert_eq!((status, &user["enabled"]), (200, &json!(false)), "{user}");
    let end: chrono::DateTime<chrono::Utc> = user["expires_at"].as_str().unwrap().parse().unwrap();
    let from_now = end - before;
    assert!(from_now >= chrono::TimeDelta::days(7) && from_now < chrono::TimeDelta::days(8), "{end}");
    assert_eq!(world.message(&key).await.status, 401);
    let (_, user) = world.admin("POST", &path, &json!({"days": 30, "enable": true})).await;
    let later: chrono::DateTime<chrono::Utc> = user["expires_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(later - end, chrono::TimeDelta::days(30), "counted from the end");
    assert_eq!(world.message(&key).await.status, 200, "the next call is let in");
    let (_, user) = world.admin("POST", &path, &json!({"until": "2031-05-06T07:08:09Z"})).await;
    assert_eq!(user["expires_at"], "2031-05-06T07:08:09Z");
    for (body, field) in [
        (json!({}), "days"),
        (json!({"days": 0}), "days"),
        (json!({"days": 3_651}), "days"),
        (json!({"days": 1, "until": "2031-05-06T07:08:09Z"}), "days"),
        (json!({"until": "2020-01-01T00:00:00Z"}), "until"),
    ] {
        problem(&world.admin("POST", &path, &body).await, 422, Some(field));
    }
    problem(&world.admin("POST", "/admin/v1/users/999999/renew", &json!({"days": 1})).await, 404, None);
    let sql = format!("select action from audit_log where subject = '{}' and action = 'user.renew'", key.user_id);
    assert_eq!(world.rows(&sql).await.len(), 3);
}

#[tokio::test]
async fn a_key_gets_another_secret_and_the_old_one_ends_now_or_later() {
    let world = World::shared().await;
    world.provider("a").await;
    let key = world.key_with(json!({}), json!({"limit_rpm": 1000})).await;
    let path = format!("/admin/v1/keys/{}/rotate", key.id);
    let with = |answer: &Value| Key { secret: answer["key"].as_str().unwrap().to_owned(), ..key.clone() };
    let (status, graceful) = world.admin("POST", &path, &json!({"grace_s": 3600})).await;
    assert_eq!((status, &graceful["id"]), (200, &json!(key.id)), "{graceful}");
    assert!(graceful["old_secret_until"].is_string() && graceful["limit_rpm"] == 1000, "{graceful}");
    let second = with(&graceful);
    for good in [&key, &second] {
        assert_eq!(world.message(good).await.status, 200);
    }
    let (_, graceful) = world.admin("POST", &path, &json!({"grace_s": 1})).await;
    let (first, second) = (second, with(&graceful));
    assert_eq!(world.message(&key).await.status, 401, "only the one before the last is still let in");
    let ended = async || (world.message(&first).await.status == 401).then_some(());
    crate::patience::until("the grace is over", ended).await;
    assert_eq!(world.message(&second).await.status, 200, "the end of the old one is not that of the new one");

    let (_, at_once) = world.admin("POST", &path, &Value::Null).await;
    assert_eq!(at_once["old_secret_until"], Value::Null, "{at_once}");
    let third = with(&at_once);
    assert_eq!(world.message(&second).await.status, 401);
    assert_eq!(world.message(&third).await.status, 200);
    let explained = json!({"key_id": key.id, "model": "claude-sonnet-4-5"});
    let (_, explained) = world.admin("POST", "/admin/v1/routing/explain", &explained).await;
    assert_eq!(explained["refusals"], json!([]), "{explained}");

    let stored = format!("select secret_hash::text, old_secret_hash from keys where id = {}", key.id);
    assert_eq!(world.rows(&stored).await[0]["old_secret_hash"], Value::Null);
    problem(&world.admin("POST", &path, &json!({"grace_s": 2_592_001})).await, 422, Some("grace_s"));
    problem(&world.admin("POST", "/admin/v1/keys/999999/rotate", &Value::Null).await, 404, None);
    let trace = world.rows(&format!("select * from audit_log where subject = '{}'", key.id)).await;
    let text = json!(trace).to_string();
    assert!(text.contains("key.rotate") && !text.contains(&second.secret) && !text.contains(&third.secret));
}
