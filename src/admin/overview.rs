//! What the first page shows.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    actor::Admin,
    fault, holds,
    period::{days, hour_of},
    usage::between,
};
use crate::{
    clock,
    domain::{
        fault::Fault,
        hold::{HoldQuery, HoldScope, HoldShown},
        report::{Attention, Overview, Totals, UsageBy, UsageRow, UsageStep},
    },
    hub::Hub,
    route::snapshot::Snapshot,
    store::usage::SumQuery,
};

/// Rows of each list on the first page.
const ROWS_MAX: i64 = 10;

/// Holds that are named on the first page.
const HELD_MAX: usize = 10;

/// Hours that the first page's chart shows.
const HOURS: i64 = 24;

/// What the first page shows.
pub async fn overview(hub: &Hub, actor: &Admin) -> Result<Overview, Fault> {
    let now = clock::now();
    let zone = hub.snapshot.load().zone;
    let (midnight, yesterday, yesterday_now) = days(now, zone);
    let hours_from = hour_of(now, zone) - TimeDelta::hours(HOURS - 1);
    let (today, before, hours, providers, models, users, attention) = tokio::try_join!(
        total(hub, midnight, now),
        total(hub, yesterday, yesterday_now),
        sums(hub, hours_from, now, None, UsageStep::Hour),
        sums(hub, midnight, now, Some(UsageBy::Provider), UsageStep::Total),
        sums(hub, midnight, now, Some(UsageBy::Model), UsageStep::Total),
        sums(hub, midnight, now, Some(UsageBy::User), UsageStep::Total),
        attention(hub, actor, now),
    )?;
    Ok(Overview {
        at: now,
        today,
        yesterday: before,
        active: u32::try_from(hub.live.active().len()).unwrap_or(u32::MAX),
        hours: every_hour(hours, hours_from),
        providers: named(providers),
        models: named(models),
        users: named(users),
        attention,
    })
}

async fn sums(
    hub: &Hub,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    by: Option<UsageBy>,
    step: UsageStep,
) -> Result<Vec<UsageRow>, Fault> {
    let query = SumQuery { from, quarters_to: to, to, by, step, time_zone: hub.snapshot.load().zone };
    // One row more than is shown for what belongs to nobody; the chart has a row for each hour.
    let limit = ROWS_MAX.max(HOURS) + 1;
    hub.store.sum_usage(&between(from, to, clock::now(), query), limit).await.map_err(fault::store)
}

async fn total(hub: &Hub, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Totals, Fault> {
    let rows = sums(hub, from, to, None, UsageStep::Total).await?;
    Ok(rows.into_iter().next().map(|row| row.totals).unwrap_or_default())
}

/// A row for each hour, those without calls too.
fn every_hour(rows: Vec<UsageRow>, from: DateTime<Utc>) -> Vec<UsageRow> {
    let mut rows: BTreeMap<_, _> = rows.into_iter().map(|row| (row.from, row)).collect();
    (0..HOURS)
        .map(|hour| {
            let from = Some(from + TimeDelta::hours(hour));
            rows.remove(&from).unwrap_or_else(|| UsageRow { from, ..UsageRow::default() })
        })
        .collect()
}

/// The rows of somebody or something, without what belongs to nobody.
fn named(rows: Vec<UsageRow>) -> Vec<UsageRow> {
    let shown = usize::try_from(ROWS_MAX).unwrap_or_default();
    rows.into_iter().filter(|row| row.id.is_some()).take(shown).collect()
}

/// What an operator should look at, the worst first.
async fn attention(hub: &Hub, actor: &Admin, now: DateTime<Utc>) -> Result<Vec<Attention>, Fault> {
    let (unpriced, n_quarantined, state) = tokio::try_join!(
        async { hub.store.list_unpriced_models(now - TimeDelta::days(1)).await.map_err(fault::store) },
        async { hub.store.count_quarantined().await.map_err(fault::store) },
        async { Ok(hub.state.status().await) },
    )?;
    let ledger = hub.ledger.status();
    let snapshot = hub.snapshot.load();
    let mut attention = Vec::new();
    if ledger.is_journal_failing {
        attention.push(Attention::JournalFull);
    }
    if ledger.is_database_away {
        attention.push(Attention::DatabaseAway { waiting: ledger.backlog_bytes });
    }
    if !state.ok {
        attention.push(Attention::RedisAway);
    }
    attention.extend(of_configuration(&snapshot));
    // A price that was set since makes the past no cheaper, but leaves nothing to do.
    let models: Vec<String> = unpriced.into_iter().filter(|model| snapshot.price(model).is_default()).collect();
    if !models.is_empty() {
        attention.push(Attention::Unpriced { models });
    }
    attention.extend(of_holds(hub, actor, now));
    if n_quarantined > 0 {
        attention.push(Attention::Quarantined { n_entries: n_quarantined });
    }
    Ok(attention)
}

/// What is on hold, the first few.
fn of_holds(hub: &Hub, actor: &Admin, now: DateTime<Utc>) -> Vec<Attention> {
    let shown = holds::list(hub, actor, &HoldQuery::default());
    let open = shown.into_iter().filter(|shown| !shown.hold.is_over(now));
    let held = open.map(|HoldShown { hold, provider_name, is_absolute, .. }| {
        let group = if let HoldScope::Group { group } = hold.scope { group } else { String::new() };
        Attention::Held { name: provider_name.unwrap_or(group), reason: hold.reason, is_absolute }
    });
    held.take(HELD_MAX).collect()
}

/// What is missing from the configuration.
fn of_configuration(snapshot: &Snapshot) -> Vec<Attention> {
    let mut attention = Vec::new();
    if !snapshot.upstreams.iter().any(|upstream| upstream.provider.enabled) {
        attention.push(Attention::NoProvider);
    }
    if snapshot.callers.is_empty() {
        attention.push(Attention::NoKey);
    }
    let unreadable = snapshot.upstreams.iter().filter(|upstream| upstream.secret.is_none());
    attention
        .extend(unreadable.map(|upstream| Attention::SecretUnreadable { provider: upstream.provider.name.clone() }));
    attention
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn an_hour_without_calls_has_a_row_too() {
        let from = at("2026-05-05T10:00:00Z");
        let busy =
            UsageRow { from: Some(from + TimeDelta::hours(2)), id: Some("busy".to_owned()), ..UsageRow::default() };
        let hours = every_hour(vec![busy.clone()], from);
        assert_eq!(hours.len(), 24);
        assert_eq!((hours[0].from, &hours[2]), (Some(from), &busy));
    }
}
