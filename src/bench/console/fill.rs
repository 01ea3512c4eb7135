//! Much to look at: who calls whom by the management API, calls and sums in SQL.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use futures_util::{StreamExt, future::join_all, stream};
use hub::domain::report::{TIME_BUCKETS, TIME_EDGES_MS};
use reqwest::Method;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};

use super::{home::Home, process::Process};

pub const N_USERS: usize = 200;
pub const N_KEYS: usize = 500;
pub const N_PROVIDERS: usize = 20;

/// Days that have calls, today among them.
const N_DAYS: u64 = 90;

/// Days that are filled at the same time.
const N_WRITERS: usize = 2;

/// Days whose messages are kept, beside today: the hub's own default.
const MESSAGES_DAYS: u64 = 7;

/// Days whose sums by minute are kept, beside today.
const MINUTES_DAYS: u64 = 2;

/// Calls that a hundred conversations are made of, all of them on the same day.
const TALKS_CALLS: u64 = 2_000;

/// Days of a writer that wait for being tidied: what the other writers began before they were there has to be over.
const UNTIDY_MAX: usize = 2;

/// How long the hub may take to make the sums by day.
const DAYS_WITHIN: Duration = Duration::from_mins(30);

const BEGIN: &str = include_str!("begin.sql");
const OPEN: &str = include_str!("open.sql");
const DAY: &str = include_str!("day.sql");
const MESSAGES: &str = include_str!("messages.sql");
const SUMS: &str = include_str!("sums.sql");
const CLOSE: &str = include_str!("close.sql");
const REST: &str = include_str!("rest.sql");

/// Where the hub's days begin once there are calls.
const ZONE: &str = "Europe/Berlin";

/// What makes filling faster. Each is said alone: none can stand in a transaction. What is filled by half is of no use, so
/// nothing needs to be safe before all of it is there.
const HURRY: [&str; 6] = [
    "alter system set fsync = off",
    "alter system set full_page_writes = off",
    "alter system set autovacuum = off",
    "alter system set work_mem = '256MB'",
    "alter system set maintenance_work_mem = '256MB'",
    "select pg_reload_conf()",
];

/// What takes that back, and has everything written.
const CALM: [&str; 3] = ["alter system reset all", "select pg_reload_conf()", "checkpoint"];

/// The tables beside the days' that are large, as a hub's own Postgres keeps them after a while.
const TIDY: [&str; 7] = [
    "vacuum (analyze) usage_facets",
    "vacuum (analyze) usage_errors",
    "vacuum (analyze) usage_errors_1d",
    "vacuum (analyze) usage_caller_errors_1d",
    "vacuum (analyze) sessions",
    "vacuum (analyze) call_errors",
    "vacuum (analyze) usage_1m",
];

/// Small ones.
const TIDY_REST: &str = "analyze users, keys, providers, credentials, audit_log, console_sessions, holds, model_prices";

/// Fills a hub with so many calls, has it make the sums by day, and stops it.
pub async fn fill(home: &Home, n_calls: u64) {
    let started = Instant::now();
    let said = |what: &str| eprintln!("{:6.0} s: {what}", started.elapsed().as_secs_f64());
    let mut process = home.start("fill").await;
    people(&process).await;
    said("users, keys and providers are there");
    let options = home.postgres();
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    all(&mut connection, &HURRY).await;
    let today = Utc::now().date_naive().and_time(NaiveTime::MIN).and_utc();
    // Today's calls, as many as there are by now, come on top.
    let per_day = n_calls.div_ceil(N_DAYS - 1);
    let left = join_all((0..N_WRITERS).map(|writer| days(&options, today, per_day, writer))).await;
    for name in left.iter().flatten() {
        tidy(&mut connection, name).await;
    }
    run(&mut connection, REST).await;
    run(&mut connection, "vacuum (analyze) usage_15m").await;
    said("calls, attempts, sessions and their sums are there");
    make_days(&process, &mut connection).await;
    said("the sums by day are there");
    all(&mut connection, &TIDY).await;
    run(&mut connection, TIDY_REST).await;
    all(&mut connection, &CALM).await;
    connection.close().await.unwrap();
    process.end().await;
    // Until now nothing had to be on the disk.
    assert!(Command::new("sync").status().unwrap().success());
    said("filled");
}

/// Users, keys and providers, most of them with limits that are far away.
async fn people(process: &Process) {
    let limits = json!({ "limit_daily_usd": "100000", "limit_monthly_usd": "1000000", "limit_rpm": 100_000 });
    let limited = |base: serde_json::Value| {
        let mut body = limits.clone();
        body.as_object_mut().unwrap().extend(base.as_object().unwrap().clone());
        body
    };
    for n in 0..N_PROVIDERS {
        // Nobody is asked: the addresses lead nowhere.
        let provider = json!({
            "name": format!("provider-{n:02}"), "base_url": "http://127.0.0.1:9", "secret": "sk-ant-nobody", "probe": false,
            "priority": n % 3,
        });
        process.send(Method::POST, "providers", &limited(provider)).await;
    }
    let users = stream::iter(0..N_USERS).map(async |n| {
        let user = json!({ "name": format!("user-{n:03}"), "tags": [format!("team-{}", n % 9)] });
        process.send(Method::POST, "users", &limited(user)).await["id"].as_str().unwrap().to_owned()
    });
    let users: Vec<String> = users.buffered(8).collect().await;
    let keys = stream::iter(0..N_KEYS).map(async |n| {
        let path = format!("users/{}/keys", users[n % N_USERS]);
        process.send(Method::POST, &path, &limited(json!({ "name": format!("key-{n:03}") }))).await
    });
    keys.buffered(8).for_each(async |_| {}).await;
}

