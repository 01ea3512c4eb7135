//! Which sums are added up further, and what each of them tells apart.
//!
//! The writer adds to few of them. Of days that are over, many more are made, once for each day: they tell less apart, or
//! have longer spans, so that a report over any range reads few rows. Those by quarter and by hour are made of today too,
//! once for each quarter that is over: it may have thousands of rows otherwise, and the end of most ranges is now.

use chrono::{DateTime, Datelike, Days, Months, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::clock;

/// What the rows of a facet tell apart. What they do not is 0 or empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Nothing: one row for each span.
    All,
    /// Providers.
    Provider,
    /// Models.
    Model,
    /// Providers and models.
    Route,
    /// Users.
    User,
    /// Users and keys.
    Caller,
    /// Users and providers.
    UserProvider,
    /// Users and models.
    UserModel,
    /// Users, keys, providers and models.
    Whole,
}

impl Told {
    /// The least that tells all of this apart: users, keys, providers, models.
    pub const fn least(wanted: [bool; 4]) -> Self {
        match wanted {
            [false, false, true, true] => Self::Route,
            [false, false, false, true] => Self::Model,
            [false, false, false, false] => Self::All,
            [false, false, true, false] => Self::Provider,
            [true, false, false, false] => Self::User,
            [_, true, false, false] => Self::Caller,
            [true, false, true, false] => Self::UserProvider,
            [true, false, false, true] => Self::UserModel,
            _ => Self::Whole,
        }
    }

    /// True if users are told apart.
    pub const fn has_user(self) -> bool {
        matches!(self, Self::User | Self::Caller | Self::UserProvider | Self::UserModel | Self::Whole)
    }

    /// True if keys are told apart.
    pub const fn has_key(self) -> bool {
        matches!(self, Self::Caller | Self::Whole)
    }

    /// True if providers are told apart.
    pub const fn has_provider(self) -> bool {
        matches!(self, Self::Provider | Self::Route | Self::UserProvider | Self::Whole)
    }

    /// True if models are told apart.
    pub const fn has_model(self) -> bool {
        matches!(self, Self::Model | Self::Route | Self::UserModel | Self::Whole)
    }

    /// What the writer adds to that tells this apart too.
    const fn written(self) -> Self {
        match self {
            Self::All | Self::Provider | Self::Model | Self::Route => Self::Route,
            Self::User | Self::Caller => Self::Caller,
            Self::UserProvider | Self::UserModel | Self::Whole => Self::Whole,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Provider => "provider",
            Self::Model => "model",
            Self::Route => "route",
            Self::User => "user",
            Self::Caller => "caller",
            Self::UserProvider => "user_provider",
            Self::UserModel => "user_model",
            Self::Whole => "whole",
        }
    }
}

/// The length of a row's span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A quarter of an hour.
    Quarter,
    /// An hour (UTC).
    Hour,
    /// A day of the hub's time zone, as all that follow.
    Day,
    /// A week from Monday on.
    Week,
    /// A month.
    Month,
}

impl Unit {
    /// The beginning of the span that holds `at`.
    pub fn begin(self, at: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        let day = at.with_timezone(&zone).date_naive();
        let first = match self {
            Self::Quarter => return floor(at, 900),
            Self::Hour => return floor(at, 3_600),
            Self::Day => Some(day),
            Self::Week => day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())),
            Self::Month => day.with_day(1),
        };
        clock::at_local(first.unwrap_or(day).and_time(NaiveTime::MIN), zone)
    }

    /// The first beginning of a span that is not before `at`.
    pub fn begin_from(self, at: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        let begin = self.begin(at, zone);
        if begin == at {
            return at;
        }
        let day = begin.with_timezone(&zone).date_naive();
        let next = match self {
            Self::Quarter => return begin + TimeDelta::minutes(15),
            Self::Hour => return begin + TimeDelta::hours(1),
            Self::Day => day.checked_add_days(Days::new(1)),
            Self::Week => day.checked_add_days(Days::new(7)),
            Self::Month => day.checked_add_months(Months::new(1)),
        };
        clock::at_local(next.unwrap_or(day).and_time(NaiveTime::MIN), zone)
    }

    /// True for a part of a day.
    pub const fn is_short(self) -> bool {
        matches!(self, Self::Quarter | Self::Hour)
    }

    /// The word for it in SQL.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Quarter => "quarter",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

/// The beginning of the span of `seconds` that holds `at`.
fn floor(at: DateTime<Utc>, seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp().div_euclid(seconds) * seconds, 0).unwrap_or(at)
}

