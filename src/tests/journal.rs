//! The journal between two lives of a hub: damaged, old, or too large.

use std::{
    collections::BTreeSet,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::{
    cable::{self, Cable},
    client::Request,
    hub::Setup,
    limits::{nano, provider, window},
    outage::world_on_a_cable,
    patience::until,
    postgres, redis,
    upstream::{Answer, Gate, Turn, Used},
    world::{Key, World, ask},
};

/// A record of a journal: where its header stands, and its payload.
struct Record {
    file: PathBuf,
    at: usize,
    payload: Vec<u8>,
}

impl Record {
    /// All records of the journal of a hub that does not run.
    fn all(world: &World) -> Vec<Self> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(world.hub.setup.data.join("journal"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "journal"))
            .collect();
        files.sort();
        let mut records = Vec::new();
        for file in files {
            let (bytes, mut at) = (std::fs::read(&file).unwrap(), 0);
            while let Some(header) = bytes.get(at..at + 8) {
                let length = usize::try_from(u32::from_le_bytes(header[..4].try_into().unwrap())).unwrap();
                if length == 0 {
                    break;
                }
                let payload = bytes[at + 8..at + 8 + length].to_vec();
                records.push(Self { file: file.clone(), at, payload });
                at += 8 + length;
            }
        }
        records
    }

    /// True if a call is over with it.
    fn is_closing(&self) -> bool {
        self.payload.starts_with(b"\x81\xa6Closed")
    }

    fn write(&self, offset: usize, bytes: &[u8]) {
        write(&self.file, self.at + offset, bytes);
    }

    /// Its moments lie so much further back, as if it had been written then.
    fn age(&mut self, by: chrono::TimeDelta) {
        let now = chrono::Utc::now().timestamp_micros().cast_unsigned();
        let by = by.num_microseconds().unwrap().cast_unsigned();
        for at in 0..self.payload.len().saturating_sub(9) {
            let micros = u64::from_be_bytes(self.payload[at + 1..at + 9].try_into().unwrap());
            if self.payload[at] == 0xcf && (now - 3_600_000_000..=now).contains(&micros) {
                self.payload[at + 1..at + 9].copy_from_slice(&(micros - by).to_be_bytes());
            }
        }
        self.write(4, &crc32(&self.payload).to_le_bytes());
        self.write(8, &self.payload);
    }
}

