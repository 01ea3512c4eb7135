//! Who serves? One pure function from the request, the snapshot and what was tried to a choice.

use std::sync::Arc;

use super::snapshot::{Snapshot, Upstream};
use crate::domain::{
    decision::{Candidate, Choice, Skip},
    group::ANY_GROUP,
    id::ProviderId,
};

/// Candidates that a recorded choice names; the rest is a number.
const CANDIDATES_MAX: usize = 64;

/// What a choice depends on, beside the snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The groups the caller may use.
    pub groups: &'a [String],
    /// The model asked for; none where the request names none.
    pub model: Option<&'a str>,
    /// Providers this call has tried.
    pub tried: &'a [ProviderId],
    /// Providers that are at a limit of their own.
    pub limited: &'a [ProviderId],
    /// The provider that the call's session is bound to.
    pub bound: Option<ProviderId>,
}

/// Chooses among all providers: eligible, then the one its session is bound to, then the lowest priority number, then
/// weighted by `dice` (docs/rules.md, Routing).
///
/// `dice` takes the sum of the weights (at least 1) and gives a number below it.
pub fn choose(
    snapshot: &Snapshot,
    wanted: &Wanted<'_>,
    dice: impl FnOnce(u64) -> u64,
) -> (Choice, Option<Arc<Upstream>>) {
    let mut candidates = Vec::with_capacity(snapshot.upstreams.len().min(CANDIDATES_MAX));
    // Those that were never meant for this caller make room for the others where the list is too short for all.
    let mut strangers = Vec::new();
    let mut tier: Vec<&Arc<Upstream>> = Vec::new();
    let mut bound = None;
    for upstream in &snapshot.upstreams {
        let skip = skip(upstream, wanted);
        let is_stranger = matches!(skip, Some(Skip::Group | Skip::Disabled));
        let list = if is_stranger { &mut strangers } else { &mut candidates };
        if list.len() < CANDIDATES_MAX {
            list.push(candidate(upstream, skip));
        }
        if skip.is_none() {
            join_tier(&mut tier, upstream);
            bound = bound.or_else(|| (wanted.bound == Some(upstream.provider.id)).then_some(upstream));
        }
    }
    candidates.extend(strangers);
    candidates.truncate(CANDIDATES_MAX);
    let n_more = u32::try_from(snapshot.upstreams.len() - candidates.len()).unwrap_or(u32::MAX);
    let (chosen, weight_total, draw) = match bound {
        Some(bound) => (Some(bound), 0, 0),
        None => draw(&tier, dice),
    };
    let choice = Choice {
        candidates,
        n_more,
        priority: chosen.map(|upstream| upstream.provider.priority),
        weight_total,
        draw,
        is_sticky: bound.is_some(),
        provider_id: chosen.map(|upstream| upstream.provider.id),
        ..Choice::default()
    };
    (choice, chosen.cloned())
}

/// A provider as the record of a choice shows it.
fn candidate(upstream: &Upstream, skip: Option<Skip>) -> Candidate {
    let provider = &upstream.provider;
    let (priority, weight) = (provider.priority, provider.weight);
    Candidate { provider_id: provider.id, name: provider.name.clone(), priority, weight, skip }
}

/// The providers that a call could go to, whatever their priority.
pub fn eligible<'a>(snapshot: &'a Snapshot, wanted: &Wanted<'_>) -> impl Iterator<Item = &'a Arc<Upstream>> {
    snapshot.upstreams.iter().filter(|upstream| skip(upstream, wanted).is_none())
}

/// Every reason to leave a provider out.
fn skip(upstream: &Upstream, wanted: &Wanted<'_>) -> Option<Skip> {
    let shares_group = || wanted.groups.iter().any(|group| group == ANY_GROUP || upstream.groups.contains(group));
    let admits = |model| upstream.models.is_empty() || upstream.models.iter().any(|rule| rule.admits(model));
    if !upstream.provider.enabled {
        Some(Skip::Disabled)
    } else if !shares_group() {
        Some(Skip::Group)
    } else if !wanted.model.is_none_or(admits) {
        Some(Skip::Model)
    } else if upstream.secret.is_none() {
        Some(Skip::Secret)
    } else if wanted.tried.contains(&upstream.provider.id) {
        Some(Skip::Tried)
    } else if wanted.limited.contains(&upstream.provider.id) {
        Some(Skip::Limit)
    } else {
        None
    }
}

/// Keeps only providers of the lowest priority number.
fn join_tier<'a>(tier: &mut Vec<&'a Arc<Upstream>>, upstream: &'a Arc<Upstream>) {
    let best = tier.first().map_or(i32::MAX, |first| first.provider.priority);
    if upstream.provider.priority < best {
        tier.clear();
    }
    if upstream.provider.priority <= best {
        tier.push(upstream);
    }
}

/// Draws one by weight; when all weights are 0, each is as likely as the next.
fn draw<'a>(tier: &[&'a Arc<Upstream>], dice: impl FnOnce(u64) -> u64) -> (Option<&'a Arc<Upstream>>, u64, u64) {
    let all_zero = tier.iter().all(|upstream| upstream.provider.weight == 0);
    let weight = |upstream: &Upstream| if all_zero { 1 } else { u64::from(upstream.provider.weight) };
    let total: u64 = tier.iter().map(|upstream| weight(upstream)).sum();
    if total == 0 {
        return (None, 0, 0);
    }
    let drawn = if tier.len() == 1 { 0 } else { dice(total) };
    let mut rest = drawn;
    for upstream in tier {
        match rest.checked_sub(weight(upstream)) {
            Some(after) => rest = after,
            None => return (Some(upstream), total, drawn),
        }
    }
    (None, total, drawn)
}

/// Why nobody is left, in words for the client.
pub fn why_none(choice: &Choice) -> &'static str {
    let any = |skip| choice.candidates.iter().any(|candidate| candidate.skip == Some(skip));
    if choice.candidates.is_empty() {
        "no provider is configured"
    } else if any(Skip::Tried) {
        "every provider was tried"
    } else if any(Skip::Limit) {
        "every provider is at a limit of its own"
    } else if any(Skip::Secret) {
        "the provider's stored secret cannot be opened"
    } else if any(Skip::Model) {
        "no provider of this key's groups serves this model"
    } else if any(Skip::Group) {
        "no enabled provider is in this key's groups"
    } else {
        "every provider is disabled"
    }
}
