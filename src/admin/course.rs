//! Use over time.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, Months, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{
    actor::Admin,
    period::{Span, hour_of, quarter_of},
    usage::{self, Asked, Sums},
};
use crate::{
    clock,
    domain::{
        fault::Fault,
        money::Usd,
        report::{
            Totals, UsageBy, UsageQuery, UsageRow, UsageStep,
            course::{Course, CourseLine},
        },
    },
    hub::Hub,
};

/// Lines beside the one for all others.
const LINES_MAX: usize = 5;

/// Rows that are read at most.
const ROWS_MAX: i64 = 50_000;

/// Spans of a course at most.
const SPANS_MAX: usize = 1_000;

/// Use over time, in spans that begin as the hub's clocks show them: those that are asked for, or such that they are
/// neither few nor many.
///
/// # Errors
/// [`Fault::Invalid`] for a range or a filter that cannot be.
pub async fn course(hub: &Hub, _actor: &Admin, query: &UsageQuery) -> Result<Course, Fault> {
    let range = usage::range(query, clock::now())?;
    let step = query.step.unwrap_or_else(|| step_of(range));
    let asked = Asked { range, step, ..usage::asked(query, range)? };
    of_sums(Sums::open(hub).await?, asked, hub.snapshot.load().zone).await
}

/// The same from sums that are open already.
pub(super) async fn of_sums(sums: Sums<'_>, asked: Asked, zone: Tz) -> Result<Course, Fault> {
    let step = asked.step;
    let starts = starts(asked.range, step, zone);
    // The first span is shown whole.
    let from = starts.first().copied().unwrap_or(asked.range.0);
    // Of several lines percentiles are not told.
    let asked = Asked { range: (from, asked.range.1), without_times: asked.by.is_some(), ..asked };
    let named = match asked.by {
        Some(UsageBy::User | UsageBy::Key | UsageBy::Provider) => Some(dearest(sums, &asked).await?),
        Some(UsageBy::Model) | None => None,
    };
    let asked = Asked { named, ..asked };
    let rows = match asked.by {
        Some(UsageBy::User | UsageBy::Key) => Box::pin(named_and_others(sums, asked)).await?,
        Some(UsageBy::Provider | UsageBy::Model) | None => sums.read(asked, ROWS_MAX).await?,
    };
    Ok(Course { step, lines: lines(rows, &starts), starts })
}

/// The rows of those that have lines, and what is left of all for the others: of hundreds of users each has a row for every
/// day, and few of them have lines.
async fn named_and_others(sums: Sums<'_>, asked: Asked) -> Result<Vec<UsageRow>, Fault> {
    let all = Asked { by: None, named: None, ..asked.clone() };
    let named = Asked { only_named: true, ..asked };
    // One after the other: sums only grow, so that those of all, which are read later, have all of the named in them.
    let mut rows = sums.read(named, ROWS_MAX).await?;
    let others = others(&rows, sums.read(all, ROWS_MAX).await?);
    rows.extend(others);
    Ok(rows)
}

/// What all have used in each span without those that have rows of their own, where something is left.
fn others(named: &[UsageRow], all: Vec<UsageRow>) -> Vec<UsageRow> {
    let left = |row: UsageRow| {
        let of_span = named.iter().filter(|named| named.from == row.from);
        let totals = of_span.fold(row.totals.clone(), |left, named| left.minus(&named.totals));
        (totals.calls > 0 || totals.attempts > 0).then_some(UsageRow { totals, ..row })
    };
    all.into_iter().filter_map(left).collect()
}

/// Those that have lines of their own: there may be thousands, and each would have a row for every span.
async fn dearest(sums: Sums<'_>, asked: &Asked) -> Result<Vec<i64>, Fault> {
    let whole = Asked { step: UsageStep::Total, ..asked.clone() };
    let limit = i64::try_from(LINES_MAX + 1).unwrap_or(i64::MAX);
    let rows = sums.read(whole, limit).await?;
    Ok(rows.into_iter().filter_map(|row| row.id?.parse().ok()).collect())
}

