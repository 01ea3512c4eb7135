//! What may be used just now: the holds, as calls see them, and the breakers behind them (docs/rules.md, Holds).
//!
//! Calls read [`HoldsView`] without a lock. What attempts have come to goes through [`Health::note`]; while all is well
//! that takes no lock either. `jobs::holds` writes the book down behind the callers' backs and reads what other
//! replicas have written.

pub mod book;
pub mod breaker;
pub mod edited;
mod tally;
pub mod view;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use arc_swap::ArcSwap;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, watch};

use self::{
    book::{Book, Ending, Write},
    breaker::{Admission, Thresholds},
    edited::Edited,
    tally::Tally,
    view::HoldsView,
};
use crate::domain::{
    hold::{Hold, HoldPlan},
    id::{CallId, CredentialId, HoldId, ProviderId},
    provider::Provider,
};

/// What an attempt has come to.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// Where it went.
    pub provider: &'a Provider,
    /// The secret that was used.
    pub credential_id: CredentialId,
    /// The model that was sent.
    pub model_sent: &'a str,
    /// The call it belongs to.
    pub call_id: CallId,
    /// When it began: what was put on hold later is not healed by it.
    pub began: DateTime<Utc>,
    /// How it ended.
    pub end: End<'a>,
}

impl Outcome<'_> {
    /// What the provider said, or what happened.
    const fn message(&self) -> &str {
        match self.end {
            End::Success => "",
            End::Failure { message, .. } => message,
        }
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
pub enum End<'a> {
    /// Its answer could be used.
    Success,
    /// It could not.
    Failure {
        /// True if its breaker counts it.
        counts: bool,
        /// The hold that it asks for.
        hold: Option<HoldPlan>,
        /// What the provider said, or what happened.
        message: &'a str,
    },
}

/// How a provider has done lately: what is counted without a lock.
#[derive(Debug, Default)]
struct Pulse {
    /// True if something is wrong, so that a success would change it.
    is_unwell: AtomicBool,
    succeeded: Tally,
    failed: Tally,
}

/// The holds and breakers of this replica. Cheap to clone.
#[derive(Clone, Default)]
pub struct Health(Arc<Inner>);

#[derive(Default)]
struct Inner {
    view: ArcSwap<HoldsView>,
    pulses: ArcSwap<HashMap<ProviderId, Arc<Pulse>>>,
    book: Mutex<Book>,
    /// Told when something is to be written.
    news: Notify,
    /// Told when another replica has written.
    rereads: Notify,
    /// Counts the views.
    changes: watch::Sender<u64>,
}

impl Health {
    /// The holds of this moment.
    pub fn view(&self) -> Arc<HoldsView> {
        self.0.view.load_full()
    }

    /// Tells when holds have changed: a number that grows.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// Leave to try a provider. Half-open, it has a place for a trial; dropping what is returned gives it back. None if
    /// it is held, or others have its places: it may be tried only where nobody else is left.
    pub fn admit(&self, provider: &Provider, now: DateTime<Utc>) -> Option<Trial> {
        if !self.pulse(provider.id).is_unwell.load(Ordering::Acquire) {
            return Some(Trial(None));
        }
        let mut book = self.book();
        let admission = book.admit(provider, now);
        if matches!(admission, Admission::Place(_)) {
            self.publish(&mut book);
        }
        match admission {
            Admission::Free => Some(Trial(None)),
            Admission::Place(place) => Some(Trial(Some((self.clone(), provider.id, place)))),
            Admission::Beyond => None,
        }
    }

    /// Notes what an attempt has come to, and returns the holds that it caused. To be called before its [`Trial`] is
    /// dropped.
    pub fn note(&self, outcome: &Outcome<'_>, now: DateTime<Utc>) -> Vec<Arc<Hold>> {
        let pulse = self.pulse(outcome.provider.id);
        let (counts, plan) = match outcome.end {
            End::Success => {
                pulse.succeeded.add(now);
                if pulse.is_unwell.load(Ordering::Acquire) {
                    let mut book = self.book();
                    let closed = book.succeeded(outcome, now);
                    if closed {
                        pulse.failed.clear();
                    }
                    self.publish(&mut book);
                }
                return Vec::new();
            }
            End::Failure { counts, hold, .. } => (counts, hold),
        };
        if !counts && plan.is_none() {
            return Vec::new();
        }
        let mut book = self.book();
        let mut caused = Vec::new();
        if counts {
            pulse.failed.add(now);
            let failed = pulse.failed.sum(now);
            let lately = (failed + pulse.succeeded.sum(now), failed);
            caused.extend(book.failed(outcome, lately, now));
        }
        caused.extend(plan.and_then(|plan| book.hold(outcome, plan, now)));
        self.publish(&mut book);
        caused
    }

    /// A provider has answered a probe: what a success ends is over. A breaker that is open is half-open from now on; if
    /// it is that already, it is a success of a trial.
    pub fn answered(&self, outcome: &Outcome<'_>, now: DateTime<Utc>) {
        let mut book = self.book();
        if book.answered(outcome, now) {
            self.pulse(outcome.provider.id).failed.clear();
        }
        self.publish(&mut book);
    }

    /// A provider has answered a probe, if only that the request was at fault: a breaker that is open is half-open from
    /// now on, and nothing else is known.
    pub fn reached(&self, outcome: &Outcome<'_>, now: DateTime<Utc>) {
        let mut book = self.book();
        book.half_open(outcome.provider.id, now);
        self.publish(&mut book);
    }

