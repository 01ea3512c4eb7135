//! Sums over calls.

use chrono::{DateTime, TimeDelta, Utc};

use super::{actor::Admin, fault};
use crate::{
    clock,
    domain::{
        fault::Fault,
        report::{UsageQuery, UsageRow, UsageStep},
    },
    hub::Hub,
    store::usage::SumQuery,
};

/// Spans that one answer may hold.
const SPANS_MAX: i64 = 1_000;

/// Rows that one answer may hold.
const ROWS_MAX: usize = 20_000;

/// How long sums by minute are counted on: they are kept for two days, by a job that may be a little early.
const MINUTES_KEPT: TimeDelta = TimeDelta::hours(47);

/// Sums by span, oldest first, within a span the dearest first. Spans without calls have no row.
pub async fn usage(hub: &Hub, _actor: &Admin, query: &UsageQuery) -> Result<Vec<UsageRow>, Fault> {
    let query = sum_query(query, clock::now(), hub.config.time_zone)?;
    let limit = i64::try_from(ROWS_MAX + 1).unwrap_or(i64::MAX);
    let rows = hub.store.sum_usage(&query, limit).await.map_err(fault::store)?;
    if rows.len() > ROWS_MAX {
        return Err(Fault::invalid(
            "step",
            format!("makes more than {ROWS_MAX} rows; choose a longer one, or a shorter range"),
        ));
    }
    Ok(rows)
}

/// What to ask the store for.
fn sum_query(query: &UsageQuery, now: DateTime<Utc>, time_zone: chrono_tz::Tz) -> Result<SumQuery, Fault> {
    let to = query.to.unwrap_or(now).min(now + TimeDelta::days(1));
    let from = query.from.unwrap_or(to - TimeDelta::days(1));
    if from >= to {
        return Err(Fault::invalid("from", "must be before `to`"));
    }
    let step = query.step.unwrap_or_default();
    let spans_max = match step {
        UsageStep::Hour => TimeDelta::hours(SPANS_MAX),
        UsageStep::Day => TimeDelta::days(SPANS_MAX),
        UsageStep::Total => TimeDelta::MAX,
    };
    if to - from > spans_max {
        return Err(Fault::invalid("from", format!("must not be more than {SPANS_MAX} of `step` before `to`")));
    }
    Ok(between(from, to, now, SumQuery { from, quarters_to: to, to, by: query.by, step, time_zone }))
}

/// `query` from `from`, cut down to its quarter of an hour, up to `to`: to the minute where those are still kept, else
/// to the end of its quarter.
pub(super) fn between(from: DateTime<Utc>, to: DateTime<Utc>, now: DateTime<Utc>, query: SumQuery) -> SumQuery {
    let quarter = quarter_of(to);
    let (quarters_to, to) = if to > now || quarter < now - MINUTES_KEPT {
        let end = if quarter == to { to } else { quarter + TimeDelta::minutes(15) };
        (end, end)
    } else {
        (quarter, to)
    };
    SumQuery { from: quarter_of(from), quarters_to, to, ..query }
}

/// The beginning of the quarter of an hour that `at` lies in.
pub(super) fn quarter_of(at: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = at.timestamp().div_euclid(900) * 900;
    DateTime::from_timestamp(seconds, 0).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn bounds(from: Option<&str>, to: Option<&str>, step: UsageStep) -> Result<[String; 3], Fault> {
        let query = UsageQuery { from: from.map(at), to: to.map(at), by: None, step: Some(step) };
        let sum = sum_query(&query, at("2026-05-05T10:07:30Z"), chrono_tz::UTC)?;
        Ok([sum.from, sum.quarters_to, sum.to].map(|at| at.format("%dT%H:%M:%S").to_string()))
    }

    #[test]
    fn ranges_end_to_the_minute_where_minutes_are_kept() {
        let expect = |from: &str, quarters_to: &str, to: &str| Ok([from, quarters_to, to].map(str::to_owned));
        assert_eq!(bounds(None, None, UsageStep::Hour), expect("04T10:00:00", "05T10:00:00", "05T10:07:30"));
        let (from, to) = (Some("2026-05-01T00:20:00Z"), Some("2026-05-01T03:20:00Z"));
        assert_eq!(bounds(from, to, UsageStep::Total), expect("01T00:15:00", "01T03:30:00", "01T03:30:00"));
        let to = Some("2026-05-01T03:30:00Z");
        assert_eq!(bounds(from, to, UsageStep::Total), expect("01T00:15:00", "01T03:30:00", "01T03:30:00"));
    }

    #[test]
    fn a_range_is_neither_empty_nor_endless() {
        let (early, late) = (Some("2020-01-01T00:00:00Z"), Some("2026-01-01T00:00:00Z"));
        for (from, to, step) in
            [(late, early, UsageStep::Total), (late, late, UsageStep::Total), (early, late, UsageStep::Day)]
        {
            assert_eq!(bounds(from, to, step).unwrap_err().field(), Some("from"));
        }
        assert!(bounds(early, late, UsageStep::Total).is_ok());
    }
}
