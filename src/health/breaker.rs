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

    /// If it is open, it is so until then at least. True if that has changed something.
    pub(super) fn prolong(&mut self, until: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let is_longer = matches!(self.phase, Phase::Open(end) if end > now && end < until);
        if is_longer {
            self.phase = Phase::Open(until);
        }
        is_longer
    }

    /// All may pass again.
    pub(super) fn close(&mut self) {
        *self = Self { n_places: self.n_places, ..Self::default() };
    }
}

#[cfg(test)]
mod tests;
