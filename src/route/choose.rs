//! Who serves? One pure function from the request, the snapshot, what is held and what was tried to a choice.

mod standing;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use self::standing::{Question, Standing};
use super::snapshot::{Snapshot, Upstream};
use crate::{
    domain::{
        decision::{Candidate, Choice, HeldBy, Skip, Warm},
        hold::Hold,
        id::ProviderId,
        provider::Kind,
        settings::Affinity,
    },
    health::view::HoldsView,
};

/// Candidates that a recorded choice names; the rest is a number.
const CANDIDATES_MAX: usize = 64;

/// What a choice depends on, beside the snapshot and the holds.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The protocol that the request speaks.
    pub kind: Kind,
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
    /// What is cached for the session, and where.
    pub warm: Option<Warm>,
    /// When it is.
    pub now: DateTime<Utc>,
}

/// Who was chosen.
#[derive(Clone, Debug)]
pub struct Picked {
    /// The provider.
    pub upstream: Arc<Upstream>,
    /// The caller's group that it is reached by: its factor on prices counts. It may be `*`.
    pub group: String,
    /// True if it is held, and tried because nobody else is left.
    pub is_last_resort: bool,
}

/// Chooses among all providers: of those that may be used, the caller's group that goes first, in it the one that the
/// session is bound to, else the lowest priority number, else weighted by `dice`. If all that are left are held by the
/// hub's own judgement, the one whose hold ends first (docs/rules.md, Routing).
///
/// `dice` takes the sum of the weights (at least 1) and gives a number below it.
pub fn choose(
    snapshot: &Snapshot,
    wanted: &Wanted<'_>,
    holds: &HoldsView,
    dice: impl FnOnce(u64) -> u64,
) -> (Choice, Option<Picked>) {
    let question = Question::new(snapshot, wanted, holds);
    let mut field = Field::default();
    let mut list = List::default();
    for upstream in &snapshot.upstreams {
        let placed = Placed { upstream, standing: question.standing(upstream) };
        list.add(placed);
        field.enter(placed, wanted.bound);
    }
    let is_last_resort = field.tier.is_empty();
    let bound = field.bound(snapshot.settings.affinity);
    let (chosen, weight_total, draw) = match bound {
        Some(bound) => (Some(bound), 0, 0),
        None if is_last_resort => (field.least_bad, 0, 0),
        None => draw(&field.tier, dice),
    };
    let Some(chosen) = chosen else {
        let (candidates, n_more) = list.end(snapshot, None);
        return (Choice { candidates, n_more, next_free: field.next_free, ..Choice::default() }, None);
    };
    let provider_id = chosen.upstream.provider.id;
    let group = question.group_of(&chosen.standing).to_owned();
    let (candidates, n_more) = list.end(snapshot, Some(&chosen));
    let choice = Choice {
        candidates,
        n_more,
        group: Some(group.clone()),
        priority: Some(chosen.standing.priority),
        weight_total,
        draw,
        is_sticky: bound.is_some(),
        is_last_resort,
        warm: wanted.warm.filter(|warm| warm.provider_id != provider_id),
        provider_id: Some(provider_id),
        ..Choice::default()
    };
    (choice, Some(Picked { upstream: chosen.upstream.clone(), group, is_last_resort }))
}

/// How a provider stands for a call that has tried it and may try it again.
#[derive(Clone, Debug)]
pub enum Again {
    /// It may be used.
    Now(Picked),
    /// It is held until then.
    HeldUntil(DateTime<Utc>),
    /// It may not be used, and nobody knows until when.
    No,
}

/// Looks at one provider as [`choose`] does: it may not be what it was when the call tried it.
pub fn look_again(snapshot: &Snapshot, wanted: &Wanted<'_>, holds: &HoldsView, provider_id: ProviderId) -> Again {
    let question = Question::new(snapshot, wanted, holds);
    let Some(upstream) = snapshot.upstream(provider_id) else { return Again::No };
    let standing = question.standing(upstream);
    let is_last_resort = standing.is_last_resort();
    if standing.skip.is_none() || is_last_resort {
        let group = question.group_of(&standing).to_owned();
        return Again::Now(Picked { upstream: upstream.clone(), group, is_last_resort });
    }
    let until = standing.hold.and_then(|hold| hold.until).filter(|_| standing.skip == Some(Skip::Held));
    until.map_or(Again::No, Again::HeldUntil)
}

