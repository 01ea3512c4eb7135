//! What this replica has to tell Redis, what it holds there, and what it told a while ago: so that nothing is lost
//! while Redis is away, and nothing when it was emptied.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::state::step::{LeaseId, Release, SessionUse, Settlement, Step, Take};

/// News that wait at once; beyond it the oldest is dropped, and the counters are filled from the ledger again.
pub(super) const NEWS_MAX: usize = 100_000;

/// How long settlements are kept, to be told again to a Redis that was emptied. What is older is in Postgres, and the
/// source says so for a longer time than this.
const SETTLED_KEPT: Duration = Duration::from_mins(10);

/// An attempt ends in the ledger at most so long after it was settled here, in milliseconds.
const ENDED_WITHIN_MS: i64 = 60_000;

/// News that are told together, each with its number.
pub(super) type Lot = Vec<(u64, Told)>;

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
    /// In the order of their numbers.
    news: VecDeque<(u64, Told)>,
    /// The number of the next piece of news.
    n_news: u64,
    /// The first numbers of the lots that are being told.
    in_flight: BTreeSet<u64>,
    n_dropped: u64,
    held: HashMap<LeaseId, Arc<Held>>,
    settled: VecDeque<(Instant, Arc<Settlement>)>,
    /// When the newest of the settlements was made that would not be told again, in milliseconds since 1970.
    forgotten_ms: Option<i64>,
}

impl Inner {
    fn push(&mut self, told: Told) {
        if self.news.len() >= NEWS_MAX {
            self.news.pop_front();
            self.n_dropped += 1;
        }
        self.news.push_back((self.n_news, told));
        self.n_news += 1;
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
            if let Some((_, gone)) = inner.settled.pop_front() {
                inner.forgotten_ms = inner.forgotten_ms.max(Some(gone.now_ms));
            }
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

    /// The oldest news. They are being told until [`end`](Self::end) is called with the first one's number.
    pub(super) fn take(&self, n_max: usize) -> Lot {
        let mut inner = self.inner();
        let n = n_max.min(inner.news.len());
        let lot: Lot = inner.news.drain(..n).collect();
        inner.in_flight.extend(lot.first().map(|(first, _)| *first));
        lot
    }

    /// The lot that begins with `first` is told, but for what is left of it: that waits again in its place.
    pub(super) fn end(&self, first: u64, untold: Lot) {
        let mut inner = self.inner();
        inner.in_flight.remove(&first);
        if !untold.is_empty() {
            let at = inner.news.partition_point(|(number, _)| *number < first);
            let later = inner.news.split_off(at);
            inner.news.extend(untold);
            inner.news.extend(later);
        }
    }

    /// The number of the next piece of news: everything that has happened so far has a smaller one.
    pub(super) fn mark(&self) -> u64 {
        self.inner().n_news
    }

    /// True if all news with smaller numbers were told.
    pub(super) fn has_told(&self, mark: u64) -> bool {
        let inner = self.inner();
        let waits = inner.news.front().is_some_and(|(number, _)| *number < mark);
        !waits && inner.in_flight.first().is_none_or(|first| *first >= mark)
    }

    /// True if what was settled at this time, in milliseconds since 1970, may not be among what would be told again.
    pub(super) fn has_forgotten(&self, at_ms: i64) -> bool {
        self.inner().forgotten_ms.is_some_and(|forgotten_ms| at_ms <= forgotten_ms + ENDED_WITHIN_MS)
    }

    /// Something was not told and never will be: the ledger makes it good.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn news(outbox: &Outbox, n: u64) {
        for _ in 0..n {
            outbox.give_up(Release { lease: LeaseId(uuid::Uuid::now_v7()), now_ms: 0, undo: true });
        }
    }

    #[test]
    fn what_could_not_be_told_waits_in_its_place_and_holds_the_mark() {
        let outbox = Outbox::default();
        news(&outbox, 10);
        let mark = outbox.mark();
        news(&outbox, 2);
        assert!(!outbox.has_told(mark));
        let (first, second, third) = (outbox.take(3), outbox.take(3), outbox.take(9));
        assert_eq!([&first, &second, &third].map(|lot| lot[0].0), [0, 3, 6]);
        outbox.end(6, Vec::new());
        assert!(!outbox.has_told(mark), "two lots are on their way");
        outbox.end(0, first);
        outbox.end(3, second);
        let numbers: Vec<u64> = outbox.take(99).iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
        assert!(!outbox.has_told(mark), "the rest is on its way");
        outbox.end(0, Vec::new());
        assert!(outbox.has_told(mark));
        news(&outbox, 1);
        assert!(outbox.has_told(mark), "what comes later is not waited for");
    }

    #[test]
    fn it_is_known_what_would_not_be_told_again() {
        let outbox = Outbox::default();
        let settled_at = |now_ms, now| {
            let (lease, call) = (LeaseId(uuid::Uuid::now_v7()), LeaseId(uuid::Uuid::nil()));
            let (subjects, bind) = (Vec::new(), None);
            let settlement =
                Settlement { lease, call, at_ms: 0, now_ms, cost: 1, tokens: 0, served: true, subjects, bind };
            outbox.settle(settlement, now);
        };
        let now = crate::clock::instant();
        settled_at(1_000_000, now);
        settled_at(1_500_000, now + SETTLED_KEPT);
        assert!(!outbox.has_forgotten(1_000_000), "both would be told");
        settled_at(1_700_000, now + SETTLED_KEPT + Duration::from_secs(1));
        assert_eq!([1_000_000, 1_060_000, 1_060_001].map(|ms| outbox.has_forgotten(ms)), [true, true, false]);
    }
}
