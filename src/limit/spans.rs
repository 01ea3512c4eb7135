//! Where windows of money begin, for a call. What follows the calendar is dear to find in a time zone with a history, and
//! stays the same until it ends: it is kept from one call to the next.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::window;
use crate::{
    domain::limit::{Limited, Limits, ResetMode, TimeOfDay},
    state::step::Span,
};

/// The windows that most limits follow, as they were found last.
#[derive(Debug, Default)]
pub struct Calendars(ArcSwapOption<Fixed>);

/// The day from midnight on, the week and the month, as long as all of them last.
#[derive(Debug, PartialEq, Eq)]
struct Fixed {
    zone: Tz,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    day: Span,
    week: Span,
    month: Span,
}

/// Where windows begin for one call.
#[derive(Debug)]
pub struct Spans {
    zone: Tz,
    began: DateTime<Utc>,
    now: DateTime<Utc>,
    fixed: Option<Arc<Fixed>>,
}

impl Calendars {
    /// Where windows begin in `zone` for a call that began at `began`, at `now`: what it costs counts when it began.
    pub fn at(&self, zone: Tz, began: DateTime<Utc>, now: DateTime<Utc>) -> Spans {
        let known = self.0.load_full().filter(|fixed| fixed.zone == zone && (fixed.from..fixed.until).contains(&began));
        let fixed = known.or_else(|| {
            let found = Fixed::find(zone, began).map(Arc::new);
            self.0.store(found.clone());
            found
        });
        Spans { zone, began, now, fixed }
    }
}

impl Fixed {
    fn find(zone: Tz, now: DateTime<Utc>) -> Option<Self> {
        let plain = Limits::default();
        let ends = [Limited::Daily, Limited::Weekly, Limited::Monthly];
        let ends = ends.into_iter().filter_map(|window| window::resets_at(window, &plain, zone, now, None));
        let span = |window| window::span(window, &plain, zone, now);
        Some(Self {
            zone,
            from: now,
            until: ends.min()?,
            day: span(Limited::Daily)?,
            week: span(Limited::Weekly)?,
            month: span(Limited::Monthly)?,
        })
    }
}

impl Spans {
    /// The buckets that are added up for a window of money; none for what is no money.
    pub fn of(&self, window: Limited, limits: &Limits) -> Option<Span> {
        let is_plain_day =
            limits.daily_reset_mode == ResetMode::Fixed && limits.daily_reset_time == TimeOfDay::default();
        let known = self.fixed.as_ref().and_then(|fixed| match window {
            Limited::Daily => is_plain_day.then_some(fixed.day),
            Limited::Weekly => Some(fixed.week),
            Limited::Monthly => Some(fixed.month),
            _ => None,
        });
        known.or_else(|| window::span_of_call(window, limits, self.zone, self.began, self.now))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever was asked before, the answer is that of the calendar.
        #[test]
        fn what_is_kept_is_what_would_be_found(
            steps in prop::collection::vec((-40_i64..4_000, 0_usize..3, 0_i64..900), 1..60),
            minutes in prop::sample::select(vec![0, 150]),
            is_rolling in any::<bool>(),
        ) {
            let calendars = Calendars::default();
            let zones = [Tz::UTC, Tz::Europe__Berlin, Tz::America__Havana];
            let limits = Limits {
                daily_reset_mode: if is_rolling { ResetMode::Rolling } else { ResetMode::Fixed },
                daily_reset_time: TimeOfDay::from_minutes(minutes).unwrap(),
                ..Limits::default()
            };
            let mut now: DateTime<Utc> = "2026-10-24T20:00:00Z".parse().unwrap();
            for (minutes, zone, waited_s) in steps {
                now += chrono::TimeDelta::minutes(minutes);
                let (zone, began) = (zones[zone], now - chrono::TimeDelta::seconds(waited_s));
                let spans = calendars.at(zone, began, now);
                for window in Limited::ALL {
                    let found = window::span_of_call(window, &limits, zone, began, now);
                    prop_assert_eq!(spans.of(window, &limits), found);
                }
            }
        }
    }
}
