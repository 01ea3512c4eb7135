//! What is recorded and what it costs, against what the provider says it has used.

use serde_json::{Value, json};

use crate::{
    access::{cookie, log_in},
    client::Request,
    upstream::{Answer, Turn, Used},
    world::{UPSTREAM_SECRET, World, ask},
};

/// Nano-dollars by class, at the prices of `World::priced_model`: half-even does not matter, they divide evenly.
fn parts(used: Used) -> [(&'static str, u64); 5] {
    [
        ("input", used.input * 3_000),
        ("output", used.output * 15_000),
        ("cache_write_5m", used.cache_write_5m * 3_750),
        ("cache_write_1h", used.cache_write_1h * 6_000),
        ("cache_read", used.cache_read * 300),
    ]
}

/// Nano-dollars as the management API writes dollars.
fn dollars(nano: u64) -> String {
    let text = format!("{}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The record and the rows of a completed call with this usage.
async fn check(world: &World, call: &Value, used: Used) {
    let parts = parts(used);
    let total: u64 = parts.iter().map(|(_, nano)| nano).sum();
    assert_eq!((&call["outcome"], &call["status"]), (&json!("completed"), &json!(200)), "{call}");
    assert_eq!((&call["usage"], &call["token_source"]), (&used.shown(), &json!("reported")), "{call}");
    assert_eq!((&call["cost_usd"], &call["unpriced"]), (&json!(dollars(total)), &json!(false)), "{call}");
    for (class, nano) in parts {
        assert_eq!(call["cost"][class], dollars(nano), "{class}: {call}");
    }
    let attempt = &call["attempts"][0];
    assert_eq!((&attempt["usage"], &attempt["cost_usd"]), (&used.shown(), &json!(dollars(total))), "{attempt}");
    assert_eq!(attempt["usage_raw"]["output_tokens"], used.output, "the provider's own words are kept: {attempt}");
    assert_eq!(attempt["usage_raw"]["service_tier"], "standard", "{attempt}");

    let id = call["id"].as_str().unwrap();
    let row = world.rows(&format!("select * from calls where id = '{id}'")).await.remove(0);
    let rows = world.rows(&format!("select * from attempts where call_id = '{id}'")).await;
    assert_eq!(rows.len(), 1);
    for row in [&row, &rows[0]] {
        assert_eq!(row["cost"], total, "{row}");
        for (class, nano) in parts {
            assert_eq!(
                (&row[format!("cost_{class}")], &row[class]),
                (&json!(nano), &used.shown()[class]),
                "{class}: {row}"
            );
        }
    }
}

#[tokio::test]
async fn a_completed_call_costs_what_the_provider_says_it_used() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let (key, model) = (world.key().await, world.priced_model().await);
    let zero = Used { input: 0, output: 0, cache_write_5m: 0, cache_write_1h: 0, cache_read: 0 };
    for used in [
        Used::EVERY_CLASS,
        Used { input: 12, output: 1, ..zero },
        Used { cache_write_1h: 7, output: 2, ..zero },
        Used { input: 1_000_000, output: 64_000, cache_read: 900_001, ..zero },
    ] {
        for stream in [true, false] {
            provider.script.always(Turn::new().model(&model).used(used).answer(stream));
            let mut reply = world.messages(&key, &ask(&model, stream)).await;
            reply.body().await;
            check(&world, &world.call_of(&reply).await, used).await;
        }
    }
}

#[tokio::test]
async fn cache_writes_without_their_split_count_as_five_minute_ones() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let (key, model) = (world.key().await, world.priced_model().await);
    let mut message = Turn::new().model(&model).message();
    let usage = json!({"input_tokens": 5, "cache_creation_input_tokens": 100, "cache_read_input_tokens": null, "output_tokens": 9});
    message["usage"] = usage;
    provider.script.always(Answer::json(200, &message));
    let reply = world.messages(&key, &ask(&model, false)).await;
    let usage = &world.call_of(&reply).await["usage"];
    let shown = Used { input: 5, output: 9, cache_write_5m: 100, cache_write_1h: 0, cache_read: 0 }.shown();
    assert_eq!(*usage, shown);
}

#[tokio::test]
async fn the_last_cumulative_report_counts_and_reports_are_never_added_up() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let mut events = Turn::new().events();
    let delta = |usage: Value| crate::upstream::turn::event("message_delta", json!({"delta": {}, "usage": usage}));
    // Only the output is told at the end, as older servers do; the prompt stays as it was told at the beginning.
    let at = events.len() - 3;
    events[at] = delta(json!({"output_tokens": 100}));
    events[at + 1] = delta(json!({"output_tokens": 300}));
    provider.script.always(Answer::events(events));
    let mut reply = world.stream(&key).await;
    reply.body().await;
    let call = world.call_of(&reply).await;
    assert_eq!(call["usage"], Used { output: 300, ..Used::EVERY_CLASS }.shown());
}

