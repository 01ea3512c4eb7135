//! Hard limits where a body lets other models work on its answer: each is charged at its own price.

use serde_json::{Value, json};

use super::{check_refused, nano, window};
use crate::{
    patience::until,
    upstream::Answer,
    world::{World, ask},
};

/// Sets the price of a model, in dollars per million tokens of input; output costs five times as much.
async fn price(world: &World, model: &str, input: u32) {
    let price = json!({"input": input.to_string(), "output": (5 * input).to_string()});
    assert_eq!(world.admin("PUT", &format!("/admin/v1/prices/{model}"), &price).await.0, 200);
}

/// A round that has used all that it may.
fn round(kind: &str, model: &str, input: usize, output: u64) -> Value {
    json!({"type": kind, "model": model, "input_tokens": input, "output_tokens": output})
}

#[tokio::test]
async fn a_hard_limit_reserves_for_all_models_that_may_work_on_an_answer() {
    let world = World::alone().await;
    let (sent, other) = (format!("claude-{}", world.tag), format!("claude-{}-b", world.tag));
    price(&world, &sent, 2).await;
    price(&world, &other, 20).await;
    let provider = world.provider("a").await;
    let key = async |dollars: &str, mode: &str| {
        world.key_with(json!({}), json!({"limit_total_usd": dollars, "limit_mode": mode})).await
    };
    let with = |field: &str, value: Value| {
        let mut body = ask(&sent, false);
        body[field] = value;
        body
    };
    let falls_back = with("fallbacks", json!([{"model": other, "max_tokens": 4_000}]));
    let advisor = json!({"type": "advisor_20260301", "name": "advisor", "model": other, "max_uses": 1,
        "max_tokens": 4_000});
    let advised = with("tools", json!([advisor]));
    let chosen = with("fallbacks", json!("default"));
    let n_bytes = ask(&sent, false).to_string().len();
    let asks_twice = [
        round("message", &sent, n_bytes, 1_000),
        round("advisor_message", &other, n_bytes + 1_000, 4_000),
        round("message", &sent, n_bytes + 5_000, 24),
    ];
    let declines = [round("message", &sent, n_bytes, 1_024), round("fallback_message", &other, n_bytes + 1_024, 4_000)];
    let declines_short = [round("message", &sent, n_bytes, 1_024), round("fallback_message", &other, n_bytes, 1_024)];
    for (body, rounds) in [(&falls_back, &declines[..]), (&advised, &asks_twice[..]), (&chosen, &declines_short[..])] {
        // The model that is sent costs a few cents at most, the other one up to forty.
        let small = key("0.1", "hard").await;
        check_refused(world.messages(&small, body).await, "limit_total_usd").await;
        assert_eq!(world.messages(&small, &ask(&sent, false)).await.status, 200, "it asks for nobody else");
        let large = key("2", "hard").await;
        let last = rounds.last().unwrap();
        let usage = json!({"input_tokens": last["input_tokens"], "output_tokens": last["output_tokens"],
            "iterations": rounds});
        let message = json!({"type": "message", "model": other, "content": [], "usage": usage});
        provider.script.once(Answer::json(200, &message));
        let mut reply = world.messages(&large, body).await;
        reply.body().await;
        let call = world.call_of(&reply).await;
        let attempt = &call["attempts"][0];
        let (cost, reserved) = (nano(&call["cost_usd"]), nano(&attempt["reserved_usd"]));
        assert!(cost > 100_000_000 && cost <= reserved && reserved <= 2_000_000_000, "{reserved} of {cost}: {call}");
        let total = until("it is settled", async || {
            let total = window(&world, &format!("keys/{}", large.id), "total").await;
            (total["reserved"] == "0").then_some(total)
        })
        .await;
        assert_eq!(nano(&total["settled"]), cost, "{total}");
        // A soft limit expects what is usual.
        assert_eq!(world.messages(&key("0.1", "soft").await, body).await.status, 200);
    }
}