/// The steps that a range is shown in unless somebody wants others.
pub(super) fn step_of((from, to): Span) -> UsageStep {
    match (to - from).num_days() {
        ..3 if to - from < TimeDelta::hours(4) => UsageStep::QuarterHour,
        ..3 => UsageStep::Hour,
        3..93 => UsageStep::Day,
        93..370 => UsageStep::Week,
        370.. => UsageStep::Month,
    }
}

/// The beginnings of the spans that hold a range, oldest first.
fn starts((from, to): Span, step: UsageStep, zone: Tz) -> Vec<DateTime<Utc>> {
    let mut at = match step {
        UsageStep::QuarterHour => quarter_of(from),
        UsageStep::Hour => hour_of(from, zone),
        UsageStep::Day => clock::midnight(from, zone),
        UsageStep::Week => {
            let day = from.with_timezone(&zone).date_naive();
            let monday = day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())).unwrap_or(day);
            clock::at_local(monday.and_time(NaiveTime::MIN), zone)
        }
        UsageStep::Month => {
            let day = from.with_timezone(&zone).date_naive();
            clock::at_local(day.with_day(1).unwrap_or(day).and_time(NaiveTime::MIN), zone)
        }
        UsageStep::Total => return vec![from],
    };
    let mut starts = Vec::new();
    while at < to && starts.len() < SPANS_MAX {
        starts.push(at);
        at = next(at, step, zone);
    }
    starts
}

/// The beginning of the span after the one that begins at `at`.
fn next(at: DateTime<Utc>, step: UsageStep, zone: Tz) -> DateTime<Utc> {
    let day = at.with_timezone(&zone).date_naive();
    let later = match step {
        UsageStep::QuarterHour => return at + TimeDelta::minutes(15),
        UsageStep::Hour | UsageStep::Total => return at + TimeDelta::hours(1),
        UsageStep::Day => day.checked_add_days(Days::new(1)),
        UsageStep::Week => day.checked_add_days(Days::new(7)),
        UsageStep::Month => day.checked_add_months(Months::new(1)),
    };
    clock::at_local(later.unwrap_or(day).and_time(NaiveTime::MIN), zone)
}

