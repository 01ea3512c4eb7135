//! The hub, its Postgres and its Redis are killed under load, at random: what a client has seen whole is recorded once,
//! counters are what the ledger says, and no hard limit is overshot. `KILL_SEED` plays a run again, as far as time lets it.

mod audit;

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    process::Child,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};

use self::audit::{audit, audit_counters};
use crate::{
    client::Request,
    hub::Setup,
    patience::until,
    reaper, redis,
    upstream::{Answer, Seen, Turn, Used, turn::event},
    world::{Key, Provider, World, ask},
};

/// Output tokens of each answer.
const OUTPUT: u64 = 385;

/// What each answer costs, in nano-dollars: [`World::priced_model`] asks 15 dollars for a million.
const COST: i64 = 385 * 15_000;

/// By how much the hard limit is raised in each round: a few calls, so that it is always nearly used up.
const RAISE: i64 = 9 * COST;

/// Numbers that look random and follow from the seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let seed = std::env::var("KILL_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| chrono::Utc::now().timestamp_micros().cast_unsigned());
        println!("KILL_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    async fn moment(&mut self, ms_max: u64) {
        tokio::time::sleep(Duration::from_micros(self.below(ms_max * 1_000 + 1))).await;
    }
}

/// What the clients have seen so far.
#[derive(Default)]
struct Seens {
    whole: Mutex<BTreeSet<String>>,
    cut: Mutex<BTreeSet<String>>,
    n_whole: AtomicU32,
    n_refused: AtomicU32,
    stop: AtomicBool,
}

