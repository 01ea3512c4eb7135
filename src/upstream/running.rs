//! An attempt that runs, and how far it has come: whoever drops its work still has this.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::domain::attempt::Attempt;

/// An attempt that runs.
#[derive(Debug)]
pub struct Running {
    /// What is known of it.
    pub attempt: Attempt,
    is_sent: Arc<AtomicBool>,
}

impl Running {
    /// Nothing of its request has left.
    pub fn new(attempt: Attempt) -> Self {
        Self { attempt, is_sent: Arc::default() }
    }

    /// What becomes true once all of its request has left.
    pub(super) fn is_sent(&self) -> Arc<AtomicBool> {
        self.is_sent.clone()
    }

    /// True if the provider may be at work, and bill it, although nobody waits for what comes of it: it has the whole
    /// request, and has not answered with an error (docs/rules.md, Ledger).
    pub fn may_be_billed(&self) -> bool {
        let may_be_served = self.attempt.status.is_none_or(|status| (200..300).contains(&status));
        may_be_served && self.is_sent.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
