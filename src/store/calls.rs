//! Recorded calls and their attempts, for reading. The ledger writes them.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{
    Postgres, Row,
    postgres::{PgArguments, PgRow},
};
use uuid::Uuid;

use super::{Store, read, statements};
use crate::domain::{
    attempt::Attempt,
    call::{Call, CallDetail, CallError, CallKind, Client},
    id::{AttemptId, CallId, CredentialId, KeyId, ProviderId, UserId},
    money::{Multiplier, Usd},
    price::{Rates, bill::Cost},
    report::CallQuery,
    usage::{Terms, Usage},
};

/// Calls with the names of what they refer to, which may be deleted by now.
macro_rules! select_calls {
    ($more_columns:literal, $rest:expr) => {
        concat!(
            "
        select c.id, c.created_at, c.kind, c.user_id, u.name as user_name, c.key_id, k.name as key_name, c.provider_id,
            p.name as provider_name, c.session_id, c.model, c.model_sent, c.model_served, c.stream, c.status, c.outcome,
            c.input, c.output, c.cache_write_5m, c.cache_write_1h, c.cache_read, c.web_searches,
            c.web_fetches, c.code_executions, c.token_source, c.cost, c.unpriced,
            c.n_attempts, c.first_byte_ms, c.first_token_ms, c.duration_ms, c.error_cause, c.error_message, c.user_agent,
            c.address",
            $more_columns,
            "
        from calls c
        left join users u on u.id = c.user_id
        left join keys k on k.id = c.key_id
        left join providers p on p.id = c.provider_id",
            $rest
        )
    };
}

/// Which calls a query describes. The bounds on the id leave out the partitions of other days. What comes late with its
/// first content ends late too: it is said so that the index on the duration serves both.
macro_rules! which_calls {
    () => {
        "
        where c.id >= $1 and c.id < $2
            and ($3::timestamptz is null or c.created_at >= $3)
            and ($4::timestamptz is null or c.created_at < $4)
            and ($5::bigint is null or c.user_id = $5)
            and ($6::bigint is null or c.key_id = $6)
            and ($7::bigint is null or c.provider_id = $7)
            and ($8::text is null or c.model = $8)
            and ($9::text is null or c.session_id = $9)
            and ($10::text is null or c.outcome = $10)
            and ($11::integer is null or c.status = $11)
            and ($12::bigint is null or c.cost >= $12)
            and ($13::bigint is null or c.cost <= $13)
            and ($14::integer is null or c.duration_ms >= $14)
            and ($15::integer is null or c.duration_ms <= $15)
            and ($16::integer is null or (c.first_token_ms >= $16 and c.duration_ms >= $16))
            and ($17::boolean is not true or c.n_attempts > 1)
            and ($17::boolean is not false or c.n_attempts <= 1)
            and ($18::boolean is not true or c.error_cause is not null)
            and ($19::text is null or (c.error_cause is not null
                and (c.error_cause = $19 or position(lower($19) in lower(c.error_message)) > 0)))"
    };
}

