//! Entries of the ledger → rows, each exactly once.

mod rows;
mod sessions;

use std::collections::{BTreeMap, HashSet};

use chrono_tz::Tz;
use sqlx::{Postgres, Row, Transaction};
use uuid::Uuid;

use super::{
    CHANNEL, Store,
    facet::{Facet, Told},
    facets::{DaysMade, added, each_sum, made_for_adding},
    statements,
};
use crate::ledger::{
    entry::Closed,
    rollup::{Grain, errors, roll_up},
};

/// Adds rows of a JSON list to a table of sums.
macro_rules! add_to {
    ($table:literal, $key:literal) => {
        concat!(
            "insert into ",
            $table,
            " as sums select * from json_populate_recordset(null::",
            $table,
            ", $1::text::json) on conflict (",
            $key,
            ") do update set ",
            each_sum!(added),
            "first_token_hist = add_histograms(sums.first_token_hist, excluded.first_token_hist),
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
    /// What a row does not say is taken from the record that is given: the time of recording.
    INSERT_ATTEMPTS = "
        insert into attempts
        select * from json_populate_recordset(
            jsonb_populate_record(null::attempts, jsonb_build_object('recorded_at', now())), $1::text::json)
        on conflict (call_id, id) do nothing";
    ADD_TO_MINUTES = add_to!("usage_1m", "at, user_id, key_id, provider_id, model");
    ADD_TO_QUARTERS = add_to!("usage_15m", "at, user_id, key_id, provider_id, model");
    ADD_TO_FACETS = add_to!("usage_facets", "facet, at, user_id, key_id, provider_id, model");
    ADD_ERRORS = "
        insert into usage_errors as sums select * from json_populate_recordset(null::usage_errors, $1::text::json)
        on conflict (at, user_id, key_id, provider_id, model, cause) do update set
            n_errors = sums.n_errors + excluded.n_errors";
    /// What the latest call says counts for who asked last and where.
    ADD_TO_SESSIONS = "
        insert into sessions as sums select * from json_populate_recordset(null::sessions, $1::text::json)
        on conflict (key_id, session_id) do update set
            first_at = least(sums.first_at, excluded.first_at),
            last_at = greatest(sums.last_at, excluded.last_at),
            last_call = greatest(sums.last_call, excluded.last_call),
            provider_id = case when excluded.last_call > sums.last_call
                then coalesce(excluded.provider_id, sums.provider_id)
                else coalesce(sums.provider_id, excluded.provider_id) end,
            user_agent = case when excluded.last_call > sums.last_call then excluded.user_agent else sums.user_agent end,
            models = case when excluded.models <@ sums.models then sums.models
                else (select (array_agg(distinct model))[1:20] from unnest(sums.models || excluded.models) as model) end,
            calls = sums.calls + excluded.calls,
            failed = sums.failed + excluded.failed,
            input = sums.input + excluded.input,
            output = sums.output + excluded.output,
            cache_write_5m = sums.cache_write_5m + excluded.cache_write_5m,
            cache_write_1h = sums.cache_write_1h + excluded.cache_write_1h,
            cache_read = sums.cache_read + excluded.cache_read,
            cost = sums.cost + excluded.cost";
    INSERT_ERRORS = "
        insert into call_errors (call_id, user_id, key_id, provider_id, cause, message)
        select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[])
        on conflict (call_id) do nothing";
    ADD_ERROR_DAYS = "
        insert into usage_errors_1d as sums (at, provider_id, model, cause, n_errors)
        select at, provider_id, model, cause, n_errors from json_populate_recordset(null::usage_errors, $1::text::json)
        on conflict (at, provider_id, model, cause) do update set n_errors = sums.n_errors + excluded.n_errors";
    ADD_CALLER_ERROR_DAYS = "
        insert into usage_caller_errors_1d as sums (user_id, at, key_id, cause, n_errors)
        select user_id, at, key_id, cause, n_errors from json_populate_recordset(null::usage_errors, $1::text::json)
        on conflict (user_id, at, key_id, cause) do update set n_errors = sums.n_errors + excluded.n_errors";
    TOUCH_KEYS = "
        update keys set last_used_at = greatest(keys.last_used_at, used.at)
        from unnest($1::bigint[], $2::timestamptz[]) as used (id, at)
        where keys.id = used.id";
    NOTIFY_RECORDED = "select pg_notify($1, 'recorded ' || $2)";
    QUARANTINE = "
        insert into quarantine (call_id, reason, entry)
        select $1::uuid, $2::text, $3::text
        where not exists (select from quarantine where call_id = $1)";
}

impl Store {
    /// Writes entries and their sums in one transaction. What is there already is left as it is, so that writing the
    /// same entries again changes nothing.
    pub async fn insert_entries(&self, entries: &[Closed]) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let inserted = sqlx::query(INSERT_CALLS).bind(rows::calls(entries)).fetch_all(&mut *transaction).await?;
        let inserted: HashSet<Uuid> = inserted.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?;
        let mut seen = HashSet::with_capacity(entries.len());
        let fresh: Vec<&Closed> =
            entries.iter().filter(|entry| inserted.contains(&entry.call.id.0) && seen.insert(entry.call.id)).collect();
        if fresh.is_empty() {
            return transaction.commit().await;
        }
        sqlx::query(INSERT_ATTEMPTS).bind(rows::attempts(&fresh)).execute(&mut *transaction).await?;
        add_sums(&mut transaction, &fresh).await?;
        if let Some(sessions) = sessions::rows(&fresh) {
            sqlx::query(ADD_TO_SESSIONS).bind(sessions).execute(&mut *transaction).await?;
        }
        keep_errors(&mut transaction, &fresh).await?;
        touch_keys(&mut transaction, &fresh).await?;
        let newest = fresh.iter().map(|entry| entry.call.id).max().unwrap_or_default();
        sqlx::query(NOTIFY_RECORDED)
            .bind(CHANNEL)
            .bind(format!("{newest} {}", fresh.len()))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Sets an entry aside that Postgres does not take. Doing so again changes nothing: only one process at a time reads
    /// a journal.
    pub async fn quarantine(&self, entry: &Closed, reason: &str) -> Result<(), sqlx::Error> {
        let text = serde_json::to_string(entry).unwrap_or_default();
        sqlx::query(QUARANTINE).bind(entry.call.id.0).bind(reason).bind(text).execute(&self.pool).await.map(|_| ())
    }
}

async fn add_sums(transaction: &mut Transaction<'_, Postgres>, fresh: &[&Closed]) -> Result<(), sqlx::Error> {
    for (statement, grain) in [(ADD_TO_MINUTES, Grain::Minute), (ADD_TO_QUARTERS, Grain::Quarter)] {
        let sums = roll_up(fresh.iter().copied(), grain);
        sqlx::query(statement).bind(rows::rollups(&sums, None)).execute(&mut **transaction).await?;
    }
    if let Some(made) = made_for_adding(transaction).await? {
        let DaysMade { zone, closed_before, quarters_closed_before, .. } = made;
        // Who makes the days takes in the rest, which is among the sums by quarter of an hour by then.
        let held: Vec<_> = fresh.iter().copied().filter(|entry| made.hold(entry.call.created_at)).collect();
        for facet in Facet::WRITTEN {
            add_to_facet(transaction, &held, facet, zone).await?;
        }
        // What comes late, when its quarter or its day has been closed, is in none of the sums that were made of it.
        let late = |closed| fresh.iter().copied().filter(|entry| entry.call.created_at < closed).collect::<Vec<_>>();
        if quarters_closed_before.is_some_and(|closed| !late(closed).is_empty()) {
            for facet in Facet::CLOSED {
                let late = made.closed(facet.unit).map(late).unwrap_or_default();
                add_to_facet(transaction, &late, facet, zone).await?;
            }
        }
        let late = closed_before.map(late).unwrap_or_default();
        if !late.is_empty() {
            for (statement, told) in [(ADD_ERROR_DAYS, Told::Route), (ADD_CALLER_ERROR_DAYS, Told::Caller)] {
                let errors = errors(late.iter().copied(), Grain::Facet(Facet::of_days(told, false), zone));
                sqlx::query(statement).bind(rows::errors(&errors)).execute(&mut **transaction).await?;
            }
        }
    }
    let errors = errors(fresh.iter().copied(), Grain::Quarter);
    if !errors.is_empty() {
        sqlx::query(ADD_ERRORS).bind(rows::errors(&errors)).execute(&mut **transaction).await?;
    }
    Ok(())
}

async fn add_to_facet(
    transaction: &mut Transaction<'_, Postgres>,
    entries: &[&Closed],
    facet: Facet,
    zone: Tz,
) -> Result<(), sqlx::Error> {
    if entries.is_empty() {
        return Ok(());
    }
    let sums = roll_up(entries.iter().copied(), Grain::Facet(facet, zone));
    sqlx::query(ADD_TO_FACETS).bind(rows::rollups(&sums, Some(facet))).execute(&mut **transaction).await.map(|_| ())
}

/// Puts down the texts of errors where they are looked for.
async fn keep_errors(transaction: &mut Transaction<'_, Postgres>, fresh: &[&Closed]) -> Result<(), sqlx::Error> {
    let failed: Vec<_> = fresh.iter().filter_map(|entry| Some((&entry.call, entry.call.error.as_ref()?))).collect();
    if failed.is_empty() {
        return Ok(());
    }
    let calls = || failed.iter().map(|(call, _)| call);
    sqlx::query(INSERT_ERRORS)
        .bind(calls().map(|call| call.id.0).collect::<Vec<_>>())
        .bind(calls().map(|call| call.user_id.map(|id| id.0)).collect::<Vec<_>>())
        .bind(calls().map(|call| call.key_id.map(|id| id.0)).collect::<Vec<_>>())
        .bind(calls().map(|call| call.provider_id.map(|id| id.0)).collect::<Vec<_>>())
        .bind(failed.iter().map(|(_, error)| error.cause.as_str()).collect::<Vec<_>>())
        .bind(failed.iter().map(|(_, error)| error.message.as_str()).collect::<Vec<_>>())
        .execute(&mut **transaction)
        .await
        .map(|_| ())
}

async fn touch_keys(transaction: &mut Transaction<'_, Postgres>, fresh: &[&Closed]) -> Result<(), sqlx::Error> {
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
