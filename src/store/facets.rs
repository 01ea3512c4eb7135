//! Sums that were added up further, so that a report over any range reads few rows (`migrations/0010_insight.sql`).

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::{PgConnection, Row, postgres::PgRow};

use super::{
    Store,
    facet::{Facet, Unit},
    statements,
};
use crate::clock;

/// Sums that one step takes in, or all of a day's if they are more: whoever records calls waits for one step.
const STEP_ROWS: i64 = 20_000;

/// Puts together something for each column of sums but the histograms.
macro_rules! each_sum {
    ($each:ident) => {
        concat!(
            $each!("calls"),
            $each!("completed"),
            $each!("rejected"),
            $each!("refused"),
            $each!("failed"),
            $each!("interrupted"),
            $each!("abandoned"),
            $each!("attempts"),
            $each!("attempts_good"),
            $each!("attempts_bad"),
            $each!("unpriced"),
            $each!("input"),
            $each!("output"),
            $each!("cache_write_5m"),
            $each!("cache_write_1h"),
            $each!("cache_read"),
            $each!("web_searches"),
            $each!("web_fetches"),
            $each!("code_executions"),
            $each!("cost_input"),
            $each!("cost_output"),
            $each!("cost_cache_write_5m"),
            $each!("cost_cache_write_1h"),
            $each!("cost_cache_read"),
            $each!("cost_tools"),
            $each!("cost_request"),
            $each!("cost"),
            $each!("streamed"),
            $each!("streamed_ms")
        )
    };
}

/// `, add_up(a) as a`: what `sum` does, but without a `numeric` on the way.
macro_rules! summed {
    ($column:literal) => {
        concat!(", add_up(", $column, ") as ", $column)
    };
}

/// `, a`
macro_rules! listed {
    ($column:literal) => {
        concat!(", ", $column)
    };
}

/// `a = sums.a + excluded.a, `
macro_rules! added {
    ($column:literal) => {
        concat!($column, " = sums.", $column, " + excluded.", $column, ", ")
    };
}

/// The sum of histograms, bucket by bucket: as an expression for each, which is much faster than an aggregate in SQL.
macro_rules! histogram {
    ($column:literal) => {
        histogram!($column: "1" "2" "3" "4" "5" "6" "7" "8" "9" "10" "11" "12" "13" "14" "15" "16" "17" "18" "19" "20")
    };
    ($column:literal: $first:literal $($bucket:literal)*) => {
        concat!(
            ", array[add_up(", $column, "[", $first, "])"
            $(, ", add_up(", $column, "[", $bucket, "])")*,
            "] as ", $column
        )
    };
}

pub(super) use {added, each_sum, histogram, listed, summed};

/// Adds up quarters of an hour from $2 on and before $3 to a facet.
macro_rules! make {
    ($facet:literal, $at:literal, $user:literal, $key:literal, $provider:literal, $model:literal, $condition:literal) => {
        concat!(
            "insert into usage_facets (facet, at, user_id, key_id, provider_id, model",
            each_sum!(listed),
            ", first_token_hist, duration_hist) select ",
            $facet,
            ", ",
            $at,
            ", ",
            $user,
            ", ",
            $key,
            ", ",
            $provider,
            ", ",
            $model,
            each_sum!(summed),
            histogram!("first_token_hist"),
            histogram!("duration_hist"),
            " from usage_15m where at >= $2 and at < $3 and ",
            $condition,
            " group by 1, 2, 3, 4, 5, 6"
        )
    };
}

