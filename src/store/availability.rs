//! How providers served lately, from the roll-ups.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use sqlx::{Row, postgres::PgRow, postgres::types::PgInterval};

use super::{
    Store,
    facet::{Part, arrays},
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

/// How far back the latest test or probe of each provider is looked for at first.
const LATELY: TimeDelta = TimeDelta::days(2);

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
    /// By provider, or of one ($6), and block ($7, or days of the zone $8), and for each model if they are wanted ($9): parts
    /// of facets ($1 to $3), and minutes ($4, $5).
    BLOCKS = concat!("
        with rolled as (
            select f.*
            from unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as part (facet, since, until)
            cross join lateral (
                select at, provider_id, model, attempts_good, attempts_bad, duration_hist
                from usage_facets
                where usage_facets.facet = part.facet and at >= part.since and at < part.until and provider_id <> 0
                    and ($6::bigint is null or provider_id = $6)
                offset 0
            ) f
            union all
            select at, provider_id, model, attempts_good, attempts_bad, duration_hist
            from usage_1m
            where at >= $4 and at < $5 and provider_id <> 0 and ($6::bigint is null or provider_id = $6)
        )
        select provider_id, case when $9 then model end as model,
            case when $7::interval is null then date_trunc('day', at, $8)
                else date_bin($7, at, timestamptz 'epoch') end as block",
        summed!("attempts_good"),
        summed!("attempts_bad"),
        histogram!("duration_hist"), "
        from rolled
        group by 1, 2, 3");
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

/// Which blocks.
#[derive(Clone, Debug)]
pub struct BlockQuery {
    /// Parts of facets that tell providers apart, and models if they are wanted.
    pub parts: Vec<Part>,
    /// Minutes, which are kept for two days.
    pub minutes: (DateTime<Utc>, DateTime<Utc>),
    /// The length of a block, counted from the epoch; none for days of `zone`.
    pub block: Option<TimeDelta>,
    /// Where days begin.
    pub zone: Tz,
    /// Only of this provider.
    pub provider_id: Option<ProviderId>,
    /// True if each model is told apart.
    pub by_model: bool,
}

/// What was served in a block, as it is added up.
#[derive(Clone, Debug, Default)]
struct Counted {
    good: u64,
    bad: u64,
    durations: Vec<i64>,
}

impl Counted {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            good: read::number(row, "attempts_good")?,
            bad: read::number(row, "attempts_bad")?,
            durations: row.try_get("duration_hist")?,
        })
    }

    fn add(&mut self, other: &Self) {
        self.good += other.good;
        self.bad += other.bad;
        self.durations.resize(self.durations.len().max(other.durations.len()), 0);
        for (sum, count) in self.durations.iter_mut().zip(&other.durations) {
            *sum += count;
        }
    }

    fn block(&self) -> ServedBlock {
        ServedBlock {
            good: self.good,
            bad: self.bad,
            duration_ms_p50: time_percentile(&self.durations, 50),
            duration_ms_p95: time_percentile(&self.durations, 95),
            duration_ms_p99: time_percentile(&self.durations, 99),
        }
    }
}

fn served_from_row(row: &PgRow) -> Result<ServedRow, sqlx::Error> {
    Ok(ServedRow {
        provider_id: ProviderId(row.try_get("provider_id")?),
        model: row.try_get("model")?,
        totals: usage::totals_from_row(row)?,
    })
}

/// Rows of `BLOCKS`, and the sums of each provider's models where these are told apart.
fn blocks_from_rows(rows: &[PgRow]) -> Result<Vec<BlockRow>, sqlx::Error> {
    let mut blocks = Vec::with_capacity(rows.len());
    let mut whole = BTreeMap::<(ProviderId, DateTime<Utc>), Counted>::new();
    for row in rows {
        let (provider_id, block) = (ProviderId(row.try_get("provider_id")?), row.try_get("block")?);
        let counted = Counted::from_row(row)?;
        whole.entry((provider_id, block)).or_default().add(&counted);
        let model: Option<String> = row.try_get("model")?;
        if model.is_some() {
            blocks.push(BlockRow { provider_id, model, block, served: counted.block() });
        }
    }
    let whole = whole.iter().map(|((provider_id, block), counted)| BlockRow {
        provider_id: *provider_id,
        model: None,
        block: *block,
        served: counted.block(),
    });
    blocks.extend(whole);
    Ok(blocks)
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
        let (facets, since, until) = arrays(parts);
        let rows = sqlx::query(SERVED)
            .bind(facets)
            .bind(since)
            .bind(until)
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
        let (facets, since, until) = arrays(&query.parts);
        let rows = sqlx::query(BLOCKS)
            .bind(facets)
            .bind(since)
            .bind(until)
            .bind(query.minutes.0)
            .bind(query.minutes.1)
            .bind(query.provider_id.map(|id| id.0))
            .bind(block)
            .bind(query.zone.name())
            .bind(query.by_model)
            .persistent(false)
            .fetch_all(&self.pool)
            .await?;
        blocks_from_rows(&rows)
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

    /// The latest test or probe of each of these providers from a time on, the newest first. Most have one that is not old:
    /// days before are looked through for the others only.
    pub async fn last_probe_of_each(
        &self,
        providers: &[ProviderId],
        from: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<(ProviderId, LastProbe)>, sqlx::Error> {
        let lately = from.max(now - LATELY);
        let mut found = self.last_probes(providers, lately, 1).await?;
        let known: HashSet<ProviderId> = found.iter().map(|(provider, _)| *provider).collect();
        let others: Vec<ProviderId> = providers.iter().copied().filter(|provider| !known.contains(provider)).collect();
        if from < lately && !others.is_empty() {
            found.extend(self.last_probes(&others, from, 1).await?);
        }
        Ok(found)
    }

    /// The latest tests and probes of each of these providers from a time on, of each at most `limit`, the newest first.
    pub async fn last_probes(
        &self,
        providers: &[ProviderId],
        from: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<(ProviderId, LastProbe)>, sqlx::Error> {
        let ids: Vec<i64> = providers.iter().map(|provider| provider.0).collect();
        // Planned for these values each time: of the partitions of few days, not of all.
        let asked = sqlx::query(LAST_PROBES).bind(ids).bind(from).bind(limit).persistent(false);
        let rows = asked.fetch_all(&self.pool).await?;
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