/// A set of sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facet {
    /// What its rows tell apart.
    pub told: Told,
    /// How long their spans are.
    pub unit: Unit,
}

const fn facet(told: Told, unit: Unit) -> Facet {
    Facet { told, unit }
}

impl Facet {
    /// Those that the writer adds to.
    pub const WRITTEN: [Self; 5] = [
        facet(Told::Route, Unit::Quarter),
        facet(Told::Caller, Unit::Quarter),
        facet(Told::Route, Unit::Day),
        facet(Told::Caller, Unit::Day),
        facet(Told::Whole, Unit::Day),
    ];

    /// Those that are made of what is over, each after the one that it is made of.
    pub const CLOSED: [Self; 30] = [
        facet(Told::All, Unit::Quarter),
        facet(Told::Provider, Unit::Quarter),
        facet(Told::Model, Unit::Quarter),
        facet(Told::User, Unit::Quarter),
        facet(Told::Provider, Unit::Hour),
        facet(Told::Route, Unit::Hour),
        facet(Told::All, Unit::Day),
        facet(Told::Provider, Unit::Day),
        facet(Told::Model, Unit::Day),
        facet(Told::User, Unit::Day),
        facet(Told::UserProvider, Unit::Day),
        facet(Told::UserModel, Unit::Day),
        facet(Told::All, Unit::Week),
        facet(Told::Provider, Unit::Week),
        facet(Told::Model, Unit::Week),
        facet(Told::Route, Unit::Week),
        facet(Told::User, Unit::Week),
        facet(Told::Caller, Unit::Week),
        facet(Told::UserProvider, Unit::Week),
        facet(Told::UserModel, Unit::Week),
        facet(Told::Whole, Unit::Week),
        facet(Told::All, Unit::Month),
        facet(Told::Provider, Unit::Month),
        facet(Told::Model, Unit::Month),
        facet(Told::Route, Unit::Month),
        facet(Told::User, Unit::Month),
        facet(Told::Caller, Unit::Month),
        facet(Told::UserProvider, Unit::Month),
        facet(Told::UserModel, Unit::Month),
        facet(Told::Whole, Unit::Month),
    ];

    /// The name in the table.
    pub fn name(self) -> String {
        let unit = match self.unit {
            Unit::Quarter => "15m",
            Unit::Hour => "1h",
            Unit::Day => "1d",
            Unit::Week => "1w",
            Unit::Month => "1mo",
        };
        format!("{}_{unit}", self.told.word())
    }

    /// What one that is made of what is over is made of.
    #[must_use]
    pub const fn source(self) -> Self {
        match self.unit {
            Unit::Quarter | Unit::Day => facet(self.told.written(), self.unit),
            Unit::Hour => facet(self.told.written(), Unit::Quarter),
            Unit::Week | Unit::Month => facet(self.told, Unit::Day),
        }
    }

    /// The one by day of days that are over, or of those that are not.
    pub const fn of_days(told: Told, are_over: bool) -> Self {
        facet(if are_over { told } else { told.written() }, Unit::Day)
    }

    /// The one by quarter of an hour, of quarters that are closed or of those that are not; none tells callers and routes
    /// apart.
    pub const fn of_quarters(told: Told, are_over: bool) -> Option<Self> {
        match told.written() {
            Told::Route | Told::Caller => Some(facet(if are_over { told } else { told.written() }, Unit::Quarter)),
            _ => None,
        }
    }

    /// The one by hour, if there is one that tells this apart.
    const fn of_hours(told: Told) -> Option<Self> {
        match told {
            Told::Provider | Told::Route => Some(facet(told, Unit::Hour)),
            _ => None,
        }
    }
}

/// A range of time in a facet: from the first up to the second.
pub type Part = (Facet, DateTime<Utc>, DateTime<Utc>);

/// Parts as the arrays that statements take.
pub(super) fn arrays(parts: &[Part]) -> (Vec<String>, Vec<DateTime<Utc>>, Vec<DateTime<Utc>>) {
    let (from, to) = parts.iter().map(|(_, from, to)| (*from, *to)).unzip();
    (parts.iter().map(|(facet, ..)| facet.name()).collect(), from, to)
}

/// One span of a facet, of days or longer: where it begins.
pub type Point = (Facet, DateTime<Utc>);

