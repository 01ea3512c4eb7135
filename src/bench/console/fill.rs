//! Much to look at: who calls whom by the management API, calls and sums in SQL.

use std::time::{Duration, Instant};

use chrono::{Days, TimeDelta, Utc};
use futures_util::{StreamExt, future::join_all, stream};
use hub::domain::report::{TIME_BUCKETS, TIME_EDGES_MS};
use reqwest::Method;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, postgres::PgConnectOptions};

use super::process::Process;

pub const N_USERS: usize = 200;
pub const N_KEYS: usize = 500;
pub const N_PROVIDERS: usize = 20;

/// Days that have calls, today among them.
const N_DAYS: u64 = 90;

/// Days that are filled at the same time.
const N_WRITERS: usize = 2;

const BEGIN: &str = include_str!("begin.sql");
const DAY: &str = include_str!("day.sql");
const SUMS: &str = include_str!("sums.sql");

/// What is there now, and what pages are asked about.
pub struct Filled {
    pub n_calls: i64,
    pub n_attempts: i64,
    pub n_sums: i64,
    /// Who called most.
    pub user_id: String,
    pub user_name: String,
    pub key_id: String,
    /// Who served most, and what most asked for.
    pub provider_id: String,
    pub model: String,
    /// A conversation of last month.
    pub session_id: String,
    /// A call of last month that took several attempts.
    pub call_id: String,
    /// The last call of that user.
    pub own_call_id: String,
}

/// Where the hub's days begin once there are calls.
const ZONE: &str = "Europe/Berlin";

/// Fills the hub with so many calls, and has it make the sums by day.
pub async fn fill(process: &Process, n_calls: u64) -> Filled {
    let started = Instant::now();
    people(process).await;
    let options = PgConnectOptions::new_without_pgpass()
        .socket(process.data.join("postgres/run"))
        .port(5432)
        .username("switchyard")
        .database("switchyard");
    join_all((0..N_WRITERS).map(|writer| days(&options, n_calls, writer))).await;
    eprintln!("filled in {:?}", started.elapsed());
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    // The hub makes them when its zone is another one, and all of them when it finds none.
    run(&mut connection, "update usage_zone set name = '', closed_before = null; analyze").await;
    process.send(Method::PATCH, "settings", &json!({ "time_zone": ZONE })).await;
    let is_closed = "select closed_before is not null from usage_zone";
    while !sqlx::query_scalar::<_, bool>(is_closed).fetch_one(&mut connection).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    run(&mut connection, "analyze usage_facets; analyze usage_errors_1d").await;
    eprintln!("ready after {:?}", started.elapsed());
    found(&mut connection).await
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

/// Fills every `N_WRITERS`th day, beginning with the `writer`th.
async fn days(options: &PgConnectOptions, n_calls: u64, writer: usize) {
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    run(&mut connection, BEGIN).await;
    let now = Utc::now();
    let midnight = now.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    let of_today = (now - midnight).num_seconds() as f64 / TimeDelta::days(1).num_seconds() as f64;
    let per_day = (n_calls as f64 / (N_DAYS as f64 - 1.0 + of_today)).ceil() as u64;
    for ago in (0..N_DAYS).rev().skip(writer).step_by(N_WRITERS) {
        let day = midnight.checked_sub_days(Days::new(ago)).unwrap();
        let named = |sql: &str| {
            sql.replace("$NAME", &day.format("%Y%m%d").to_string())
                .replace("$FIRST_N", &((N_DAYS - ago) * per_day).to_string())
                .replace("$DAY", &day.to_rfc3339())
                .replace("$N", &per_day.to_string())
        };
        run(&mut connection, &named(DAY)).await;
        run(&mut connection, &sums("usage_15m", "15 minutes")).await;
        // Those by minute are kept for two days.
        if ago <= 2 {
            run(&mut connection, &sums("usage_1m", "1 minute")).await;
        }
        run(&mut connection, "drop table made, tried").await;
        eprintln!("{day}");
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

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

/// How much there is, and whom to ask about.
async fn found(connection: &mut PgConnection) -> Filled {
    let row = sqlx::query(
        "with most as (
            select user_id, key_id from usage_facets where facet = 'caller_1d' and user_id > 0 group by 1, 2
            order by sum(calls) desc limit 1
        ),
        served as (
            select provider_id, model from usage_facets where facet = 'route_1d' and provider_id > 0 group by 1, 2
            order by sum(calls) desc limit 1
        ),
        old as (
            select id, session_id from calls
            where id < first_id(now() - interval '40 days') and n_attempts > 1 and session_id is not null
            order by id desc limit 1
        )
        select (select sum(calls)::bigint from usage_facets where facet = 'route_1d') as n_calls,
            (select sum(attempts)::bigint from usage_facets where facet = 'route_1d') as n_attempts,
            (select count(*) from usage_15m) as n_sums,
            most.user_id::text as user_id, u.name as user_name, most.key_id::text as key_id,
            served.provider_id::text as provider_id, served.model, old.session_id, old.id::text as call_id,
            (select id::text from calls where user_id = most.user_id order by id desc limit 1) as own_call_id
        from most join users u on u.id = most.user_id, served, old",
    )
    .fetch_one(connection)
    .await
    .unwrap();
    Filled {
        n_calls: row.get("n_calls"),
        n_attempts: row.get("n_attempts"),
        n_sums: row.get("n_sums"),
        user_id: row.get("user_id"),
        user_name: row.get("user_name"),
        key_id: row.get("key_id"),
        provider_id: row.get("provider_id"),
        model: row.get("model"),
        session_id: row.get("session_id"),
        call_id: row.get("call_id"),
        own_call_id: row.get("own_call_id"),
    }
}
