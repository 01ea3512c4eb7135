//! Which time a drawn page is about, as its address says it: a period with a name, or days.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use hub::domain::{
    fault::Fault,
    report::{UsageStep, leaderboard::Period},
};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    parts::{Choice, link_with, tabs},
    word,
};
use crate::{
    text::Text,
    ui::{
        Erase,
        field::{DAY, DAY_EXAMPLE, IN_FUTURE, NO_DAY},
    },
};

/// The time up to now, for pages that show a course.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Recent {
    /// An hour.
    #[serde(rename = "1h")]
    Hour,
    /// A day.
    #[default]
    #[serde(rename = "24h")]
    Day,
    /// Seven days.
    #[serde(rename = "7d")]
    Week,
    /// Thirty days.
    #[serde(rename = "30d")]
    Month,
    /// Ninety days.
    #[serde(rename = "90d")]
    Quarter,
    /// A year.
    #[serde(rename = "1y")]
    Year,
}

impl Recent {
    /// All of them.
    pub(crate) const ALL: [Self; 6] = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// The word in the address.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Quarter => "90d",
            Self::Year => "1y",
        }
    }

    /// How long it is.
    pub(crate) const fn length(self) -> TimeDelta {
        match self {
            Self::Hour => TimeDelta::hours(1),
            Self::Day => TimeDelta::days(1),
            Self::Week => TimeDelta::days(7),
            Self::Month => TimeDelta::days(30),
            Self::Quarter => TimeDelta::days(90),
            Self::Year => TimeDelta::days(365),
        }
    }
}

/// The steps in which a range can be shown: with more than one column, and not so many that none can be told from the
/// next.
pub(crate) fn steps((from, to): (DateTime<Utc>, DateTime<Utc>)) -> Vec<UsageStep> {
    let length = to - from;
    let days = TimeDelta::days;
    [
        (UsageStep::QuarterHour, days(0), days(1)),
        (UsageStep::Hour, TimeDelta::hours(4), days(8)),
        (UsageStep::Day, days(3), days(370)),
        (UsageStep::Week, days(21), days(1_500)),
        (UsageStep::Month, days(60), TimeDelta::MAX),
    ]
    .into_iter()
    .filter(|(_, least, most)| (*least..=*most).contains(&length))
    .map(|(step, ..)| step)
    .collect()
}

/// A range of time: with a name, or of days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Range<Name> {
    /// The name; none if there are days.
    pub(crate) period: Option<Name>,
    /// The first day and the last, which belongs to it.
    pub(crate) days: Option<(NaiveDate, NaiveDate)>,
    /// Days that were filled in and can be no range: none is taken then.
    pub(crate) unread: Option<Unread>,
}

/// Days that can be no range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unread {
    /// The first day.
    first: Typed,
    /// The last one.
    last: Typed,
}

