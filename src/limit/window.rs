//! Windows of money: where each begins to count, and when it begins anew. Pure.
//!
//! A week begins on Monday, a month on the first, a fixed day at its reset time, all by the clock of the hub's time zone
//! (docs/rules.md, Limits).

use chrono::{DateTime, Datelike, Days, MappedLocalTime, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};

use crate::{
    domain::limit::{Limited, Limits, ResetMode},
    state::step::Span,
};

/// Milliseconds of a minute, the finest bucket.
const MINUTE_MS: i64 = 60_000;

/// Milliseconds of a quarter of an hour, the coarser bucket.
const QUARTER_MS: i64 = 15 * MINUTE_MS;

/// Milliseconds of five hours.
const FIVE_HOURS_MS: i64 = 5 * 60 * MINUTE_MS;

/// Milliseconds of a rolling day.
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// The buckets that are added up for a window of money at `now`; none for what is no money.
pub fn span(window: Limited, limits: &Limits, zone: Tz, now: DateTime<Utc>) -> Option<Span> {
    let span = match kind(window, limits)? {
        Kind::Endless => Span::All,
        Kind::FromFirstCall => Span::FiveHoursFixed(now.timestamp_millis()),
        // The bucket in which it begins still counts: a bucket leaves when its end leaves.
        Kind::Rolling(length_ms) => Span::Minutes((now.timestamp_millis() - length_ms).div_euclid(MINUTE_MS)),
        Kind::Fixed(calendar) => {
            let begin_ms = bounds(calendar, zone, now).0.timestamp_millis();
            match calendar {
                Calendar::Day(_) => Span::Minutes(begin_ms.div_euclid(MINUTE_MS)),
                Calendar::Week | Calendar::Month => Span::Quarters(begin_ms.div_euclid(QUARTER_MS)),
            }
        }
    };
    Some(span)
}

