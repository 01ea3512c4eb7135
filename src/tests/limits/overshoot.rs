//! Many calls at once against one limit: what is spent beyond it, and what is left unused.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{COST, backends, full, nano, provider, window};
use crate::{
    patience::until,
    upstream::{Answer, Gate, Turn, Used},
    world::{Key, World},
};

/// What a call costs at most: all of its body as input as well, at 3 dollars per million, and what is added because parts
/// are rounded.
fn worst(body: &Value) -> i64 {
    let n_bytes = i64::try_from(body.to_string().len()).unwrap();
    COST + n_bytes * 3_000 + 7
}

/// What a window holds once nothing is reserved any more.
async fn settled(world: &World, key: &Key) -> Value {
    let path = format!("keys/{}", key.id);
    until("nothing is reserved any more", async || {
        let used = window(world, &path, "daily").await;
        (used["reserved"] == "0").then_some(used)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_calls_at_once_never_overshoot_a_hard_limit() {
    for world in backends().await {
        let (_, model) = provider(&world).await;
        let body = |session: &str| full(&model, session);
        // For fifty calls, and not quite enough for a reservation more.
        let worst = worst(&body("s000"));
        let limit = 50 * COST + worst / 2;
        let daily = format!("0.{limit:09}");
        let key = world.key_with(json!({}), json!({"limit_daily_usd": daily, "limit_mode": "hard"})).await;
        let (world, key) = (Arc::new(world), Arc::new(key));
        let calls = (0..1_000).map(|n| {
            let (world, key, body) = (world.clone(), key.clone(), body(&format!("s{n:03}")));
            tokio::spawn(async move { world.messages(&key, &body).await.status })
        });
        let calls: Vec<_> = calls.collect();
        let path = format!("keys/{}", key.id);
        let (mut passed, mut n_looks) = (0, 0);
        for call in calls {
            // While they run, too, nothing is granted beyond the limit.
            if n_looks < 20 && !call.is_finished() {
                n_looks += 1;
                let used = window(&world, &path, "daily").await;
                assert!(nano(&used["settled"]) + nano(&used["reserved"]) <= limit, "overshot: {used}");
            }
            match call.await.unwrap() {
                200 => passed += 1,
                // Too many at once for Redis to answer in time is a refusal too, which may be tried again.
                status => assert!(status == 402 || status == 503, "{status}"),
            }
        }
        // Those that were refused are tried again until nothing is in flight and nothing passes.
        loop {
            let was_free = settled(&world, &key).await;
            match world.messages(&key, &body("more")).await.status {
                200 => passed += 1,
                402 => {
                    let left = limit - nano(&was_free["settled"]);
                    assert!(left < worst, "refused although {left} were left: {was_free}");
                    break;
                }
                status => assert_eq!(status, 503),
            }
            assert!(passed * COST <= limit, "overshot");
        }
        let spent = settled(&world, &key).await;
        assert_eq!(nano(&spent["settled"]), passed * COST, "{spent}");
        assert!(passed * COST <= limit && passed == 50, "{passed}");
        let sql = format!(
            "select coalesce(sum(a.cost), 0)::bigint from attempts a join calls c on c.id = a.call_id where c.key_id = {}",
            key.id
        );
        until("the ledger agrees", async || (world.value(&sql).await == passed * COST).then_some(())).await;
    }
}

/// The status of a call that is asked again as long as Redis is too busy, and how often it was.
async fn decided(world: &World, key: &Key, body: &Value) -> (u16, u32) {
    let mut n_busy = 0;
    loop {
        match world.messages(key, body).await.status {
            503 => n_busy += 1,
            status => return (status, n_busy),
        }
        assert!(n_busy < 60, "Redis does not answer");
        // Longer each time: if all came back at once it would stay too busy.
        tokio::time::sleep(Duration::from_millis(200) * n_busy.min(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_soft_limit_is_overshot_by_at_most_what_is_in_flight() {
    for world in backends().await {
        // A Redis that is too busy to answer in time must not let calls pass uncounted.
        world.patch("/admin/v1/settings", &json!({"limits_when_away": "fail_closed"})).await;
        let (provider, model) = provider(&world).await;
        // All that start are in flight at the same time: none is settled before all others were decided.
        let gate = Gate::new();
        let held = gate.clone();
        provider.script.by(move |seen| {
            let used = Used { input: 0, output: super::OUTPUT, cache_write_5m: 0, cache_write_1h: 0, cache_read: 0 };
            let message = Turn::new().model(&seen.model()).used(used).message();
            Answer::json(200, &message).pause_before_head(&held)
        });
        let limit = 150_000_000;
        let limits = json!({"limit_daily_usd": format!("0.{limit:09}"), "limit_mode": "soft"});
        let key = world.key_with(json!({}), limits).await;
        let body = |n: u32| {
            let mut body = full(&model, &format!("s{n:03}"));
            body["max_tokens"] = 100.into();
            body
        };
        // They say that they write 100 tokens, and write ten times as many.
        let expected = i64::try_from(body(0).to_string().len() / 4).unwrap() * 3_000 + 100 * 15_000;
        let (world, key) = (Arc::new(world), Arc::new(key));
        let calls = (0..200).map(|n| {
            let (world, key, body) = (world.clone(), key.clone(), body(n));
            tokio::spawn(async move { decided(&world, &key, &body).await })
        });
        let calls: Vec<_> = calls.collect();
        let n_refused = async || calls.iter().filter(|call| call.is_finished()).count();
        until("every call was decided", async || {
            (n_refused().await + provider.script.requests().len() == 200).then_some(())
        })
        .await;
        let in_flight = i64::try_from(provider.script.requests().len()).unwrap();
        assert!(in_flight * expected <= limit, "more than the limit was reserved: {in_flight} of {expected}");
        until("what is reserved is theirs alone", async || {
            let used = window(&world, &format!("keys/{}", key.id), "daily").await;
            ((nano(&used["settled"]), nano(&used["reserved"])) == (0, in_flight * expected)).then_some(())
        })
        .await;
        gate.open();
        let (mut passed, mut n_busy) = (0, 0_u32);
        for call in calls {
            match call.await.unwrap() {
                (200, n) => (passed, n_busy) = (passed + 1, n_busy + n),
                (status, n) => {
                    assert_eq!(status, 402);
                    n_busy += n;
                }
            }
        }
        assert_eq!(passed, in_flight);
        // Nobody was refused although it would have fitted in.
        assert!((in_flight + 1) * expected > limit || n_busy > 0, "{in_flight}");
        let spent = nano(&settled(&world, &key).await["settled"]);
        assert_eq!(spent, passed * COST);
        assert!(spent <= limit + in_flight * (COST - expected), "overshot by more than what was in flight: {spent}");
        println!(
            "soft limit of {limit}, {in_flight} calls in flight that cost ten times what they say: {spent} nano-dollars"
        );
        // Nothing starts any more once what is settled is over the limit.
        assert_eq!(decided(&world, &key, &body(999)).await.0, 402);
    }
}
