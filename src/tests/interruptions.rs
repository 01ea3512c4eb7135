//! A provider that fails after a part of its answer was passed on.

use serde_json::{Value, json};

use crate::{
    upstream::{Answer, End, Turn, turn::error_event},
    world::World,
};

/// Events that are passed on before the answer breaks.
const N_EVENTS: usize = 10;

/// Splits the hub's own last event off a stream, and gives its data.
fn last_event(body: &str, passed: &str) -> Value {
    let rest = body.strip_prefix(passed).unwrap_or_else(|| panic!("{body:?} does not begin with {passed:?}"));
    let data = rest.trim_start().strip_prefix("event: error\ndata: ").unwrap_or_else(|| panic!("{rest:?}"));
    serde_json::from_str(data.strip_suffix("\n\n").unwrap()).unwrap()
}

#[tokio::test]
async fn a_stream_that_breaks_ends_with_an_error_event_and_is_settled_with_what_is_known() {
    let world = World::shared().await;
    let provider = world.provider_with("a", json!({"priority": 0})).await;
    let other = world.provider_with("b", json!({"priority": 1})).await;
    let key = world.key().await;
    let passed = Turn::new().events()[..N_EVENTS].concat();
    for end in [End::Close, End::Reset, End::Stall] {
        // Only what has to run out is short.
        let ms = if end == End::Stall { json!(2_000) } else { Value::Null };
        world.patch(&format!("/admin/v1/providers/{}", provider.id), &json!({"idle_timeout_ms": ms})).await;
        provider.script.always(Turn::new().answer(true).cut_after(N_EVENTS, end));
        let mut reply = world.stream(&key).await;
        assert_eq!((reply.status, reply.header("x-switchyard-provider")), (200, Some(provider.id.as_str())));
        let error = last_event(&reply.text().await, &passed);
        assert_eq!(
            (&error["type"], &error["error"]["type"]),
            (&json!("error"), &json!("api_error")),
            "{end:?} {error}"
        );
        assert!(error["error"]["message"].is_string() && error["request_id"] == reply.call_id(), "{error}");
        let call = world.call_of(&reply).await;
        assert_eq!((&call["outcome"], &call["status"]), (&json!("interrupted"), &json!(200)), "{call}");
        assert!(call["error"]["cause"].is_string(), "{call}");
        // The prompt was reported at the beginning; the output so far can only be estimated.
        let usage = &call["usage"];
        assert_eq!((&usage["input"], &usage["cache_read"]), (&json!(127), &json!(20_480)), "{call}");
        assert!(usage["output"].as_u64().unwrap() >= 1, "{call}");
        assert_eq!(call["token_source"], "partial", "{call}");
        assert_ne!(call["cost_usd"], "0");
        assert_eq!(call["attempts"][0]["result"], "interrupted");
    }
    assert!(other.script.requests().is_empty(), "after a part was passed on nobody else is asked");
}

#[tokio::test]
async fn a_stream_cut_within_an_event_still_ends_with_a_readable_error_event() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let mut events = Turn::new().events();
    events.truncate(N_EVENTS);
    let half = events[N_EVENTS - 1].len() / 2;
    events[N_EVENTS - 1].truncate(half);
    provider.script.always(Answer::events(events.clone()).ends(End::Close));
    let mut reply = world.stream(&world.key().await).await;
    // Half an event is not passed on, or the error would become a part of it.
    let error = last_event(&reply.text().await, &events[..N_EVENTS - 1].concat());
    assert_eq!(error["error"]["type"], "api_error");
    assert_eq!(world.call_of(&reply).await["outcome"], "interrupted");
}

#[tokio::test]
async fn an_error_event_of_the_provider_passes_as_it_is_and_nothing_is_added() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let mut events = Turn::new().events();
    events.truncate(N_EVENTS);
    events.push(error_event("overloaded_error", "Overloaded in the middle"));
    provider.script.always(Answer::events(events.clone()));
    let mut reply = world.stream(&world.key().await).await;
    assert_eq!(reply.text().await, events.concat());
    let call = world.call_of(&reply).await;
    assert_eq!(call["outcome"], "interrupted", "{call}");
    assert!(call["error"]["message"].as_str().unwrap().contains("Overloaded in the middle"), "{call}");
    assert_eq!((&call["usage"]["input"], &call["token_source"]), (&json!(127), &json!("partial")), "{call}");
}

#[tokio::test]
async fn a_message_that_is_cut_is_cut_for_the_client_too() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let mut message = Turn::new().message();
    message["content"][1]["text"] = "x".repeat(300_000).into();
    provider.script.always(Answer::json(200, &message).in_pieces_of(1_000).cut_after(200, End::Close));
    let key = world.key().await;
    // The hub may notice before the head has left: then it says so itself. A part must never look like the whole.
    let mut reply = world.message(&key).await;
    let (_, whole) = reply.drain().await;
    assert!(!whole || reply.status == 502, "{}", reply.status);
    let call = world.call_of(&reply).await;
    assert!(["interrupted", "failed"].contains(&call["outcome"].as_str().unwrap()), "{call}");
}

#[tokio::test]
async fn a_stream_without_its_last_event_is_not_complete() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let mut events = Turn::new().events();
    events.pop();
    provider.script.always(Answer::events(events.clone()));
    let mut reply = world.stream(&world.key().await).await;
    let error = last_event(&reply.text().await, &events.concat());
    assert_eq!(error["type"], "error");
    let call = world.call_of(&reply).await;
    assert_eq!((&call["outcome"], &call["usage"]["output"]), (&json!("interrupted"), &json!(385)), "{call}");
}

#[tokio::test]
async fn a_slow_stream_with_pings_is_not_taken_for_silent() {
    let world = World::shared().await;
    let provider = world.provider_with("a", json!({"idle_timeout_ms": 3_000})).await;
    let turn = Turn::new().events();
    // One piece at a time, each within the bound, the whole far beyond it.
    let gate = crate::upstream::Gate::new();
    let answer = Answer::events(turn.clone()).in_pieces_of(40);
    let n = answer.n_parts();
    let pause = std::time::Duration::from_secs(6) / u32::try_from(n).unwrap();
    let gates: Vec<_> = (1..n).map(|_| crate::upstream::Gate::new()).collect();
    let answer = gates.iter().enumerate().fold(answer, |answer, (n, gate)| answer.pause_after(n + 1, gate));
    provider.script.always(answer.pause_before_head(&gate));
    let key = world.key().await;
    let reply = async { world.stream(&key).await.text().await };
    let open = async {
        gate.reached().await;
        gate.open();
        for gate in &gates {
            gate.reached().await;
            tokio::time::sleep(pause).await;
            gate.open();
        }
    };
    let (body, ()) = tokio::join!(reply, open);
    assert_eq!(body, turn.concat());
}
