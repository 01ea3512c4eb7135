//! The audit log: who changed what, written in the transaction of the change.

use chrono::{DateTime, Utc};
use sqlx::{Row, postgres::PgRow};

use super::{Store, change::Change, statements};
use crate::{
    clock,
    domain::{
        audit::{AuditLine, AuditQuery},
        id::{AuditId, ConsoleSessionId, UserId},
    },
};

statements! {
    INSERT = "
        insert into audit_log (at, actor, user_id, session_id, address, action, subject, before, after)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    LIST = "
        select id, at, actor, user_id, session_id, address, action, subject, before, after
        from audit_log
        where ($1::timestamptz is null or (at, id) < ($1, $2))
            and ($3::timestamptz is null or at >= $3)
            and ($4::timestamptz is null or at < $4)
            and ($5::text is null or actor = $5)
            and ($6::text is null or action = $6)
            and ($7::text is null or subject = $7)
        order by at desc, id desc
        limit $8";
    DELETE_BEFORE = "
        delete from audit_log
        where at < $1";
}

/// A line of the audit log. Secrets are never in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditEntry<'a> {
    /// Who acted: `admin token`, `user Ada`, `nobody` for a failed login.
    pub actor: &'a str,
    /// The user who acted; none for the admin token.
    pub user_id: Option<UserId>,
    /// The login of the console that it was done in; none for a bearer.
    pub session_id: Option<ConsoleSessionId>,
    /// The address the request came from.
    pub address: &'a str,
    /// What was done: `provider.update`.
    pub action: &'a str,
    /// The id or name of what was changed.
    pub subject: String,
    /// How it was; none if it was made.
    pub before: Option<serde_json::Value>,
    /// How it is; none if it was deleted.
    pub after: Option<serde_json::Value>,
}

/// A row of `audit_log`.
fn from_row(row: &PgRow) -> Result<AuditLine, sqlx::Error> {
    Ok(AuditLine {
        id: AuditId(row.try_get("id")?),
        at: row.try_get("at")?,
        actor: row.try_get("actor")?,
        user_id: row.try_get::<Option<i64>, _>("user_id")?.map(UserId),
        session_id: row.try_get::<Option<i64>, _>("session_id")?.map(ConsoleSessionId),
        address: row.try_get::<Option<String>, _>("address")?.filter(|address| !address.is_empty()),
        action: row.try_get("action")?,
        subject: row.try_get("subject")?,
        before: row.try_get("before")?,
        after: row.try_get("after")?,
    })
}

impl Store {
    /// At most `limit` lines of the audit log that `query` asks for, the latest first, after the line of that time and id.
    pub async fn list_audit(
        &self,
        query: &AuditQuery,
        after: Option<(DateTime<Utc>, AuditId)>,
        limit: i64,
    ) -> Result<Vec<AuditLine>, sqlx::Error> {
        let rows = sqlx::query(LIST)
            .bind(after.map(|(at, _)| at))
            .bind(after.map(|(_, id)| id.0))
            .bind(query.from)
            .bind(query.to)
            .bind(&query.actor)
            .bind(&query.action)
            .bind(&query.subject)
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(from_row).collect()
    }

    /// Deletes the lines of the audit log from before `until`.
    pub async fn delete_audit(&self, until: DateTime<Utc>) -> Result<(), sqlx::Error> {
        sqlx::query(DELETE_BEFORE).bind(until).execute(&self.pool).await?;
        Ok(())
    }
}

impl Change {
    /// Adds a line to the audit log. Its time is the hub's, like that of the calls beside it.
    pub async fn audit(&mut self, entry: AuditEntry<'_>) -> Result<(), sqlx::Error> {
        sqlx::query(INSERT)
            .bind(clock::now())
            .bind(entry.actor)
            .bind(entry.user_id.map(|id| id.0))
            .bind(entry.session_id.map(|id| id.0))
            .bind(entry.address)
            .bind(entry.action)
            .bind(entry.subject)
            .bind(entry.before)
            .bind(entry.after)
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }
}
