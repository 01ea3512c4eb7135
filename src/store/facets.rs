//! Sums that were added up further, so that a report over any range reads few rows (`migrations/0010_insight.sql`).

use chrono_tz::Tz;
use sqlx::PgConnection;

use super::{Store, statements};

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
/// A set of sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facet {
    /// By quarter of an hour, provider and model.
    Routes,
    /// By day, provider and model.
    RouteDays,
    /// By day, user and key.
    CallerDays,
    /// By day, user, key, provider and model.
    WholeDays,
}

impl Facet {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Routes, Self::RouteDays, Self::CallerDays, Self::WholeDays];

    /// The name in the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Routes => "route_15m",
            Self::RouteDays => "route_1d",
            Self::CallerDays => "caller_1d",
            Self::WholeDays => "whole_1d",
        }
    }

    /// True if it tells days apart; false for quarters of an hour.
    pub const fn has_days(self) -> bool {
        !matches!(self, Self::Routes)
    }

    /// True if it tells users and keys apart.
    pub const fn has_callers(self) -> bool {
        matches!(self, Self::CallerDays | Self::WholeDays)
    }

    /// True if it tells providers and models apart.
    pub const fn has_routes(self) -> bool {
        matches!(self, Self::Routes | Self::RouteDays | Self::WholeDays)
    }
}

statements! {
    ZONE = "select name from usage_zone";
    /// The writer's: whoever makes the days anew waits until it is done.
    ZONE_FOR_ADDING = "select name from usage_zone for share";
    ZONE_FOR_MAKING = "select name from usage_zone for update";
    SET_ZONE = "update usage_zone set name = $1";
    /// All of them, or those of days.
    CLEAR = "delete from usage_facets where $1 or facet <> 'route_15m'";
    MAKE_ROUTES = make!("'route_15m'", "at", "0", "0", "provider_id", "model", "$1::text is not null");
    MAKE_ROUTE_DAYS = make!("'route_1d'", "date_trunc('day', at, $1)", "0", "0", "provider_id", "model", "true");
    MAKE_CALLER_DAYS = make!("'caller_1d'", "date_trunc('day', at, $1)", "user_id", "key_id", "0", "''", "true");
    MAKE_WHOLE_DAYS =
        make!("'whole_1d'", "date_trunc('day', at, $1)", "user_id", "key_id", "provider_id", "model", "true");
}

impl Store {
    /// The zone in which the days begin; none while they are being made for the first time.
    pub async fn days_zone(&self) -> Result<Option<Tz>, sqlx::Error> {
        let name: String = sqlx::query_scalar(ZONE).fetch_one(&self.pool).await?;
        Ok(name.parse().ok())
    }

    /// Makes the days anew if they do not begin in `zone`. Whoever records calls waits meanwhile. True if it was done.
    pub async fn make_days(&self, zone: Tz) -> Result<bool, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let name: String = sqlx::query_scalar(ZONE_FOR_MAKING).fetch_one(&mut *transaction).await?;
        if name == zone.name() {
            return Ok(false);
        }
        let is_first = name.is_empty();
        sqlx::query(CLEAR).bind(is_first).execute(&mut *transaction).await?;
        let routes = is_first.then_some(MAKE_ROUTES);
        for statement in routes.into_iter().chain([MAKE_ROUTE_DAYS, MAKE_CALLER_DAYS, MAKE_WHOLE_DAYS]) {
            sqlx::query(statement).bind(zone.name()).execute(&mut *transaction).await?;
        }
        sqlx::query(SET_ZONE).bind(zone.name()).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// The zone in which the days begin, for whoever adds to them in this transaction; none if there are no days yet.
pub(super) async fn zone_for_adding(connection: &mut PgConnection) -> Result<Option<Tz>, sqlx::Error> {
    let name: String = sqlx::query_scalar(ZONE_FOR_ADDING).fetch_one(connection).await?;
    Ok(name.parse().ok())
}