/// Parts whose spans are days or longer as those spans, one by one, and the others as they are: the rows of one user stand
/// together in a span, and lie scattered over a part.
pub fn points(parts: Vec<Part>, zone: Tz) -> (Vec<Part>, Vec<Point>) {
    let (short, long): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(|(facet, ..)| facet.unit.is_short());
    let mut points = Vec::new();
    for (facet, from, to) in long {
        let mut at = from;
        while at < to {
            points.push((facet, at));
            at = facet.unit.begin_from(at + TimeDelta::seconds(1), zone);
        }
    }
    (short, points)
}

/// Cuts whole days so that few rows serve them: by the longest of `units` that lie in them and are over, each longer than
/// the next, and by day. Days before `closed_before` are over.
pub fn cut_days(
    told: Told,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    units: &[Unit],
    closed_before: Option<DateTime<Utc>>,
    zone: Tz,
) -> Vec<Part> {
    let closed = closed_before.map_or(from, |closed| closed.clamp(from, to.max(from)));
    if let Some((unit, shorter)) = units.split_first() {
        let (first, last) = (unit.begin_from(from, zone), unit.begin(closed, zone));
        if first >= last {
            return cut_days(told, (from, to), shorter, closed_before, zone);
        }
        let mut parts = cut_days(told, (from, first), shorter, closed_before, zone);
        parts.push((facet(told, *unit), first, last));
        parts.extend(cut_days(told, (last, to), shorter, closed_before, zone));
        return parts;
    }
    let days = [(Facet::of_days(told, true), from, closed), (Facet::of_days(told, false), closed, to)];
    days.into_iter().filter(|(_, from, to)| from < to).collect()
}

