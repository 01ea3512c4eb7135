//! Rows of calls and of attempts.

use sqlx::{Row, postgres::PgRow};

use crate::{
    domain::{
        attempt::Attempt,
        call::{Call, CallError, CallKind, Client},
        id::{AttemptId, CallId, CredentialId, KeyId, ProviderId, UserId},
        money::{Multiplier, Usd},
        price::{Rates, bill::Cost},
        usage::{Terms, Usage},
    },
    store::read,
};

/// Token counts of a row.
pub(in crate::store) fn usage_from_row(row: &PgRow) -> Result<Usage, sqlx::Error> {
    Ok(Usage {
        input: read::number(row, "input")?,
        output: read::number(row, "output")?,
        cache_write_5m: read::number(row, "cache_write_5m")?,
        cache_write_1h: read::number(row, "cache_write_1h")?,
        cache_read: read::number(row, "cache_read")?,
        web_searches: read::number(row, "web_searches")?,
        web_fetches: read::number(row, "web_fetches")?,
        code_executions: read::number(row, "code_executions")?,
    })
}

pub(super) fn cost_from_row(row: &PgRow) -> Result<Cost, sqlx::Error> {
    Ok(Cost {
        input: read::usd(row, "cost_input")?,
        output: read::usd(row, "cost_output")?,
        cache_write_5m: read::usd(row, "cost_cache_write_5m")?,
        cache_write_1h: read::usd(row, "cost_cache_write_1h")?,
        cache_read: read::usd(row, "cost_cache_read")?,
        tools: read::usd(row, "cost_tools")?,
        request: read::usd(row, "cost_request")?,
    })
}

fn error_from_row(row: &PgRow) -> Result<Option<CallError>, sqlx::Error> {
    let (cause, message): (Option<String>, Option<String>) =
        (row.try_get("error_cause")?, row.try_get("error_message")?);
    Ok(cause.map(|cause| CallError { cause, message: message.unwrap_or_default() }))
}

/// A row of `select_calls!`.
pub(super) fn call_from_row(row: &PgRow) -> Result<Call, sqlx::Error> {
    Ok(Call {
        id: CallId(row.try_get("id")?),
        created_at: row.try_get("created_at")?,
        kind: read::word::<CallKind>(row, "kind")?,
        user_id: row.try_get::<Option<i64>, _>("user_id")?.map(UserId),
        user_name: row.try_get("user_name")?,
        key_id: row.try_get::<Option<i64>, _>("key_id")?.map(KeyId),
        key_name: row.try_get("key_name")?,
        provider_id: row.try_get::<Option<i64>, _>("provider_id")?.map(ProviderId),
        provider_name: row.try_get("provider_name")?,
        session_id: row.try_get("session_id")?,
        model: row.try_get("model")?,
        model_sent: row.try_get("model_sent")?,
        model_served: row.try_get("model_served")?,
        stream: row.try_get("stream")?,
        status: read::small_or_none(row, "status")?,
        outcome: read::word_or_none(row, "outcome")?,
        usage: usage_from_row(row)?,
        token_source: read::word(row, "token_source")?,
        cost_usd: read::usd(row, "cost")?,
        unpriced: row.try_get("unpriced")?,
        n_attempts: read::small(row, "n_attempts")?,
        first_byte_ms: read::small_or_none(row, "first_byte_ms")?,
        first_token_ms: read::small_or_none(row, "first_token_ms")?,
        duration_ms: read::small_or_none(row, "duration_ms")?,
        error: error_from_row(row)?,
        client: Client { user_agent: row.try_get("user_agent")?, address: row.try_get("address")? },
    })
}

/// A row of `attempts`.
pub(super) fn attempt_from_row(row: &PgRow) -> Result<Attempt, sqlx::Error> {
    Ok(Attempt {
        id: AttemptId(row.try_get("id")?),
        provider_id: ProviderId(row.try_get("provider_id")?),
        provider_name: row.try_get("provider_name")?,
        credential_id: CredentialId(row.try_get("credential_id")?),
        model_sent: row.try_get("model_sent")?,
        model_served: row.try_get("model_served")?,
        result: read::word(row, "result")?,
        status: read::small_or_none(row, "status")?,
        error: error_from_row(row)?,
        started_ms: read::small(row, "started_ms")?,
        first_byte_ms: read::small_or_none(row, "first_byte_ms")?,
        first_token_ms: read::small_or_none(row, "first_token_ms")?,
        ended_ms: read::small(row, "ended_ms")?,
        upstream_request_id: row.try_get("upstream_request_id")?,
        usage: usage_from_row(row)?,
        token_source: read::word(row, "token_source")?,
        usage_raw: row.try_get("usage_raw")?,
        terms: Terms {
            speed: row.try_get("speed")?,
            service_tier: row.try_get("service_tier")?,
            region: row.try_get("region")?,
            longest_prompt: None,
        },
        price: Rates {
            input: read::usd(row, "price_input")?,
            output: read::usd(row, "price_output")?,
            cache_write_5m: read::usd(row, "price_cache_write_5m")?,
            cache_write_1h: read::usd(row, "price_cache_write_1h")?,
            cache_read: read::usd(row, "price_cache_read")?,
        },
        price_version: row.try_get("price_version")?,
        price_factor: Multiplier::from_scaled(row.try_get("price_factor")?),
        unpriced: row.try_get("unpriced")?,
        multiplier: Multiplier::from_scaled(row.try_get("multiplier")?),
        group_multiplier: Multiplier::from_scaled(row.try_get("group_multiplier")?),
        reserved_usd: row.try_get::<Option<i64>, _>("reserved")?.map(Usd::from_scaled),
        queue_ms: read::small_or_none(row, "queue_ms")?,
        connect_ms: read::small_or_none(row, "connect_ms")?,
        shares: read::json_or_usual(row, "shares")?,
        most_cached: None,
        cost: cost_from_row(row)?,
        cost_usd: read::usd(row, "cost")?,
    })
}
