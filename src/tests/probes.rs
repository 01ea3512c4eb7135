//! Providers that are on hold are asked whether they are well again: which, when and for what.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::{
    holds::{hold, holds},
    patience::until,
    upstream::{Answer, End, Seen},
    world::{Provider, World, ask, merge},
};

/// A hub that probes every second.
async fn world() -> World {
    let world = World::alone().await;
    probe_every(&world, 1).await;
    world
}

/// So many seconds lie between probes from now on; with 0 there are none, so that nobody is well again before all is looked
/// at that was broken.
async fn probe_every(world: &World, seconds: u32) {
    world.patch("/admin/v1/settings", &json!({"probe_interval_s": seconds})).await;
}

/// A provider that opens its breaker at the first failure.
async fn fragile(world: &World, name: &str, fields: Value) -> Provider {
    let usual = json!({"probe": true, "max_attempts": 1, "breaker_failures": 1});
    world.provider_with(name, merge(usual, fields)).await
}

/// Nobody else in the tests asks for so little.
fn is_probe(seen: &Seen) -> bool {
    seen.json()["max_tokens"] == 16
}

/// The models that probes have asked for.
fn probed(provider: &Provider) -> Vec<String> {
    let probes = provider.script.requests().into_iter().filter(is_probe);
    probes.map(|seen| seen.model()).collect()
}

/// A provider is deleted: another one is asked in its place.
async fn leaves(world: &World, provider: &Provider) {
    let path = format!("/admin/v1/providers/{}", provider.id);
    assert_eq!(world.admin("DELETE", &path, &Value::Null).await.0, 204);
}

/// Waits until nothing is on hold at a provider.
async fn well(world: &World, provider: &Provider) {
    until("probes have found it well", async || holds(world, provider).await.is_empty().then_some(())).await;
}

#[tokio::test]
async fn a_provider_is_asked_for_what_it_serves() {
    let world = world().await;
    // It knows nothing but its own models, and says so in one of the two usual ways.
    for (n, unknown) in [404, 503].into_iter().enumerate() {
        let fields = json!({"models": ["glm-*"], "redirects": [{"from": "glm-4", "to": "glm-4-own"}]});
        let provider = fragile(&world, &format!("p{n}"), fields).await;
        let key = world.key().await;
        probe_every(&world, 0).await;
        provider.script.once(Answer::status(500));
        assert_eq!(world.anew(&key, &ask("glm-4", false)).await.status, 500);
        provider.script.by(move |seen: &Seen| match seen.model().as_str() {
            "glm-4-own" => Answer::proper(seen),
            _ => Answer::status(unknown),
        });
        assert_eq!(hold(&world, &provider).await["model_sent"], "glm-4-own");
        probe_every(&world, 1).await;
        well(&world, &provider).await;
        assert!(probed(&provider).iter().all(|model| model == "glm-4-own"), "{:?}", probed(&provider));
        leaves(&world, &provider).await;
    }
}

#[tokio::test]
async fn a_test_call_asks_for_what_the_rules_admit() {
    let world = World::shared().await;
    let provider = world.provider_with("a", json!({"models": ["glm-*", {"kind": "exact", "value": "house"}]})).await;
    let path = format!("/admin/v1/providers/{}/test", provider.id);
    let (status, result) = world.admin("POST", &path, &json!({})).await;
    assert_eq!((status, &result["model"], &result["ok"]), (200, &json!("house"), &json!(true)), "{result}");
}

#[tokio::test]
async fn an_answer_that_only_blames_the_request_shows_that_a_broken_provider_may_be_tried() {
    let world = world().await;
    let provider = fragile(&world, "a", json!({})).await;
    let key = world.key().await;
    provider.script.once(Answer::status(500));
    provider.script.always(Answer::status(404));
    assert_eq!(world.message(&key).await.status, 500);
    until("it is half-open", async || (hold(&world, &provider).await["remaining_s"] == 0).then_some(())).await;
    let n = probed(&provider).len();
    until("it is asked again", async || (probed(&provider).len() >= n + 2).then_some(())).await;
    assert_eq!(hold(&world, &provider).await["reason"], "breaker", "that it is well is still to be shown");
}

#[tokio::test]
async fn providers_that_are_silent_keep_no_other_from_being_asked() {
    let world = World::alone().await;
    world.patch("/admin/v1/settings", &json!({"providers_max": 1})).await;
    probe_every(&world, 0).await;
    let key = world.key().await;
    let mut silent = Vec::new();
    for n in 0..6 {
        let provider = fragile(&world, &format!("silent-{n}"), json!({"priority": n})).await;
        provider.script.once(Answer::status(500));
        provider.script.always(Answer::nothing(End::Stall));
        silent.push(provider);
        assert_eq!(world.message(&key).await.status, 500);
    }
    let since = Instant::now();
    probe_every(&world, 1).await;
    for provider in &silent {
        until("it is being asked", async || (!probed(provider).is_empty()).then_some(())).await;
    }
    let provider = fragile(&world, "well", json!({"priority": -1})).await;
    provider.script.once(Answer::status(500));
    assert_eq!(world.message(&key).await.status, 500);
    // It takes three answers, one in each interval, while the others are still waited for.
    well(&world, &provider).await;
    assert_eq!(probed(&provider).len(), 3);
    // Each is waited for, ten seconds every time.
    for provider in &silent {
        let (n_asked, waited) = (u64::try_from(probed(provider).len()).unwrap(), since.elapsed());
        assert!(n_asked <= 1 + waited.as_secs() / 10, "asked {n_asked} times in {waited:?}");
    }
}

