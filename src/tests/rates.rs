//! Calls per minute, tokens per minute, calls and sessions at the same time.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    hub::Setup,
    patience::until,
    upstream::{Answer, Gate, Turn, Used},
    world::{Key, World, ask},
};

/// The two ways to keep counters.
async fn backends() -> [World; 2] {
    let (redis, _) = crate::redis::start().await;
    let shared = World::with(Setup::usual().await.set("REDIS_URL", &redis)).await;
    [World::alone().await, shared]
}

fn of_session(session: &str, stream: bool) -> Value {
    let mut body = ask("claude-sonnet-4-5", stream);
    body["metadata"] = json!({"user_id": json!({"session_id": session}).to_string()});
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_calls_at_once_exactly_as_many_pass_as_may() {
    for world in backends().await {
        world.provider("a").await;
        let key = world.key_with(json!({"limit_rpm": 40}), json!({"limit_rpm": 17})).await;
        let other = Key { ..world.key_with(json!({}), json!({})).await };
        let world = Arc::new(world);
        let calls = (0..100).map(|_| {
            let (world, key) = (world.clone(), key.clone());
            tokio::spawn(async move { world.message(&key).await.status })
        });
        let mut passed = 0;
        for call in calls.collect::<Vec<_>>() {
            match call.await.unwrap() {
                200 => passed += 1,
                status => assert_eq!(status, 429),
            }
        }
        assert_eq!(passed, 17);
        let mut reply = world.message(&key).await;
        assert_eq!(reply.status, 429);
        let retry_after: u64 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=61).contains(&retry_after), "{retry_after}");
        assert_eq!(reply.header("anthropic-ratelimit-requests-limit"), Some("17"));
        assert_eq!(reply.header("anthropic-ratelimit-requests-remaining"), Some("0"));
        let body = reply.json().await;
        assert_eq!(body["error"]["type"], "rate_limit_error", "{body}");
        assert!(body["error"]["message"].as_str().unwrap().starts_with("limit_rpm: this key"), "{body}");
        assert_eq!(world.message(&other).await.status, 200);
    }
}

#[tokio::test]
async fn what_is_left_of_a_rate_is_told_with_every_answer() {
    let world = World::alone().await;
    world.provider("a").await;
    let key = world.key_with(json!({}), json!({"limit_rpm": 5, "limit_tpm": 1_000_000})).await;
    for left in ["4", "3"] {
        let reply = world.message(&key).await;
        assert_eq!(reply.header("anthropic-ratelimit-requests-limit"), Some("5"));
        assert_eq!(reply.header("anthropic-ratelimit-requests-remaining"), Some(left));
        assert!(reply.header("anthropic-ratelimit-tokens-remaining").is_some());
    }
    let free = world.key().await;
    assert_eq!(world.message(&free).await.header("anthropic-ratelimit-requests-limit"), None);
}

#[tokio::test]
async fn tokens_are_estimated_and_then_settled() {
    for world in backends().await {
        world.provider("a").await;
        // A call of these uses 127 + 1,024 + 512 + 385 tokens; what is read from a cache does not count.
        let key = world.key_with(json!({}), json!({"limit_tpm": 3_000})).await;
        assert_eq!(world.message(&key).await.status, 200);
        let used = until("it is settled", async || {
            let used = crate::limits::window(&world, &format!("keys/{}", key.id), "tpm").await;
            (used["settled"] == 2_048).then_some(used)
        })
        .await;
        assert_eq!(used["limit"], 3_000);
        // The next one is expected to be like the last: 385 tokens of output and a small prompt. It fits, a third does not.
        assert_eq!(world.message(&key).await.status, 200);
        until("no more fits", async || (world.message(&key).await.status == 429).then_some(())).await;
    }
}

#[tokio::test]
async fn what_a_session_has_in_the_cache_is_not_expected_to_count_again() {
    for world in backends().await {
        let provider = world.provider("a").await;
        let used = Used { input: 100, output: 50, cache_write_5m: 15_000, cache_write_1h: 0, cache_read: 0 };
        provider.script.by(move |seen| Turn::new().model(&seen.model()).used(used).answer(seen.streams()));
        // By its bytes a prompt has 15,000 tokens: two of them are too many for a minute.
        let key = world.key_with(json!({}), json!({"limit_tpm": 20_000})).await;
        let status = async |session: &str| {
            let mut body = of_session(session, false);
            body["system"] = "word ".repeat(12_000).into();
            world.messages(&key, &body).await.status
        };
        assert_eq!(status("talk").await, 200);
        until("it is settled", async || {
            let used = crate::limits::window(&world, &format!("keys/{}", key.id), "tpm").await;
            (used["settled"] == 15_150).then_some(())
        })
        .await;
        assert_eq!(status("other").await, 429);
        assert_eq!(status("talk").await, 200);
    }
}

