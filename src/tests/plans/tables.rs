//! Which tables are small, and which statements no page waits for.

use std::collections::BTreeSet;

/// Tables that are read whole, and why they stay small.
const SMALL: &[(&str, &str)] = &[
    ("pg_stat_activity", "connections of one database"),
    ("users", "people of one company: hundreds, some thousands"),
    ("keys", "a few for each user"),
    ("providers", "tens, at most hundreds"),
    ("credentials", "one for each provider"),
    ("provider_groups", "tens"),
    ("model_prices", "one for each model that is sold"),
    ("settings", "one for each setting"),
    ("installation", "one row"),
    ("holds", "those that are open, and what ended within the retention; read by partial indexes"),
    ("console_sessions", "those of a month; read by their keys"),
    ("call_errors", "the errors of eight days; looked through for a text"),
    ("quarantine", "empty on a good day"),
    ("usage_zone", "one row"),
    ("limit_baselines", "at most one for each user, key and provider"),
    ("limit_windows", "at most one for each user, key and provider"),
    ("pg_class", "the catalogue"),
    ("pg_inherits", "the catalogue"),
];

/// Tables that grow with the calls, or with what is done in the console.
const LARGE: &[&str] = &[
    "calls",
    "calls_default",
    "attempts",
    "attempts_default",
    "usage_1m",
    "usage_15m",
    "usage_facets",
    "usage_errors",
    "usage_errors_1d",
    "usage_caller_errors_1d",
    "sessions",
    "call_messages",
    "call_messages_default",
    "audit_log",
    "price_versions",
];

/// Statements on large tables that no page waits for: a file or a statement, and who runs it.
const NO_PAGES: &[(&str, &str, &str)] = &[
    ("facets", "", "the job that makes the days"),
    ("ledger", "", "the ledger's writer"),
    ("partitions", "", "the job that lets go what is kept no longer"),
    ("sums", "", "the start of a hub, and counters that were emptied"),
    ("sessions", "DELETE_BEFORE", "the job that lets go what is kept no longer"),
    ("messages", "INSERT", "adds what was asked and answered"),
    ("calls", "COUNT", "runs beside an export, for its progress"),
    ("calls", "COUNT_BY_ERROR", "runs beside an export, for its progress"),
    ("audit", "INSERT", "adds a line"),
    ("audit", "DELETE_BEFORE", "the job that lets go what is kept no longer"),
    ("prices", "PUT", "adds a line, with the price"),
    ("prices", "DELETE", "adds a line, with the price"),
];

/// True for a large table. A part of one for a day is none: in the tests most rows lie in the one for all other days.
pub fn is_large(relation: &str) -> bool {
    LARGE.contains(&relation)
}

/// The tables that a statement names: the words behind those that a table follows.
fn tables(sql: &str) -> BTreeSet<&str> {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let own: BTreeSet<&str> =
        words.windows(2).filter(|pair| pair[1] == "as").map(|pair| pair[0].trim_start_matches('(')).collect();
    let named = words.windows(2).filter(|pair| {
        let before = pair[0].rsplit('(').next().unwrap_or_default();
        ["from", "join", "into", "update", "table"].contains(&before)
    });
    let named = named.map(|pair| pair[1].trim_end_matches([')', ',', ';']));
    let is_name =
        |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    named.filter(is_name).filter(|name| !name.is_empty() && !own.contains(name)).collect()
}

/// Checks that every statement reads small tables, is among those that were tried, or is no page's.
pub fn check(tried: &[(&str, &str)]) {
    let is_small = |table: &str| SMALL.iter().any(|(small, _)| *small == table);
    let mut wrong = Vec::new();
    for (file, name, sql) in hub::store::all_statements() {
        let no_pages = NO_PAGES.iter().any(|(of, one, _)| *of == file && (one.is_empty() || *one == name));
        // `do update set`, `for update of`: no tables.
        let tables: Vec<&str> =
            tables(sql).into_iter().filter(|name| !["set", "of", "lateral"].contains(name)).collect();
        let large = tables.iter().any(|table| is_large(table));
        if large && !no_pages && !tried.contains(&(file, name)) {
            wrong.push(format!("{file}.rs, {name} reads a large table and is not tried"));
        }
        for table in tables.into_iter().filter(|table| !is_large(table) && !is_small(table)) {
            wrong.push(format!("{file}.rs, {name}: is {table} small or large?"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