/// Fills every `N_WRITERS`th day, beginning with the `writer`th. The names of those that are not tidied yet.
async fn days(options: &PgConnectOptions, today: DateTime<Utc>, per_day: u64, writer: usize) -> Vec<String> {
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    run(&mut connection, BEGIN).await;
    let mut untidy = Vec::new();
    for ago in (0..N_DAYS).rev().skip(writer).step_by(N_WRITERS) {
        let started = Instant::now();
        let midnight = today.checked_sub_days(Days::new(ago)).unwrap();
        untidy.push(day(&mut connection, midnight, ago, per_day).await);
        if untidy.len() > UNTIDY_MAX {
            tidy(&mut connection, &untidy.remove(0)).await;
        }
        eprintln!("{} in {:.1} s", midnight.date_naive(), started.elapsed().as_secs_f64());
    }
    untidy
}

/// Fills the day that begins at a midnight, so many days ago. Its name.
async fn day(connection: &mut PgConnection, midnight: DateTime<Utc>, ago: u64, per_day: u64) -> String {
    let name = midnight.format("%Y%m%d").to_string();
    let first_n = (N_DAYS - ago) * per_day.next_multiple_of(TALKS_CALLS);
    let has_messages = ago <= MESSAGES_DAYS;
    let parents = if has_messages { "'calls', 'attempts', 'call_messages'" } else { "'calls', 'attempts'" };
    // Those whose names begin like another one's go first.
    let named = |sql: &str| {
        sql.replace("$NAME", &name)
            .replace("$NEXT", &(midnight + TimeDelta::days(1)).to_rfc3339())
            .replace("$PARENTS", parents)
            .replace("$FIRST_N", &first_n.to_string())
            .replace("$DAY_MS", &midnight.timestamp_millis().to_string())
            .replace("$DAY", &midnight.to_rfc3339())
            .replace("$N", &per_day.to_string())
    };
    run(connection, &named(OPEN)).await;
    run(connection, &named(DAY)).await;
    if has_messages {
        run(connection, &named(MESSAGES)).await;
    }
    run(connection, &sums("usage_15m", "15 minutes")).await;
    if ago <= MINUTES_DAYS {
        run(connection, &sums("usage_1m", "1 minute")).await;
    }
    run(connection, "drop table made, tried").await;
    run(connection, &named(CLOSE)).await;
    name
}

/// What a hub's own Postgres has done long ago with most of its days. Single attempts are found by their call, messages too.
async fn tidy(connection: &mut PgConnection, name: &str) {
    run(connection, &format!("vacuum (analyze) calls_{name}")).await;
    run(connection, &format!("vacuum (analyze) attempts_{name} (call_id, id, provider_id, result, recorded_at)")).await;
    let has_messages = "select to_regclass('call_messages_' || $1::text) is not null";
    if sqlx::query_scalar::<_, bool>(has_messages).bind(name).fetch_one(&mut *connection).await.unwrap() {
        run(connection, &format!("vacuum (analyze) call_messages_{name} (call_id)")).await;
    }
}

/// The statement that adds up a day.
fn sums(table: &str, length: &str) -> String {
    // `width_bucket` counts what is not above the value, the hub's edges belong to the bucket below.
    let edges: Vec<String> = TIME_EDGES_MS.iter().map(|edge| (edge + 1).to_string()).collect();
    let buckets = |column: &str| {
        let counts = (0..TIME_BUCKETS).map(|bucket| format!("count(*) filter (where {column} = {bucket})"));
        counts.collect::<Vec<_>>().join(", ")
    };
    SUMS.replace("$TABLE", table)
        .replace("$LENGTH", length)
        .replace("$EDGES", &edges.join(", "))
        .replace("$FIRSTS", &buckets("first_bucket"))
        .replace("$DURATIONS", &buckets("duration_bucket"))
}

/// Has the hub make the sums by day, and of the days that are over all others.
async fn make_days(process: &Process, connection: &mut PgConnection) {
    // It makes them when its zone is another one, and all of them when it finds none.
    run(connection, "update usage_zone set name = '', closed_before = null").await;
    process.send(Method::PATCH, "settings", &json!({ "time_zone": ZONE })).await;
    let started = Instant::now();
    let are_made = "
        select coalesce(closed_before >= date_trunc('day', now() - interval '1 hour', nullif(name, '')), false)
        from usage_zone";
    while !sqlx::query_scalar::<_, bool>(are_made).fetch_one(&mut *connection).await.unwrap() {
        assert!(started.elapsed() < DAYS_WITHIN, "the sums by day are not made");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn run(connection: &mut PgConnection, sql: &str) {
    if let Err(error) = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await {
        let beginning: String = sql.chars().take(2_000).collect();
        panic!("{error}\n{beginning}");
    }
}

/// Runs statements, each in a transaction of its own or in none.
async fn all(connection: &mut PgConnection, statements: &[&str]) {
    for statement in statements {
        run(connection, statement).await;
    }
}
