//! How one provider stands in a choice.

use std::sync::Arc;

use chrono::NaiveTime;

use super::{Wanted, in_order};
use crate::{
    domain::{decision::Skip, group::ANY_GROUP, hold::Hold},
    health::view::{HoldsView, compare},
    route::snapshot::{Snapshot, Upstream, group_bits},
};

/// What is asked of every provider: worked out once for each choice.
pub(super) struct Question<'a> {
    wanted: &'a Wanted<'a>,
    holds: &'a HoldsView,
    /// The caller's groups in the order in which they go, each with its priority.
    pub(super) groups: Vec<(&'a str, i32)>,
    /// Bits of their names; all for `*`.
    group_bits: u64,
    /// The prefix that the model is asked for with, if it is anybody's.
    prefix: Option<&'a str>,
    /// The model without it.
    model: Option<&'a str>,
    /// The time of day where the hub is.
    time: NaiveTime,
}

/// How a provider stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing<'a> {
    /// Which of the caller's groups it is reached by: its place in [`Question::groups`].
    pub(super) group: usize,
    /// That group's priority. Groups of the same priority are one.
    pub(super) tier: i32,
    /// Its own priority for those who reach it so.
    pub(super) priority: i32,
    /// Why it is left out.
    pub(super) skip: Option<Skip>,
    /// What holds it.
    pub(super) hold: Option<&'a Arc<Hold>>,
}

impl Standing<'_> {
    /// True if nothing but a hold that ranks keeps it from being used.
    pub(super) fn is_last_resort(&self) -> bool {
        self.skip == Some(Skip::Held) && self.hold.is_some_and(|hold| !hold.is_absolute())
    }
}

impl<'a> Question<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, wanted: &'a Wanted<'a>, holds: &'a HoldsView) -> Self {
        let (prefix, model) = wanted.model.map(|model| snapshot.split_prefix(model)).unzip();
        let time = wanted.now.with_timezone(&snapshot.zone).time();
        let group_bits =
            if wanted.groups.iter().any(|group| group == ANY_GROUP) { u64::MAX } else { group_bits(wanted.groups) };
        let groups = in_order(snapshot, wanted.groups);
        Self { wanted, holds, groups, group_bits, prefix: prefix.flatten(), model, time }
    }

    /// The caller's group that a provider is reached by.
    pub(super) fn group_of(&self, standing: &Standing<'_>) -> &'a str {
        self.groups.get(standing.group).map_or("", |(name, _)| *name)
    }

    /// How a provider stands: the first step that removes it is the reason (docs/rules.md, Routing).
    pub(super) fn standing(&self, upstream: &Upstream) -> Standing<'a> {
        let mut standing =
            Standing { group: 0, tier: i32::MAX, priority: upstream.provider.priority, skip: None, hold: None };
        let first = match self.first_group(upstream) {
            Ok(first) => first,
            Err(skip) => return Standing { skip: Some(skip), ..standing },
        };
        standing.skip = self.before_holds(upstream);
        if standing.skip.is_some() {
            return standing;
        }
        let (group, hold) = self.reach(upstream, first);
        if let Some((name, tier)) = self.groups.get(group) {
            let of_group = upstream.provider.group_priorities.get(*name);
            standing.priority = of_group.copied().unwrap_or(standing.priority);
            (standing.group, standing.tier) = (group, *tier);
        }
        standing.hold = hold;
        // A hold that ranks comes last: then nothing else is in the way of the last resort.
        standing.skip = if hold.is_some_and(|hold| hold.is_absolute()) {
            Some(Skip::Held)
        } else if self.wanted.limited.contains(&upstream.provider.id) {
            Some(Skip::Limit)
        } else {
            hold.map(|_| Skip::Held)
        };
        standing
    }

    /// The first of the caller's groups that a provider is in.
    fn first_group(&self, upstream: &Upstream) -> Result<usize, Skip> {
        if !upstream.provider.enabled {
            return Err(Skip::Disabled);
        }
        if upstream.provider.kind != self.wanted.kind {
            return Err(Skip::Protocol);
        }
        if upstream.group_bits & self.group_bits == 0 {
            return Err(Skip::Group);
        }
        self.groups.iter().position(|(group, _)| is_in(upstream, group)).ok_or(Skip::Group)
    }

    /// The steps that do not depend on the group.
    fn before_holds(&self, upstream: &Upstream) -> Option<Skip> {
        let provider = &upstream.provider;
        if !self.model.is_none_or(|model| upstream.admits(model)) {
            Some(Skip::Model)
        } else if provider.prefix.as_deref() != self.prefix {
            Some(Skip::Prefix)
        } else if upstream.secret.is_none() {
            Some(Skip::Secret)
        } else if upstream.hours.is_some_and(|hours| !hours.contain(self.time)) {
            Some(Skip::Hours)
        } else if self.wanted.tried.contains(&provider.id) {
            Some(Skip::Tried)
        } else {
            None
        }
    }

    /// The first of the caller's groups that a provider can be reached by, and what holds it there. If it is excluded
    /// in each of them, `first`, which is the first that it is in.
    fn reach(&self, upstream: &Upstream, first: usize) -> (usize, Option<&'a Arc<Hold>>) {
        if !self.holds.may_concern(upstream.provider.id) {
            return (first, None);
        }
        let shared = self.groups.iter().enumerate().skip(first).filter(|(_, (group, _))| is_in(upstream, group));
        let mut shared = shared.map(|(at, (group, _))| (at, self.hold(upstream, group)));
        let nearest = shared.next().unwrap_or((first, None));
        let is_open = |(_, hold): &(usize, Option<&Arc<Hold>>)| !hold.is_some_and(|hold| hold.is_absolute());
        if is_open(&nearest) { nearest } else { shared.find(is_open).unwrap_or(nearest) }
    }

    /// What holds a provider for those who reach it by `group`. In all groups at once it is held as it is in the one
    /// that holds it least.
    fn hold(&self, upstream: &Upstream, group: &str) -> Option<&'a Arc<Hold>> {
        let (provider_id, credential_id) = (upstream.provider.id, upstream.credential_id);
        let model_sent = self.wanted.model.map_or("", |model| upstream.model_sent(model));
        let within =
            |group: &str| self.holds.hold(provider_id, credential_id, model_sent, Some(group), self.wanted.now);
        if group != ANY_GROUP {
            return within(group);
        }
        let mut least = within(upstream.groups.first()?)?;
        for group in upstream.groups.iter().skip(1) {
            let other = within(group)?;
            if compare(other, least).is_lt() {
                least = other;
            }
        }
        Some(least)
    }
}

/// True if a provider belongs to a group that a caller names.
fn is_in(upstream: &Upstream, group: &str) -> bool {
    group == ANY_GROUP || upstream.groups.iter().any(|name| name == group)
}
