//! Limits of money: what passes, what does not, and what is left, in memory and in Redis.

mod others;
mod overshoot;
mod resets;

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::{
    client::{Reply, Request},
    hub::Setup,
    patience::until,
    routing::candidate,
    upstream::{Answer, Gate, Turn, Used},
    world::{Key, Provider, World, ask},
};

/// Nano-dollars in a dollar.
const DOLLAR: i64 = 1_000_000_000;

/// Output tokens of a call in these tests: at 15 dollars per million they cost 0.015 dollars.
const OUTPUT: u64 = 1_000;

/// What such a call costs, in nano-dollars.
const COST: i64 = 15_000_000;

/// A call that uses all the output it asks for, and nothing else.
fn full(model: &str, session: &str) -> Value {
    let mut body = ask(model, false);
    body["max_tokens"] = OUTPUT.into();
    body["metadata"] = json!({"user_id": format!("user_a_account__session_{session}")});
    body
}

/// A provider whose every call costs [`COST`].
pub async fn provider(world: &World) -> (Provider, String) {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    let provider = world.provider(&format!("limits-{}", COUNT.fetch_add(1, Ordering::Relaxed))).await;
    let used = Used { input: 0, output: OUTPUT, cache_write_5m: 0, cache_write_1h: 0, cache_read: 0 };
    provider.script.by(move |seen| Turn::new().model(&seen.model()).used(used).answer(seen.streams()));
    (provider, world.priced_model().await)
}

/// What `GET …/limits` says of a window.
pub async fn window(world: &World, path: &str, window: &str) -> Value {
    // A Redis that is asked by a thousand calls at once may not answer in time: then it is asked again.
    let limits = until("the counters answer", async || {
        let (status, limits) = world.admin("GET", &format!("/admin/v1/{path}/limits"), &Value::Null).await;
        assert!(status == 200 || status == 503, "{limits}");
        (status == 200).then_some(limits)
    })
    .await;
    let found = limits["items"].as_array().unwrap().iter().find(|item| item["window"] == window).cloned();
    found.unwrap_or_else(|| panic!("{window} in {limits}"))
}

/// Dollars as nano-dollars.
pub fn nano(value: &Value) -> i64 {
    let text = value.as_str().unwrap_or_else(|| panic!("dollars: {value}"));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    whole.parse::<i64>().unwrap() * DOLLAR + format!("{fraction:0<9}").parse::<i64>().unwrap()
}

/// The two ways to keep counters.
async fn backends() -> [World; 2] {
    let (redis, _) = crate::redis::start().await;
    let shared = World::with(Setup::usual().await.set("REDIS_URL", &redis)).await;
    [World::alone().await, shared]
}

/// That a reply is a no for want of money: 402, not to be tried again, in the wire's form, with the limit named.
async fn check_refused(mut reply: Reply, field: &str) {
    let body = reply.json().await;
    assert_eq!(reply.status, 402, "{body}");
    assert_eq!(reply.header("x-should-retry"), Some("false"));
    assert_eq!((&body["type"], &body["error"]["type"]), (&json!("error"), &json!("billing_error")), "{body}");
    assert!(body["error"]["message"].as_str().unwrap().starts_with(&format!("{field}: ")), "{body}");
}

#[tokio::test]
async fn fourteen_calls_of_seven_percent_pass() {
    for world in backends().await {
        for mode in ["soft", "hard"] {
            assert_eq!(n_passed(&world, mode).await, 14, "{mode}");
        }
    }
}

/// How many calls pass one after the other that cost 7 % of the limit each.
async fn n_passed(world: &World, mode: &str) -> u32 {
    let (_, model) = provider(world).await;
    let usd = format!("0.{:09}", COST * 100 / 7);
    let key = world.key_with(json!({}), json!({"limit_total_usd": usd, "limit_mode": mode})).await;
    let mut passed = 0;
    while passed < 20 {
        let mut reply = world.messages(&key, &full(&model, "one")).await;
        if reply.status != 200 {
            check_refused(reply, "limit_total_usd").await;
            break;
        }
        reply.body().await;
        passed += 1;
    }
    passed
}

#[tokio::test]
async fn every_window_of_key_user_and_provider_is_kept() {
    let world = World::alone().await;
    for field in ["limit_total_usd", "limit_5h_usd", "limit_daily_usd", "limit_weekly_usd", "limit_monthly_usd"] {
        for modes in [json!({}), json!({"reset_5h_mode": "fixed", "daily_reset_mode": "rolling"})] {
            for (of_user, of_key) in [(true, false), (false, true)] {
                let (_, model) = provider(&world).await;
                let mut limits = modes.clone();
                limits[field] = json!("0.02");
                let key = match (of_user, of_key) {
                    (true, _) => world.key_with(limits, json!({})).await,
                    _ => world.key_with(json!({}), limits).await,
                };
                assert_eq!(world.messages(&key, &full(&model, "a")).await.status, 200, "{field}");
                check_refused(world.messages(&key, &full(&model, "a")).await, field).await;
            }
        }
    }
}

