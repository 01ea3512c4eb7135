//! Limits: the same columns in `users`, `keys` and `providers`.

use sqlx::{Row, postgres::PgRow};

use super::{change::Change, read, statements};
use crate::domain::{
    limit::{Limits, Subject, TimeOfDay},
    money::Usd,
};

/// The columns of limits, each with what stands before its name.
macro_rules! limit_columns {
    ($table:literal) => {
        concat!(
            $table,
            "limit_rpm, ",
            $table,
            "limit_tpm, ",
            $table,
            "limit_5h_usd, ",
            $table,
            "limit_daily_usd, ",
            $table,
            "limit_weekly_usd, ",
            $table,
            "limit_monthly_usd, ",
            $table,
            "limit_total_usd, ",
            $table,
            "limit_concurrent_requests, ",
            $table,
            "limit_concurrent_sessions, ",
            $table,
            "limit_mode, ",
            $table,
            "reset_5h_mode, ",
            $table,
            "daily_reset_mode, ",
            $table,
            "daily_reset_time, ",
            $table,
            "reset_at"
        )
    };
}
pub(super) use limit_columns;

/// Sets all limits of a row of one table.
macro_rules! set_limits {
    ($table:literal) => {
        concat!(
            "
        update ",
            $table,
            "
        set limit_rpm = $2, limit_tpm = $3, limit_5h_usd = $4, limit_daily_usd = $5, limit_weekly_usd = $6,
            limit_monthly_usd = $7, limit_total_usd = $8, limit_concurrent_requests = $9,
            limit_concurrent_sessions = $10, limit_mode = $11, reset_5h_mode = $12, daily_reset_mode = $13,
            daily_reset_time = $14, reset_at = $15
        where id = $1"
        )
    };
}

statements! {
    SET_OF_KEY = set_limits!("keys");
    SET_OF_USER = set_limits!("users");
    SET_OF_PROVIDER = set_limits!("providers");
}

/// The limits in a row that has `limit_columns!`.
pub(super) fn from_row(row: &PgRow) -> Result<Limits, sqlx::Error> {
    let usd = |column: &str| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(column)?.map(Usd::from_scaled));
    Ok(Limits {
        limit_rpm: read::small_or_none(row, "limit_rpm")?,
        limit_tpm: read::number_or_none(row, "limit_tpm")?,
        limit_5h_usd: usd("limit_5h_usd")?,
        limit_daily_usd: usd("limit_daily_usd")?,
        limit_weekly_usd: usd("limit_weekly_usd")?,
        limit_monthly_usd: usd("limit_monthly_usd")?,
        limit_total_usd: usd("limit_total_usd")?,
        limit_concurrent_requests: read::small_or_none(row, "limit_concurrent_requests")?,
        limit_concurrent_sessions: read::small_or_none(row, "limit_concurrent_sessions")?,
        limit_mode: read::word(row, "limit_mode")?,
        reset_5h_mode: read::word(row, "reset_5h_mode")?,
        daily_reset_mode: read::word(row, "daily_reset_mode")?,
        // The table's own check keeps it below a day.
        daily_reset_time: TimeOfDay::from_minutes(row.try_get("daily_reset_time")?).unwrap_or_default(),
        reset_at: row.try_get("reset_at")?,
    })
}

impl Change {
    /// Writes all limits of a subject as they are given.
    pub async fn set_limits(&mut self, subject: Subject, limits: &Limits) -> Result<(), sqlx::Error> {
        let statement = match subject {
            Subject::Key(_) => SET_OF_KEY,
            Subject::User(_) => SET_OF_USER,
            Subject::Provider(_) => SET_OF_PROVIDER,
        };
        sqlx::query(statement)
            .bind(subject.id())
            .bind(limits.limit_rpm.map(read::integer))
            .bind(limits.limit_tpm.map(|limit| i64::try_from(limit).unwrap_or(i64::MAX)))
            .bind(limits.limit_5h_usd.map(Usd::scaled))
            .bind(limits.limit_daily_usd.map(Usd::scaled))
            .bind(limits.limit_weekly_usd.map(Usd::scaled))
            .bind(limits.limit_monthly_usd.map(Usd::scaled))
            .bind(limits.limit_total_usd.map(Usd::scaled))
            .bind(limits.limit_concurrent_requests.map(read::integer))
            .bind(limits.limit_concurrent_sessions.map(read::integer))
            .bind(limits.limit_mode.as_str())
            .bind(limits.reset_5h_mode.as_str())
            .bind(limits.daily_reset_mode.as_str())
            .bind(limits.daily_reset_time.minutes())
            .bind(limits.reset_at)
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }
}
