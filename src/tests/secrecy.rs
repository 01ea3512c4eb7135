//! Secrets at rest and in what the hub says.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use serde_json::{Value, json};

use crate::{
    client::Request,
    hub::{MASTER_KEY, Setup},
    postgres,
    upstream::{Answer, Turn},
    world::{UPSTREAM_SECRET, World, ask},
};

/// Everything in the database, as text.
async fn dump(world: &World) -> String {
    let tables = "select format('select %L as name, t::text as row from %I t', relname, relname) from pg_class \
        where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace and not relispartition";
    let mut text = String::new();
    for table in world.rows(tables).await {
        let sql = table["format"].as_str().unwrap().to_owned();
        for row in world.rows(&sql).await {
            text.push_str(row["row"].as_str().unwrap());
            text.push('\n');
        }
    }
    text
}

/// A secret as it would stand in a bytea column.
fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

#[tokio::test]
async fn no_secret_stands_anywhere_in_the_clear() {
    let setup = Setup::usual().await.set("LOG_LEVEL", "trace");
    let world = World::with(setup).await;
    let proxy_secret = "proxy-password-0123456789";
    let closed = crate::reaper::free_port();
    let a =
        world.provider_with("a", json!({"proxy_url": format!("http://user:{proxy_secret}@127.0.0.1:{closed}")})).await;
    let b = world.provider_with("b", json!({"priority": 1})).await;
    let key = world.key().await;
    let mut reply = world.stream(&key).await;
    reply.body().await;
    b.script.always(Answer::status(400));
    world.stream(&key).await.drain().await;
    world
        .patch(
            &format!("/admin/v1/providers/{}", a.id),
            &json!({"secret": format!("{UPSTREAM_SECRET}-changed"), "weight": 3}),
        )
        .await;
    world.admin("POST", "/admin/v1/providers", &json!({"name": "x", "secret": UPSTREAM_SECRET, "nonsense": 1})).await;
    world.admin("POST", &format!("/admin/v1/providers/{}/test", a.id), &json!({})).await;
    world.calls_of(&key, 2).await;

    let mut said = String::new();
    for path in ["/admin/v1/providers", "/admin/v1/users", "/admin/v1/calls", "/admin/v1/settings", "/metrics"] {
        said.push_str(&world.get(path).await.to_string());
    }
    said.push_str(&world.get(&format!("/admin/v1/users/{}/keys", key.user_id)).await.to_string());
    said.push_str(&world.get(&format!("/admin/v1/calls/{}", reply.call_id())).await.to_string());
    let rows = dump(&world).await;
    assert!(rows.contains(&world.tag), "the dump is complete");
    let log = world.hub.log();
    let files = files_below(&world.hub.setup.data);
    for secret in [UPSTREAM_SECRET, proxy_secret, &key.secret, &world.admin_token, MASTER_KEY] {
        for (place, text) in
            [("an answer", &said), ("the database", &rows), ("the log", &log), ("the data folder", &files)]
        {
            assert!(!text.contains(secret), "{secret} stands in {place}");
            assert!(!text.contains(&hex(secret)), "{secret} stands in {place}, as bytes");
        }
    }
}

#[tokio::test]
async fn what_people_write_and_read_is_kept_nowhere() {
    let world = World::alone().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let (question, answer) = ("my-private-question", "a-private-answer");
    let mut message = Turn::new().message();
    message["content"][1]["text"] = answer.into();
    let message = message.to_string();
    let events = Turn::new().events().concat().replace("Hello, ", answer);
    for stream in [false, true, false] {
        let mut body = ask("claude-sonnet-4-5", stream);
        body["messages"][0]["content"] = question.into();
        let events = Answer::events([events.clone()]);
        provider.script.always(if stream { events } else { Answer::new(200, "application/json", message.clone()) });
        let mut reply = world.messages(&key, &body).await;
        assert!(reply.text().await.contains(answer));
        world.call_of(&reply).await;
    }
    // Something that goes wrong says no more either.
    provider.script.always(Answer::events([events.split_at(events.len() / 2).0.to_owned()]));
    let mut body = ask("claude-sonnet-4-5", true);
    body["messages"][0]["content"] = question.into();
    let mut reply = world.messages(&key, &body).await;
    reply.drain().await;
    world.call_of(&reply).await;
    let (rows, log, files) = (dump(&world).await, world.hub.log(), files_below(&world.hub.setup.data));
    for words in [question, answer] {
        for (place, text) in [("the database", &rows), ("the log", &log), ("the data folder", &files)] {
            assert!(!text.contains(words), "{words} stands in {place}");
        }
    }
}

/// All files of a data folder, as text.
fn files_below(folder: &std::path::Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            text.push_str(&files_below(&entry.path()));
        } else if let Ok(bytes) = std::fs::read(entry.path()) {
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    text
}

