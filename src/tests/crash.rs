//! What is left of calls when the hub dies under them, is told to stop, or has no disk.

use serde_json::{Value, json};

use crate::{
    client::Request,
    hub::Setup,
    limits,
    patience::{until, within},
    upstream::{Answer, End, Gate, Turn, turn::error_event},
    waiting::gauge,
    world::{World, ask},
};

/// Nano-dollars.
fn nano(call: &Value) -> i64 {
    limits::nano(&call["cost_usd"])
}

#[tokio::test]
async fn a_call_that_a_crash_cut_is_closed_with_the_attempts_that_were_opened() {
    let world = World::alone().await;
    let a = world.provider_with("a", json!({"priority": 0})).await;
    let b = world.provider_with("b", json!({"priority": 1})).await;
    let (key, model) = (world.key().await, world.priced_model().await);
    let gate = Gate::new();
    a.script.always(Answer::status(529));
    b.script.once(Turn::new().answer(false).pause_before_head(&gate));
    let body = ask(&model, false).to_string();
    let n_bytes = body.len();
    let _open = world.request(&key, body).open(world.hub.address).await.unwrap();
    gate.reached().await;
    world.hub.kill();
    world.hub.start_again().await;
    let check = async || {
        let call = world.calls_of(&key, 1).await.remove(0);
        assert_eq!((&call["outcome"], &call["error"]["cause"]), (&json!("interrupted"), &json!("crash")), "{call}");
        assert_eq!((&call["n_attempts"], &call["token_source"]), (&json!(2), &json!("estimated")), "{call}");
        let (first, second) = (&call["attempts"][0], &call["attempts"][1]);
        assert_eq!(
            (&first["result"], &first["status"], &first["cost_usd"]),
            (&json!("failed"), &json!(529), &json!("0"))
        );
        assert_eq!(
            (&second["result"], &second["token_source"]),
            (&json!("interrupted"), &json!("estimated")),
            "{call}"
        );
        assert_eq!((&second["provider_id"], &call["provider_id"]), (&json!(b.id), &json!(b.id)), "{call}");
        assert_eq!(second["usage"]["input"], n_bytes / 4, "{call}");
        assert_eq!(nano(&call), i64::try_from(n_bytes / 4).unwrap() * 3_000, "{call}");
        let sums = format!("select sum(cost) cost, sum(attempts) attempts from usage_1m where key_id = {}", key.id);
        assert_eq!(world.rows(&sums).await, [json!({"cost": nano(&call), "attempts": 2})]);
    };
    check().await;
    world.hub.kill();
    world.hub.start_again().await;
    check().await;
}

#[tokio::test]
async fn an_attempt_that_has_failed_costs_what_it_cost_if_the_crash_comes_before_the_next_one() {
    let world = World::alone().await;
    world.patch("/admin/v1/settings", &json!({"waiting": "on", "attempts_per_provider": 1})).await;
    let a = world.provider_with("a", json!({"priority": 0})).await;
    let b = world.provider_with("b", json!({"priority": 1, "limit_concurrent_requests": 1})).await;
    let (key, other, model) = (world.key().await, world.key().await, world.priced_model().await);
    // The second provider is busy: whoever has failed at the first one waits for it.
    let gate = Gate::new();
    world.patch(&format!("/admin/v1/providers/{}", a.id), &json!({"enabled": false})).await;
    b.script.once(Turn::new().answer(false).pause_before_head(&gate));
    let body = ask(&model, false).to_string();
    let _busy = world.request(&other, body.clone()).open(world.hub.address).await.unwrap();
    gate.reached().await;
    world.patch(&format!("/admin/v1/providers/{}", a.id), &json!({"enabled": true})).await;
    a.script.always(Answer::status(529));
    let _open = world.request(&key, body).open(world.hub.address).await.unwrap();
    gauge(&world, "switchyard_calls_waiting", 1).await;
    assert_eq!(a.script.requests().len(), 1);
    world.hub.kill();
    world.hub.start_again().await;
    let call = world.calls_of(&key, 1).await.remove(0);
    assert_eq!((&call["outcome"], &call["error"]["cause"]), (&json!("interrupted"), &json!("crash")), "{call}");
    let attempts = call["attempts"].as_array().unwrap();
    assert_eq!((attempts.len(), &call["n_attempts"]), (1, &json!(1)), "{call}");
    let failed = &attempts[0];
    assert_eq!((&failed["result"], &failed["status"]), (&json!("failed"), &json!(529)), "{call}");
    assert_eq!((&failed["token_source"], &failed["cost_usd"]), (&json!("none"), &json!("0")), "{call}");
    assert_eq!((&call["cost_usd"], &call["usage"]["input"]), (&json!("0"), &json!(0)), "{call}");
    let used = limits::window(&world, &format!("keys/{}", key.id), "total").await;
    assert_eq!((&used["settled"], &used["reserved"]), (&json!("0"), &json!("0")), "{used}");
}