#[tokio::test]
async fn a_multiplier_of_the_provider_counts_on_every_part() {
    let world = World::shared().await;
    world.provider_with("a", json!({"cost_multiplier": "0.25"})).await;
    let (key, model) = (world.key().await, world.priced_model().await);
    let mut reply = world.messages(&key, &ask(&model, true)).await;
    reply.body().await;
    let call = world.call_of(&reply).await;
    let mut total = 0;
    for (class, nano) in parts(Used::EVERY_CLASS) {
        assert_eq!(call["cost"][class], dollars(nano / 4), "{class}: {call}");
        total += nano / 4;
    }
    assert_eq!((&call["cost_usd"], &call["attempts"][0]["multiplier"]), (&json!(dollars(total)), &json!("0.25")));
}

#[tokio::test]
async fn each_part_is_rounded_once_to_whole_nano_dollars_half_to_even() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let (key, model) = (world.key().await, format!("claude-round-{}", world.tag));
    // One token at half a nano-dollar, three at half, at one and a half: 0, 2, 4 nano-dollars and no more.
    let price = json!({
        "input": "0.0005", "output": "0.0005", "cache_write_5m": "0.0015", "cache_write_1h": "0", "cache_read": "0.0005",
    });
    assert!(world.admin("PUT", &format!("/admin/v1/prices/{model}"), &price).await.0 < 300);
    let used = Used { input: 1, output: 3, cache_write_5m: 3, cache_write_1h: 9, cache_read: 2 };
    provider.script.always(Turn::new().used(used).answer(false));
    let reply = world.messages(&key, &ask(&model, false)).await;
    let call = world.call_of(&reply).await;
    let cost = |class: &str| call["cost"][class].as_str().unwrap().to_owned();
    assert_eq!(
        [cost("input"), cost("output"), cost("cache_write_5m"), cost("cache_write_1h"), cost("cache_read")],
        ["0", "0.000000002", "0.000000004", "0", "0.000000001"]
    );
    assert_eq!(call["cost_usd"], "0.000000007");
}

#[tokio::test]
async fn a_model_without_a_price_is_flagged_and_never_free() {
    let world = World::alone().await;
    world.provider("a").await;
    let settings = world.get("/admin/v1/settings").await;
    let settings = settings["items"].as_array().unwrap();
    let price = &settings.iter().find(|setting| setting["name"] == "default_price").unwrap()["value"];
    let key = world.key().await;
    // The second is how Claude Code marks what no model has written.
    for model in [format!("brand-new-{}", world.tag), "<synthetic>".to_owned()] {
        let mut reply = world.messages(&key, &ask(&model, true)).await;
        reply.body().await;
        let call = world.call_of(&reply).await;
        assert_eq!((&call["unpriced"], &call["attempts"][0]["unpriced"]), (&json!(true), &json!(true)), "{call}");
        assert_eq!((&call["model"], &call["attempts"][0]["price_version"]), (&json!(model), &Value::Null), "{call}");
        assert_eq!(call["attempts"][0]["price"]["output"], price["output"], "{call}");
        let output: f64 = call["cost"]["output"].as_str().unwrap().parse().unwrap();
        let expected = price["output"].as_str().unwrap().parse::<f64>().unwrap() * 385.0 / 1e6;
        assert!((output - expected).abs() < 1e-9 && output > 0.0, "{call}");
        // And somebody is told, in words that no page takes for its own.
        let cookie = cookie(&log_in(&world, "", &world.admin_token).await);
        let page = Request::get("/").header("cookie", &cookie).send(world.hub.address).await.text().await;
        let escaped = model.replace('<', "&lt;").replace('>', "&gt;");
        assert!(page.contains(&escaped) && (escaped == model || !page.contains(&model)), "{model}: {page}");
    }
    // What stands in for a price cannot be nothing.
    let free = json!({"default_price": {"input": "0", "output": "75"}});
    assert_eq!(world.admin("PATCH", "/admin/v1/settings", &free).await.0, 422);
}

#[tokio::test]
async fn a_call_is_priced_by_the_model_that_was_sent() {
    let world = World::shared().await;
    let model = world.priced_model().await;
    world.provider_with("a", json!({"redirects": [{"from": "alias", "to": model}]})).await;
    let key = world.key().await;
    let reply = world.messages(&key, &ask("alias", false)).await;
    let call = world.call_of(&reply).await;
    assert_eq!(
        (&call["model"], &call["model_sent"], &call["model_served"]),
        (&json!("alias"), &json!(model), &json!(model))
    );
    let total: u64 = parts(Used::EVERY_CLASS).iter().map(|(_, nano)| nano).sum();
    assert_eq!((&call["cost_usd"], &call["unpriced"]), (&json!(dollars(total)), &json!(false)), "{call}");
}