/// The same for a call that began at `began`: what it costs counts then, so a window that does not roll is the one in
/// which that lies. It has no end here: what came later counts with it.
pub fn span_of_call(
    window: Limited,
    limits: &Limits,
    zone: Tz,
    began: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<Span> {
    let is_rolling = matches!(kind(window, limits)?, Kind::Rolling(_));
    span(window, limits, zone, if is_rolling { now } else { began })
}

/// When a window of money ends or, if it rolls, when the oldest part of it leaves; none if it does not end by itself.
///
/// `oldest_ms` is when its first bucket that is not empty begins; for five fixed hours, when they began.
pub fn resets_at(
    window: Limited,
    limits: &Limits,
    zone: Tz,
    now: DateTime<Utc>,
    oldest_ms: Option<i64>,
) -> Option<DateTime<Utc>> {
    match kind(window, limits)? {
        Kind::Endless => None,
        Kind::FromFirstCall => DateTime::from_timestamp_millis(oldest_ms? + FIVE_HOURS_MS),
        Kind::Rolling(length_ms) => DateTime::from_timestamp_millis(oldest_ms? + MINUTE_MS + length_ms),
        Kind::Fixed(calendar) => Some(bounds(calendar, zone, now).1),
    }
}

/// How a window begins and ends.
enum Kind {
    /// It does not end.
    Endless,
    /// It begins with a call, and the state keeps when that was.
    FromFirstCall,
    /// It began so many milliseconds ago.
    Rolling(i64),
    /// It follows the calendar.
    Fixed(Calendar),
}

fn kind(window: Limited, limits: &Limits) -> Option<Kind> {
    let kind = match window {
        Limited::Total => Kind::Endless,
        Limited::FiveHours => match limits.reset_5h_mode {
            ResetMode::Rolling => Kind::Rolling(FIVE_HOURS_MS),
            ResetMode::Fixed => Kind::FromFirstCall,
        },
        Limited::Daily => match limits.daily_reset_mode {
            ResetMode::Rolling => Kind::Rolling(DAY_MS),
            ResetMode::Fixed => Kind::Fixed(Calendar::Day(limits.daily_reset_time.time())),
        },
        Limited::Weekly => Kind::Fixed(Calendar::Week),
        Limited::Monthly => Kind::Fixed(Calendar::Month),
        Limited::ConcurrentRequests | Limited::ConcurrentSessions | Limited::Rpm | Limited::Tpm => return None,
    };
    Some(kind)
}

/// What a fixed window follows.
#[derive(Clone, Copy)]
enum Calendar {
    /// A day from this time on.
    Day(NaiveTime),
    /// A week from Monday on.
    Week,
    /// A month from the first on.
    Month,
}

impl Calendar {
    /// Where the window begins that a clock is in.
    fn begin(self, clock: NaiveDateTime) -> NaiveDateTime {
        let date = clock.date();
        match self {
            Self::Day(at) if clock.time() < at => before(date, 1).and_time(at),
            Self::Day(at) => date.and_time(at),
            Self::Week => before(date, date.weekday().num_days_from_monday()).and_time(NaiveTime::MIN),
            Self::Month => before(date, date.day0()).and_time(NaiveTime::MIN),
        }
    }

    /// Where the window after the one begins that begins at `begin`.
    fn next(self, begin: NaiveDateTime) -> NaiveDateTime {
        let next = match self {
            Self::Day(_) => begin.checked_add_days(Days::new(1)),
            Self::Week => begin.checked_add_days(Days::new(7)),
            Self::Month => begin.checked_add_months(Months::new(1)),
        };
        next.unwrap_or(begin)
    }
}

fn before(date: NaiveDate, n_days: u32) -> NaiveDate {
    date.checked_sub_days(Days::new(n_days.into())).unwrap_or(date)
}

/// The beginning and the end of the fixed window that `now` is in.
fn bounds(calendar: Calendar, zone: Tz, now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    let begin = calendar.begin(now.with_timezone(&zone).naive_local());
    let next = calendar.next(begin);
    let end = instant(zone, next);
    if end <= now {
        // The clock was set back over a beginning and shows the window before once more. That one has ended: what is
        // over does not come again.
        return (end, instant(zone, calendar.next(next)));
    }
    (instant(zone, begin), end)
}

/// When a clock first shows `local`, or, where it is set forward over it, what comes after.
fn instant(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => at.to_utc(),
        MappedLocalTime::None => {
            let after = GapInfo::new(&local, &zone).and_then(|gap| gap.end);
            after.map_or_else(|| local.and_utc(), |after| after.to_utc())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::limit::TimeOfDay;

    /// Zones that have something odd: summer time in either hemisphere, by half an hour, at midnight; the far ends of
    /// the world; offsets of a quarter of an hour; a day that was skipped.
    const ZONES: [Tz; 13] = [
        Tz::UTC,
        Tz::Europe__Berlin,
        Tz::America__New_York,
        Tz::America__Havana,
        Tz::America__St_Johns,
        Tz::America__Sao_Paulo,
        Tz::Asia__Beirut,
        Tz::Asia__Kathmandu,
        Tz::Australia__Lord_Howe,
        Tz::Pacific__Apia,
        Tz::Pacific__Chatham,
        Tz::Pacific__Kiritimati,
        Tz::Pacific__Tongatapu,
    ];

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day_at(time: &str) -> Limits {
        Limits { daily_reset_time: time.parse().unwrap(), ..Limits::default() }
    }

    /// The beginning and end of a fixed window, as text.
    #[track_caller]
    fn check(window: Limited, limits: &Limits, zone: Tz, now: &str, expected: (&str, &str)) {
        let now = at(now);
        let begin_ms = match span(window, limits, zone, now) {
            Some(Span::Minutes(minute)) => minute * MINUTE_MS,
            Some(Span::Quarters(quarter)) => quarter * QUARTER_MS,
            other => panic!("{other:?}"),
        };
        let begin = DateTime::from_timestamp_millis(begin_ms).unwrap();
        let end = resets_at(window, limits, zone, now, None).unwrap();
        assert_eq!((begin, end), (at(expected.0), at(expected.1)), "{window:?} {zone} {now}");
    }

    #[test]
    fn days_begin_at_their_time_and_follow_the_clock_through_summer_time() {
        let (berlin, day) = (Tz::Europe__Berlin, Limited::Daily);
        let midnight = day_at("00:00");
        check(day, &midnight, berlin, "2026-11-21T10:00:00Z", ("2026-11-20T23:00:00Z", "2026-11-21T23:00:00Z"));
        // A day of 23 hours, and one of 25.
        check(day, &midnight, berlin, "2026-03-29T12:00:00Z", ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"));
        check(day, &midnight, berlin, "2026-10-25T12:00:00Z", ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"));
        // 02:30 is skipped in March and there twice in October.
        let half_past_two = day_at("02:30");
        check(day, &half_past_two, berlin, "2026-03-29T12:00:00Z", ("2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"));
        check(day, &half_past_two, berlin, "2026-10-25T00:29:59Z", ("2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z"));
        check(day, &half_past_two, berlin, "2026-10-25T00:30:00Z", ("2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"));
        // The clock shows 02:10 for the second time: the new day has begun and goes on.
        check(day, &half_past_two, berlin, "2026-10-25T01:10:00Z", ("2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"));
    }

    #[test]
    fn weeks_months_and_years_end_where_people_say_so() {
        let limits = Limits::default();
        let (week, month) = (Limited::Weekly, Limited::Monthly);
        check(week, &limits, Tz::UTC, "2026-11-21T10:00:00Z", ("2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"));
        check(week, &limits, Tz::UTC, "2027-01-01T00:00:00Z", ("2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z"));
        check(month, &limits, Tz::UTC, "2026-12-31T23:59:59.999Z", ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"));
        check(month, &limits, Tz::UTC, "2028-02-29T12:00:00Z", ("2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"));
        // +13 and +14 are a day ahead, and +5:45 begins at a quarter of an hour.
        let tonga = Tz::Pacific__Tongatapu;
        check(month, &limits, tonga, "2026-12-31T11:00:00Z", ("2026-12-31T11:00:00Z", "2027-01-31T11:00:00Z"));
        let line = Tz::Pacific__Kiritimati;
        check(week, &limits, line, "2026-11-22T10:00:00Z", ("2026-11-22T10:00:00Z", "2026-11-29T10:00:00Z"));
        let kathmandu = Tz::Asia__Kathmandu;
        check(month, &limits, kathmandu, "2026-11-21T10:00:00Z", ("2026-10-31T18:15:00Z", "2026-11-30T18:15:00Z"));
        // Samoa went from the 29th to the 31st.
        let samoa = Tz::Pacific__Apia;
        check(Limited::Daily, &limits, samoa, "2011-12-30T09:59:00Z", ("2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"));
        check(Limited::Daily, &limits, samoa, "2011-12-30T10:00:00Z", ("2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"));
    }

    #[test]
    fn a_bucket_leaves_a_rolling_window_when_its_end_leaves() {
        let limits = Limits { daily_reset_mode: ResetMode::Rolling, ..Limits::default() };
        let minute = |text: &str| at(text).timestamp_millis() / MINUTE_MS;
        for (now, oldest) in [
            ("2026-11-21T10:00:00Z", "2026-11-21T05:00:00Z"),
            ("2026-11-21T10:00:59.999Z", "2026-11-21T05:00:00Z"),
            ("2026-11-21T10:01:00Z", "2026-11-21T05:01:00Z"),
        ] {
            let five_hours = span(Limited::FiveHours, &limits, Tz::UTC, at(now));
            assert_eq!(five_hours, Some(Span::Minutes(minute(oldest))), "{now}");
            let day = span(Limited::Daily, &limits, Tz::Asia__Kathmandu, at(now));
            assert_eq!(day, Some(Span::Minutes(minute(oldest) - 19 * 60)), "{now}");
        }
        let oldest_ms = Some(at("2026-11-21T05:00:00Z").timestamp_millis());
        let leaves = resets_at(Limited::FiveHours, &limits, Tz::UTC, at("2026-11-21T09:00:00Z"), oldest_ms);
        assert_eq!(leaves, Some(at("2026-11-21T10:01:00Z")));
        assert_eq!(resets_at(Limited::Daily, &limits, Tz::UTC, at("2026-11-21T09:00:00Z"), None), None);
    }

    #[test]
    fn what_has_no_end_and_what_is_no_money() {
        let limits = Limits { reset_5h_mode: ResetMode::Fixed, ..Limits::default() };
        let now = at("2026-11-21T10:00:00Z");
        assert_eq!(span(Limited::Total, &limits, Tz::UTC, now), Some(Span::All));
        assert_eq!(resets_at(Limited::Total, &limits, Tz::UTC, now, Some(0)), None);
        assert_eq!(span(Limited::FiveHours, &limits, Tz::UTC, now), Some(Span::FiveHoursFixed(now.timestamp_millis())));
        let began_ms = Some(at("2026-11-21T08:01:00Z").timestamp_millis());
        assert_eq!(resets_at(Limited::FiveHours, &limits, Tz::UTC, now, began_ms), Some(at("2026-11-21T13:01:00Z")));
        assert_eq!(resets_at(Limited::FiveHours, &limits, Tz::UTC, now, None), None);
        assert_eq!((span(Limited::Rpm, &limits, Tz::UTC, now), Limited::Tpm.is_money()), (None, false));
    }

    #[test]
    fn fixed_windows_of_a_call_are_those_in_which_it_began() {
        // A Monday that is the first of a month.
        let (began, now) = (at("2027-01-31T23:59:59Z"), at("2027-02-01T00:10:00Z"));
        let fixed = Limits { reset_5h_mode: ResetMode::Fixed, ..Limits::default() };
        let rolling = Limits { daily_reset_mode: ResetMode::Rolling, ..Limits::default() };
        let of_call = |window, limits| span_of_call(window, limits, Tz::UTC, began, now);
        for window in [Limited::Daily, Limited::Weekly, Limited::Monthly, Limited::FiveHours] {
            assert_eq!(of_call(window, &fixed), span(window, &fixed, Tz::UTC, began), "{window:?}");
            assert_ne!(of_call(window, &fixed), span(window, &fixed, Tz::UTC, now), "{window:?}");
        }
        for window in [Limited::Daily, Limited::FiveHours] {
            assert_eq!(of_call(window, &rolling), span(window, &rolling, Tz::UTC, now), "{window:?}");
        }
        assert_eq!((of_call(Limited::Total, &fixed), of_call(Limited::Rpm, &fixed)), (Some(Span::All), None));
    }

    /// The window a clock on the wall shows, as a label that sorts.
    fn label(window: Limited, time: TimeOfDay, zone: Tz, now: DateTime<Utc>) -> String {
        let clock = now.with_timezone(&zone).naive_local();
        let mut label = String::new();
        match window {
            Limited::Daily => write!(label, "{}", (clock - TimeDelta::minutes(time.minutes().into())).date()),
            Limited::Weekly => write!(label, "{}", clock.format("%G-%V")),
            _ => write!(label, "{}", clock.format("%Y-%m")),
        }
        .unwrap();
        label
    }

    /// Walks along the clock and notes when its label rises: where windows begin, without any calendar arithmetic.
    fn walk(window: Limited, time: TimeOfDay, zone: Tz, now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
        let (step, reach) = match window {
            Limited::Daily => (TimeDelta::minutes(1), TimeDelta::hours(52)),
            Limited::Weekly => (TimeDelta::minutes(15), TimeDelta::days(15)),
            _ => (TimeDelta::minutes(15), TimeDelta::days(63)),
        };
        let quarter_ms = now.timestamp_millis().div_euclid(QUARTER_MS) * QUARTER_MS;
        let mut at = DateTime::from_timestamp_millis(quarter_ms).unwrap() - reach;
        let (mut highest, mut begin) = (label(window, time, zone, at), at);
        loop {
            at += step;
            let shown = label(window, time, zone, at);
            if shown > highest {
                if at > now {
                    return (begin, at);
                }
                (highest, begin) = (shown, at);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn windows_are_those_of_a_clock_on_the_wall(
            zone in prop::sample::select(&ZONES[..]),
            window in prop::sample::select(&[Limited::Daily, Limited::Weekly, Limited::Monthly][..]),
            minutes in 0..1_440_i32,
            // From 2010 to 2037, and often close to a change of some clock.
            now_s in prop_oneof![
                1_262_304_000..2_114_380_800_i64,
                (1_774_746_000..1_774_746_000 + 172_800_i64),
                (1_792_800_000..1_792_800_000 + 172_800_i64),
                (1_325_152_800..1_325_152_800 + 259_200_i64),
            ],
        ) {
            let time = TimeOfDay::from_minutes(minutes).unwrap();
            let limits = Limits { daily_reset_time: time, ..Limits::default() };
            let now = DateTime::from_timestamp(now_s, 999_000_000).unwrap();
            let (begin, end) = walk(window, time, zone, now);
            let expected = match window {
                Limited::Daily => Span::Minutes(begin.timestamp_millis() / MINUTE_MS),
                _ => Span::Quarters(begin.timestamp_millis() / QUARTER_MS),
            };
            prop_assert_eq!(span(window, &limits, zone, now), Some(expected));
            prop_assert_eq!(resets_at(window, &limits, zone, now, None), Some(end));
        }

        #[test]
        fn a_rolling_window_holds_what_is_not_older_than_itself(
            now_ms in 1_262_304_000_000..2_114_380_800_000_i64,
            age_ms in 0..26 * 60 * MINUTE_MS,
        ) {
            let limits = Limits { daily_reset_mode: ResetMode::Rolling, ..Limits::default() };
            let now = DateTime::from_timestamp_millis(now_ms).unwrap();
            let bucket = (now_ms - age_ms) / MINUTE_MS;
            for (window, length_ms) in [(Limited::FiveHours, FIVE_HOURS_MS), (Limited::Daily, DAY_MS)] {
                let Some(Span::Minutes(from)) = span(window, &limits, Tz::UTC, now) else { panic!() };
                let is_in = (bucket + 1) * MINUTE_MS > now_ms - length_ms;
                prop_assert_eq!(bucket >= from, is_in);
                let leaves_ms = resets_at(window, &limits, Tz::UTC, now, Some(bucket * MINUTE_MS)).unwrap().timestamp_millis();
                prop_assert_eq!(leaves_ms > now_ms, is_in);
            }
        }
    }
}
