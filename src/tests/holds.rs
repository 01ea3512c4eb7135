//! What is on hold, how it comes about, how it ends, and who hears of it.

mod edits;
mod kinds;
mod operators;
mod quoted;

use serde_json::{Value, json};

use crate::{
    cable::Cable,
    hub::Setup,
    outage::world_on_a_cable,
    patience::until,
    postgres,
    upstream::{Answer, End, Gate},
    world::{Key, Provider, UPSTREAM_SECRET, World, ask, merge},
};

/// What is on hold at a provider.
pub async fn holds(world: &World, provider: &Provider) -> Vec<Value> {
    let page = world.get(&format!("/admin/v1/holds?provider_id={}", provider.id)).await;
    page["items"].as_array().unwrap().clone()
}

/// The only hold at a provider.
pub async fn hold(world: &World, provider: &Provider) -> Value {
    let mut holds = holds(world, provider).await;
    assert_eq!(holds.len(), 1, "{holds:?}");
    holds.remove(0)
}

/// The row of a hold, once it looks as wanted.
async fn row(world: &World, hold: &Value, wanted: &str) -> Value {
    let sql = format!("select * from holds where id = '{}' and {wanted}", hold["id"].as_str().unwrap());
    until("the hold is written", async || world.rows(&sql).await.pop()).await
}

/// A provider that goes first, one that stands in for it, and a key for both.
async fn two(world: &World, fields: Value) -> (Provider, Provider, Key) {
    let first = world.provider_with("a", merge(json!({"max_attempts": 1}), fields)).await;
    let second = world.provider_with("b", json!({"priority": 1})).await;
    (first, second, world.key().await)
}

/// Asks, and says which provider has served.
async fn served_by(world: &World, key: &Key) -> String {
    let reply = world.message(key).await;
    assert_eq!(reply.status, 200);
    reply.header("x-switchyard-provider").unwrap().to_owned()
}

fn n_asked(provider: &Provider) -> usize {
    provider.script.requests().len()
}

#[tokio::test]
async fn five_failures_in_a_row_open_the_breaker_which_only_ranks() {
    let world = World::shared().await;
    let (a, b, key) = two(&world, json!({})).await;
    a.script.always(Answer::status(500));
    for n in 0..5 {
        assert!(holds(&world, &a).await.is_empty(), "{n}");
        assert_eq!(served_by(&world, &key).await, b.id);
    }
    let hold = hold(&world, &a).await;
    assert_eq!(
        (&hold["reason"], &hold["source"], &hold["is_absolute"]),
        (&json!("breaker"), &json!("hub"), &json!(false)),
        "{hold}"
    );
    assert_eq!(hold["scope"], json!({"kind": "provider", "provider_id": a.id}));
    assert_eq!(
        (&hold["note"], &hold["provider_name"]),
        (&json!("upstream says 500"), &json!(format!("{}-a", world.tag)))
    );
    assert!((1_700..=1_800).contains(&hold["remaining_s"].as_u64().unwrap()), "{hold}");
    let row = row(&world, &hold, "ended_at is null").await;
    assert_eq!(
        (&row["reason"], &row["scope"], &row["call_id"]),
        (&json!("breaker"), &json!("provider"), &hold["call_id"])
    );
    let n = n_asked(&a);
    assert_eq!(served_by(&world, &key).await, b.id);
    assert_eq!(n_asked(&a), n, "a held provider is not asked while there is another");
    // With nobody else it is the last resort, and its success makes it half-open.
    world.patch(&format!("/admin/v1/providers/{}", b.id), &json!({"enabled": false})).await;
    a.script.by(Answer::proper);
    assert_eq!(served_by(&world, &key).await, a.id);
    assert_eq!(self::hold(&world, &a).await["remaining_s"], 0);
    assert_eq!(served_by(&world, &key).await, a.id);
    assert!(holds(&world, &a).await.is_empty());
    assert_eq!(self::row(&world, &hold, "ended_at is not null").await["ended_why"], "healed");
}

