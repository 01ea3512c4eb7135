//! The only caller of system time.

use std::time::Instant;

use chrono::{DateTime, Days, LocalResult, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// The time of day, to the microsecond: what Postgres keeps.
pub fn now() -> DateTime<Utc> {
    let now = Utc::now();
    DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
}

/// A point on the clock that never goes back, for measuring.
pub fn instant() -> Instant {
    Instant::now()
}

/// Whole milliseconds since `start`, at most `u32::MAX`.
pub fn ms_since(start: Instant) -> u32 {
    u32::try_from(start.elapsed().as_millis()).unwrap_or(u32::MAX)
}

/// A local time as a point in time; the first of two, and the end of a gap (summer time begins at midnight in places).
pub fn at_local(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.to_utc(),
        LocalResult::None => zone
            .from_local_datetime(&(local + TimeDelta::hours(1)))
            .earliest()
            .map_or(local.and_utc(), |at| at.to_utc()),
    }
}

/// The beginning of the day that `at` lies in, as the zone's clocks show it.
pub fn midnight(at: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    at_local(at.with_timezone(&zone).date_naive().and_time(NaiveTime::MIN), zone)
}

/// The beginning of the day after that.
pub fn next_midnight(at: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    let day = at.with_timezone(&zone).date_naive();
    at_local(day.checked_add_days(Days::new(1)).unwrap_or(day).and_time(NaiveTime::MIN), zone)
}
