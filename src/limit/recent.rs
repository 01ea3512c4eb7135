//! How much models have lately written: what a soft reservation expects of the next answer.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Models that are remembered.
const MODELS_MAX: usize = 4_096;

/// The part of the newest answer in the mean: one in so many.
const WEIGHT: u64 = 8;

/// Means are kept in parts of a token, so that they do not stick beside what is written.
const PARTS: u64 = 256;

/// The running mean of output tokens, by model.
#[derive(Debug, Default)]
pub struct RecentOutput(Mutex<HashMap<String, u64>>);

impl RecentOutput {
    /// The mean of what `model` has lately written, in tokens; none without history.
    pub fn of(&self, model: &str) -> Option<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(model).map(|mean| (mean + PARTS / 2) / PARTS)
    }

    /// An answer of `model` had so many tokens.
    pub fn note(&self, model: &str, tokens: u64) {
        let mut means = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = tokens.saturating_mul(PARTS);
        if let Some(mean) = means.get_mut(model) {
            *mean = (*mean).saturating_mul(WEIGHT - 1).saturating_add(parts) / WEIGHT;
        } else if means.len() < MODELS_MAX {
            means.insert(model.to_owned(), parts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_follows_what_is_written() {
        let recent = RecentOutput::default();
        assert_eq!(recent.of("a"), None);
        recent.note("a", 800);
        assert_eq!(recent.of("a"), Some(800));
        recent.note("a", 0);
        assert_eq!(recent.of("a"), Some(700));
        for _ in 0..200 {
            recent.note("a", 70);
        }
        assert_eq!((recent.of("a"), recent.of("b")), (Some(70), None));
    }
}
