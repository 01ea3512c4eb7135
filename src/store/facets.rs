//! Sums that were added up further, so that a report over any range reads few rows (`migrations/0010_insight.sql`).

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::{PgConnection, Row, postgres::PgRow};

use super::{Store, facet::Facet, statements};

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

/// `, sum(a)::bigint as a`
macro_rules! summed {
    ($column:literal) => {
        concat!(", sum(", $column, ")::bigint as ", $column)
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
            ", array[sum(", $column, "[", $first, "])::bigint"
            $(, ", sum(", $column, "[", $bucket, "])::bigint")*,
            "] as ", $column
        )
    };
}

pub(super) use {added, each_sum, histogram, listed, summed};

/// Adds up quarters of an hour to a facet.
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
            " from usage_15m where ",
            $condition,
            " group by 1, 2, 3, 4, 5, 6"
        )
    };
}

statements! {
    ZONE = "select name, closed_before from usage_zone";
    /// The writer's: whoever makes the days anew waits until it is done.
    ZONE_FOR_ADDING = "select name, closed_before from usage_zone for share";
    ZONE_FOR_MAKING = "select name, closed_before from usage_zone for update";
    SET_ZONE = "update usage_zone set name = $1, closed_before = null";
    SET_CLOSED = "update usage_zone set closed_before = $1";
    /// All of them, or all but what has no zone.
    CLEAR = "delete from usage_facets where $1 or facet not in ('route_15m', 'caller_15m')";
    CLEAR_ERRORS = "delete from usage_errors_1d";
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
}

/// The days as they are made just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DaysMade {
    /// Where they begin.
    pub zone: Tz,
    /// Days before this one are over: of them there are all facets.
    pub closed_before: Option<DateTime<Utc>>,
}

/// A row of the statements that read it; none while the days are made for the first time.
fn made_from_row(row: &PgRow) -> Result<Option<DaysMade>, sqlx::Error> {
    let name: String = row.try_get("name")?;
    let closed_before = row.try_get("closed_before")?;
    Ok(name.parse().ok().map(|zone| DaysMade { zone, closed_before }))
}

impl Store {
    /// How the days are made; none while they are being made for the first time.
    pub async fn days_made(&self) -> Result<Option<DaysMade>, sqlx::Error> {
        made_from_row(&sqlx::query(ZONE).fetch_one(&self.pool).await?)
    }

    /// Makes the days anew if they do not begin in `zone`. Whoever records calls waits meanwhile. True if it was done.
    pub async fn make_days(&self, zone: Tz) -> Result<bool, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let made = made_from_row(&sqlx::query(ZONE_FOR_MAKING).fetch_one(&mut *transaction).await?)?;
        if made.is_some_and(|made| made.zone == zone) {
            return Ok(false);
        }
        let is_first = made.is_none();
        sqlx::query(CLEAR).bind(is_first).execute(&mut *transaction).await?;
        sqlx::query(CLEAR_ERRORS).execute(&mut *transaction).await?;
        let quarters = [MAKE_ROUTES, MAKE_CALLERS].into_iter().filter(|_| is_first);
        for statement in quarters.chain([MAKE_ROUTE_DAYS, MAKE_CALLER_DAYS, MAKE_WHOLE_DAYS]) {
            sqlx::query(statement).bind(zone.name()).execute(&mut *transaction).await?;
        }
        sqlx::query(SET_ZONE).bind(zone.name()).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Makes the facets of the days before `before`, a midnight of `zone`, that were not over the last time. Whoever
    /// records calls waits meanwhile. True if there was something to do.
    pub async fn close_days(&self, zone: Tz, before: DateTime<Utc>) -> Result<bool, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let made = made_from_row(&sqlx::query(ZONE_FOR_MAKING).fetch_one(&mut *transaction).await?)?;
        let Some(made) = made.filter(|made| made.zone == zone && made.closed_before.is_none_or(|at| at < before))
        else {
            return Ok(false);
        };
        for facet in Facet::CLOSED {
            let Facet { told, unit } = facet;
            sqlx::query(CLOSE)
                .bind(facet.name())
                .bind(unit.word())
                .bind(zone.name())
                .bind(told.has_user())
                .bind(told.has_key())
                .bind(told.has_provider())
                .bind(told.has_model())
                .bind(facet.source().name())
                .bind(made.closed_before.map(|at| unit.begin(at, zone)))
                .bind(unit.begin(before, zone))
                .persistent(false)
                .execute(&mut *transaction)
                .await?;
        }
        sqlx::query(CLOSE_ERRORS)
            .bind(zone.name())
            .bind(made.closed_before)
            .bind(before)
            .persistent(false)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(SET_CLOSED).bind(before).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// How the days are made, for whoever adds to them in this transaction; none if there are no days yet.
pub(super) async fn made_for_adding(connection: &mut PgConnection) -> Result<Option<DaysMade>, sqlx::Error> {
    made_from_row(&sqlx::query(ZONE_FOR_ADDING).fetch_one(connection).await?)
}
