//! What providers did lately: the strip of blocks, the share of traffic, the spend.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    admin::{
        actor::Admin,
        fault,
        period::quarter_of,
        usage::{self, Sums},
    },
    clock,
    domain::{
        fault::Fault,
        id::ProviderId,
        provider::traffic::{ProviderTraffic, TrafficBlock},
        report::{UsageBy, UsageQuery, UsageRow, permille},
    },
    hub::Hub,
    store::facet::Told,
};

/// Blocks of a strip.
const BLOCKS: i64 = 60;

/// The length of a block.
const BLOCK: TimeDelta = TimeDelta::minutes(15);

/// What every provider that is not deleted did lately, by id.
pub async fn traffic(hub: &Hub, actor: &Admin) -> Result<Vec<ProviderTraffic>, Fault> {
    let now = clock::now();
    let from = first_block(now);
    let by_provider = UsageQuery { by: Some(UsageBy::Provider), ..UsageQuery::default() };
    let (parts, _) = Sums::open(hub).await?.since(from, Told::Provider, &[]);
    let (rows, known) = tokio::try_join!(usage::usage(hub, actor, &by_provider), async {
        hub.store.traffic_blocks(&parts).await.map_err(fault::store)
    })?;
    let all_calls = rows.iter().filter(|row| row.id.is_some()).map(|row| row.totals.calls).sum();
    let mut blocks: HashMap<ProviderId, Vec<TrafficBlock>> = HashMap::new();
    for (id, block) in known {
        blocks.entry(id).or_default().push(block);
    }
    let snapshot = hub.snapshot.load();
    let ids = snapshot.upstreams.iter().map(|upstream| upstream.provider.id);
    Ok(ids.map(|id| of(id, &rows, all_calls, every_block(from, blocks.remove(&id).unwrap_or_default()))).collect())
}

/// The beginning of the oldest block that is shown at `now`.
fn first_block(now: DateTime<Utc>) -> DateTime<Utc> {
    quarter_of(now) - BLOCK * i32::try_from(BLOCKS - 1).unwrap_or_default()
}

/// One provider's part of it.
fn of(id: ProviderId, rows: &[UsageRow], all_calls: u64, blocks: Vec<TrafficBlock>) -> ProviderTraffic {
    let wanted = id.to_string();
    let row = rows.iter().find(|row| row.id.as_ref() == Some(&wanted));
    let totals = row.map(|row| row.totals.clone()).unwrap_or_default();
    let share_permille = permille(totals.calls, all_calls).unwrap_or_default();
    ProviderTraffic { provider_id: id, share_permille, totals, blocks }
}

/// All blocks from `from` on: those that are known, and empty ones between them.
fn every_block(from: DateTime<Utc>, known: Vec<TrafficBlock>) -> Vec<TrafficBlock> {
    let mut known: HashMap<DateTime<Utc>, TrafficBlock> = known.into_iter().map(|block| (block.from, block)).collect();
    let places = (0..BLOCKS).filter_map(|place| Some(from + BLOCK * i32::try_from(place).ok()?));
    places.map(|from| known.remove(&from).unwrap_or(TrafficBlock { from, attempts: 0, failed: 0 })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::report::Totals;

    #[test]
    fn a_strip_has_every_block_and_ends_with_the_running_one() {
        let now: DateTime<Utc> = "2026-05-05T10:07:30Z".parse().unwrap();
        let from = first_block(now);
        assert_eq!(from.to_rfc3339(), "2026-05-04T19:15:00+00:00");
        let block = TrafficBlock { from: from + BLOCK, attempts: 3, failed: 1 };
        let strip = every_block(from, vec![block]);
        assert_eq!((strip.len(), strip[1], strip[0].attempts), (60, block, 0));
        assert_eq!(strip[59].from.to_rfc3339(), "2026-05-05T10:00:00+00:00");
    }

    #[test]
    fn a_share_is_of_the_calls_of_all_providers() {
        let row = |id: &str, calls| UsageRow {
            id: Some(id.to_owned()),
            totals: Totals { calls, ..Totals::default() },
            ..UsageRow::default()
        };
        let rows = [row("1", 2), row("2", 1)];
        let share = |id, all| of(ProviderId(id), &rows, all, Vec::new()).share_permille;
        assert_eq!((share(1, 3), share(2, 3), share(3, 3), share(3, 0)), (667, 333, 0, 0));
    }
}
