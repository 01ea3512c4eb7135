//! What the first page shows.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    actor::Admin,
    course, fault, holds,
    period::{Span, days, hour_of, minute_of},
    quotas,
    usage::{Asked, Sums},
};
use crate::{
    clock,
    domain::{
        call::Call,
        fault::Fault,
        hold::{HoldQuery, HoldScope, HoldShown},
        id::UserId,
        limit::quota::QuotaQuery,
        report::{Attention, Overview, UsageBy, UsageFilter, UsageRow, UsageStep},
    },
    hub::Hub,
    route::snapshot::Snapshot,
    store::facet::Told,
};

/// Rows of each list on the first page.
const ROWS_MAX: i64 = 10;

/// Holds that are named on the first page.
const HELD_MAX: usize = 10;

/// Hours whose course the first page shows.
const HOURS: i64 = 24;

/// Running calls that are named on the first page.
const RUNNING_MAX: usize = 10;

/// Limits that are named on the first page, and from how many percent on.
const LIMITS_MAX: u32 = 10;
const LIMIT_NEAR_PERCENT: u32 = 90;

/// Bytes that wait in the journal of a hub in trouble: some ten thousand entries.
const BACKLOG_BYTES: u64 = 32 << 20;

/// What the first page shows.
pub async fn overview(hub: &Hub, actor: &Admin) -> Result<Overview, Fault> {
    let now = clock::now();
    let zone = hub.snapshot.load().zone;
    let (midnight, yesterday, yesterday_now) = days(now, zone);
    let hours = (hour_of(now, zone) - TimeDelta::hours(HOURS - 1), now);
    // Sixty minutes, of which the last one runs, and the same ones a day before.
    let (minute, day) = (minute_of(now), TimeDelta::days(1));
    let hour = (minute - TimeDelta::minutes(59), now);
    let hour_before = (hour.0 - day, minute + TimeDelta::minutes(1) - day);
    let sums = Sums::open(hub).await?;
    // One row more than is shown for what belongs to nobody. Times are most of the work, and nobody looks at those of parts.
    let today = |by| {
        let asked = Asked { range: (midnight, now), by: Some(by), without_times: true, ..Asked::default() };
        sums.read(asked, ROWS_MAX + 1)
    };
    let (today, before, hour, hour_before, hours, providers, models, users, attention) = tokio::try_join!(
        sums.total((midnight, now), UsageFilter::default()),
        sums.total((yesterday, yesterday_now), UsageFilter::default()),
        sums.total_by_minute(hour),
        sums.total_by_minute(hour_before),
        course::of_sums(sums, Asked { range: hours, step: UsageStep::Hour, ..Asked::default() }, zone),
        today(UsageBy::Provider),
        today(UsageBy::Model),
        today(UsageBy::User),
        attention(hub, actor, sums, now),
    )?;
    let users = named_and_nobodys(sums, (midnight, now), users).await?;
    let (active, running) = running(hub);
    Ok(Overview {
        at: now,
        today,
        yesterday: before,
        active,
        hour,
        hour_before,
        hours,
        providers: named(providers),
        models: named(models),
        users,
        running,
        attention,
    })
}

/// How many calls run, and the first of them, those that began first first.
fn running(hub: &Hub) -> (u32, Vec<Call>) {
    let mut running = hub.live.active();
    let active = u32::try_from(running.len()).unwrap_or(u32::MAX);
    running.sort_by_key(|call| call.id);
    running.truncate(RUNNING_MAX);
    (active, running)
}

/// The rows of somebody or something, without what belongs to nobody.
fn named(rows: Vec<UsageRow>) -> Vec<UsageRow> {
    let shown = usize::try_from(ROWS_MAX).unwrap_or_default();
    rows.into_iter().filter(|row| row.id.is_some()).take(shown).collect()
}

/// The same of users, and last what belongs to nobody, if there is any. Where those that were read are all dearer, it is
/// read by itself.
async fn named_and_nobodys(sums: Sums<'_>, range: Span, rows: Vec<UsageRow>) -> Result<Vec<UsageRow>, Fault> {
    let mut nobodys = rows.iter().find(|row| row.id.is_none()).cloned();
    let may_be_more = rows.len() > usize::try_from(ROWS_MAX).unwrap_or_default();
    if nobodys.is_none() && may_be_more {
        let filter = UsageFilter { user_id: Some(UserId::default()), ..UsageFilter::default() };
        let asked = Asked { range, filter, by: Some(UsageBy::User), without_times: true, ..Asked::default() };
        nobodys = sums.read(asked, 1).await?.pop();
    }
    let mut rows = named(rows);
    rows.extend(nobodys);
    Ok(rows)
}

