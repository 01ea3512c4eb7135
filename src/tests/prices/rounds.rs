//! Answers that several models have worked on: each is charged at its own price.

use serde_json::{Value, json};

use crate::{
    limits::{nano, window},
    patience::until,
    upstream::Answer,
    world::{World, ask, merge},
};

/// Sets the price of a model, in dollars per million tokens of input; output costs five times as much.
async fn price(world: &World, model: &str, input: u32) {
    let price = json!({"input": input.to_string(), "output": (5 * input).to_string()});
    assert_eq!(world.admin("PUT", &format!("/admin/v1/prices/{model}"), &price).await.0, 200);
}

/// A round as a server lists it.
fn round(kind: &str, model: &str, input: u64, output: u64) -> Value {
    json!({"type": kind, "model": model, "input_tokens": input, "output_tokens": output})
}

/// An answer whose top counts its last round, as one message or as a stream whose beginning knows the first one only.
fn answer(model: &str, rounds: &[Value], stream: bool) -> Answer {
    let counts =
        |round: &Value| json!({"input_tokens": round["input_tokens"], "output_tokens": round["output_tokens"]});
    let (first, last) = (counts(&rounds[0]), counts(rounds.last().unwrap()));
    let usage = merge(last, json!({"iterations": rounds}));
    let message = |usage: &Value| json!({"type": "message", "model": model, "content": [], "usage": usage});
    if !stream {
        return Answer::json(200, &message(&usage));
    }
    let events = [
        ("message_start", json!({"message": message(&first)})),
        ("content_block_start", json!({"index": 0, "content_block": {"type": "text", "text": ""}})),
        ("content_block_stop", json!({"index": 0})),
        ("message_delta", json!({"delta": {"stop_reason": "end_turn"}, "usage": usage})),
        ("message_stop", json!({})),
    ];
    let line = |(name, data): (&str, Value)| format!("event: {name}\ndata: {}\n\n", merge(data, json!({"type": name})));
    Answer::events(events.map(line))
}

/// The models without a price that the first page names; none if it has nothing to say of any.
async fn unpriced(world: &World) -> Option<Value> {
    let overview = world.get("/admin/v1/overview").await;
    let attention = overview["attention"].as_array().unwrap();
    attention.iter().find(|one| one["kind"] == "unpriced").map(|one| one["models"].clone())
}

/// Tokens of a share.
fn used(share: &Value) -> (u64, u64) {
    (share["usage"]["input"].as_u64().unwrap(), share["usage"]["output"].as_u64().unwrap())
}

#[tokio::test]
async fn a_model_that_takes_the_place_of_another_is_charged_at_its_own_price() {
    let world = World::shared().await;
    let (sent, other) = (format!("claude-{}", world.tag), format!("claude-{}-b", world.tag));
    price(&world, &sent, 10).await;
    price(&world, &other, 4).await;
    let provider = world.provider("a").await;
    let key = world.key_with(json!({}), json!({"limit_total_usd": "1"})).await;
    let rounds = [round("message", &sent, 500, 90), round("fallback_message", &other, 700, 80)];
    for stream in [false, true] {
        provider.script.once(answer(&sent, &rounds, stream));
        let mut reply = world.anew(&key, &ask(&sent, stream)).await;
        reply.body().await;
        let call = world.call_of(&reply).await;
        // 500 × 10 + 700 × 4 and 90 × 50 + 80 × 20, in dollars for a million.
        let cost = &call["cost"];
        assert_eq!((&cost["input"], &cost["output"]), (&json!("0.0078"), &json!("0.0061")), "{call}");
        assert_eq!((&call["cost_usd"], &call["unpriced"]), (&json!("0.0139"), &json!(false)), "{call}");
        assert_eq!(used(&call), (1_200, 170), "{call}");
        let attempt = &call["attempts"][0];
        assert_eq!((used(attempt), &attempt["cost_usd"]), ((1_200, 170), &json!("0.0139")), "{attempt}");
        assert_eq!((&attempt["model_sent"], &attempt["price"]["input"]), (&json!(sent), &json!("10")), "{attempt}");
        let shares = attempt["shares"].as_array().unwrap();
        let shown: Vec<_> =
            shares.iter().map(|share| (&share["model"], used(share), &share["price"]["input"])).collect();
        assert_eq!(
            shown,
            [(&json!(sent), (500, 90), &json!("10")), (&json!(other), (700, 80), &json!("4"))],
            "{attempt}"
        );
        assert_eq!((&shares[1]["cost"]["input"], &shares[1]["cost"]["output"]), (&json!("0.0028"), &json!("0.0016")));
    }
    // Counters and sums say the same.
    until("both are settled", async || {
        let total = window(&world, &format!("keys/{}", key.id), "total").await;
        (nano(&total["settled"]) == 2 * 13_900_000).then_some(())
    })
    .await;
    let sum = world.value(&format!("select sum(cost)::bigint from usage_15m where key_id = {}", key.id)).await;
    assert_eq!(sum, 2 * 13_900_000);

    // Declined before it wrote anything, the first one costs nothing; sent there at once, it was not even asked.
    for rounds in [
        &[round("message", &sent, 535, 0), round("fallback_message", &other, 412, 264)][..],
        &[round("fallback_message", &other, 412, 264)],
    ] {
        provider.script.once(answer(&other, rounds, false));
        let call = world.call_of(&world.anew(&key, &ask(&sent, false)).await).await;
        // 412 × 4 + 264 × 20
        assert_eq!((used(&call), &call["cost_usd"]), ((412, 264), &json!("0.006928")), "{call}");
        assert_eq!(call["attempts"][0]["shares"].as_array().unwrap().len(), 1, "{call}");
    }
    // One model alone has no shares to show.
    provider.script.once(answer(&sent, &[round("message", "a-name-of-the-server", 100, 10)], false));
    let call = world.call_of(&world.anew(&key, &ask(&sent, false)).await).await;
    assert_eq!((&call["cost_usd"], &call["attempts"][0]["shares"]), (&json!("0.0015"), &json!([])), "{call}");
}

