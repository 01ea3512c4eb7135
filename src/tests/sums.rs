//! What counters are filled with after they were emptied, against a naive model.

use std::{collections::BTreeMap, str::FromStr};

use chrono::{DateTime, TimeDelta, Utc};
use hub::{
    clock::midnight,
    domain::{
        attempt::Attempt,
        call::{Call, Outcome},
        id::{KeyId, ProviderId, UserId},
        limit::Subject,
        money::Usd,
        price::bill::Cost,
    },
    ledger::entry::Closed,
    state::step::Sums,
    store::{
        Store,
        facet::{Facet, Unit},
        partitions::first_id,
    },
};
use sqlx::postgres::PgConnectOptions;

use crate::{
    insight::days_are_closed,
    patience::until,
    postgres,
    world::{Key, World},
};

/// A recorded call, as the model knows it.
#[derive(Clone, Copy)]
struct Spent {
    at: DateTime<Utc>,
    cost: i64,
}

struct Books {
    store: Store,
    dsn: String,
    key: Key,
    provider: i64,
    spent: Vec<Spent>,
}

impl Books {
    async fn open() -> (World, Self) {
        let world = World::alone().await;
        let dsn = world.dsn().to_owned();
        let store = Store::connect(PgConnectOptions::from_str(&dsn).unwrap()).await.unwrap();
        let provider = world.provider("a").await.id.parse().unwrap();
        let key = world.key().await;
        (world, Self { store, dsn, key, provider, spent: Vec::new() })
    }

    /// Records calls that began then, of which the first of two attempts failed.
    async fn record(&mut self, calls: impl IntoIterator<Item = (DateTime<Utc>, i64)>) {
        let mut entries = Vec::new();
        for (at, cost) in calls {
            let n = u128::try_from(self.spent.len() + 1).unwrap();
            let id = |part: u128| format!("{:032x}", first_id(at).as_u128() + n * 16 + part);
            let parts = Cost { output: Usd::from_scaled(cost), ..Cost::default() };
            let attempt = |part, cost: Cost| Attempt {
                id: id(part).parse().unwrap(),
                provider_id: ProviderId(self.provider),
                cost,
                cost_usd: cost.total(),
                ..Attempt::default()
            };
            let call = Call {
                id: id(0).parse().unwrap(),
                created_at: at,
                key_id: Some(self.key.id.parse().unwrap()),
                user_id: Some(self.key.user_id.parse().unwrap()),
                provider_id: Some(ProviderId(self.provider)),
                model: "m".to_owned(),
                outcome: Some(Outcome::Completed),
                n_attempts: 2,
                ..Call::default()
            };
            entries.push(Closed {
                call,
                cost: parts,
                attempts: vec![attempt(1, Cost::default()), attempt(2, parts)],
                decision: serde_json::value::RawValue::from_string("{}".to_owned()).unwrap(),
            });
            self.spent.push(Spent { at, cost });
        }
        self.store.insert_entries(&entries).await.unwrap();
    }