#[tokio::test]
async fn counters_in_memory_begin_with_what_the_ledger_says() {
    let world = World::alone().await;
    let (provider, model) = limits::provider(&world).await;
    let key = world.key().await;
    for _ in 0..3 {
        world.messages(&key, &ask(&model, false)).await.body().await;
    }
    // The fourth is cut, and counts by its estimate.
    let gate = Gate::new();
    provider.script.once(Turn::new().answer(false).pause_before_head(&gate));
    let body = ask(&model, false).to_string();
    let estimate = i64::try_from(body.len() / 4).unwrap() * 3_000;
    let _open = world.request(&key, body).open(world.hub.address).await.unwrap();
    gate.reached().await;
    world.hub.kill();
    world.hub.start_again().await;
    // As soon as anybody is served, everything is counted.
    let spent = 3 * 15_000_000 + estimate;
    let limit = format!("0.{spent:09}");
    world.patch(&format!("/admin/v1/keys/{}", key.id), &json!({"limit_total_usd": limit})).await;
    let mut reply = world.messages(&key, &ask(&model, false)).await;
    let said = reply.text().await;
    assert_eq!(reply.status, 402, "{said}");
    let used = format!("has used {} USD", limit.trim_end_matches('0'));
    assert!(said.contains(&used), "{used}: {said}");
}

#[tokio::test]
async fn every_answer_waits_for_the_disk_if_told_to() {
    let world = World::alone().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    world.patch("/admin/v1/settings", &json!({"ledger_fsync": "always"})).await;
    let refused = async || {
        provider.script.once(Answer::status(400));
        assert_eq!(world.message(&key).await.status, 400);
    };
    refused().await;
    let calls = (0..40).map(|n| {
        let (world, key) = (world.clone(), key.clone());
        tokio::spawn(async move {
            let mut reply = world.messages(&key, &ask("claude-sonnet-4-5", n % 2 == 0)).await;
            reply.body().await;
            assert_eq!(reply.status, 200);
        })
    });
    for call in calls.collect::<Vec<_>>() {
        within("an answer", call).await.unwrap();
    }
    world.hub.kill();
    world.hub.start_again().await;
    world.calls_of(&key, 41).await;
}