#[tokio::test]
async fn a_model_without_a_price_is_flagged_wherever_it_has_worked() {
    let world = World::alone().await;
    let (sent, unknown) = (format!("claude-{}", world.tag), format!("unheard-of-{}", world.tag));
    price(&world, &sent, 10).await;
    // What is asked for has no price of its own, and needs none where it was sent. Nothing went to the other provider.
    let redirects = json!([{"from": "alias", "to": sent}]);
    let provider = world.provider_with("a", json!({"priority": 0, "redirects": redirects})).await;
    world.provider_with("b", json!({"priority": 1})).await;
    let key = world.key().await;
    let rounds = [round("message", &sent, 500, 90), round("advisor_message", &unknown, 700, 80)];
    provider.script.once(answer(&sent, &rounds, false));
    let call = world.call_of(&world.anew(&key, &ask("alias", false)).await).await;
    let attempt = &call["attempts"][0];
    assert_eq!((&call["unpriced"], &attempt["unpriced"]), (&json!(true), &json!(true)), "{call}");
    let flagged = |share: &Value| (share["unpriced"].as_bool().unwrap(), share["price_version"].is_null());
    let shares: Vec<_> = attempt["shares"].as_array().unwrap().iter().map(flagged).collect();
    assert_eq!(shares, [(false, false), (true, true)], "{attempt}");
    let default = nano(&attempt["shares"][1]["cost"]["input"]);
    assert!(default > 0, "what has no price is not free: {attempt}");
    // 500 × 10 for a million, and the default.
    assert_eq!(nano(&call["cost"]["input"]), 5_000_000 + default, "{call}");
    let n_summed = "select coalesce(sum(attempts), 0)::bigint from usage_facets";
    until("it is in the facets", async || (world.value(n_summed).await != 0).then_some(())).await;
    // The first page names it, and nothing that has a price, until it has one too.
    let named = until("it is named", async || unpriced(&world).await).await;
    assert_eq!(named, json!([unknown]));
    for table in ["usage_1m", "usage_15m", "usage_facets"] {
        let n_unpriced = world.value(&format!("select sum(unpriced)::bigint from {table}")).await;
        assert_eq!(n_unpriced, 0, "{table}: what was asked for has a price");
    }
    price(&world, &unknown, 4).await;
    until("there is nothing left to do", async || unpriced(&world).await.is_none().then_some(())).await;
}

#[tokio::test]
async fn a_model_without_a_price_is_named_as_it_was_asked_for_until_its_calls_have_one() {
    let world = World::alone().await;
    let redirects = json!([{"from": "asked", "to": "unheard-of"}]);
    let provider = world.provider_with("a", json!({"prefix": "own", "redirects": redirects})).await;
    let key = world.key().await;
    let rounds = [round("message", "unheard-of", 500, 90), round("advisor_message", "advisor", 700, 80)];
    provider.script.once(answer("unheard-of", &rounds, false));
    let call = world.call_of(&world.anew(&key, &ask("own,asked", false)).await).await;
    assert_eq!((&call["model"], &call["model_sent"]), (&json!("own,asked"), &json!("unheard-of")), "{call}");
    // The facets, which know what was asked for, may have it later.
    let both = async || unpriced(&world).await.filter(|named| named.as_array().unwrap().len() > 1);
    assert_eq!(until("they are named", both).await, json!(["advisor", "asked"]));
    assert_eq!(world.value("select sum(unpriced)::bigint from usage_15m").await, 1);
    price(&world, "advisor", 4).await;
    let asked = json!(["asked"]);
    until("the advisor has a price", async || unpriced(&world).await.filter(|named| *named == asked)).await;
    // By either name.
    price(&world, "unheard-of", 10).await;
    until("there is nothing left to do", async || unpriced(&world).await.is_none().then_some(())).await;
}