statements! {
    /// Newest first.
    LIST = select_calls!("", concat!(which_calls!(), "
        order by c.id desc
        limit $20"));
    COUNT = concat!("
        select count(*) as n
        from calls c", which_calls!());
    FIND = select_calls!(
        ",
            c.cost_input, c.cost_output, c.cost_cache_write_5m, c.cost_cache_write_1h, c.cost_cache_read,
            c.cost_tools, c.cost_request, c.decision",
        "
        where c.id = $1");
    ATTEMPTS = "
        select id, provider_id, provider_name, credential_id, model_sent, model_served, result, status, error_cause,
            error_message, started_ms, first_byte_ms, first_token_ms, ended_ms, upstream_request_id, input, output,
            cache_write_5m, cache_write_1h, cache_read, web_searches, web_fetches, code_executions, token_source, usage_raw,
            speed, service_tier, region, price_version, price_factor, group_multiplier, reserved, queue_ms, connect_ms, cost_tools, cost_request, price_input, price_output,
            price_cache_write_5m, price_cache_write_1h, price_cache_read, unpriced, multiplier, cost_input, cost_output,
            cost_cache_write_5m, cost_cache_write_1h, cost_cache_read, cost
        from attempts
        where call_id = $1
        order by started_ms, id";
}

/// The lowest `UUIDv7` of a millisecond: its first 48 bits count milliseconds (RFC 9562, 5.7).
fn lowest_id(at: DateTime<Utc>) -> Uuid {
    let ms = u128::try_from(at.timestamp_millis()).unwrap_or_default();
    Uuid::from_u128(ms << 80)
}

/// The bounds of ids for a range of times and a cursor: from the first up to, but without, the second.
fn id_bounds(query: &CallQuery, before: Option<CallId>) -> (Uuid, Uuid) {
    let low = query.from.map_or_else(Uuid::nil, lowest_id);
    // An id carries whole milliseconds; the exact time is compared beside it.
    let high =
        query.to.and_then(|to| to.checked_add_signed(TimeDelta::milliseconds(1))).map_or_else(Uuid::max, lowest_id);
    (low, before.map_or(high, |CallId(before)| before.min(high)))
}

/// A statement about the calls that `query` describes, older than `before`. It is planned for these values each time:
/// which index serves depends on the filters that are set.
fn bound<'q>(
    sql: &'static str,
    query: &'q CallQuery,
    before: Option<CallId>,
) -> sqlx::query::Query<'q, Postgres, PgArguments> {
    let (low, high) = id_bounds(query, before);
    sqlx::query(sql)
        .bind(low)
        .bind(high)
        .bind(query.from)
        .bind(query.to)
        .bind(query.user_id.map(|id| id.0))
        .bind(query.key_id.map(|id| id.0))
        .bind(query.provider_id.map(|id| id.0))
        .bind(&query.model)
        .bind(&query.session_id)
        .bind(query.outcome.map(crate::domain::call::Outcome::as_str))
        .bind(query.status.map(i32::from))
        .bind(query.cost_min.map(Usd::scaled))
        .bind(query.cost_max.map(Usd::scaled))
        .bind(query.duration_min.map(read::integer))
        .bind(query.duration_max.map(read::integer))
        .bind(query.first_token_min.map(read::integer))
        .bind(query.retried)
        .bind(query.errors)
        .bind(&query.error)
        .persistent(false)
}

/// Token counts of a row.
pub(super) fn usage_from_row(row: &PgRow) -> Result<Usage, sqlx::Error> {
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

fn cost_from_row(row: &PgRow) -> Result<Cost, sqlx::Error> {
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
fn call_from_row(row: &PgRow) -> Result<Call, sqlx::Error> {
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
fn attempt_from_row(row: &PgRow) -> Result<Attempt, sqlx::Error> {
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
        cost: cost_from_row(row)?,
        cost_usd: read::usd(row, "cost")?,
    })
}

impl Store {
    /// At most `limit` recorded calls that `query` describes, newest first, older than `before`.
    ///
    /// The limit and cursor that `query` carries are the caller's business.
    pub async fn list_calls(
        &self,
        query: &CallQuery,
        before: Option<CallId>,
        limit: i64,
    ) -> Result<Vec<Call>, sqlx::Error> {
        let rows = bound(LIST, query, before).bind(limit).fetch_all(&self.pool).await?;
        rows.iter().map(call_from_row).collect()
    }

    /// How many recorded calls `query` describes.
    pub async fn count_calls(&self, query: &CallQuery) -> Result<u64, sqlx::Error> {
        read::number(&bound(COUNT, query, None).fetch_one(&self.pool).await?, "n")
    }

    /// A recorded call with all that is known of it.
    pub async fn find_call(&self, id: CallId) -> Result<Option<CallDetail>, sqlx::Error> {
        let Some(row) = sqlx::query(FIND).bind(id.0).fetch_optional(&self.pool).await? else { return Ok(None) };
        let attempts = sqlx::query(ATTEMPTS).bind(id.0).fetch_all(&self.pool).await?;
        Ok(Some(CallDetail {
            call: call_from_row(&row)?,
            cost: cost_from_row(&row)?,
            attempts: attempts.iter().map(attempt_from_row).collect::<Result<_, _>>()?,
            running: None,
            waiting: None,
            decision: read::json(&row, "decision")?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_of_ids_hold_every_id_of_the_range() {
        let id = CallId::fresh();
        let at = DateTime::from_timestamp_millis(i64::try_from(id.0.as_u128() >> 80).unwrap()).unwrap();
        let query = CallQuery { from: Some(at), to: Some(at), ..CallQuery::default() };
        let (low, high) = id_bounds(&query, None);
        assert!(low < id.0 && id.0 < high);
        assert_eq!(id_bounds(&query, Some(id)), (low, id.0));
        assert_eq!(id_bounds(&CallQuery::default(), None), (Uuid::nil(), Uuid::max()));
    }
}
