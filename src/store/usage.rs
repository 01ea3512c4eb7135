//! Sums over calls, from the roll-ups.

use chrono::{DateTime, Utc};
use sqlx::{Row, postgres::PgRow};

use super::{
    Store, calls,
    facet::{Part, Point, arrays},
    facets::{each_sum, histogram, listed, summed},
    read, statements,
};
use crate::domain::{
    id::ProviderId,
    report::{ErrorCount, Totals, UsageBy, UsageFilter, UsageRow, UsageStep, time_percentile},
};

/// Of a table of sums what lies in a range, and what the filters say if they follow.
macro_rules! select_rows {
    ($table:literal, $range:literal $($filters:tt)*) => {
        concat!(
            "select at, user_id, key_id, provider_id, model",
            each_sum!(listed),
            ", first_token_hist, duration_hist from ",
            $table,
            " where ",
            $range
            $($filters)*
        )
    };
}

/// Whose and what sums are meant ($10 to $13).
macro_rules! filters {
    () => {
        "
            and ($10::bigint[] is null or user_id = any($10)) and ($11::bigint[] is null or key_id = any($11))
            and ($12::bigint is null or provider_id = $12) and ($13::text is null or model = $13)"
    };
}

/// Parts of facets ($1 to $3). Each is read for itself (`offset 0`), by the key.
macro_rules! parts {
    ($($filters:tt)*) => {
        concat!(
            "select f.*
            from unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as part (facet, since, until)
            cross join lateral (",
            select_rows!(
                "usage_facets",
                "usage_facets.facet = part.facet and at >= part.since and at < part.until"
                $($filters)*
            ),
            " offset 0) f"
        )
    };
}

/// Single spans of facets ($14 to $16), of which it is Postgres and the hub that say where they begin: where midnight comes
/// twice they need not agree.
macro_rules! points {
    () => {
        concat!(
            "select f.*
            from unnest($14::text[], $15::text[], $16::timestamptz[]) as point (facet, unit, begun)
            cross join lateral (",
            select_rows!(
                "usage_facets",
                "usage_facets.facet = point.facet
                and at = any(array[point.begun, date_trunc(point.unit, point.begun + interval '12 hours', $5)])",
                filters!()
            ),
            " offset 0) f"
        )
    };
}

/// What no facet tells apart: two ranges of quarters ($17 to $20), and minutes ($21, $22).
macro_rules! rest {
    () => {
        concat!(
            select_rows!("usage_15m", "at >= $17 and at < $18", filters!()),
            " union all ",
            select_rows!("usage_15m", "at >= $19 and at < $20", filters!()),
            " union all ",
            select_rows!("usage_1m", "at >= $21 and at < $22", filters!())
        )
    };
}

/// Adds up rows: what each sum is for, its sums, and the times. Of $9, if it is not null, each has rows, and all others
/// share them. Names are looked up for those that are answered. `date_trunc` knows the zone's summer time.
macro_rules! sum {
    ([$($rows:tt)*] [$($times:tt)*]) => {
        concat!(
            "with rolled as (",
            $($rows)*,
            "),
        sums as (
            select
                case $4
                    when 'total' then $8
                    when 'quarter_hour' then date_bin(interval '15 minutes', at, timestamptz 'epoch')
                    else date_trunc($4, at, $5)
                end as at,
                case
                    when $6 = 'user' and ($9::bigint[] is null or user_id = any($9)) then user_id
                    when $6 = 'key' and ($9::bigint[] is null or key_id = any($9)) then key_id
                    when $6 = 'provider' and ($9::bigint[] is null or provider_id = any($9)) then provider_id
                    else 0
                end as id,
                case $6 when 'model' then model else '' end as model",
            each_sum!(summed),
            $($times)*,
            " from rolled
            group by 1, 2, 3
        )
        select s.*,
            case $6
                when 'user' then (select u.name from users u where u.id = s.id)
                when 'key' then (select k.name from keys k where k.id = s.id)
                when 'provider' then (select p.name from providers p where p.id = s.id)
            end as name
        from sums s
        order by s.at, s.cost desc, s.calls desc, s.id, s.model
        limit $7"
        )
    };
}

/// Sums without times, which are most of the work.
macro_rules! without_times {
    () => {
        ", '{}'::bigint[] as first_token_hist, '{}'::bigint[] as duration_hist"
    };
}

/// What went wrong, the most frequent first: quarters of an hour ($1, $2 and $3, $4), and days between them.
macro_rules! count_errors {
    ($days:literal) => {
        concat!(
            "
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
            from ",
            $days,
            "
        )
        select cause, sum(n_errors)::bigint as n_errors
        from counted
        group by cause
        order by n_errors desc, cause
        limit 50"
        )
    };
}

statements! {
    /// Of everybody, where facets serve the whole range: whatever the values are, it is read in the same way.
    SUM_FACETS = sum!([parts!()] [histogram!("first_token_hist"), histogram!("duration_hist")]);
    SUM_FACETS_WITHOUT_TIMES = sum!([parts!()] [without_times!()]);
    /// Of somebody or something, where facets serve the whole range.
    SUM_SOME = sum!(
        [parts!(, filters!()), " union all ", points!()]
        [histogram!("first_token_hist"), histogram!("duration_hist")]
    );
    SUM_SOME_WITHOUT_TIMES = sum!([parts!(, filters!()), " union all ", points!()] [without_times!()]);
    SUM = sum!(
        [parts!(, filters!()), " union all ", points!(), " union all ", rest!()]
        [histogram!("first_token_hist"), histogram!("duration_hist")]
    );
    SUM_WITHOUT_TIMES = sum!(
        [parts!(, filters!()), " union all ", points!(), " union all ", rest!()]
        [without_times!()]
    );
    ERRORS = count_errors!("usage_errors_1d
            where at >= $2 and at < $3
                and ($7::bigint is null or provider_id = $7) and ($8::text is null or model = $8)");
    ERRORS_OF_CALLER = count_errors!("usage_caller_errors_1d
            where at >= $2 and at < $3
                and ($5::bigint is null or user_id = $5) and ($6::bigint is null or key_id = $6)");
    /// What cost nothing needs no price. Sums by model ($1 to $3) say which models it can be: those by provider too are read
    /// of them alone (`offset 0`), from $4 on.
    UNPRICED_MODELS = "
        with suspects as (
            select distinct f.model
            from unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as part (facet, since, until)
            cross join lateral (
                select model
                from usage_facets
                where usage_facets.facet = part.facet and at >= part.since and at < part.until
                    and unpriced > 0 and cost > 0
                offset 0
            ) f
        )
        select s.model
        from suspects s
        where exists (
            select from usage_facets
            where facet = 'route_15m' and at >= $4 and usage_facets.model = s.model and unpriced > 0 and cost > 0
            offset 0
        )
        order by s.model
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
    /// Only of these users.
    pub users: Option<Vec<i64>>,
    /// Only of these keys.
    pub keys: Option<Vec<i64>>,
    /// Only of this provider.
    pub provider_id: Option<ProviderId>,
    /// Only of this model.
    pub model: Option<String>,
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

impl SumQuery {
    /// True if it is of somebody or something.
    const fn is_filtered(&self) -> bool {
        self.users.is_some() || self.keys.is_some() || self.provider_id.is_some() || self.model.is_some()
    }

    /// True if facets do not serve the whole range.
    fn has_rest(&self) -> bool {
        self.quarters.iter().chain([&self.minutes]).any(|(from, to)| from < to)
    }

    /// The statement that reads no more tables than it has to: to plan one takes longer than to read few rows.
    fn statement(&self) -> &'static str {
        match (self.has_rest(), self.is_filtered(), self.without_times) {
            (true, _, false) => SUM,
            (true, _, true) => SUM_WITHOUT_TIMES,
            (false, true, false) => SUM_SOME,
            (false, true, true) => SUM_SOME_WITHOUT_TIMES,
            (false, false, false) => SUM_FACETS,
            (false, false, true) => SUM_FACETS_WITHOUT_TIMES,
        }
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
        let SumQuery { from, points, quarters: [quarters, later_quarters], minutes, by, named, step, .. } = query;
        let (facets, since, until) = arrays(&query.parts);
        let mut asked = sqlx::query(query.statement())
            .bind(facets)
            .bind(since)
            .bind(until)
            .bind(step.as_str())
            .bind(query.time_zone.name())
            .bind(by.map_or("", UsageBy::as_str))
            .bind(limit)
            .bind(from)
            .bind(named.as_ref());
        if query.is_filtered() || query.has_rest() {
            asked = asked
                .bind(query.users.as_ref())
                .bind(query.keys.as_ref())
                .bind(query.provider_id.map(|id| id.0))
                .bind(query.model.as_ref())
                .bind(points.iter().map(|(facet, _)| facet.name()).collect::<Vec<_>>())
                .bind(points.iter().map(|(facet, _)| facet.unit.word()).collect::<Vec<_>>())
                .bind(points.iter().map(|(_, at)| *at).collect::<Vec<_>>())
                // Planned for these values each time: how they are found depends on them.
                .persistent(false);
        }
        if query.has_rest() {
            asked = asked
                .bind(quarters.0)
                .bind(quarters.1)
                .bind(later_quarters.0)
                .bind(later_quarters.1)
                .bind(minutes.0)
                .bind(minutes.1);
        }
        let rows = asked.fetch_all(&self.pool).await?;
        rows.iter().map(|row| from_row(row, *by)).collect()
    }

    /// What went wrong in whole quarters of an hour, the most frequent first; at most 50 causes. Between are days that are
    /// over and are read as such, which tell either users and keys apart, or providers and models.
    pub async fn count_errors(
        &self,
        (from, to): Range,
        days: Range,
        filter: &UsageFilter,
    ) -> Result<Vec<ErrorCount>, sqlx::Error> {
        let has_callers = filter.user_id.is_some() || filter.key_id.is_some();
        let rows = sqlx::query(if has_callers { ERRORS_OF_CALLER } else { ERRORS })
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

    /// Models, as they were asked for, whose calls since `from` were charged the default; at most 20. The parts are those of
    /// that time, and tell models apart.
    pub async fn list_unpriced_models(&self, from: DateTime<Utc>, parts: &[Part]) -> Result<Vec<String>, sqlx::Error> {
        let (facets, since, until) = arrays(parts);
        let asked = sqlx::query(UNPRICED_MODELS).bind(facets).bind(since).bind(until).bind(from);
        let rows = asked.fetch_all(&self.pool).await?;
        rows.iter().map(|row| row.try_get("model")).collect()
    }
}