#[tokio::test]
async fn a_model_on_hold_is_asked_for_as_it_is_sent() {
    let world = world().await;
    let to = |from: &str, to: &str| json!({"from": {"kind": "exact", "value": from}, "to": to});
    let redirects = [to("claude-a", "claude-b"), to("claude-b", "claude-c")];
    let provider = world.provider_with("a", json!({"probe": true, "redirects": redirects})).await;
    let key = world.key().await;
    probe_every(&world, 0).await;
    provider.script.always(Answer::status(403));
    assert_eq!(world.anew(&key, &ask("claude-a", false)).await.status, 403);
    assert_eq!(hold(&world, &provider).await["scope"]["model"], "claude-b");
    provider.script.by(Answer::proper);
    probe_every(&world, 1).await;
    well(&world, &provider).await;
    assert_eq!(probed(&provider), ["claude-b"]);
    let sql = format!("select model_sent from calls where kind = 'probe' and provider_id = {}", provider.id);
    let row = until("the probe is on record", async || world.rows(&sql).await.pop()).await;
    assert_eq!(row["model_sent"], "claude-b");
}

#[tokio::test]
async fn a_probe_that_is_turned_away_holds_nothing_that_works_for_calls() {
    let world = world().await;
    let key = world.key().await;
    for status in [401, 403] {
        let provider = fragile(&world, &format!("p{status}"), json!({})).await;
        provider.script.once(Answer::status(500));
        let turned_away = Answer::status(status);
        provider.script.by(move |seen| if is_probe(seen) { turned_away.clone() } else { Answer::proper(seen) });
        assert_eq!(world.message(&key).await.status, 500);
        until("it is asked twice", async || (probed(&provider).len() >= 2).then_some(())).await;
        assert_eq!(hold(&world, &provider).await["reason"], "breaker", "{status}");
        assert_eq!(world.message(&key).await.status, 200, "{status}");
        leaves(&world, &provider).await;
    }
}

#[tokio::test]
async fn a_breaker_stays_open_while_probes_fail_and_no_call_has_to_find_out() {
    let world = world().await;
    let provider = fragile(&world, "a", json!({"breaker_open_s": 12})).await;
    let other = world.provider_with("b", json!({"priority": 1})).await;
    let key = world.key().await;
    provider.script.always(Answer::status(500));
    assert_eq!(world.message(&key).await.header("x-switchyard-provider"), Some(other.id.as_str()));
    let opened = hold(&world, &provider).await;
    let end: DateTime<Utc> = opened["until"].as_str().unwrap().parse().unwrap();
    until("its time would be over", async || (Utc::now() > end + TimeDelta::seconds(1)).then_some(())).await;
    assert!(probed(&provider).len() >= 2, "it is asked all the time");
    let still = hold(&world, &provider).await;
    assert_eq!((&still["id"], &still["is_absolute"]), (&opened["id"], &json!(false)), "{still}");
    assert!(still["remaining_s"].as_u64().unwrap() > 0, "{still}");
    assert_eq!(world.message(&key).await.header("x-switchyard-provider"), Some(other.id.as_str()));
    // As the last resort it is tried all the same.
    leaves(&world, &other).await;
    provider.script.by(|seen| if is_probe(seen) { Answer::status(500) } else { Answer::proper(seen) });
    assert_eq!(world.message(&key).await.status, 200);
}

#[tokio::test]
async fn a_refused_secret_is_known_to_work_again_even_if_the_model_is_none() {
    let world = world().await;
    let provider = world.provider_with("a", json!({"probe": true})).await;
    let key = world.key().await;
    probe_every(&world, 0).await;
    provider.script.once(Answer::status(401));
    assert_eq!(world.anew(&key, &ask("claude-typo", false)).await.status, 401);
    assert_eq!(hold(&world, &provider).await["reason"], "credential");
    provider.script.by(|seen: &Seen| match seen.model().as_str() {
        "claude-typo" => Answer::status(404),
        _ if is_probe(seen) => Answer::status(401),
        _ => Answer::proper(seen),
    });
    probe_every(&world, 1).await;
    well(&world, &provider).await;
    assert!(probed(&provider).iter().any(|model| model == "claude-typo"), "{:?}", probed(&provider));
    assert_eq!(world.message(&key).await.status, 200);
}

#[tokio::test]
async fn a_secret_that_was_refused_for_one_model_is_known_to_work_for_the_usual_one() {
    let world = world().await;
    let provider = world.provider_with("a", json!({"probe": true})).await;
    let key = world.key().await;
    provider.script.by(|seen: &Seen| match seen.model().as_str() {
        "claude-forbidden" => Answer::status(401),
        _ => Answer::proper(seen),
    });
    probe_every(&world, 0).await;
    assert_eq!(world.anew(&key, &ask("claude-forbidden", false)).await.status, 401);
    assert_eq!(hold(&world, &provider).await["reason"], "credential");
    probe_every(&world, 1).await;
    well(&world, &provider).await;
    assert_eq!(world.message(&key).await.status, 200);
}
