//! One subject's money: buckets, sums of windows that are kept up to date, and what is reserved.

use std::collections::{BTreeMap, VecDeque};

use crate::{
    domain::limit::Limited,
    state::{
        bucket::{
            self, FIVE_HOURS_MS, MINUTE_MS, MINUTES_KEPT_MS, QUARTER_MS, QUARTERS_KEPT_MS, RECENT_KEPT_MS, RECENT_MAX,
        },
        step::{Span, Sums},
    },
};

/// Room for so many settlements is not given back.
const SPARE_MIN: usize = 16;

/// A length of buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Minute,
    Quarter,
}

/// The sum of a window, as it was asked for last. It is moved on instead of being added up again.
#[derive(Clone, Copy, Debug)]
struct Window {
    limited: Limited,
    unit: Unit,
    from: i64,
    sum: i64,
}

/// What was settled and what is reserved, in nano-dollars.
#[derive(Debug, Default)]
pub(super) struct Money {
    /// What calls that run have reserved. It counts in every window.
    pub(super) reserved: i64,
    reset_ms: i64,
    total: i64,
    minutes: BTreeMap<i64, i64>,
    quarters: BTreeMap<i64, i64>,
    windows: Vec<Window>,
    /// When the calls of the latest settlements began, and what each has cost, in the order in which they came.
    recent: VecDeque<(i64, i64)>,
    five_hours_ms: Option<i64>,
    /// The end of the fixed five hours before these: they cannot begin earlier.
    five_hours_after_ms: i64,
}

impl Money {
    /// Forgets what calls have cost that began before a reset, if the last one that is known is older. A reset is heard of
    /// after it was made: what has begun and ended meanwhile stays.
    pub(super) fn reset(&mut self, reset_ms: i64) {
        if reset_ms <= self.reset_ms {
            return;
        }
        self.reset_ms = reset_ms;
        let recent = std::mem::take(&mut self.recent);
        self.forget();
        for (at_ms, cost) in recent.into_iter().filter(|(at_ms, _)| *at_ms >= reset_ms) {
            self.count(cost, at_ms);
        }
    }

    /// Forgets what was settled.
    pub(super) fn forget(&mut self) {
        *self = Self { reserved: self.reserved, reset_ms: self.reset_ms, ..Self::default() };
    }

    /// Replaces what was settled by what the ledger says. Sums of before the last reset change nothing.
    pub(super) fn load(&mut self, sums: Sums) {
        if sums.reset_ms < self.reset_ms {
            return;
        }
        *self = Self {
            reserved: self.reserved,
            reset_ms: sums.reset_ms,
            total: sums.total,
            minutes: sums.minutes.into_iter().collect(),
            quarters: sums.quarters.into_iter().collect(),
            windows: Vec::new(),
            recent: VecDeque::new(),
            five_hours_ms: sums.five_hours_ms.map(|ms| bucket::minute(ms) * MINUTE_MS),
            five_hours_after_ms: 0,
        };
    }

    /// Reserves `amount`; the first one starts the fixed five hours if none run.
    pub(super) fn reserve(&mut self, amount: i64, now_ms: i64) {
        if amount <= 0 {
            return;
        }
        self.reserved = self.reserved.saturating_add(amount);
        self.begin_five_hours(now_ms);
    }

    /// Counts `cost` where the call began, unless that was before the last reset.
    pub(super) fn settle(&mut self, cost: i64, at_ms: i64, now_ms: i64) {
        if cost == 0 || at_ms < self.reset_ms {
            return;
        }
        self.count(cost, at_ms);
        self.prune(now_ms);
    }

    fn count(&mut self, cost: i64, at_ms: i64) {
        let (minute, quarter) = (bucket::minute(at_ms), bucket::quarter(at_ms));
        self.total = self.total.saturating_add(cost);
        *self.minutes.entry(minute).or_default() += cost;
        *self.quarters.entry(quarter).or_default() += cost;
        for window in &mut self.windows {
            let bucket = if window.unit == Unit::Minute { minute } else { quarter };
            if bucket >= window.from {
                window.sum += cost;
            }
        }
        if self.recent.len() >= RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back((at_ms, cost));
        self.begin_five_hours(at_ms);
    }

