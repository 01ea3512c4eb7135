//! Times that bound a call.

use serde_json::json;

use crate::{
    auth::refused,
    holds::holds,
    upstream::{Answer, End, Gate, Turn, turn::error_event},
    world::{World, ask},
};

#[tokio::test]
async fn a_stream_that_shows_no_content_for_long_is_let_through_at_the_gates_time() {
    let world = World::alone().await;
    let provider = world.provider_with("a", json!({"priority": 0})).await;
    let other = world.provider_with("b", json!({"priority": 1})).await;
    let key = world.key().await;
    world.patch("/admin/v1/settings", &json!({"gate_ms": 100})).await;
    let gate = Gate::new();
    let events = [&Turn::new().events()[..2], &[error_event("overloaded_error", "too late")]].concat();
    provider.script.always(Answer::events(events.clone()).pause_after(2, &gate));
    let mut reply = world.stream(&key).await;
    assert_eq!((reply.status, reply.header("x-switchyard-provider")), (200, Some(provider.id.as_str())));
    assert_eq!(reply.read_until(events[1].as_bytes()).await, events[..2].concat().as_bytes());
    gate.open();
    assert_eq!(reply.text().await, events[2]);
    assert_eq!(world.call_of(&reply).await["outcome"], "interrupted");
    assert!(other.script.requests().is_empty());
}

#[tokio::test]
async fn a_call_has_a_deadline_over_all_its_attempts() {
    let world = World::alone().await;
    let a = world.provider_with("a", json!({"priority": 0})).await;
    let b = world.provider_with("b", json!({"priority": 1})).await;
    a.script.always(Answer::nothing(End::Stall));
    b.script.always(Answer::nothing(End::Stall));
    let key = world.key().await;
    world.patch("/admin/v1/settings", &json!({"call_deadline_ms": 1000})).await;
    for stream in [false, true] {
        let since = std::time::Instant::now();
        let mut reply = world.messages(&key, &ask("claude-sonnet-4-5", stream)).await;
        refused(&mut reply, 504, "timeout_error").await;
        // Each of the two would be waited for two minutes.
        assert!(since.elapsed().as_secs() < 60, "{:?}", since.elapsed());
    }
}

#[tokio::test]
async fn a_call_whose_time_is_over_tries_nobody_else_and_blames_nobody() {
    let world = World::alone().await;
    // Long enough for the first attempt to begin.
    world.patch("/admin/v1/settings", &json!({"call_deadline_ms": 4_000})).await;
    let fields = |priority: i32| json!({"priority": priority, "breaker_failures": 1});
    let a = world.provider_with("a", fields(0)).await;
    let b = world.provider_with("b", fields(1)).await;
    a.script.always(Answer::nothing(End::Stall));
    let key = world.key().await;
    for stream in [false, true] {
        let mut reply = world.anew(&key, &ask("claude-sonnet-4-5", stream)).await;
        refused(&mut reply, 504, "timeout_error").await;
        let call = world.call_of(&reply).await;
        let verdict = &call["decision"]["choices"][0]["verdict"];
        assert_eq!((&call["n_attempts"], &verdict["class"]), (&json!(1), &json!("timeout")), "{call}");
        assert_eq!((&verdict["blame"], &verdict["next"]), (&json!("caller"), &json!("deliver")), "{call}");
        assert_eq!(call["attempts"][0]["error"]["cause"], "call_deadline");
    }
    assert!(b.script.requests().is_empty(), "there was no time left for it");
    assert!(holds(&world, &a).await.is_empty() && holds(&world, &b).await.is_empty());
    // A provider's own time is another matter, and there is time for the next one.
    world.patch(&format!("/admin/v1/providers/{}", a.id), &json!({"first_byte_timeout_ms": 100})).await;
    world.patch("/admin/v1/settings", &json!({"call_deadline_ms": 60_000})).await;
    let reply = world.stream(&key).await;
    assert_eq!((reply.status, reply.header("x-switchyard-provider")), (200, Some(b.id.as_str())));
    assert_eq!(holds(&world, &a).await.len(), 1);
}

#[tokio::test]
async fn a_pause_that_is_longer_than_the_calls_time_is_not_waited_for() {
    let world = World::alone().await;
    for (name, value) in [("call_deadline_ms", 2_400), ("retry_pause_ms", 5_000)] {
        world.patch("/admin/v1/settings", &json!({name: value})).await;
    }
    let a = world.provider_with("a", json!({"priority": 0})).await;
    a.script.always(Answer::status(500));
    let key = world.key().await;
    // The pause is at least 2.5 s: then nobody would wait for the answer any more. Where a call's time is over before the
    // provider has answered, as on a machine that stands still, there is no pause to see, and it is asked once more.
    let asked = async || {
        for _ in 0..10 {
            let before = a.script.requests().len();
            let reply = world.message(&key).await;
            if reply.status != 504 {
                return (reply, a.script.requests().len() - before);
            }
        }
        panic!("ten calls in a row had no answer in their time");
    };
    let (reply, n_asked) = asked().await;
    assert_eq!((reply.status, n_asked), (500, 1));
    assert_eq!(world.call_of(&reply).await["n_attempts"], 1);
    let b = world.provider_with("b", json!({"priority": 1})).await;
    let (reply, n_asked) = asked().await;
    assert_eq!((reply.status, reply.header("x-switchyard-provider")), (200, Some(b.id.as_str())));
    assert_eq!(n_asked, 1);
}

#[tokio::test]
async fn a_silent_provider_is_given_up_when_its_time_is_over_and_not_before() {
    let world = World::shared().await;
    let provider = world.provider_with("a", json!({"first_byte_timeout_ms": 700})).await;
    provider.script.always(Answer::nothing(End::Stall));
    let key = world.key().await;
    let since = std::time::Instant::now();
    let mut reply = world.stream(&key).await;
    refused(&mut reply, 504, "timeout_error").await;
    assert!(since.elapsed().as_millis() >= 700, "{:?}", since.elapsed());
    // The connection is not left open behind its back.
    provider.script.only_request().hung_up().await;
    assert_eq!(world.call_of(&reply).await["attempts"][0]["error"]["cause"], "first_byte_timeout");
}
