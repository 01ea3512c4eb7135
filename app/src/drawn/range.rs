//! Which time a drawn page is about, as its address says it: a period with a name, or days.

use chrono::NaiveDate;
use hub::domain::report::leaderboard::Period;
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use super::{
    parts::{Choice, link_with, tabs},
    word,
};
use crate::{text::Text, ui::Erase};

/// A range of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    /// The period; none if there are days.
    pub(crate) period: Option<Period>,
    /// The first day and the last, which belongs to it.
    pub(crate) days: Option<(NaiveDate, NaiveDate)>,
}

impl Range {
    /// Reads the address. Days that stand the wrong way round are turned around; of those that are not there yet none is
    /// taken.
    pub(crate) fn read(map: &ParamsMap, today: NaiveDate) -> Self {
        let day = |name| map.get_str(name)?.parse::<NaiveDate>().ok();
        let days = match (day("from"), day("to")) {
            (Some(first), last) => Some((first, last.unwrap_or(today))),
            (None, _) => None,
        };
        let days = days.map(|(one, other)| (one.min(other), one.max(other))).filter(|(first, _)| *first <= today);
        let period = if days.is_some() { None } else { Some(word(map, "period").unwrap_or_default()) };
        Self { period, days }
    }
}

/// The choice of a range: a link for each period, and a form for days. What else the address says stays.
pub(crate) fn picker(text: &'static Text, path: &str, map: &[(&'static str, String)], range: &Range) -> AnyView {
    let words = &text.drawn;
    let periods = [
        (Period::Today, words.today),
        (Period::Week, words.this_week),
        (Period::Month, words.this_month),
        (Period::All, words.all_time),
    ];
    let choice = |(period, label): (Period, &'static str)| Choice {
        label,
        href: link_with(path, map, &[("period", period.as_str())]),
        is_chosen: range.period == Some(period),
    };
    let kept = map.iter().map(|(name, value)| view! { <input type="hidden" name=*name value=value.clone() /> }.erase());
    let (first, last) = range.days.map_or_else(Default::default, |(first, last)| (first.to_string(), last.to_string()));
    view! {
        {tabs(words.time, periods.into_iter().map(choice))}
        <form class="days" method="get" action=path.to_owned()>
            {kept.collect_view()}
            <input class="input" type="date" name="from" value=first required aria-label=words.first_day />
            <span aria-hidden="true">"–"</span>
            <input class="input" type="date" name="to" value=last aria-label=words.last_day />
            <button class="button" type="submit">{text.calls.apply}</button>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_always_one_that_can_be() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let read = |pairs: &[(&str, &str)]| {
            let map = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Range::read(&map, day("2026-11-21"))
        };
        assert_eq!(read(&[]), Range { period: Some(Period::Today), days: None });
        assert_eq!(read(&[("period", "month")]).period, Some(Period::Month));
        assert_eq!(read(&[("period", "eternity")]).period, Some(Period::Today));
        let days = read(&[("period", "month"), ("from", "2026-11-05"), ("to", "2026-11-01")]);
        assert_eq!(days, Range { period: None, days: Some((day("2026-11-01"), day("2026-11-05"))) });
        assert_eq!(read(&[("from", "2026-11-05")]).days, Some((day("2026-11-05"), day("2026-11-21"))));
        assert_eq!(read(&[("from", "2027-01-01"), ("to", "2027-01-02")]).days, None);
        assert_eq!(read(&[("from", "soon")]).period, Some(Period::Today));
    }
}
