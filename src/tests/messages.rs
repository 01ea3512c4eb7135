//! What was asked and answered, where the hub captures it.

use serde_json::{Value, json};

use crate::{
    client::{Reply, Request},
    hub::Setup,
    insight::page,
    patience::until,
    postgres::execute,
    upstream::Said,
    world::{Key, World, ask},
};

async fn capturing() -> World {
    World::with(Setup::usual().await.set("STORE_SESSION_MESSAGES", "true")).await
}

/// What was captured of a call, once it is there.
async fn captured(world: &World, reply: &Reply) -> Value {
    let path = format!("/admin/v1/calls/{}/messages", reply.call_id());
    until("the messages are captured", async || {
        let (status, answer) = world.admin("GET", &path, &Value::Null).await;
        (status == 200).then_some(answer)
    })
    .await
}

/// Asks in a session.
async fn asks(world: &World, key: &Key, body: &Value) -> Reply {
    let request = world.request(key, body.to_string()).header("x-claude-code-session-id", "talk");
    request.send(world.hub.address).await
}

#[tokio::test]
async fn nothing_is_captured_unless_it_is_asked_for() {
    let world = World::alone().await;
    world.provider("a").await;
    let key = world.key().await;
    let mut reply = world.message(&key).await;
    reply.body().await;
    let call = world.call_of(&reply).await;
    assert_eq!(call["has_messages"], false);
    let path = format!("/admin/v1/calls/{}/messages", reply.call_id());
    assert_eq!(world.admin("GET", &path, &Value::Null).await.0, 404);
    assert_eq!(world.value("select count(*) from call_messages").await, 0);
    let page_of_call = page(&world, &format!("/calls/{}", reply.call_id())).await;
    assert!(!page_of_call.contains(&format!("{}/messages", reply.call_id())), "nothing leads there");
}

#[tokio::test]
async fn a_conversation_is_kept_as_it_came_and_can_be_read() {
    let world = capturing().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let mut body = ask("claude-sonnet-4-5", true);
    body["system"] = json!("You are terse.");
    body["messages"] = json!([
        {"role": "user", "content": "<b>list</b> the files"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "ls", "input": {"path": "/"}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "a.txt"}]},
    ]);
    let mut reply = asks(&world, &key, &body).await;
    let received = reply.body().await;
    let messages = captured(&world, &reply).await;
    assert_eq!(messages["request"]["head"].as_str().unwrap(), body.to_string());
    assert_eq!(messages["answer"]["head"].as_str().unwrap().as_bytes(), received, "as the client got it");
    assert_eq!((&messages["is_cut"], &messages["request"]["left_out"]), (&json!(false), &json!(0)));
    let roles: Vec<_> = messages["asked"].as_array().unwrap().iter().map(|turn| turn["role"].clone()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "user"]);
    let said = messages["answered"]["parts"].as_array().unwrap();
    assert!(said.iter().any(|part| part["kind"] == "text" && !part["text"].as_str().unwrap().is_empty()), "{messages}");

    // Bodies only: neither the caller's key nor the provider's is anywhere.
    let row = world.value("select encode(request_head || answer_head, 'escape') from call_messages").await;
    let secret = provider.script.requests()[0].all("x-api-key")[0].to_owned();
    assert!(!row.to_string().contains(&key.secret) && !row.to_string().contains(&secret));

    // Found from the call and from the session, read on pages, and who has looked is on record.
    let call = world.call_of(&reply).await;
    assert_eq!(call["has_messages"], true);
    let sessions = world.get("/admin/v1/sessions?state=recent").await;
    let session = world.get(&format!("/admin/v1/sessions/{}", sessions["items"][0]["id"].as_str().unwrap())).await;
    assert_eq!(session["captured_call_id"], json!(reply.call_id()));
    let path = format!("/calls/{}/messages", reply.call_id());
    assert!(page(&world, &format!("/calls/{}", reply.call_id())).await.contains(&path));
    let shown = page(&world, &path).await;
    assert!(
        shown.contains("You are terse.") && shown.contains("a.txt") && shown.contains("Uses the tool ls"),
        "{shown}"
    );
    assert!(shown.contains("&lt;b&gt;list") && !shown.contains("<b>list"), "what was said is never markup");
    assert!(page(&world, &format!("{path}?view=raw")).await.contains("message_start"));
    let looked = world.get(&format!("/admin/v1/audit?action=call.messages&subject={}", reply.call_id())).await;
    assert_eq!(looked["items"].as_array().unwrap().len(), 3, "{looked}");

    // For operators only: a person does not get it under their own name either.
    for path in [format!("/admin/v1{path}"), format!("/admin/v1/me{path}")] {
        let request = Request::get(&path).header("authorization", format!("Bearer {}", key.secret));
        let status = request.send(world.hub.address).await.status;
        assert!([403, 404].contains(&status), "{path}: {status}");
    }
}

