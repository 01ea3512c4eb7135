//! Sums over calls.

mod spans;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use self::spans::{Spans, spans};
use super::{
    actor::Admin,
    check::check_text,
    fault,
    period::{Span, quarter_of},
};
use crate::{
    clock,
    domain::{
        fault::Fault,
        id::{KeyId, UserId},
        report::{ErrorCount, ErrorQuery, Totals, UsageBy, UsageFilter, UsageQuery, UsageRow, UsageStep},
    },
    hub::Hub,
    store::{
        facet::{Part, Told, Unit, cut_days, cut_quarters, points},
        facets::DaysMade,
        usage::SumQuery,
    },
};

/// Spans that one answer may hold.
const SPANS_MAX: i64 = 1_000;

/// Rows that one answer may hold.
const ROWS_MAX: usize = 20_000;

/// Sums by span, oldest first, within a span the dearest first. Spans without calls have no row.
pub async fn usage(hub: &Hub, _actor: &Admin, query: &UsageQuery) -> Result<Vec<UsageRow>, Fault> {
    rows(hub, query).await
}

/// Sums of the last 24 hours without times, which are most of the work; at most 20,000 rows.
pub async fn of_last_day(hub: &Hub, _actor: &Admin, by: UsageBy) -> Result<Vec<UsageRow>, Fault> {
    let range = range(&UsageQuery::default(), clock::now())?;
    let asked = Asked { range, by: Some(by), without_times: true, ..Asked::default() };
    Sums::open(hub).await?.read(asked, i64::try_from(ROWS_MAX).unwrap_or(i64::MAX)).await
}

/// What [`usage`] gives, for whoever may ask it.
pub(super) async fn rows(hub: &Hub, query: &UsageQuery) -> Result<Vec<UsageRow>, Fault> {
    let asked = asked(query, range(query, clock::now())?)?;
    let rows = Sums::open(hub).await?.read(asked, i64::try_from(ROWS_MAX + 1).unwrap_or(i64::MAX)).await?;
    if rows.len() > ROWS_MAX {
        return Err(Fault::invalid(
            "step",
            format!("makes more than {ROWS_MAX} rows; choose a longer one, or a shorter range"),
        ));
    }
    Ok(rows)
}

/// What went wrong, the most frequent first: attempts that were not served, and calls that got none.
pub async fn errors(hub: &Hub, _actor: &Admin, query: &ErrorQuery) -> Result<Vec<ErrorCount>, Fault> {
    let ErrorQuery { from, to, user_id, key_id, provider_id, model } = query.clone();
    let query = UsageQuery { from, to, user_id, key_id, provider_id, model, ..UsageQuery::default() };
    let asked = asked(&query, range(&query, clock::now())?)?;
    Sums::open(hub).await?.errors(asked.range, &asked.filter).await
}

/// The sums that are asked for, of a range.
pub(super) fn asked(query: &UsageQuery, range: Span) -> Result<Asked, Fault> {
    check_text("model", query.model.as_deref())?;
    let filter = UsageFilter {
        user_id: query.user_id,
        key_id: query.key_id,
        provider_id: query.provider_id,
        model: query.model.clone(),
    };
    Ok(Asked { range, filter, by: query.by, step: query.step.unwrap_or_default(), ..Asked::default() })
}

/// The range that is asked for. Nothing was used before 1970, and of far earlier times neither the clocks of a zone nor what
/// lay before them can be told.
pub(super) fn range(query: &UsageQuery, now: DateTime<Utc>) -> Result<Span, Fault> {
    let to = query.to.unwrap_or(now).min(now + TimeDelta::days(1)).max(DateTime::UNIX_EPOCH);
    let from = query.from.unwrap_or(to - TimeDelta::days(1)).max(DateTime::UNIX_EPOCH);
    if from >= to {
        return Err(Fault::invalid("from", "must be before `to`"));
    }
    let spans_max = match query.step.unwrap_or_default() {
        UsageStep::QuarterHour => TimeDelta::minutes(15 * SPANS_MAX),
        UsageStep::Hour => TimeDelta::hours(SPANS_MAX),
        UsageStep::Day => TimeDelta::days(SPANS_MAX),
        UsageStep::Week | UsageStep::Month | UsageStep::Total => TimeDelta::MAX,
    };
    if to - from > spans_max {
        return Err(Fault::invalid("from", format!("must not be more than {SPANS_MAX} of `step` before `to`")));
    }
    Ok((from, to))
}

/// Sums that are asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// From the first time up to the second.
    pub(super) range: Span,
    /// Only of these.
    pub(super) filter: UsageFilter,
    /// One row for each of these.
    pub(super) by: Option<UsageBy>,
    /// Only these have rows of their own, all others share one; none: each has.
    pub(super) named: Option<Vec<i64>>,
    /// True if those others, which are users or keys, are left out: then few rows are read.
    pub(super) only_named: bool,
    /// One row for each of these spans.
    pub(super) step: UsageStep,
    /// True if nobody looks at times.
    pub(super) without_times: bool,
    /// True if the range begins at its minute, and not at its quarter of an hour: all of its minutes have to be kept still.
    pub(super) by_minute: bool,
}