#[tokio::test]
async fn a_rejected_call_is_on_record_and_cost_nothing() {
    let world = World::alone().await;
    let (provider, model) = provider(&world).await;
    let key = world.key_with(json!({}), json!({"limit_daily_usd": "0"})).await;
    let reply = world.messages(&key, &full(&model, "a")).await;
    let call = world.call_of(&reply).await;
    check_refused(reply, "limit_daily_usd").await;
    assert_eq!((&call["outcome"], &call["status"], &call["cost_usd"]), (&json!("rejected"), &json!(402), &json!("0")));
    assert_eq!(call["error"]["cause"], "limit_daily");
    assert!(provider.script.requests().is_empty());
}

#[tokio::test]
async fn raising_lowering_and_resetting_count_for_the_next_request() {
    for world in backends().await {
        let (_, model) = provider(&world).await;
        let key = world.key_with(json!({}), json!({"limit_total_usd": "0.02"})).await;
        let path = format!("/admin/v1/keys/{}", key.id);
        let status = async || world.messages(&key, &full(&model, "a")).await.status;
        assert_eq!((status().await, status().await), (200, 402));
        world.patch(&path, &json!({"limit_total_usd": "0.035"})).await;
        assert_eq!((status().await, status().await), (200, 402));
        world.patch(&path, &json!({"limit_total_usd": "0.01"})).await;
        assert_eq!(status().await, 402);
        let (reset, answer) = world.admin("POST", &format!("{path}/reset"), &Value::Null).await;
        assert!(reset == 200 || reset == 204, "{reset} {answer}");
        world.patch(&path, &json!({"limit_total_usd": "0.02"})).await;
        assert_eq!((status().await, status().await), (200, 402));
        let used = window(&world, &format!("keys/{}", key.id), "total").await;
        assert_eq!(nano(&used["settled"]), COST, "{used}");
        world.patch(&path, &json!({"limit_total_usd": null})).await;
        assert_eq!(status().await, 200);
    }
}

#[tokio::test]
async fn a_reservation_is_seen_while_the_call_runs_and_gone_when_its_client_leaves() {
    for world in backends().await {
        let (provider, model) = provider(&world).await;
        let key = world.key_with(json!({}), json!({"limit_daily_usd": "0.02", "limit_mode": "hard"})).await;
        let gate = Gate::new();
        provider.script.once(Answer::json(200, &Turn::new().message()).pause_before_head(&gate));
        let open = world.request(&key, full(&model, "a").to_string()).open(world.hub.address).await.unwrap();
        gate.reached().await;
        let used = window(&world, &format!("keys/{}", key.id), "daily").await;
        assert_eq!((nano(&used["settled"]), nano(&used["reserved"]) >= COST), (0, true), "{used}");
        let refused = world.messages(&key, &full(&model, "b")).await;
        assert!(refused.header("retry-after").is_some(), "it is free again when the call that runs has ended");
        check_refused(refused, "limit_daily_usd").await;
        open.leave().await;
        gate.open();
        until("it is settled", async || {
            let used = window(&world, &format!("keys/{}", key.id), "daily").await;
            (used["reserved"] == "0" && used["settled"] != "0").then_some(())
        })
        .await;
    }
}

/// The first choice of this call has left this provider out for its limit of 0.02 dollars a day, and says so.
#[track_caller]
fn check_named(call: &Value, provider: &Provider) {
    let left_out = candidate(&call["decision"]["choices"][0], provider);
    let at_limit = &left_out["at_limit"];
    assert_eq!((&left_out["skip"], &at_limit["field"]), (&json!("limit"), &json!("limit_daily_usd")), "{call}");
    // What was used may be settled in Redis a moment later: until then it is reserved.
    let taken = nano(&at_limit["used"]) + at_limit.get("reserved").map_or(0, nano);
    assert!(taken >= COST && nano(&at_limit["limit"]) == 20_000_000, "{at_limit}");
    assert!(at_limit["resets_at"].is_string(), "{at_limit}");
}