    /// A call that is settled counts in the minute in which it began, which may lie before the one in which it was
    /// admitted: then the five hours have begun with it.
    fn begin_five_hours(&mut self, at_ms: i64) {
        let at_ms = bucket::minute(at_ms) * MINUTE_MS;
        match self.five_hours_ms {
            Some(start) if at_ms >= start + FIVE_HOURS_MS => {
                self.five_hours_after_ms = start + FIVE_HOURS_MS;
                self.five_hours_ms = Some(at_ms);
            }
            Some(start) if at_ms < start && at_ms >= self.five_hours_after_ms => self.five_hours_ms = Some(at_ms),
            Some(_) => {}
            None => self.five_hours_ms = Some(at_ms),
        }
    }

    /// When the fixed five hours began in which a moment lies, if it lies in any. Of those that have ended only the last
    /// ones are known: whatever is older counts with them.
    pub(super) fn five_hours(&self, at_ms: i64) -> Option<i64> {
        if at_ms < self.five_hours_after_ms {
            return Some(self.five_hours_after_ms - FIVE_HOURS_MS);
        }
        self.five_hours_ms.filter(|start| at_ms < start + FIVE_HOURS_MS)
    }

    /// When they end.
    pub(super) fn five_hours_end(&self, at_ms: i64) -> Option<i64> {
        self.five_hours(at_ms).map(|start_ms| start_ms + FIVE_HOURS_MS)
    }

    /// What is settled in a window. Moves its sum on, so the next one is cheap.
    pub(super) fn settled(&mut self, window: Limited, span: Span) -> i64 {
        match span {
            Span::All => self.total,
            Span::Minutes(from) => self.sum(window, Unit::Minute, from),
            Span::Quarters(from) => self.sum(window, Unit::Quarter, from),
            Span::FiveHoursFixed(at_ms) => {
                self.five_hours(at_ms).map_or(0, |start_ms| self.sum(window, Unit::Minute, bucket::minute(start_ms)))
            }
        }
    }

    /// What is settled in a span, and when its first bucket that is not empty begins.
    pub(super) fn look(&self, span: Span) -> (i64, Option<i64>) {
        let (buckets, unit_ms, from) = match span {
            Span::All => return (self.total, None),
            Span::Minutes(from) => (&self.minutes, MINUTE_MS, from),
            Span::Quarters(from) => (&self.quarters, QUARTER_MS, from),
            Span::FiveHoursFixed(at_ms) => match self.five_hours(at_ms) {
                Some(start_ms) => (&self.minutes, MINUTE_MS, bucket::minute(start_ms)),
                None => return (0, None),
            },
        };
        let sum = buckets.range(from..).map(|(_, nanos)| nanos).sum();
        (sum, buckets.range(from..).next().map(|(bucket, _)| bucket * unit_ms))
    }

    fn sum(&mut self, window: Limited, unit: Unit, from: i64) -> i64 {
        let buckets = if unit == Unit::Minute { &self.minutes } else { &self.quarters };
        let place = self.windows.iter().position(|known| known.limited == window);
        let known = place.and_then(|place| self.windows.get_mut(place));
        match known {
            Some(known) if known.unit == unit && known.from <= from => {
                if known.from < from {
                    known.sum -= buckets.range(known.from..from).map(|(_, nanos)| nanos).sum::<i64>();
                    known.from = from;
                }
                known.sum
            }
            known => {
                let sum = buckets.range(from..).map(|(_, nanos)| nanos).sum();
                let fresh = Window { limited: window, unit, from, sum };
                match known {
                    Some(known) => *known = fresh,
                    None => self.windows.push(fresh),
                }
                sum
            }
        }
    }

    /// Drops the buckets that no window reaches any more, and settlements that no reset does.
    fn prune(&mut self, now_ms: i64) {
        while self.recent.front().is_some_and(|(at_ms, _)| *at_ms < now_ms - RECENT_KEPT_MS) {
            self.recent.pop_front();
        }
        // Whoever was busy once need not hold the room for it for ever.
        if self.recent.capacity() > SPARE_MIN && self.recent.len() < self.recent.capacity() / 4 {
            self.recent.shrink_to(self.recent.len() * 2);
        }
        let kept = [
            (Unit::Minute, &mut self.minutes, bucket::minute(now_ms - MINUTES_KEPT_MS)),
            (Unit::Quarter, &mut self.quarters, bucket::quarter(now_ms - QUARTERS_KEPT_MS)),
        ];
        for (unit, buckets, first) in kept {
            while let Some(oldest) = buckets.first_entry().filter(|oldest| *oldest.key() < first) {
                let (gone, nanos) = oldest.remove_entry();
                for window in self.windows.iter_mut().filter(|window| window.unit == unit && window.from <= gone) {
                    window.sum -= nanos;
                }
            }
        }
    }
}
