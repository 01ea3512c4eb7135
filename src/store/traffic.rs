//! What providers did lately, from the sums by quarter of an hour.

use sqlx::Row;

use super::{
    Store,
    facet::{Part, arrays},
    read, statements,
};
use crate::domain::{id::ProviderId, provider::traffic::TrafficBlock};

statements! {
    /// Parts of facets ($1 to $3), each read for itself (`offset 0`) by the key, which begins with the time. What a provider
    /// had the last word on is good, whatever it said.
    BLOCKS = "
        select provider_id, at, sum(attempts)::bigint as attempts,
            greatest(sum(attempts) - sum(completed + rejected + refused + abandoned), 0)::bigint as failed
        from unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as part (facet, since, until)
        cross join lateral (
            select at, provider_id, attempts, completed, rejected, refused, abandoned
            from usage_facets
            where usage_facets.facet = part.facet and at >= part.since and at < part.until and provider_id <> 0
            offset 0
        ) f
        group by 1, 2
        order by 1, 2";
}

impl Store {
    /// The blocks that anything happened in, by provider and time, from parts by quarter of an hour that tell providers
    /// apart.
    pub async fn traffic_blocks(&self, parts: &[Part]) -> Result<Vec<(ProviderId, TrafficBlock)>, sqlx::Error> {
        let (facets, since, until) = arrays(parts);
        let rows = sqlx::query(BLOCKS).bind(facets).bind(since).bind(until).fetch_all(&self.pool).await?;
        let block = |row: &sqlx::postgres::PgRow| {
            let block = TrafficBlock {
                from: row.try_get("at")?,
                attempts: read::number(row, "attempts")?,
                failed: read::number(row, "failed")?,
            };
            Ok((ProviderId(row.try_get("provider_id")?), block))
        };
        rows.iter().map(block).collect()
    }
}