/// Cuts quarters of an hour into those that are closed and the others, and the closed ones into hours where these may serve
/// and lie in them. False if there is no facet for them. Quarters before `closed_before` are closed.
pub fn cut_quarters(
    told: Told,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    closed_before: Option<DateTime<Utc>>,
    has_hours: bool,
    parts: &mut Vec<Part>,
) -> bool {
    let (Some(over), Some(open)) = (Facet::of_quarters(told, true), Facet::of_quarters(told, false)) else {
        return from >= to;
    };
    let closed = closed_before.map_or(from, |closed| closed.clamp(from, to.max(from)));
    let hours = (Unit::Hour.begin_from(from, Tz::UTC), Unit::Hour.begin(closed, Tz::UTC));
    let cut = match Facet::of_hours(told).filter(|_| has_hours && hours.0 < hours.1) {
        Some(facet) => vec![(over, from, hours.0), (facet, hours.0, hours.1), (over, hours.1, closed)],
        None => vec![(over, from, closed)],
    };
    parts.extend(cut.into_iter().chain([(open, closed, to)]).filter(|(_, from, to)| from < to));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn every_facet_is_made_of_one_that_is_there_before_it() {
        let mut there: Vec<String> = Facet::WRITTEN.map(Facet::name).into();
        for facet in Facet::CLOSED {
            assert!(there.contains(&facet.source().name()), "{}", facet.name());
            assert!(!there.contains(&facet.name()), "{}", facet.name());
            there.push(facet.name());
        }
        for told in [
            Told::All,
            Told::Provider,
            Told::Model,
            Told::Route,
            Told::User,
            Told::Caller,
            Told::UserProvider,
            Told::UserModel,
            Told::Whole,
        ] {
            let mut used = vec![Facet::of_days(told, true), Facet::of_days(told, false)];
            used.extend([true, false].into_iter().filter_map(|are_over| Facet::of_quarters(told, are_over)));
            used.extend(Facet::of_hours(told));
            used.extend([Unit::Week, Unit::Month].map(|unit| Facet { told, unit }));
            assert!(used.iter().all(|facet| there.contains(&facet.name())), "{told:?}");
        }
    }

    #[test]
    fn the_least_is_told_apart_that_is_asked_for() {
        for bits in 0..16_u8 {
            let wanted = [8, 4, 2, 1].map(|bit| bits & bit != 0);
            let told = Told::least(wanted);
            let has = [told.has_user(), told.has_key(), told.has_provider(), told.has_model()];
            assert!(wanted.iter().zip(has).all(|(wanted, has)| !wanted || has), "{wanted:?}");
        }
        assert_eq!(Told::least([false; 4]), Told::All);
    }

    #[test]
    fn hours_serve_what_is_closed_where_they_may() {
        let (from, to, closed) = (at("2026-11-18T10:15:00Z"), at("2026-11-18T18:00:00Z"), at("2026-11-18T13:45:00Z"));
        let cut = |told, has_hours, (from, to)| {
            let mut parts = Vec::new();
            assert!(cut_quarters(told, (from, to), Some(closed), has_hours, &mut parts));
            assert!(parts.windows(2).all(|pair| pair[0].2 == pair[1].1), "{parts:?}");
            assert_eq!((parts[0].1, parts[parts.len() - 1].2), (from, to));
            let named = |(facet, from, _): &Part| format!("{} {}", facet.name(), from.format("%H:%M"));
            parts.iter().map(named).collect::<Vec<_>>()
        };
        let hours = ["provider_15m 10:15", "provider_1h 11:00", "provider_15m 13:00", "route_15m 13:45"];
        assert_eq!(cut(Told::Provider, true, (from, to)), hours);
        assert_eq!(cut(Told::Provider, false, (from, to)), ["provider_15m 10:15", "route_15m 13:45"]);
        assert_eq!(cut(Told::All, true, (from, to)), ["all_15m 10:15", "route_15m 13:45"]);
        assert_eq!(cut(Told::Route, true, (from, from + TimeDelta::minutes(30))), ["route_15m 10:15"]);
        assert_eq!(cut(Told::User, true, (closed, to)), ["caller_15m 13:45"]);
        let mut parts = Vec::new();
        assert!(!cut_quarters(Told::Whole, (from, to), Some(closed), true, &mut parts) && parts.is_empty());
    }

    #[test]
    fn every_span_of_a_part_is_a_point() {
        // Summer time ends on the 25th.
        let berlin = chrono_tz::Europe::Berlin;
        let quarters = (facet(Told::Caller, Unit::Quarter), at("2026-10-23T00:00:00Z"), at("2026-10-23T22:00:00Z"));
        let days = (facet(Told::User, Unit::Day), at("2026-10-23T22:00:00Z"), at("2026-10-26T23:00:00Z"));
        let weeks = (facet(Told::User, Unit::Week), at("2026-10-18T22:00:00Z"), at("2026-11-01T23:00:00Z"));
        let (parts, found) = points(vec![quarters, days, weeks], berlin);
        assert_eq!(parts, [quarters]);
        let expected = [
            (days.0, "2026-10-23T22:00:00Z"),
            (days.0, "2026-10-24T22:00:00Z"),
            (days.0, "2026-10-25T23:00:00Z"),
            (weeks.0, "2026-10-18T22:00:00Z"),
            (weeks.0, "2026-10-25T23:00:00Z"),
        ];
        assert_eq!(found, expected.map(|(facet, begin)| (facet, at(begin))));
    }

    #[test]
    fn months_and_weeks_serve_what_lies_in_them_and_is_over() {
        let berlin = chrono_tz::Europe::Berlin;
        let cut = |from: &str, to: &str, units: &[Unit], closed: &str| {
            let parts = cut_days(Told::User, (at(from), at(to)), units, Some(at(closed)), berlin);
            // Nothing is left out and nothing counts twice.
            assert!(parts.windows(2).all(|pair| pair[0].2 == pair[1].1), "{parts:?}");
            assert_eq!((parts[0].1, parts[parts.len() - 1].2), (at(from), at(to)));
            parts
                .iter()
                .map(|(facet, from, _)| format!("{} {}", facet.name(), from.format("%m-%dT%H")))
                .collect::<Vec<_>>()
        };
        // The 28th of September 2026 was a Monday. Winter time began on 25 October.
        let (from, to, closed) = ("2026-09-26T22:00:00Z", "2026-11-18T23:00:00Z", "2026-11-17T23:00:00Z");
        let both = [Unit::Month, Unit::Week];
        assert_eq!(
            cut(from, to, &both, closed),
            [
                "user_1d 09-26T22",
                "user_1mo 09-30T22",
                "user_1d 10-31T23",
                "user_1w 11-01T23",
                "user_1d 11-15T23",
                "caller_1d 11-17T23",
            ]
        );
        assert_eq!(
            cut(from, to, &both[1..], closed),
            ["user_1d 09-26T22", "user_1w 09-27T22", "user_1d 11-15T23", "caller_1d 11-17T23"]
        );
        assert_eq!(cut(from, to, &[], closed), ["user_1d 09-26T22", "caller_1d 11-17T23"]);
        assert_eq!(cut(from, to, &both, "2026-01-01T00:00:00Z"), ["caller_1d 09-26T22"]);
        assert_eq!(cut(from, to, &both, "2026-10-04T22:00:00Z")[1..], ["user_1w 09-27T22", "caller_1d 10-04T22"]);
    }
}
