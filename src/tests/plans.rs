//! How Postgres reads what reports and lists ask for, when there is much of it: by an index, never all of it.

use serde_json::json;

use crate::{
    insight::days_are_of,
    postgres::{execute, rows},
    world::World,
};

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
        from summed on conflict do nothing;";

/// A moment so long ago, as SQL.
fn ago(span: &str) -> String {
    format!("date_trunc('day', now()) - interval '{span}'")
}

/// The values of a report: its range, cut into quarters, days, quarters and minutes; filters; the facet; its rows.
fn report(range: [&str; 5], filters: [&str; 4], facet: &str, step: &str, by: &str) -> String {
    let has_callers = !facet.starts_with("route");
    let range = range.map(ago).join(", ");
    format!("{range}, {}, '{facet}', {has_callers}, '{step}', 'Asia/Kathmandu', '{by}', 20000", filters.join(", "))
}

/// The values of a list of calls: one filter by its place, all others unset.
fn list(place: usize, value: &str) -> String {
    let first = ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"];
    let mut values: Vec<&str> = first.into_iter().chain(["null"; 17]).chain(["51"]).collect();
    values[place - 1] = value;
    values.join(", ")
}

/// What the pages ask for: the statement, and the values for it.
fn asked() -> Vec<(&'static str, &'static str, String)> {
    let none = ["null"; 4];
    let (month, quarter) = (["30 days", "29 days", "0", "0", "0"], ["90 days", "89 days", "0", "0", "0"]);
    // A day ago up to now has no whole day in it.
    let day = ["1 day", "1 day", "1 day", "0", "0"];
    let mut asked = vec![
        ("usage", "SUM", report(quarter, none, "route_1d", "total", "")),
        ("usage", "SUM", report(quarter, none, "route_1d", "week", "provider")),
        ("usage", "SUM", report(quarter, none, "caller_1d", "total", "user")),
        ("usage", "SUM", report(month, none, "route_1d", "day", "model")),
        ("usage", "SUM", report(month, none, "caller_1d", "day", "user")),
        ("usage", "SUM", report(month, ["7", "null", "null", "null"], "whole_1d", "day", "provider")),
        ("usage", "SUM", report(month, ["null", "null", "2", "null"], "whole_1d", "total", "user")),
        ("usage", "SUM", report(month, ["null", "null", "null", "'model-a'"], "route_1d", "day", "")),
        ("usage", "SUM", report(day, none, "route_1d", "hour", "model")),
        ("usage", "SUM", report(day, none, "caller_1d", "hour", "user")),
        ("usage", "ERRORS", format!("{}, now(), null, null, null, null", ago("7 days"))),
        ("usage", "UNPRICED_MODELS", ago("1 day")),
        ("traffic", "BLOCKS", ago("1 day")),
        ("availability", "PROBES", ago("30 days")),
        ("availability", "LAST_PROBES", format!("array_fill(2::bigint, array[4]), {}", ago("30 days"))),
        ("availability", "SERVED", "'usage_1m', now() - interval '1 hour', '1 minute', 'UTC'".to_owned()),
        ("availability", "SERVED", format!("'route_15m', {}, '30 minutes', 'UTC'", ago("1 day"))),
        ("availability", "SERVED", format!("'route_15m', {}, '3 hours', 'UTC'", ago("7 days"))),
        ("availability", "SERVED", format!("'route_1d', {}, null, 'Asia/Kathmandu'", ago("30 days"))),
    ];
    for (place, value) in [
        (20, "51"),
        (5, "7"),
        (6, "7"),
        (7, "2"),
        (8, "'model-b'"),
        (9, "'session-77'"),
        (10, "'failed'"),
        (11, "500"),
        (12, "9990"),
        (14, "8990"),
        (16, "890"),
        (17, "true"),
        (18, "true"),
        (19, "'broke'"),
    ] {
        asked.push(("calls", "LIST", list(place, value)));
    }
    asked
}

#[tokio::test]
async fn reports_and_lists_read_by_an_index_where_there_is_much() {
    let world = World::alone().await;
    days_are_of(&world, "UTC").await;
    let (minutes, quarters) = (sums("usage_1m", "1 minute", 2), sums("usage_15m", "15 minutes", 90));
    let sql = format!("{MUCH} {minutes} {quarters} {ERRORS} update usage_zone set name = ''");
    execute(world.dsn(), &sql).await;
    world.patch("/admin/v1/settings", &json!({"time_zone": "Asia/Kathmandu"})).await;
    days_are_of(&world, "Asia/Kathmandu").await;
    execute(world.dsn(), "analyze").await;
    let n_rows =
        rows(world.dsn(), "select (select count(*) from calls) as calls, (select count(*) from usage_facets) as sums")
            .await;
    assert!(n_rows[0]["calls"] == 50_000 && n_rows[0]["sums"].as_u64() > Some(50_000), "{n_rows:?}");

    // A function, because the plan that `explain` gives is no table that could be selected from.
    let explained = "create function explained(sql text) returns setof text language plpgsql as
        $$ begin return query execute 'explain (costs off) ' || sql; end $$";
    execute(world.dsn(), explained).await;
    let statements = hub::store::all_statements();
    let mut wrong = Vec::new();
    for (file, name, values) in asked() {
        let (_, _, sql) = statements.iter().find(|(of, one, _)| (*of, *one) == (file, name)).unwrap();
        let mut sql = (*sql).to_owned();
        // From the last on, so that $1 is not the beginning of $10.
        let values: Vec<&str> = split(&values);
        for (n, value) in values.iter().enumerate().rev() {
            sql = sql.replace(&format!("${}", n + 1), &format!("({value})"));
        }
        let plan = rows(world.dsn(), &format!("select explained($sql${sql}$sql$) as line")).await;
        assert!(!plan.is_empty());
        // Small partitions are read whole, and may be: the calls of this test lie in the one for all other days.
        let lines = plan.iter().map(|row| row["line"].as_str().unwrap());
        let scans = lines.filter(|line| {
            line.contains("Seq Scan on")
                && ["calls_default", "attempts_default", "usage_"].iter().any(|table| line.contains(table))
        });
        wrong.extend(scans.map(|scan| format!("{file}.rs, {name} ({}): {}", values.join(", "), scan.trim())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Values at the commas that stand in no parentheses.
fn split(values: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let at_top = move |letter: char| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        letter == ',' && depth == 0
    };
    values.split(at_top).map(str::trim).collect()
}