#[tokio::test]
async fn a_place_is_taken_once_and_free_again_however_the_call_ends() {
    for world in backends().await {
        let provider = world.provider("a").await;
        let key = world.key_with(json!({}), json!({"limit_concurrent_requests": 1})).await;
        let running = async || {
            let used = crate::limits::window(&world, &format!("keys/{}", key.id), "concurrent_requests").await;
            used["settled"].as_u64().unwrap()
        };
        // Answered, failed, refused by the upstream, cut in the middle.
        let cut = Answer::events(Turn::new().events()).cut_after(6, crate::upstream::End::Reset);
        for answer in [Answer::status(500), Answer::status(400), cut] {
            provider.script.once(answer);
            let mut reply = world.stream(&key).await;
            reply.drain().await;
            until("the place is free", async || (running().await == 0).then_some(())).await;
        }
        // While one runs, no other; the refused one holds nothing.
        let gate = Gate::new();
        provider.script.once(Answer::events(Turn::new().events()).pause_after(6, &gate));
        let reply = world.stream(&key).await;
        gate.reached().await;
        for _ in 0..3 {
            assert_eq!(world.message(&key).await.status, 429);
        }
        assert_eq!(running().await, 1);
        // The client leaves: its place is free at once, although the rest is still being read.
        reply.leave().await;
        until("the place is free", async || (world.message(&key).await.status == 200).then_some(())).await;
        gate.open();
        // Gone before the head.
        let gate = Gate::new();
        provider.script.once(Answer::json(200, &Turn::new().message()).pause_before_head(&gate));
        let open =
            world.request(&key, ask("claude-sonnet-4-5", false).to_string()).open(world.hub.address).await.unwrap();
        gate.reached().await;
        assert_eq!(world.message(&key).await.status, 429);
        open.leave().await;
        until("the place is free", async || (world.message(&key).await.status == 200).then_some(())).await;
        gate.open();
    }
}

#[tokio::test]
async fn a_long_stream_keeps_its_place_beyond_the_session() {
    let world = World::with(Setup::usual().await.set("SESSION_TTL", "1")).await;
    let provider = world.provider("a").await;
    let limits = json!({"limit_concurrent_requests": 1, "limit_concurrent_sessions": 1});
    let key = world.key_with(json!({}), limits).await;
    let gate = Gate::new();
    provider.script.once(Answer::events(Turn::new().events()).pause_after(6, &gate));
    let mut reply = world.messages(&key, &of_session("long", true)).await;
    gate.reached().await;
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    assert_eq!(world.messages(&key, &of_session("other", false)).await.status, 429);
    gate.open();
    reply.body().await;
    until("a place is free", async || {
        (world.messages(&key, &of_session("other", false)).await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn sessions_are_counted_by_key_and_user() {
    for world in backends().await {
        world.provider("a").await;
        let user = json!({"limit_concurrent_sessions": 3});
        let one = world.key_with(user, json!({"limit_concurrent_sessions": 2})).await;
        let two = world.create(&format!("/admin/v1/users/{}/keys", one.user_id), &json!({"name": "other"})).await;
        let two = Key {
            id: two["id"].as_str().unwrap().to_owned(),
            secret: two["key"].as_str().unwrap().to_owned(),
            ..one.clone()
        };
        let status = async |key: &Key, session: &str| world.messages(key, &of_session(session, false)).await.status;
        assert_eq!((status(&one, "a").await, status(&one, "b").await, status(&one, "a").await), (200, 200, 200));
        assert_eq!(status(&one, "c").await, 429);
        // The same name at another key is another session: the third of the user.
        assert_eq!((status(&two, "a").await, status(&two, "b").await), (200, 429));
        // Calls without a session count only while they run.
        let free = world.key_with(json!({}), json!({"limit_concurrent_sessions": 1})).await;
        for text in ["x", "y", "z"] {
            let mut body = ask("claude-sonnet-4-5", false);
            body["messages"][0]["content"] = text.into();
            assert_eq!(world.messages(&free, &body).await.status, 200);
        }
    }
}