/// A caller's groups in the order in which they go, each with its priority.
pub fn in_order<'a>(snapshot: &Snapshot, groups: &'a [String]) -> Vec<(&'a str, i32)> {
    let priority = |group: &str| snapshot.group_priorities.get(group).copied().unwrap_or_default();
    let mut groups: Vec<_> = groups.iter().map(|group| (group.as_str(), priority(group))).collect();
    groups.sort_by_key(|(_, priority)| *priority);
    groups
}

/// The providers that a call could go to, now or when a hold of a known end is over, whatever their priority, each with
/// the caller's group that it is reached by.
pub fn eligible<'a>(
    snapshot: &'a Snapshot,
    wanted: &'a Wanted<'a>,
    holds: &'a HoldsView,
) -> impl Iterator<Item = (&'a Arc<Upstream>, &'a str)> {
    let question = Question::new(snapshot, wanted, holds);
    snapshot.upstreams.iter().filter_map(move |upstream| {
        let standing = question.standing(upstream);
        let comes_back = standing.skip == Some(Skip::Held) && standing.hold.is_some_and(|hold| hold.until.is_some());
        let is_eligible = standing.skip.is_none() || standing.is_last_resort() || comes_back;
        is_eligible.then(|| question.groups.get(standing.group).map(|(group, _)| (upstream, *group))).flatten()
    })
}

/// A provider and how it stands.
#[derive(Clone, Copy)]
struct Placed<'a> {
    upstream: &'a Arc<Upstream>,
    standing: Standing<'a>,
}

/// Those who are left, as far as they matter.
#[derive(Default)]
struct Field<'a> {
    /// Of the group that goes first, those with the lowest priority number.
    tier: Vec<Placed<'a>>,
    /// The one that the session is bound to, if it is in the group that goes first.
    bound: Option<Placed<'a>>,
    /// Who is tried when nobody else is left.
    least_bad: Option<Placed<'a>>,
    /// When the first of those that are excluded by a hold is free again.
    next_free: Option<DateTime<Utc>>,
}

impl<'a> Field<'a> {
    fn enter(&mut self, placed: Placed<'a>, bound: Option<ProviderId>) {
        let Standing { tier, priority, skip, hold, .. } = placed.standing;
        if skip == Some(Skip::Held) {
            self.enter_held(placed, hold.and_then(|hold| hold.until));
        }
        if skip.is_some() {
            return;
        }
        let first = self.tier.first().map(|first| first.standing);
        let best = first.map_or(i32::MAX, |first| first.tier);
        if tier > best {
            return;
        }
        if tier < best {
            self.tier.clear();
            self.bound = None;
        }
        if bound == Some(placed.upstream.provider.id) {
            self.bound = Some(placed);
        }
        let lowest = self.tier.first().map_or(i32::MAX, |first| first.standing.priority);
        if priority < lowest {
            self.tier.clear();
        }
        if priority <= lowest {
            self.tier.push(placed);
        }
    }

    /// The one that the session is bound to, as far as that goes.
    fn bound(&self, affinity: Affinity) -> Option<Placed<'a>> {
        let lowest = self.tier.first()?.standing.priority;
        self.bound.filter(|bound| affinity == Affinity::Session || bound.standing.priority == lowest)
    }

    /// The least bad is the one whose hold ends first, then the one that would be chosen if it were free.
    fn enter_held(&mut self, placed: Placed<'a>, until: Option<DateTime<Utc>>) {
        if !placed.standing.is_last_resort() {
            self.next_free = self.next_free.into_iter().chain(until).min();
            return;
        }
        let badness = |placed: &Placed<'_>| {
            let Standing { tier, priority, hold, .. } = placed.standing;
            let until = hold.and_then(|hold| hold.until);
            (until.is_none(), until, tier, priority)
        };
        if self.least_bad.is_none_or(|least| badness(&placed) < badness(&least)) {
            self.least_bad = Some(placed);
        }
    }
}

