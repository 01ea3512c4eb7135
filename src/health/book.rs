//! The book of holds: who holds what, and what of it is not written down yet. Plain data; time is passed in.

mod own;
mod streaks;
mod write;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};

use self::streaks::Streaks;
pub use self::write::{Ending, Write};
use super::{
    Outcome,
    breaker::{Admission, Breaker, Change, TRIAL, Thresholds},
    view::HoldsView,
};
use crate::domain::{
    hold::{Extent, Hold, HoldPlan, HoldReason, HoldScope, HoldSource, Term},
    id::{HoldId, ProviderId},
    provider::Provider,
};

/// Holds of single models that are kept at most: names of models come from callers.
const OF_MODELS_MAX: usize = 1_000;

/// Characters of a note.
const NOTE_CHARS_MAX: usize = 500;

/// What a success ends, if nobody has dated it.
const BY_SUCCESS: &[HoldReason] =
    &[HoldReason::Overload, HoldReason::Credential, HoldReason::Entitlement, HoldReason::Proxy];

/// All holds, the breakers, and what waits to be written.
#[derive(Default)]
pub(super) struct Book {
    holds: BTreeMap<HoldId, Arc<Hold>>,
    /// Those of them that this replica has made.
    own: HashSet<HoldId>,
    breakers: HashMap<ProviderId, Breaker>,
    /// Shown while a half-open provider is being tried; never written.
    trials: HashMap<ProviderId, Arc<Hold>>,
    streaks: Streaks,
    unwritten: HashMap<HoldId, Write>,
    /// When breakers open and close, where a provider says nothing else.
    usual: Thresholds,
    is_changed: bool,
}

impl Book {
    /// A call wants to try a provider that is not well: its place, if it is half-open and there is one.
    pub(super) fn admit(&mut self, provider: &Provider, now: DateTime<Utc>) -> Admission {
        let (id, thresholds) = (provider.id, self.usual.of(provider));
        let Some(breaker) = self.breakers.get_mut(&id) else { return Admission::Free };
        let admission = breaker.admit(&thresholds, now);
        // As long as there is another place, it is not held for others.
        if !matches!(admission, Admission::Place(_)) || breaker.has_place(&thresholds) {
            return admission;
        }
        let hold = Hold {
            id: HoldId::fresh(),
            scope: HoldScope::Provider { provider_id: id },
            reason: HoldReason::Breaker,
            source: HoldSource::Hub,
            since: now,
            until: Some(now + TRIAL),
            note: String::new(),
            call_id: None,
            model_sent: None,
        };
        self.trials.insert(id, Arc::new(hold));
        self.is_changed = true;
        admission
    }

    /// A trial is over.
    pub(super) fn give_back(&mut self, id: ProviderId, place: u64) {
        let Some(breaker) = self.breakers.get_mut(&id) else { return };
        if breaker.give_back(place) {
            self.is_changed |= self.trials.remove(&id).is_some();
        }
    }

    /// An attempt succeeded. True if that closed the breaker.
    pub(super) fn succeeded(&mut self, outcome: &Outcome<'_>, now: DateTime<Utc>) -> bool {
        self.recover(outcome, now);
        let (id, is_later) = (outcome.provider.id, self.is_later(outcome));
        let Some(breaker) = self.breakers.get_mut(&id).filter(|_| is_later) else { return false };
        match breaker.success(&self.usual.of(outcome.provider)) {
            Change::HalfOpened => self.half_open(id, now),
            Change::Closed => {
                self.close(id, Ending::Healed, now);
                return true;
            }
            Change::None | Change::Opened(_) => {}
        }
        false
    }

    /// A provider has answered a probe. True if that closed the breaker.
    pub(super) fn answered(&mut self, outcome: &Outcome<'_>, now: DateTime<Utc>) -> bool {
        let id = outcome.provider.id;
        if self.of_breaker(id).all(|hold| hold.is_over(now)) {
            return self.succeeded(outcome, now);
        }
        self.recover(outcome, now);
        self.half_open(id, now);
        false
    }

    /// A provider has taken the secret, whatever it has said then.
    pub(super) fn accepted(&mut self, outcome: &Outcome<'_>, now: DateTime<Utc>) {
        self.heal(outcome, &[HoldReason::Credential], now);
    }

