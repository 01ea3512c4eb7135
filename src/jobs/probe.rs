//! Asks providers that are on hold whether they are well again, so that no user's call has to.

mod schedule;

use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, Utc};
use tokio::task::JoinSet;

use self::schedule::{Schedule, Target};
use crate::{
    clock,
    domain::{
        hold::{Hold, HoldReason, HoldScope},
        id::ProviderId,
    },
    hub::Hub,
    relay::probe::{Asked, probe},
    route::snapshot::Snapshot,
    store::alone::{Alone, Role},
};

/// How often it is looked whom to ask.
const LOOK: Duration = Duration::from_millis(500);

/// How long a probe may take: about as long as it is until the next one, within these bounds. An answer takes its time
/// even where somebody wants to know often.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_mins(1));

/// Probes until the hub stops, if no other replica does. Each target has its own times: one that is silent keeps no
/// other from being asked.
pub async fn run(hub: Hub) {
    let (mut alone, mut schedule, mut running): (Option<Alone>, _, _) = (None, Schedule::default(), JoinSet::new());
    loop {
        tokio::time::sleep(LOOK).await;
        while let Some(asked) = running.try_join_next() {
            if let Ok(target) = &asked {
                schedule.over(target);
            }
        }
        let snapshot = hub.snapshot.load_full();
        let interval = Duration::from_secs(snapshot.settings.probe_interval_s.into());
        if interval.is_zero() {
            continue;
        }
        let targets = targets(&snapshot, &hub.health.holds(), clock::now());
        let patience = interval.clamp(PATIENCE.0, PATIENCE.1);
        let due = schedule.due(&targets, (interval, patience), clock::instant());
        if due.is_empty() {
            continue;
        }
        let still = match &mut alone {
            Some(alone) => alone.still_holds().await,
            None => false,
        };
        if !still {
            // An error says that Postgres is away: the next time it is tried again.
            alone = hub.store.take_alone(Role::Prober).await.unwrap_or_default();
        }
        for target in due {
            if alone.is_none() {
                // Another replica asks.
                schedule.over(&target);
                continue;
            }
            let hub = hub.clone();
            running.spawn(async move {
                // How it ended is noted where it is made; a provider at a limit of its own is not asked.
                drop(probe(&hub, target.provider_id, Asked::AsSent(&target.model_sent), patience).await);
                target
            });
        }
    }
}

/// Whom to ask for which model: each provider that is held for a reason that may pass without notice, once for each model
/// that is held there. Where all of it is held, for what was asked for when that came about; else for what it serves.
/// Where its secret is held, for both: it may have been refused for that one model, which would never heal it.
fn targets(snapshot: &Snapshot, holds: &[impl AsRef<Hold>], now: DateTime<Utc>) -> BTreeSet<Target> {
    let of_hold = |hold: &Hold| {
        let provider_id = hold.scope.provider_id()?;
        let upstream = snapshot.upstream(provider_id)?;
        if !upstream.provider.enabled || !upstream.provider.probe {
            return None;
        }
        let known = match (&hold.scope, &hold.model_sent) {
            (HoldScope::Model { model, .. }, _) | (_, Some(model)) => Some(model.as_str()),
            _ => None,
        };
        let is_of_secret = matches!(hold.scope, HoldScope::Credential { .. });
        let usual = (known.is_none() || is_of_secret).then(|| upstream.model_sent(snapshot.usual_model(upstream)));
        let target = |model: &str| Target { provider_id, model_sent: model.to_owned() };
        Some([known.map(target), usual.map(target)])
    };
    let holds = || holds.iter().map(AsRef::as_ref);
    let asked = holds().filter(|hold| may_be_over(hold, now)).filter_map(of_hold).flatten().flatten();
    asked.filter(|target| !holds().any(|hold| forbids(hold, target.provider_id, &target.model_sent, now))).collect()
}

/// True if a hold says that this model is not to be asked for: it would cost what is short, or somebody has said no.
fn forbids(hold: &Hold, provider_id: ProviderId, model_sent: &str, now: DateTime<Utc>) -> bool {
    let is_meant = match &hold.scope {
        HoldScope::Model { model, .. } => model == model_sent,
        HoldScope::Provider { .. } | HoldScope::Credential { .. } => true,
        HoldScope::Group { .. } => false,
    };
    let is_dear = matches!(
        hold.reason,
        HoldReason::RateLimit | HoldReason::SpendLimit | HoldReason::QuotaWindow | HoldReason::Pause
    );
    is_meant && is_dear && hold.scope.provider_id() == Some(provider_id) && !hold.is_over(now)
}

/// True if a probe could show that it is over. A breaker that is half-open is asked too, so that it closes.
fn may_be_over(hold: &Hold, now: DateTime<Utc>) -> bool {
    match hold.reason {
        HoldReason::Breaker => true,
        HoldReason::Overload | HoldReason::Credential | HoldReason::Entitlement | HoldReason::Proxy => {
            !hold.is_over(now)
        }
        HoldReason::RateLimit | HoldReason::SpendLimit | HoldReason::QuotaWindow | HoldReason::Pause => false,
    }
}
