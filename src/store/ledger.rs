//! Entries of the ledger → rows, each exactly once.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Value, json};
use sqlx::{Postgres, Row, Transaction};
use uuid::Uuid;

use super::{CHANNEL, Store, statements};
use crate::{
    domain::{attempt::Attempt, price::Cost, price::Price, usage::Usage},
    ledger::{
        entry::Entry,
        rollup::{Rollup, RollupKey, roll_up},
    },
};

/// The columns that both tables of sums have, to be filled from a JSON list of rows.
macro_rules! add_to {
    ($table:literal) => {
        concat!(
            "insert into ",
            $table,
            " as sums select * from json_populate_recordset(null::",
            $table,
            ", $1::text::json)
            on conflict (at, user_id, key_id, provider_id, model) do update set
                calls = sums.calls + excluded.calls,
                completed = sums.completed + excluded.completed,
                rejected = sums.rejected + excluded.rejected,
                refused = sums.refused + excluded.refused,
                failed = sums.failed + excluded.failed,
                interrupted = sums.interrupted + excluded.interrupted,
                abandoned = sums.abandoned + excluded.abandoned,
                attempts = sums.attempts + excluded.attempts,
                unpriced = sums.unpriced + excluded.unpriced,
                input = sums.input + excluded.input,
                output = sums.output + excluded.output,
                cache_write_5m = sums.cache_write_5m + excluded.cache_write_5m,
                cache_write_1h = sums.cache_write_1h + excluded.cache_write_1h,
                cache_read = sums.cache_read + excluded.cache_read,
                cost_input = sums.cost_input + excluded.cost_input,
                cost_output = sums.cost_output + excluded.cost_output,
                cost_cache_write_5m = sums.cost_cache_write_5m + excluded.cost_cache_write_5m,
                cost_cache_write_1h = sums.cost_cache_write_1h + excluded.cost_cache_write_1h,
                cost_cache_read = sums.cost_cache_read + excluded.cost_cache_read,
                cost = sums.cost + excluded.cost,
                first_token_hist = add_histograms(sums.first_token_hist, excluded.first_token_hist),
                duration_hist = add_histograms(sums.duration_hist, excluded.duration_hist)"
        )
    };
}

statements! {
    /// Gives back the ids of the calls that were not there before: only they are added to the sums.
    INSERT_CALLS = "
        insert into calls
        select * from json_populate_recordset(null::calls, $1::text::json)
        on conflict (id) do nothing
        returning id";
    INSERT_ATTEMPTS = "
        insert into attempts
        select * from json_populate_recordset(null::attempts, $1::text::json)
        on conflict (call_id, id) do nothing";
    ADD_TO_MINUTES = add_to!("usage_1m");
    ADD_TO_QUARTERS = add_to!("usage_15m");
    TOUCH_KEYS = "
        update keys set last_used_at = greatest(keys.last_used_at, used.at)
        from unnest($1::bigint[], $2::timestamptz[]) as used (id, at)
        where keys.id = used.id";
    NOTIFY_RECORDED = "select pg_notify($1, 'recorded ' || $2)";
    QUARANTINE = "insert into quarantine (call_id, reason, entry) values ($1, $2, $3)";
}

impl Store {
    /// Writes entries and their sums in one transaction. What is there already is left as it is, so that writing the
    /// same entries again changes nothing.
    pub async fn insert_entries(&self, entries: &[Entry]) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let rows: Vec<Value> = entries.iter().map(call_row).collect();
        let inserted =
            sqlx::query(INSERT_CALLS).bind(Value::from(rows).to_string()).fetch_all(&mut *transaction).await?;
        let inserted: HashSet<Uuid> = inserted.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?;
        let mut seen = HashSet::with_capacity(entries.len());
        let fresh: Vec<&Entry> =
            entries.iter().filter(|entry| inserted.contains(&entry.call.id.0) && seen.insert(entry.call.id)).collect();
        if fresh.is_empty() {
            return transaction.commit().await;
        }
        let attempts = fresh.iter().flat_map(|entry| entry.attempts.iter().map(|attempt| attempt_row(entry, attempt)));
        let attempts: Vec<Value> = attempts.collect();
        sqlx::query(INSERT_ATTEMPTS).bind(Value::from(attempts).to_string()).execute(&mut *transaction).await?;
        for (statement, minutes) in [(ADD_TO_MINUTES, 1), (ADD_TO_QUARTERS, 15)] {
            let rows = rollup_rows(roll_up(fresh.iter().copied(), minutes));
            sqlx::query(statement).bind(rows.to_string()).execute(&mut *transaction).await?;
        }
        touch_keys(&mut transaction, &fresh).await?;
        let newest = fresh.iter().map(|entry| entry.call.id).max().unwrap_or_default();
        sqlx::query(NOTIFY_RECORDED)
            .bind(CHANNEL)
            .bind(format!("{newest} {}", fresh.len()))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Sets an entry aside that Postgres does not take.
    pub async fn quarantine(&self, entry: &Entry, reason: &str) -> Result<(), sqlx::Error> {
        let text = serde_json::to_string(entry).unwrap_or_default();
        sqlx::query(QUARANTINE).bind(entry.call.id.0).bind(reason).bind(text).execute(&self.pool).await.map(|_| ())
    }
}

