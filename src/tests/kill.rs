//! The hub and its Postgres are killed under load: what a client has seen whole is recorded once.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    process::Child,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use serde_json::{Value, json};

use crate::{
    client::Request,
    hub::Setup,
    limits,
    patience::until,
    reaper, redis,
    upstream::{Answer, Seen, Turn, turn::event},
    world::{Key, Provider, World, ask},
};

/// What the clients have seen so far.
#[derive(Default)]
struct Seens {
    whole: Mutex<BTreeSet<String>>,
    cut: Mutex<BTreeSet<String>>,
    n_whole: AtomicU32,
    stop: AtomicBool,
}

/// One client: one request after the other, until told to stop.
async fn client(address: SocketAddr, key: Key, seens: Arc<Seens>, stream: bool) {
    let body = ask("claude-sonnet-4-5", stream).to_string();
    let request = Request::post("/v1/messages", body).header("x-api-key", &key.secret);
    while !seens.stop.load(Ordering::Relaxed) {
        let Ok(mut reply) = request.try_send(address).await else {
            // Nobody is there just now.
            tokio::task::yield_now().await;
            continue;
        };
        if reply.status != 200 {
            continue;
        }
        let id = reply.call_id();
        let (body, whole) = reply.drain().await;
        let whole = whole && (!stream || String::from_utf8_lossy(&body).contains("event: message_stop"));
        if whole {
            assert!(seens.whole.lock().unwrap().insert(id.clone()), "{id} twice");
            seens.n_whole.fetch_add(1, Ordering::Relaxed);
        } else {
            seens.cut.lock().unwrap().insert(id);
        }
    }
}

/// Waits until the clients have seen `n` more whole answers.
async fn served(seens: &Seens, n: u32) {
    let start = seens.n_whole.load(Ordering::Relaxed);
    until("answers flow", async || (seens.n_whole.load(Ordering::Relaxed) >= start + n).then_some(())).await;
}

/// All recorded calls: id to outcome, cost and token source.
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

/// What is killed in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Hub,
    Postgres,
    Redis,
}

/// The Redis of a hub that has one.
struct Redis {
    port: u16,
    child: Child,
}

impl Redis {
    async fn start() -> Self {
        let port = reaper::free_port();
        Self { port, child: redis::start_at(port).await.1 }
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills it; what it held is gone.
    async fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        reaper::forget(self.child.id());
        self.child = redis::start_at(self.port).await.1;
    }
}

/// Kills one of them while calls run, and waits until it is back.
async fn kill(victim: Victim, world: &World, redis: Option<&mut Redis>, seens: &Seens) {
    match (victim, redis) {
        (Victim::Redis, Some(redis)) => redis.kill().await,
        (Victim::Postgres, _) => {
            let postmaster = world.hub.postmaster().expect("a private Postgres");
            assert!(reaper::signal(postmaster, "KILL"));
            // Answers go on while it is away, and it comes back by itself.
            served(seens, 40).await;
            until("Postgres is back", async || {
                let found = world.hub.postmaster().filter(|pid| *pid != postmaster)?;
                (world.admin("GET", "/admin/v1/users", &Value::Null).await.0 == 200).then_some(found)
            })
            .await;
        }
        (Victim::Hub | Victim::Redis, _) => {
            world.hub.kill();
            world.hub.start_again().await;
        }
    }
}

/// Clients ask without a pause while one victim after the other is killed; then the books are held against what the
/// clients have seen.
async fn kill_under_load(victims: &[Victim], mut redis: Option<Redis>) {
    let setup = redis.as_ref().map_or_else(Setup::bare, |redis| Setup::bare().set("REDIS_URL", &redis.url()));
    let world = World::with(setup).await;
    let provider = world.provider("a").await;
    // Long streams in many pieces, so that a kill finds them in every state.
    let delta = event("content_block_delta", json!({"index": 0, "delta": {"type": "thinking_delta", "thinking": "…"}}));
    let mut events = Turn::new().events();
    events.splice(3..3, std::iter::repeat_n(delta, 300));
    let stream = Answer::events(events).in_pieces_of(97);
    provider.script.by(move |seen: &Seen| if seen.streams() { stream.clone() } else { Answer::proper(seen) });
    let key = world.key().await;
    let seens = Arc::new(Seens::default());
    let clients: Vec<_> =
        (0..12).map(|n| tokio::spawn(client(world.hub.address, key.clone(), seens.clone(), n % 3 != 0))).collect();
    for (round, victim) in (0..).zip(victims) {
        served(&seens, 40 + round * 7 % 50).await;
        kill(*victim, &world, redis.as_mut(), &seens).await;
    }
    served(&seens, 40).await;
    seens.stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    let calls = audit(&world, &seens).await;
    audit_counters(&world, &key, &provider, &calls).await;
    // What a hub that starts now counts is the same.
    world.hub.kill();
    world.hub.start_again().await;
    audit_counters(&world, &key, &provider, &calls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_kills_under_load_lose_no_answer_and_count_none_twice() {
    kill_under_load(&[Victim::Hub, Victim::Postgres].repeat(5), None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_kills_of_hub_postgres_and_redis_leave_counters_equal_to_the_sums() {
    let victims = [Victim::Hub, Victim::Postgres, Victim::Redis].repeat(10);
    kill_under_load(&victims, Some(Redis::start().await)).await;
}

/// What counters say of dollars is what the calls cost, and nothing is held any more.
async fn audit_counters(world: &World, key: &Key, provider: &Provider, calls: &[Value]) {
    let spent: i64 = calls.iter().map(|call| limits::nano(&call["cost_usd"])).sum();
    for path in [format!("keys/{}", key.id), format!("users/{}", key.user_id), format!("providers/{}", provider.id)] {
        // What died held its places for a while.
        let total = until("nothing is held", async || {
            let window = limits::window(world, &path, "total").await;
            let running = limits::window(world, &path, "concurrent_requests").await;
            (window["reserved"] == "0" && running["settled"] == 0).then_some(window)
        })
        .await;
        assert_eq!(limits::nano(&total["settled"]), spent, "{path}: {total}");
    }
}

/// Every whole answer has its row once, whole; what was cut is closed.
async fn audit(world: &World, seens: &Seens) -> Vec<Value> {
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
            assert_eq!((&call["outcome"], &call["usage"]["output"]), (&"completed".into(), &385.into()), "{call}");
            assert_eq!(call["token_source"], "reported", "{call}");
        }
        if cut.contains(id) {
            // The hub may have settled a call whose last bytes the kill kept from its client.
            assert!(["interrupted", "completed", "abandoned"].contains(&call["outcome"].as_str().unwrap()), "{call}");
        }
    }
    let n_interrupted = calls.iter().filter(|call| call["outcome"] == "interrupted").count();
    assert!(n_interrupted > 0, "no call was in flight when the hub was killed");
    let usage = world.get("/admin/v1/usage?step=total").await;
    let sums = &usage["items"][0];
    assert_eq!(sums["calls"], calls.len(), "sums agree with the calls: {sums}");
    let output: u64 = calls.iter().map(|call| call["usage"]["output"].as_u64().unwrap()).sum();
    assert_eq!(sums["usage"]["output"], output, "{sums}");
    println!(
        "{} whole answers, {} cut ones, {} recorded, {n_interrupted} interrupted",
        whole.len(),
        cut.len(),
        calls.len()
    );
    calls
}