/// What an operator should look at, the worst first.
async fn attention(hub: &Hub, actor: &Admin, sums: Sums<'_>, now: DateTime<Utc>) -> Result<Vec<Attention>, Fault> {
    let since = now - TimeDelta::days(1);
    let (models, _) = sums.since(since, Told::Model, &[]);
    let (unpriced, shares, n_quarantined, state, limits) = tokio::try_join!(
        async { hub.store.list_unpriced_models(since, &models).await.map_err(fault::store) },
        async { hub.store.list_unpriced_shares(since).await.map_err(fault::store) },
        async { hub.store.count_quarantined().await.map_err(fault::store) },
        async { Ok(hub.state.status().await) },
        limits_near(hub, actor),
    )?;
    let ledger = hub.ledger.status();
    let snapshot = hub.snapshot.load();
    let mut attention = Vec::new();
    if ledger.is_journal_failing {
        attention.push(Attention::JournalFull);
    }
    let is_at_bound = hub.is_journal_full();
    if is_at_bound {
        attention.push(Attention::JournalAtBound { waiting: ledger.backlog_bytes + ledger.held_bytes });
    }
    if ledger.is_journal_unreadable {
        attention.push(Attention::JournalUnreadable);
    }
    if ledger.n_damaged > 0 {
        attention.push(Attention::JournalDamaged { n_places: ledger.n_damaged });
    }
    // Calls go on, these say: not at the bound.
    if ledger.is_database_away && !is_at_bound {
        attention.push(Attention::DatabaseAway { waiting: ledger.backlog_bytes });
    }
    if !ledger.is_database_away && !is_at_bound && ledger.backlog_bytes > BACKLOG_BYTES {
        attention.push(Attention::Backlog { waiting: ledger.backlog_bytes });
    }
    if hub.state.is_shared() {
        attention.push(Attention::NotAlone);
    } else if !state.ok {
        attention.push(Attention::RedisAway);
    }
    attention.extend(of_configuration(&snapshot));
    // A price that was set since makes the past no cheaper, but leaves nothing to do.
    let asked = unpriced.iter().filter_map(|model| snapshot.unpriced(model));
    let others = shares.iter().map(String::as_str).filter(|model| snapshot.price(model).is_default());
    let models: BTreeSet<&str> = asked.chain(others).collect();
    if !models.is_empty() {
        attention.push(Attention::Unpriced { models: models.into_iter().map(str::to_owned).collect() });
    }
    attention.extend(of_holds(hub, actor, now));
    attention.extend(limits);
    if n_quarantined > 0 {
        attention.push(Attention::Quarantined { n_entries: n_quarantined });
    }
    Ok(attention)
}

/// Limits that are nearly used up, the fullest first. While the counters are away nobody can tell.
async fn limits_near(hub: &Hub, actor: &Admin) -> Result<Vec<Attention>, Fault> {
    let query = QuotaQuery { limit: Some(LIMITS_MAX), at_least: Some(LIMIT_NEAR_PERCENT), ..QuotaQuery::default() };
    let near = match quotas::list(hub, actor, &query).await {
        Ok(page) => page.items,
        Err(Fault::CountersAway) => Vec::new(),
        Err(fault) => return Err(fault),
    };
    let near = near.into_iter().map(|quota| Attention::LimitNear {
        name: quota.user_name.map_or_else(|| quota.name.clone(), |user| format!("{user} / {}", quota.name)),
        window: quota.used.window,
        share_permille: quota.share_permille,
    });
    Ok(near.collect())
}

/// What is on hold, the first few.
fn of_holds(hub: &Hub, actor: &Admin, now: DateTime<Utc>) -> Vec<Attention> {
    let shown = holds::list(hub, actor, &HoldQuery::default());
    let open = shown.into_iter().filter(|shown| !shown.hold.is_over(now));
    let held = open.map(|HoldShown { hold, provider_name, is_absolute, remaining_s }| {
        let (provider_id, until) = (hold.scope.provider_id(), hold.until);
        let group = if let HoldScope::Group { group } = hold.scope { group } else { String::new() };
        let (name, reason) = (provider_name.unwrap_or(group), hold.reason);
        Attention::Held { name, provider_id, reason, is_absolute, until, remaining_s }
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
