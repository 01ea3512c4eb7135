//! How providers served lately, from the roll-ups.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use sqlx::{Row, postgres::PgRow, postgres::types::PgInterval};

use super::{
    Store,
    facets::{each_sum, histogram, listed, summed},
    read, statements, usage,
};
use crate::domain::{
    call::Outcome,
    id::{CallId, ProviderId},
    report::{
        Totals,
        availability::{LastProbe, Probes},
    },
};

/// Rows of providers from a table of sums.
macro_rules! part {
    ($table:literal, $condition:literal) => {
        concat!(
            "select at, provider_id, model",
            each_sum!(listed),
            ", first_token_hist, duration_hist from ",
            $table,
            " where ",
            $condition,
            " and at >= $2 and provider_id <> 0"
        )
    };
}

statements! {
    /// By provider; by provider and model; and both of them by block ($3, or days of the zone $4).
    SERVED = concat!(
        "with parts as (",
        part!("usage_1m", "$1 = 'usage_1m'"),
        " union all ",
        part!("usage_15m", "$1 = 'usage_15m'"),
        " union all ",
        part!("usage_facets", "facet = $1"),
        "), blocks as (
            select *, case when $3::interval is null then date_trunc('day', at, $4)
                else date_bin($3, at, timestamptz 'epoch') end as block
            from parts
        )
        select provider_id, model, block",
        each_sum!(summed),
        histogram!("first_token_hist"),
        histogram!("duration_hist"),
        " from blocks
        group by provider_id, cube (model, block)
        order by attempts desc, provider_id, model, block");
    /// Only tests and probes have no user.
    PROBES = "
        select provider_id, sum(attempts_good)::bigint as good, sum(attempts_bad)::bigint as bad
        from usage_15m
        where at >= $1 and user_id = 0 and provider_id <> 0
        group by provider_id";
    /// The latest test or probe of each of these providers ($1) since a time.
    LAST_PROBES = "
        select provider.id as provider_id, last.id, last.created_at, last.outcome, last.duration_ms
        from unnest($1::bigint[]) as provider (id)
        cross join lateral (
            select id, created_at, outcome, duration_ms from calls
            where kind = 'probe' and provider_id = provider.id and id >= first_id($2)
            order by id desc limit 1
        ) as last";
}

/// Which sums serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServedFrom {
    /// Those by minute, which are kept for two days.
    Minutes,
    /// Those by quarter of an hour, of providers and models; or of everybody while there are no others.
    Quarters {
        /// True if those of providers and models are there.
        has_facets: bool,
    },
    /// Those by day.
    Days,
}

impl ServedFrom {
    /// The table, or the facet.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Minutes => "usage_1m",
            Self::Quarters { has_facets: false } => "usage_15m",
            Self::Quarters { has_facets: true } => "route_15m",
            Self::Days => "route_1d",
        }
    }
}

/// How a provider served.
#[derive(Clone, Debug)]
pub struct ServedRow {
    /// Which.
    pub provider_id: ProviderId,
    /// Only this model; none for all together.
    pub model: Option<String>,
    /// Only in the block that begins here; none for the whole range.
    pub block: Option<DateTime<Utc>>,
    /// The sums.
    pub totals: Totals,
}

fn served_from_row(row: &PgRow) -> Result<ServedRow, sqlx::Error> {
    Ok(ServedRow {
        provider_id: ProviderId(row.try_get("provider_id")?),
        model: row.try_get("model")?,
        block: row.try_get("block")?,
        totals: usage::totals_from_row(row)?,
    })
}

impl Store {
    /// How each provider served from `from` on, with each of its models, in the whole and in each block, the most used
    /// first. A block is `block` long, counted from the epoch, or a day of `zone`.
    pub async fn served(
        &self,
        source: ServedFrom,
        from: DateTime<Utc>,
        block: Option<TimeDelta>,
        zone: Tz,
    ) -> Result<Vec<ServedRow>, sqlx::Error> {
        let block = block.map(|block| PgInterval {
            months: 0,
            days: 0,
            microseconds: block.num_microseconds().unwrap_or_default(),
        });
        let rows = sqlx::query(SERVED)
            .bind(source.as_str())
            .bind(from)
            .bind(block)
            .bind(zone.name())
            // Planned for these values each time: which table is read depends on them.
            .persistent(false)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(served_from_row).collect()
    }

    /// The tests and probes of each provider from a quarter of an hour on.
    pub async fn count_probes(&self, from: DateTime<Utc>) -> Result<Vec<(ProviderId, Probes)>, sqlx::Error> {
        let rows = sqlx::query(PROBES).bind(from).fetch_all(&self.pool).await?;
        let probes = |row: &PgRow| {
            let probes = Probes { good: read::number(row, "good")?, bad: read::number(row, "bad")?, last: None };
            Ok((ProviderId(row.try_get("provider_id")?), probes))
        };
        rows.iter().map(probes).collect()
    }

    /// The latest test or probe of each of these providers from a time on.
    pub async fn last_probes(
        &self,
        providers: &[ProviderId],
        from: DateTime<Utc>,
    ) -> Result<Vec<(ProviderId, LastProbe)>, sqlx::Error> {
        let ids: Vec<i64> = providers.iter().map(|provider| provider.0).collect();
        let rows = sqlx::query(LAST_PROBES).bind(ids).bind(from).fetch_all(&self.pool).await?;
        let probe = |row: &PgRow| {
            let probe = LastProbe {
                call_id: CallId(row.try_get("id")?),
                at: row.try_get("created_at")?,
                good: read::word::<Outcome>(row, "outcome")? == Outcome::Completed,
                duration_ms: read::small_or_none(row, "duration_ms")?,
            };
            Ok((ProviderId(row.try_get("provider_id")?), probe))
        };
        rows.iter().map(probe).collect()
    }
}