#[tokio::test]
async fn a_provider_that_dates_its_limit_is_left_alone_until_then() {
    let world = World::shared().await;
    let (a, b, key) = two(&world, json!({})).await;
    a.script.once(Answer::status(429).header("retry-after", "100"));
    assert_eq!(served_by(&world, &key).await, b.id);
    let hold = hold(&world, &a).await;
    let model = json!({"kind": "model", "provider_id": a.id, "model": "claude-sonnet-4-5"});
    assert_eq!((&hold["scope"], &hold["reason"]), (&model, &json!("rate_limit")), "{hold}");
    assert_eq!((&hold["source"], &hold["is_absolute"]), (&json!("provider"), &json!(true)), "{hold}");
    // Without a date it would be a minute.
    assert!((61..=100).contains(&hold["remaining_s"].as_u64().unwrap()), "{hold}");
    assert_eq!(served_by(&world, &key).await, b.id);
    assert_eq!(n_asked(&a), 1);
    // Another model is another bucket.
    let other = world.anew(&key, &ask("claude-haiku-4-5", false)).await;
    assert_eq!(other.header("x-switchyard-provider"), Some(a.id.as_str()));
    row(&world, &hold, "source = 'provider' and model = 'claude-sonnet-4-5' and until is not null").await;
}

#[tokio::test]
async fn a_refused_secret_is_not_used_until_it_is_edited() {
    let world = World::shared().await;
    let (a, b, key) = two(&world, json!({})).await;
    a.script.always(Answer::status(401));
    assert_eq!(served_by(&world, &key).await, b.id);
    let hold = hold(&world, &a).await;
    assert_eq!((&hold["scope"]["kind"], &hold["reason"]), (&json!("credential"), &json!("credential")), "{hold}");
    assert_eq!((&hold["is_absolute"], &hold["remaining_s"]), (&json!(true), &Value::Null), "{hold}");
    row(&world, &hold, "ended_at is null").await;
    let path = format!("/admin/v1/providers/{}", a.id);
    world.patch(&path, &json!({"weight": 2})).await;
    assert_eq!(self::hold(&world, &a).await["id"], hold["id"], "the weight has nothing to do with it");
    a.script.by(Answer::proper);
    assert_eq!(served_by(&world, &key).await, b.id);
    world.patch(&path, &json!({"secret": UPSTREAM_SECRET})).await;
    assert!(holds(&world, &a).await.is_empty());
    assert_eq!(served_by(&world, &key).await, a.id);
    assert_eq!(row(&world, &hold, "ended_at is not null").await["ended_why"], "edited");
}

#[tokio::test]
async fn an_overload_is_short_and_is_not_prolonged_by_last_resorts() {
    let world = World::shared().await;
    let a = world.provider("a").await;
    let key = world.key().await;
    a.script.always(Answer::status(529));
    for _ in 0..3 {
        assert_eq!(world.message(&key).await.status, 529);
    }
    assert!(n_asked(&a) >= 3, "the only provider is tried although it is on hold");
    // Read where it is still there when it is over: its end is where it was set.
    let first = format!(
        "select reason, source, extract(epoch from until - since)::int as length from holds where provider_id = {}
         order by since limit 1",
        a.id
    );
    let first = until("the hold is written", async || world.rows(&first).await.pop()).await;
    assert_eq!(first, json!({"reason": "overload", "source": "hub", "length": 10}));
    a.script.by(Answer::proper);
    assert_eq!(world.message(&key).await.status, 200);
    assert!(holds(&world, &a).await.is_empty(), "a success ends it");
}