/// What a recorded choice says of the candidates: bounded, whatever their number.
#[derive(Default)]
struct List<'a> {
    candidates: Vec<Placed<'a>>,
    /// Those that were never meant for this caller make room for the others where the list is too short for all.
    strangers: Vec<Placed<'a>>,
}

impl<'a> List<'a> {
    fn add(&mut self, placed: Placed<'a>) {
        let is_stranger = matches!(placed.standing.skip, Some(Skip::Group | Skip::Disabled | Skip::Protocol));
        let list = if is_stranger { &mut self.strangers } else { &mut self.candidates };
        if list.len() < CANDIDATES_MAX {
            list.push(placed);
        }
    }

    /// The list as it is recorded, with the one that was chosen in it, and how many it leaves out.
    fn end(self, snapshot: &Snapshot, chosen: Option<&Placed<'a>>) -> (Vec<Candidate>, u32) {
        let is_chosen =
            |placed: &Placed<'_>| chosen.is_some_and(|chosen| Arc::ptr_eq(chosen.upstream, placed.upstream));
        let mut listed: Vec<_> = self.candidates.into_iter().chain(self.strangers).take(CANDIDATES_MAX).collect();
        if let Some(chosen) = chosen
            && !listed.iter().any(is_chosen)
        {
            listed.pop();
            listed.push(*chosen);
        }
        let best = chosen.map_or(i32::MAX, |chosen| chosen.standing.tier);
        let skip = |placed: &Placed<'_>| match placed.standing.skip {
            _ if is_chosen(placed) => None,
            None if placed.standing.tier > best => Some(Skip::LowerGroup),
            skip => skip,
        };
        let candidates: Vec<_> = listed.iter().map(|placed| candidate(placed, skip(placed))).collect();
        let n_more = u32::try_from(snapshot.upstreams.len() - candidates.len()).unwrap_or(u32::MAX);
        (candidates, n_more)
    }
}

/// A provider as the record of a choice shows it.
fn candidate(placed: &Placed<'_>, skip: Option<Skip>) -> Candidate {
    let held = |hold: &Arc<Hold>| HeldBy { reason: hold.reason, until: hold.until, is_absolute: hold.is_absolute() };
    let provider = &placed.upstream.provider;
    Candidate {
        provider_id: provider.id,
        name: provider.name.clone(),
        priority: placed.standing.priority,
        weight: provider.weight,
        skip,
        hold: placed.standing.hold.map(held),
        // Whoever counts knows it: a choice is told who is limited, and not by what.
        at_limit: None,
    }
}

/// Draws one by weight; when all weights are 0, each is as likely as the next.
fn draw<'a>(tier: &[Placed<'a>], dice: impl FnOnce(u64) -> u64) -> (Option<Placed<'a>>, u64, u64) {
    let all_zero = tier.iter().all(|placed| placed.upstream.provider.weight == 0);
    let weight = |placed: &Placed<'_>| if all_zero { 1 } else { u64::from(placed.upstream.provider.weight) };
    let total: u64 = tier.iter().map(weight).sum();
    let drawn = if tier.len() == 1 { 0 } else { dice(total) };
    let mut rest = drawn;
    for placed in tier {
        match rest.checked_sub(weight(placed)) {
            Some(after) => rest = after,
            None => return (Some(*placed), total, drawn),
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
    } else if any(Skip::Held) {
        "every provider that could serve it is held back just now"
    } else if any(Skip::Hours) {
        "no provider that could serve it is active at this time of day"
    } else if any(Skip::Secret) {
        "the provider's stored secret cannot be opened"
    } else if any(Skip::Prefix) {
        "providers that serve this model are reached by a prefix"
    } else if any(Skip::Model) {
        "no provider of this key's groups serves this model"
    } else if any(Skip::Group) {
        "no enabled provider is in this key's groups"
    } else if any(Skip::Protocol) {
        "no enabled provider speaks this protocol"
    } else {
        "every provider is disabled"
    }
}
