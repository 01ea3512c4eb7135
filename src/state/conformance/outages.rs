//! Redis slow, gone, emptied; replicas that die.

use std::{sync::atomic::Ordering, time::Duration};

use uuid::Uuid;

use super::bench::{
    Bench, KEY, MINUTE, PROVIDER, Redis, SECOND, T0, call_of, cost, lease, nothing, session, spend, step,
};
use crate::{
    clock,
    domain::{
        id::ProviderId,
        limit::{Limited, Subject},
    },
    state::{
        State,
        counters::Away,
        queue::Ticket,
        redis::{RedisState, keeper::Done},
        source::{Ledgered, Source},
        step::{Check, Release, Settlement, Span, Step, Sums, Take},
    },
};

fn now_ms() -> i64 {
    clock::now().timestamp_millis()
}

/// Works until all that waits is told.
async fn work(bench: &Bench) {
    let mut done = Done::default();
    let asked = clock::instant();
    while bench.of_redis().work(&mut done, &bench.ledger).await.is_err() || bench.state.status().await.waiting > 0 {
        // Far longer than it takes on a busy machine.
        assert!(asked.elapsed() < Duration::from_mins(4));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_a_dead_replica_held_lapses() {
    let dead = Bench::redis().await;
    let alive = Bench::another(dead.folder()).await;
    let now = now_ms();
    let held = Step {
        takes: vec![Take { request: true, session: true, rate: Some(9), money: 60, ..nothing(KEY) }],
        ..call_of(&session(1, "a"), 2, now)
    };
    dead.taken(&held).await;
    assert_eq!(alive.refused(&spend(now + 29 * SECOND, 50, 100)).await.reserved, 60);
    alive.taken(&spend(now + 30 * SECOND, 50, 100)).await;
    let usage = alive.usage(KEY, &[], now + 30 * SECOND).await;
    assert_eq!((usage.reserved, usage.requests, usage.sessions, usage.tpm), (50, 0, 1, 9));
    // It was not dead, it stood still: what it holds counts again, and its rates do not count twice.
    dead.renew(now + 31 * SECOND).await;
    dead.flush().await;
    let usage = dead.usage(KEY, &[], now + 31 * SECOND).await;
    assert_eq!((usage.reserved, usage.requests, usage.rpm, usage.tpm), (110, 1, 1, 9));
    dead.settle(cost(held.lease, now, 20)).await;
    assert_eq!(dead.money(KEY, now + 31 * SECOND).await, (20, 50));
}

#[tokio::test]
async fn an_emptied_redis_is_filled_and_nothing_counts_twice() {
    let bench = Bench::redis().await;
    let other = Bench::another(bench.folder()).await;
    let now = now_ms();
    let (running, elsewhere) = (spend(now, 40, 1_000), spend(now, 7, 1_000));
    bench.taken(&running).await;
    other.taken(&elsewhere).await;
    let (recorded, unrecorded, theirs) = (lease(), lease(), lease());
    for (of, lease) in [(&bench, recorded), (&bench, unrecorded), (&other, theirs)] {
        of.settle(cost(lease, now, 100)).await;
    }
    assert_eq!(bench.money(KEY, now).await, (300, 47));

    // The ledger holds one of them, and an older one that nobody remembers.
    let buckets = |unit: i64| vec![(now / unit, 105)];
    let sums = Sums { total: 105, minutes: buckets(60_000), quarters: buckets(900_000), ..Sums::default() };
    for of in [&bench, &other] {
        let mut ledgered = of.ledger.0.lock().unwrap();
        ledgered.sums = vec![(KEY, sums.clone())];
        ledgered.recorded = vec![recorded.0];
    }
    let redis = bench.redis.as_ref().unwrap();
    redis.tell("FLUSHALL");
    assert_eq!(bench.state.take(spend(now, 1, 1_000)).await, Err(Away), "nothing is let through on nothing");
    assert_eq!(bench.state.usage(KEY, &[], now).await, Err(Away));
    // What happens meanwhile waits.
    other.state.settle(cost(elsewhere.lease, now, 3));
    work(&bench).await;
    assert_eq!(bench.state.take(spend(now, 1, 1_000)).await, Err(Away), "the others have not told yet what they hold");
    work(&other).await;
    redis.tell("DEL {sy}:gather");
    assert_eq!(bench.money(KEY, now).await, (105 + 100 + 100 + 3, 40));
    assert_eq!(bench.usage(KEY, &[Span::Minutes(now / 60_000)], now).await.settled, [308]);
    let look = Step {
        checks: vec![super::bench::money(KEY, Limited::Daily, Span::Quarters(now / 900_000), -1, 0)],
        ..step(now)
    };
    assert_eq!(bench.refused(&look).await.used, 308);
    bench.settle(cost(running.lease, now, 40)).await;
    assert_eq!(other.money(KEY, now).await, (348, 0));
    assert!(bench.state.status().await.filled_ms.is_some());
}

#[tokio::test]
async fn the_first_hub_that_sees_an_empty_redis_waits_for_those_that_run() {
    let running = Bench::redis().await;
    let now = now_ms();
    running.taken(&spend(now, 60, 100)).await;
    let redis = running.redis.as_ref().unwrap();
    redis.tell("FLUSHALL");
    // It starts just now, and fills what is empty.
    let fresh =
        Bench { state: State::Redis(RedisState::new(&Redis::url(running.folder())).unwrap()), ..Bench::memory() };
    fresh.state.wait_at_most(5_000);
    work(&fresh).await;
    assert_eq!(fresh.state.take(spend(now, 50, 100)).await, Err(Away), "somebody may hold what it does not know of");
    work(&running).await;
    redis.tell("DEL {sy}:gather");
    assert_eq!(fresh.refused(&spend(now, 50, 100)).await.reserved, 60);
}

#[tokio::test]
async fn a_replica_believes_no_counters_in_which_it_has_not_said_what_it_holds() {
    let bench = Bench::redis().await;
    let now = now_ms();
    let held = spend(now, 60, 100);
    bench.taken(&held).await;
    bench.redis.as_ref().unwrap().tell("FLUSHALL");
    // Another replica has filled Redis, and the time for the others to say what they hold is over.
    let other = Bench::another(bench.folder()).await;
    let step = spend(now, 50, 100);
    assert_eq!(bench.state.take(step.clone()).await, Err(Away));
    // It looks, and so much is to be told that it takes more than a round trip.
    for _ in 0..500 {
        bench.state.settle(cost(lease(), now, 0));
    }
    bench.of_redis().look(&bench.ledger).await.unwrap();
    assert_eq!(bench.state.take(spend(now, 50, 100)).await, Err(Away), "nothing was told yet");
    work(&bench).await;
    assert_eq!(bench.refused(&step).await.reserved, 60, "what was taken unheard is given back");
    assert_eq!(other.money(KEY, now).await, (0, 60));
}

#[tokio::test]
async fn an_emptied_redis_is_not_filled_while_something_is_not_recorded() {
    let bench = Bench::redis().await;
    let now = now_ms();
    bench.ledger.1.store(true, Ordering::Relaxed);
    bench.redis.as_ref().unwrap().tell("FLUSHALL");
    let mut done = Done::default();
    for _ in 0..3 {
        assert_eq!(bench.of_redis().work(&mut done, &bench.ledger).await, Err(Away));
        assert_eq!(bench.state.take(spend(now, 1, 100)).await, Err(Away));
    }
    // Now it is.
    let sums = Sums { total: 99, ..Sums::default() };
    bench.ledger.0.lock().unwrap().sums = vec![(KEY, sums)];
    bench.ledger.1.store(false, Ordering::Relaxed);
    work(&bench).await;
    bench.redis.as_ref().unwrap().tell("DEL {sy}:gather");
    assert_eq!(bench.refused(&spend(now, 2, 100)).await.used, 99);
}

#[tokio::test]
async fn a_mark_is_reached_when_redis_was_told_what_stands_before_it() {
    let bench = Bench::redis().await;
    let now = now_ms();
    assert!(bench.state.has_told(bench.state.mark()));
    bench.state.settle(cost(lease(), now, 5));
    let mark = bench.state.mark();
    assert!(!bench.state.has_told(mark), "a hub that dies now has told nobody");
    work(&bench).await;
    bench.state.settle(cost(lease(), now, 5));
    assert!(bench.state.has_told(mark) && !bench.state.has_told(bench.state.mark()));
    // What is lost is told when Redis was filled again.
    bench.state.lose();
    work(&bench).await;
    assert!(bench.state.has_told(bench.state.mark()) && bench.state.status().await.filled_ms.is_some());
}

#[tokio::test]
async fn a_turn_is_waited_for_no_longer_than_a_step() {
    let ticket = Ticket { provider_id: ProviderId(1), holder: lease(), gap_ms: 0, turn_ms: 1_000 };
    let mut times = Vec::new();
    for _ in 0..3 {
        let bench = Bench::redis().await;
        bench.state.wait_at_most(50);
        bench.redis.as_ref().unwrap().signal("-STOP");
        let asked = clock::instant();
        assert_eq!(bench.state.queue(&ticket).await, Err(Away));
        times.push(asked.elapsed());
        bench.redis.as_ref().unwrap().signal("-CONT");
    }
    // Anything else would take half a second more, each time; a machine that stands still does not do so three times.
    assert!(times.iter().min() < Some(&Duration::from_millis(500)), "{times:?}");
}

#[tokio::test]
async fn a_redis_that_stands_still_is_waited_for_once_and_nothing_stays_held() {
    let bench = Bench::redis().await;
    let now = now_ms();
    let redis = bench.redis.as_ref().unwrap();
    assert_eq!(bench.money(KEY, now).await, (0, 0), "it answers until it stands still");
    redis.signal("-STOP");
    bench.state.wait_at_most(50);
    let asked = clock::instant();
    let late = spend(now, 60, 100);
    assert_eq!(bench.state.take(late.clone()).await, Err(Away));
    assert!(asked.elapsed() >= Duration::from_millis(50), "{:?}", asked.elapsed());
    // Late once may be our own fault; late three times in a row is not.
    for _ in 0..2 {
        assert_eq!(bench.state.take(spend(now, 60, 100)).await, Err(Away));
    }
    let n_asked = bench.state.round_trips();
    let asked = clock::instant();
    for _ in 0..100 {
        assert_eq!(bench.state.take(spend(now, 60, 100)).await, Err(Away));
    }
    // It rests for half a second after each that was late: however slow this machine is, few ask.
    let (n_asked, lasted) = (bench.state.round_trips() - n_asked, asked.elapsed());
    assert!(u128::from(n_asked) <= 1 + lasted.as_millis() / 500, "{n_asked} have asked in {lasted:?}");
    bench.state.settle(cost(lease(), now, 10));
    redis.signal("-CONT");
    // The late step succeeds behind our back; that is taken back.
    work(&bench).await;
    bench.state.wait_at_most(5_000);
    assert_eq!(bench.money(KEY, now).await, (10, 0));
    let again = bench.state.take(late).await;
    assert!(again.is_ok());
    assert_eq!(bench.money(KEY, now).await, (10, 0), "a step that was given up takes nothing later");
}

#[tokio::test]
async fn a_step_that_nobody_waits_for_is_taken_back() {
    let bench = Bench::redis().await;
    let now = now_ms();
    let redis = bench.redis.as_ref().unwrap();
    redis.signal("-STOP");
    let waited = tokio::time::timeout(Duration::from_millis(20), bench.state.take(spend(now, 60, 100))).await;
    assert!(waited.is_err());
    redis.signal("-CONT");
    work(&bench).await;
    assert_eq!(bench.money(KEY, now).await, (0, 0));
}

#[tokio::test]
async fn what_happens_while_redis_is_away_is_told_later() {
    let folder = Redis::folder();
    let first = Redis::start(&folder);
    let bench = Bench::another(&folder).await;
    let now = now_ms();
    let (running, place) =
        (spend(now, 60, 100), Step { takes: vec![Take { request: true, ..nothing(PROVIDER) }], ..step(now) });
    bench.taken(&running).await;
    bench.taken(&place).await;
    drop(first);
    // The library alone would take over eight seconds.
    bench.state.wait_at_most(60_000);
    let asked = clock::instant();
    assert_eq!(bench.state.take(spend(now, 1, 100)).await, Err(Away));
    assert!(asked.elapsed().as_secs() < 8, "{:?}", asked.elapsed());
    let settlement = Settlement { subjects: vec![(KEY, 0), (PROVIDER, 0)], ..cost(running.lease, now, 55) };
    bench.state.settle(settlement.clone());
    bench.state.settle(settlement);
    bench.state.release(Release { lease: place.lease, now_ms: now, undo: false });
    assert_eq!(bench.state.status().await.waiting, 3 + 1, "and the step that was given up");

    let _second = Redis::start(&folder);
    work(&bench).await;
    Redis::send(&folder, "DEL {sy}:gather");
    assert_eq!(bench.money(KEY, now).await, (55, 0));
    assert_eq!(bench.money(PROVIDER, now).await, (55, 0));
    assert_eq!(bench.usage(PROVIDER, &[], now).await.requests, 0);
}

#[tokio::test]
async fn a_redis_that_comes_back_with_old_counters_is_filled_too() {
    let folder = Redis::folder();
    let mut first = Redis::start(&folder);
    let bench = Bench::another(&folder).await;
    let now = now_ms();
    bench.settle(cost(lease(), now, 10)).await;
    first.tell("SAVE");
    bench.settle(cost(lease(), now, 5)).await;
    assert_eq!(bench.money(KEY, now).await, (15, 0));
    first.kill();
    let _second = Redis::start(&folder);
    work(&bench).await;
    Redis::send(&folder, "DEL {sy}:gather");
    assert_eq!(bench.money(KEY, now).await, (15, 0));
}

#[tokio::test]
async fn nobody_believes_a_redis_that_came_back_before_somebody_has_looked() {
    let folder = Redis::folder();
    let mut first = Redis::start(&folder);
    let bench = Bench::another(&folder).await;
    let now = now_ms();
    bench.taken(&spend(now, 1, 100)).await;
    first.tell("SAVE");
    bench.settle(cost(lease(), now, 99)).await;
    first.kill();
    let _second = Redis::start(&folder);
    let asked = clock::instant();
    while asked.elapsed() < Duration::from_secs(2) {
        // Each of them tries to connect again; what rests after an error does not rest for so long.
        assert_eq!(bench.state.take(spend(now, 1, 100)).await, Err(Away));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    work(&bench).await;
    Redis::send(&folder, "DEL {sy}:gather");
    assert_eq!(bench.refused(&spend(now, 1, 100)).await.used, 99);
}

#[tokio::test]
async fn news_that_are_too_many_are_made_good_by_the_ledger() {
    let bench = Bench::redis().await;
    let now = now_ms();
    bench.redis.as_ref().unwrap().signal("-STOP");
    for _ in 0..100_050 {
        bench.state.settle(cost(lease(), now, 1));
    }
    bench.redis.as_ref().unwrap().signal("-CONT");
    let sums = Sums { total: 100_050, ..Sums::default() };
    let recorded = bench.of_redis().recent();
    *bench.ledger.0.lock().unwrap() = Ledgered { sums: vec![(KEY, sums)], recorded };
    work(&bench).await;
    bench.redis.as_ref().unwrap().tell("DEL {sy}:gather");
    assert_eq!(bench.money(KEY, now).await, (100_050, 0));
    assert!(bench.state.status().await.dropped >= 50);
}

#[tokio::test]
async fn a_step_and_a_settlement_are_one_round_trip_each() {
    let bench = Bench::redis().await;
    let now = now_ms();
    // Redis learns the scripts with their first use.
    let first = spend(now, 1, 1_000);
    bench.taken(&first).await;
    bench.settle(cost(first.lease, now, 1)).await;
    let redis = bench.redis.as_ref().unwrap();
    let before = (redis.n_commands("evalsha"), redis.n_commands("eval") + redis.n_commands("script|load"));
    let full = Step {
        checks: vec![
            Check::Rpm { subject: KEY, limit: 9 },
            Check::Sessions { subject: Subject::Key(crate::domain::id::KeyId(1)), limit: 9 },
        ],
        ..call_of(&session(1, "a"), 2, now)
    };
    assert!(bench.state.take(full.clone()).await.is_ok());
    bench.settle(cost(full.lease, now, 1)).await;
    let after = (redis.n_commands("evalsha"), redis.n_commands("eval") + redis.n_commands("script|load"));
    assert_eq!((after.0 - before.0, after.1 - before.1), (2, 0));
    assert_eq!(bench.state.round_trips(), 2);
}

/// A ledger that is asked while something is settled.
struct Meanwhile<'a>(&'a Bench, [Settlement; 2]);

impl Source for Meanwhile<'_> {
    type Attempts = Vec<Uuid>;

    async fn catch_up(&self) -> anyhow::Result<()> {
        for settlement in self.1.clone() {
            self.0.state.settle(settlement);
        }
        Ok(())
    }

    async fn read(&self, since_ms: i64) -> anyhow::Result<Ledgered<Vec<Uuid>>> {
        self.0.ledger.read(since_ms).await
    }
}

#[tokio::test]
async fn memory_that_was_not_alone_counts_nothing_until_it_knows_what_the_other_one_did() {
    let bench = Bench::memory();
    let (first, recorded, late) = (lease(), lease(), lease());
    bench.settle(cost(first, T0, 7)).await;
    bench.settle(Settlement { subjects: vec![(PROVIDER, 0)], ..cost(lease(), T0, 9) }).await;
    bench.taken(&spend(T0, 5, 1_000)).await;
    assert!(bench.state.share(true) && !bench.state.share(true), "it is news once");
    assert_eq!(bench.state.take(spend(T0, 1, 1_000)).await, Err(Away));
    assert_eq!(bench.state.usage(KEY, &[], T0).await, Err(Away));
    assert!(!bench.state.status().await.ok);
    // The other one has spent 100.
    let (minute, quarter) = (T0 / MINUTE, T0 / (15 * MINUTE));
    let sums = Sums { total: 110, minutes: vec![(minute, 110)], quarters: vec![(quarter, 110)], ..Sums::default() };
    *bench.ledger.0.lock().unwrap() = Ledgered { sums: vec![(KEY, sums)], recorded: vec![first.0, recorded.0] };
    let meanwhile = Meanwhile(&bench, [cost(recorded, T0, 3), cost(late, T0 + MINUTE, 20)]);
    bench.state.fill(&meanwhile).await.unwrap();
    assert!(bench.state.share(false));
    let usage = bench.usage(KEY, &[Span::All, Span::Minutes(minute), Span::Quarters(quarter)], T0 + MINUTE).await;
    assert_eq!((usage.settled, usage.reserved), (vec![130, 130, 130], 5));
    assert_eq!(bench.money(PROVIDER, T0).await, (0, 0), "the ledger does not know it");
}