#[tokio::test]
async fn a_mistake_of_the_client_holds_nothing() {
    let world = World::shared().await;
    let (a, b, key) = two(&world, json!({"breaker_failures": 1})).await;
    for status in [400, 404, 413, 422] {
        a.script.always(Answer::status(status));
        assert_eq!(world.message(&key).await.status, status);
    }
    assert!(holds(&world, &a).await.is_empty());
    assert_eq!(n_asked(&b), 0);
}

#[tokio::test]
async fn a_providers_own_lines_say_what_its_failures_mean() {
    let world = World::shared().await;
    let rules = json!([{"status": 404, "message": "*no account*", "class": "entitlement"}]);
    let (a, b, key) = two(&world, json!({"failure_rules": rules})).await;
    a.script.always(Answer::error(404, "not_found_error", "No account in this group serves it"));
    assert_eq!(served_by(&world, &key).await, b.id);
    let hold = hold(&world, &a).await;
    assert_eq!((&hold["reason"], &hold["scope"]["kind"]), (&json!("entitlement"), &json!("model")), "{hold}");
    // Nobody has dated it: with nobody else it is tried, and heals.
    assert_eq!((&hold["is_absolute"], &hold["remaining_s"]), (&json!(false), &Value::Null), "{hold}");
    world.patch(&format!("/admin/v1/providers/{}", b.id), &json!({"enabled": false})).await;
    a.script.by(Answer::proper);
    assert_eq!(served_by(&world, &key).await, a.id);
    assert!(holds(&world, &a).await.is_empty());
}

#[tokio::test]
async fn a_line_may_be_about_failures_without_an_answer() {
    let rules = json!([{"cause": "malformed", "class": "overload"}, {"cause": "reset", "class": "credential"}]);
    for (answer, reason) in [
        (Answer::new(200, "text/html", "<html>Please log in</html>"), "overload"),
        (Answer::nothing(End::Reset), "credential"),
    ] {
        let world = World::shared().await;
        let (a, b, key) = two(&world, json!({"failure_rules": rules})).await;
        a.script.always(answer);
        assert_eq!(served_by(&world, &key).await, b.id);
        assert_eq!(hold(&world, &a).await["reason"], reason);
    }
}

#[tokio::test]
async fn the_settings_say_when_breakers_open_and_how_many_may_try() {
    let world = World::alone().await;
    for (name, value) in
        [("breaker_failures", 2), ("breaker_open_s", 1), ("breaker_successes", 2), ("breaker_trials", 2)]
    {
        world.patch("/admin/v1/settings", &json!({name: value})).await;
    }
    let (a, b, key) = two(&world, json!({})).await;
    a.script.once(Answer::status(500));
    a.script.once(Answer::status(500));
    assert_eq!(served_by(&world, &key).await, b.id);
    assert!(holds(&world, &a).await.is_empty());
    assert_eq!(served_by(&world, &key).await, b.id);
    until("its time is over", async || (hold(&world, &a).await["remaining_s"] == 0).then_some(())).await;
    let gate = Gate::new();
    let held = gate.clone();
    a.script.by(move |seen| Answer::proper(seen).pause_before_head(&held));
    let trials = async {
        let both = tokio::join!(served_by(&world, &key), served_by(&world, &key));
        assert_eq!(both, (a.id.clone(), a.id.clone()));
    };
    let others = async {
        gate.reached_by(2).await;
        assert_eq!(served_by(&world, &key).await, b.id);
        gate.open();
    };
    tokio::join!(trials, others);
    assert!(holds(&world, &a).await.is_empty(), "two successes close it");
    // Switched off for all that say nothing else.
    world.patch("/admin/v1/settings", &json!({"breaker_failures": 0})).await;
    a.script.always(Answer::status(500));
    for _ in 0..3 {
        assert_eq!(served_by(&world, &key).await, b.id);
    }
    assert!(holds(&world, &a).await.is_empty());
}

