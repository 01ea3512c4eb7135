//! The only caller of system time.

use std::time::Instant;

use chrono::{DateTime, Utc};

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