#[tokio::test]
async fn a_call_without_a_head_is_cut_and_recorded_before_the_hub_has_stopped() {
    let world = World::alone().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    world.patch("/admin/v1/settings", &json!({"shutdown_grace_ms": 200})).await;
    let (gate, left_gate) = (Gate::new(), Gate::new());
    let body = ask("claude-sonnet-4-5", false).to_string();
    // One client that waits, and one that has left: its answer is still awaited.
    provider.script.once(Turn::new().answer(false).pause_before_head(&left_gate));
    let leaves = world.request(&key, body.clone()).open(world.hub.address).await.unwrap();
    left_gate.reached().await;
    provider.script.once(Turn::new().answer(false).pause_before_head(&gate));
    let waits = world.request(&key, body).open(world.hub.address).await.unwrap();
    gate.reached().await;
    leaves.leave().await;
    world.hub.terminate();
    let reply = within("an answer", waits.reply("POST")).await.unwrap();
    assert_eq!(reply.status, 503);
    assert_eq!(world.hub.stopped().await.code(), Some(0), "{}", world.hub.log_tail());
    // Nor has it waited for as long as it otherwise reads on: both were cut when the grace was over.
    let log = world.hub.log();
    assert!(log.contains("calls that still run are cut") && !log.contains("clients that left are cut"), "{log}");
    let rows = world.rows("select outcome, error_cause, token_source, cost > 0 as costs from calls order by id").await;
    let cut = json!({"outcome": "interrupted", "error_cause": "shutdown", "token_source": "estimated", "costs": true});
    assert_eq!(rows, [cut.clone(), cut]);
}

#[tokio::test]
async fn what_a_provider_may_bill_is_charged_although_it_failed_and_the_rest_is_free() {
    let world = World::shared().await;
    let a = world.provider_with("a", json!({"priority": 0, "max_attempts": 1})).await;
    world.provider_with("b", json!({"priority": 1})).await;
    let (key, model) = (world.key().await, world.priced_model().await);
    let begun = || Turn::new().events().remove(0);
    let n_tokens = ask(&model, true).to_string().len() / 4;
    for (answer, source, input) in [
        (Answer::events([begun()]).ends(End::Close), "partial", 127),
        (Answer::events([begun(), error_event("overloaded_error", "x")]), "partial", 127),
        (Answer::events(Vec::<String>::new()), "none", 0),
        (Answer::nothing(End::Close), "none", 0),
        (Answer::status(529), "none", 0),
        // It has the request, and it is the hub that waits no longer: it may be at work.
        (Answer::nothing(End::Stall), "estimated", n_tokens),
        (Answer::events(Vec::<String>::new()).ends(End::Stall), "estimated", n_tokens),
        // It has said that it is not.
        (Answer::status(500).cut_after(0, End::Stall), "none", 0),
    ] {
        world.well_again(&a).await;
        // Only what has to run out is short, and not so short that it does before the request has left.
        let ms = if answer.end() == End::Stall { json!(2_000) } else { Value::Null };
        let times = json!({"first_byte_timeout_ms": ms, "idle_timeout_ms": ms});
        world.patch(&format!("/admin/v1/providers/{}", a.id), &times).await;
        a.script.always(answer);
        let mut reply = world.anew(&key, &ask(&model, true)).await;
        reply.body().await;
        let call = world.call_of(&reply).await;
        let (failed, served) = (&call["attempts"][0], &call["attempts"][1]);
        assert_eq!((&failed["result"], &served["result"]), (&json!("failed"), &json!("completed")), "{call}");
        assert_eq!((&failed["token_source"], &failed["usage"]["input"]), (&json!(source), &json!(input)), "{call}");
        assert_eq!(failed["cost_usd"] == "0", source == "none", "{call}");
        assert_eq!(nano(&call), nano(failed) + nano(served), "a call's cost is the sum of its attempts: {call}");
    }
}

/// Lets files of the hub grow to this size, or to any.
fn limit_files(world: &World, bytes: &str) {
    let limit = format!("--fsize={bytes}:unlimited");
    let status = std::process::Command::new("prlimit").args(["--pid", &world.hub.pid().to_string(), &limit]).status();
    assert!(status.unwrap().success());
}