statements! {
    ZONE = "select name, made_from, closed_before, quarters_closed_before from usage_zone";
    /// The writer's: whoever makes the days anew waits until it is done.
    ZONE_FOR_ADDING = "select name, made_from, closed_before, quarters_closed_before from usage_zone for share";
    ZONE_FOR_MAKING = "select name, made_from, closed_before, quarters_closed_before from usage_zone for update";
    SET_ZONE = "
        update usage_zone set name = $1, made_from = $2, closed_before = null, quarters_closed_before = null";
    SET_MADE = "update usage_zone set made_from = $1";
    SET_CLOSED = "update usage_zone set closed_before = $1";
    SET_QUARTERS_CLOSED = "update usage_zone set quarters_closed_before = $1";
    /// A report that takes its time keeps nobody waiting behind who clears: that is tried again. Postgres's own vacuum gives
    /// way after a second.
    WAIT_SHORTLY = "set local lock_timeout = '3s'";
    CLEAR = "truncate usage_facets, usage_errors_1d, usage_caller_errors_1d";
    NEWEST = "select max(at) from usage_15m";
    /// The newest $2 sums before $1.
    LATEST = "
        select count(*) as n, min(at) as oldest, max(at) as newest
        from (select at from usage_15m where at < $1 order by at desc limit $2) as latest";
    /// The oldest $2 sums from $1 on.
    OLDEST = "
        select count(*) as n, min(at) as oldest, max(at) as newest
        from (select at from usage_facets where facet = 'caller_15m' and at >= $1 order by at limit $2) as first";
    MAKE_ROUTES = make!("'route_15m'", "at", "0", "0", "provider_id", "model", "$1::text is not null");
    MAKE_CALLERS = make!("'caller_15m'", "at", "user_id", "key_id", "0", "''", "$1::text is not null");
    MAKE_ROUTE_DAYS = make!("'route_1d'", "date_trunc('day', at, $1)", "0", "0", "provider_id", "model", "true");
    MAKE_CALLER_DAYS = make!("'caller_1d'", "date_trunc('day', at, $1)", "user_id", "key_id", "0", "''", "true");
    MAKE_WHOLE_DAYS =
        make!("'whole_1d'", "date_trunc('day', at, $1)", "user_id", "key_id", "provider_id", "model", "true");
    /// Adds up what lies from $9 on and before $10 in the facet $8 to the facet $1, whose unit is $2 in the zone $3, and
    /// which tells apart users ($4), keys, providers and models.
    CLOSE = concat!(
        "insert into usage_facets (facet, at, user_id, key_id, provider_id, model",
        each_sum!(listed),
        ", first_token_hist, duration_hist)
        select $1, case $2 when 'quarter' then at when 'hour' then date_bin('1 hour', at, timestamptz 'epoch')
                else date_trunc($2, at, $3) end,
            case when $4 then user_id else 0 end, case when $5 then key_id else 0 end,
            case when $6 then provider_id else 0 end, case when $7 then model else '' end",
        each_sum!(summed),
        histogram!("first_token_hist"),
        histogram!("duration_hist"),
        " from usage_facets
        where facet = $8 and ($9::timestamptz is null or at >= $9) and at < $10
        group by 1, 2, 3, 4, 5, 6"
    );
    /// What went wrong from $2 on and before $3, by day of the zone $1.
    CLOSE_ERRORS = "
        insert into usage_errors_1d (at, provider_id, model, cause, n_errors)
        select date_trunc('day', at, $1), provider_id, model, cause, sum(n_errors)::bigint
        from usage_errors
        where ($2::timestamptz is null or at >= $2) and at < $3
        group by 1, 2, 3, 4";
    CLOSE_CALLER_ERRORS = "
        insert into usage_caller_errors_1d (user_id, at, key_id, cause, n_errors)
        select user_id, date_trunc('day', at, $1), key_id, cause, sum(n_errors)::bigint
        from usage_errors
        where ($2::timestamptz is null or at >= $2) and at < $3
        group by 1, 2, 3, 4";
}

/// The facets as they are made just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DaysMade {
    /// Where they begin.
    pub zone: Tz,
    /// What is from here on is in them: they are made from the newest sums on.
    pub made_from: DateTime<Utc>,
    /// Days before this one are over: of them there are all facets.
    pub closed_before: Option<DateTime<Utc>>,
    /// Of quarters before this one, which is no earlier, there are all facets by quarter, and of hours before it by hour.
    pub quarters_closed_before: Option<DateTime<Utc>>,
}

impl DaysMade {
    /// True if all is in them that is from `at` on. Nothing is from before the epoch.
    pub fn hold(self, at: DateTime<Utc>) -> bool {
        self.made_from <= at.max(DateTime::UNIX_EPOCH)
    }

    /// False if what was there when this was read is gone by `now`: the days were begun anew.
    pub fn are_there(self, now: Option<Self>) -> bool {
        now.is_some_and(|now| now.zone == self.zone && now.made_from <= self.made_from)
    }