#[tokio::test]
async fn a_new_price_counts_from_the_next_call_on_and_leaves_history_alone() {
    let world = World::shared().await;
    world.provider("a").await;
    let (key, model) = (world.key().await, world.priced_model().await);
    let first = world.messages(&key, &ask(&model, false)).await;
    let before = world.call_of(&first).await;
    let free = json!({"input": "0", "output": "1", "cache_write_5m": "0", "cache_write_1h": "0", "cache_read": "0"});
    assert!(world.admin("PUT", &format!("/admin/v1/prices/{model}"), &free).await.0 < 300);
    let second = world.messages(&key, &ask(&model, false)).await;
    assert_eq!(world.call_of(&second).await["cost_usd"], "0.000385");
    assert_eq!(world.call_of(&first).await["cost_usd"], before["cost_usd"]);
}

#[tokio::test]
async fn a_record_says_who_asked_for_what_and_where_the_time_went() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let body = ask("claude-sonnet-4-5", true).to_string();
    let request = world
        .request(&key, body)
        .header("user-agent", "claude-cli/2.1.214 (external, cli)")
        .header("x-claude-code-session-id", "0b1f4a6e-session");
    let mut reply = request.send(world.hub.address).await;
    reply.body().await;
    let call = world.call_of(&reply).await;
    for (field, value) in [
        ("kind", json!("messages")),
        ("user_id", json!(key.user_id)),
        ("key_id", json!(key.id)),
        ("provider_id", json!(provider.id)),
        ("session_id", json!("0b1f4a6e-session")),
        ("model", json!("claude-sonnet-4-5")),
        ("model_sent", json!("claude-sonnet-4-5")),
        ("model_served", json!("claude-sonnet-4-5")),
        ("stream", json!(true)),
        ("error", json!(null)),
        ("n_attempts", json!(1)),
    ] {
        assert_eq!(call[field], value, "{field}: {call}");
    }
    assert_eq!(call["client"], json!({"user_agent": "claude-cli/2.1.214 (external, cli)", "address": world.address}));
    let ms = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("{call}"));
    assert!(ms(&call["first_byte_ms"]) <= ms(&call["first_token_ms"]), "{call}");
    assert!(ms(&call["first_token_ms"]) <= ms(&call["duration_ms"]), "{call}");
    let attempt = &call["attempts"][0];
    assert!(ms(&attempt["started_ms"]) <= ms(&attempt["first_byte_ms"]), "{attempt}");
    assert!(ms(&attempt["first_byte_ms"]) <= ms(&attempt["first_token_ms"]), "{attempt}");
    assert!(ms(&attempt["first_token_ms"]) <= ms(&attempt["ended_ms"]), "{attempt}");
    assert_eq!(call["decision"]["groups"], json!([world.tag]));
    let at = chrono::DateTime::parse_from_rfc3339(call["created_at"].as_str().unwrap()).unwrap();
    assert!((chrono::Utc::now() - at.to_utc()).num_seconds().abs() < 60, "{call}");
}

#[tokio::test]
async fn a_session_is_found_in_the_body_where_no_header_names_it() {
    let world = World::shared().await;
    world.provider("a").await;
    let key = world.key().await;
    let id = "b6f3a4a0-8f0e-4c8f-9a6b-1f2e3d4c5b6a";
    for user_id in [
        format!("user_{}_account__session_{id}", "0".repeat(64)),
        json!({"device_id": "d", "account_uuid": "", "session_id": id}).to_string(),
    ] {
        let mut body = ask("claude-sonnet-4-5", false);
        body["metadata"] = json!({"user_id": user_id});
        let reply = world.messages(&key, &body).await;
        assert_eq!(world.call_of(&reply).await["session_id"], id, "{user_id}");
    }
}

