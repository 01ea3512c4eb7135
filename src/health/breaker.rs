//! The circuit breaker of one provider: a pure state machine (docs/rules.md, Holds). Time is passed in.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{provider::Provider, settings::Settings};

/// A trial whose end nobody told is over by then.
pub(super) const TRIAL: TimeDelta = TimeDelta::minutes(2);

/// Attempts of the last minute from which on their ratio counts.
const RATIO_FROM: u64 = 20;

/// When it opens and closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Failures in a row that open it; 0 for never.
    pub failures: u32,
    /// How long it stays open.
    pub open: TimeDelta,
    /// Successes that close it.
    pub successes: u32,
    /// Calls that may try at a time while it is half-open.
    pub trials: u32,
}

impl From<&Settings> for Thresholds {
    /// Those of providers that say nothing else.
    fn from(settings: &Settings) -> Self {
        Self {
            failures: settings.breaker_failures,
            open: TimeDelta::seconds(settings.breaker_open_s.into()),
            successes: settings.breaker_successes,
            trials: settings.breaker_trials,
        }
    }
}

impl Default for Thresholds {
    fn default() -> Self {
        Self::from(&Settings::default())
    }
}

impl Thresholds {
    /// The same, but for what a provider's own fields say.
    #[must_use]
    pub fn of(self, provider: &Provider) -> Self {
        Self {
            failures: provider.breaker_failures.unwrap_or(self.failures),
            open: provider.breaker_open_s.map_or(self.open, |seconds| TimeDelta::seconds(seconds.into())),
            successes: provider.breaker_successes.unwrap_or(self.successes),
            ..self
        }
    }
}

/// Where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// All may pass.
    #[default]
    Closed,
    /// Nobody should pass before this time; from then on it is half-open.
    Open(DateTime<Utc>),
    /// A few may try.
    HalfOpen,
}

/// What an outcome changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing that others see.
    None,
    /// It is open until then.
    Opened(DateTime<Utc>),
    /// It was open and may be tried now.
    HalfOpened,
    /// It is closed.
    Closed,
}

/// What a call gets that wants to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It is closed: nothing is at stake.
    Free,
    /// A place for a trial: to be given back.
    Place(u64),
    /// It is open, or every place is taken: only as a last resort.
    Beyond,
}

/// The circuit breaker of one provider.
#[derive(Clone, Debug, Default)]
pub(super) struct Breaker {
    phase: Phase,
    /// Failures since the last success, while it is closed.
    in_a_row: u32,
    /// Successes since it is half-open.
    successes: u32,
    /// Places that are taken, and since when.
    trials: Vec<(u64, DateTime<Utc>)>,
    n_places: u64,
}

impl Breaker {
    /// True if a success would change nothing.
    pub(super) fn is_calm(&self) -> bool {
        self.phase == Phase::Closed && self.in_a_row == 0
    }

    /// True if it is closed.
    pub(super) fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// True if its time has come and it is to be tried.
    fn is_half_open(&self, now: DateTime<Utc>) -> bool {
        match self.phase {
            Phase::Closed => false,
            Phase::Open(until) => until <= now,
            Phase::HalfOpen => true,
        }
    }

    /// Somebody wants to pass.
    pub(super) fn admit(&mut self, thresholds: &Thresholds, now: DateTime<Utc>) -> Admission {
        if self.is_closed() {
            return Admission::Free;
        }
        self.trials.retain(|(_, since)| now - *since < TRIAL);
        if !self.is_half_open(now) || !self.has_place(thresholds) {
            return Admission::Beyond;
        }
        self.n_places += 1;
        self.trials.push((self.n_places, now));
        Admission::Place(self.n_places)
    }

    /// A trial is over, whatever came of it. True if that has freed a place.
    pub(super) fn give_back(&mut self, place: u64) -> bool {
        let n_taken = self.trials.len();
        self.trials.retain(|(taken, _)| *taken != place);
        self.trials.len() < n_taken
    }

    /// True if another call may try.
    pub(super) fn has_place(&self, thresholds: &Thresholds) -> bool {
        self.trials.len() < usize::try_from(thresholds.trials).unwrap_or(usize::MAX)
    }

    /// An attempt succeeded. One that succeeds while it is open shows that it may be tried.
    pub(super) fn success(&mut self, thresholds: &Thresholds) -> Change {
        if self.is_closed() {
            self.in_a_row = 0;
            return Change::None;
        }
        self.successes += 1;
        if self.successes >= thresholds.successes {
            self.close();
            return Change::Closed;
        }
        if std::mem::replace(&mut self.phase, Phase::HalfOpen) == Phase::HalfOpen {
            Change::None
        } else {
            Change::HalfOpened
        }
    }

