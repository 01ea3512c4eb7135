//! What runs, and what has just ended.

use std::collections::VecDeque;

use foldhash::{HashMap, HashSet};

use super::sessions::Name;
use crate::state::{
    bucket,
    step::{LeaseId, Take},
};

/// How long a settlement is remembered, so that it is not counted again.
const SETTLED_REMEMBERED_MS: i64 = 10 * 60 * 1000;

/// Settlements that are remembered at once.
const SETTLED_MAX: usize = 100_000;

/// Calls that are remembered at once because their tokens are still to be corrected.
const CLOSED_MAX: usize = 100_000;

/// What a call or an attempt that runs has taken.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) takes: Vec<Take>,
    /// Its session, and how long that stays active afterwards.
    pub(super) session: Option<(Name, i64)>,
    pub(super) taken_ms: i64,
    pub(super) estimate: Estimate,
}

/// What became of the tokens that a call was estimated to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Estimate {
    /// They count.
    Counts,
    /// They count, but an attempt has used none: they are taken back with the call's end.
    InDoubt,
    /// They were replaced by those that were used.
    Replaced,
}

/// Leases that are held, and calls that ended before their attempts were settled.
#[derive(Debug, Default)]
pub(super) struct Leases {
    held: HashMap<LeaseId, Lease>,
    closed: HashMap<LeaseId, Lease>,
    closed_order: VecDeque<LeaseId>,
}

impl Leases {
    /// True if it is held.
    pub(super) fn holds(&self, id: LeaseId) -> bool {
        self.held.contains_key(&id)
    }

    /// Holds it from now on.
    pub(super) fn hold(&mut self, id: LeaseId, lease: Lease) {
        self.held.insert(id, lease);
    }

    /// Lets it go.
    pub(super) fn remove(&mut self, id: LeaseId) -> Option<Lease> {
        self.held.remove(&id)
    }

    /// Remembers what an ended call has estimated, as long as that counts.
    pub(super) fn close(&mut self, id: LeaseId, lease: Lease, now_ms: i64) {
        let first = bucket::first_second(now_ms);
        while let Some(oldest) = self.closed_order.front() {
            let is_needed = self.closed.get(oldest).is_some_and(|lease| bucket::second(lease.taken_ms) >= first);
            if is_needed && self.closed.len() < CLOSED_MAX {
                break;
            }
            self.closed.remove(oldest);
            self.closed_order.pop_front();
        }
        self.closed.insert(id, lease);
        self.closed_order.push_back(id);
    }

    /// What a call has estimated, whether it runs or has just ended.
    pub(super) fn call(&mut self, id: LeaseId) -> Option<(&mut Lease, bool)> {
        match self.held.get_mut(&id) {
            Some(lease) => Some((lease, true)),
            None => self.closed.get_mut(&id).map(|lease| (lease, false)),
        }
    }
}

/// Attempts that were settled in the last minutes.
#[derive(Debug, Default)]
pub(super) struct Settled {
    known: HashSet<LeaseId>,
    order: VecDeque<(i64, LeaseId)>,
}

impl Settled {
    /// Remembers it. False if it was settled before.
    pub(super) fn insert(&mut self, id: LeaseId, now_ms: i64) -> bool {
        if !self.known.insert(id) {
            return false;
        }
        self.order.push_back((now_ms, id));
        while let Some((at_ms, oldest)) = self.order.front() {
            if *at_ms > now_ms - SETTLED_REMEMBERED_MS && self.order.len() <= SETTLED_MAX {
                break;
            }
            self.known.remove(oldest);
            self.order.pop_front();
        }
        true
    }
}
