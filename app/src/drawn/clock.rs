//! Times as drawn pages say them: where the hub is, because the server does not know where the reader is.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use leptos::prelude::*;

use crate::{
    format::{Moment, elapsed, just_before},
    text::Text,
    ui::{Erase, time::ago},
};

/// The hub's time zone, and its now.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    /// The zone of the settings.
    pub(crate) zone: Tz,
    /// When the page is drawn.
    pub(crate) now: DateTime<Utc>,
}

impl Clock {
    /// Today's date.
    pub(crate) fn today(self) -> NaiveDate {
        self.now.with_timezone(&self.zone).date_naive()
    }

    /// `at` as the hub's clocks show it.
    pub(crate) fn moment(self, at: DateTime<Utc>) -> Moment {
        let offset = self.zone.offset_from_utc_datetime(&at.naive_utc()).fix();
        Moment::new(at, offset.local_minus_utc() / 60)
    }

    /// A time as a field for it sends it (`2026-11-21T14:00`) or as people write it (`2026-11-21 14:00`), by the hub's
    /// clocks.
    pub(crate) fn read(self, text: &str) -> Option<DateTime<Utc>> {
        let text = text.trim().replacen(char::is_whitespace, "T", 1);
        let with_seconds = NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S");
        let local = with_seconds.or_else(|_| NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M")).ok()?;
        self.zone.from_local_datetime(&local).earliest().map(|at| at.to_utc())
    }

    /// A time as a field for it shows it.
    pub(crate) fn field(self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.zone).format("%Y-%m-%dT%H:%M").to_string()
    }

    /// Milliseconds since a time.
    pub(crate) fn since(self, at: DateTime<Utc>) -> u64 {
        u64::try_from((self.now - at).num_milliseconds()).unwrap_or_default()
    }

    /// How long it is until a time; with script it is counted down.
    pub(crate) fn countdown(self, text: &Text, at: DateTime<Utc>) -> AnyView {
        let left = u64::try_from((at - self.now).num_milliseconds()).unwrap_or_default();
        let until = at.timestamp_millis().to_string();
        let (title, left) = (self.moment(at).full(), (text.common.long_span)(&elapsed(left)));
        view! { <time class="tabular-nums" datetime=at.to_rfc3339() title=title data-until=until>{left}</time> }.erase()
    }

    /// How long ago a time was, or how long it is until then; with script it is told anew each second.
    pub(crate) fn ago(self, text: &Text, at: DateTime<Utc>) -> AnyView {
        let (title, told_at) = (self.moment(at).full(), at.timestamp_millis().to_string());
        let shown = ago(text, at, self.now.timestamp_millis());
        view! { <time datetime=at.to_rfc3339() title=title data-at=told_at>{shown}</time> }.erase()
    }

    /// All of a time; with script it says on pointing at it how long ago that was.
    pub(crate) fn full(self, at: DateTime<Utc>) -> AnyView {
        let ago = at.timestamp_millis().to_string();
        view! { <time datetime=at.to_rfc3339() data-ago=ago>{self.moment(at).full()}</time> }.erase()
    }

    /// The day of a time; all of it on pointing at it.
    pub(crate) fn day(self, at: DateTime<Utc>) -> AnyView {
        let moment = self.moment(at);
        view! { <time datetime=at.to_rfc3339() title=moment.full()>{moment.date()}</time> }.erase()
    }

    /// The last day before a time at which something ends.
    pub(crate) fn last_date(self, at: DateTime<Utc>) -> String {
        self.moment(just_before(at)).date()
    }

    /// The last day before something ends; the full time of its end on pointing at it.
    pub(crate) fn last_day(self, at: DateTime<Utc>) -> AnyView {
        view! { <time datetime=at.to_rfc3339() title=self.moment(at).full()>{self.last_date(at)}</time> }.erase()
    }

    /// The day and the second of a time, by which calls can be put in order; all of it on pointing at it.
    pub(crate) fn to_the_second(self, at: DateTime<Utc>) -> AnyView {
        let moment = self.moment(at);
        let shown = format!("{}\u{a0}{}", moment.day(), moment.time());
        view! { <time datetime=at.to_rfc3339() title=moment.full()>{shown}</time> }.erase()
    }

    /// The day and the minute of a time; all of it on pointing at it.
    pub(crate) fn stamp(self, at: DateTime<Utc>) -> AnyView {
        let moment = self.moment(at);
        let shown = format!("{}\u{a0}{}", moment.day(), moment.hour());
        view! { <time datetime=at.to_rfc3339() title=moment.full()>{shown}</time> }.erase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_hub_also_when_clocks_change() {
        let clock = |now: &str| Clock { zone: chrono_tz::Europe::Berlin, now: now.parse().unwrap() };
        assert_eq!(clock("2026-11-20T23:30:00Z").today(), "2026-11-21".parse().unwrap());
        let shown = |at: &str| clock(at).moment(at.parse().unwrap()).full();
        assert_eq!(shown("2026-03-29T00:59:59Z"), "2026-03-29 01:59:59 UTC+1");
        assert_eq!(shown("2026-03-29T01:00:00Z"), "2026-03-29 03:00:00 UTC+2");
        let read = |text| clock("2026-11-20T23:30:00Z").read(text);
        for written in ["2026-03-29T03:00", " 2026-03-29 03:00", "2026-03-29\u{a0}03:00:00"] {
            assert_eq!(read(written), Some("2026-03-29T01:00:00Z".parse().unwrap()), "{written}");
        }
        assert_eq!(["soon", "2026-03-29", "29.3.2026 03:00"].map(read), [None; 3]);
        // What ends at midnight has its last day before it; what ends at noon has it then.
        let last = |at: &str| clock(at).last_date(at.parse().unwrap());
        assert_eq!(
            (last("2031-05-06T22:00:00Z"), last("2031-05-07T10:00:00Z")),
            ("2031-05-06".into(), "2031-05-07".into())
        );
    }
}
