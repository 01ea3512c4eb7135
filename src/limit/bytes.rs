//! Memory for request bodies.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Counts the bytes of request bodies that are held at once.
#[derive(Clone, Debug, Default)]
pub struct ByteBudget(Arc<AtomicU64>);

/// Bytes that were taken; they are given back when it is dropped.
#[derive(Debug)]
pub struct HeldBytes {
    budget: ByteBudget,
    n_bytes: u64,
}

impl ByteBudget {
    /// Begins with nothing.
    pub fn hold(&self) -> HeldBytes {
        HeldBytes { budget: self.clone(), n_bytes: 0 }
    }

    /// Bytes that are held now.
    pub fn held(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl HeldBytes {
    /// Takes `more` bytes. False, and nothing is taken, if all together would exceed `bytes_max`.
    pub fn take(&mut self, more: u64, bytes_max: u64) -> bool {
        let before = self.budget.0.fetch_add(more, Ordering::Relaxed);
        let fits = before.saturating_add(more) <= bytes_max;
        if fits {
            self.n_bytes += more;
        } else {
            self.budget.0.fetch_sub(more, Ordering::Relaxed);
        }
        fits
    }
}

impl Drop for HeldBytes {
    fn drop(&mut self) {
        self.budget.0.fetch_sub(self.n_bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_given_back() {
        let budget = ByteBudget::default();
        let (mut a, mut b) = (budget.hold(), budget.hold());
        assert!(a.take(60, 100) && a.take(10, 100));
        assert!(!b.take(31, 100) && b.take(30, 100));
        drop(a);
        assert_eq!(budget.held(), 30);
        drop(b);
        assert_eq!(budget.held(), 0);
    }
}
