//! Ranges of time as people name them: days, weeks and months begin in the hub's time zone.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;

use crate::{clock, domain::report::leaderboard::Period};

/// A range of time: from the first up to the second.
pub(super) type Span = (DateTime<Utc>, DateTime<Utc>);

/// The span of a period up to now, and the same part of the period before: of a month that is longer than the one
/// before, at most all of that one. All the time there was has nothing before it.
pub(super) fn span(period: Period, now: DateTime<Utc>, zone: Tz) -> (Span, Option<Span>) {
    let local = now.with_timezone(&zone).naive_local();
    let midnight = local.date().and_time(NaiveTime::MIN);
    let (first, before, before_now) = match period {
        Period::Today => (midnight, days_before(midnight, 1), days_before(local, 1)),
        Period::Week => {
            let monday = days_before(midnight, local.weekday().num_days_from_monday().into());
            (monday, days_before(monday, 7), days_before(local, 7))
        }
        Period::Month => {
            let first = midnight.with_day(1).unwrap_or(midnight);
            let before = first.checked_sub_months(Months::new(1)).unwrap_or(first);
            (first, before, (before + (local - first)).min(first))
        }
        Period::All => return ((DateTime::UNIX_EPOCH, now), None),
    };
    ((clock::at_local(first, zone), now), Some((clock::at_local(before, zone), clock::at_local(before_now, zone))))
}

fn days_before(local: NaiveDateTime, n_days: u64) -> NaiveDateTime {
    local.checked_sub_days(Days::new(n_days)).unwrap_or(local)
}

/// From the beginning of the first day to the end of the last.
pub fn of_days(first: NaiveDate, last: NaiveDate, zone: Tz) -> (DateTime<Utc>, DateTime<Utc>) {
    let end = last.checked_add_days(Days::new(1)).unwrap_or(last);
    (clock::at_local(first.and_time(NaiveTime::MIN), zone), clock::at_local(end.and_time(NaiveTime::MIN), zone))
}

/// Midnight, midnight a day before, and this time of day a day before, in the hub's time zone.
pub(super) fn days(now: DateTime<Utc>, zone: Tz) -> (DateTime<Utc>, DateTime<Utc>, DateTime<Utc>) {
    let local = now.with_timezone(&zone).naive_local();
    let midnight = local.date().and_time(NaiveTime::MIN);
    (
        clock::at_local(midnight, zone),
        clock::at_local(days_before(midnight, 1), zone),
        clock::at_local(days_before(local, 1), zone),
    )
}

/// The beginning of the hour that `at` lies in, as the zone's clocks show it.
pub fn hour_of(at: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    let local = at.with_timezone(&zone);
    quarter_of(at) - TimeDelta::minutes(i64::from(local.minute() / 15 * 15))
}

/// The beginning of the quarter of an hour that `at` lies in.
pub fn quarter_of(at: DateTime<Utc>) -> DateTime<Utc> {
    beginning(at, 900)
}

/// The beginning of the minute that `at` lies in.
pub(super) fn minute_of(at: DateTime<Utc>) -> DateTime<Utc> {
    beginning(at, 60)
}

/// The beginning of the span of `seconds` that `at` lies in.
fn beginning(at: DateTime<Utc>, seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp().div_euclid(seconds) * seconds, 0).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn days_begin_in_the_hubs_time_zone_also_when_clocks_change() {
        let berlin = chrono_tz::Europe::Berlin;
        // Summer time began on 2026-03-29 at 01:00 UTC.
        let expected = (at("2026-03-28T23:00:00Z"), at("2026-03-27T23:00:00Z"), at("2026-03-28T09:30:00Z"));
        assert_eq!(days(at("2026-03-29T08:30:00Z"), berlin), expected);
        assert_eq!(days(at("2026-03-30T08:30:00Z"), berlin).2, at("2026-03-29T08:30:00Z"));
        // Yesterday had no half past two.
        assert_eq!(days(at("2026-03-30T00:30:00Z"), berlin).2, at("2026-03-29T01:30:00Z"));
        // Midnight did not exist in Beirut on that day.
        assert_eq!(days(at("2026-03-29T08:30:00Z"), chrono_tz::Asia::Beirut).0, at("2026-03-28T22:00:00Z"));
    }

    #[test]
    fn hours_begin_as_the_zones_clocks_show_them() {
        let now = at("2026-05-05T10:47:12Z");
        assert_eq!(hour_of(now, chrono_tz::UTC), at("2026-05-05T10:00:00Z"));
        assert_eq!(hour_of(now, chrono_tz::Asia::Kolkata), at("2026-05-05T10:30:00Z"));
        assert_eq!(hour_of(now, chrono_tz::Asia::Kathmandu), at("2026-05-05T10:15:00Z"));
    }

    #[test]
    fn a_period_is_compared_with_the_same_part_of_the_one_before() {
        let zone = chrono_tz::Europe::Berlin;
        let spans = |period, now: &str| {
            let ((from, to), before) = span(period, at(now), zone);
            assert_eq!(to, at(now));
            (from, before)
        };
        // A Thursday.
        let now = "2026-11-19T12:00:00Z";
        let expected = (at("2026-11-18T23:00:00Z"), Some((at("2026-11-17T23:00:00Z"), at("2026-11-18T12:00:00Z"))));
        assert_eq!(spans(Period::Today, now), expected);
        let expected = (at("2026-11-15T23:00:00Z"), Some((at("2026-11-08T23:00:00Z"), at("2026-11-12T12:00:00Z"))));
        assert_eq!(spans(Period::Week, now), expected);
        // Winter time began on 25 October.
        let expected = (at("2026-10-31T23:00:00Z"), Some((at("2026-09-30T22:00:00Z"), at("2026-10-19T11:00:00Z"))));
        assert_eq!(spans(Period::Month, now), expected);
        // February has no 30th: it is compared as a whole.
        let expected = (at("2026-02-28T23:00:00Z"), Some((at("2026-01-31T23:00:00Z"), at("2026-02-28T23:00:00Z"))));
        assert_eq!(spans(Period::Month, "2026-03-30T12:00:00Z"), expected);
        assert_eq!(spans(Period::All, now), (DateTime::UNIX_EPOCH, None));
    }
}
