//! The hub's time zone as documents carry it.

use std::fmt::Write;

use chrono::{DateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use hub::hub::Hub;
use leptos::prelude::use_context;

/// Years before now and after it in which changes of the clocks are known.
const YEARS: (i64, i64) = (2, 10);

/// A year, near enough.
const YEAR_S: i64 = 365 * 86_400;

/// Clocks are looked at so often. No zone has changed them twice within it and been back where it was.
const STEP_S: i64 = 14 * 86_400;

/// What the document says of the zone, as [`Zone`](crate::zone::Zone) reads it.
pub(crate) fn written() -> String {
    let zone = use_context::<Hub>().map_or(Tz::UTC, |hub| hub.snapshot.load().zone);
    changes(zone, hub::clock::now())
}

/// The offset of a zone around `now`, and its changes.
pub(crate) fn changes(zone: Tz, now: DateTime<Utc>) -> String {
    let offset_s = |second: i64| {
        let at = DateTime::from_timestamp(second, 0).unwrap_or(now);
        zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc()
    };
    let (first, last) = (now.timestamp() - YEARS.0 * YEAR_S, now.timestamp() + YEARS.1 * YEAR_S);
    let (mut second, mut before) = (first, offset_s(first));
    let mut written = (before / 60).to_string();
    while second < last {
        let next = second + STEP_S;
        let after = offset_s(next);
        if after != before {
            let at = first_other(second, next, |second| offset_s(second) == before);
            // Writing to a text cannot fail.
            let _ = write!(written, " {at}:{}", after / 60);
            before = after;
        }
        second = next;
    }
    written
}

/// The first second after `low`, up to `high`, at which it is no longer the same as at `low`.
fn first_other(mut low: i64, mut high: i64, is_same: impl Fn(i64) -> bool) -> i64 {
    while high - low > 1 {
        let middle = low.midpoint(high);
        if is_same(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}