#[tokio::test]
async fn half_open_it_is_tried_by_one_call_at_a_time() {
    let world = World::shared().await;
    let fields = json!({"breaker_failures": 1, "breaker_open_s": 1, "breaker_successes": 1});
    let (a, b, key) = two(&world, fields).await;
    a.script.once(Answer::status(500));
    assert_eq!(served_by(&world, &key).await, b.id);
    let opened = hold(&world, &a).await;
    until("its time is over", async || (hold(&world, &a).await["remaining_s"] == 0).then_some(())).await;
    let gate = Gate::new();
    let held = gate.clone();
    a.script.by(move |seen| Answer::proper(seen).pause_before_head(&held));
    let trial = async {
        let reply = world.message(&key).await;
        assert_eq!(reply.header("x-switchyard-provider"), Some(a.id.as_str()));
    };
    let others = async {
        gate.reached().await;
        for _ in 0..3 {
            assert_eq!(served_by(&world, &key).await, b.id);
        }
        gate.open();
    };
    tokio::join!(trial, others);
    assert_eq!(n_asked(&a), 2);
    assert!(holds(&world, &a).await.is_empty());
    assert_eq!(row(&world, &opened, "ended_at is not null").await["ended_why"], "healed");
    assert_eq!(served_by(&world, &key).await, a.id);
}

#[tokio::test]
async fn a_trial_that_fails_opens_it_again() {
    let world = World::shared().await;
    let (a, b, key) = two(&world, json!({"breaker_failures": 1, "breaker_open_s": 1})).await;
    a.script.always(Answer::status(500));
    assert_eq!(served_by(&world, &key).await, b.id);
    let opened = hold(&world, &a).await;
    until("its time is over", async || (hold(&world, &a).await["remaining_s"] == 0).then_some(())).await;
    assert_eq!(served_by(&world, &key).await, b.id);
    assert_eq!(n_asked(&a), 2);
    assert_ne!(hold(&world, &a).await["id"], opened["id"]);
    assert_eq!(row(&world, &opened, "ended_at is not null").await["ended_why"], "reopened");
}

#[tokio::test]
async fn holds_survive_a_kill() {
    let world = World::alone().await;
    let (a, b, key) = two(&world, json!({"breaker_failures": 1})).await;
    a.script.once(Answer::status(500));
    assert_eq!(served_by(&world, &key).await, b.id);
    let opened = hold(&world, &a).await;
    row(&world, &opened, "ended_at is null").await;
    let paused = world.admin("POST", &format!("/admin/v1/groups/{}/pause", world.tag), &json!({"note": "night"})).await;
    assert_eq!(paused.0, 200, "{}", paused.1);
    let before = world.get("/admin/v1/holds").await["items"].clone();
    world.hub.kill();
    world.hub.start_again().await;
    let without_clock = |holds: &Value| {
        let mut holds = holds.as_array().unwrap().clone();
        for hold in &mut holds {
            hold["remaining_s"] = Value::Null;
        }
        holds
    };
    assert_eq!(without_clock(&world.get("/admin/v1/holds").await["items"]), without_clock(&before));
    assert_ne!(world.message(&key).await.status, 200, "the group is still paused");
    let resumed = world.admin("POST", &format!("/admin/v1/groups/{}/resume", world.tag), &Value::Null).await;
    assert_eq!(resumed.0, 204, "{}", resumed.1);
    assert_eq!(served_by(&world, &key).await, b.id);
    assert_eq!(n_asked(&a), 1, "its breaker is still open");
}