    /// True if an attempt began after its provider's breaker opened: no other says anything about what came then.
    fn is_later(&self, outcome: &Outcome<'_>) -> bool {
        self.of_breaker(outcome.provider.id).all(|hold| hold.since <= outcome.began)
    }

    /// Ends what a success shows to be over, and forgets how often it was.
    fn recover(&mut self, outcome: &Outcome<'_>, now: DateTime<Utc>) {
        self.streaks.succeeded(&scopes(outcome), outcome.began);
        self.heal(outcome, BY_SUCCESS, now);
    }

    /// Ends holds for these reasons on the same secret and model that no date and nobody asked for.
    fn heal(&mut self, outcome: &Outcome<'_>, reasons: &[HoldReason], now: DateTime<Utc>) {
        let of_attempt = scopes(outcome);
        let is_healed = |hold: &&Arc<Hold>| {
            reasons.contains(&hold.reason)
                && hold.source == HoldSource::Hub
                && hold.since <= outcome.began
                && of_attempt.contains(&hold.scope)
        };
        let healed: Vec<HoldId> = self.holds.values().filter(is_healed).map(|hold| hold.id).collect();
        for id in healed {
            self.remove(id, Ending::Healed, now);
        }
    }

    /// An attempt failed in a way that its provider's breaker counts. The hold, if that opened it: what began before is a
    /// part of why it is open, and does not open it once more.
    pub(super) fn failed(
        &mut self,
        outcome: &Outcome<'_>,
        lately: (u64, u64),
        now: DateTime<Utc>,
    ) -> Option<Arc<Hold>> {
        if !self.is_later(outcome) {
            return None;
        }
        let id = outcome.provider.id;
        let thresholds = self.usual.of(outcome.provider);
        let Change::Opened(until) = self.breakers.entry(id).or_default().failure(&thresholds, lately, now) else {
            return None;
        };
        self.end_all_of_breaker(id, Ending::Reopened, now);
        let plan = HoldPlan {
            extent: Extent::Provider,
            reason: HoldReason::Breaker,
            source: HoldSource::Hub,
            term: Term::Until(until),
        };
        self.hold(outcome, plan, now)
    }

    /// Puts on hold what a failure asks for. None if it is on hold already, for as long; but what a provider says goes
    /// before what we thought, if it is sooner too.
    pub(super) fn hold(&mut self, outcome: &Outcome<'_>, plan: HoldPlan, now: DateTime<Utc>) -> Option<Arc<Hold>> {
        let scope = scope(outcome, plan.extent);
        let same = |hold: &&Arc<Hold>| hold.scope == scope && hold.reason == plan.reason;
        let known = self.holds.values().find(same).cloned();
        let live = known.as_ref().filter(|hold| !hold.is_over(now));
        if live.is_none() && plan.extent == Extent::Model && self.n_of_models() >= OF_MODELS_MAX {
            return None;
        }
        let until = match plan.term {
            Term::Until(until) => Some(until),
            // It was tried as a last resort, or together with others: that is no reason to wait longer.
            Term::Doubling { .. } if live.is_some() => return None,
            Term::Doubling { first_s, max_s } => {
                Some(self.streaks.next_end((scope.clone(), plan.reason), (first_s, max_s), now))
            }
            Term::Open => None,
        };
        let lasts = |hold: &Arc<Hold>| hold.until.is_none() || until.is_some_and(|until| hold.until >= Some(until));
        let gives_way = |hold: &Arc<Hold>| hold.source == HoldSource::Hub && plan.source != HoldSource::Hub;
        if live.is_some_and(|hold| lasts(hold) && !gives_way(hold)) {
            return None;
        }
        // One that is over gives way to a new one, so that each has its own place in the history.
        if let Some(over) = known.as_ref().filter(|hold| hold.is_over(now)) {
            self.remove(over.id, Ending::Expired, now);
        }
        Some(self.make(Hold {
            id: live.map_or_else(HoldId::fresh, |hold| hold.id),
            scope,
            reason: plan.reason,
            source: plan.source,
            since: live.map_or(now, |hold| hold.since),
            until,
            note: outcome.message().chars().filter(|c| *c != '\0').take(NOTE_CHARS_MAX).collect(),
            call_id: Some(outcome.call_id),
            model_sent: Some(outcome.model_sent.to_owned()).filter(|model| !model.is_empty()),
        }))
    }

