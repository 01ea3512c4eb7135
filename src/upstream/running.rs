//! An attempt that runs, and how far it has come: whoever drops its work still has this, and with it what the provider has
//! reported so far.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{
    domain::attempt::Attempt,
    wire::{gate::Gate, tap::Tap},
};

/// An attempt that runs.
#[derive(Debug)]
pub struct Running {
    /// What is known of it.
    pub attempt: Attempt,
    /// What has come of a stream that is held back.
    pub(super) gate: Gate,
    is_sent: Arc<AtomicBool>,
}

impl Running {
    /// Nothing of its request has left.
    pub fn new(attempt: Attempt) -> Self {
        Self { attempt, gate: Gate::default(), is_sent: Arc::default() }
    }

    /// What becomes true once all of its request has left.
    pub(super) fn is_sent(&self) -> Arc<AtomicBool> {
        self.is_sent.clone()
    }

    /// True if the provider may be at work, and bill it, although nobody waits for what comes of it: it has the whole
    /// request, and has not answered with an error (docs/rules.md, Ledger).
    pub(super) fn may_be_billed(&self) -> bool {
        let may_be_served = self.attempt.status.is_none_or(|status| (200..300).contains(&status));
        may_be_served && self.is_sent.load(Ordering::Relaxed)
    }

    /// Its work was dropped: what it is to be settled by, which is what the provider has reported, or nothing seen if it
    /// may be billed all the same; none if it cost nothing (docs/rules.md, Ledger).
    pub fn cut(&mut self) -> Option<Tap> {
        let seen = std::mem::take(&mut self.gate).tap;
        (seen.has_report() || self.may_be_billed()).then_some(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::usage::TokenSource;

    #[test]
    fn only_what_has_left_and_was_not_refused_may_be_billed() {
        let mut running = Running::new(Attempt::default());
        assert!(!running.may_be_billed(), "nothing has left");
        running.is_sent().store(true, Ordering::Relaxed);
        for (status, may_be) in [(None, true), (Some(200), true), (Some(302), false), (Some(529), false)] {
            running.attempt.status = status;
            assert_eq!(running.may_be_billed(), may_be, "{status:?}");
        }
    }

    #[test]
    fn what_was_reported_is_settled_although_the_work_was_dropped() {
        let mut running = Running::new(Attempt::default());
        assert_eq!(running.cut(), None, "nothing has left, nothing was reported");
        running.is_sent().store(true, Ordering::Relaxed);
        assert_eq!(running.cut(), Some(Tap::default()));
        let start =
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":7}}}\n\n";
        assert_eq!(running.gate.push(start.as_bytes()), None, "it is held back");
        let (usage, source) = running.cut().unwrap_or_default().settle(1_000);
        assert_eq!((usage.input, source), (7, TokenSource::Partial));
    }
}