#[tokio::test]
async fn a_provider_at_its_limit_makes_room_for_the_next() {
    for world in backends().await {
        let (first, model) = provider(&world).await;
        world
            .patch(&format!("/admin/v1/providers/{}", first.id), &json!({"limit_daily_usd": "0.02", "priority": -1}))
            .await;
        let second = world.provider("b").await;
        let key = world.key().await;
        let mut served = Vec::new();
        for n in 0..3 {
            let reply = world.messages(&key, &full(&model, &format!("s{n}"))).await;
            served.push(reply.header("x-switchyard-provider").unwrap_or_default().to_owned());
        }
        assert_eq!(served, [&first.id, &second.id, &second.id].map(String::as_str));
        let calls = world.calls_of(&key, 3).await;
        check_named(&calls[1], &first);
        world.patch(&format!("/admin/v1/providers/{}", second.id), &json!({"enabled": false})).await;
        let mut reply = world.messages(&key, &full(&model, "s9")).await;
        assert_eq!(reply.status, 429);
        assert!(reply.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
        // Which limit it is concerns whoever runs the hub, and not its clients.
        let told = reply.text().await;
        assert!(!told.contains("limit_daily_usd"), "{told}");
        let call = world.call_of(&reply).await;
        check_named(&call, &first);
        // Whoever is left out for another reason has no limit to name.
        let of_second = candidate(&call["decision"]["choices"][0], &second);
        assert_eq!((&of_second["skip"], of_second.get("at_limit")), (&json!("disabled"), None), "{call}");
    }
}

#[tokio::test]
async fn a_provider_that_is_too_dear_for_the_caller_makes_room_for_a_cheaper_one() {
    for world in backends().await {
        let (dear, model) = provider(&world).await;
        let (cheap, _) = provider(&world).await;
        let change = async |provider: &Provider, fields: Value| {
            world.patch(&format!("/admin/v1/providers/{}", provider.id), &fields).await;
        };
        change(&dear, json!({"cost_multiplier": "10", "priority": -1})).await;
        let key = world.key_with(json!({}), json!({"limit_total_usd": "0.05", "limit_mode": "hard"})).await;
        let reply = world.messages(&key, &full(&model, "a")).await;
        assert_eq!((reply.status, reply.header("x-switchyard-provider")), (200, Some(cheap.id.as_str())));
        let call = world.call_of(&reply).await;
        let choices = call["decision"]["choices"].as_array().unwrap();
        let candidates = choices[0]["candidates"].as_array().unwrap();
        let of_dear = candidates.iter().find(|candidate| candidate["provider_id"] == dear.id.as_str()).unwrap();
        assert_eq!((choices.len(), &of_dear["skip"]), (1, &json!("caller_limit")), "{call}");
        // Where it would fit there is no room: that passes with time.
        change(&cheap, json!({"limit_rpm": 0})).await;
        assert_eq!(world.messages(&key, &full(&model, "b")).await.status, 429);
        change(&cheap, json!({"enabled": false})).await;
        check_refused(world.messages(&key, &full(&model, "c")).await, "limit_total_usd").await;
        assert!(dear.script.requests().is_empty());
    }
}

#[tokio::test]
async fn where_only_a_held_provider_is_cheap_enough_the_end_of_its_hold_is_told() {
    let world = World::alone().await;
    let (dear, model) = provider(&world).await;
    let (cheap, _) = provider(&world).await;
    let change = async |provider: &Provider, fields: Value| {
        world.patch(&format!("/admin/v1/providers/{}", provider.id), &fields).await;
    };
    change(&dear, json!({"cost_multiplier": "10", "priority": 1})).await;
    cheap.script.once(Answer::status(429).header("retry-after", "100"));
    let rich = world.key().await;
    let reply = world.messages(&rich, &full(&model, "a")).await;
    assert_eq!((reply.status, reply.header("x-switchyard-provider")), (200, Some(dear.id.as_str())));
    let poor = world.key_with(json!({}), json!({"limit_total_usd": "0.05", "limit_mode": "hard"})).await;
    let reply = world.messages(&poor, &full(&model, "b")).await;
    assert_eq!(reply.status, 429);
    assert!(reply.header("retry-after").unwrap().parse::<u32>().unwrap() > 1);
    // Where it fits nowhere, there is nothing to come back for.
    change(&cheap, json!({"cost_multiplier": "10"})).await;
    check_refused(world.messages(&poor, &full(&model, "c")).await, "limit_total_usd").await;
    assert_eq!((dear.script.requests().len(), cheap.script.requests().len()), (1, 1));
}

#[tokio::test]
async fn counters_come_back_from_the_ledger_after_a_kill() {
    let world = World::alone().await;
    let (_, model) = provider(&world).await;
    let key = world.key_with(json!({"limit_weekly_usd": "0.05"}), json!({"limit_total_usd": "1"})).await;
    for _ in 0..3 {
        assert_eq!(world.messages(&key, &full(&model, "a")).await.status, 200);
    }
    world.hub.kill();
    world.hub.start_again().await;
    for (path, name) in [(format!("keys/{}", key.id), "total"), (format!("users/{}", key.user_id), "weekly")] {
        let used = window(&world, &path, name).await;
        assert_eq!((nano(&used["settled"]), &used["reserved"]), (3 * COST, &json!("0")), "{used}");
    }
    check_refused(world.messages(&key, &full(&model, "a")).await, "limit_weekly_usd").await;
}

#[tokio::test]
async fn without_limits_nothing_is_refused_and_everything_is_counted() {
    let world = World::with(Setup::usual().await.set("ENABLE_RATE_LIMIT", "false")).await;
    let (_, model) = provider(&world).await;
    let key = world.key_with(json!({}), json!({"limit_daily_usd": "0", "limit_rpm": 0})).await;
    assert_eq!(world.messages(&key, &full(&model, "a")).await.status, 200);
    let used = window(&world, &format!("keys/{}", key.id), "daily").await;
    assert_eq!(nano(&used["settled"]), COST, "{used}");
}

#[tokio::test]
async fn what_a_hard_limit_cannot_bound_reserves_the_context_window_or_is_refused() {
    let world = World::alone().await;
    let (_, model) = provider(&world).await;
    let body = |key_limits: Value| async { world.key_with(json!({}), key_limits).await };
    let mut asked = full(&model, "a");
    asked["messages"][0]["content"] =
        json!([{"type": "image", "source": {"type": "url", "url": "https://a.example/a.png"}}]);
    let small: Key = body(json!({"limit_daily_usd": "0.5", "limit_mode": "hard"})).await;
    check_refused(world.messages(&small, &asked).await, "limit_daily_usd").await;
    assert_eq!(world.messages(&small, &full(&model, "a")).await.status, 200);
    let large = body(json!({"limit_daily_usd": "50", "limit_mode": "hard"})).await;
    assert_eq!(world.messages(&large, &asked).await.status, 200);
    world.patch("/admin/v1/settings", &json!({"refuse_unbounded": true})).await;
    assert_eq!(world.messages(&large, &asked).await.status, 400);
    let soft = body(json!({"limit_daily_usd": "0.5"})).await;
    assert_eq!(world.messages(&soft, &asked).await.status, 200);
}

#[tokio::test]
async fn what_is_free_uses_no_limit_of_a_provider() {
    for world in backends().await {
        let (provider, model) = provider(&world).await;
        let path = format!("providers/{}", provider.id);
        let limits = json!({"limit_daily_usd": "0.02", "limit_total_usd": "0.5", "limit_mode": "hard", "limit_rpm": 1,
            "limit_tpm": 1_500, "limit_concurrent_requests": 1});
        world.patch(&format!("/admin/v1/{path}"), &limits).await;
        provider.script.by(move |seen| match seen.target.as_str() {
            "/v1/messages" => {
                let used = Used { input: 0, output: OUTPUT, cache_write_5m: 0, cache_write_1h: 0, cache_read: 0 };
                Turn::new().model(&seen.model()).used(used).answer(seen.streams())
            }
            _ => Answer::proper(seen),
        });
        let key = world.key().await;
        let free = async |request: Request| {
            let request = request.header("x-api-key", &key.secret).header("x-forwarded-for", &world.address);
            let mut reply = request.send(world.hub.address).await;
            let said = reply.text().await;
            assert_eq!(reply.status, 200, "{said}");
        };
        let body = json!({"model": model, "messages": [{"role": "user", "content": "x".repeat(40_000)}]}).to_string();
        for _ in 0..3 {
            free(Request::post("/v1/messages/count_tokens", body.clone())).await;
            free(Request::get("/v1/models")).await;
        }
        for name in ["daily", "total", "rpm", "tpm", "concurrent_requests"] {
            let used = window(&world, &path, name).await;
            assert!(["0", "0.0"].contains(&used["settled"].to_string().trim_matches('"')), "{name}: {used}");
            assert!(["0", "null"].contains(&used["reserved"].to_string().trim_matches('"')), "{name}: {used}");
        }
        // What is paid for has all of it, and none of it is left for a second call.
        assert_eq!(world.messages(&key, &full(&model, "a")).await.status, 200);
        assert_eq!(world.messages(&key, &full(&model, "b")).await.status, 429);
        free(Request::get("/v1/models")).await;
        assert_eq!(provider.script.requests().len(), 8);
    }
}