#[tokio::test]
async fn replicas_hear_of_holds_and_of_their_end() {
    let (redis, _) = crate::redis::start().await;
    let dsn = postgres::database().await;
    let setup = || Setup::bare().with_dsn(&dsn).set("REDIS_URL", &redis);
    let first = World::with(setup()).await;
    let (a, b, key) = two(&first, json!({"breaker_failures": 1})).await;
    let second = World::with(setup()).await;
    // Replicas ask for nothing by themselves: what they know of one another's holds they were told.
    for n in 0..5 {
        a.script.once(Answer::status(500));
        assert_eq!(served_by(&first, &key).await, b.id);
        let heard = until("the other replica hears of it", async || holds(&second, &a).await.pop()).await;
        assert_eq!(heard["id"], hold(&first, &a).await["id"]);
        if n < 4 {
            first.well_again(&a).await;
            until("it hears of its end", async || holds(&second, &a).await.is_empty().then_some(())).await;
        }
    }
    let heard = hold(&second, &a).await;
    assert_eq!(served_by(&second, &key).await, b.id);
    assert_eq!(n_asked(&a), 5);
    let (status, problem) =
        second.admin("DELETE", &format!("/admin/v1/holds/{}", heard["id"].as_str().unwrap()), &Value::Null).await;
    assert_eq!(status, 204, "{problem}");
    assert_eq!(served_by(&second, &key).await, a.id);
    until("the first replica hears of its end", async || holds(&first, &a).await.is_empty().then_some(())).await;
    assert_eq!(served_by(&first, &key).await, a.id);
}

#[tokio::test]
async fn a_probe_notices_a_recovery_without_a_users_call() {
    let world = World::alone().await;
    // Nobody is asked before all of them are on hold.
    world.patch("/admin/v1/settings", &json!({"probe_interval_s": 0})).await;
    let probed = json!({"breaker_failures": 1, "breaker_successes": 2, "probe": true});
    let (broken, fallback, key) = two(&world, probed).await;
    let of = async |name: &str, fields: Value, answer: Answer| {
        let provider = world.provider_with(name, merge(json!({"priority": -1}), fields)).await;
        provider.script.once(answer);
        assert_eq!(served_by(&world, &key).await, fallback.id);
        provider
    };
    broken.script.once(Answer::status(500));
    assert_eq!(served_by(&world, &key).await, fallback.id);
    let refused = of("refused", json!({"probe": true}), Answer::status(401)).await;
    let limited = of("limited", json!({"probe": true}), Answer::status(429)).await;
    let private = of("private", json!({"probe": false, "breaker_failures": 1}), Answer::status(500)).await;
    world.patch("/admin/v1/settings", &json!({"probe_interval_s": 1})).await;
    until("probes have healed what they can", async || {
        let left = [holds(&world, &broken).await, holds(&world, &refused).await].concat();
        left.is_empty().then_some(())
    })
    .await;
    for provider in [&broken, &refused] {
        for probe in &provider.script.requests()[1..] {
            assert_eq!(probe.json()["max_tokens"], 16, "no user's call was needed");
        }
    }
    assert!(n_asked(&broken) >= 4, "an open breaker is half-open after the first, and closed after two more");
    let n_recorded = format!("select count(*) as n from calls where kind = 'probe' and provider_id = {}", broken.id);
    until("probes are on record", async || (world.value(&n_recorded).await.as_i64().unwrap() >= 3).then_some(())).await;
    assert_eq!((n_asked(&limited), n_asked(&private)), (1, 1), "neither is ever probed");
}

#[tokio::test]
async fn holds_are_written_once_postgres_is_back() {
    let (world, dsn, switch) = world_on_a_cable().await;
    let (a, b, key) = two(&world, json!({"breaker_failures": 1})).await;
    switch.send_replace(Cable::Pulled);
    a.script.once(Answer::status(500));
    for _ in 0..2 {
        assert_eq!(served_by(&world, &key).await, b.id);
    }
    let hold = hold(&world, &a).await;
    assert_eq!((&hold["reason"], n_asked(&a)), (&json!("breaker"), 1));
    switch.send_replace(Cable::Plugged);
    let sql = format!("select reason from holds where id = '{}'", hold["id"].as_str().unwrap());
    let row = until("the hold is written", async || postgres::rows(&dsn, &sql).await.pop()).await;
    assert_eq!(row["reason"], "breaker");
}
