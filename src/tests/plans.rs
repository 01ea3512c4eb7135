//! How Postgres reads what pages ask for, when there is much of it: by an index, and no more rows than it answers for.

mod keys;
mod reports;
mod tables;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use self::reports::reports;
use crate::{
    insight::{days_are_closed, days_are_of},
    postgres::{execute, rows},
    world::World,
};

/// Where the days of these tests begin.
const ZONE: chrono_tz::Tz = chrono_tz::Asia::Kathmandu;

/// Calls over 90 days, and their sums by quarter of an hour and by minute; the hub makes the others of them.
const MUCH: &str = "
    create temp table made as
        select n, now() - n * interval '90 days' / 50000 as at, n * 7 % 50 + 1 as user_id, n % 4 + 1 as provider_id,
            (array['model-a', 'model-b', 'model-c'])[n * 11 % 3 + 1] as model, n % 50 = 0 as is_bad
        from generate_series(1, 50000) n;
    insert into calls (id, created_at, kind, user_id, key_id, provider_id, session_id, model, stream, status, outcome,
            input, output, cost, n_attempts, first_token_ms, duration_ms, error_cause, error_message)
        select (left(replace(first_id(at)::text, '-', ''), 12) || left(md5(n::text), 20))::uuid, at, 'messages', user_id,
            user_id, provider_id, 'session-' || n / 10, model, true, case when is_bad then 500 else 200 end,
            case when is_bad then 'failed' else 'completed' end, 1000, 100, n * 31 % 10000, 1 + n % 30 / 29,
            n * 13 % 900, n * 17 % 9000, case when is_bad then 'status' end, case when is_bad then 'it broke' end
        from made;
    insert into sessions select user_id, session_id, user_id, min(created_at), max(created_at),
            (array_agg(id order by id desc))[1], min(provider_id), null::text, array['m'], count(*), 0, 1, 1, 0, 0, 0, 1
        from calls group by user_id, session_id;
    insert into attempts (call_id, id, provider_id, provider_name, credential_id, model_sent, result, started_ms, ended_ms,
            token_source, price_input, price_output, price_cache_write_5m, price_cache_write_1h, price_cache_read, multiplier,
            unpriced, shares)
        select id, id, provider_id, 'p', 1, model, 'completed', 0, 10, 'none', 0, 0, 0, 0, 0, 1000000, status = 500,
            case when status = 500 then jsonb_build_array(jsonb_build_object('model', 'm', 'unpriced', true)) end
        from calls;
    insert into call_messages select id, 10, '\\x7b'::bytea, null, 10, '\\x7b'::bytea from calls;
    insert into call_errors select id, user_id, key_id, provider_id, error_cause, error_message from calls
        where error_cause is not null and created_at > now() - interval '8 days';
    create temp table summed as
        select at, user_id, user_id as key_id, provider_id, model, 1 as calls, (not is_bad)::int as good, is_bad::int as bad
        from made;
";

/// The sums of `made` in a table whose rows are so long.
fn sums(table: &str, length: &str, days: u32) -> String {
    format!(
        "insert into {table} (at, user_id, key_id, provider_id, model, calls, completed, rejected, refused, failed,
            interrupted, abandoned, attempts, attempts_good, attempts_bad, unpriced, input, output, cache_write_5m,
            cache_write_1h, cache_read, cost_input, cost_output, cost_cache_write_5m, cost_cache_write_1h,
            cost_cache_read, cost, first_token_hist, duration_hist)
        select date_bin('{length}', at, 'epoch'), user_id, key_id, provider_id, model, count(*), sum(good), 0, 0,
            sum(bad), 0, 0, count(*), sum(good), sum(bad), 0, 1000, 100, 0, 0, 0, 1, 1, 0, 0, 0, 2,
            array_fill(1::bigint, array[20]), array_fill(1::bigint, array[20])
        from summed where at > now() - interval '{days} days' group by 1, 2, 3, 4, 5;"
    )
}

const ERRORS: &str = "
    insert into usage_errors select date_bin('15 minutes', at, 'epoch'), user_id, key_id, provider_id, model, 'status', 1
        from summed on conflict do nothing;
    insert into audit_log (at, actor, action, subject)
        select at, 'admin token', 'user.update', n::text from made where n % 10 = 0;
    insert into price_versions (model, source) select 'model-' || n % 100, 'manual' from made where n % 10 = 0;";

/// A statement as a page asks it, and how many rows of large tables it may read.
struct Asked {
    file: &'static str,
    name: &'static str,
    /// Its values, in order.
    values: Vec<String>,
    rows_max: RowsMax,
}

/// The most rows.
enum RowsMax {
    /// So many.
    Of(u64),
    /// As many as this counts.
    Counted(String),
}

