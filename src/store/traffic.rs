//! What providers did lately, from the sums by quarter of an hour.

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::{Store, read, statements};
use crate::domain::{id::ProviderId, provider::traffic::TrafficBlock};

statements! {
    /// Served by the key, which begins with the time. What a provider had the last word on is good, whatever it said.
    BLOCKS = "
        select provider_id, at, sum(attempts)::bigint as attempts,
            greatest(sum(attempts) - sum(completed + rejected + refused + abandoned), 0)::bigint as failed
        from usage_facets
        where facet = 'route_15m' and at >= $1 and provider_id <> 0
        group by 1, 2
        order by 1, 2";
}

impl Store {
    /// The blocks from `from` on that anything happened in, by provider and time.
    pub async fn traffic_blocks(&self, from: DateTime<Utc>) -> Result<Vec<(ProviderId, TrafficBlock)>, sqlx::Error> {
        let rows = sqlx::query(BLOCKS).bind(from).fetch_all(&self.pool).await?;
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
