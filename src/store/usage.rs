//! Sums over calls, from the roll-ups.

use chrono::{DateTime, Utc};
use sqlx::{Row, postgres::PgRow};

use super::{
    Store, calls,
    facet::{Part, Point},
    facets::{each_sum, histogram, listed, summed},
    read, statements,
};
use crate::domain::report::{ErrorCount, Totals, UsageBy, UsageFilter, UsageRow, UsageStep, time_percentile};

/// Of a table of sums what is asked for by the filters.
macro_rules! select_rows {
    ($table:literal, $condition:literal) => {
        concat!(
            "select at, user_id, key_id, provider_id, model",
            each_sum!(listed),
            ", first_token_hist, duration_hist from ",
            $table,
            " where ",
            $condition,
            "
            and ($10::bigint is null or user_id = $10) and ($11::bigint is null or key_id = $11)
            and ($12::bigint is null or provider_id = $12) and ($13::text is null or model = $13)"
        )
    };
}

/// What each row is for, its sums, and the rest. Parts of facets ($1 to $3), and single spans ($20 to $22), of which it is
/// Postgres and the hub that say where they begin: where midnight comes twice they need not agree. Then what no facet tells apart: two ranges of
/// quarters ($4 to $7), and minutes ($8, $9). Of $19, if it is not null, each has rows, and all others share them.
macro_rules! sum {
    ($($times:tt)*) => {
        concat!(
            "with rolled as (
            select f.*
            from unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as part (facet, since, until)
            cross join lateral (",
            select_rows!("usage_facets", "usage_facets.facet = part.facet and at >= part.since and at < part.until"),
            " offset 0) f union all select f.*
            from unnest($20::text[], $21::text[], $22::timestamptz[]) as point (facet, unit, begun)
            cross join lateral (",
            select_rows!(
                "usage_facets",
                "usage_facets.facet = point.facet
                and at = any(array[point.begun, date_trunc(point.unit, point.begun + interval '12 hours', $15)])"
            ),
            " offset 0) f union all ",
            select_rows!("usage_15m", "at >= $4 and at < $5"),
            " union all ",
            select_rows!("usage_15m", "at >= $6 and at < $7"),
            " union all ",
            select_rows!("usage_1m", "at >= $8 and at < $9"),
            "),
        sums as (
            select
                case $14
                    when 'total' then $18
                    when 'quarter_hour' then date_bin(interval '15 minutes', at, timestamptz 'epoch')
                    else date_trunc($14, at, $15)
                end as at,
                case
                    when $16 = 'user' and ($19::bigint[] is null or user_id = any($19)) then user_id
                    when $16 = 'key' and ($19::bigint[] is null or key_id = any($19)) then key_id
                    when $16 = 'provider' and ($19::bigint[] is null or provider_id = any($19)) then provider_id
                    else 0
                end as id,
                case $16 when 'model' then model else '' end as model",
            each_sum!(summed),
            $($times)*,
            " from rolled
            group by 1, 2, 3
        )
        select s.*, coalesce(u.name, k.name, p.name) as name
        from sums s
        left join users u on $16 = 'user' and u.id = s.id
        left join keys k on $16 = 'key' and k.id = s.id
        left join providers p on $16 = 'provider' and p.id = s.id
        order by s.at, s.cost desc, s.calls desc, s.id, s.model
        limit $17"
        )
    };
}

statements! {
    /// `date_trunc` knows the zone's summer time. A part of a facet is read for itself (`offset 0`), by the key.
    SUM = sum!(histogram!("first_token_hist"), histogram!("duration_hist"));
    /// The same without times, which are most of the work.
    SUM_WITHOUT_TIMES = sum!(", '{}'::bigint[] as first_token_hist, '{}'::bigint[] as duration_hist");
    /// The most frequent first.
    ERRORS = "
        with counted as (
            select cause, n_errors
            from usage_errors
            where at >= $1 and at < $2
                and ($5::bigint is null or user_id = $5) and ($6::bigint is null or key_id = $6)
                and ($7::bigint is null or provider_id = $7) and ($8::text is null or model = $8)
            union all
            select cause, n_errors
            from usage_errors
            where at >= $3 and at < $4
                and ($5::bigint is null or user_id = $5) and ($6::bigint is null or key_id = $6)
                and ($7::bigint is null or provider_id = $7) and ($8::text is null or model = $8)
            union all
            select cause, n_errors
            from usage_errors_1d
            where at >= $2 and at < $3
                and ($7::bigint is null or provider_id = $7) and ($8::text is null or model = $8)
        )
        select cause, sum(n_errors)::bigint as n_errors
        from counted
        group by cause
        order by n_errors desc, cause
        limit 50";
    /// What was refused before it used a token needs no price.
    UNPRICED_MODELS = "
        select model
        from usage_facets
        where facet = 'route_15m' and at >= $1 and unpriced > 0 and cost > 0
        group by model
        order by model
        limit 20";
}

/// A range of time: from the first up to the second.
type Range = (DateTime<Utc>, DateTime<Utc>);

/// Which sums to read. What the parts hold does not overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SumQuery {
    /// When all of it begins.
    pub from: DateTime<Utc>,
    /// Parts of facets.
    pub parts: Vec<Part>,
    /// Single spans of facets.
    pub points: Vec<Point>,
    /// Quarters of an hour that no facet tells apart as it is asked for.
    pub quarters: [Range; 2],
    /// Minutes, which are kept for two days.
    pub minutes: Range,
    /// Only of these.
    pub filter: UsageFilter,
    /// One row for each of these.
    pub by: Option<UsageBy>,
    /// Only these users, keys or providers have rows of their own, all others share one; none: each has.
    pub named: Option<Vec<i64>>,
    /// One row for each of these spans.
    pub step: UsageStep,
    /// Where days begin.
    pub time_zone: chrono_tz::Tz,
    /// True if nobody looks at times: percentiles are left out.
    pub without_times: bool,
}

/// A row of `SUM`. The number 0 and the empty model stand for none.
fn from_row(row: &PgRow, by: Option<UsageBy>) -> Result<UsageRow, sqlx::Error> {
    let (id, model): (i64, String) = (row.try_get("id")?, row.try_get("model")?);
    let (id, name) = match by {
        None => (None, None),
        Some(UsageBy::Model) => (Some(model.clone()), Some(model)),
        Some(UsageBy::User | UsageBy::Key | UsageBy::Provider) => {
            ((id != 0).then(|| id.to_string()), row.try_get("name")?)
        }
    };
    Ok(UsageRow { from: Some(row.try_get("at")?), id, name, totals: totals_from_row(row)? })
}

/// The sums of a row that has them all.
pub(super) fn totals_from_row(row: &PgRow) -> Result<Totals, sqlx::Error> {
    let first_token: Vec<i64> = row.try_get("first_token_hist")?;
    let duration: Vec<i64> = row.try_get("duration_hist")?;
    Ok(Totals {
        calls: read::number(row, "calls")?,
        completed: read::number(row, "completed")?,
        rejected: read::number(row, "rejected")?,
        refused: read::number(row, "refused")?,
        failed: read::number(row, "failed")?,
        interrupted: read::number(row, "interrupted")?,
        abandoned: read::number(row, "abandoned")?,
        attempts: read::number(row, "attempts")?,
        attempts_good: read::number(row, "attempts_good")?,
        attempts_bad: read::number(row, "attempts_bad")?,
        usage: calls::usage_from_row(row)?,
        cost_usd: read::usd(row, "cost")?,
        tokens_per_second: per_second(row.try_get("streamed")?, row.try_get("streamed_ms")?),
        first_token_ms_p50: time_percentile(&first_token, 50),
        first_token_ms_p95: time_percentile(&first_token, 95),
        first_token_ms_p99: time_percentile(&first_token, 99),
        duration_ms_p50: time_percentile(&duration, 50),
        duration_ms_p95: time_percentile(&duration, 95),
        duration_ms_p99: time_percentile(&duration, 99),
    })
}

/// So many in a second, rounded down; none without any time.
fn per_second(number: i64, ms: i64) -> Option<u32> {
    let rate = i128::from(number) * 1_000 / i128::from(ms.max(1));
    (ms > 0).then(|| u32::try_from(rate).unwrap_or(u32::MAX))
}

impl Store {
    /// Sums by span, oldest first, within a span the dearest first; at most `limit` rows. Spans without calls are left out.
    pub async fn sum_usage(&self, query: &SumQuery, limit: i64) -> Result<Vec<UsageRow>, sqlx::Error> {
        let SumQuery { from, parts, points, quarters, minutes, filter, by, named, step, time_zone, without_times } =
            query;
        let [quarters, later_quarters] = quarters;
        let rows = sqlx::query(if *without_times { SUM_WITHOUT_TIMES } else { SUM })
            .bind(parts.iter().map(|(facet, ..)| facet.name()).collect::<Vec<_>>())
            .bind(parts.iter().map(|(_, from, _)| *from).collect::<Vec<_>>())
            .bind(parts.iter().map(|(.., to)| *to).collect::<Vec<_>>())
            .bind(quarters.0)
            .bind(quarters.1)
            .bind(later_quarters.0)
            .bind(later_quarters.1)
            .bind(minutes.0)
            .bind(minutes.1)
            .bind(filter.user_id.map(|id| id.0))
            .bind(filter.key_id.map(|id| id.0))
            .bind(filter.provider_id.map(|id| id.0))
            .bind(&filter.model)
            .bind(step.as_str())
            .bind(time_zone.name())
            .bind(by.map_or("", UsageBy::as_str))
            .bind(limit)
            .bind(from)
            .bind(named.as_ref())
            .bind(points.iter().map(|(facet, _)| facet.name()).collect::<Vec<_>>())
            .bind(points.iter().map(|(facet, _)| facet.unit.word()).collect::<Vec<_>>())
            .bind(points.iter().map(|(_, at)| *at).collect::<Vec<_>>())
            // Planned for these values each time: which tables are read depends on them.
            .persistent(false)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| from_row(row, *by)).collect()
    }

    /// What went wrong in whole quarters of an hour, the most frequent first; at most 50 causes. Between are days that are
    /// over and are read as such, which tell no users and keys apart.
    pub async fn count_errors(
        &self,
        (from, to): Range,
        days: Range,
        filter: &UsageFilter,
    ) -> Result<Vec<ErrorCount>, sqlx::Error> {
        let rows = sqlx::query(ERRORS)
            .bind(from)
            .bind(days.0)
            .bind(days.1)
            .bind(to)
            .bind(filter.user_id.map(|id| id.0))
            .bind(filter.key_id.map(|id| id.0))
            .bind(filter.provider_id.map(|id| id.0))
            .bind(&filter.model)
            .persistent(false)
            .fetch_all(&self.pool)
            .await?;
        let count =
            |row: &PgRow| Ok(ErrorCount { cause: row.try_get("cause")?, n_errors: read::number(row, "n_errors")? });
        rows.iter().map(count).collect()
    }

    /// Models whose calls since `from` were priced by the default; at most 20.
    pub async fn list_unpriced_models(&self, from: DateTime<Utc>) -> Result<Vec<String>, sqlx::Error> {
        let rows = sqlx::query(UNPRICED_MODELS).bind(from).fetch_all(&self.pool).await?;
        rows.iter().map(|row| row.try_get("model")).collect()
    }
}
