//! Sums over calls, from the roll-ups.

use chrono::{DateTime, Utc};
use sqlx::{Row, postgres::PgRow};

use super::{
    Store, calls,
    facets::{Facet, each_sum, histogram, listed, summed},
    read, statements,
};
use crate::domain::report::{ErrorCount, Totals, UsageBy, UsageFilter, UsageRow, UsageStep, time_percentile};

/// Rows of a table of sums in a span, of those that are asked for.
macro_rules! part {
    ($table:literal, $condition:literal, $from:literal, $to:literal) => {
        concat!(
            "select at, user_id, key_id, provider_id, model",
            each_sum!(listed),
            ", first_token_hist, duration_hist from ",
            $table,
            " where ",
            $condition,
            " and at >= ",
            $from,
            " and at < ",
            $to,
            "
            and ($6::bigint is null or user_id = $6) and ($7::bigint is null or key_id = $7)
            and ($8::bigint is null or provider_id = $8) and ($9::text is null or model = $9)"
        )
    };
}

statements! {
    /// Quarters of an hour, whole days, quarters, and minutes, one after the other: bounds $1 to $5. `date_trunc` knows
    /// the zone's summer time. Quarters tell callers apart only where it is needed ($11).
    SUM = concat!(
        "with rolled as (",
        part!("usage_facets", "facet = $10", "$2", "$3"),
        " union all ",
        part!("usage_15m", "$11::boolean", "$1", "$2"),
        " union all ",
        part!("usage_15m", "$11::boolean", "$3", "$4"),
        " union all ",
        part!("usage_facets", "not $11::boolean and facet = 'route_15m'", "$1", "$2"),
        " union all ",
        part!("usage_facets", "not $11::boolean and facet = 'route_15m'", "$3", "$4"),
        " union all ",
        part!("usage_1m", "true", "$4", "$5"),
        "),
        sums as (
            select
                case when $12 = 'total' then $1 else date_trunc($12, at, $13) end as at,
                case $14 when 'user' then user_id when 'key' then key_id when 'provider' then provider_id else 0 end as id,
                case $14 when 'model' then model else '' end as model",
        each_sum!(summed),
        histogram!("first_token_hist"),
        histogram!("duration_hist"),
        " from rolled
            group by 1, 2, 3
        )
        select s.*, coalesce(u.name, k.name, p.name) as name
        from sums s
        left join users u on $14 = 'user' and u.id = s.id
        left join keys k on $14 = 'key' and k.id = s.id
        left join providers p on $14 = 'provider' and p.id = s.id
        order by s.at, s.cost desc, s.calls desc, s.id, s.model
        limit $15");
    /// The most frequent first.
    ERRORS = "
        select cause, sum(n_errors)::bigint as n_errors
        from usage_errors
        where at >= $1 and at < $2
            and ($3::bigint is null or user_id = $3) and ($4::bigint is null or key_id = $4)
            and ($5::bigint is null or provider_id = $5) and ($6::text is null or model = $6)
        group by cause
        order by n_errors desc, cause
        limit 50";
    /// What was refused before it used a token needs no price.
    UNPRICED_MODELS = "
        select model
        from usage_15m
        where at >= $1 and unpriced > 0 and cost > 0
        group by model
        order by model
        limit 20";
}

/// A range of time, cut where sums of another length serve it. The bounds stand in this order; two that are the same
/// have nothing between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spans {
    /// From this quarter of an hour on, by quarter.
    pub from: DateTime<Utc>,
    /// From this midnight on, by day.
    pub days_from: DateTime<Utc>,
    /// From this midnight on, by quarter of an hour again.
    pub days_to: DateTime<Utc>,
    /// From this quarter of an hour on, by minute, which are kept for two days.
    pub quarters_to: DateTime<Utc>,
    /// Up to this time.
    pub to: DateTime<Utc>,
}

/// Which sums to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SumQuery {
    /// In which time.
    pub spans: Spans,
    /// Only of these.
    pub filter: UsageFilter,
    /// One row for each of these.
    pub by: Option<UsageBy>,
    /// One row for each of these spans.
    pub step: UsageStep,
    /// Where days begin.
    pub time_zone: chrono_tz::Tz,
    /// False while the facets are made for the first time: then only `usage_15m` has everything.
    pub has_facets: bool,
}

impl SumQuery {
    /// The facet whose days serve, and whether its quarters of an hour have to tell callers apart.
    fn facet(&self) -> (Facet, bool) {
        let Self { filter, by, .. } = self;
        let has_callers =
            filter.user_id.is_some() || filter.key_id.is_some() || matches!(by, Some(UsageBy::User | UsageBy::Key));
        let has_routes = filter.provider_id.is_some()
            || filter.model.is_some()
            || matches!(by, Some(UsageBy::Provider | UsageBy::Model));
        let facet = match (has_callers, has_routes) {
            (false, _) => Facet::RouteDays,
            (true, false) => Facet::CallerDays,
            (true, true) => Facet::WholeDays,
        };
        (facet, has_callers || !self.has_facets)
    }
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
        let SumQuery { spans, filter, by, step, time_zone, .. } = query;
        let (facet, has_callers) = query.facet();
        let rows = sqlx::query(SUM)
            .bind(spans.from)
            .bind(spans.days_from)
            .bind(spans.days_to)
            .bind(spans.quarters_to)
            .bind(spans.to)
            .bind(filter.user_id.map(|id| id.0))
            .bind(filter.key_id.map(|id| id.0))
            .bind(filter.provider_id.map(|id| id.0))
            .bind(&filter.model)
            .bind(facet.as_str())
            .bind(has_callers)
            .bind(step.as_str())
            .bind(time_zone.name())
            .bind(by.map_or("", UsageBy::as_str))
            .bind(limit)
            // Planned for these values each time: which tables are read depends on them.
            .persistent(false)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| from_row(row, *by)).collect()
    }

    /// What went wrong in whole quarters of an hour, the most frequent first; at most 50 causes.
    pub async fn count_errors(
        &self,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        filter: &UsageFilter,
    ) -> Result<Vec<ErrorCount>, sqlx::Error> {
        let rows = sqlx::query(ERRORS)
            .bind(from)
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
