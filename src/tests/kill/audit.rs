//! What must hold when all is over.

use std::{
    collections::BTreeSet,
    sync::{Mutex, atomic::Ordering},
};

use serde_json::Value;

use super::{OUTPUT, Run};
use crate::{
    limits,
    patience::{until, until_or},
    world::World,
};

/// All recorded calls.
async fn recorded(world: &World) -> Vec<Value> {
    let mut calls = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = world.get(&format!("/admin/v1/calls?limit=500{cursor}")).await;
        calls.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return calls,
        }
    }
}

/// What the calls cost of which a field has this value.
fn spent(calls: &[Value], field: &str, value: &str) -> i64 {
    calls.iter().filter(|call| call[field] == value).map(|call| limits::nano(&call["cost_usd"])).sum()
}

/// What counters say of dollars is what the calls cost, and nothing is held any more.
pub(super) async fn audit_counters(run: &Run, calls: &[Value]) {
    let keys = [&run.soft, &run.hard];
    let keys = keys.map(|key| (format!("keys/{}", key.id), spent(calls, "key_id", &key.id)));
    let users = [&run.soft, &run.hard].map(|key| (format!("users/{}", key.user_id), spent(calls, "key_id", &key.id)));
    let providers = run.providers.each_ref();
    let providers = providers.map(|it| (format!("providers/{}", it.id), spent(calls, "provider_id", &it.id)));
    for (path, spent) in keys.into_iter().chain(users).chain(providers) {
        // What died held its places for a while, and what it had settled is told to Redis when it is read again.
        let last = Mutex::new(Value::Null);
        let what = || format!("{path} has spent {spent}, and nothing is held: {}", last.lock().unwrap());
        until_or(what, async || {
            let (status, limits) = run.world.admin("GET", &format!("/admin/v1/{path}/limits"), &Value::Null).await;
            last.lock().unwrap().clone_from(&limits);
            let items = (status == 200).then(|| limits["items"].as_array().unwrap().clone())?;
            let of = |window: &str| items.iter().find(|item| item["window"] == window).cloned();
            let (total, running) = (of("total")?, of("concurrent_requests")?);
            let is_over = total["reserved"] == "0" && running["settled"] == 0;
            (is_over && limits::nano(&total["settled"]) == spent).then_some(())
        })
        .await;
    }
}

/// Every whole answer has its row once, whole; what was cut is closed; the hard limit holds.
pub(super) async fn audit(run: &Run) -> Vec<Value> {
    let (world, seens) = (&run.world, &run.seens);
    let (whole, cut) = (seens.whole.lock().unwrap().clone(), seens.cut.lock().unwrap().clone());
    let calls = until("every whole answer is recorded", async || {
        let calls = recorded(world).await;
        let ids: BTreeSet<&str> = calls.iter().map(|call| call["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), calls.len(), "an id is there twice");
        whole.iter().chain(&cut).all(|id| ids.contains(id.as_str())).then_some(calls.clone())
    })
    .await;
    for call in &calls {
        let id = call["id"].as_str().unwrap();
        if whole.contains(id) {
            assert_eq!((&call["outcome"], &call["usage"]["output"]), (&"completed".into(), &OUTPUT.into()), "{call}");
            assert_eq!(call["token_source"], "reported", "{call}");
        }
        if cut.contains(id) {
            // The hub may have settled a call whose last bytes the kill kept from its client.
            assert!(["interrupted", "completed", "abandoned"].contains(&call["outcome"].as_str().unwrap()), "{call}");
        }
    }
    let n_interrupted = calls.iter().filter(|call| call["outcome"] == "interrupted").count();
    assert!(n_interrupted > 0, "no call was in flight when the hub was killed");
    let n_again = calls.iter().filter(|call| call["n_attempts"].as_u64().unwrap() > 1).count();
    assert!(n_again > 0, "no attempt has failed");
    let n_refused = seens.n_refused.load(Ordering::Relaxed);
    assert!(n_refused > 0, "the hard limit was never reached");
    let hard = spent(&calls, "key_id", &run.hard.id);
    assert!(hard > 0 && hard <= run.limit, "{hard} of {}", run.limit);
    let usage = world.get("/admin/v1/usage?step=total").await;
    let sums = &usage["items"][0];
    assert_eq!(sums["calls"], calls.len(), "sums agree with the calls: {sums}");
    let output: u64 = calls.iter().map(|call| call["usage"]["output"].as_u64().unwrap()).sum();
    assert_eq!(sums["usage"]["output"], output, "{sums}");
    let [hub, postgres, redis] = run.n_killed;
    println!(
        "killed: hub {hub}, Postgres {postgres}, Redis {redis}; answers: {} whole, {} cut; recorded: {}, of them \
         {n_interrupted} interrupted, {n_again} with failover; lost 0, twice 0; hard limit: {hard} of {} nano-dollars \
         used, {n_refused} refused",
        whole.len(),
        cut.len(),
        calls.len(),
        run.limit,
    );
    calls
}
