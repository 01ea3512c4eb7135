//! Where a range of time is cut, so that few rows serve it.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::{
    admin::period::{Span, minute_of, quarter_of},
    clock,
};

/// How long sums by minute are counted on: they are kept for two days, by a job that may be a little early.
const MINUTES_KEPT: TimeDelta = TimeDelta::hours(47);

/// A range of time, cut where sums of another length serve it. The bounds stand in this order; two that are the same
/// have nothing between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spans {
    /// From this quarter of an hour on, by quarter.
    pub(super) from: DateTime<Utc>,
    /// From this midnight on, by day.
    pub(super) days_from: DateTime<Utc>,
    /// From this midnight on, by quarter of an hour again.
    pub(super) days_to: DateTime<Utc>,
    /// From this quarter of an hour on, by minute, which are kept for two days.
    pub(super) quarters_to: DateTime<Utc>,
    /// Up to this time.
    pub(super) to: DateTime<Utc>,
}

impl Spans {
    /// A range from its minute to its end, by minute alone: all of them have to be kept still.
    pub(super) fn of_minutes((from, to): Span) -> Self {
        let from = minute_of(from);
        Self { from, days_from: from, days_to: from, quarters_to: from, to }
    }
}

/// A range from its beginning, cut down to its quarter of an hour, to its end: to the minute where those are still
/// kept, else to the end of its quarter. `zone` is where the days begin that serve what they hold, if any do.
pub(super) fn spans((from, to): Span, now: DateTime<Utc>, zone: Option<Tz>) -> Spans {
    let from = quarter_of(from);
    let quarter = quarter_of(to);
    // The minute that runs is the last one there is, and is read whole.
    let is_up_to_now = to >= now || to > minute_of(now);
    let (quarters_to, to) = if is_up_to_now || quarter < now - MINUTES_KEPT {
        let end = if quarter == to { to } else { quarter + TimeDelta::minutes(15) };
        (end, end)
    } else {
        (quarter, to)
    };
    let without_days = Spans { from, days_from: from, days_to: from, quarters_to, to };
    let Some(zone) = zone else { return without_days };
    let midnight = clock::midnight(from, zone);
    let days_from = if midnight == from { from } else { clock::next_midnight(from, zone) };
    // There is nothing after now, so the sums of today are those up to now.
    let (days_to, quarters_to, to) = if is_up_to_now {
        let end = clock::next_midnight(now, zone).max(to);
        (end, end, end)
    } else {
        (clock::midnight(to, zone), quarters_to, to)
    };
    if days_from < days_to { Spans { from, days_from, days_to, quarters_to, to } } else { without_days }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn cut(from: &str, to: &str, zone: Option<Tz>) -> [String; 5] {
        let Spans { from, days_from, days_to, quarters_to, to } =
            spans((at(from), at(to)), at("2026-05-05T10:07:30Z"), zone);
        [from, days_from, days_to, quarters_to, to].map(|at| at.format("%dT%H:%M:%S").to_string())
    }

    #[test]
    fn ranges_end_to_the_minute_where_minutes_are_kept() {
        let (from, first) = ("2026-05-01T00:20:00Z", "01T00:15:00");
        for (to, quarters_to, end) in [
            ("2026-05-05T10:06:00Z", "05T10:00:00", "05T10:06:00"),
            ("2026-05-05T11:06:00Z", "05T11:15:00", "05T11:15:00"),
            // A page reads its clock a moment before the sums are looked up.
            ("2026-05-05T10:07:29Z", "05T10:15:00", "05T10:15:00"),
            ("2026-05-05T10:07:00Z", "05T10:00:00", "05T10:07:00"),
            ("2026-05-01T03:20:00Z", "01T03:30:00", "01T03:30:00"),
            ("2026-05-01T03:30:00Z", "01T03:30:00", "01T03:30:00"),
        ] {
            assert_eq!(cut(from, to, None), [first, first, first, quarters_to, end], "{to}");
        }
    }

    #[test]
    fn days_serve_what_they_hold() {
        let berlin = Some(chrono_tz::Europe::Berlin);
        let midnights = ("30T22:00:00", "03T22:00:00");
        let expected = ["30T10:00:00", midnights.0, midnights.1, "04T03:30:00", "04T03:40:00"];
        assert_eq!(cut("2026-04-30T10:00:00Z", "2026-05-04T03:40:00Z", berlin), expected);
        // A day is read whole, and today up to now.
        let whole = ["30T22:00:00", "30T22:00:00", "01T22:00:00", "01T22:00:00", "01T22:00:00"];
        assert_eq!(cut("2026-04-30T22:00:00Z", "2026-05-01T22:00:00Z", berlin), whole);
        let today = ["04T22:00:00", "04T22:00:00", "05T22:00:00", "05T22:00:00", "05T22:00:00"];
        assert_eq!(cut("2026-05-04T22:00:00Z", "2026-05-05T10:07:30Z", berlin), today);
        assert_eq!(cut("2026-05-04T22:00:00Z", "2026-05-05T10:07:29Z", berlin), today);
        // There is no whole day between these.
        let short = ["04T12:00:00", "04T12:00:00", "04T12:00:00", "05T08:00:00", "05T08:00:00"];
        assert_eq!(cut("2026-05-04T12:00:00Z", "2026-05-05T08:00:00Z", berlin), short);
    }

    #[test]
    fn a_range_by_minute_begins_at_its_minute() {
        let (from, to) = (at("2026-05-05T09:08:30Z"), at("2026-05-05T10:07:30Z"));
        let begun = at("2026-05-05T09:08:00Z");
        let expected = Spans { from: begun, days_from: begun, days_to: begun, quarters_to: begun, to };
        assert_eq!(Spans::of_minutes((from, to)), expected);
    }
}
