//! How providers served lately, from the roll-ups.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use sqlx::{Row, postgres::PgRow, postgres::types::PgInterval};

use super::{
    Store,
    facet::{Facet, Part},
    facets::{each_sum, histogram, listed, summed},
    read, statements, usage,
};
use crate::domain::{
    call::Outcome,
    id::{CallId, ProviderId},
    report::{
        Totals,
        availability::{LastProbe, Probes, ServedBlock},
        time_percentile,
    },
};

statements! {
    /// By provider and model, and by provider, or of one ($6): parts of facets ($1 to $3), and minutes ($4, $5). The second
    /// is added up from the first.
    SERVED = concat!(
        "with rolled as (
            select f.*
            from unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as part (facet, since, until)
            cross join lateral (
                select provider_id, model",
        each_sum!(listed),
        ", first_token_hist, duration_hist
                from usage_facets
                where usage_facets.facet = part.facet and at >= part.since and at < part.until and provider_id <> 0
                    and ($6::bigint is null or provider_id = $6)
                offset 0
            ) f
            union all
            select provider_id, model",
        each_sum!(listed),
        ", first_token_hist, duration_hist
            from usage_1m
            where at >= $4 and at < $5 and provider_id <> 0 and ($6::bigint is null or provider_id = $6)
        ),
        routes as (
            select provider_id, model",
        each_sum!(summed),
        histogram!("first_token_hist"),
        histogram!("duration_hist"),
        " from rolled
            group by provider_id, model
        )
        select * from routes
        union all
        select provider_id, null",
        each_sum!(summed),
        histogram!("first_token_hist"),
        histogram!("duration_hist"),
        " from routes
        group by provider_id
        order by attempts desc, provider_id, model"
    );
    /// By provider, or of one ($7), and block ($3, or days of the zone $4), for each model if they are wanted ($8), and all of
    /// them: of the facet $1, else minutes.
    BLOCKS = concat!("
        with parts as (
            select at, provider_id, model, attempts_good, attempts_bad, duration_hist
            from usage_facets
            where facet = $1 and at >= $2 and at < $5 and provider_id <> 0 and ($7::bigint is null or provider_id = $7)
            union all
            select at, provider_id, model, attempts_good, attempts_bad, duration_hist
            from usage_facets
            where facet = $6 and at >= $5 and provider_id <> 0 and ($7::bigint is null or provider_id = $7)
            union all
            select at, provider_id, model, attempts_good, attempts_bad, duration_hist
            from usage_1m
            where $1 = 'minutes' and at >= $2 and provider_id <> 0 and ($7::bigint is null or provider_id = $7)
        ),
        routes as (
            select provider_id, case when $8 then model end as model, case when $3::interval is null then date_trunc('day', at, $4)
                    else date_bin($3, at, timestamptz 'epoch') end as block,
                sum(attempts_good)::bigint as good, sum(attempts_bad)::bigint as bad",
        histogram!("duration_hist"), "
            from parts
            group by 1, 2, 3
        )
        select provider_id, model, block, good, bad, duration_hist from routes where $8
        union all
        select provider_id, null, block, sum(good)::bigint, sum(bad)::bigint",
        histogram!("duration_hist"), "
        from routes group by provider_id, block");
    /// Only tests and probes have no user.
    PROBES = "
        select provider_id, sum(attempts_good)::bigint as good, sum(attempts_bad)::bigint as bad
        from usage_15m
        where at >= $1 and user_id = 0 and provider_id <> 0
        group by provider_id";
    /// The latest tests and probes of each of these providers ($1) since a time, of each at most so many ($3), the newest
    /// first.
    LAST_PROBES = "
        select provider.id as provider_id, last.id, last.created_at, last.outcome, last.duration_ms
        from unnest($1::bigint[]) as provider (id)
        cross join lateral (
            select id, created_at, outcome, duration_ms from calls
            where kind = 'probe' and provider_id = provider.id and id >= first_id($2)
            order by id desc limit $3
        ) as last
        order by last.id desc";
}

/// How a provider served in a range.
#[derive(Clone, Debug)]
pub struct ServedRow {
    /// Which.
    pub provider_id: ProviderId,
    /// Only this model; none for all together.
    pub model: Option<String>,
    /// The sums.
    pub totals: Totals,
}

/// How a provider served in a block.
#[derive(Clone, Debug)]
pub struct BlockRow {
    /// Which.
    pub provider_id: ProviderId,
    /// Only this model; none for all together.
    pub model: Option<String>,
    /// When the block begins.
    pub block: DateTime<Utc>,
    /// What was served, and what was not.
    pub served: ServedBlock,
}

