//! Logins of the console. Only a hash of the cookie's value is kept.

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::{Store, change::Change, statements};
use crate::secret::SecretHash;

statements! {
    INSERT = "
        insert into console_sessions (token_hash, address, user_agent, created_at, last_seen_at, expires_at)
        values ($1, $2, $3, $4, $4, $5)
        returning id";
    FIND = "
        select id
        from console_sessions
        where token_hash = $1 and revoked_at is null and expires_at > $2";
    /// At most once a minute, so that reading pages does not write rows.
    TOUCH = "
        update console_sessions
        set last_seen_at = $2
        where id = $1 and last_seen_at < $2::timestamptz - interval '1 minute'";
    REVOKE = "
        update console_sessions
        set revoked_at = $2
        where token_hash = $1 and revoked_at is null
        returning id";
    /// Long after nobody can use them any more.
    PRUNE = "
        delete from console_sessions
        where expires_at < $1::timestamptz - interval '30 days'";
}

/// A login that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession<'a> {
    /// The hash of the cookie's value.
    pub token_hash: SecretHash,
    /// Where it was made from.
    pub address: String,
    /// What it was made with.
    pub user_agent: &'a str,
    /// When.
    pub created_at: DateTime<Utc>,
    /// From then on it is void.
    pub expires_at: DateTime<Utc>,
}

impl Store {
    /// The id of a session that is neither revoked nor expired at `now`; notes that it was seen.
    pub async fn find_session(&self, token_hash: &SecretHash, now: DateTime<Utc>) -> Result<Option<i64>, sqlx::Error> {
        let row = sqlx::query(FIND).bind(token_hash.as_slice()).bind(now).fetch_optional(&self.pool).await?;
        let Some(row) = row else { return Ok(None) };
        let id: i64 = row.try_get("id")?;
        sqlx::query(TOUCH).bind(id).bind(now).execute(&self.pool).await?;
        Ok(Some(id))
    }
}

impl Change {
    /// Begins a session and removes those that ended long ago.
    pub async fn insert_session(&mut self, session: &NewSession<'_>) -> Result<i64, sqlx::Error> {
        sqlx::query(PRUNE).bind(session.created_at).execute(&mut *self.transaction).await?;
        let row = sqlx::query(INSERT)
            .bind(session.token_hash.as_slice())
            .bind(&session.address)
            .bind(session.user_agent)
            .bind(session.created_at)
            .bind(session.expires_at)
            .fetch_one(&mut *self.transaction)
            .await?;
        row.try_get("id")
    }

    /// Ends a session; its id, unless there is none that could be ended.
    pub async fn revoke_session(
        &mut self,
        token_hash: &SecretHash,
        now: DateTime<Utc>,
    ) -> Result<Option<i64>, sqlx::Error> {
        let row =
            sqlx::query(REVOKE).bind(token_hash.as_slice()).bind(now).fetch_optional(&mut *self.transaction).await?;
        row.map(|row| row.try_get("id")).transpose()
    }
}