/// One client: one request after the other, until told to stop.
async fn client(address: SocketAddr, key: Key, model: String, seens: Arc<Seens>, stream: bool) {
    let body = ask(&model, stream).to_string();
    let request = Request::post("/v1/messages", body).header("x-api-key", &key.secret);
    while !seens.stop.load(Ordering::Relaxed) {
        // Nobody is there just now, or says no.
        let Ok(mut reply) = request.try_send(address).await else {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        if reply.status != 200 {
            seens.n_refused.fetch_add(u32::from(reply.status == 402), Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
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
async fn served(seens: &Seens, n: u64) {
    let start = seens.n_whole.load(Ordering::Relaxed);
    let enough = start + u32::try_from(n).unwrap();
    until("answers flow", async || (seens.n_whole.load(Ordering::Relaxed) >= enough).then_some(())).await;
}

/// What can be killed.
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

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        reaper::forget(self.child.id());
    }
}

/// All that is driven, and all that drives it.
struct Run {
    world: World,
    redis: Option<Redis>,
    seens: Arc<Seens>,
    dice: Dice,
    providers: [Provider; 2],
    soft: Key,
    hard: Key,
    limit: i64,
    n_killed: [u32; 3],
}

impl Run {
    async fn begin(redis: Option<Redis>) -> Self {
        let setup = redis.as_ref().map_or_else(Setup::bare, |redis| Setup::bare().set("REDIS_URL", &redis.url()));
        let world = World::with(setup).await;
        let providers = [
            world.provider_with("a", json!({"priority": 0})).await,
            world.provider_with("b", json!({"priority": 1})).await,
        ];
        for (provider, every) in providers.iter().zip([7, 23]) {
            provider.script.by(overloaded_at_times(every));
        }
        let soft = world.key().await;
        let hard = world.key_with(json!({}), json!({"limit_total_usd": "0", "limit_mode": "hard"})).await;
        Self {
            world,
            redis,
            seens: Arc::default(),
            dice: Dice::new(),
            providers,
            soft,
            hard,
            limit: 3 * COST,
            n_killed: [0; 3],
        }
    }

    /// A little more than the hard limit lets pass.
    async fn raise(&mut self) {
        self.limit += RAISE;
        let limit = format!("{}.{:09}", self.limit / 1_000_000_000, self.limit % 1_000_000_000);
        let path = format!("/admin/v1/keys/{}", self.hard.id);
        until("the limit is raised", async || {
            let body = json!({"limit_total_usd": limit});
            (self.world.admin("PATCH", &path, &body).await.0 == 200).then_some(())
        })
        .await;
    }

    /// One of them, two, or all three.
    fn victims(&mut self) -> Vec<Victim> {
        let all = [Victim::Hub, Victim::Postgres, Victim::Redis];
        let there = &all[..if self.redis.is_some() { 3 } else { 2 }];
        let n = [1, 1, 2, 2, 2, 3][usize::try_from(self.dice.below(6)).unwrap()].min(there.len());
        let mut victims = there.to_vec();
        while victims.len() > n {
            victims.remove(usize::try_from(self.dice.below(victims.len().try_into().unwrap())).unwrap());
        }
        if self.dice.one_in(2) {
            victims.reverse();
        }
        victims
    }

    /// Kills some of them at a random moment, and brings them back in any order.
    async fn round(&mut self) {
        self.raise().await;
        let n = 5 + self.dice.below(50);
        served(&self.seens, n).await;
        if let Some(redis) = self.redis.as_ref()
            && self.dice.one_in(2)
        {
            // If it is killed it will have kept less than it knows.
            redis::tell(&redis.url(), &["SAVE"]);
            served(&self.seens, 3).await;
        }
        let mut victims = self.victims();
        let postmaster = self.world.hub.postmaster().expect("a private Postgres");
        for victim in &victims {
            self.dice.moment(30).await;
            match victim {
                Victim::Hub => self.world.hub.kill(),
                Victim::Postgres => assert!(reaper::signal(postmaster, "KILL")),
                Victim::Redis => self.redis.as_mut().unwrap().kill(),
            }
            self.n_killed[*victim as usize] += 1;
        }
        if self.dice.one_in(2) {
            victims.reverse();
        }
        if !victims.contains(&Victim::Hub) {
            // Answers go on while they are away.
            let n = 5 + self.dice.below(40);
            served(&self.seens, n).await;
        }
        for victim in &victims {
            self.dice.moment(100).await;
            match victim {
                Victim::Hub => self.world.hub.start_again().await,
                // It comes back by itself, or with the hub.
                Victim::Postgres => {}
                Victim::Redis => {
                    let empty = self.dice.one_in(3);
                    let redis = self.redis.as_mut().unwrap();
                    redis.child = redis::start_kept(redis.port, empty).await;
                }
            }
        }
        let was_killed = victims.contains(&Victim::Postgres);
        until("Postgres is there", async || {
            self.world.hub.postmaster().filter(|pid| !was_killed || *pid != postmaster)?;
            (self.world.admin("GET", "/admin/v1/users", &Value::Null).await.0 == 200).then_some(())
        })
        .await;
    }
}

/// Long streams in many pieces, so that a kill finds them in every state; every so many requests are too many.
fn overloaded_at_times(every: usize) -> impl Fn(&Seen) -> Answer + Send + Sync + 'static {
    let used = Used { input: 0, output: OUTPUT, cache_write_5m: 0, cache_write_1h: 0, cache_read: 0 };
    let delta = event("content_block_delta", json!({"index": 0, "delta": {"type": "thinking_delta", "thinking": "…"}}));
    let n_asked = AtomicUsize::new(0);
    move |seen| {
        let turn = Turn::new().model(&seen.model()).used(used);
        if n_asked.fetch_add(1, Ordering::Relaxed) % every == every - 1 {
            return Answer::status(529);
        }
        if !seen.streams() {
            return turn.answer(false);
        }
        let mut events = turn.events();
        events.splice(3..3, std::iter::repeat_n(delta.clone(), 300));
        Answer::events(events).in_pieces_of(97)
    }
}

/// Clients ask without a pause while victims are killed; then the books are held against what the clients have seen.
async fn kill_under_load(n_rounds: usize, redis: Option<Redis>) {
    let mut run = Run::begin(redis).await;
    let model = run.world.priced_model().await;
    let clients: Vec<_> = (0..14)
        .map(|n| {
            let key = if n < 10 { run.soft.clone() } else { run.hard.clone() };
            tokio::spawn(client(run.world.hub.address, key, model.clone(), run.seens.clone(), n % 3 != 0))
        })
        .collect();
    for _ in 0..n_rounds {
        run.round().await;
    }
    run.raise().await;
    served(&run.seens, 40).await;
    run.seens.stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    let calls = audit(&run).await;
    audit_counters(&run, &calls).await;
    // What a hub that starts now counts is the same.
    run.world.hub.kill();
    run.world.hub.start_again().await;
    audit_counters(&run, &calls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_under_load_lose_no_answer_and_count_none_twice() {
    kill_under_load(12, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_hub_postgres_and_redis_leave_counters_equal_to_the_sums_and_no_limit_overshot() {
    kill_under_load(30, Some(Redis::start().await)).await;
}