#[tokio::test]
async fn by_the_model_asked_for_only_what_was_asked_for_beside_it_is_charged_apart() {
    let world = World::alone().await;
    for (model, input) in [("asked", 1), ("sent", 10), ("other", 4), ("advisor", 20)] {
        price(&world, model, input).await;
    }
    world.patch("/admin/v1/settings", &json!({"bill_by": "asked"})).await;
    let provider = world.provider_with("a", json!({"redirects": [{"from": "asked", "to": "sent"}]})).await;
    let key = world.key().await;
    let fell = [round("message", "sent", 500, 90), round("fallback_message", "other", 700, 80)];
    provider.script.once(answer("sent", &fell, false));
    let call = world.call_of(&world.anew(&key, &ask("asked", false)).await).await;
    // 1,200 × 1 + 170 × 5
    assert_eq!((&call["cost_usd"], &call["attempts"][0]["shares"]), (&json!("0.00205"), &json!([])), "{call}");
    let advised = [round("advisor_message", "advisor", 300, 40), round("message", "sent", 500, 90)];
    provider.script.once(answer("sent", &advised, false));
    let call = world.call_of(&world.anew(&key, &ask("asked", false)).await).await;
    // 500 × 1 + 90 × 5 + 300 × 20 + 40 × 100
    assert_eq!(call["cost_usd"], "0.01095", "{call}");
    let prices: Vec<_> =
        call["attempts"][0]["shares"].as_array().unwrap().iter().map(|share| &share["price"]["input"]).collect();
    assert_eq!(prices, ["1", "20"], "{call}");
    // Also where it is the model that was sent.
    let advised = [round("advisor_message", "sent", 300, 40), round("message", "sent", 500, 90)];
    provider.script.once(answer("sent", &advised, false));
    let call = world.call_of(&world.anew(&key, &ask("asked", false)).await).await;
    // 500 × 1 + 90 × 5 + 300 × 10 + 40 × 50
    assert_eq!(call["cost_usd"], "0.00595", "{call}");
}

#[tokio::test]
async fn the_fee_of_an_answer_and_what_is_cached_are_not_added_up_over_its_rounds() {
    let world = World::shared().await;
    let (sent, other) = (format!("claude-{}", world.tag), format!("claude-{}-b", world.tag));
    for (model, fee) in [(&sent, "0.5"), (&other, "0.25")] {
        let price = json!({"input": "10", "output": "50", "request": fee});
        assert_eq!(world.admin("PUT", &format!("/admin/v1/prices/{model}"), &price).await.0, 200);
    }
    let provider = world.provider("a").await;
    let key = world.key().await;
    for (declined, fee) in [(90, "0.5"), (0, "0.25")] {
        let rounds = [round("message", &sent, 500, declined), round("fallback_message", &other, 700, 80)];
        provider.script.once(answer(&sent, &rounds, false));
        let call = world.call_of(&world.anew(&key, &ask(&sent, false)).await).await;
        assert_eq!(call["cost"]["request"], fee, "{call}");
    }
    // Two rounds, of which the later one has read what the earlier one has written.
    let cached = |write: u64, read: u64| {
        let counts = json!({"cache_creation_input_tokens": write, "cache_read_input_tokens": read});
        merge(round("message", &sent, 10, 20), counts)
    };
    let usage = merge(cached(100, 3_000), json!({"iterations": [cached(3_000, 0), cached(100, 3_000)]}));
    let message = json!({"type": "message", "model": sent, "content": [], "usage": usage});
    provider.script.once(Answer::json(200, &message));
    let request = world.request(&key, ask(&sent, false).to_string()).header("x-claude-code-session-id", &world.tag);
    let call = world.call_of(&request.send(world.hub.address).await).await;
    assert_eq!(
        (&call["usage"]["cache_write_5m"], &call["usage"]["cache_read"]),
        (&json!(3_100), &json!(3_000)),
        "{call}"
    );
    // What a move to another provider costs.
    world.provider("b").await;
    world.patch(&format!("/admin/v1/providers/{}", provider.id), &json!({"enabled": false})).await;
    let query = json!({"key_id": key.id, "model": sent, "session_id": world.tag});
    let warm = until("it moves", async || {
        let explained = world.admin("POST", "/admin/v1/routing/explain", &query).await.1;
        Some(explained["choices"][0]["choice"]["warm"].clone()).filter(Value::is_object)
    });
    assert_eq!(warm.await, json!({"provider_id": provider.id, "cached_tokens": 3_100}));
}