/// A page of a list, and what is read to find it: an index may lead to some that another filter leaves out.
const PAGE: u64 = 51;
const A_FEW_PAGES: u64 = 4 * PAGE;

fn asked(file: &'static str, name: &'static str, values: Vec<String>, rows_max: RowsMax) -> Asked {
    Asked { file, name, values, rows_max }
}

/// A time as SQL.
fn time(at: DateTime<Utc>) -> String {
    format!("timestamptz '{}'", at.to_rfc3339())
}

/// A list of calls with filters by their places, all others unset.
fn list(filters: &[(usize, &str)], rows_max: u64) -> Asked {
    let first = ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"];
    let mut values: Vec<&str> = first.into_iter().chain(["null"; 17]).collect();
    let mut name = "LIST";
    for (place, value) in filters {
        if *place > values.len() {
            values.push(value);
            name = "LIST_BY_ERROR";
        } else {
            values[place - 1] = value;
        }
    }
    values.push("51");
    asked("calls", name, values.into_iter().map(str::to_owned).collect(), RowsMax::Of(rows_max))
}

/// What lists ask, and single calls.
fn lists() -> Vec<Asked> {
    let week = "first_id(now() - interval '7 days')";
    let mut all = vec![
        list(&[], PAGE),
        list(&[(2, "first_id(now() - interval '30 days')")], PAGE),
        list(&[(1, "first_id(now() - interval '1 day')")], PAGE),
        list(&[(5, "7")], PAGE),
        list(&[(6, "7")], PAGE),
        list(&[(7, "2")], 5 * PAGE),
        list(&[(8, "'model-b'")], A_FEW_PAGES),
        list(&[(9, "'session-77'")], 10),
        list(&[(10, "'failed'")], PAGE),
        list(&[(11, "500")], PAGE),
        list(&[(12, "9990")], A_FEW_PAGES),
        list(&[(14, "8990")], A_FEW_PAGES),
        // No index has it: one in ninety is so late.
        list(&[(16, "890")], 6_000),
        list(&[(17, "true")], PAGE),
        list(&[(17, "false")], A_FEW_PAGES),
        list(&[(18, "true")], PAGE),
        list(&[(19, "'messages'")], PAGE),
        // There is none: found by the index that has nothing else.
        list(&[(19, "'probe'")], 0),
        list(&[(7, "2"), (19, "'probe'")], 0),
        // One in fifty failed, and each user has a fiftieth: a list of both looks through the failed ones.
        list(&[(5, "7"), (10, "'failed'")], 1_100),
        // What is looked for in texts: only calls that are found.
        // Each of them has this text, and one in fifty calls is among them: a page is found among so many calls at most.
        list(&[(1, week), (20, "'broke'")], 50 * PAGE),
        list(&[(1, week), (20, "'there is no such text'")], 0),
    ];
    // Few have what these ask for.
    let few = [list(&[(12, "9990")], PAGE), list(&[(14, "8990")], 60)];
    all.extend(few.map(|list| Asked { name: "ANY", ..list }));
    let id = "(select id from calls order by id desc limit 1)";
    all.push(asked("calls", "LIST_OF", vec![format!("array[{id}]")], RowsMax::Of(2)));
    all.push(asked("calls", "FIND", vec![id.to_owned()], RowsMax::Of(2)));
    all.push(asked("calls", "ATTEMPTS", vec![id.to_owned()], RowsMax::Of(2)));
    let day = "first_id(now() - interval '1 day')";
    let unpriced = format!("select count(*) as n from attempts where call_id >= {day} and unpriced");
    all.push(asked("calls", "UNPRICED_SHARES", vec![day.to_owned()], RowsMax::Counted(unpriced)));
    let mut values = vec![time(Utc::now() - TimeDelta::days(10)), "1000000".to_owned()];
    values.extend(["null"; 5].map(str::to_owned));
    values.push("51".to_owned());
    all.push(asked("audit", "LIST", values.clone(), RowsMax::Of(PAGE)));
    "'user.update'".clone_into(&mut values[5]);
    all.push(asked("audit", "LIST", values, RowsMax::Of(PAGE)));
    let values = ["'model-10'", "1000000", "51"].map(str::to_owned);
    all.push(asked("prices", "HISTORY", values.into(), RowsMax::Of(PAGE)));
    all.extend(sessions());
    all
}

