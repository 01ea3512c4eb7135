//! Asks providers that are on hold whether they are well again, so that no user's call has to.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};

use crate::{
    clock,
    domain::{
        hold::{Hold, HoldReason, HoldScope},
        id::ProviderId,
    },
    hub::Hub,
    relay::probe::probe,
    route::snapshot::Snapshot,
    store::alone::{Alone, Role},
};

/// Probes at the same time.
const AT_ONCE: usize = 4;

/// Models of one provider that are asked for in one round.
const MODELS_MAX: usize = 4;

/// How often it is looked whether probing was switched on.
const LOOK: Duration = Duration::from_secs(5);

/// Probes until the hub stops, if no other replica does.
pub async fn run(hub: Hub) {
    let mut alone: Option<Alone> = None;
    loop {
        let interval_s = hub.snapshot.load().settings.probe_interval_s;
        if interval_s == 0 {
            tokio::time::sleep(LOOK).await;
            continue;
        }
        tokio::time::sleep(Duration::from_secs(interval_s.into())).await;
        let targets = targets(&hub.snapshot.load(), &hub.health.holds(), clock::now());
        if targets.is_empty() {
            continue;
        }
        let still = match &mut alone {
            Some(alone) => alone.still_holds().await,
            None => false,
        };
        if !still {
            // An error says that Postgres is away: the next round tries again.
            alone = hub.store.take_alone(Role::Prober).await.unwrap_or_default();
        }
        if alone.is_some() {
            let probes = targets.into_iter().map(|(id, model)| {
                let hub = hub.clone();
                // How it ended is noted where it is made; a provider at a limit of its own is not asked.
                async move { drop(probe(&hub, id, &model).await) }
            });
            stream::iter(probes).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
        }
    }
}

/// Whom to ask for which model: each provider that is held for a reason that may pass without notice, once for each model
/// that is held there.
fn targets(snapshot: &Snapshot, holds: &[impl AsRef<Hold>], now: DateTime<Utc>) -> Vec<(ProviderId, String)> {
    let mut models: BTreeMap<ProviderId, Vec<&str>> = BTreeMap::new();
    for hold in holds.iter().map(AsRef::as_ref).filter(|hold| may_be_over(hold, now)) {
        let model =
            if let HoldScope::Model { model, .. } = &hold.scope { model } else { &snapshot.settings.probe_model };
        let Some(id) = hold.scope.provider_id() else { continue };
        let of_provider = models.entry(id).or_default();
        if of_provider.len() < MODELS_MAX && !of_provider.contains(&model.as_str()) {
            of_provider.push(model);
        }
    }
    let is_asked = |id: ProviderId, model: &str| {
        let provider = snapshot.upstreams.iter().map(|upstream| &upstream.provider).find(|provider| provider.id == id);
        let forbids = |hold: &Hold| {
            let is_meant = match &hold.scope {
                HoldScope::Model { model: held, .. } => held == model,
                HoldScope::Provider { .. } | HoldScope::Credential { .. } => true,
                HoldScope::Group { .. } => false,
            };
            hold.scope.provider_id() == Some(id) && is_meant && is_dear(hold.reason) && !hold.is_over(now)
        };
        provider.is_some_and(|provider| provider.enabled && provider.probe)
            && !holds.iter().map(AsRef::as_ref).any(forbids)
    };
    let all = models.into_iter().flat_map(|(id, models)| models.into_iter().map(move |model| (id, model)));
    all.filter(|(id, model)| is_asked(*id, model)).map(|(id, model)| (id, model.to_owned())).collect()
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

/// True if nobody should be asked meanwhile: it would cost what is short, or somebody has said no.
const fn is_dear(reason: HoldReason) -> bool {
    matches!(reason, HoldReason::RateLimit | HoldReason::SpendLimit | HoldReason::QuotaWindow | HoldReason::Pause)
}
