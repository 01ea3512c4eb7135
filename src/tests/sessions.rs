//! A conversation stays with the provider that served it.

mod limited;

use serde_json::{Value, json};

use crate::{
    access::{call, cookie, log_in},
    hub::Setup,
    insight::page,
    patience::until,
    postgres::execute,
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
async fn an_operator_ends_many_sessions_and_sees_before_what_is_lost() {
    let world = World::alone().await;
    let first = world.provider_with("first", json!({"priority": 5})).await;
    let key = world.key().await;
    for session in ["many-1", "many-2", "other"] {
        served_by(&world, &key, session).await;
        bound_to(&world, session, &first.id).await;
    }
    let better = world.provider_with("better", json!({"priority": 0})).await;
    let ids: Vec<Value> = list(&world, "search=many-").await.iter().map(|session| session["id"].clone()).collect();
    let end = async |asked: Value| world.admin("POST", "/admin/v1/sessions/bulk", &asked).await;
    let named = |preview: bool| json!({"ids": [ids[0], ids[1], "no session"], "preview": preview});
    let n_of = |report: &Value| ["n_ended", "n_unknown", "n_left"].map(|name| report[name].clone());
    let (status, look) = end(named(true)).await;
    assert_eq!((status, n_of(&look), &look["n_bound"]), (200, [2, 1, 0].map(|n| json!(n)), &json!(2)), "{look}");
    assert!(look["cached_tokens"].as_u64() > Some(20_000) && look["preview"] == true, "{look}");
    let asked = ids.iter().fold(String::new(), |asked, id| asked + "&id=" + id.as_str().unwrap());
    let question = page(&world, &format!("/sessions?drop=chosen{asked}&id=x")).await;
    assert!(question.contains("End 2 sessions?") && question.contains("not active any more: 1."), "{question}");
    assert!(page(&world, "/sessions?drop=chosen").await.contains("No active session is chosen"));
    assert_eq!(list(&world, "").await.len(), 3, "a look ends nothing");

    let (status, ended) = end(named(false)).await;
    assert_eq!((status, n_of(&ended), &ended["preview"]), (200, [2, 1, 0].map(|n| json!(n)), &json!(false)), "{ended}");
    assert_eq!(names(&list(&world, "").await), ["other"]);
    assert_eq!(world.value("select count(*) from audit_log where action = 'session.end'").await, 2);
    assert_eq!(served_by(&world, &key, "many-1").await, better.id);
    assert_eq!(served_by(&world, &key, "other").await, first.id);

    // As the console does it: all that the list finds.
    let cookie = cookie(&log_in(&world, "", &world.admin_token).await);
    let request = call(&world, "end_sessions", "search=search%3Dmany-%26drop%3Dall").header("cookie", &cookie);
    let mut reply = request.send(world.hub.address).await;
    assert_eq!((reply.status, reply.text().await.as_str()), (200, "\"1 session ended\""));
    assert_eq!(names(&list(&world, "").await), ["other"]);
    assert_eq!(n_of(&end(json!({"filter": {}})).await.1), [1, 0, 0].map(|n| json!(n)));
    assert!(list(&world, "").await.is_empty());

    for (asked, field) in [
        (json!({}), "ids"),
        (json!({"ids": []}), "ids"),
        (json!({"ids": ["a"], "filter": {}}), "ids"),
        (json!({"filter": {"search": "x".repeat(257)}}), "search"),
    ] {
        let (status, answer) = end(asked).await;
        assert_eq!((status, &answer["field"]), (422, &json!(field)), "{answer}");
    }
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

/// The sessions that a query asks for.
async fn list(world: &World, query: &str) -> Vec<Value> {
    world.get(&format!("/admin/v1/sessions?{query}")).await["items"].as_array().unwrap().clone()
}

/// The names that sessions of a list have among clients.
fn names(sessions: &[Value]) -> Vec<&str> {
    sessions.iter().map(|session| session["session_id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_session_that_is_over_says_what_its_calls_used_and_where_they_went() {
    let world = World::alone().await;
    let first = world.provider_with("first", json!({"priority": 5, "max_attempts": 1})).await;
    let key = world.key().await;
    served_by(&world, &key, "a").await;
    served_by(&world, &key, "a").await;
    bound_to(&world, "a", &first.id).await;
    let better = world.provider_with("better", json!({"priority": 0, "max_attempts": 1})).await;
    world.patch(&format!("/admin/v1/providers/{}", first.id), &json!({"enabled": false})).await;
    served_by(&world, &key, "a").await;
    bound_to(&world, "a", &better.id).await;
    let calls = world.calls_of(&key, 3).await;
    let found = list(&world, "state=recent").await;
    let [session] = &found[..] else { panic!("one session: {found:?}") };
    let summed = |column: &str| format!("select sum({column})::text from calls where key_id = {}", key.id);
    for (field, column) in [("cache_read", "cache_read"), ("input", "input"), ("output", "output")] {
        let sum = world.value(&summed(column)).await;
        assert_eq!(session["usage"][field].to_string(), sum.as_str().unwrap(), "{session}");
    }
    let cost = world.value("select sum(cost) = (select cost from sessions) from calls").await;
    assert_eq!((cost, &session["cost_usd"] == "0"), (json!(true), false), "{session}");
    assert_eq!((&session["calls"], &session["models"]), (&json!(3), &json!(["claude-sonnet-4-5"])), "{session}");
    assert_eq!((&session["is_active"], &session["provider_id"]), (&json!(true), &json!(better.id)), "{session}");
    let at = |value: &Value| value["created_at"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    // A session begins when its first call has been read.
    assert!((at(session) - at(&calls[0])).num_seconds().abs() < 60, "{session}");

    let path = format!("/admin/v1/sessions/{}", session["id"].as_str().unwrap());
    let detail = world.get(&path).await;
    let stays = detail["stays"].as_array().unwrap();
    let places: Vec<_> = stays.iter().map(|stay| (stay["provider_id"].clone(), stay["calls"].clone())).collect();
    assert_eq!(places, [(json!(better.id), json!(1)), (json!(first.id), json!(2))], "{detail}");
    assert_eq!(detail["bound_since"], stays[0]["since"], "{detail}");
    assert!(detail["bound_until"].is_string() && detail["cached_tokens"].as_u64() > Some(20_000), "{detail}");

    // Ended, and with nobody left who owns it, it still says whose it was.
    assert_eq!(world.admin("DELETE", &path, &Value::Null).await.0, 204);
    assert_eq!(world.admin("DELETE", &format!("/admin/v1/users/{}", key.user_id), &Value::Null).await.0, 204);
    let over = world.get(&path).await;
    assert_eq!((&over["is_active"], &over["provider_id"]), (&json!(false), &Value::Null), "{over}");
    assert!(over["key_name"].is_string() && over["user_name"].is_string() && over["bound_until"].is_null(), "{over}");
    assert_eq!(over["last_provider_id"], json!(better.id), "{over}");
    assert!(list(&world, "").await.is_empty());
}

#[tokio::test]
async fn an_active_session_of_a_deleted_key_has_its_names() {
    let world = World::alone().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    served_by(&world, &key, "a").await;
    bound_to(&world, "a", &provider.id).await;
    assert_eq!(world.admin("DELETE", &format!("/admin/v1/keys/{}", key.id), &Value::Null).await.0, 204);
    let found = list(&world, "state=active").await;
    let [session] = &found[..] else { panic!("one session: {found:?}") };
    assert!(session["key_name"].is_string() && session["user_name"].is_string(), "{session}");
    assert_eq!(session["user_id"], json!(key.user_id));
}

#[tokio::test]
async fn sessions_are_read_in_pages_and_found_by_the_beginning_of_their_name() {
    let world = World::alone().await;
    world.provider("a").await;
    let (key, other) = (world.key().await, world.key().await);
    for session in ["walk-1", "walk-2", "Walk-3", "run_%"] {
        served_by(&world, &key, session).await;
    }
    served_by(&world, &other, "walk-1").await;
    world.calls_of(&key, 4).await;
    world.calls_of(&other, 1).await;
    for state in ["active", "recent"] {
        let mut seen = Vec::new();
        let mut path = format!("/admin/v1/sessions?state={state}&limit=2");
        loop {
            let page = world.get(&path).await;
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/admin/v1/sessions?state={state}&limit=2&cursor={cursor}");
        }
        let mut distinct = seen.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!((seen.len(), distinct.len()), (5, 5), "{state}: {seen:?}");
        assert_eq!(names(&list(&world, &format!("state={state}&search=walk-")).await), ["walk-1", "walk-2", "walk-1"]);
        assert_eq!(names(&list(&world, &format!("state={state}&search=run_%25")).await), ["run_%"]);
        assert!(list(&world, &format!("state={state}&search=unknown")).await.is_empty());
    }
    for (query, field) in [
        ("search=%00", "search"),
        ("state=gone", "state"),
        ("state=recent&cursor=x", "cursor"),
        ("cursor=x", "cursor"),
        (&*format!("search={}", "x".repeat(257)), "search"),
    ] {
        let (status, answer) = world.admin("GET", &format!("/admin/v1/sessions?{query}"), &Value::Null).await;
        assert_eq!((status, &answer["field"]), (422, &json!(field)), "{query}: {answer}");
    }
    // What has just been recorded is read where it was: an old session that is used again is at the top.
    served_by(&world, &key, "walk-1").await;
    world.calls_of(&key, 5).await;
    assert_eq!(names(&list(&world, "state=recent&limit=1").await), ["walk-1"]);
    let page = page(&world, "/sessions?state=recent&search=Walk").await;
    assert!(page.contains("Walk-3") && !page.contains("walk-2"), "{page}");
    let id = list(&world, "search=walk-2").await[0]["id"].as_str().unwrap().to_owned();
    let one = page_of(&world, &id).await;
    assert!(one.contains("End the session walk-2?") && one.contains("/calls?key="), "{one}");
}

/// The page of a session, with the question whether to end it.
async fn page_of(world: &World, id: &str) -> String {
    page(world, &format!("/sessions/{id}?end=1")).await
}

#[tokio::test]
async fn sessions_and_groups_are_found_and_a_session_goes_with_its_last_call() {
    let world = World::alone().await;
    world.provider("a").await;
    let key = world.key().await;
    world.create("/admin/v1/groups", &json!({"name": "tortoises", "note": "slow"})).await;
    served_by(&world, &key, "Tortoise-race").await;
    world.calls_of(&key, 1).await;
    let found = world.get("/admin/v1/search?search=Tortoise").await;
    let found: Vec<_> =
        found["items"].as_array().unwrap().iter().map(|it| (it["kind"].clone(), it["name"].clone())).collect();
    assert_eq!(found, [(json!("group"), json!("tortoises")), (json!("session"), json!("Tortoise-race"))]);
    let keys = world.get(&format!("/admin/v1/search?search={}", &key.secret[key.secret.len() - 4..])).await;
    let found = keys["items"].as_array().unwrap().iter().find(|it| it["kind"] == "key").unwrap().clone();
    assert_eq!(found["id"], json!(key.id), "{keys}");
    // As if it had been long ago.
    let old = "update sessions set last_call = first_id(now() - interval '100 days')";
    execute(world.dsn(), old).await;
    world.hub.terminate();
    world.hub.stopped().await;
    world.hub.start_again().await;
    until("the session is gone", async || (world.value("select count(*) from sessions").await == 0).then_some(()))
        .await;
}
