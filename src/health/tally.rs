//! How often something happened in the last minute, counted without a lock.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};

/// Seconds of one step.
const STEP_S: i64 = 5;

/// Steps that are kept: a minute.
const STEPS: u64 = 12;

/// Counts by steps of five seconds. A count leaves when its step is a minute old.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// The number of the step in the upper half, the count in the lower one.
    steps: [AtomicU64; 12],
}

impl Tally {
    /// Counts one.
    pub(super) fn add(&self, now: DateTime<Utc>) {
        let step = number(now);
        let index = usize::try_from(step % STEPS).unwrap_or_default();
        let Some(slot) = self.steps.get(index) else { return };
        let counted = |held: u64| {
            let (of, n) = (held >> 32, held & u64::from(u32::MAX));
            Some(if of == step { (of << 32) | (n + 1).min(u32::MAX.into()) } else { (step << 32) | 1 })
        };
        // The closure always has an answer.
        let _ = slot.fetch_update(Ordering::Relaxed, Ordering::Relaxed, counted);
    }

    /// The sum of the steps that are not a minute old.
    pub(super) fn sum(&self, now: DateTime<Utc>) -> u64 {
        let step = number(now);
        let first = step.saturating_sub(STEPS - 1);
        let held = self.steps.iter().map(|slot| slot.load(Ordering::Relaxed));
        held.filter(|held| (first..=step).contains(&(held >> 32))).map(|held| held & u64::from(u32::MAX)).sum()
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        for slot in &self.steps {
            slot.store(0, Ordering::Relaxed);
        }
    }
}

/// The number of the step that `now` lies in.
fn number(now: DateTime<Utc>) -> u64 {
    u64::try_from(now.timestamp() / STEP_S).unwrap_or_default() & u64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn it_counts_as_a_list_of_times_would(steps in vec(0_i64..30_000, 0..200)) {
            let tally = Tally::default();
            let mut now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
            let mut times = Vec::new();
            for ms in steps {
                now += TimeDelta::milliseconds(ms);
                tally.add(now);
                times.push(number(now));
                let recent = times.iter().filter(|step| **step + 12 > number(now)).count();
                prop_assert_eq!(tally.sum(now), u64::try_from(recent).unwrap());
            }
            tally.clear();
            prop_assert_eq!(tally.sum(now), 0);
        }
    }
}