    /// An attempt failed. `lately` are all attempts of the last minute and those of them that failed, this one too. A
    /// failure while it is open does not prolong that.
    pub(super) fn failure(&mut self, thresholds: &Thresholds, lately: (u64, u64), now: DateTime<Utc>) -> Change {
        if thresholds.failures == 0 {
            return Change::None;
        }
        let opens = match self.phase {
            Phase::Closed => {
                self.in_a_row += 1;
                let (all, failed) = lately;
                self.in_a_row >= thresholds.failures || (all >= RATIO_FROM && failed * 2 >= all)
            }
            Phase::Open(_) | Phase::HalfOpen => self.is_half_open(now),
        };
        if !opens {
            return Change::None;
        }
        let until = now + thresholds.open;
        self.open(until);
        Change::Opened(until)
    }

    /// It is open until then.
    pub(super) fn open(&mut self, until: DateTime<Utc>) {
        let trials = std::mem::take(&mut self.trials);
        *self = Self { phase: Phase::Open(until), trials, n_places: self.n_places, ..Self::default() };
    }

    /// It may be tried from now on, if it is open.
    pub(super) fn half_open(&mut self) {
        if matches!(self.phase, Phase::Open(_)) {
            self.phase = Phase::HalfOpen;
        }
    }

    /// All may pass again.
    pub(super) fn close(&mut self) {
        *self = Self { n_places: self.n_places, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const THRESHOLDS: Thresholds = Thresholds { failures: 3, open: TimeDelta::seconds(30), successes: 2, trials: 1 };

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn broken() -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..2 {
            assert_eq!(breaker.failure(&THRESHOLDS, (0, 0), at(0)), Change::None);
        }
        assert_eq!(breaker.failure(&THRESHOLDS, (0, 0), at(0)), Change::Opened(at(30)));
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_not_before() {
        let mut breaker = Breaker::default();
        breaker.failure(&THRESHOLDS, (2, 2), at(0));
        breaker.failure(&THRESHOLDS, (2, 2), at(0));
        assert!(!breaker.is_calm());
        breaker.success(&THRESHOLDS);
        assert!(breaker.is_calm());
        assert!(!broken().is_closed());
    }

    #[test]
    fn it_opens_when_half_of_enough_attempts_fail() {
        for (lately, opens) in [((19, 19), false), ((20, 9), false), ((20, 10), true), ((1_000, 499), false)] {
            let change = Breaker::default().failure(&THRESHOLDS, lately, at(0));
            assert_eq!(change != Change::None, opens, "{lately:?}");
        }
    }

    #[test]
    fn half_open_it_lets_one_try_at_a_time() {
        let mut breaker = broken();
        assert_eq!(breaker.admit(&THRESHOLDS, at(29)), Admission::Beyond);
        let Admission::Place(place) = breaker.admit(&THRESHOLDS, at(30)) else { panic!("its time has come") };
        assert_eq!(breaker.admit(&THRESHOLDS, at(31)), Admission::Beyond);
        breaker.give_back(place);
        assert!(matches!(breaker.admit(&THRESHOLDS, at(31)), Admission::Place(_)));
        // One that nobody gave back does not keep it for ever.
        assert_eq!(breaker.admit(&THRESHOLDS, at(31) + TRIAL - TimeDelta::seconds(1)), Admission::Beyond);
        assert!(matches!(breaker.admit(&THRESHOLDS, at(31) + TRIAL), Admission::Place(_)));
        assert_eq!(Breaker::default().admit(&THRESHOLDS, at(0)), Admission::Free);
    }

    #[test]
    fn as_many_may_try_at_a_time_as_there_are_places() {
        let (mut breaker, three) = (broken(), Thresholds { trials: 3, ..THRESHOLDS });
        for _ in 0..3 {
            assert!(breaker.has_place(&three));
            assert!(matches!(breaker.admit(&three, at(30)), Admission::Place(_)));
        }
        assert!(!breaker.has_place(&three));
        assert_eq!(breaker.admit(&three, at(30)), Admission::Beyond);
        breaker.give_back(2);
        assert_eq!(breaker.admit(&three, at(30)), Admission::Place(4));
    }

    #[test]
    fn a_provider_says_otherwise_only_in_what_it_names() {
        let usual = Thresholds::default();
        assert_eq!((usual.failures, usual.open, usual.successes, usual.trials), (5, TimeDelta::minutes(30), 2, 1));
        let fields = serde_json::json!({"breaker_open_s": 60});
        let own = usual.of(&crate::health::tests::provider(&fields));
        assert_eq!(own, Thresholds { open: TimeDelta::seconds(60), ..usual });
    }

    #[test]
    fn successes_close_it_and_a_failure_opens_it_again() {
        let mut breaker = broken();
        assert_eq!(breaker.success(&THRESHOLDS), Change::HalfOpened);
        assert_eq!(breaker.success(&THRESHOLDS), Change::Closed);
        let mut breaker = broken();
        assert_eq!(breaker.failure(&THRESHOLDS, (0, 0), at(5)), Change::None, "open, and not prolonged");
        assert_eq!(breaker.failure(&THRESHOLDS, (0, 0), at(40)), Change::Opened(at(70)));
        breaker.half_open();
        assert_eq!(breaker.success(&THRESHOLDS), Change::None);
        assert_eq!(breaker.failure(&THRESHOLDS, (0, 0), at(41)), Change::Opened(at(71)));
        let off = Thresholds { failures: 0, ..THRESHOLDS };
        assert_eq!(Breaker::default().failure(&off, (100, 100), at(0)), Change::None);
    }

    /// What happens to it.
    #[derive(Clone, Copy, Debug)]
    enum Act {
        Wait(i64),
        Succeed,
        Fail(u64, u64),
        Admit,
        GiveBack,
        Learn(i64),
        Close,
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            (0_i64..40).prop_map(Act::Wait),
            Just(Act::Succeed),
            (0_u64..40, 0_u64..40).prop_map(|(all, failed)| Act::Fail(all, failed.min(all))),
            Just(Act::Admit),
            Just(Act::GiveBack),
            (1_i64..60).prop_map(Act::Learn),
            Just(Act::Close),
        ]
    }

    /// The same, thought of as the history since the last change of its door.
    #[derive(Default)]
    struct Model {
        /// When it opens by itself; none if it is closed.
        opens_at: Option<i64>,
        bad: u32,
        good: u32,
        taken: Option<(u64, i64)>,
    }

    proptest! {
        #[test]
        fn it_is_what_a_naive_model_is(acts in vec(act(), 0..200)) {
            let (mut breaker, mut model, mut now) = (Breaker::default(), Model::default(), 0_i64);
            for act in acts {
                match act {
                    Act::Wait(seconds) => now += seconds,
                    Act::Succeed => {
                        breaker.success(&THRESHOLDS);
                        model.bad = 0;
                        if model.opens_at.is_some() {
                            model.good += 1;
                            model.opens_at = Some(i64::MIN);
                        }
                        if model.good == 2 {
                            model = Model::default();
                        }
                    }
                    Act::Fail(all, failed) => {
                        let change = breaker.failure(&THRESHOLDS, (all, failed), at(now));
                        let opens = match model.opens_at {
                            None => {
                                model.bad += 1;
                                model.bad >= 3 || (all >= 20 && failed * 2 >= all)
                            }
                            Some(time) => time <= now,
                        };
                        prop_assert_eq!(change, if opens { Change::Opened(at(now + 30)) } else { Change::None });
                        if opens {
                            model = Model { opens_at: Some(now + 30), taken: model.taken, ..Model::default() };
                        }
                    }
                    Act::Admit => {
                        let expired = model.taken.is_some_and(|(_, since)| now - since >= TRIAL.num_seconds());
                        let free = model.taken.is_none() || expired;
                        match (breaker.admit(&THRESHOLDS, at(now)), model.opens_at) {
                            (Admission::Free, None) => {}
                            (Admission::Place(place), Some(time)) if time <= now && free => model.taken = Some((place, now)),
                            (Admission::Beyond, Some(time)) if time > now || !free => {
                                if expired {
                                    model.taken = None;
                                }
                            }
                            (admission, _) => prop_assert!(false, "{:?}", admission),
                        }
                    }
                    Act::GiveBack => {
                        if let Some((place, _)) = model.taken.take() {
                            breaker.give_back(place);
                        }
                    }
                    Act::Learn(seconds) => {
                        breaker.open(at(now + seconds));
                        model = Model { opens_at: Some(now + seconds), taken: model.taken, ..Model::default() };
                    }
                    Act::Close => {
                        breaker.close();
                        model = Model::default();
                    }
                }
                prop_assert_eq!(breaker.is_closed(), model.opens_at.is_none());
                prop_assert_eq!(breaker.is_calm(), model.opens_at.is_none() && model.bad == 0);
            }
        }
    }
}