#[tokio::test]
async fn without_a_disk_new_calls_are_refused_before_they_cost_anything_and_running_ones_finish() {
    let world = World::with(Setup::usual().await.bearing_full_disks()).await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let gate = Gate::new();
    provider.script.once(Turn::new().answer(true).pause_after(8, &gate));
    let mut running = world.stream(&key).await;
    limit_files(&world, "1");
    let before = provider.script.requests().len();
    let mut reply = until("new calls are refused", async || {
        let reply = world.message(&key).await;
        (reply.status == 503).then_some(reply)
    })
    .await;
    assert!(reply.text().await.contains("record"), "it says why");
    assert_eq!(provider.script.requests().len(), before, "nothing was sent");
    let ready = Request::get("/health/ready").send(world.hub.address).await;
    assert_eq!(ready.status, 503, "and others are told");
    gate.open();
    assert_eq!(running.text().await, Turn::new().events().concat());
    limit_files(&world, "unlimited");
    until("calls are served again", async || (world.message(&key).await.status == 200).then_some(())).await;
    assert_eq!(world.call_of(&running).await["outcome"], "completed");
}

#[tokio::test]
async fn a_call_that_finds_no_disk_for_its_second_attempt_is_on_record_with_its_first() {
    let world = World::with(Setup::usual().await.bearing_full_disks()).await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let gate = Gate::new();
    provider.script.always(Answer::nothing(End::Close).pause_before_head(&gate));
    let open = world.request(&key, ask("claude-sonnet-4-5", false).to_string()).open(world.hub.address).await.unwrap();
    gate.reached().await;
    limit_files(&world, "1");
    gate.open();
    let mut reply = within("an answer", open.reply("POST")).await.unwrap();
    assert_eq!(reply.status, 503);
    assert!(reply.text().await.contains("record"), "it says why");
    assert_eq!(provider.script.requests().len(), 1, "the second attempt was not sent");
    limit_files(&world, "unlimited");
    let call = world.calls_of(&key, 1).await.remove(0);
    assert_eq!((&call["outcome"], &call["error"]["cause"]), (&json!("failed"), &json!("ledger_full")), "{call}");
    assert_eq!((&call["n_attempts"], &call["attempts"][0]["result"]), (&json!(1), &json!("failed")), "{call}");
    assert_eq!((&call["id"], &call["cost_usd"]), (&json!(reply.call_id()), &json!("0")), "{call}");
    // And nothing is left open that a start would close once more.
    world.hub.kill();
    world.hub.start_again().await;
    assert_eq!(world.calls_of(&key, 1).await[0]["outcome"], "failed");
}

#[tokio::test]
async fn days_that_are_kept_no_longer_are_let_go_and_their_sums_stay() {
    let world = World::alone().await;
    world.provider("a").await;
    let key = world.key().await;
    world.message(&key).await.body().await;
    world.calls_of(&key, 1).await;
    // What was there a hundred days ago, in a partition of its own day.
    for sql in [
        "create table calls_20200101 partition of calls for values from ('016f5e66-e800-0000-0000-000000000000') to ('016f638d-4400-0000-0000-000000000000')",
        "create table attempts_20200101 partition of attempts for values from ('016f5e66-e800-0000-0000-000000000000') to ('016f638d-4400-0000-0000-000000000000')",
        "insert into calls (id, created_at, kind, model, stream, outcome) values ('016f5e66-e801-7000-8000-000000000000', '2020-01-01', 'messages', 'm', false, 'completed')",
        "insert into usage_1m select * from usage_15m limit 0",
        "update usage_1m set at = '2020-01-01' where true",
        "update usage_15m set at = '2020-01-01' where true",
    ] {
        crate::postgres::execute(world.dsn(), sql).await;
    }
    world.hub.kill();
    world.hub.start_again().await;
    until("the day is let go", async || {
        let days =
            world.rows("select relname from pg_class where relname in ('calls_20200101', 'attempts_20200101')").await;
        days.is_empty().then_some(())
    })
    .await;
    until("minutes are let go", async || (world.value("select count(*) from usage_1m").await == 0).then_some(())).await;
    assert_eq!(world.value("select sum(calls) from usage_15m").await, 1);
    assert_eq!(world.value("select count(*) from calls").await, 1, "today's stay");
    assert_eq!(world.message(&key).await.status, 200);
}
