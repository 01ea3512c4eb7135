//! From when to when a drawn page is about, where it shows columns.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use hub::admin::period;

use crate::drawn::{
    clock::Clock,
    range::{Range, Recent},
};

/// From when to when a range is that is shown in columns.
pub(super) fn span(range: &Range<Recent>, clock: Clock) -> (DateTime<Utc>, DateTime<Utc>) {
    match range.days {
        Some((first, last)) => {
            let (from, to) = period::of_days(first, last, clock.zone);
            (from, to.min(clock.now))
        }
        None => (begin(range.period.unwrap_or_default(), clock), clock.now),
    }
}

/// When a time up to now begins, of whose columns the last one runs: four quarters of an hour, 24 hours, so many days,
/// 52 weeks.
fn begin(recent: Recent, Clock { zone, now }: Clock) -> DateTime<Utc> {
    let today = now.with_timezone(&zone).date_naive();
    let n_days = match recent {
        Recent::Hour => return period::quarter_of(now) - TimeDelta::minutes(45),
        Recent::Day => return period::hour_of(now, zone) - TimeDelta::hours(23),
        Recent::Week | Recent::Month | Recent::Quarter => recent.length().num_days() - 1,
        Recent::Year => i64::from(today.weekday().num_days_from_monday()) + 51 * 7,
    };
    period::of_days(today - TimeDelta::days(n_days), today, zone).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_begins_where_its_first_column_does() {
        let zone = chrono_tz::Asia::Kathmandu;
        // A Thursday, 17:40 by the hub's clocks.
        let clock = Clock { zone, now: "2026-11-19T11:55:30Z".parse().unwrap() };
        let begun: Vec<String> = Recent::ALL
            .iter()
            .map(|recent| begin(*recent, clock).with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string())
            .collect();
        let days = ["2026-11-13 00:00", "2026-10-21 00:00", "2026-08-22 00:00", "2025-11-24 00:00"];
        assert_eq!(begun[..2], ["2026-11-19 16:45", "2026-11-18 18:00"]);
        assert_eq!(begun[2..], days);
    }
}