/// Which sums have the blocks.
#[derive(Clone, Debug)]
pub struct BlockQuery {
    /// From this time on.
    pub from: DateTime<Utc>,
    /// Before this time these sums.
    pub over: Option<Facet>,
    /// Where the others begin.
    pub over_to: DateTime<Utc>,
    /// From then on these; none: all from minutes, which are kept for two days.
    pub open: Option<Facet>,
    /// The length of a block, counted from the epoch; none for days of `zone`.
    pub block: Option<TimeDelta>,
    /// Where days begin.
    pub zone: Tz,
    /// Only of this provider.
    pub provider_id: Option<ProviderId>,
    /// True if each model is told apart.
    pub by_model: bool,
}

fn served_from_row(row: &PgRow) -> Result<ServedRow, sqlx::Error> {
    Ok(ServedRow {
        provider_id: ProviderId(row.try_get("provider_id")?),
        model: row.try_get("model")?,
        totals: usage::totals_from_row(row)?,
    })
}

fn block_from_row(row: &PgRow) -> Result<BlockRow, sqlx::Error> {
    let durations: Vec<i64> = row.try_get("duration_hist")?;
    Ok(BlockRow {
        provider_id: ProviderId(row.try_get("provider_id")?),
        model: row.try_get("model")?,
        block: row.try_get("block")?,
        served: ServedBlock {
            good: read::number(row, "good")?,
            bad: read::number(row, "bad")?,
            duration_ms_p50: time_percentile(&durations, 50),
            duration_ms_p95: time_percentile(&durations, 95),
            duration_ms_p99: time_percentile(&durations, 99),
        },
    })
}

impl Store {
    /// How each provider served, and with each of its models, the most used first: in parts of facets that tell both
    /// apart, and in minutes. Or only one of them.
    pub async fn served(
        &self,
        parts: &[Part],
        minutes: (DateTime<Utc>, DateTime<Utc>),
        provider_id: Option<ProviderId>,
    ) -> Result<Vec<ServedRow>, sqlx::Error> {
        let rows = sqlx::query(SERVED)
            .bind(parts.iter().map(|(facet, ..)| facet.name()).collect::<Vec<_>>())
            .bind(parts.iter().map(|(_, from, _)| *from).collect::<Vec<_>>())
            .bind(parts.iter().map(|(.., to)| *to).collect::<Vec<_>>())
            .bind(minutes.0)
            .bind(minutes.1)
            .bind(provider_id.map(|id| id.0))
            .persistent(false)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(served_from_row).collect()
    }

    /// What each provider served in each block, and with each of its models.
    pub async fn served_blocks(&self, query: &BlockQuery) -> Result<Vec<BlockRow>, sqlx::Error> {
        let block = query.block.map(|block| PgInterval {
            months: 0,
            days: 0,
            microseconds: block.num_microseconds().unwrap_or_default(),
        });
        let open = query.open.map(Facet::name);
        let rows = sqlx::query(BLOCKS)
            .bind(if open.is_some() { query.over.map(Facet::name) } else { Some("minutes".to_owned()) })
            .bind(query.from)
            .bind(block)
            .bind(query.zone.name())
            .bind(query.over_to)
            .bind(open)
            .bind(query.provider_id.map(|id| id.0))
            .bind(query.by_model)
            // Planned for these values each time: which tables are read depends on them.
            .persistent(false)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(block_from_row).collect()
    }

    /// The tests and probes of each provider from a quarter of an hour on.
    pub async fn count_probes(&self, from: DateTime<Utc>) -> Result<Vec<(ProviderId, Probes)>, sqlx::Error> {
        let rows = sqlx::query(PROBES).bind(from).fetch_all(&self.pool).await?;
        let probes = |row: &PgRow| {
            let (good, bad) = (read::number(row, "good")?, read::number(row, "bad")?);
            let probes = Probes { good, bad, ..Probes::default() };
            Ok((ProviderId(row.try_get("provider_id")?), probes))
        };
        rows.iter().map(probes).collect()
    }

    /// The latest tests and probes of each of these providers from a time on, of each at most `limit`, the newest first.
    pub async fn last_probes(
        &self,
        providers: &[ProviderId],
        from: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<(ProviderId, LastProbe)>, sqlx::Error> {
        let ids: Vec<i64> = providers.iter().map(|provider| provider.0).collect();
        let rows = sqlx::query(LAST_PROBES).bind(ids).bind(from).bind(limit).fetch_all(&self.pool).await?;
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