    /// How many holds are about single models.
    fn n_of_models(&self) -> usize {
        self.holds.values().filter(|hold| matches!(hold.scope, HoldScope::Model { .. })).count()
    }

    /// A breaker that is open may be tried from now on.
    pub(super) fn half_open(&mut self, id: ProviderId, now: DateTime<Utc>) {
        if let Some(breaker) = self.breakers.get_mut(&id) {
            breaker.half_open();
        }
        self.end_breaker_at(id, now, now);
    }

    /// A breaker that is open stays so for this long at least, but no longer than a trial that fails would open it for.
    pub(super) fn prolong(&mut self, provider: &Provider, by: TimeDelta, now: DateTime<Utc>) {
        let until = now + by.min(self.usual.of(provider).open);
        if self.breakers.get_mut(&provider.id).is_some_and(|breaker| breaker.prolong(until, now)) {
            self.end_breaker_at(provider.id, until, now);
        }
    }

    /// The holds of a breaker that is open end then.
    fn end_breaker_at(&mut self, id: ProviderId, until: DateTime<Utc>, now: DateTime<Utc>) {
        let open: Vec<Arc<Hold>> = self.of_breaker(id).filter(|hold| !hold.is_over(now)).cloned().collect();
        for hold in open {
            let hold = Arc::new(Hold { until: Some(until), ..Hold::clone(&hold) });
            self.write(Write { hold: Arc::clone(&hold), ended: None });
            self.add(hold);
        }
    }

    /// Adds a hold, or what has become of it.
    pub(super) fn add(&mut self, hold: Arc<Hold>) {
        self.holds.insert(hold.id, hold);
        self.is_changed = true;
    }

    /// Ends a hold. A breaker's closes the breaker: that of which provider, if so.
    pub(super) fn end(&mut self, id: HoldId, why: Ending, now: DateTime<Utc>) -> Option<ProviderId> {
        let of_breaker = self.holds.get(&id).filter(|hold| hold.reason == HoldReason::Breaker);
        let closed = of_breaker.and_then(|hold| hold.scope.provider_id());
        match closed {
            Some(provider_id) => self.close(provider_id, why, now),
            None => self.remove(id, why, now),
        }
        closed
    }

    /// Ends what is over, but a breaker's: that is half-open until something is known. True if something was.
    pub(super) fn expire(&mut self, now: DateTime<Utc>) -> bool {
        let is_past = |hold: &&Arc<Hold>| hold.is_over(now) && hold.reason != HoldReason::Breaker;
        let past: Vec<(HoldId, Option<DateTime<Utc>>)> =
            self.holds.values().filter(is_past).map(|hold| (hold.id, hold.until)).collect();
        for (id, until) in &past {
            self.remove(*id, Ending::Expired, until.unwrap_or(now));
        }
        !past.is_empty()
    }

    /// Forgets providers that are gone, and closes breakers that are off. `usual` is for those that say nothing else.
    pub(super) fn follow(&mut self, providers: &HashMap<ProviderId, &Provider>, usual: Thresholds, now: DateTime<Utc>) {
        self.usual = usual;
        let is_gone = |hold: &&Arc<Hold>| hold.scope.provider_id().is_some_and(|id| !providers.contains_key(&id));
        let gone: Vec<HoldId> = self.holds.values().filter(is_gone).map(|hold| hold.id).collect();
        for id in gone {
            self.remove(id, Ending::Gone, now);
        }
        self.breakers.retain(|id, _| providers.contains_key(id));
        self.streaks.keep(|id| providers.contains_key(&id));
        let is_off = |id: &ProviderId| providers.get(id).is_some_and(|provider| usual.of(provider).failures == 0);
        let off: Vec<ProviderId> = self.breakers.keys().copied().filter(is_off).collect();
        for id in off {
            self.close(id, Ending::Edited, now);
            self.breakers.remove(&id);
        }
    }

    /// Takes in the holds that are written down and open; what is not written yet stays. Whose breakers that closes.
    pub(super) fn learn(&mut self, open: Vec<Hold>, now: DateTime<Utc>) -> Vec<ProviderId> {
        let written: HashSet<HoldId> = open.iter().map(|hold| hold.id).collect();
        let is_gone = |hold: &&Arc<Hold>| !written.contains(&hold.id) && !self.unwritten.contains_key(&hold.id);
        let gone: Vec<Arc<Hold>> = self.holds.values().filter(is_gone).cloned().collect();
        for hold in gone {
            self.holds.remove(&hold.id);
            self.is_changed = true;
        }
        for hold in open {
            if !self.unwritten.contains_key(&hold.id) && self.holds.get(&hold.id).is_none_or(|known| **known != hold) {
                self.add(Arc::new(hold));
            }
        }
        self.align(now)
    }