/// What the pages of sessions ask.
fn sessions() -> Vec<Asked> {
    let (early, late) = ("'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'");
    let page = RowsMax::Of;
    let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    vec![
        asked("sessions", "LIST", values(&["null", "null", "null", "101"]), page(101)),
        asked("sessions", "LIST", values(&[late, "'session-77'", "'session-78'", "101"]), page(120)),
        asked("sessions", "OF", values(&["array[7, 8]::bigint[]", "array['session-77', 'session-1']"]), page(2)),
        asked("sessions", "STAYS", values(&["7", "'session-77'", early, late]), page(20)),
        asked("messages", "FIND", values(&["(select id from calls order by id desc limit 1)"]), page(2)),
        asked("messages", "LATEST_OF_SESSION", values(&["7", "'session-77'", early, late]), page(20)),
    ]
}

/// A function, because the plan that `explain` gives is no table that could be selected from.
const EXPLAINED: &str = "create function explained(sql text) returns json language plpgsql as
    $$ declare plan json; begin execute 'explain (analyze, format json) ' || sql into plan; return plan; end $$";

/// What a statement has read of the tables that are meant, and the nodes that read all there is.
async fn read_by(world: &World, asked: &Asked, is_meant: fn(&str) -> bool) -> (u64, Vec<String>) {
    let Asked { file, name, values, .. } = asked;
    let statements = hub::store::all_statements();
    let (_, _, sql) = statements.iter().find(|(of, one, _)| of == file && one == name).unwrap();
    let mut sql = (*sql).to_owned();
    // From the last on, so that $1 is not the beginning of $10.
    for (n, value) in values.iter().enumerate().rev() {
        sql = sql.replace(&format!("${}", n + 1), &format!("({value})"));
    }
    let plan = rows(world.dsn(), &format!("select explained($sql${sql}$sql$) as plan")).await;
    let (mut n_read, mut whole) = (0, Vec::new());
    read(&plan[0]["plan"][0]["Plan"], is_meant, &mut n_read, &mut whole);
    (n_read, whole)
}

/// What a plan has read of the tables that are meant, and the nodes that read all there is.
fn read(plan: &Value, is_meant: fn(&str) -> bool, n_rows: &mut u64, whole: &mut Vec<String>) {
    let relation = plan["Relation Name"].as_str().unwrap_or_default();
    if is_meant(relation) {
        let kind = plan["Node Type"].as_str().unwrap_or_default();
        if kind == "Seq Scan" {
            whole.push(format!("{kind} on {relation}"));
        }
        // Newer versions of Postgres say rows with a fraction, which is not looked at.
        let number = |name: &str| plan[name].to_string().split('.').next().unwrap().parse::<u64>().unwrap_or_default();
        let each = number("Actual Rows") + number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
        *n_rows += each * number("Actual Loops");
    }
    for part in plan["Plans"].as_array().into_iter().flatten() {
        read(part, is_meant, n_rows, whole);
    }
}

#[tokio::test]
async fn pages_read_by_an_index_and_no_more_than_they_answer_for() {
    let world = World::alone().await;
    days_are_of(&world, "UTC").await;
    let (minutes, quarters) = (sums("usage_1m", "1 minute", 2), sums("usage_15m", "15 minutes", 90));
    let sql = format!("{MUCH} {minutes} {quarters} {ERRORS} update usage_zone set name = '', closed_before = null");
    execute(world.dsn(), &sql).await;
    world.patch("/admin/v1/settings", &json!({"time_zone": ZONE.name()})).await;
    days_are_of(&world, ZONE.name()).await;
    days_are_closed(&world).await;
    execute(world.dsn(), "analyze").await;
    let n_rows =
        rows(world.dsn(), "select (select count(*) from calls) as calls, (select count(*) from usage_facets) as sums")
            .await;
    assert!(n_rows[0]["calls"] == 50_000 && n_rows[0]["sums"].as_u64() > Some(50_000), "{n_rows:?}");

    execute(world.dsn(), EXPLAINED).await;
    let mut wrong = Vec::new();
    for asked in reports().into_iter().chain(lists()) {
        let (n_read, whole) = read_by(&world, &asked, tables::is_large).await;
        let Asked { file, name, values, rows_max } = asked;
        let n_max = match rows_max {
            RowsMax::Of(n_max) => n_max,
            RowsMax::Counted(sql) => rows(world.dsn(), &sql).await[0]["n"].as_u64().unwrap(),
        };
        // What lies at the edge of a range may be looked at and left out.
        let at_edges = 2 + n_max / 20;
        if n_read > n_max + at_edges || !whole.is_empty() {
            wrong.push(format!(
                "{file}.rs, {name} ({}): reads {n_read} rows, not {n_max}; {whole:?}",
                values.join(", ")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_statement_that_reads_a_large_table_is_asked_here_or_is_no_pages() {
    let tried: Vec<_> = reports().into_iter().chain(lists()).map(|Asked { file, name, .. }| (file, name)).collect();
    tables::check(&tried);
}