    fn subjects(&self) -> [(Subject, &'static str); 3] {
        [
            (Subject::Key(KeyId(self.key.id.parse().unwrap())), "keys"),
            (Subject::User(UserId(self.key.user_id.parse().unwrap())), "users"),
            (Subject::Provider(ProviderId(self.provider)), "providers"),
        ]
    }

    async fn reset(&self, resets: [Option<DateTime<Utc>>; 3]) {
        for ((subject, table), reset) in self.subjects().into_iter().zip(resets) {
            let at = reset.map_or("null".to_owned(), |at| format!("'{}'", at.to_rfc3339()));
            let sql = format!("update {table} set reset_at = {at} where id = {}", subject.id());
            postgres::execute(&self.dsn, &sql).await;
        }
    }

    /// The attempts that are recorded, in order.
    async fn ids(&self) -> Vec<String> {
        let rows = postgres::rows(&self.dsn, "select id::text as id from attempts order by id").await;
        rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    }

    async fn sums(&self) -> BTreeMap<Subject, Sums> {
        self.store.limit_sums().await.unwrap().into_iter().collect()
    }

    /// Holds the sums against the model.
    async fn check(&self, resets: [Option<DateTime<Utc>>; 3], what: &str) {
        self.reset(resets).await;
        let (sums, now) = (self.sums().await, Utc::now());
        for ((subject, _), reset) in self.subjects().into_iter().zip(resets) {
            let reset_ms = reset.map_or(0, |at| at.timestamp_millis());
            let of = sums.get(&subject).cloned().unwrap_or_default();
            let counted = self.spent.iter().filter(|spent| spent.at.timestamp_millis() >= reset_ms);
            assert_eq!(of.total, counted.clone().map(|spent| spent.cost).sum::<i64>(), "{what}: {subject}");
            assert_eq!(of.reset_ms, reset_ms, "{what}: {subject}");
            for (buckets, ms, kept) in
                [(of.minutes, 60_000, TimeDelta::hours(25)), (of.quarters, 900_000, TimeDelta::days(31))]
            {
                let first = (now - kept).timestamp_millis() / ms;
                let mut naive = BTreeMap::<i64, i64>::new();
                for spent in counted.clone() {
                    *naive.entry(spent.at.timestamp_millis() / ms).or_default() += spent.cost;
                }
                let in_reach = |buckets: Vec<(i64, i64)>| -> BTreeMap<i64, i64> {
                    let n = buckets.len();
                    let map: BTreeMap<_, _> = buckets.into_iter().collect();
                    assert_eq!(map.len(), n, "{what}: {subject}: a bucket is there twice");
                    map.into_iter().filter(|(bucket, _)| *bucket >= first).collect()
                };
                assert_eq!(in_reach(buckets), in_reach(naive.into_iter().collect()), "{what}: {subject}, {ms} ms");
            }
        }
    }
}

#[tokio::test]
async fn sums_count_what_was_spent_since_a_reset_to_the_millisecond() {
    let (_world, mut books) = Books::open().await;
    let now = Utc::now();
    books.store.create_partitions(now - TimeDelta::days(40), 42).await.unwrap();
    // A call every three minutes or so for five hours, and one every seven hours for forty days.
    let close = (0..100).map(|n| (now - TimeDelta::seconds(n * 179), 1 + n * 1_000_003));
    let far = (1..137).map(|n| (now - TimeDelta::minutes(n * 420 + n % 13), 7 + n * 17));
    books.record(close.chain(far)).await;
    let exact = |at: &str| Some(at.parse::<DateTime<Utc>>().unwrap());
    books.check([None, None, None], "without a reset").await;
    let at = |n: usize| Some(books.spent[n].at);
    books.check([at(3), at(40), at(90)], "at the moment of a call").await;
    let ms = TimeDelta::milliseconds(1);
    books.check([at(3).map(|at| at + ms), at(3).map(|at| at - ms), at(130)], "beside a call").await;
    let quarter = DateTime::from_timestamp((now.timestamp() / 900 - 5) * 900, 0);
    books
        .check([quarter, quarter.map(|at| at + TimeDelta::minutes(1)), exact("2020-01-01T00:00:00Z")], "at a border")
        .await;
    books.check([Some(now), Some(now - TimeDelta::days(39)), None], "now, and long ago").await;
}

#[tokio::test]
async fn sums_stay_when_the_calls_go_they_were_made_of() {
    let (_world, mut books) = Books::open().await;
    let now = Utc::now();
    books.store.create_partitions(now - TimeDelta::days(20), 24).await.unwrap();
    let old = now - TimeDelta::days(10);
    books.record((0..30).map(|n| (old + TimeDelta::seconds(n * 61), 1_000 + n))).await;
    books.record((0..10).map(|n| (now - TimeDelta::minutes(n * 20), 50_000 + n))).await;
    let resets =
        [Some(old + TimeDelta::minutes(4)), Some(old + TimeDelta::seconds(500)), Some(old - TimeDelta::days(1))];
    books.check(resets, "before").await;
    for _ in 0..2 {
        books.store.drop_days((now - TimeDelta::days(5)).date_naive()).await.unwrap();
        books.store.delete_minutes(now - TimeDelta::days(2)).await.unwrap();
        books.check(resets, "after the days went").await;
    }
    let sql = format!("select count(*) from calls where key_id = {}", books.key.id);
    assert_eq!(postgres::rows(&books.dsn, &sql).await[0]["count"], 10);
    // An entry that was in a journal for days: its day has no partition any more.
    books.record([(old + TimeDelta::seconds(501), 77), (old + TimeDelta::seconds(1), 5)]).await;
    books.check(resets, "with a late one").await;
    books.store.drop_days((now - TimeDelta::days(5)).date_naive()).await.unwrap();
    assert_eq!(postgres::rows(&books.dsn, &sql).await[0]["count"], 10);
    books.check(resets, "and after it went, too").await;
    let later = resets.map(|reset| reset.map(|at| at + TimeDelta::days(9) + TimeDelta::hours(23)));
    books.check(later, "after another reset what was put down counts no more").await;
}

#[tokio::test]
async fn calls_that_came_before_their_days_partition_move_to_it() {
    let (_world, mut books) = Books::open().await;
    let noon = Utc::now().date_naive().and_hms_opt(12, 0, 0).unwrap().and_utc() - TimeDelta::days(30);
    // As after a week without a database: nobody has made the day's partition, and its calls come first.
    books.record((0..5).map(|n| (noon + TimeDelta::seconds(n), 10))).await;
    let day = noon.format("%Y%m%d");
    let counted = async |dsn: &str, day: &str| {
        let count = |table: &str| format!("(select count(*) from {table}_{day})");
        let sql = format!("select {} as calls, {} as attempts", count("calls"), count("attempts"));
        let row = postgres::rows(dsn, &sql).await.remove(0);
        (row["calls"].as_i64().unwrap(), row["attempts"].as_i64().unwrap())
    };
    assert_eq!(counted(&books.dsn, "default").await, (5, 10));
    for _ in 0..2 {
        books.store.create_partitions(noon, 2).await.unwrap();
        assert_eq!(counted(&books.dsn, "default").await, (0, 0));
        assert_eq!(counted(&books.dsn, &day.to_string()).await, (5, 10));
    }
    books.record([(noon + TimeDelta::hours(1), 10), (noon + TimeDelta::hours(25), 10)]).await;
    assert_eq!(counted(&books.dsn, "default").await, (0, 0));
    assert_eq!(counted(&books.dsn, &day.to_string()).await, (6, 12));
    books.check([None, None, None], "after they moved").await;
}

#[tokio::test]
async fn a_fixed_window_of_five_hours_is_found_again() {
    let (_world, mut books) = Books::open().await;
    let now = Utc::now();
    let minute = |hours: i64| {
        let at = now - TimeDelta::hours(hours);
        at.timestamp_millis() / 60_000 * 60_000
    };
    postgres::execute(&books.dsn, "update users set reset_5h_mode = 'fixed'").await;
    books.record([8, 6, 1].map(|hours| (now - TimeDelta::hours(hours), 10))).await;
    let [(key, _), (user, _), _] = books.subjects();
    for _ in 0..2 {
        let sums = books.sums().await;
        assert_eq!((sums[&user].five_hours_ms, sums[&key].five_hours_ms), (Some(minute(1)), None));
        // It was put down: the minutes it was found from are not needed any more.
        books.store.delete_minutes(now - TimeDelta::hours(3)).await.unwrap();
    }
    books.reset([None, Some(now), None]).await;
    assert_eq!(books.sums().await[&user].five_hours_ms, None, "a reset ends it");
}

#[tokio::test]
async fn attempts_say_when_they_came_to_the_database() {
    let (_world, mut books) = Books::open().await;
    let before = Utc::now() - TimeDelta::seconds(5);
    // Over 20 hours, and more than one page holds.
    books.record((0..1_300).map(|n| (before - TimeDelta::minutes(n % 1_200), 1))).await;
    let all = books.ids().await;
    for (since, expected) in [(before, all), (Utc::now() + TimeDelta::minutes(1), Vec::new())] {
        let (sums, mut attempts) = books.store.limit_sums_and_attempts(since).await.unwrap();
        assert_eq!(sums.len(), 3);
        // This one is not in the sums, so it must not be said to be.
        books.record([(Utc::now(), 1)]).await;
        let mut found = Vec::new();
        loop {
            let page = attempts.page().await.unwrap();
            if page.is_empty() {
                break;
            }
            assert!(page.len() <= 1_000 && page.iter().all(|(_, at)| *at >= since));
            found.extend(page.iter().map(|(id, _)| id.to_string()));
        }
        found.sort();
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn what_is_recorded_late_is_in_every_facet_of_days_that_are_over() {
    let (world, mut books) = Books::open().await;
    days_are_closed(&world).await;
    // So long ago that its week and its month are over too.
    books.record([(Utc::now() - TimeDelta::days(40), 7)]).await;
    let facets = postgres::rows(
        &books.dsn,
        "select facet, sum(calls) as calls, sum(attempts) as attempts, sum(cost) as cost from usage_facets group by facet",
    )
    .await;
    let names = Facet::WRITTEN.into_iter().chain(Facet::CLOSED).map(Facet::name);
    let mut expected: Vec<_> =
        names.map(|name| serde_json::json!({"facet": name, "calls": 1, "attempts": 2, "cost": 7})).collect();
    let by_name =
        |one: &serde_json::Value, other: &serde_json::Value| one["facet"].as_str().cmp(&other["facet"].as_str());
    expected.sort_by(by_name);
    let mut facets = facets;
    facets.sort_by(by_name);
    assert_eq!(facets, expected);
}

/// More sums by quarter of an hour than one step takes, over the last 52 days; no facet has them yet.
const MANY_SUMS: &str = "
    insert into usage_15m (at, user_id, key_id, provider_id, model, calls, completed, rejected, refused, failed,
        interrupted, abandoned, attempts, unpriced, input, output, cache_write_5m, cache_write_1h, cache_read, cost_input,
        cost_output, cost_cache_write_5m, cost_cache_write_1h, cost_cache_read, cost, first_token_hist, duration_hist)
    select date_bin('15 minutes', now() - n * interval '3 minutes', 'epoch'), 1, n, 1, 'm', 1, 1, 0, 0, 0, 0, 0, 1, 0, n, 1,
        0, 0, 0, 0, n, 0, 0, 0, n, array_fill(1::bigint, array[20]), array_fill(1::bigint, array[20])
    from generate_series(1, 25000) n;
    update usage_zone set name = '', closed_before = null";

#[tokio::test]
async fn facets_are_made_in_steps_and_what_is_recorded_meanwhile_counts_once() {
    let (world, mut books) = Books::open().await;
    days_are_closed(&world).await;
    // And the hub's own job has seen that nothing is left to do: it does not take one of these steps.
    until("the job is done", async || {
        world.hub.log().contains("the sums of days that are over are made").then_some(())
    })
    .await;
    postgres::execute(&books.dsn, MANY_SUMS).await;
    let (zone, now) = (chrono_tz::UTC, Utc::now());
    let before = midnight(now, zone);
    // Between two steps: what one of them has taken in by then, and what the last one will.
    let lately_and_long_ago = [now - TimeDelta::days(1), now - TimeDelta::days(50)].map(|at| (at, 7));
    let (mut n_made, mut n_closed) = (0, 0);
    while books.store.make_days(zone).await.unwrap() {
        n_made += 1;
        books.record(lately_and_long_ago).await;
    }
    while books.store.close_days(zone, before).await.unwrap() {
        n_closed += 1;
        books.record(lately_and_long_ago).await;
    }
    // One to begin, and two for what is too much for one.
    assert_eq!((n_made, n_closed), (3, 2));
    let sums = async |from: &str, end: Option<DateTime<Utc>>| {
        let until = end.map_or("infinity".to_owned(), |end| end.to_rfc3339());
        let sql = format!(
            "select sum(calls) as calls, sum(attempts) as attempts, sum(input) as input, sum(cost) as cost,
                sum(duration_hist[1]) as times from {from} and at < '{until}'"
        );
        postgres::rows(&books.dsn, &sql).await
    };
    let ends = Facet::WRITTEN.map(|facet| (facet, None)).into_iter();
    let ends = ends.chain(Facet::CLOSED.map(|facet| (facet, Some(facet.unit.begin(before, zone)))));
    for (facet, end) in ends {
        let name = facet.name();
        let made = sums(&format!("usage_facets where facet = '{name}'"), end).await;
        assert_eq!(made, sums("usage_15m where true", end).await, "{name}");
    }
}

#[tokio::test]
async fn quarters_are_closed_before_their_day_is_and_what_is_recorded_later_counts_too() {
    let zone = chrono_tz::UTC;
    // No later than the one that the hub's own job has in mind.
    let closed = midnight(Utc::now() - TimeDelta::hours(1), zone);
    let (world, mut books) = Books::open().await;
    days_are_closed(&world).await;
    let now = Utc::now();
    // Later than the hub's own job would.
    let before = Unit::Quarter.begin(now + TimeDelta::hours(1), zone);
    let calls = [5, 20, 80].map(|minutes| (now - TimeDelta::minutes(minutes), 7));
    books.record(calls).await;
    // Not while a day that is over is not closed.
    books.store.close_quarters(zone, closed + TimeDelta::days(2), before).await.unwrap();
    let made = books.store.days_made().await.unwrap().unwrap();
    assert!(made.quarters_closed_before < Some(before), "{made:?}");
    books.store.close_quarters(zone, closed, before).await.unwrap();
    books.record(calls).await;
    books.store.close_quarters(zone, closed, before).await.unwrap();
    for facet in Facet::CLOSED.into_iter().filter(|facet| facet.unit.is_short()) {
        let (name, end) = (facet.name(), facet.unit.begin(before, zone).to_rfc3339());
        let sql = format!(
            "select sum(calls) as calls, sum(attempts) as attempts, sum(cost) as cost, sum(duration_hist[1]) as times,
                max(at) < '{end}' as is_closed
            from usage_facets where facet = '{name}'"
        );
        let made = postgres::rows(&books.dsn, &sql).await;
        let expected = serde_json::json!({"calls": 6, "attempts": 12, "cost": 42, "times": 0, "is_closed": true});
        assert_eq!(made, [expected], "{name}");
    }
}