    /// Brings breakers to where the holds say they stand. Those that it closes.
    fn align(&mut self, now: DateTime<Utc>) -> Vec<ProviderId> {
        let mut ends: HashMap<ProviderId, DateTime<Utc>> = HashMap::new();
        for hold in self.holds.values().filter(|hold| hold.reason == HoldReason::Breaker) {
            if let Some(id) = hold.scope.provider_id() {
                let until = hold.until.unwrap_or(DateTime::<Utc>::MAX_UTC);
                ends.entry(id).and_modify(|end| *end = until.max(*end)).or_insert(until);
            }
        }
        let is_over = |(id, breaker): &(&ProviderId, &mut Breaker)| !ends.contains_key(id) && !breaker.is_closed();
        let mut closed = Vec::new();
        for (id, breaker) in self.breakers.iter_mut().filter(is_over) {
            breaker.close();
            self.trials.remove(id);
            closed.push(*id);
        }
        for (id, until) in ends {
            let breaker = self.breakers.entry(id).or_default();
            if until > now || breaker.is_closed() {
                breaker.open(until);
            } else {
                breaker.half_open();
            }
        }
        closed
    }

    /// The breaker is closed, and its holds are over.
    fn close(&mut self, id: ProviderId, why: Ending, now: DateTime<Utc>) {
        self.end_all_of_breaker(id, why, now);
        if let Some(breaker) = self.breakers.get_mut(&id) {
            breaker.close();
        }
        self.is_changed |= self.trials.remove(&id).is_some();
    }

    fn end_all_of_breaker(&mut self, id: ProviderId, why: Ending, now: DateTime<Utc>) {
        let ids: Vec<HoldId> = self.of_breaker(id).map(|hold| hold.id).collect();
        for id in ids {
            self.remove(id, why, now);
        }
    }

    fn of_breaker(&self, id: ProviderId) -> impl Iterator<Item = &Arc<Hold>> {
        let is_its =
            move |hold: &&Arc<Hold>| hold.reason == HoldReason::Breaker && hold.scope.provider_id() == Some(id);
        self.holds.values().filter(is_its)
    }

    fn remove(&mut self, id: HoldId, why: Ending, at: DateTime<Utc>) {
        if let Some(hold) = self.holds.remove(&id) {
            self.write(Write { hold, ended: Some((at, why)) });
            self.is_changed = true;
        }
    }

    /// Every hold, oldest first.
    pub(super) fn holds(&self) -> Vec<Arc<Hold>> {
        self.holds.values().cloned().collect()
    }

    /// The providers at which a success, or a trial, would change something.
    pub(super) fn unwell(&self) -> HashSet<ProviderId> {
        let held = self.holds.values().filter_map(|hold| hold.scope.provider_id());
        let broken = self.breakers.iter().filter(|(_, breaker)| !breaker.is_calm()).map(|(id, _)| *id);
        held.chain(broken).chain(self.streaks.provider_ids()).collect()
    }

    /// What calls see.
    pub(super) fn view(&self) -> HoldsView {
        HoldsView::of(self.holds.values().chain(self.trials.values()).cloned().collect())
    }

    /// True if calls would see something else than when this was asked last.
    pub(super) fn take_change(&mut self) -> bool {
        std::mem::take(&mut self.is_changed)
    }
}

/// All that a hold on an attempt can be about.
fn scopes(outcome: &Outcome<'_>) -> [HoldScope; 3] {
    [Extent::Provider, Extent::Model, Extent::Credential].map(|extent| scope(outcome, extent))
}

/// What a hold on so much of an attempt is about.
fn scope(outcome: &Outcome<'_>, extent: Extent) -> HoldScope {
    let provider_id = outcome.provider.id;
    match extent {
        Extent::Provider => HoldScope::Provider { provider_id },
        Extent::Model => HoldScope::Model { provider_id, model: outcome.model_sent.to_owned() },
        Extent::Credential => HoldScope::Credential { provider_id, credential_id: outcome.credential_id },
    }
}
