//! Entries as the database's columns name them: what `json_populate_recordset` reads.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    domain::{
        attempt::{Attempt, Share},
        call::Outcome,
        money::Usd,
        price::{Rates, bill::Cost},
        usage::Usage,
    },
    ledger::{
        entry::Closed,
        rollup::{Rollup, RollupKey},
    },
    store::facet::Facet,
};

/// Parts of a cost in nano-dollars.
#[derive(Serialize)]
struct CostColumns {
    cost_input: i64,
    cost_output: i64,
    cost_cache_write_5m: i64,
    cost_cache_write_1h: i64,
    cost_cache_read: i64,
    cost_tools: i64,
    cost_request: i64,
    cost: i64,
}

impl From<&Cost> for CostColumns {
    fn from(cost: &Cost) -> Self {
        Self {
            cost_input: cost.input.scaled(),
            cost_output: cost.output.scaled(),
            cost_cache_write_5m: cost.cache_write_5m.scaled(),
            cost_cache_write_1h: cost.cache_write_1h.scaled(),
            cost_cache_read: cost.cache_read.scaled(),
            cost_tools: cost.tools.scaled(),
            cost_request: cost.request.scaled(),
            cost: cost.total().scaled(),
        }
    }
}

/// Prices in nano-dollars per million tokens.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the columns are named so")]
struct PriceColumns {
    price_input: i64,
    price_output: i64,
    price_cache_write_5m: i64,
    price_cache_write_1h: i64,
    price_cache_read: i64,
}

impl From<&Rates> for PriceColumns {
    fn from(price: &Rates) -> Self {
        Self {
            price_input: price.input.scaled(),
            price_output: price.output.scaled(),
            price_cache_write_5m: price.cache_write_5m.scaled(),
            price_cache_write_1h: price.cache_write_1h.scaled(),
            price_cache_read: price.cache_read.scaled(),
        }
    }
}

/// A row of `calls`.
#[derive(Serialize)]
struct CallRow<'a> {
    id: Uuid,
    created_at: DateTime<Utc>,
    kind: &'static str,
    user_id: Option<i64>,
    key_id: Option<i64>,
    provider_id: Option<i64>,
    session_id: Option<&'a str>,
    model: &'a str,
    model_sent: Option<&'a str>,
    model_served: Option<&'a str>,
    stream: bool,
    status: Option<u16>,
    outcome: Option<&'static str>,
    #[serde(flatten)]
    usage: &'a Usage,
    token_source: &'static str,
    #[serde(flatten)]
    cost: CostColumns,
    unpriced: bool,
    n_attempts: u32,
    first_byte_ms: Option<i32>,
    first_token_ms: Option<i32>,
    duration_ms: Option<i32>,
    error_cause: Option<&'a str>,
    error_message: Option<&'a str>,
    user_agent: Option<&'a str>,
    address: Option<&'a str>,
    decision: &'a RawValue,
}

/// A row of `attempts`.
#[derive(Serialize)]
struct AttemptRow<'a> {
    call_id: Uuid,
    id: Uuid,
    provider_id: i64,
    provider_name: &'a str,
    credential_id: i64,
    model_sent: &'a str,
    model_served: Option<&'a str>,
    result: &'static str,
    status: Option<u16>,
    error_cause: Option<&'a str>,
    error_message: Option<&'a str>,
    started_ms: i32,
    first_byte_ms: Option<i32>,
    first_token_ms: Option<i32>,
    ended_ms: i32,
    upstream_request_id: Option<&'a str>,
    #[serde(flatten)]
    usage: &'a Usage,
    token_source: &'static str,
    usage_raw: Option<&'a serde_json::Value>,
    #[serde(flatten)]
    price: PriceColumns,
    price_version: Option<i64>,
    price_factor: i64,
    unpriced: bool,
    multiplier: i64,
    group_multiplier: i64,
    reserved: Option<i64>,
    queue_ms: Option<i32>,
    connect_ms: Option<i32>,
    speed: Option<&'a str>,
    service_tier: Option<&'a str>,
    region: Option<&'a str>,
    shares: Option<&'a [Share]>,
    #[serde(flatten)]
    cost: CostColumns,
}

/// A row of `usage_1m`, `usage_15m` or `usage_facets`.
#[derive(Serialize)]
struct RollupRow<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    facet: Option<&'a str>,
    at: DateTime<Utc>,
    user_id: i64,
    key_id: i64,
    provider_id: i64,
    model: &'a str,
    calls: i64,
    completed: i64,
    rejected: i64,
    refused: i64,
    failed: i64,
    interrupted: i64,
    abandoned: i64,
    attempts: i64,
    attempts_good: i64,
    attempts_bad: i64,
    unpriced: i64,
    #[serde(flatten)]
    usage: &'a Usage,
    #[serde(flatten)]
    cost: CostColumns,
    streamed: i64,
    streamed_ms: i64,
    first_token_hist: &'a [i64],
    duration_hist: &'a [i64],
}

/// A row of `usage_errors`.
#[derive(Serialize)]
struct ErrorRow<'a> {
    at: DateTime<Utc>,
    user_id: i64,
    key_id: i64,
    provider_id: i64,
    model: &'a str,
    cause: &'a str,
    n_errors: i64,
}

