//! Time cut into buckets. All numbers are counted from 1970 on, in UTC.

/// Milliseconds of a second.
pub const SECOND_MS: i64 = 1000;

/// Milliseconds of a minute.
pub const MINUTE_MS: i64 = 60 * SECOND_MS;

/// Milliseconds of a quarter of an hour.
pub const QUARTER_MS: i64 = 15 * MINUTE_MS;

/// Milliseconds of a fixed window of five hours.
pub const FIVE_HOURS_MS: i64 = 300 * MINUTE_MS;

/// How long minutes are kept: no window that is made of them is longer than a day.
pub const MINUTES_KEPT_MS: i64 = 27 * 60 * MINUTE_MS;

/// How long quarters are kept: no window that is made of them is longer than a month.
pub const QUARTERS_KEPT_MS: i64 = 33 * 24 * 60 * MINUTE_MS;

/// Settlements that are kept one by one as well, of each subject the latest: a reset that is heard of late forgets no
/// call that began after it.
pub const RECENT_MAX: usize = 1_000;

/// How long they are kept.
pub const RECENT_KEPT_MS: i64 = 120 * MINUTE_MS;

/// The second in which `ms` lies.
pub const fn second(ms: i64) -> i64 {
    ms.div_euclid(SECOND_MS)
}

/// The minute in which `ms` lies.
pub const fn minute(ms: i64) -> i64 {
    ms.div_euclid(MINUTE_MS)
}

/// The quarter of an hour in which `ms` lies.
pub const fn quarter(ms: i64) -> i64 {
    ms.div_euclid(QUARTER_MS)
}

/// The first second that counts in the last minute: a second leaves when its end is 60 s ago.
pub const fn first_second(now_ms: i64) -> i64 {
    second(now_ms) - 60
}

/// When a second leaves the last minute.
pub const fn second_leaves_ms(second: i64) -> i64 {
    (second + 61) * SECOND_MS
}
