//! The audit log: every action is in it, with how it was before and after, and no secret.

use std::collections::{BTreeMap, BTreeSet};

use hub::domain::audit::ACTIONS;
use serde_json::{Value, json};

use super::{PASSWORD, call, cookie, log_in, set_password};
use crate::{
    client::Request,
    hub::{ADMIN_TOKEN, Setup, root},
    patience::until,
    postgres::execute,
    sessions::of_session,
    world::World,
};

/// How much of the thing a line shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shows {
    /// Nothing: that it was done is all there is.
    Neither,
    /// How it is since then: it was made, or there is only a result.
    After,
    /// How it was: it is gone.
    Before,
    Both,
}

/// Every action with what its line shows.
const EXPECTED: &[(&str, Shows)] = &[
    ("call.messages", Shows::Neither),
    ("calls.export", Shows::After),
    ("console.end", Shows::Neither),
    ("console.end_others", Shows::After),
    ("console.login", Shows::Neither),
    ("console.logout", Shows::Neither),
    ("group.create", Shows::After),
    ("group.delete", Shows::Before),
    ("group.pause", Shows::After),
    ("group.resume", Shows::Before),
    ("group.update", Shows::Both),
    ("hold.end", Shows::Before),
    ("key.create", Shows::After),
    ("key.delete", Shows::Before),
    ("key.reset", Shows::Both),
    ("key.rotate", Shows::Both),
    ("key.update", Shows::Both),
    ("login.failed", Shows::Neither),
    ("price.delete", Shows::Before),
    ("price.import", Shows::After),
    ("price.put", Shows::After),
    ("provider.clone", Shows::After),
    ("provider.create", Shows::After),
    ("provider.delete", Shows::Before),
    ("provider.pause", Shows::After),
    ("provider.reset", Shows::Both),
    ("provider.resume", Shows::Before),
    ("provider.test", Shows::After),
    ("provider.test_proxy", Shows::After),
    ("provider.update", Shows::Both),
    ("session.end", Shows::Before),
    ("settings.update", Shows::Both),
    ("user.create", Shows::After),
    ("user.delete", Shows::Before),
    ("user.password", Shows::Both),
    ("user.password_delete", Shows::Both),
    ("user.renew", Shows::Both),
    ("user.reset", Shows::Both),
    ("user.update", Shows::Both),
];

/// Asks the management API for something that must be done.
async fn act(world: &World, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = world.admin(method, &format!("/admin/v1{path}"), &body).await;
    assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
    answer
}

