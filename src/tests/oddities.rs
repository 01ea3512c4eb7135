//! What no provider should say, and some client will send: the call is served and its record is not lost.

use serde_json::{Value, json};

use crate::{
    holds::holds,
    upstream::{Answer, Turn, Used, turn::event},
    world::{Key, World, ask, merge},
};

/// The record of a call that must not be set aside.
async fn recorded(world: &World, key: &Key, answer: Answer, stream: bool, what: &str) -> Value {
    let provider = world.provider(&format!("p{}", what.len())).await;
    provider.script.always(answer);
    let mut reply = world.messages(key, &ask("claude-sonnet-4-5", stream)).await;
    reply.drain().await;
    let call = world.call_of(&reply).await;
    assert_eq!(world.admin("DELETE", &format!("/admin/v1/providers/{}", provider.id), &Value::Null).await.0, 204);
    let set_aside = format!("select count(*) from quarantine where call_id = '{}'", reply.call_id());
    assert_eq!(world.value(&set_aside).await, 0, "{what}");
    call
}

#[tokio::test]
async fn characters_that_a_database_does_not_take_do_not_keep_a_call_from_its_record() {
    let world = World::shared().await;
    let key = world.key().await;
    let refused = Answer::error(400, "invalid_request_error", "zero \u{0} byte, half a pair, \u{1F600} and \u{202E}");
    let call = recorded(&world, &key, refused, false, "an error").await;
    assert_eq!(call["outcome"], "refused", "{call}");

    let raw = r#"{"type":"error","error":{"type":"api_error","message":"half a pair \ud83d and a zero \u0000"}}"#;
    let call = recorded(&world, &key, Answer::new(500, "application/json", raw), true, "a raw error").await;
    assert_eq!(call["outcome"], "failed", "{call}");

    for stream in [false, true] {
        let answer = Turn::new().model("odd\u{0}model").answer(stream);
        let call = recorded(&world, &key, answer, stream, if stream { "a model, streamed" } else { "a model" }).await;
        assert_eq!((&call["outcome"], &call["usage"]), (&json!("completed"), &Used::EVERY_CLASS.shown()), "{call}");
    }

    let mut message = Turn::new().message();
    message["usage"]["inference_geo"] = "a\u{0}b".into();
    let call = recorded(&world, &key, Answer::json(200, &message), false, "an odd usage").await;
    assert_eq!(call["usage"], Used::EVERY_CLASS.shown(), "{call}");
}

#[tokio::test]
async fn an_answer_need_not_have_a_text() {
    let world = World::shared().await;
    let a = world.provider_with("first", json!({"priority": 0, "breaker_failures": 1})).await;
    let b = world.provider_with("second", json!({"priority": 1})).await;
    let key = world.key().await;
    let tool = json!({"type": "tool_use", "id": "toolu_1", "name": "list_files", "input": {}});
    for (content, stop_reason) in [
        (vec![tool], "tool_use"),
        (vec![], "end_turn"),
        (vec![], "refusal"),
        (vec![], "safety"),
        (vec![json!({"type": "text", "text": ""})], "max_tokens"),
    ] {
        let mut message = Turn::new().message();
        (message["content"], message["stop_reason"]) = (json!(content), json!(stop_reason));
        let start = merge(message.clone(), json!({"content": [], "stop_reason": null}));
        let mut events = vec![event("message_start", json!({"message": start}))];
        for block in content {
            events.push(event("content_block_start", json!({"index": 0, "content_block": block})));
            events.push(event("content_block_stop", json!({"index": 0})));
        }
        let delta = json!({"delta": {"stop_reason": stop_reason}, "usage": message["usage"]});
        events.extend([event("message_delta", delta), event("message_stop", json!({}))]);
        for (stream, answer) in [(true, Answer::events(events)), (false, Answer::json(200, &message))] {
            a.script.always(answer.clone());
            let mut reply = world.anew(&key, &ask("claude-sonnet-4-5", stream)).await;
            assert_eq!((reply.status, reply.header("x-switchyard-provider")), (200, Some(a.id.as_str())));
            assert_eq!(reply.body().await, answer.body(), "{stop_reason}");
            let call = world.call_of(&reply).await;
            assert_eq!((&call["outcome"], &call["n_attempts"]), (&json!("completed"), &json!(1)), "{call}");
        }
    }
    assert!(b.script.requests().is_empty() && holds(&world, &a).await.is_empty());
}

#[tokio::test]
async fn numbers_that_make_no_sense_do_not_keep_a_call_from_its_record() {
    let world = World::shared().await;
    let key = world.key().await;
    for (n, output) in [json!(u64::MAX), json!(-5), json!(1.5), json!("many"), json!(null), json!([1]), json!(i64::MAX)]
        .into_iter()
        .enumerate()
    {
        for stream in [false, true] {
            let what = format!("{}{output} as output", " ".repeat(n * 40 + usize::from(stream)));
            let answer = if stream {
                let mut events = Turn::new().events();
                let at = events.len() - 2;
                events[at] = event("message_delta", json!({"delta": {}, "usage": {"output_tokens": output}}));
                Answer::events(events)
            } else {
                let mut message = Turn::new().message();
                message["usage"]["output_tokens"] = output.clone();
                Answer::json(200, &message)
            };
            let call = recorded(&world, &key, answer, stream, &what).await;
            assert_eq!(
                (&call["outcome"], &call["usage"]["input"]),
                (&json!("completed"), &json!(127)),
                "{what}: {call}"
            );
            assert!(!call["cost_usd"].as_str().unwrap().starts_with('-'), "{what}: {call}");
        }
    }
}

#[tokio::test]
async fn a_message_without_usage_is_not_free() {
    let world = World::shared().await;
    let key = world.key().await;
    let mut message = Turn::new().message();
    message.as_object_mut().unwrap().remove("usage");
    let call = recorded(&world, &key, Answer::json(200, &message), false, "no usage").await;
    assert_eq!((&call["outcome"], &call["token_source"]), (&json!("completed"), &json!("estimated")), "{call}");
    for class in ["input", "output"] {
        assert_ne!(call["cost"][class], "0", "{call}");
    }
}

#[tokio::test]
async fn headers_of_a_client_that_are_odd_are_no_trouble() {
    let world = World::shared().await;
    world.provider("a").await;
    let key = world.key().await;
    let body = ask("claude-sonnet-4-5", false).to_string();
    let request = world
        .request(&key, body)
        .header("user-agent", "x".repeat(5_000))
        .header("x-claude-code-session-id", "s".repeat(5_000))
        .header("x-odd", "caf\u{e9} \u{4f60}");
    let mut reply = request.send(world.hub.address).await;
    assert_eq!(reply.status, 200);
    reply.body().await;
    let call = world.call_of(&reply).await;
    assert_eq!(call["client"]["user_agent"].as_str().unwrap().len(), 256);
}

#[tokio::test]
async fn a_client_that_asks_for_no_stream_but_gets_one_and_the_other_way_round_is_served() {
    let world = World::shared().await;
    let key = world.key().await;
    for (asked, answer) in [(false, Turn::new().answer(true)), (true, Turn::new().answer(false))] {
        let what = if asked { "a message for a stream" } else { "a stream for a message" };
        let call = recorded(&world, &key, answer, asked, what).await;
        assert_eq!(
            (&call["outcome"], &call["usage"]),
            (&json!("completed"), &Used::EVERY_CLASS.shown()),
            "{what}: {call}"
        );
    }
}
