//! Times that bound a call.

use serde_json::json;

use crate::{
    auth::refused,
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
        assert!(since.elapsed().as_millis() < 5_000, "{:?}", since.elapsed());
    }
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