/// A day as it was filled in, and what would be right, if it is not.
type Typed = (String, Option<&'static str>);

/// What is said where there is no first day, and with it no range.
const BOTH: &str = "both days are needed";

impl<Name: Default + DeserializeOwned> Range<Name> {
    /// Reads the address. Days that stand the wrong way round are turned around.
    pub(crate) fn read(map: &ParamsMap, today: NaiveDate) -> Self {
        let typed = |name: &'static str| map.get_str(name).unwrap_or_default().trim();
        let day = |name| typed(name).parse::<NaiveDate>().ok();
        let no_day = |name| (!typed(name).is_empty() && day(name).is_none()).then_some(NO_DAY);
        // Links without days name none; a form that names them was left empty.
        let is_asked = map.get_str("from").or(map.get_str("to")).is_some();
        let days = match (day("from"), day("to"), (no_day("from"), no_day("to"))) {
            (None, None, (None, None)) if !is_asked => Ok(None),
            // A range has a first day.
            (None, _, (None, None)) => Err((Some(BOTH), None)),
            (Some(one), other, (_, None)) if one.min(other.unwrap_or(one)) > today => Err((Some(IN_FUTURE), None)),
            (Some(one), other, (_, None)) => Ok(Some((one, other.unwrap_or(today)))),
            (_, _, wrong) => Err(wrong),
        };
        let days = days.map(|days| days.map(|(one, other)| (one.min(other), one.max(other))));
        let unread =
            |(first, last)| Unread { first: (typed("from").to_owned(), first), last: (typed("to").to_owned(), last) };
        let (days, unread) = match days {
            Ok(days) => (days, None),
            Err(wrong) => (None, Some(unread(wrong))),
        };
        let period = if days.is_some() { None } else { Some(word(map, "period").unwrap_or_default()) };
        Self { period, days, unread }
    }
}

impl Range<Recent> {
    /// Reads the address of a list, which is about any time where none is said.
    pub(crate) fn read_or_any(map: &ParamsMap, today: NaiveDate) -> Self {
        let mut range = Self::read(map, today);
        if word::<Recent>(map, "period").is_none() {
            range.period = None;
        }
        range
    }
}

impl<Name> Range<Name> {
    /// True if it is any time.
    pub(crate) const fn is_any(&self) -> bool {
        self.period.is_none() && self.days.is_none()
    }

    /// The parameters that lead to it, `name` being the word for its name.
    pub(crate) fn parameters(&self, name: impl Fn(&Name) -> &'static str) -> Vec<(&'static str, String)> {
        match (&self.period, self.days) {
            (Some(period), _) => vec![("period", name(period).to_owned())],
            (None, Some((first, last))) => vec![("from", first.to_string()), ("to", last.to_string())],
            (None, None) => Vec::new(),
        }
    }
}

/// The choice among periods of the calendar, and of days. What else the address says stays.
pub(crate) fn periods(
    text: &'static Text,
    path: &str,
    map: &[(&'static str, String)],
    range: &Range<Period>,
) -> AnyView {
    let words = &text.drawn;
    let label = |period| match period {
        Period::Today => words.today,
        Period::Week => words.this_week,
        Period::Month => words.this_month,
        Period::All => words.all_time,
    };
    let choice = |period: Period| Choice {
        label: label(period),
        href: link_with(path, map, &[("period", period.as_str())]),
        is_chosen: range.period == Some(period),
    };
    picker(text, path, map, Period::ALL.map(choice).into_iter(), range)
}

/// The choice of how far back, and of days. What else the address says stays.
pub(crate) fn recents(
    text: &'static Text,
    path: &str,
    map: &[(&'static str, String)],
    range: &Range<Recent>,
) -> AnyView {
    picker(text, path, map, recent_choices(text, path, map, range), range)
}

/// The same with any time before it, for lists that need no range.
pub(crate) fn recents_or_any(
    text: &'static Text,
    path: &str,
    map: &[(&'static str, String)],
    range: &Range<Recent>,
) -> AnyView {
    let label = text.call_filters.any_time;
    let any = Choice { label, href: link_with(path, map, &[]), is_chosen: range.is_any() };
    let choices = std::iter::once(any).chain(recent_choices(text, path, map, range));
    picker(text, path, map, choices, range)
}

fn recent_choices(
    text: &'static Text,
    path: &str,
    map: &[(&'static str, String)],
    range: &Range<Recent>,
) -> impl Iterator<Item = Choice> {
    let words = &text.drawn;
    let label = |recent| match recent {
        Recent::Hour => text.availability.an_hour,
        Recent::Day => words.last_day_hours,
        Recent::Week => words.seven_days,
        Recent::Month => words.thirty_days,
        Recent::Quarter => words.ninety_days,
        Recent::Year => words.a_year,
    };
    let choice = |recent: Recent| Choice {
        label: label(recent),
        href: link_with(path, map, &[("period", recent.as_str())]),
        is_chosen: range.period == Some(recent),
    };
    Recent::ALL.map(choice).into_iter()
}

/// A link for each period, and a form for days.
fn picker<Name>(
    text: &'static Text,
    path: &str,
    map: &[(&'static str, String)],
    choices: impl Iterator<Item = Choice>,
    range: &Range<Name>,
) -> AnyView {
    let words = &text.drawn;
    let kept = map.iter().map(|(name, value)| view! { <input type="hidden" name=*name value=value.clone() /> }.erase());
    let read = range.days.map(|(first, last)| ((first.to_string(), None), (last.to_string(), None)));
    let typed = range.unread.clone().map(|unread| (unread.first, unread.last));
    let (first, last) = typed.or(read).unwrap_or_default();
    let (first, first_problem) = day_field(text, "from", words.first_day, first);
    let (last, last_problem) = day_field(text, "to", words.last_day, last);
    view! {
        {tabs(words.time, choices)}
        <form class="days" method="get" action=path.to_owned()>
            {kept.collect_view()}
            {first}
            <span aria-hidden="true">"–"</span>
            {last}
            <button class="button" type="submit">{text.calls.apply}</button>
            <div class="field">{first_problem} {last_problem}</div>
        </form>
    }
    .into_any()
}

/// The field for one end of a range, and the place that says what is wrong with it.
fn day_field(text: &'static Text, name: &'static str, label: &'static str, (value, why): Typed) -> (AnyView, AnyView) {
    let (id, problem_id, is_first) = (format!("days-{name}"), format!("days-{name}-problem"), name == "from");
    let (described, invalid) = (problem_id.clone(), why.is_some().then_some("true"));
    let said = |why: &str| (text.fault)(&Fault::invalid(name, why));
    let (problem, missing) = (why.map(said), is_first.then(|| said(BOTH)));
    let field = view! {
        <input class="input" type="text" id=id placeholder=DAY_EXAMPLE pattern=DAY autocomplete="off" name=name value=value
            required=is_first aria-label=label aria-describedby=described aria-invalid=invalid />
    };
    let place = view! { <div class="problem" id=problem_id role="alert" data-wrong=said(NO_DAY) data-missing=missing>{problem}</div> };
    (field.erase(), place.erase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_always_one_that_can_be() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let read = |pairs: &[(&str, &str)]| {
            let map = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Range::<Period>::read(&map, day("2026-11-21"))
        };
        assert_eq!(read(&[]), Range { period: Some(Period::Today), days: None, unread: None });
        assert_eq!(read(&[("period", "month")]).period, Some(Period::Month));
        assert_eq!(read(&[("period", "eternity")]).period, Some(Period::Today));
        let days = read(&[("period", "month"), ("from", "2026-11-05"), ("to", "2026-11-01")]);
        assert_eq!(days, Range { period: None, days: Some((day("2026-11-01"), day("2026-11-05"))), unread: None });
        assert_eq!(read(&[("from", "2026-11-05")]).days, Some((day("2026-11-05"), day("2026-11-21"))));
        assert_eq!(read(&[("from", "soon")]).period, Some(Period::Today));
    }

    #[test]
    fn what_is_no_day_stays_in_its_field_and_no_range_is_made_of_the_other() {
        let read = |first: &str, last: &str| {
            let pairs = [("from", first), ("to", last)].map(|(name, value)| (name.to_owned(), value.to_owned()));
            Range::<Period>::read(&pairs.into_iter().collect(), "2026-12-05".parse().unwrap())
        };
        let future = Some("must not be in the future");
        for (first, last) in [
            (("2026-11-31", Some(NO_DAY)), ("2026-12-02", None)),
            (("2026-11-30", None), ("2026-12-32", Some(NO_DAY))),
            (("now", Some(NO_DAY)), ("soon", Some(NO_DAY))),
            (("", None), ("soon", Some(NO_DAY))),
            (("", Some(BOTH)), ("2026-12-02", None)),
            (("", Some(BOTH)), ("", None)),
            (("2027-01-01", future), ("2027-01-02", None)),
            (("2027-01-01", future), ("", None)),
        ] {
            let typed = |(day, why): (&str, Option<&'static str>)| (day.to_owned(), why);
            let unread = Some(Unread { first: typed(first), last: typed(last) });
            assert_eq!(read(first.0, last.0), Range { period: Some(Period::Today), days: None, unread });
        }
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(read("2027-01-01", "2026-12-01").days, Some((day("2026-12-01"), day("2027-01-01"))));
        assert!(read("2026-11-30", "").days.is_some() && read("2026-11-30", "").unread.is_none());
    }

    #[test]
    fn a_list_is_about_any_time_unless_one_is_said() {
        let read = |pairs: &[(&str, &str)]| {
            let map = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Range::<Recent>::read_or_any(&map, "2026-11-21".parse().unwrap())
        };
        assert!(read(&[]).is_any() && read(&[("period", "eternity")]).is_any() && read(&[("from", "soon")]).is_any());
        assert_eq!(read(&[("period", "7d")]), Range { period: Some(Recent::Week), days: None, unread: None });
        let days = read(&[("period", "7d"), ("from", "2026-11-05")]);
        assert!(days.period.is_none() && days.days.is_some(), "{days:?}");
        assert!(read(&[]).parameters(|recent| recent.as_str()).is_empty());
    }

    #[test]
    fn the_steps_that_can_be_chosen_make_neither_one_column_nor_hundreds() {
        let of = |length: TimeDelta| steps((DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + length));
        assert_eq!(of(Recent::Hour.length()), [UsageStep::QuarterHour]);
        assert_eq!(of(Recent::Day.length()), [UsageStep::QuarterHour, UsageStep::Hour]);
        assert_eq!(of(Recent::Week.length()), [UsageStep::Hour, UsageStep::Day]);
        assert_eq!(of(Recent::Month.length()), [UsageStep::Day, UsageStep::Week]);
        assert_eq!(of(Recent::Quarter.length()), [UsageStep::Day, UsageStep::Week, UsageStep::Month]);
        assert_eq!(of(Recent::Year.length()), [UsageStep::Day, UsageStep::Week, UsageStep::Month]);
        assert_eq!(of(TimeDelta::days(2_000)), [UsageStep::Month]);
    }

    #[test]
    fn words_in_addresses_are_those_that_are_read() {
        for recent in Recent::ALL {
            assert_eq!(serde_json::to_value(recent).unwrap(), recent.as_str());
        }
        let days = Range::<Recent> {
            period: None,
            days: Some(("2026-11-01".parse().unwrap(), "2026-11-02".parse().unwrap())),
            unread: None,
        };
        let pairs = days.parameters(|recent| recent.as_str());
        assert_eq!(pairs, [("from", "2026-11-01".to_owned()), ("to", "2026-11-02".to_owned())]);
    }
}