/// Does everything that is put on record, and returns the secrets that went through.
async fn do_everything(world: &World) -> Vec<String> {
    let none = Value::Null;
    let proxy = json!({"proxy_url": "http://someone:proxy-secret@127.0.0.1:9"});
    let provider = world.provider_with("p", json!({"secret": "provider-secret-one"})).await;
    let path = format!("/providers/{}", provider.id);
    act(world, "PATCH", &path, json!({"weight": 7, "secret": "provider-secret-two"})).await;
    act(world, "PATCH", &path, proxy.clone()).await;
    act(world, "POST", &format!("{path}/test-proxy"), proxy).await;
    act(world, "PATCH", &path, json!({"proxy_url": null})).await;
    let copy = act(world, "POST", &format!("{path}/clone"), json!({"name": "copy"})).await;
    act(world, "DELETE", &format!("/providers/{}", copy["id"].as_str().unwrap()), none.clone()).await;
    act(world, "POST", &format!("{path}/test"), json!({"model": "claude-sonnet-4-5"})).await;
    act(world, "POST", &format!("{path}/reset"), json!({})).await;
    act(world, "POST", &format!("{path}/pause"), json!({})).await;
    act(world, "POST", &format!("{path}/resume"), none.clone()).await;
    let hold = act(world, "POST", &format!("{path}/pause"), json!({})).await;
    act(world, "DELETE", &format!("/holds/{}", hold["id"].as_str().unwrap()), none.clone()).await;

    act(world, "POST", "/groups", json!({"name": "quick", "note": "one"})).await;
    act(world, "PATCH", "/groups/quick", json!({"note": "two"})).await;
    act(world, "POST", "/groups/quick/pause", json!({})).await;
    act(world, "POST", "/groups/quick/resume", none.clone()).await;
    act(world, "DELETE", "/groups/quick", none.clone()).await;

    let key = world.key().await;
    let mut reply = world.messages(&key, &of_session("talk")).await;
    reply.drain().await;
    let asked = format!("/admin/v1/calls/{}/messages", reply.call_id());
    until("the messages are there", async || (world.admin("GET", &asked, &Value::Null).await.0 == 200).then_some(()))
        .await;
    let session = until("the session is there", async || {
        let list = world.get("/admin/v1/sessions").await;
        list["items"][0]["id"].as_str().map(str::to_owned)
    });
    act(world, "DELETE", &format!("/sessions/{}", session.await), none.clone()).await;
    let of_key = format!("/keys/{}", key.id);
    act(world, "PATCH", &of_key, json!({"name": "server"})).await;
    act(world, "POST", &format!("{of_key}/reset"), json!({})).await;
    let rotated = act(world, "POST", &format!("{of_key}/rotate"), json!({})).await;
    act(world, "DELETE", &of_key, none.clone()).await;
    let of_user = format!("/users/{}", key.user_id);
    let name = format!("{}-ada", world.tag);
    act(world, "PATCH", &of_user, json!({"name": name})).await;
    act(world, "POST", &format!("{of_user}/renew"), json!({"days": 3})).await;
    act(world, "POST", &format!("{of_user}/reset"), json!({})).await;
    set_password(world, &key, PASSWORD).await;
    let (first, second) = (log_in(world, &name, PASSWORD).await, log_in(world, &name, PASSWORD).await);
    log_in(&world.another(), &name, "a wrong guess").await;
    call(world, "log_out", "").header("cookie", cookie(&second)).send(world.hub.address).await;
    let logins = world.get("/admin/v1/console-sessions").await;
    act(world, "DELETE", &format!("/console-sessions/{}", logins["items"][0]["id"].as_str().unwrap()), none.clone())
        .await;
    act(world, "DELETE", "/console-sessions", none.clone()).await;
    act(world, "DELETE", &format!("{of_user}/password"), none.clone()).await;
    act(world, "DELETE", &of_user, none.clone()).await;

    act(world, "PUT", "/prices/some-model", json!({"input": "1", "output": "2"})).await;
    act(world, "DELETE", "/prices/some-model", none.clone()).await;
    act(world, "POST", "/prices/import", json!({})).await;
    act(world, "PATCH", "/settings", json!({"retention_days": 60})).await;
    let export =
        Request::get("/admin/v1/calls/export?format=csv").header("authorization", format!("Bearer {ADMIN_TOKEN}"));
    export.send(world.hub.address).await.drain().await;
    act(world, "DELETE", &path, none).await;
    let cookies = [&first, &second].map(|reply| cookie(reply).split_once('=').unwrap().1.to_owned());
    let said = ["provider-secret-one", "provider-secret-two", "proxy-secret", PASSWORD, "a wrong guess", ADMIN_TOKEN];
    let issued = [key.secret, rotated["key"].as_str().unwrap().to_owned()];
    said.map(str::to_owned).into_iter().chain(issued).chain(cookies).collect()
}

/// All lines of the audit log, the latest first, read in pages.
async fn all_lines(world: &World) -> Vec<Value> {
    let mut lines = Vec::new();
    let mut path = "/admin/v1/audit?limit=7".to_owned();
    loop {
        let page = world.get(&path).await;
        lines.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else { return lines };
        path = format!("/admin/v1/audit?limit=7&cursor={cursor}");
    }
}

#[tokio::test]
async fn every_action_is_on_record_with_before_and_after_and_without_secrets() {
    let world = World::with(Setup::usual().await.set("STORE_SESSION_MESSAGES", "true")).await;
    let secrets = do_everything(&world).await;
    let lines = all_lines(&world).await;
    let n_rows = world.value("select count(*) from audit_log").await;
    assert_eq!(json!(lines.len()), n_rows, "pages have every line once");
    let ids: Vec<i64> = lines.iter().map(|line| line["id"].as_str().unwrap().parse().unwrap()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    let text = json!(lines).to_string();
    for secret in &secrets {
        assert!(!text.contains(secret.as_str()), "{secret} is in the audit log");
    }
    let mut found = BTreeMap::<&str, BTreeSet<String>>::new();
    for line in &lines {
        let shows = match (line["before"].is_null(), line["after"].is_null()) {
            (true, true) => Shows::Neither,
            (true, false) => Shows::After,
            (false, true) => Shows::Before,
            (false, false) => Shows::Both,
        };
        assert!(!line["actor"].as_str().unwrap().is_empty() && line["address"].is_string(), "{line}");
        found.entry(line["action"].as_str().unwrap()).or_default().insert(format!("{shows:?}"));
    }
    let expected: BTreeMap<&str, BTreeSet<String>> =
        EXPECTED.iter().map(|(action, shows)| (*action, BTreeSet::from([format!("{shows:?}")]))).collect();
    assert_eq!(found, expected);
}

#[test]
fn no_action_is_left_out() {
    let tried: Vec<&str> = EXPECTED.iter().map(|(action, _)| *action).collect();
    assert_eq!(tried, ACTIONS);
    // As they stand in the source: `entry("user.update", …)`, `action: "login.failed"`, or handed on by a use case.
    let mut named = BTreeSet::new();
    let mut folders = vec![root().join("src/admin")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = std::fs::read_to_string(path).unwrap();
            for before in ["entry(\"", "action: \"", "put(hub, actor, \"", "put(hub, &person.actor, \""] {
                let found = source.split(before).skip(1).filter_map(|rest| rest.split('"').next());
                named.extend(found.map(str::to_owned));
            }
        }
    }
    assert_eq!(named.iter().map(String::as_str).collect::<Vec<_>>(), ACTIONS);
}

