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

#[test]
fn only_what_is_open_is_prolonged_and_never_shortened() {
    let mut breaker = broken();
    assert!(!breaker.prolong(at(30), at(10)) && breaker.prolong(at(50), at(29)));
    assert_eq!(breaker.admit(&THRESHOLDS, at(49)), Admission::Beyond);
    assert!(!breaker.prolong(at(90), at(50)), "its time has come, and a trial may be on its way");
    assert!(matches!(breaker.admit(&THRESHOLDS, at(50)), Admission::Place(_)));
    breaker.half_open();
    assert!(!breaker.prolong(at(90), at(40)));
    breaker.close();
    assert!(!breaker.prolong(at(90), at(40)) && breaker.is_calm());
}

/// What happens to it.
#[derive(Clone, Copy, Debug)]
enum Act {
    Wait(i64),
    Succeed,
    Fail(u64, u64),
    Admit,
    /// A place is given back, counted from the last one: whoever has it, or has had it.
    GiveBack(u64),
    HalfOpen,
    Prolong(i64),
    Learn(i64),
    Close,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0_i64..60).prop_map(Act::Wait),
        Just(Act::Succeed),
        (0_u64..40, 0_u64..40).prop_map(|(all, failed)| Act::Fail(all, failed.min(all))),
        Just(Act::Admit),
        (0_u64..5).prop_map(Act::GiveBack),
        Just(Act::HalfOpen),
        (1_i64..60).prop_map(Act::Prolong),
        (1_i64..60).prop_map(Act::Learn),
        Just(Act::Close),
    ]
}

/// When it opens by itself, if it may be tried already.
const TRIED: i64 = i64::MIN;

/// The same, thought of as the history since the last change of its door.
#[derive(Debug, Default)]
struct Model {
    now: i64,
    /// When it opens by itself; none if it is closed.
    opens_at: Option<i64>,
    bad: u32,
    good: u32,
    /// How many places were given out.
    n_places: u64,
    /// Those that are taken, and since when.
    taken: Vec<(u64, i64)>,
}

impl Model {
    fn open(&mut self, until: i64) {
        (self.opens_at, self.bad, self.good) = (Some(until), 0, 0);
    }

    fn close(&mut self) {
        (self.opens_at, self.bad, self.good) = (None, 0, 0);
        self.taken.clear();
    }

    fn half_open(&mut self) {
        self.opens_at = self.opens_at.and(Some(TRIED));
    }

    fn succeed(&mut self) -> Change {
        self.bad = 0;
        let Some(opens_at) = self.opens_at else { return Change::None };
        self.good += 1;
        self.half_open();
        if self.good == THRESHOLDS.successes {
            self.close();
            return Change::Closed;
        }
        if opens_at == TRIED { Change::None } else { Change::HalfOpened }
    }

    fn fail(&mut self, all: u64, failed: u64) -> Change {
        let opens = match self.opens_at {
            None => {
                self.bad += 1;
                self.bad >= THRESHOLDS.failures || (all >= RATIO_FROM && failed * 2 >= all)
            }
            Some(time) => time <= self.now,
        };
        if !opens {
            return Change::None;
        }
        self.open(self.now + 30);
        Change::Opened(at(self.now + 30))
    }

    fn admit(&mut self, places: usize) -> Admission {
        let (Some(time), now) = (self.opens_at, self.now) else { return Admission::Free };
        self.taken.retain(|(_, since)| now - since < TRIAL.num_seconds());
        if time > now || self.taken.len() >= places {
            return Admission::Beyond;
        }
        self.n_places += 1;
        self.taken.push((self.n_places, now));
        Admission::Place(self.n_places)
    }

    fn give_back(&mut self, place: u64) -> bool {
        let at = self.taken.iter().position(|(taken, _)| *taken == place);
        at.map(|at| self.taken.remove(at)).is_some()
    }

    fn prolong(&mut self, until: i64) -> bool {
        let is_longer = self.opens_at.is_some_and(|time| time > self.now && time < until);
        if is_longer {
            self.opens_at = Some(until);
        }
        is_longer
    }
}

proptest! {
    #[test]
    fn it_is_what_a_naive_model_is(places in 1_usize..4, acts in vec(act(), 0..200)) {
        let thresholds = Thresholds { trials: u32::try_from(places).unwrap(), ..THRESHOLDS };
        let (mut breaker, mut model) = (Breaker::default(), Model::default());
        for act in acts {
            let now = at(model.now);
            match act {
                Act::Wait(seconds) => model.now += seconds,
                Act::Succeed => prop_assert_eq!(breaker.success(&thresholds), model.succeed()),
                Act::Fail(all, failed) => {
                    let change = breaker.failure(&thresholds, (all, failed), now);
                    prop_assert_eq!(change, model.fail(all, failed));
                }
                Act::Admit => prop_assert_eq!(breaker.admit(&thresholds, now), model.admit(places)),
                Act::GiveBack(n) => {
                    let place = model.n_places.saturating_sub(n);
                    prop_assert_eq!(breaker.give_back(place), model.give_back(place));
                }
                Act::HalfOpen => {
                    breaker.half_open();
                    model.half_open();
                }
                Act::Prolong(seconds) => {
                    let until = model.now + seconds;
                    prop_assert_eq!(breaker.prolong(at(until), now), model.prolong(until));
                }
                Act::Learn(seconds) => {
                    breaker.open(at(model.now + seconds));
                    model.open(model.now + seconds);
                }
                Act::Close => {
                    breaker.close();
                    model.close();
                }
            }
            prop_assert_eq!(breaker.is_closed(), model.opens_at.is_none());
            prop_assert_eq!(breaker.is_calm(), model.opens_at.is_none() && model.bad == 0);
            prop_assert_eq!(breaker.has_place(&thresholds), model.taken.len() < places);
        }
    }
}
