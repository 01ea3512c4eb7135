//! Providers in trouble, and many calls at the same time: what one of them can serve is served.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::{
    client::Request,
    patience::until,
    upstream::{self, Answer, End, Seen, Turn},
    world::{Key, Provider, World, ask},
};

const N_CALLS: usize = 500;
const AT_ONCE: usize = 50;

/// Calls that the dying provider serves before it dies.
const N_BEFORE_DEATH: usize = 60;

/// Streams that are under way when it dies.
const N_AT_DEATH: usize = 6;

/// Every second call fails, from the first on.
fn every_second_fails() -> impl Fn(&Seen) -> Answer + Send + Sync + 'static {
    let n_asked = AtomicUsize::new(0);
    move |seen| {
        let fails = n_asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
        if fails { Answer::status(500) } else { Turn::new().answer(seen.streams()) }
    }
}

/// Serves for a while; then streams break in their middle, and from then on there is no answer at all. Counts the
/// streams that it has broken.
fn dies(n_broken: Arc<AtomicUsize>) -> impl Fn(&Seen) -> Answer + Send + Sync + 'static {
    let n_asked = AtomicUsize::new(0);
    move |seen| {
        // It dies with a stream: chance says which of those that are under way are some.
        let lives_on = !seen.streams() && n_broken.load(Ordering::Relaxed) == 0;
        if n_asked.fetch_add(1, Ordering::Relaxed) < N_BEFORE_DEATH || lives_on {
            return Turn::new().answer(seen.streams());
        }
        let breaks = |n| (seen.streams() && n < N_AT_DEATH).then_some(n + 1);
        if n_broken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, breaks).is_ok() {
            return Turn::new().answer(true).cut_after(10, End::Reset);
        }
        Answer::nothing(End::Reset)
    }
}

/// Makes the call with this number, every second one a stream. Its id, and whether all of a proper answer came.
async fn call(world: &World, key: &Key, n: usize) -> (String, bool) {
    let is_stream = n.is_multiple_of(2);
    let mut reply = world.anew(key, &ask("claude-sonnet-4-5", is_stream)).await;
    let (body, is_whole) = reply.drain().await;
    let is_served = is_whole && reply.status == 200 && body == Turn::new().answer(is_stream).body();
    (reply.call_id(), is_served)
}

#[tokio::test]
async fn three_providers_in_trouble_lose_no_call_that_one_of_them_can_serve() {
    let world = World::alone().await;
    let n_broken = Arc::new(AtomicUsize::new(0));

    let (flapping, slow) = (world.provider("flapping").await, world.provider("slow").await);
    let dying = world.provider("dying").await;
    flapping.script.by(every_second_fails());
    slow.script.by(|seen| Turn::new().answer(seen.streams()).after(Duration::from_millis(200)));
    dying.script.by(dies(n_broken.clone()));
    let key = world.key().await;

    let calls = stream::iter(0..N_CALLS).map(|n| call(&world, &key, n));
    let replies: Vec<(String, bool)> = calls.buffer_unordered(AT_ONCE).collect().await;
    let unserved: BTreeSet<&str> = replies.iter().filter(|(_, served)| !served).map(|(id, _)| id.as_str()).collect();
    let rows = recorded(&world, &key).await;
    assert!(n_broken.load(Ordering::Relaxed) > 0, "the dying provider has not died");

    // A stream that breaks after a part went out cannot be saved. Everything else can.
    let interrupted: BTreeSet<&str> =
        rows.iter().filter(|row| row["outcome"] == "interrupted").map(|row| row["id"].as_str().unwrap()).collect();
    let failed: Vec<&Value> = rows.iter().filter(|row| unserved.contains(row["id"].as_str().unwrap())).collect();
    assert_eq!(interrupted.len(), n_broken.load(Ordering::Relaxed), "{failed:#?}");
    assert_eq!(unserved, interrupted, "calls were lost that a provider could have served: {failed:#?}");

    // Each is recorded, once.
    let known: BTreeSet<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    let told: BTreeSet<&str> = replies.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!((rows.len(), known.len()), (N_CALLS, N_CALLS));
    assert_eq!(known, told);
    assert!(rows.iter().all(|row| row["outcome"] == "completed" || row["outcome"] == "interrupted"), "{rows:#?}");
    for row in &rows {
        assert_eq!((&row["n_attempts"], &row["n_last"]), (&row["n_rows"], &json!(1)), "{row}");
    }
    for provider in [&flapping, &slow, &dying] {
        check_attempts(&world, provider).await;
    }
}