async fn touch_keys(transaction: &mut Transaction<'_, Postgres>, fresh: &[&Entry]) -> Result<(), sqlx::Error> {
    let mut used = BTreeMap::new();
    for call in fresh.iter().map(|entry| &entry.call) {
        if let Some(key) = call.key_id {
            let at = used.entry(key.0).or_insert(call.created_at);
            *at = (*at).max(call.created_at);
        }
    }
    let (ids, times): (Vec<i64>, Vec<_>) = used.into_iter().unzip();
    sqlx::query(TOUCH_KEYS).bind(ids).bind(times).execute(&mut **transaction).await.map(|_| ())
}

/// A row of `calls`, by column name.
fn call_row(entry: &Entry) -> Value {
    let Entry { call, cost, decision, .. } = entry;
    let mut row = json!({
        "id": call.id, "created_at": call.created_at, "kind": call.kind.as_str(), "user_id": call.user_id.map(|id| id.0),
        "key_id": call.key_id.map(|id| id.0), "provider_id": call.provider_id.map(|id| id.0),
        "session_id": call.session_id, "model": call.model, "model_sent": call.model_sent,
        "model_served": call.model_served, "stream": call.stream, "status": call.status,
        "outcome": call.outcome.map(crate::domain::call::Outcome::as_str), "token_source": call.token_source.as_str(),
        "cost": call.cost_usd.scaled(), "unpriced": call.unpriced, "n_attempts": call.n_attempts,
        "first_byte_ms": call.first_byte_ms, "first_token_ms": call.first_token_ms, "duration_ms": call.duration_ms,
        "error_cause": call.error.as_ref().map(|error| &error.cause),
        "error_message": call.error.as_ref().map(|error| &error.message),
        "user_agent": call.client.user_agent, "address": call.client.address, "decision": decision,
    });
    put_usage(&mut row, &call.usage);
    put_cost(&mut row, cost);
    row
}

/// A row of `attempts`, by column name.
fn attempt_row(entry: &Entry, attempt: &Attempt) -> Value {
    let mut row = json!({
        "call_id": entry.call.id, "id": attempt.id, "provider_id": attempt.provider_id.0,
        "provider_name": attempt.provider_name, "credential_id": attempt.credential_id.0,
        "model_sent": attempt.model_sent, "model_served": attempt.model_served, "result": attempt.result.as_str(),
        "status": attempt.status, "error_cause": attempt.error.as_ref().map(|error| &error.cause),
        "error_message": attempt.error.as_ref().map(|error| &error.message), "started_ms": attempt.started_ms,
        "first_byte_ms": attempt.first_byte_ms, "first_token_ms": attempt.first_token_ms, "ended_ms": attempt.ended_ms,
        "upstream_request_id": attempt.upstream_request_id, "token_source": attempt.token_source.as_str(),
        "usage_raw": attempt.usage_raw, "unpriced": attempt.unpriced, "multiplier": attempt.multiplier.scaled(),
        "cost": attempt.cost_usd.scaled(),
    });
    put_usage(&mut row, &attempt.usage);
    put_cost(&mut row, &attempt.cost);
    let Price { input, output, cache_write_5m, cache_write_1h, cache_read } = attempt.price;
    for (column, price) in [
        ("price_input", input),
        ("price_output", output),
        ("price_cache_write_5m", cache_write_5m),
        ("price_cache_write_1h", cache_write_1h),
        ("price_cache_read", cache_read),
    ] {
        put(&mut row, column, price.scaled());
    }
    row
}

/// Rows of `usage_1m` or `usage_15m`, by column name.
fn rollup_rows(sums: BTreeMap<RollupKey, Rollup>) -> Value {
    let rows = sums.into_iter().map(|(key, sum)| {
        let [completed, rejected, refused, failed, interrupted, abandoned] = sum.outcomes;
        let mut row = json!({
            "at": key.at, "user_id": key.user_id, "key_id": key.key_id, "provider_id": key.provider_id,
            "model": key.model, "calls": sum.calls, "completed": completed, "rejected": rejected, "refused": refused,
            "failed": failed, "interrupted": interrupted, "abandoned": abandoned, "attempts": sum.attempts,
            "unpriced": sum.unpriced, "cost": sum.cost.total().scaled(), "first_token_hist": sum.first_token,
            "duration_hist": sum.duration,
        });
        put_usage(&mut row, &sum.usage);
        put_cost(&mut row, &sum.cost);
        row
    });
    rows.collect()
}

fn put_usage(row: &mut Value, usage: &Usage) {
    for (column, tokens) in [
        ("input", usage.input),
        ("output", usage.output),
        ("cache_write_5m", usage.cache_write_5m),
        ("cache_write_1h", usage.cache_write_1h),
        ("cache_read", usage.cache_read),
    ] {
        put(row, column, tokens);
    }
}

fn put_cost(row: &mut Value, cost: &Cost) {
    for (column, part) in [
        ("cost_input", cost.input),
        ("cost_output", cost.output),
        ("cost_cache_write_5m", cost.cache_write_5m),
        ("cost_cache_write_1h", cost.cache_write_1h),
        ("cost_cache_read", cost.cache_read),
    ] {
        put(row, column, part.scaled());
    }
}

fn put(row: &mut Value, column: &str, value: impl Into<Value>) {
    if let Some(columns) = row.as_object_mut() {
        columns.insert(column.to_owned(), value.into());
    }
}
