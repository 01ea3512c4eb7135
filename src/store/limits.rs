//! Limits: the same columns in `users`, `keys` and `providers`.

use sqlx::{Row, postgres::PgRow};

use super::{Store, change::Change, read, statements};
use crate::domain::{
    id::{KeyId, ProviderId, UserId},
    limit::{Limits, Subject, TimeOfDay, quota::SubjectKind},
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

/// Whoever of one table has a limit: its id and name, whose it is, and its limits.
macro_rules! select_limited {
    ($table:literal, $user_id:literal, $user_name:literal, $rest:literal) => {
        concat!(
            "
        select s.id, s.name, ",
            $user_id,
            " as user_id, ",
            $user_name,
            " as user_name, ",
            limit_columns!("s."),
            "
        from ",
            $table,
            " s",
            $rest,
            "
        where s.deleted_at is null and num_nonnulls(s.limit_rpm, s.limit_tpm, s.limit_5h_usd, s.limit_daily_usd,
            s.limit_weekly_usd, s.limit_monthly_usd, s.limit_total_usd, s.limit_concurrent_requests,
            s.limit_concurrent_sessions) > 0
        order by s.id"
        )
    };
}

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
    LIMITED_USERS = select_limited!("users", "null::bigint", "null::text", "");
    LIMITED_KEYS = select_limited!("keys", "u.id", "u.name", "
        join users u on u.id = s.user_id and u.deleted_at is null");
    LIMITED_PROVIDERS = select_limited!("providers", "null::bigint", "null::text", "");
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

/// Somebody who has a limit.
#[derive(Clone, Debug)]
pub struct Limitee {
    /// Who.
    pub subject: Subject,
    /// The name of that user, key or provider.
    pub name: String,
    /// Id and name of the user, if it is a key.
    pub user: Option<(UserId, String)>,
    /// The limits, of which at least one is set.
    pub limits: Limits,
}

/// A row of `select_limited!`.
fn limitee_from_row(row: &PgRow, subject: fn(i64) -> Subject) -> Result<Limitee, sqlx::Error> {
    let (user_id, user_name): (Option<i64>, Option<String>) = (row.try_get("user_id")?, row.try_get("user_name")?);
    Ok(Limitee {
        subject: subject(row.try_get("id")?),
        name: row.try_get("name")?,
        user: user_id.map(UserId).zip(user_name),
        limits: from_row(row)?,
    })
}

impl Store {
    /// The users, keys or providers that have a limit and are not deleted, disabled ones too.
    pub async fn list_limited(&self, kind: SubjectKind) -> Result<Vec<Limitee>, sqlx::Error> {
        let (statement, subject): (_, fn(i64) -> Subject) = match kind {
            SubjectKind::User => (LIMITED_USERS, |id| Subject::User(UserId(id))),
            SubjectKind::Key => (LIMITED_KEYS, |id| Subject::Key(KeyId(id))),
            SubjectKind::Provider => (LIMITED_PROVIDERS, |id| Subject::Provider(ProviderId(id))),
        };
        let rows = sqlx::query(statement).fetch_all(&self.pool).await?;
        rows.iter().map(|row| limitee_from_row(row, subject)).collect()
    }
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