/// All calls of a key with what their attempts add up to, once all are recorded.
async fn recorded(world: &World, key: &Key) -> Vec<Value> {
    let sql = format!(
        "select c.id, c.outcome, c.n_attempts, count(a.*) as n_rows, \
         count(*) filter (where a.result in ('completed', 'interrupted')) as n_last \
         from calls c join attempts a on a.call_id = c.id where c.key_id = {} group by c.id, c.outcome, c.n_attempts",
        key.id
    );
    until("all calls are recorded", async || {
        let rows = world.rows(&sql).await;
        assert!(rows.len() <= N_CALLS, "more calls than were made");
        (rows.len() == N_CALLS).then_some(rows)
    })
    .await
}

/// Whatever a provider was asked is an attempt in the ledger.
async fn check_attempts(world: &World, provider: &Provider) {
    let sql = format!("select count(*) as n from attempts where provider_id = {}", provider.id);
    until("what was asked is recorded", async || {
        let n = world.value(&sql).await.as_u64().unwrap();
        (n == u64::try_from(provider.script.requests().len()).unwrap()).then_some(())
    })
    .await;
}

fn n_served(replies: Vec<bool>) -> usize {
    replies.into_iter().filter(|is_served| *is_served).count()
}

#[tokio::test]
async fn a_single_provider_that_fails_every_second_call_serves_at_least_as_many_as_without_the_hub() {
    const N: usize = 60;
    let world = World::alone().await;
    let body = ask("claude-sonnet-4-5", true).to_string();

    let without = upstream::Script::new();
    without.by(every_second_fails());
    let target = without.url().split_once(&upstream::address().to_string()).unwrap().1.to_owned() + "/v1/messages";
    let direct = stream::iter(0..N).map(|_| {
        let request = Request::post(&target, body.clone());
        async move { request.send(upstream::address()).await.status == 200 }
    });
    let n_without = n_served(direct.buffer_unordered(6).collect().await);
    assert_eq!(n_without, N / 2);

    let provider = world.provider("a").await;
    provider.script.by(every_second_fails());
    let key = world.key().await;
    let through = stream::iter(0..N).map(|n| call(&world, &key, n));
    let replies: Vec<(String, bool)> = through.buffer_unordered(6).collect().await;
    let n_with = n_served(replies.into_iter().map(|(_, is_served)| is_served).collect());
    assert!(n_with >= n_without, "{n_with} of {N} through the hub, {n_without} without it");
    assert!(provider.script.requests().len() >= N, "a call was answered without asking the only provider");
}

#[tokio::test]
async fn a_single_provider_that_is_well_again_serves_the_next_call() {
    let world = World::alone().await;
    let provider = world.provider("a").await;
    let key = world.key().await;
    let waits = async |ms: Value| {
        world.patch(&format!("/admin/v1/providers/{}", provider.id), &json!({"first_byte_timeout_ms": ms})).await;
    };
    for trouble in [Answer::status(500), Answer::status(529), Answer::nothing(End::Reset), Answer::nothing(End::Stall)]
    {
        // Only what has to run out is short, and only for as long as it has to.
        waits(if trouble.end() == End::Stall { json!(2_000) } else { Value::Null }).await;
        provider.script.always(trouble.clone());
        let calls = stream::iter(0..8).map(|n| call(&world, &key, n));
        let replies: Vec<(String, bool)> = calls.buffer_unordered(8).collect().await;
        assert_eq!(n_served(replies.into_iter().map(|(_, is_served)| is_served).collect()), 0, "{trouble:?}");
        provider.script.by(Answer::proper);
        waits(Value::Null).await;
        for n in 0..2 {
            assert!(call(&world, &key, n).await.1, "after {trouble:?}");
        }
    }
}
