//! What this replica has to tell Redis, what it holds there, and what it told a while ago: so that nothing is lost
//! while Redis is away, and nothing when it was emptied.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::state::step::{LeaseId, Release, SessionUse, Settlement, Step, Take};

/// News that wait at once; beyond it the oldest is dropped, and the counters are filled from the ledger again.
pub(super) const NEWS_MAX: usize = 100_000;

/// How long settlements are kept, to be told again to a Redis that was emptied. What is older is in Postgres, and the
/// source says so for a longer time than this.
const SETTLED_KEPT: Duration = Duration::from_mins(10);

/// A piece of news. Telling it twice changes nothing.
#[derive(Clone, Debug)]
pub(super) enum Told {
    /// An attempt was settled.
    Settle(Arc<Settlement>),
    /// A lease ended.
    Release(Release),
    /// A lease is held that Redis has forgotten; with its rates if those are forgotten too.
    Hold { lease: LeaseId, held: Arc<Held>, with_rates: bool },
}

/// What a lease of this replica has taken.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) takes: Vec<Take>,
    pub(super) session: Option<SessionUse>,
    pub(super) taken_ms: i64,
}

#[derive(Debug, Default)]
struct Inner {
    news: VecDeque<Told>,
    n_dropped: u64,
    held: HashMap<LeaseId, Arc<Held>>,
    settled: VecDeque<(Instant, Arc<Settlement>)>,
}

impl Inner {
    fn push(&mut self, told: Told) {
        if self.news.len() >= NEWS_MAX {
            self.news.pop_front();
            self.n_dropped += 1;
        }
        self.news.push_back(told);
    }
}

/// All of it, behind one lock: a release never goes before what holds its lease.
#[derive(Debug, Default)]
pub(super) struct Outbox(Mutex<Inner>);

impl Outbox {
    /// This replica holds the lease.
    pub(super) fn is_held(&self, lease: LeaseId) -> bool {
        self.inner().held.contains_key(&lease)
    }

    /// A step was taken.
    pub(super) fn hold(&self, step: Step) {
        let Step { lease, now_ms, takes, session, .. } = step;
        self.inner().held.entry(lease).or_insert_with(|| Arc::new(Held { takes, session, taken_ms: now_ms }));
    }

    /// An attempt was settled.
    pub(super) fn settle(&self, settlement: Settlement, now: Instant) {
        let mut inner = self.inner();
        inner.held.remove(&settlement.lease);
        let settlement = Arc::new(settlement);
        while let Some((at, _)) = inner.settled.front() {
            if now.duration_since(*at) <= SETTLED_KEPT && inner.settled.len() < NEWS_MAX {
                break;
            }
            inner.settled.pop_front();
        }
        inner.settled.push_back((now, Arc::clone(&settlement)));
        inner.push(Told::Settle(settlement));
    }

    /// A lease ended. False if it was not held: then there is nothing to tell.
    pub(super) fn release(&self, release: Release) -> bool {
        let mut inner = self.inner();
        let was_held = inner.held.remove(&release.lease).is_some();
        if was_held {
            inner.push(Told::Release(release));
        }
        was_held
    }

    /// A step may have been taken, but nobody has heard of it.
    pub(super) fn give_up(&self, release: Release) {
        self.inner().push(Told::Release(release));
    }

    /// Redis has forgotten everything: tells it again what is held and what was settled a while ago.
    pub(super) fn tell_all_again(&self) {
        let mut inner = self.inner();
        let held: Vec<_> = inner.held.iter().map(|(lease, held)| (*lease, Arc::clone(held))).collect();
        let settled: Vec<_> = inner.settled.iter().map(|(_, settlement)| Arc::clone(settlement)).collect();
        for settlement in settled {
            inner.push(Told::Settle(settlement));
        }
        for (lease, held) in held {
            inner.push(Told::Hold { lease, held, with_rates: true });
        }
    }

    /// These leases have lapsed although they are held: this replica, or Redis, stood still for long.
    pub(super) fn hold_again(&self, leases: &[LeaseId]) {
        let mut inner = self.inner();
        for lease in leases {
            if let Some(held) = inner.held.get(lease).map(Arc::clone) {
                inner.push(Told::Hold { lease: *lease, held, with_rates: false });
            }
        }
    }

    /// The leases that are held.
    pub(super) fn held(&self) -> Vec<LeaseId> {
        self.inner().held.keys().copied().collect()
    }

    /// The oldest news.
    pub(super) fn take(&self, n_max: usize) -> Vec<Told> {
        let mut inner = self.inner();
        let n = n_max.min(inner.news.len());
        inner.news.drain(..n).collect()
    }

    /// They could not be told: they stay the oldest.
    pub(super) fn put_back(&self, news: Vec<Told>) {
        let mut inner = self.inner();
        for told in news.into_iter().rev() {
            inner.news.push_front(told);
        }
    }

    /// A piece of news is given up.
    pub(super) fn lose(&self) {
        self.inner().n_dropped += 1;
    }

    /// How many news wait, and how many were dropped.
    pub(super) fn len(&self) -> (usize, u64) {
        let inner = self.inner();
        (inner.news.len(), inner.n_dropped)
    }

    /// The attempts that would be told again.
    #[cfg(test)]
    pub(super) fn recent(&self) -> Vec<uuid::Uuid> {
        self.inner().settled.iter().map(|(_, settlement)| settlement.lease.0).collect()
    }

    /// Forgets everything.
    #[cfg(test)]
    pub(super) fn clear(&self) {
        *self.inner() = Inner::default();
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