#[tokio::test]
async fn what_is_long_is_cut_and_what_is_free_is_not_captured() {
    let world = capturing().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let mut body = ask("claude-sonnet-4-5", false);
    let say = |role: &str, text: String| json!({"role": role, "content": text});
    body["messages"] = json!([
        say("user", "the first".to_owned()),
        say("assistant", "x".repeat(400_000)),
        say("user", "the last".to_owned()),
    ]);
    let long = Said::text("claude-sonnet-4-5", &"y".repeat(300_000));
    provider.script.once(long.answer(false));
    let mut reply = asks(&world, &key, &body).await;
    let received = reply.body().await;
    let messages = captured(&world, &reply).await;
    let sent = body.to_string();
    let (head, tail) = (messages["request"]["head"].as_str().unwrap(), messages["request"]["tail"].as_str().unwrap());
    assert_eq!((head.len(), tail.len()), (64 << 10, 192 << 10));
    assert!(sent.starts_with(head) && sent.ends_with(tail));
    assert_eq!(messages["request"]["left_out"], json!(sent.len() - (256 << 10)), "{}", messages["request"]["bytes"]);
    assert_eq!(messages["answer"]["head"].as_str().unwrap().as_bytes(), &received[..256 << 10]);
    assert_eq!(messages["answer"]["bytes"], json!(received.len()));
    let words: Vec<_> = messages["asked"].as_array().unwrap().iter().map(|turn| &turn["parts"][0]["text"]).collect();
    assert_eq!(words, ["the first", "the last"], "what can be read of a cut body");
    assert_eq!(messages["is_cut"], true);

    let count = Request::post("/v1/messages/count_tokens", ask("claude-sonnet-4-5", false).to_string());
    count.header("x-api-key", &key.secret).send(world.hub.address).await.drain().await;
    let mut next = asks(&world, &key, &ask("claude-sonnet-4-5", false)).await;
    next.body().await;
    captured(&world, &next).await;
    assert_eq!(world.value("select count(*) from call_messages").await, 2);
}

#[tokio::test]
async fn messages_go_by_whole_days() {
    let world = capturing().await;
    let sql = "create table call_messages_20200101 partition of call_messages
            for values from ('016f5e66-e800-0000-0000-000000000000') to ('016f638d-4400-0000-0000-000000000000');
        insert into call_messages select id, 1, '', null, 1, ''
            from unnest(array['016f5e66-e800-7000-8000-000000000001', '01700000-0000-7000-8000-000000000002']::uuid[]) as id";
    execute(world.dsn(), sql).await;
    world.hub.terminate();
    world.hub.stopped().await;
    world.hub.start_again().await;
    until("the old messages are gone", async || {
        (world.value("select count(*) from call_messages").await == 0).then_some(())
    })
    .await;
    let days = "select count(*) from pg_class where relname ~ '^call_messages_[0-9]{8}$'";
    until("today and the days ahead have their partitions", async || (world.value(days).await == 4).then_some(()))
        .await;
}