    fn are_whole(self) -> bool {
        self.hold(DateTime::UNIX_EPOCH)
    }

    /// Where the sums of this length end that are made of what is over; none before they are made for the first time.
    pub(super) fn closed(self, unit: Unit) -> Option<DateTime<Utc>> {
        let closed = if unit.is_short() { self.quarters_closed_before } else { self.closed_before };
        closed.map(|closed| unit.begin(closed, self.zone))
    }
}

/// A row of the statements that read it; none before the days are made for the first time.
fn made_from_row(row: &PgRow) -> Result<Option<DaysMade>, sqlx::Error> {
    let name: String = row.try_get("name")?;
    let (made_from, closed_before) = (row.try_get("made_from")?, row.try_get("closed_before")?);
    // Those of days come with their days.
    let quarters_closed_before: Option<DateTime<Utc>> = row.try_get("quarters_closed_before")?;
    let quarters_closed_before = quarters_closed_before.max(closed_before);
    Ok(name.parse().ok().map(|zone| DaysMade { zone, made_from, closed_before, quarters_closed_before }))
}

/// From one time to another.
type Ends = (DateTime<Utc>, DateTime<Utc>);

/// The times of the oldest and the newest of as many sums as a step takes; none if there are fewer: it takes them all.
fn ends(row: &PgRow) -> Result<Option<Ends>, sqlx::Error> {
    let n_rows: i64 = row.try_get("n")?;
    let (oldest, newest): (Option<_>, Option<_>) = (row.try_get("oldest")?, row.try_get("newest")?);
    Ok(oldest.zip(newest).filter(|_| n_rows == STEP_ROWS))
}

impl Store {
    /// How the days are made; none before they are made for the first time.
    pub async fn days_made(&self) -> Result<Option<DaysMade>, sqlx::Error> {
        made_from_row(&sqlx::query(ZONE).fetch_one(&self.pool).await?)
    }