    /// A provider has answered a probe in a way that shows that it takes the secret, whatever else was wrong: holds
    /// because it was refused are over.
    pub fn accepted(&self, outcome: &Outcome<'_>, now: DateTime<Utc>) {
        let mut book = self.book();
        book.accepted(outcome, now);
        self.publish(&mut book);
    }

    /// A probe has failed, and the next one can be over after `by`: a breaker that is open stays so until then, so that no
    /// call is the one to find out. It stays a hold that ranks.
    pub fn prolong(&self, provider: &Provider, by: TimeDelta, now: DateTime<Utc>) {
        let mut book = self.book();
        book.prolong(provider, by, now);
        self.publish(&mut book);
    }

    /// Adds a hold that an operator makes, once it is written down.
    pub fn add(&self, hold: Hold) {
        let mut book = self.book();
        book.add_written(hold);
        self.publish(&mut book);
    }

    /// Ends holds; a breaker's closes the breaker, and what it has counted is forgotten. Those that other replicas have
    /// ended are gone already.
    pub fn end(&self, ids: &[HoldId], why: Ending, now: DateTime<Utc>) {
        let mut book = self.book();
        for id in ids {
            if let Some(closed) = book.end(*id, why, now) {
                self.pulse(closed).failed.clear();
            }
        }
        self.publish(&mut book);
    }

    /// Ends what this replica has put on hold while its calls still reached a provider as it was before an edit. `edited`
    /// says what is new there. To be called as soon as calls reach it the new way: what other replicas have found out by
    /// then may be about that, and they end themselves what is not.
    pub fn end_outdated(&self, edited: impl Fn(ProviderId) -> Edited, now: DateTime<Utc>) {
        let outdated = self.book().outdated(edited);
        self.end(&outdated, Ending::Edited, now);
    }

    /// Every hold, oldest first. A breaker's whose time is over is half-open.
    pub fn holds(&self) -> Vec<Arc<Hold>> {
        self.book().holds()
    }

    /// Ends what is over.
    pub fn expire(&self, now: DateTime<Utc>) {
        let mut book = self.book();
        if book.expire(now) {
            self.publish(&mut book);
        }
    }

    /// Providers or settings have changed: those that are gone are forgotten, and breakers that were switched off are
    /// closed. `usual` says when breakers open and close where a provider says nothing else.
    pub fn follow<'a>(&self, providers: impl Iterator<Item = &'a Provider>, usual: Thresholds, now: DateTime<Utc>) {
        let providers: HashMap<ProviderId, &Provider> = providers.map(|provider| (provider.id, provider)).collect();
        let mut book = self.book();
        self.0.pulses.rcu(|pulses| {
            let kept = pulses.iter().filter(|(id, _)| providers.contains_key(id));
            kept.map(|(id, pulse)| (*id, Arc::clone(pulse))).collect::<HashMap<_, _>>()
        });
        book.follow(&providers, usual, now);
        self.publish(&mut book);
    }

    /// Takes in the holds that are written down and have not ended. What is not written yet stays.
    pub fn learn(&self, open: Vec<Hold>, now: DateTime<Utc>) {
        let mut book = self.book();
        for closed in book.learn(open, now) {
            self.pulse(closed).failed.clear();
        }
        self.publish(&mut book);
    }

    /// What is to be written down.
    pub fn take_writes(&self) -> Vec<Write> {
        self.book().take_writes()
    }

    /// It could not be written: it waits, unless there is newer.
    pub fn put_back(&self, writes: Vec<Write>) {
        self.book().put_back(writes);
    }

    /// Waits until there is something to be written.
    pub async fn news(&self) {
        self.0.news.notified().await;
    }

    /// Another replica has written.
    pub fn reread(&self) {
        self.0.rereads.notify_one();
    }

    /// Waits until another replica has written.
    pub async fn rereads(&self) {
        self.0.rereads.notified().await;
    }

    /// A panic elsewhere does not spoil it: it is plain data.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How a provider has done lately.
    fn pulse(&self, id: ProviderId) -> Arc<Pulse> {
        if let Some(pulse) = self.0.pulses.load().get(&id) {
            return Arc::clone(pulse);
        }
        self.0.pulses.rcu(|pulses| {
            let mut pulses = HashMap::clone(pulses);
            pulses.entry(id).or_default();
            pulses
        });
        self.0.pulses.load().get(&id).cloned().unwrap_or_default()
    }

    /// Lets calls see what the book says now.
    fn publish(&self, book: &mut Book) {
        let unwell = book.unwell();
        for id in &unwell {
            self.pulse(*id);
        }
        for (id, pulse) in self.0.pulses.load().iter() {
            pulse.is_unwell.store(unwell.contains(id), Ordering::Release);
        }
        if book.take_change() {
            self.0.view.store(Arc::new(book.view()));
            self.0.changes.send_modify(|n| *n += 1);
        }
        if book.has_writes() {
            self.0.news.notify_one();
        }
    }
}

/// Leave to try a provider. While a breaker is half-open it is a place that others wait for.
#[must_use = "dropped at once, it lets another call try too"]
pub struct Trial(Option<(Health, ProviderId, u64)>);

impl Trial {
    /// Leave that takes no place.
    pub const fn free() -> Self {
        Self(None)
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if let Some((health, provider_id, place)) = self.0.take() {
            let mut book = health.book();
            book.give_back(provider_id, place);
            health.publish(&mut book);
        }
    }
}

#[cfg(test)]
mod tests;
