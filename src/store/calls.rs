//! Recorded calls and their attempts, for reading. The ledger writes them.

mod rows;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Postgres, Row, postgres::PgArguments};
use uuid::Uuid;

pub(super) use self::rows::usage_from_row;
use self::rows::{attempt_from_row, call_from_row, cost_from_row};
use super::{Store, read, statements};
use crate::{
    clock,
    domain::{
        call::{Call, CallDetail},
        id::CallId,
        money::Usd,
        report::CallQuery,
    },
};

/// Calls with the names of what they refer to, which may be deleted by now.
macro_rules! select_calls {
    ($more_columns:literal, $($rest:tt)*) => {
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
            $($rest)*
        )
    };
}

/// Which calls a query describes, of those that `$which` says. What comes late with its first content ends late too: it
/// is said so that the index on the duration serves both.
macro_rules! which_calls {
    ($which:literal) => {
        concat!(
            $which,
            "
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
            and ($18::boolean is not true or (c.outcome in ('failed', 'interrupted')
                and ($19::text is not null or c.kind <> 'probe')))
            and ($19::text is null or c.kind = $19)
"
        )
    };
}

statements! {
    /// Newest first. The bounds on the id leave out the partitions of other days.
    LIST = select_calls!("", which_calls!("
        where c.id >= $1 and c.id < $2"), "
        order by c.id desc
        limit $20");
    /// Any $20 of them, by whichever index serves.
    ANY = concat!("
        select c.id
        from calls c", which_calls!("
        where c.id >= $1 and c.id < $2"), "
        limit $20");
    LIST_OF = select_calls!("", "
        where c.id = any($1)
        order by c.id desc");
    /// As `LIST`, of those whose error has this cause ($20), or this text in its message.
    LIST_BY_ERROR = select_calls!("", which_calls!("
        join call_errors e on e.call_id = c.id
        where e.call_id >= $1 and e.call_id < $2 and c.id >= $1 and c.id < $2
            and (e.cause = $20 or position(lower($20) in lower(e.message)) > 0)
            and ($5::bigint is null or e.user_id = $5) and ($6::bigint is null or e.key_id = $6)
            and ($7::bigint is null or e.provider_id = $7)"), "
        order by e.call_id desc
        limit $21");
    COUNT = concat!("
        select count(*) as n
        from calls c", which_calls!("
        where c.id >= $1 and c.id < $2"));
    COUNT_BY_ERROR = concat!("
        select count(*) as n
        from calls c", which_calls!("
        join call_errors e on e.call_id = c.id
        where e.call_id >= $1 and e.call_id < $2 and c.id >= $1 and c.id < $2
            and (e.cause = $20 or position(lower($20) in lower(e.message)) > 0)"));
    FIND = select_calls!(
        ",
            c.cost_input, c.cost_output, c.cost_cache_write_5m, c.cost_cache_write_1h, c.cost_cache_read,
            c.cost_tools, c.cost_request, c.decision,
            exists (select from call_messages m where m.call_id = c.id) as has_messages",
        "
        where c.id = $1");
    ATTEMPTS = "
        select id, provider_id, provider_name, credential_id, model_sent, model_served, result, status, error_cause,
            error_message, started_ms, first_byte_ms, first_token_ms, ended_ms, upstream_request_id, input, output,
            cache_write_5m, cache_write_1h, cache_read, web_searches, web_fetches, code_executions, token_source, usage_raw,
            speed, service_tier, region, price_version, price_factor, group_multiplier, reserved, queue_ms, connect_ms,
            shares, cost_tools, cost_request, price_input, price_output,
            price_cache_write_5m, price_cache_write_1h, price_cache_read, unpriced, multiplier, cost_input, cost_output,
            cost_cache_write_5m, cost_cache_write_1h, cost_cache_read, cost
        from attempts
        where call_id = $1
        order by started_ms, id";
    /// Of the latest answers only, so that a busy day is no more work: who stands in for others does so again and again.
    /// What the model that was sent lacks is in the sums of what was asked for: its own price has a version if it has one.
    UNPRICED_SHARES = "
        select distinct share ->> 'model' as model
        from (
            select shares, model_sent, price_version
            from attempts
            where call_id >= $1 and unpriced and shares is not null
            order by call_id desc
            limit 5000
        ) latest
        cross join lateral jsonb_array_elements(latest.shares) as each (share)
        where (share ->> 'unpriced')::boolean
            and not (share ->> 'model' = latest.model_sent and latest.price_version is null)
        order by 1
        limit 20";
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

/// Days that a list looks at first, and at most before it looks at all that are left.
const FIRST_DAYS: i64 = 1;
const LAST_DAYS: i64 = 81;

/// Calls that count as rare: their ids are found first, and sorted.
const RARE_MAX: usize = 1_000;

/// The lowest id so many days before an id, or before now if that is earlier.
fn days_before(id: Uuid, days: i64, now: DateTime<Utc>) -> Option<Uuid> {
    let ms = i64::try_from(id.as_u128() >> 80).ok()?;
    let at = DateTime::from_timestamp_millis(ms).map_or(now, |at| at.min(now));
    at.checked_sub_signed(TimeDelta::days(days)).map(lowest_id)
}

/// True if a query has bounds whose indexes are in another order than that of ids.
const fn is_bounded(query: &CallQuery) -> bool {
    query.cost_min.is_some()
        || query.cost_max.is_some()
        || query.duration_min.is_some()
        || query.duration_max.is_some()
        || query.first_token_min.is_some()
}

/// A statement about the calls that `query` describes, of ids from the first bound up to, but without, the second. It
/// is planned for these values each time: which index serves depends on the filters that are set.
fn bound<'q>(
    sql: &'static str,
    query: &'q CallQuery,
    (low, high): (Uuid, Uuid),
) -> sqlx::query::Query<'q, Postgres, PgArguments> {
    let asked = sqlx::query(sql)
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
        .bind(query.kind.map(crate::domain::call::CallKind::as_str));
    let asked = if let Some(error) = &query.error { asked.bind(error) } else { asked };
    asked.persistent(false)
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
        let (low, mut high) = id_bounds(query, before);
        if query.error.is_some() {
            return self.list_calls_within(query, (low, high), limit).await;
        }
        // Day by day at first: where many calls are meant the newest partitions have them, and no others are looked at.
        let (mut days, mut wanted) = (FIRST_DAYS, limit);
        let mut calls = Vec::new();
        loop {
            let from =
                days_before(high, days, clock::now()).filter(|_| days <= LAST_DAYS).map_or(low, |from| from.max(low));
            calls.extend(self.list_calls_within(query, (from, high), wanted).await?);
            wanted = limit - i64::try_from(calls.len()).unwrap_or(limit);
            if from <= low || wanted <= 0 {
                return Ok(calls);
            }
            if days == FIRST_DAYS
                && is_bounded(query)
                && let Some(rest) = self.list_rare_calls(query, (low, from), wanted).await?
            {
                calls.extend(rest);
                return Ok(calls);
            }
            (high, days) = (from, days * 3);
        }
    }

    /// The same, of ids from the first up to, but without, the second, where few calls are meant; none where it is many. In
    /// order they would be looked for among all that there are: no index that leads to them is in the order of ids.
    async fn list_rare_calls(
        &self,
        query: &CallQuery,
        bounds: (Uuid, Uuid),
        limit: i64,
    ) -> Result<Option<Vec<Call>>, sqlx::Error> {
        let at_most = i64::try_from(RARE_MAX).unwrap_or(i64::MAX).saturating_add(1);
        let found = bound(ANY, query, bounds).bind(at_most).fetch_all(&self.pool).await?;
        if found.len() > RARE_MAX {
            return Ok(None);
        }
        let mut ids = found.iter().map(|row| row.try_get("id")).collect::<Result<Vec<Uuid>, _>>()?;
        ids.sort_unstable_by(|one, other| other.cmp(one));
        ids.truncate(usize::try_from(limit).unwrap_or_default());
        let rows = sqlx::query(LIST_OF).bind(ids).persistent(false).fetch_all(&self.pool).await?;
        rows.iter().map(call_from_row).collect::<Result<_, _>>().map(Some)
    }

    /// The same of ids from the first up to, but without, the second.
    async fn list_calls_within(
        &self,
        query: &CallQuery,
        bounds: (Uuid, Uuid),
        limit: i64,
    ) -> Result<Vec<Call>, sqlx::Error> {
        let sql = if query.error.is_some() { LIST_BY_ERROR } else { LIST };
        let rows = bound(sql, query, bounds).bind(limit).fetch_all(&self.pool).await?;
        rows.iter().map(call_from_row).collect()
    }

    /// How many recorded calls `query` describes.
    pub async fn count_calls(&self, query: &CallQuery) -> Result<u64, sqlx::Error> {
        let sql = if query.error.is_some() { COUNT_BY_ERROR } else { COUNT };
        read::number(&bound(sql, query, id_bounds(query, None)).fetch_one(&self.pool).await?, "n")
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
            has_messages: row.try_get("has_messages")?,
            decision: read::json(&row, "decision")?,
        }))
    }

    /// Models without a price that have worked on answers of calls since `from` beside the one that was sent; at most 20.
    pub async fn list_unpriced_shares(&self, from: DateTime<Utc>) -> Result<Vec<String>, sqlx::Error> {
        let rows = sqlx::query(UNPRICED_SHARES).bind(lowest_id(from)).fetch_all(&self.pool).await?;
        rows.iter().map(|row| row.try_get("model")).collect()
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

    #[test]
    fn days_are_counted_from_an_id_and_not_from_what_is_to_come() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let (now, early) = (at("2026-05-05T10:00:00Z"), at("2026-05-01T10:00:00Z"));
        assert_eq!(days_before(lowest_id(early), 3, now), Some(lowest_id(at("2026-04-28T10:00:00Z"))));
        for later in [Uuid::max(), lowest_id(at("2026-06-01T00:00:00Z"))] {
            assert_eq!(days_before(later, 1, now), Some(lowest_id(at("2026-05-04T10:00:00Z"))));
        }
        assert_eq!(days_before(Uuid::nil(), i64::MAX / 100_000_000_000, now), Some(Uuid::nil()));
    }
}