/// Rows of `calls`, as a JSON list.
pub(super) fn calls(entries: &[Closed]) -> String {
    list(entries.iter().map(|Closed { call, cost, decision, .. }| CallRow {
        id: call.id.0,
        created_at: call.created_at,
        kind: call.kind.as_str(),
        user_id: call.user_id.map(|id| id.0),
        key_id: call.key_id.map(|id| id.0),
        provider_id: call.provider_id.map(|id| id.0),
        session_id: call.session_id.as_deref(),
        model: &call.model,
        model_sent: call.model_sent.as_deref(),
        model_served: call.model_served.as_deref(),
        stream: call.stream,
        status: call.status,
        outcome: call.outcome.map(Outcome::as_str),
        usage: &call.usage,
        token_source: call.token_source.as_str(),
        cost: cost.into(),
        unpriced: call.unpriced,
        n_attempts: call.n_attempts,
        first_byte_ms: call.first_byte_ms.map(ms),
        first_token_ms: call.first_token_ms.map(ms),
        duration_ms: call.duration_ms.map(ms),
        error_cause: call.error.as_ref().map(|error| error.cause.as_str()),
        error_message: call.error.as_ref().map(|error| error.message.as_str()),
        user_agent: call.client.user_agent.as_deref(),
        address: call.client.address.as_deref(),
        decision,
    }))
}

/// Rows of `attempts`, as a JSON list.
pub(super) fn attempts(entries: &[&Closed]) -> String {
    list(entries.iter().flat_map(|entry| entry.attempts.iter().map(|attempt| attempt_row(entry, attempt))))
}

fn attempt_row<'a>(entry: &Closed, attempt: &'a Attempt) -> AttemptRow<'a> {
    AttemptRow {
        call_id: entry.call.id.0,
        id: attempt.id.0,
        provider_id: attempt.provider_id.0,
        provider_name: &attempt.provider_name,
        credential_id: attempt.credential_id.0,
        model_sent: &attempt.model_sent,
        model_served: attempt.model_served.as_deref(),
        result: attempt.result.as_str(),
        status: attempt.status,
        error_cause: attempt.error.as_ref().map(|error| error.cause.as_str()),
        error_message: attempt.error.as_ref().map(|error| error.message.as_str()),
        started_ms: ms(attempt.started_ms),
        first_byte_ms: attempt.first_byte_ms.map(ms),
        first_token_ms: attempt.first_token_ms.map(ms),
        ended_ms: ms(attempt.ended_ms),
        upstream_request_id: attempt.upstream_request_id.as_deref(),
        usage: &attempt.usage,
        token_source: attempt.token_source.as_str(),
        usage_raw: attempt.usage_raw.as_ref(),
        price: (&attempt.price).into(),
        unpriced: attempt.unpriced,
        price_version: attempt.price_version,
        price_factor: attempt.price_factor.scaled(),
        multiplier: attempt.multiplier.scaled(),
        group_multiplier: attempt.group_multiplier.scaled(),
        reserved: attempt.reserved_usd.map(Usd::scaled),
        queue_ms: attempt.queue_ms.map(ms),
        connect_ms: attempt.connect_ms.map(ms),
        speed: attempt.terms.speed.as_deref(),
        service_tier: attempt.terms.service_tier.as_deref(),
        region: attempt.terms.region.as_deref(),
        shares: Some(attempt.shares.as_slice()).filter(|shares| !shares.is_empty()),
        cost: (&attempt.cost).into(),
    }
}

/// Rows of `usage_errors`, as a JSON list.
pub(super) fn errors(errors: &BTreeMap<(RollupKey, String), i64>) -> String {
    list(errors.iter().map(|((key, cause), n_errors)| ErrorRow {
        at: key.at,
        user_id: key.user_id,
        key_id: key.key_id,
        provider_id: key.provider_id,
        model: &key.model,
        cause,
        n_errors: *n_errors,
    }))
}

/// Rows of `usage_1m` or `usage_15m`, or of a facet, as a JSON list.
pub(super) fn rollups(sums: &BTreeMap<RollupKey, Rollup>, facet: Option<Facet>) -> String {
    let facet = facet.map(Facet::name);
    list(sums.iter().map(|(key, sum)| {
        let [completed, rejected, refused, failed, interrupted, abandoned] = sum.outcomes;
        RollupRow {
            facet: facet.as_deref(),
            at: key.at,
            user_id: key.user_id,
            key_id: key.key_id,
            provider_id: key.provider_id,
            model: &key.model,
            calls: sum.calls,
            completed,
            rejected,
            refused,
            failed,
            interrupted,
            abandoned,
            attempts: sum.attempts,
            attempts_good: sum.attempts_good,
            attempts_bad: sum.attempts_bad,
            unpriced: sum.unpriced,
            usage: &sum.usage,
            cost: (&sum.cost).into(),
            streamed: sum.streamed,
            streamed_ms: sum.streamed_ms,
            first_token_hist: &sum.first_token,
            duration_hist: &sum.duration,
        }
    }))
}

/// Milliseconds as Postgres counts them.
fn ms(ms: u32) -> i32 {
    i32::try_from(ms).unwrap_or(i32::MAX)
}

fn list(rows: impl Iterator<Item = impl Serialize>) -> String {
    let mut text = String::from("[");
    for row in rows {
        if text.len() > 1 {
            text.push(',');
        }
        // Plain data with string keys: it can always be written.
        text.push_str(&serde_json::to_string(&row).unwrap_or_default());
    }
    text.push(']');
    text
}