fn write(file: &Path, at: usize, bytes: &[u8]) {
    let file = std::fs::OpenOptions::new().write(true).open(file).unwrap();
    file.write_all_at(bytes, at.try_into().unwrap()).unwrap();
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

/// What Redis, asked through the hub, says a key has spent at all.
async fn spent(world: &World, key: &Key) -> Option<i64> {
    let (status, limits) = world.admin("GET", &format!("/admin/v1/keys/{}/limits", key.id), &Value::Null).await;
    let items = (status == 200).then(|| limits["items"].as_array().unwrap().clone())?;
    let total = items.into_iter().find(|item| item["window"] == "total")?;
    (total["reserved"] == "0").then(|| nano(&total["settled"]))
}

/// Waits until the counters in Redis are what the ledger says.
async fn agrees(world: &World, dsn: &str, key: &Key, n_calls: usize) {
    let sql = format!(
        "select count(distinct c.id) as n, coalesce(sum(a.cost), 0)::bigint as cost from calls c \
         join attempts a on a.call_id = c.id where c.key_id = {}",
        key.id
    );
    let cost = until("all is recorded and counted once", async || {
        let row = postgres::rows(dsn, &sql).await.remove(0);
        let (n, cost, counted) = (&row["n"], row["cost"].as_i64().unwrap(), spent(world, key).await);
        println!("recorded: {n} calls for {cost}, counted: {counted:?}");
        (*n == n_calls && counted == Some(cost)).then_some(cost)
    })
    .await;
    assert!(cost > 0, "they cost something");
}

/// So many calls, some at a time. One that finds no room in the journal is tried again.
async fn many(world: &World, key: &Key, model: &str, n: usize) {
    let body = ask(model, false);
    let calls = stream::iter(0..n).map(|_| async {
        until("a call is served", async || {
            let mut reply = world.messages(key, &body).await;
            assert!(reply.status == 200 || reply.status == 503, "{}", reply.status);
            reply.body().await;
            (reply.status == 200).then_some(())
        })
        .await;
    });
    calls.buffer_unordered(16).collect::<Vec<()>>().await;
}

#[tokio::test]
async fn what_ended_more_than_a_day_ago_is_counted_once_when_it_is_read_again() {
    let (redis, _process) = redis::start().await;
    let world = World::with(Setup::usual().await.set("REDIS_URL", &redis)).await;
    let (provider, model) = provider(&world).await;
    let key = world.key_with(json!({}), json!({"limit_total_usd": "9"})).await;
    // A long stream keeps the journal from its beginning on.
    let gate = Gate::new();
    provider.script.once(Turn::new().answer(true).pause_after(8, &gate));
    let _long = world.messages(&key, &ask(&model, true)).await;
    for _ in 0..3 {
        assert_eq!(world.messages(&key, &ask(&model, false)).await.status, 200);
    }
    until("they are settled and recorded", async || {
        let n = world.value(&format!("select count(*) from calls where key_id = {}", key.id)).await;
        let total = window(&world, &format!("keys/{}", key.id), "total").await;
        (n == 3 && nano(&total["settled"]) == 3 * 15_000_000).then_some(())
    })
    .await;
    world.hub.kill();
    // It is started again the day after: Redis has forgotten by then which attempts it has settled.
    for record in &mut Record::all(&world) {
        record.age(chrono::TimeDelta::hours(25));
    }
    let script = "for _, key in ipairs(redis.call('KEYS', '{sy}:d:*')) do redis.call('DEL', key) end";
    redis::tell(&redis, &["EVAL", script, "0"]);
    world.hub.start_again().await;
    agrees(&world, world.dsn(), &key, 4).await;
}

#[tokio::test]
async fn damage_in_the_middle_of_a_segment_costs_what_stands_there_and_is_shown() {
    enum Damage {
        Payload,
        Length,
        Hole,
    }
    let (world, dsn, switch) = world_on_a_cable().await;
    world.provider("a").await;
    for damage in [Damage::Payload, Damage::Length, Damage::Hole] {
        let key = world.key().await;
        switch.send_replace(Cable::Pulled);
        for n in 0..20 {
            world.anew(&key, &ask("claude-sonnet-4-5", n % 2 == 0)).await.body().await;
        }
        world.hub.kill();
        let records = Record::all(&world);
        let closing: Vec<&Record> = records.iter().filter(|record| record.is_closing()).collect();
        let record = closing[closing.len() - 10];
        let middle = record.payload.len() / 2;
        match damage {
            Damage::Payload => record.write(8 + middle, &[record.payload[middle] ^ 0x10]),
            Damage::Length => record.write(0, &u32::MAX.to_le_bytes()),
            Damage::Hole => record.write(0, &vec![0; 8 + middle]),
        }
        switch.send_replace(Cable::Plugged);
        world.hub.start_again().await;
        let sql = format!("select id, outcome from calls where key_id = {}", key.id);
        let rows = until("all calls are there", async || {
            let rows = postgres::rows(&dsn, &sql).await;
            (rows.len() == 20).then_some(rows)
        })
        .await;
        let outcomes: BTreeSet<&str> = rows.iter().map(|row| row["outcome"].as_str().unwrap()).collect();
        let n_whole = rows.iter().filter(|row| row["outcome"] == "completed").count();
        // Its opening is there: it is closed as one that was cut.
        assert_eq!((n_whole, outcomes.len()), (19, 2), "{rows:?}");
        let health = Request::get("/health/ready").send(world.hub.address).await.json().await;
        assert_eq!(health["journal"]["damaged"], 1, "{health}");
    }
}

#[tokio::test]
async fn a_journal_that_waits_for_redis_is_bounded_and_nothing_is_lost() {
    const N: usize = 1_300;
    let (url, _process) = redis::start().await;
    let (address, switch) = cable::lay(url.trim_start_matches("redis://").parse().unwrap()).await;
    let world = World::with(Setup::usual().await.set("REDIS_URL", &format!("redis://{address}"))).await;
    let bytes_max: u64 = 16 << 20;
    world.patch("/admin/v1/settings", &json!({"journal_bytes_max": bytes_max})).await;
    let (provider, model) = provider(&world).await;
    let key = world.key().await;
    assert_eq!(world.messages(&key, &ask(&model, false)).await.status, 200);
    until("the counters are there", async || spent(&world, &key).await.filter(|nanos| *nanos > 0)).await;
    // Nobody tells Redis what each of these has cost, and their entries are large.
    switch.send_replace(Cable::Pulled);
    let mut message = Turn::new().model(&model).message();
    message["usage"]["note"] = "x".repeat(15_000).into();
    provider.script.always(Answer::json(200, &message));
    many(&world, &key, &model, N).await;
    until("they are recorded", async || {
        let n = world.value(&format!("select count(*) from calls where key_id = {}", key.id)).await;
        (n == N + 1).then_some(())
    })
    .await;
    let health = until("the journal is let go", async || {
        let health = Request::get("/health/ready").send(world.hub.address).await.json().await;
        let kept = health["journal"]["held_bytes"].as_u64()? + health["journal"]["backlog_bytes"].as_u64()?;
        (kept < bytes_max * 3 / 4).then_some(health)
    })
    .await;
    assert_eq!(health["state"]["status"], "away", "{health}");
    assert!(world.hub.log().contains("the journal keeps too much"), "it was not let go for this reason");
    // Redis was there all the time; it does not know what the journal does not hold any more.
    world.hub.kill();
    switch.send_replace(Cable::Plugged);
    world.hub.start_again().await;
    agrees(&world, world.dsn(), &key, N + 1).await;
}

#[tokio::test]
async fn a_stream_that_runs_for_long_does_not_keep_the_journal_and_is_closed_after_a_crash() {
    // Enough for two segments.
    const N: usize = 2_300;
    let world = World::alone().await;
    world.patch("/admin/v1/settings", &json!({"journal_bytes_max": 16 << 20})).await;
    // The long stream is silent for as long as all the others take.
    let provider = world.provider_with("a", json!({"idle_timeout_ms": 3_600_000})).await;
    let (key, model) = (world.key().await, world.priced_model().await);
    let gate = Gate::new();
    provider.script.once(Turn::new().model(&model).answer(true).pause_after(8, &gate));
    let long = world.messages(&key, &ask(&model, true)).await;
    let mut message = Turn::new().model(&model).used(Used::EVERY_CLASS).message();
    message["usage"]["note"] = "x".repeat(15_000).into();
    provider.script.always(Answer::json(200, &message));
    many(&world, &key, &model, N).await;
    until("they are recorded, and the first segment is let go", async || {
        let n = world.value(&format!("select count(*) from calls where key_id = {}", key.id)).await;
        let has_first = world.hub.setup.data.join("journal/000000000001.journal").exists();
        (n == N && !has_first).then_some(())
    })
    .await;
    let id = long.call_id();
    world.hub.kill();
    world.hub.start_again().await;
    let call = world.call(&id).await;
    assert_eq!((&call["outcome"], &call["error"]["cause"]), (&json!("interrupted"), &json!("crash")), "{call}");
    assert_eq!((&call["n_attempts"], &call["token_source"]), (&json!(1), &json!("estimated")), "{call}");
}