/// What has to be told apart.
fn told(filter: &UsageFilter, by: Option<UsageBy>) -> Told {
    Told::least([
        filter.user_id.is_some() || by == Some(UsageBy::User),
        filter.key_id.is_some() || by == Some(UsageBy::Key),
        filter.provider_id.is_some() || by == Some(UsageBy::Provider),
        filter.model.is_some() || by == Some(UsageBy::Model),
    ])
}

/// How long the spans may be of which those of this step are made, the longest first.
const fn units(step: UsageStep) -> &'static [Unit] {
    match step {
        // In some zones a day, or an hour of theirs, begins within an hour of the facets.
        UsageStep::Total => &[Unit::Month, Unit::Week, Unit::Day, Unit::Hour],
        UsageStep::Month => &[Unit::Month, Unit::Day],
        UsageStep::Week => &[Unit::Week, Unit::Day],
        UsageStep::Day => &[Unit::Day],
        UsageStep::Hour | UsageStep::QuarterHour => &[],
    }
}

/// The sums as they can be read just now.
#[derive(Clone, Copy)]
pub(super) struct Sums<'a> {
    hub: &'a Hub,
    now: DateTime<Utc>,
    zone: Tz,
    /// How the sums by day are made; none before they are made for the first time. Those of another zone than the hub's,
    /// and a range that they do not hold yet, serve nobody: quarters of an hour do.
    days: Option<DaysMade>,
}

impl<'a> Sums<'a> {
    /// Looks what there is.
    pub(super) async fn open(hub: &'a Hub) -> Result<Self, Fault> {
        let zone = hub.snapshot.load().zone;
        let days = hub.store.days_made().await.map_err(fault::store)?;
        Ok(Self { hub, now: clock::now(), zone, days })
    }

    /// Reads sums; at most `limit` rows.
    pub(super) async fn read(mut self, asked: Asked, limit: i64) -> Result<Vec<UsageRow>, Fault> {
        loop {
            let rows = self.hub.store.sum_usage(&self.query(asked.clone()), limit).await.map_err(fault::store)?;
            let Some(anew) = self.made_anew().await? else { return Ok(rows) };
            self = anew;
        }
    }

    /// The sums as they can be read now, if the days were begun anew since: what was read of them was gone. That happens for
    /// another zone only, so that nearly nobody has to ask.
    async fn made_anew(self) -> Result<Option<Self>, Fault> {
        let Some(made) = self.days.filter(|days| days.zone != self.hub.snapshot.load().zone) else { return Ok(None) };
        let days = self.hub.store.days_made().await.map_err(fault::store)?;
        Ok((!made.are_there(days)).then_some(Self { days, ..self }))
    }

    /// The sums that few rows serve.
    fn query(self, asked: Asked) -> SumQuery {
        let (spans, parts, has_quarters) = if asked.by_minute {
            (Spans::of_minutes(asked.range), Vec::new(), false)
        } else {
            self.cut(asked.range, told(&asked.filter, asked.by), units(asked.step))
        };
        let (users, keys) = self.callers(&asked);
        let (parts, points) = if users.is_some() { points(parts, self.zone) } else { (parts, Vec::new()) };
        let Spans { from, days_from, days_to, quarters_to, to } = spans;
        // Where facets serve the quarters nothing is left of them.
        let quarters = [(from, days_from), (days_to, quarters_to)];
        let quarters = if has_quarters { [(from, from), (to, to)] } else { quarters };
        let Asked { filter, by, named, step, without_times, .. } = asked;
        SumQuery {
            from,
            parts,
            points,
            quarters,
            minutes: (quarters_to, to),
            users,
            keys,
            provider_id: filter.provider_id,
            model: filter.model,
            by,
            named,
            step,
            time_zone: self.zone,
            without_times,
        }
    }

    /// The users and the keys that are meant; none: all. The calls of keys are their users', by whom they are found.
    fn callers(self, asked: &Asked) -> (Option<Vec<i64>>, Option<Vec<i64>>) {
        let Asked { filter, by, named, only_named, .. } = asked;
        let of = |wanted| named.as_ref().filter(|_| *only_named && *by == Some(wanted)).cloned();
        let users = filter.user_id.map(|id| vec![id.0]).or_else(|| of(UsageBy::User));
        let keys = filter.key_id.map(|id| vec![id.0]).or_else(|| of(UsageBy::Key));
        let owners = |keys: &Vec<i64>| -> Option<Vec<i64>> {
            keys.iter().map(|id| self.owner(KeyId(*id)).map(|user| user.0)).collect()
        };
        (users.or_else(|| keys.as_ref().and_then(owners)), keys)
    }

    /// Whose key it is; none for one that is deleted.
    fn owner(self, key: KeyId) -> Option<UserId> {
        let snapshot = self.hub.snapshot.load();
        snapshot.callers.values().find(|caller| caller.key.id == key).map(|caller| caller.user.id)
    }