#[tokio::test]
async fn sums_equal_the_calls_they_were_made_of() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let (key, model) = (world.key().await, world.priced_model().await);
    for (n, status) in [200, 200, 400, 529, 200, 200].into_iter().enumerate() {
        let used = Used { output: 100 + n as u64, ..Used::EVERY_CLASS };
        let turn = Turn::new().used(used).answer(n % 2 == 0);
        provider.script.always(if status == 200 { turn } else { Answer::status(status) });
        world.messages(&key, &ask(&model, n % 2 == 0)).await.drain().await;
    }
    world.request(&key, "{}").send(world.hub.address).await;
    world.calls_of(&key, 7).await;
    let columns = "sum(input) input, sum(output) output, sum(cache_write_5m) cache_write_5m, sum(cache_write_1h) cache_write_1h, \
        sum(cache_read) cache_read, sum(cost_input) cost_input, sum(cost_output) cost_output, \
        sum(cost_cache_write_5m) cost_cache_write_5m, sum(cost_cache_write_1h) cost_cache_write_1h, \
        sum(cost_cache_read) cost_cache_read, sum(cost) cost";
    let of = |table: &str, count: &str, outcome: fn(&str) -> String| {
        let outcomes =
            ["completed", "rejected", "refused", "failed", "interrupted", "abandoned"].map(outcome).join(", ");
        format!("select {columns}, {count}, {outcomes} from {table} where key_id = {}", key.id)
    };
    let calls = of("calls", "count(*) calls, sum(n_attempts) attempts", |name| {
        format!("count(*) filter (where outcome = '{name}') {name}")
    });
    let calls = world.rows(&calls).await.remove(0);
    assert_eq!(
        (&calls["completed"], &calls["refused"], &calls["failed"], &calls["rejected"]),
        (&json!(4), &json!(1), &json!(1), &json!(1))
    );
    for table in ["usage_1m", "usage_15m"] {
        let sums = of(table, "sum(calls) calls, sum(attempts) attempts", |name| format!("sum({name}) {name}"));
        assert_eq!(world.rows(&sums).await.remove(0), calls, "{table}");
        let histogram = format!("select sum(n) from {table}, unnest(duration_hist) n where key_id = {}", key.id);
        assert_eq!(world.value(&histogram).await, 7, "{table}");
    }
    let path = "/admin/v1/usage?by=key&step=total";
    let usage = world.get(path).await;
    let row = usage["items"].as_array().unwrap().iter().find(|row| row["id"] == key.id.as_str()).unwrap().clone();
    assert_eq!(
        (&row["calls"], &row["completed"], &row["usage"]["output"]),
        (&json!(7), &json!(4), &calls["output"]),
        "{row}"
    );
    assert_eq!(row["cost_usd"], dollars(calls["cost"].as_u64().unwrap()), "{row}");
}

#[tokio::test]
async fn a_test_call_is_an_entry_that_counts_for_the_provider_alone() {
    let world = World::shared().await;
    let provider = world.provider("a").await;
    let model = world.priced_model().await;
    let path = format!("/admin/v1/providers/{}/test", provider.id);
    let (status, result) = world.admin("POST", &path, &json!({"model": model})).await;
    assert_eq!((status, &result["ok"], &result["status"]), (200, &json!(true), &json!(200)), "{result}");
    assert!(result["answer"].as_str().unwrap().contains("Hello, wörld — 你好."), "{result}");
    assert_eq!((&result["model"], &result["usage"]), (&json!(model), &Used::EVERY_CLASS.shown()), "{result}");
    let call = world.call(result["call_id"].as_str().unwrap()).await;
    assert_eq!((&call["kind"], &call["outcome"]), (&json!("probe"), &json!("completed")), "{call}");
    assert_eq!((&call["user_id"], &call["key_id"]), (&Value::Null, &Value::Null), "{call}");
    assert_eq!(call["provider_id"], json!(provider.id));
    let seen = provider.script.only_request();
    assert_eq!((seen.model(), seen.all("x-api-key")), (model, vec![UPSTREAM_SECRET]));
    let sums = format!("select user_id, key_id, calls, attempts from usage_15m where provider_id = {}", provider.id);
    assert_eq!(world.rows(&sums).await, [json!({"user_id": 0, "key_id": 0, "calls": 0, "attempts": 1})]);
}

#[tokio::test]
async fn a_test_call_that_fails_says_what_came_back() {
    let world = World::shared().await;
    let provider = world.provider_with("a", json!({"enabled": false})).await;
    let path = format!("/admin/v1/providers/{}/test", provider.id);
    provider.script.once(Answer::error(401, "authentication_error", "invalid x-api-key"));
    let (status, result) = world.admin("POST", &path, &json!({})).await;
    assert_eq!((status, &result["ok"], &result["status"]), (200, &json!(false), &json!(401)), "{result}");
    assert!(result["answer"].as_str().unwrap().contains("invalid x-api-key"), "{result}");
    assert!(!result.to_string().contains(UPSTREAM_SECRET), "{result}");
    let times = json!({"total_timeout_ms": 300, "first_byte_timeout_ms": 300});
    world.patch(&format!("/admin/v1/providers/{}", provider.id), &times).await;
    provider.script.once(Answer::nothing(crate::upstream::End::Stall));
    let (_, result) = world.admin("POST", &path, &Value::Null).await;
    assert_eq!((&result["ok"], &result["status"]), (&json!(false), &Value::Null), "{result}");
    assert!(result["error"].is_string(), "{result}");
}