    /// Takes a step towards days that begin in `zone`. Whoever records calls waits meanwhile. False if nothing was left to
    /// do.
    pub async fn make_days(&self, zone: Tz) -> Result<bool, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let made = made_from_row(&sqlx::query(ZONE_FOR_MAKING).fetch_one(&mut *transaction).await?)?;
        match made.filter(|made| made.zone == zone) {
            None => begin_days(&mut transaction, zone).await?,
            Some(made) if made.are_whole() => return Ok(false),
            Some(made) => take_in_newest(&mut transaction, made).await?,
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Takes a step towards all facets of the days before `before`, a midnight of `zone`. Whoever records calls waits
    /// meanwhile. False if nothing was left to do.
    pub async fn close_days(&self, zone: Tz, before: DateTime<Utc>) -> Result<bool, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let made = made_from_row(&sqlx::query(ZONE_FOR_MAKING).fetch_one(&mut *transaction).await?)?;
        let made = made.filter(|made| made.zone == zone && made.are_whole());
        let Some(made) = made.filter(|made| made.closed_before.is_none_or(|at| at < before)) else {
            return Ok(false);
        };
        let since = made.closed_before.unwrap_or(DateTime::UNIX_EPOCH);
        let oldest = sqlx::query(OLDEST).bind(since).bind(STEP_ROWS).fetch_one(&mut *transaction).await?;
        let before = match ends(&oldest)? {
            // The day of the newest may have more of them.
            Some((oldest, newest)) => clock::midnight(newest, zone).max(clock::next_midnight(oldest, zone)).min(before),
            None => before,
        };
        for facet in Facet::CLOSED {
            close(&mut transaction, facet, made, before).await?;
        }
        for statement in [CLOSE_ERRORS, CLOSE_CALLER_ERRORS] {
            let query = sqlx::query(statement).bind(zone.name()).bind(made.closed_before).bind(before);
            query.persistent(false).execute(&mut *transaction).await?;
        }
        sqlx::query(SET_CLOSED).bind(before).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Makes the facets by quarter and by hour up to `before`, the beginning of a quarter of an hour, once those of all days
    /// before `midnight` are made. Whoever records calls waits meanwhile.
    pub async fn close_quarters(
        &self,
        zone: Tz,
        midnight: DateTime<Utc>,
        before: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let made = made_from_row(&sqlx::query(ZONE_FOR_MAKING).fetch_one(&mut *transaction).await?)?;
        let made = made.filter(|made| made.zone == zone && made.are_whole());
        let made = made.filter(|made| made.closed_before.is_some_and(|closed| closed >= midnight));
        let is_behind = |made: &DaysMade| made.quarters_closed_before.is_some_and(|closed| closed < before);
        let Some(made) = made.filter(is_behind) else { return Ok(()) };
        for facet in Facet::CLOSED.into_iter().filter(|facet| facet.unit.is_short()) {
            close(&mut transaction, facet, made, before).await?;
        }
        sqlx::query(SET_QUARTERS_CLOSED).bind(before).execute(&mut *transaction).await?;
        transaction.commit().await
    }
}

/// Makes a facet of what is over, from where it ends up to `before`.
async fn close(
    connection: &mut PgConnection,
    facet: Facet,
    made: DaysMade,
    before: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let Facet { told, unit } = facet;
    let query = sqlx::query(CLOSE)
        .bind(facet.name())
        .bind(unit.word())
        .bind(made.zone.name())
        .bind(told.has_user())
        .bind(told.has_key())
        .bind(told.has_provider())
        .bind(told.has_model())
        .bind(facet.source().name())
        .bind(made.closed(unit))
        .bind(unit.begin(before, made.zone));
    query.persistent(false).execute(connection).await.map(|_| ())
}

/// Begins anew: what is recorded for later days than there are is in the facets from now on.
async fn begin_days(connection: &mut PgConnection, zone: Tz) -> Result<(), sqlx::Error> {
    sqlx::query(WAIT_SHORTLY).execute(&mut *connection).await?;
    sqlx::query(CLEAR).execute(&mut *connection).await?;
    let newest: Option<DateTime<Utc>> = sqlx::query_scalar(NEWEST).fetch_one(&mut *connection).await?;
    let made_from = clock::next_midnight(newest.unwrap_or_else(clock::now), zone);
    sqlx::query(SET_ZONE).bind(zone.name()).bind(made_from).execute(connection).await.map(|_| ())
}

/// Takes the newest sums that are not in the facets yet into those that the writer adds to, by whole days.
async fn take_in_newest(connection: &mut PgConnection, made: DaysMade) -> Result<(), sqlx::Error> {
    let DaysMade { zone, made_from: to, .. } = made;
    let latest = sqlx::query(LATEST).bind(to).bind(STEP_ROWS).fetch_one(&mut *connection).await?;
    let from = match ends(&latest)? {
        // The day of the oldest may have more of them.
        Some((oldest, newest)) => clock::next_midnight(oldest, zone).min(clock::midnight(newest, zone)),
        None => DateTime::UNIX_EPOCH,
    };
    for statement in [MAKE_ROUTES, MAKE_CALLERS, MAKE_ROUTE_DAYS, MAKE_CALLER_DAYS, MAKE_WHOLE_DAYS] {
        let query = sqlx::query(statement).bind(zone.name()).bind(from).bind(to).persistent(false);
        query.execute(&mut *connection).await?;
    }
    sqlx::query(SET_MADE).bind(from).execute(connection).await.map(|_| ())
}

/// How the days are made, for whoever adds to them in this transaction; none if there are no days yet.
pub(super) async fn made_for_adding(connection: &mut PgConnection) -> Result<Option<DaysMade>, sqlx::Error> {
    made_from_row(&sqlx::query(ZONE_FOR_ADDING).fetch_one(connection).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_there_until_the_days_are_begun_anew() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let made = |zone, made_from| DaysMade {
            zone,
            made_from: at(made_from),
            closed_before: None,
            quarters_closed_before: None,
        };
        let (early, late) = ("2026-11-01T00:00:00Z", "2026-11-20T00:00:00Z");
        let read = made(Tz::UTC, early);
        assert!(read.are_there(Some(DaysMade { closed_before: Some(at(early)), ..read })));
        assert!(made(Tz::UTC, late).are_there(Some(read)), "more was taken in");
        assert!(!read.are_there(Some(made(chrono_tz::Europe::Berlin, early))));
        assert!(!read.are_there(Some(made(Tz::UTC, late))), "begun anew twice");
        assert!(!read.are_there(None));
    }
}
