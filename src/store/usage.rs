//! Sums over calls, from the roll-ups.

use chrono::{DateTime, Utc};
use sqlx::{Row, postgres::PgRow};

use super::{Store, calls, read, statements};
use crate::domain::report::{Totals, UsageBy, UsageRow, UsageStep, time_percentile};

statements! {
    /// Quarters of an hour from $1 up to $2, and minutes from there up to $3. `date_trunc` knows the zone's summer time.
    SUM = "
        with rolled as (
            select * from usage_15m where at >= $1 and at < $2
            union all
            select * from usage_1m where at >= $2 and at < $3
        ),
        sums as (
            select
                case $4 when 'hour' then date_trunc('hour', at, $5) when 'day' then date_trunc('day', at, $5) else $1 end as at,
                case $6 when 'user' then user_id when 'key' then key_id when 'provider' then provider_id else 0 end as id,
                case $6 when 'model' then model else '' end as model,
                sum(calls)::bigint as calls, sum(completed)::bigint as completed, sum(rejected)::bigint as rejected,
                sum(refused)::bigint as refused, sum(failed)::bigint as failed, sum(interrupted)::bigint as interrupted,
                sum(abandoned)::bigint as abandoned, sum(attempts)::bigint as attempts,
                sum(input)::bigint as input, sum(output)::bigint as output, sum(cache_write_5m)::bigint as cache_write_5m,
                sum(cache_write_1h)::bigint as cache_write_1h, sum(cache_read)::bigint as cache_read,
                sum(web_searches)::bigint as web_searches, sum(web_fetches)::bigint as web_fetches,
                sum(code_executions)::bigint as code_executions,
                sum(cost)::bigint as cost,
                sum_histograms(first_token_hist) as first_token_hist, sum_histograms(duration_hist) as duration_hist
            from rolled
            group by 1, 2, 3
        )
        select s.*, coalesce(u.name, k.name, p.name) as name
        from sums s
        left join users u on $6 = 'user' and u.id = s.id
        left join keys k on $6 = 'key' and k.id = s.id
        left join providers p on $6 = 'provider' and p.id = s.id
        order by s.at, s.cost desc, s.calls desc, s.id, s.model
        limit $7";
    /// What was refused before it used a token needs no price.
    UNPRICED_MODELS = "
        select model
        from usage_15m
        where at >= $1 and unpriced > 0 and cost > 0
        group by model
        order by model
        limit 20";
}

/// Which sums to read. The bounds are whole quarters and whole minutes, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SumQuery {
    /// From this quarter of an hour on.
    pub from: DateTime<Utc>,
    /// Up to this quarter of an hour from the sums by quarter.
    pub quarters_to: DateTime<Utc>,
    /// And from there up to this time from the sums by minute, which are kept for two days.
    pub to: DateTime<Utc>,
    /// One row for each of these.
    pub by: Option<UsageBy>,
    /// One row for each of these spans.
    pub step: UsageStep,
    /// Where days begin.
    pub time_zone: chrono_tz::Tz,
}

/// The parameter that groups rows.
const fn by_word(by: Option<UsageBy>) -> &'static str {
    match by {
        None => "",
        Some(UsageBy::User) => "user",
        Some(UsageBy::Key) => "key",
        Some(UsageBy::Provider) => "provider",
        Some(UsageBy::Model) => "model",
    }
}

/// The parameter that cuts time.
const fn step_word(step: UsageStep) -> &'static str {
    match step {
        UsageStep::Hour => "hour",
        UsageStep::Day => "day",
        UsageStep::Total => "total",
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

fn totals_from_row(row: &PgRow) -> Result<Totals, sqlx::Error> {
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
        usage: calls::usage_from_row(row)?,
        cost_usd: read::usd(row, "cost")?,
        first_token_ms_p50: time_percentile(&first_token, 50),
        first_token_ms_p95: time_percentile(&first_token, 95),
        duration_ms_p50: time_percentile(&duration, 50),
        duration_ms_p95: time_percentile(&duration, 95),
    })
}

impl Store {
    /// Sums by span, oldest first, within a span the dearest first; at most `limit` rows. Spans without calls are left out.
    pub async fn sum_usage(&self, query: &SumQuery, limit: i64) -> Result<Vec<UsageRow>, sqlx::Error> {
        let rows = sqlx::query(SUM)
            .bind(query.from)
            .bind(query.quarters_to)
            .bind(query.to)
            .bind(step_word(query.step))
            .bind(query.time_zone.name())
            .bind(by_word(query.by))
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| from_row(row, query.by)).collect()
    }

    /// Models whose calls since `from` were priced by the default; at most 20.
    pub async fn list_unpriced_models(&self, from: DateTime<Utc>) -> Result<Vec<String>, sqlx::Error> {
        let rows = sqlx::query(UNPRICED_MODELS).bind(from).fetch_all(&self.pool).await?;
        rows.iter().map(|row| row.try_get("model")).collect()
    }
}
