//! A provider that is full only for what runs there is waited for, be it full of calls or of what they have reserved.

use serde_json::{Value, json};

use super::{gauge, open, reply, waiting};
use crate::{
    client::Open,
    hub::Setup,
    limits::{nano, window},
    patience::until,
    routing::skip,
    upstream::{Answer, Gate, Turn, Used},
    world::{Key, Provider, World},
};

/// What a call of these tests uses: far less than it may, and than is reserved for it.
const LITTLE: Used = Used { input: 10, output: 10, cache_write_5m: 0, cache_write_1h: 0, cache_read: 0 };

/// What it costs, in nano-dollars: 3 dollars per million in and 15 out.
const COST: i64 = 180_000;

/// Enough for what one call reserves, which is more than 0.015 dollars: it may write 1,024 tokens. Far too little for two.
const LIMIT: &str = "0.02";

/// The two ways to keep counters, each with a hub whose calls wait.
async fn backends() -> [World; 2] {
    let (redis, _) = crate::redis::start().await;
    let worlds = [World::alone().await, World::with(Setup::usual().await.set("REDIS_URL", &redis)).await];
    for world in &worlds {
        world.patch("/admin/v1/settings", &json!({"waiting": "on"})).await;
    }
    worlds
}

/// A provider with these limits whose every answer is cheap, and a model that has a price and no history.
async fn provider(world: &World, limits: Value) -> (Provider, String) {
    let provider = world.provider_with("a", limits).await;
    provider.script.by(|seen| Turn::new().model(&seen.model()).used(LITTLE).answer(seen.streams()));
    (provider, world.priced_model().await)
}

/// A call that is held up at the provider until the gate is opened.
async fn keep_busy(world: &World, provider: &Provider, key: &Key, model: &str) -> (Gate, Open) {
    let gate = Gate::new();
    let answer = Answer::json(200, &Turn::new().model(model).used(LITTLE).message());
    provider.script.once(answer.pause_before_head(&gate));
    let open = open(world, key, model, false).await;
    gate.reached().await;
    (gate, open)
}

#[tokio::test]
async fn a_provider_that_is_full_of_reservations_or_calls_is_waited_for() {
    for hub in backends().await {
        for limits in [
            json!({"limit_total_usd": LIMIT, "limit_mode": "soft"}),
            json!({"limit_total_usd": LIMIT, "limit_mode": "hard"}),
            json!({"limit_5h_usd": LIMIT, "limit_mode": "hard"}),
            json!({"limit_concurrent_requests": 1}),
        ] {
            // A model without history each time: what it has written is what a soft limit reserves next.
            let world = hub.another();
            let (provider, model) = provider(&world, limits.clone()).await;
            let (ada, bob) = (world.key().await, world.key().await);
            let (gate, first) = keep_busy(&world, &provider, &ada, &model).await;
            let late = open(&world, &bob, &model, false).await;
            waiting(&world, 1).await;
            assert_eq!(provider.script.requests().len(), 1, "{limits}");
            gate.open();
            let (first, late) = (reply(first).await, reply(late).await);
            assert_eq!((first.status, late.status), (200, 200), "{limits}");
            assert_eq!(late.header("x-switchyard-provider"), Some(provider.id.as_str()), "{limits}");
            let call = world.call_of(&late).await;
            let attempts = call["attempts"].as_array().unwrap();
            assert_eq!((&call["outcome"], attempts.len()), (&json!("completed"), 1), "{limits}: {call}");
            assert!(attempts[0]["queue_ms"].as_u64().unwrap() > 0, "{limits}: {call}");
            assert_eq!(nano(&call["cost_usd"]), COST, "{limits}: {call}");
            settled(&world, &provider, 2 * COST).await;
            assert_eq!(provider.script.requests().len(), 2, "{limits}");
            waiting(&world, 0).await;
        }
    }
}

/// Waits until a provider's calls have cost so much, and nothing is reserved there any more.
async fn settled(world: &World, provider: &Provider, cost: i64) {
    until("all is settled", async || {
        let used = window(world, &format!("providers/{}", provider.id), "total").await;
        ((nano(&used["settled"]), nano(&used["reserved"])) == (cost, 0)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn all_that_wait_for_reservations_are_served_one_after_the_other() {
    for hub in backends().await {
        let world = hub.another();
        let (provider, model) = provider(&world, json!({"limit_total_usd": LIMIT, "limit_mode": "hard"})).await;
        let key = world.key().await;
        let (gate, first) = keep_busy(&world, &provider, &key, &model).await;
        let mut late = Vec::new();
        for n in 1..=3 {
            late.push(open(&world, &key, &model, false).await);
            waiting(&world, n).await;
        }
        gate.open();
        assert_eq!(reply(first).await.status, 200);
        for open in late {
            assert_eq!(reply(open).await.status, 200);
        }
        assert_eq!(provider.script.requests().len(), 4);
        gauge(&world, "switchyard_calls_waiting", 0).await;
    }
}

#[tokio::test]
async fn who_does_not_wait_is_told_that_reservations_go_with_the_calls() {
    for hub in backends().await {
        hub.patch("/admin/v1/settings", &json!({"waiting": "off"})).await;
        let world = hub.another();
        let (provider, model) = provider(&world, json!({"limit_total_usd": LIMIT, "limit_mode": "hard"})).await;
        let key = world.key().await;
        let (gate, first) = keep_busy(&world, &provider, &key, &model).await;
        let mut refused = reply(open(&world, &key, &model, false).await).await;
        assert_eq!(refused.status, 429);
        let retry_after: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=5).contains(&retry_after), "{retry_after}");
        assert_eq!(refused.json().await["error"]["type"], "rate_limit_error");
        let call = world.call_of(&refused).await;
        assert_eq!((&call["outcome"], &call["error"]["cause"]), (&json!("rejected"), &json!("providers_limited")));
        let choices = call["decision"]["choices"].as_array().unwrap();
        assert_eq!(skip(choices.last().unwrap(), &provider), "limit", "{call}");
        gate.open();
        assert_eq!(reply(first).await.status, 200);
        assert_eq!(provider.script.requests().len(), 1);
    }
}

#[tokio::test]
async fn money_that_is_spent_is_not_waited_for() {
    for hub in backends().await {
        let world = hub.another();
        let (provider, model) = provider(&world, json!({"limit_total_usd": LIMIT, "limit_mode": "hard"})).await;
        let key = world.key().await;
        // A second one would fit by itself, and does not fit beside what the first has cost.
        let most = Used { output: 1_000, ..LITTLE };
        provider.script.once(Turn::new().model(&model).used(most).answer(false));
        assert_eq!(reply(open(&world, &key, &model, false).await).await.status, 200);
        settled(&world, &provider, 10 * 3_000 + 1_000 * 15_000).await;
        // Whoever waited here would do so for longer than this test waits for an answer.
        let refused = reply(open(&world, &key, &model, false).await).await;
        assert_eq!(refused.status, 429);
        let retry_after: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!(retry_after > 5, "{retry_after}");
        let call = world.call_of(&refused).await;
        assert_eq!((&call["outcome"], provider.script.requests().len()), (&json!("rejected"), 1), "{call}");
    }
}
