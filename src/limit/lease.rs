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

#[cfg(test)]
mod tests {
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        sync::Arc,
    };

    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{id::KeyId, limit::Subject},
        state::step::{Answer, Check, Step, Take},
    };

    /// A place of a key that has one, and some of its money.
    fn place(lease: LeaseId) -> Step {
        let subject = Subject::Key(KeyId(1));
        Step {
            lease,
            now_ms: 1_000,
            checks: vec![Check::Requests { subject, limit: 1 }],
            takes: vec![Take { subject, reset_ms: 0, request: true, session: false, rate: None, money: 5 }],
            session: None,
            cacheable: 0,
        }
    }

    #[tokio::test]
    async fn a_panic_gives_back_what_was_held() {
        let state = State::Memory(Arc::default());
        let fresh = || LeaseId(Uuid::now_v7());
        let held = Lease::new(state.clone(), fresh());
        assert!(matches!(state.take(place(held.id())).await, Ok(Answer::Taken(_))));
        assert!(matches!(state.take(place(fresh())).await, Ok(Answer::Refused(_))));
        let unwound: std::thread::Result<()> =
            catch_unwind(AssertUnwindSafe(move || panic!("while {:?} is held", held.id())));
        assert!(unwound.is_err());
        let usage = state.usage(Subject::Key(KeyId(1)), &[], 1_000).await.unwrap();
        assert_eq!((usage.requests, usage.reserved), (0, 0));
        assert!(matches!(state.take(place(fresh())).await, Ok(Answer::Taken(_))));
    }
}
