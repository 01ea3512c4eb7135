//! What a call or an attempt holds of the limits, as a value that gives itself back.

use std::sync::atomic::{AtomicBool, Ordering};

use super::parking::Parking;
use crate::{
    clock,
    domain::id::ProviderId,
    state::{
        State,
        step::{LeaseId, Release},
    },
};

/// What is held. Released once: when it is told to, when it is undone, or when it is dropped; also by a panic.
#[derive(Debug)]
pub struct Lease {
    state: State,
    id: LeaseId,
    is_over: AtomicBool,
    /// Whose place is free then, and who waits for it.
    frees: Option<(Parking, ProviderId)>,
}

impl Lease {
    /// Made before the step that takes it is asked for: if nobody waits for the answer, it is still given back.
    pub const fn new(state: State, id: LeaseId) -> Self {
        Self { state, id, is_over: AtomicBool::new(false), frees: None }
    }

    /// It was taken, and holds a place at this provider: who waits for one is told when it is given back.
    #[must_use]
    pub fn freeing(mut self, parking: Parking, provider_id: ProviderId) -> Self {
        self.frees = Some((parking, provider_id));
        self
    }

    /// Its id.
    pub const fn id(&self) -> LeaseId {
        self.id
    }

    /// Gives back what runs: places and reservations. What counted as used stays so.
    pub fn release(&self) {
        self.end(false);
    }

    /// Gives back everything, as if it had never been taken: a rejected call uses nothing.
    pub fn undo(&self) {
        self.end(true);
    }

    /// It was settled, which has given it back.
    pub fn settled(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.tell();
    }

    fn end(&self, undo: bool) {
        if !self.is_over.swap(true, Ordering::Relaxed) {
            self.state.release(Release { lease: self.id, now_ms: clock::now().timestamp_millis(), undo });
            self.tell();
        }
    }

    fn tell(&self) {
        if let Some((parking, provider_id)) = &self.frees {
            parking.wake(Some(*provider_id));
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.release();
    }
}