    /// The time from `from` up to now in facets that tell this apart, whose spans have these lengths, and the minutes before
    /// them.
    pub(super) fn since(self, from: DateTime<Utc>, told: Told, units: &[Unit]) -> (Vec<Part>, Span) {
        let first = Unit::Quarter.begin_from(from, self.zone);
        // What is being made comes in from the newest on: what is there is read.
        let made_from = self.days.map_or(first, |days| days.made_from.max(first));
        // There is nothing after now: the quarter that runs is read whole.
        let (_, parts, _) = self.cut((made_from, self.now + TimeDelta::minutes(15)), told, units);
        (parts, (from, first))
    }

    /// A range in facets that tell this apart, and true if they hold its quarters of an hour too. They are by quarter, and
    /// by longer units where they may be, the longest first.
    fn cut(self, range: Span, told: Told, units: &[Unit]) -> (Spans, Vec<Part>, bool) {
        let made = self.days.filter(|days| days.hold(range.0));
        let days = made.filter(|days| days.zone == self.zone && units.contains(&Unit::Day));
        let spans = spans(range, self.now, days.map(|days| days.zone));
        let Spans { from, days_from, days_to, quarters_to, .. } = spans;
        let Some(DaysMade { closed_before, quarters_closed_before, .. }) = made else {
            return (spans, Vec::new(), false);
        };
        let has_hours = units.contains(&Unit::Hour);
        let longer: Vec<Unit> = units.iter().copied().filter(|unit| matches!(unit, Unit::Week | Unit::Month)).collect();
        let mut parts = Vec::new();
        let quarters =
            |range: Span, parts: &mut Vec<Part>| cut_quarters(told, range, quarters_closed_before, has_hours, parts);
        let mut has_quarters = quarters((from, days_from), &mut parts);
        if days_from < days_to {
            parts.extend(cut_days(told, (days_from, days_to), &longer, closed_before, self.zone));
        }
        has_quarters &= quarters((days_to, quarters_to), &mut parts);
        (spans, parts, has_quarters)
    }

    /// The sums of a range, in one.
    pub(super) async fn total(self, range: Span, filter: UsageFilter) -> Result<Totals, Fault> {
        self.one(Asked { range, filter, ..Asked::default() }).await
    }

    /// The same without times.
    pub(super) async fn total_without_times(self, range: Span, filter: UsageFilter) -> Result<Totals, Fault> {
        self.one(Asked { range, filter, without_times: true, ..Asked::default() }).await
    }

    /// The same of everybody, from the range's minute on.
    pub(super) async fn total_by_minute(self, range: Span) -> Result<Totals, Fault> {
        self.one(Asked { range, without_times: true, by_minute: true, ..Asked::default() }).await
    }

    async fn one(self, asked: Asked) -> Result<Totals, Fault> {
        let rows = self.read(asked, 1).await?;
        Ok(rows.into_iter().next().map(|row| row.totals).unwrap_or_default())
    }

    /// What went wrong in a range, the most frequent first. Errors of a key are its user's, by whom they are found.
    pub(super) async fn errors(mut self, (from, to): Span, filter: &UsageFilter) -> Result<Vec<ErrorCount>, Fault> {
        let from = quarter_of(from);
        let user_id = filter.user_id.or_else(|| self.owner(filter.key_id?));
        let filter = UsageFilter { user_id, ..filter.clone() };
        let has_callers = filter.user_id.is_some() || filter.key_id.is_some();
        let has_routes = filter.provider_id.is_some() || filter.model.is_some();
        let by_day = |Self { days, zone, .. }: Self| {
            // By day no errors tell all of them apart.
            let closed = days.filter(|days| days.zone == zone && !(has_callers && has_routes))?.closed_before?.min(to);
            let (first, last) = (Unit::Day.begin_from(from, zone), Unit::Day.begin(closed, zone));
            (first < last).then_some((first, last))
        };
        loop {
            let days = by_day(self).unwrap_or((to, to));
            let errors = self.hub.store.count_errors((from, to), days, &filter).await.map_err(fault::store)?;
            let Some(anew) = self.made_anew().await? else { return Ok(errors) };
            self = anew;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_is_neither_empty_nor_endless() {
        let asked = |from: Option<&str>, to: Option<&str>, step| {
            let query = UsageQuery { from: from.map(at), to: to.map(at), step: Some(step), ..UsageQuery::default() };
            range(&query, at("2026-05-05T10:07:30Z"))
        };
        let (early, late) = (Some("2020-01-01T00:00:00Z"), Some("2026-01-01T00:00:00Z"));
        for (from, to, step) in
            [(late, early, UsageStep::Total), (late, late, UsageStep::Total), (early, late, UsageStep::Day)]
        {
            assert_eq!(asked(from, to, step).unwrap_err().field(), Some("from"));
        }
        assert!(asked(early, late, UsageStep::Total).is_ok());
        let first = Some("-262143-01-01T00:00:00Z");
        assert_eq!(asked(first, late, UsageStep::Total).unwrap().0, DateTime::UNIX_EPOCH);
        for from in [None, first, early] {
            assert_eq!(asked(from, first, UsageStep::Total).unwrap_err().field(), Some("from"));
        }
    }
}