#[tokio::test]
async fn the_log_is_filtered_and_says_what_cannot_be_asked() {
    let world = World::shared().await;
    let key = world.key().await;
    let path = format!("/admin/v1/users/{}", key.user_id);
    world.patch(&path, &json!({"note": "one"})).await;
    world.patch(&path, &json!({"note": "two"})).await;
    let of = |query: String| {
        let world = &world;
        async move { lines_of(world, &query).await }
    };
    let updates = of(format!("action=user.update&subject={}", key.user_id)).await;
    assert_eq!(updates.len(), 2, "{updates:?}");
    assert_eq!((&updates[0]["before"]["note"], &updates[0]["after"]["note"]), (&json!("one"), &json!("two")));
    assert_eq!((&updates[0]["actor"], &updates[0]["session_id"]), (&json!("admin token"), &Value::Null));
    let at = updates[1]["at"].as_str().unwrap();
    let later = of(format!("action=user.update&subject={}&from={}", key.user_id, super::escape(at))).await;
    assert_eq!(later.len(), 2);
    let earlier = of(format!("action=user.update&subject={}&to={}", key.user_id, super::escape(at))).await;
    assert!(earlier.is_empty(), "{earlier:?}");
    assert!(of(format!("actor=nobody&subject={}&action=user.update", key.user_id)).await.is_empty());
    for (query, field) in [
        ("action=user.nonsense", "action"),
        ("limit=0", "limit"),
        ("cursor=x", "cursor"),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
        ("nonsense=1", "nonsense"),
    ] {
        let (status, answer) = world.admin("GET", &format!("/admin/v1/audit?{query}"), &Value::Null).await;
        assert_eq!((status, &answer["field"]), (422, &json!(field)), "{query}: {answer}");
    }
}

/// The lines that a query asks for.
async fn lines_of(world: &World, query: &str) -> Vec<Value> {
    world.get(&format!("/admin/v1/audit?{query}")).await["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_log_is_kept_for_a_year_whatever_is_said_of_calls() {
    let world = World::alone().await;
    world.patch("/admin/v1/settings", &json!({"retention_days": 2})).await;
    let insert = "insert into audit_log (at, actor, action) values \
        (now() - interval '366 days', 'system', 'user.update'), (now() - interval '364 days', 'system', 'user.delete')";
    execute(world.dsn(), insert).await;
    world.hub.terminate();
    world.hub.stopped().await;
    world.hub.start_again().await;
    let old = "select action from audit_log where actor = 'system' and at < now() - interval '300 days'";
    let left = until("the old line is gone", async || {
        let rows = world.rows(old).await;
        (rows.len() == 1).then_some(rows)
    });
    assert_eq!(left.await[0]["action"], "user.delete");
}

#[tokio::test]
async fn another_admin_token_ends_the_logins_of_the_one_before() {
    let world = World::alone().await;
    let user = world.key_with(json!({"name": "ada", "role": "admin"}), json!({})).await;
    set_password(&world, &user, PASSWORD).await;
    let by_token = cookie(&log_in(&world, "", ADMIN_TOKEN).await);
    let by_password = cookie(&log_in(&world, "ada", PASSWORD).await);
    let dsn = world.dsn().to_owned();
    world.hub.terminate();
    world.hub.stopped().await;
    let fresh = "another-admin-token-of-these-tests";
    let hub = Setup::bare().with_dsn(&dsn).set("ADMIN_TOKEN", fresh).start().await;
    let status = |cookie: String| async {
        let request = Request::get("/admin/v1/console-sessions").header("cookie", cookie);
        let mut reply = request.send(hub.address).await;
        (reply.status, reply.json().await)
    };
    assert_eq!(status(by_token).await.0, 401);
    let (answered, list) = status(by_password).await;
    assert_eq!((answered, list["items"].as_array().unwrap().len()), (200, 1), "only the user's is left: {list}");
}