/// A line for each of the dearest, and one for all others if there are any.
fn lines(rows: Vec<UsageRow>, starts: &[DateTime<Utc>]) -> Vec<CourseLine> {
    let place = |at: Option<DateTime<Utc>>| at.map(|at| starts.partition_point(|start| *start <= at).saturating_sub(1));
    let mut by_id = BTreeMap::<Option<String>, CourseLine>::new();
    for row in rows {
        let line = by_id.entry(row.id.clone()).or_insert_with(|| CourseLine {
            id: row.id,
            name: row.name,
            values: vec![Totals::default(); starts.len()],
        });
        if let Some(value) = place(row.from).and_then(|place| line.values.get_mut(place)) {
            *value = if value.calls == 0 && value.attempts == 0 { row.totals } else { value.plus(&row.totals) };
        }
    }
    let cost = |line: &CourseLine| line.values.iter().map(|value| value.cost_usd).sum::<Usd>();
    let mut lines: Vec<CourseLine> = by_id.into_values().collect();
    lines.sort_by_key(|line| std::cmp::Reverse(cost(line)));
    let (named, nobodys): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.id.is_some());
    if named.is_empty() {
        return nobodys;
    }
    let mut lines = named;
    let others = lines.split_off(lines.len().min(LINES_MAX)).into_iter().chain(nobodys).reduce(|one, other| {
        let values = one.values.iter().zip(&other.values).map(|(one, other)| one.plus(other)).collect();
        CourseLine { id: None, name: None, values }
    });
    lines.extend(others.map(|others| CourseLine { id: None, name: None, ..others }));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn spans_begin_as_the_zones_clocks_show_them_also_when_these_change() {
        let berlin = chrono_tz::Europe::Berlin;
        // Winter time began on 25 October 2026 at 01:00 UTC.
        let range = (at("2026-10-24T12:00:00Z"), at("2026-10-26T12:00:00Z"));
        let quarters = starts((at("2026-10-25T00:44:00Z"), at("2026-10-25T01:10:00Z")), UsageStep::QuarterHour, berlin);
        assert_eq!(quarters, ["2026-10-25T00:30:00Z", "2026-10-25T00:45:00Z", "2026-10-25T01:00:00Z"].map(at));
        let days = starts(range, UsageStep::Day, berlin);
        assert_eq!(days, ["2026-10-23T22:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"].map(at));
        let range = (at("2026-10-25T00:30:00Z"), at("2026-10-25T02:30:00Z"));
        let hours = starts(range, UsageStep::Hour, berlin);
        assert_eq!(hours, ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"].map(at));
        let range = (at("2026-10-22T00:30:00Z"), at("2026-11-02T02:30:00Z"));
        let weeks = starts(range, UsageStep::Week, berlin);
        assert_eq!(weeks, ["2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z", "2026-11-01T23:00:00Z"].map(at));
        let months = starts(range, UsageStep::Month, berlin);
        assert_eq!(months, ["2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z"].map(at));
        let forever = (DateTime::UNIX_EPOCH, at("2026-11-02T02:30:00Z"));
        assert_eq!(starts(forever, UsageStep::Day, berlin).len(), SPANS_MAX);
    }

    #[test]
    fn the_dearest_have_lines_of_their_own_and_the_others_share_one() {
        let starts = ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"].map(at);
        let row = |id: Option<&str>, day: usize, cost: i64| UsageRow {
            from: Some(starts[day]),
            id: id.map(str::to_owned),
            name: id.map(str::to_owned),
            totals: Totals { calls: 1, cost_usd: Usd::from_scaled(cost), ..Totals::default() },
        };
        let mut rows: Vec<_> = (1..=7).map(|n| row(Some(&n.to_string()), 0, n)).collect();
        rows.push(row(Some("1"), 1, 100));
        rows.push(row(None, 1, 1_000));
        let lines = lines(rows, &starts);
        let named: Vec<_> = lines.iter().map(|line| line.id.as_deref()).collect();
        assert_eq!(named, [Some("1"), Some("7"), Some("6"), Some("5"), Some("4"), None]);
        let costs = |line: &CourseLine| line.values.iter().map(|value| value.cost_usd.scaled()).collect::<Vec<_>>();
        assert_eq!((costs(&lines[0]), costs(&lines[5])), (vec![1, 100], vec![5, 1_000]));
        assert_eq!(super::lines(vec![row(None, 0, 5)], &starts)[0].values[0].calls, 1);
        assert!(super::lines(Vec::new(), &starts).is_empty());
    }

    #[test]
    fn what_others_have_used_is_what_is_left_of_all() {
        let starts = ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"].map(at);
        let row = |id: Option<&str>, day: usize, calls: u64, cost: i64| UsageRow {
            from: Some(starts[day]),
            id: id.map(str::to_owned),
            name: None,
            totals: Totals { calls, cost_usd: Usd::from_scaled(cost), ..Totals::default() },
        };
        let named = [row(Some("1"), 0, 2, 20), row(Some("2"), 0, 1, 5), row(Some("1"), 1, 4, 8)];
        let all = vec![row(None, 0, 5, 30), row(None, 1, 4, 8)];
        assert_eq!(others(&named, all), [row(None, 0, 2, 5)]);
    }

    #[test]
    fn a_longer_range_has_longer_steps() {
        let days = |n| step_of((at("2026-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z") + TimeDelta::days(n)));
        assert_eq!(
            [1, 7, 90, 200, 800].map(days),
            [UsageStep::Hour, UsageStep::Day, UsageStep::Day, UsageStep::Week, UsageStep::Month]
        );
        let now = at("2026-01-01T00:00:00Z");
        assert_eq!(step_of((now - TimeDelta::hours(1), now)), UsageStep::QuarterHour);
    }
}
