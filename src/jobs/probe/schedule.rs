//! Who is to be asked next? Pure: the time is passed in.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::{Duration, Instant},
};

use crate::domain::id::ProviderId;

/// Probes at the same time.
const AT_ONCE: usize = 16;

/// Models of one provider that are asked for within one interval: names of models come from callers.
const MODELS_MAX: usize = 8;

/// Whom to ask, and for which model as it is sent there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub(super) provider_id: ProviderId,
    pub(super) model_sent: String,
}

/// What is known of a target.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// It was asked then, or it was seen for the first time: what has put it on hold has asked it just before.
    since: Instant,
    was_asked: bool,
    /// It is being asked, at most until then.
    busy_until: Option<Instant>,
}

impl Known {
    fn is_busy(&self, now: Instant) -> bool {
        self.busy_until.is_some_and(|until| now < until)
    }
}

/// When each target was asked last, and who is being asked.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    known: BTreeMap<Target, Known>,
}

impl Schedule {
    /// Takes in who is on hold, and gives whom to ask now: whoever was not for an `interval`, the longest first, as far
    /// as there is room. They count as being asked until they are [`over`](Self::over), at most for `patience`.
    pub(super) fn due(
        &mut self,
        targets: &BTreeSet<Target>,
        (interval, patience): (Duration, Duration),
        now: Instant,
    ) -> Vec<Target> {
        self.known.retain(|target, known| known.is_busy(now) || targets.contains(target));
        for target in targets {
            let fresh = Known { since: now, was_asked: false, busy_until: None };
            self.known.entry(target.clone()).or_insert(fresh);
        }
        let mut n_busy = 0;
        let mut of_provider: HashMap<ProviderId, usize> = HashMap::new();
        let mut waiting = Vec::new();
        for (target, known) in &self.known {
            let is_recent = now.duration_since(known.since) < interval;
            n_busy += usize::from(known.is_busy(now));
            if known.is_busy(now) || (known.was_asked && is_recent) {
                *of_provider.entry(target.provider_id).or_default() += 1;
            } else if !is_recent && targets.contains(target) {
                waiting.push((known.since, target.clone()));
            }
        }
        waiting.sort();
        let mut due = Vec::new();
        for (_, target) in waiting {
            let n_asked = of_provider.entry(target.provider_id).or_default();
            if n_busy + due.len() < AT_ONCE && *n_asked < MODELS_MAX {
                *n_asked += 1;
                let asked = Known { since: now, was_asked: true, busy_until: Some(now + patience) };
                self.known.insert(target.clone(), asked);
                due.push(target);
            }
        }
        due
    }

    /// A target has been asked.
    pub(super) fn over(&mut self, target: &Target) {
        if let Some(known) = self.known.get_mut(target) {
            known.busy_until = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// An interval of 30 s, and as much patience.
    const TIMES: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(30));

    fn target(id: i64, model: usize) -> Target {
        Target { provider_id: ProviderId(id), model_sent: format!("m{model:03}") }
    }

    #[test]
    fn whoever_is_on_hold_is_asked_once_in_an_interval() {
        let (mut schedule, start) = (Schedule::default(), crate::clock::instant());
        let one = BTreeSet::from([target(1, 1)]);
        let mut asked = Vec::new();
        for second in 0..120 {
            for target in schedule.due(&one, TIMES, start + second * SECOND) {
                schedule.over(&target);
                asked.push(second);
            }
        }
        assert_eq!(asked, [30, 60, 90]);
        // Well, and ill again: what has put it on hold has asked it.
        assert!(schedule.due(&BTreeSet::new(), TIMES, start + 120 * SECOND).is_empty());
        assert!(schedule.due(&one, TIMES, start + 121 * SECOND).is_empty());
        assert_eq!(schedule.due(&one, TIMES, start + 151 * SECOND), [target(1, 1)]);
    }

    #[test]
    fn those_that_are_silent_keep_nobody_else_from_being_asked() {
        let (mut schedule, start) = (Schedule::default(), crate::clock::instant());
        let all: BTreeSet<Target> = (1..=10).map(|id| target(id, 1)).collect();
        let mut asked: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        for second in 0..100 {
            for target in schedule.due(&all, TIMES, start + second * SECOND) {
                asked.entry(target.provider_id.0).or_default().push(second);
                // The others never answer, and nobody tells that they are over.
                if target.provider_id.0 == 10 {
                    schedule.over(&target);
                }
            }
        }
        assert!(asked.values().all(|times| *times == [30, 60, 90]), "{asked:?}");
    }

    #[test]
    fn many_models_take_turns_and_are_bounded() {
        let (mut schedule, start) = (Schedule::default(), crate::clock::instant());
        let all: BTreeSet<Target> = (0..20).map(|model| target(1, model)).collect();
        let mut asked: BTreeMap<Target, u32> = BTreeMap::new();
        for second in 0..=120 {
            let due = schedule.due(&all, TIMES, start + second * SECOND);
            assert!(due.len() <= MODELS_MAX);
            for target in due {
                schedule.over(&target);
                *asked.entry(target).or_default() += 1;
            }
        }
        // Four intervals with room for eight each.
        assert_eq!(asked.values().sum::<u32>(), 32);
        assert!(asked.len() == 20 && asked.values().all(|n| (1..=2).contains(n)), "{asked:?}");
        let providers: BTreeSet<Target> = (1..=40).map(|id| target(id, 1)).collect();
        let mut schedule = Schedule::default();
        schedule.due(&providers, TIMES, start);
        assert_eq!(schedule.due(&providers, TIMES, start + 30 * SECOND).len(), AT_ONCE);
    }
}