#[tokio::test]
async fn a_key_is_shown_once() {
    let world = World::shared().await;
    let key = world.key().await;
    assert!(key.secret.len() >= 40, "{}", key.secret);
    for path in [format!("/admin/v1/keys/{}", key.id), format!("/admin/v1/users/{}/keys", key.user_id)] {
        let shown = world.get(&path).await;
        assert!(!shown.to_string().contains(&key.secret), "{shown}");
        let one = if shown["items"].is_array() { &shown["items"][0] } else { &shown };
        assert!(
            one["key"].is_null() && one["preview"].as_str().unwrap().ends_with(&key.secret[key.secret.len() - 4..]),
            "{one}"
        );
    }
}

#[tokio::test]
async fn what_the_hub_generates_is_readable_by_its_owner_alone() {
    let world = World::with(Setup::bare()).await;
    let data = &world.hub.setup.data;
    let mut n_files = 0;
    for file in std::fs::read_dir(data).unwrap().flatten() {
        let metadata = file.metadata().unwrap();
        let mode = metadata.permissions().mode() & 0o777;
        if metadata.is_file() {
            n_files += 1;
            assert_eq!(mode & 0o077, 0, "{:?} has mode {mode:o}", file.path());
        }
    }
    assert!(n_files >= 2, "a master key and an admin token");
    assert_eq!(data.metadata().unwrap().uid(), std::path::Path::new("/proc/self").metadata().unwrap().uid());
    // Printed once, at the first start.
    let token = &world.admin_token;
    assert_eq!(world.hub.log().matches(token.as_str()).count(), 1, "{}", world.hub.log_tail());
    world.hub.terminate();
    assert!(world.hub.stopped().await.success());
    world.hub.start_again().await;
    assert_eq!(world.hub.log().matches(token.as_str()).count(), 1, "not printed again");
    world.get("/admin/v1/users").await;
}

#[tokio::test]
async fn a_wrong_master_key_is_refused_at_start() {
    let dsn = postgres::database().await;
    let world = World::with(Setup::bare().with_dsn(&dsn)).await;
    world.provider("a").await;
    world.hub.terminate();
    assert!(world.hub.stopped().await.success());
    let other = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    let (status, said) = Setup::bare().with_dsn(&dsn).set("MASTER_KEY", other).fails().await;
    assert!(!status.success());
    assert!(said.contains("MASTER_KEY") || said.contains("master key"), "{said}");
    assert!(!said.contains(other) && !said.contains("panicked"), "{said}");
    let (status, said) = Setup::bare().with_dsn(&dsn).set("MASTER_KEY", "c2hvcnQ=").fails().await;
    assert!(!status.success() && said.contains("MASTER_KEY"), "{said}");
}

#[tokio::test]
async fn a_shared_database_needs_named_secrets() {
    let dsn = postgres::database().await;
    for missing in ["MASTER_KEY", "ADMIN_TOKEN"] {
        let (status, said) = Setup::bare().with_dsn(&dsn).set(missing, "").fails().await;
        assert!(!status.success() && said.contains(missing), "{said}");
    }
}

#[tokio::test]
async fn a_provider_that_moves_needs_its_secret_again() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let path = format!("/admin/v1/providers/{}", provider.id);
    let base = provider.script.url();
    let port = crate::upstream::address().port();
    for moved in [
        base.replace("http:", "https:"),
        base.replace("127.0.0.1", "evil.example"),
        base.replace(&format!(":{port}"), ":9"),
        base.replace("127.0.0.1", "127.0.0.1.evil.example"),
    ] {
        let (status, problem) = world.admin("PATCH", &path, &json!({"base_url": moved})).await;
        assert_eq!(status, 422, "{moved}: {problem}");
        assert!(problem.to_string().contains("secret"), "{problem}");
    }
    assert_eq!(world.get(&path).await["base_url"], json!(base));
    world.patch(&path, &json!({"base_url": format!("{base}/deeper")})).await;
    let moved = base.replace("127.0.0.1", "localhost");
    let shown = world.patch(&path, &json!({"base_url": moved, "secret": "sk-ant-other"})).await;
    assert_eq!(shown["base_url"], json!(moved));
}

#[tokio::test]
async fn guessing_the_admin_token_is_slowed_down() {
    let world = World::shared().await;
    let guess = |token: String| {
        let request = Request::get("/admin/v1/users").header("x-forwarded-for", &world.address);
        let request = request.header("authorization", format!("Bearer {token}"));
        let address = world.hub.address;
        async move { request.send(address).await }
    };
    let mut slowed = false;
    for n in 0..40 {
        let mut reply = guess(format!("wrong-token-number-{n}")).await;
        let status = reply.status;
        let problem = reply.json().await;
        assert_eq!(problem["status"], status, "{problem}");
        if status == 429 {
            slowed = reply.header("retry-after").is_some();
            break;
        }
        assert_eq!(status, 401);
    }
    assert!(slowed, "40 wrong tokens in a row were looked at");
    assert_eq!(World::shared().await.admin("GET", "/admin/v1/users", &Value::Null).await.0, 200, "elsewhere");
}
