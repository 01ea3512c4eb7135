//! Logins of the console. Only a hash of the cookie's value is kept.

use chrono::{DateTime, Utc};
use sqlx::{Row, postgres::PgRow};

use super::{Store, change::Change, read, statements};
use crate::{
    domain::{
        console_session::ConsoleSession,
        id::{ConsoleSessionId, KeyId, UserId},
        user::Role,
    },
    secret::SecretHash,
};

statements! {
    INSERT = "
        insert into console_sessions (token_hash, address, user_agent, created_at, last_seen_at, expires_at, user_id, key_id,
            token_mark)
        values ($1, $2, $3, $4, $4, $5, $6, $7, $8)
        returning id";
    /// Who it is for is looked at each time: whoever is disabled, expired or deleted, or has come with a token that is
    /// another one now, is out at once.
    FIND = "
        select s.id, s.user_id, u.name as user_name, u.role, s.key_id, k.name as key_name
        from console_sessions s
        left join users u on u.id = s.user_id
        left join keys k on k.id = s.key_id
        where s.token_hash = $1 and s.revoked_at is null and s.expires_at > $2
            and (s.user_id is not null or s.token_mark = $3)
            and (s.user_id is null
                or (u.deleted_at is null and u.enabled and (u.expires_at is null or u.expires_at > $2)))
            and (s.key_id is null
                or (k.deleted_at is null and k.enabled and (k.expires_at is null or k.expires_at > $2)))";
    /// At most once a minute, so that reading pages does not write rows.
    TOUCH = "
        update console_sessions
        set last_seen_at = $2
        where id = $1 and last_seen_at < $2::timestamptz - interval '1 minute'";
    LIST = "
        select s.id, s.user_id, u.name as user_name, s.key_id, k.name as key_name, s.address, s.user_agent, s.created_at,
            s.last_seen_at, s.expires_at
        from console_sessions s
        left join users u on u.id = s.user_id
        left join keys k on k.id = s.key_id
        where s.revoked_at is null and s.expires_at > $1 and s.id < $2
            and ($3::bigint is null or s.user_id = $3)
            and ($4::bigint is null or s.key_id = $4)
            and (s.user_id is not null or s.token_mark = $6)
        order by s.id desc
        limit $5";
    REVOKE = "
        update console_sessions
        set revoked_at = $1
        where revoked_at is null and expires_at > $1
            and ($2::bigint is null or id = $2)
            and ($3::bigint is null or user_id = $3)
            and ($4::bigint is null or key_id = $4)
            and ($5::bigint is null or id <> $5)";
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
    /// Who logs in; none for the admin token.
    pub user_id: Option<UserId>,
    /// The key that was shown; none for the admin token and for a password.
    pub key_id: Option<KeyId>,
    /// By what the admin token is known; none for a user's login.
    pub token_mark: Option<SecretHash>,
    /// Where it was made from.
    pub address: String,
    /// What it was made with.
    pub user_agent: &'a str,
    /// When.
    pub created_at: DateTime<Utc>,
    /// From then on it is void.
    pub expires_at: DateTime<Utc>,
}

/// Whom a secret, a password or a cookie stands for, as that stands now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// The user's id, name and role; none for the admin token.
    pub user: Option<(UserId, String, Role)>,
    /// The id and the name of the key that was shown; none for the admin token and for a password.
    pub key: Option<(KeyId, String)>,
}

/// Some of the logins: those that have all that is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SomeSessions {
    /// The one with this id.
    pub id: Option<ConsoleSessionId>,
    /// Those of this user.
    pub user_id: Option<UserId>,
    /// Those that were made with this key.
    pub key_id: Option<KeyId>,
    /// All but this one.
    pub but: Option<ConsoleSessionId>,
}

/// A row of `FIND`.
fn found_from_row(row: &PgRow) -> Result<(ConsoleSessionId, Holder), sqlx::Error> {
    let user_id: Option<i64> = row.try_get("user_id")?;
    let key_id: Option<i64> = row.try_get("key_id")?;
    let user = |id| Ok::<_, sqlx::Error>((UserId(id), row.try_get("user_name")?, read::word(row, "role")?));
    let key = |id| Ok::<_, sqlx::Error>((KeyId(id), row.try_get("key_name")?));
    let holder = Holder { user: user_id.map(user).transpose()?, key: key_id.map(key).transpose()? };
    Ok((ConsoleSessionId(row.try_get("id")?), holder))
}

/// A row of `LIST`; whether it is the one that asks is the caller's to say.
fn from_row(row: &PgRow) -> Result<ConsoleSession, sqlx::Error> {
    Ok(ConsoleSession {
        id: ConsoleSessionId(row.try_get("id")?),
        user_id: row.try_get::<Option<i64>, _>("user_id")?.map(UserId),
        user_name: row.try_get("user_name")?,
        key_id: row.try_get::<Option<i64>, _>("key_id")?.map(KeyId),
        key_name: row.try_get("key_name")?,
        address: row.try_get("address")?,
        user_agent: row.try_get("user_agent")?,
        created_at: row.try_get("created_at")?,
        last_seen_at: row.try_get("last_seen_at")?,
        expires_at: row.try_get("expires_at")?,
        is_current: false,
    })
}

impl Store {
    /// The session of that cookie and whose it is, if it is neither revoked nor expired at `now` and they may still log
    /// in; notes that it was seen. `token_mark` is that of the admin token as it is now.
    pub async fn find_session(
        &self,
        token_hash: &SecretHash,
        token_mark: &SecretHash,
        now: DateTime<Utc>,
    ) -> Result<Option<(ConsoleSessionId, Holder)>, sqlx::Error> {
        let row = sqlx::query(FIND)
            .bind(token_hash.as_slice())
            .bind(now)
            .bind(token_mark.as_slice())
            .fetch_optional(&self.pool)
            .await?;
        let Some(found) = row.as_ref().map(found_from_row).transpose()? else { return Ok(None) };
        sqlx::query(TOUCH).bind(found.0.0).bind(now).execute(&self.pool).await?;
        Ok(Some(found))
    }

    /// At most `limit` of these sessions that were made before the one with the id `before`, the latest first.
    /// `token_mark` is that of the admin token as it is now.
    pub async fn list_sessions(
        &self,
        some: SomeSessions,
        (before, limit): (ConsoleSessionId, i64),
        token_mark: &SecretHash,
        now: DateTime<Utc>,
    ) -> Result<Vec<ConsoleSession>, sqlx::Error> {
        let rows = sqlx::query(LIST)
            .bind(now)
            .bind(before.0)
            .bind(some.user_id.map(|id| id.0))
            .bind(some.key_id.map(|id| id.0))
            .bind(limit)
            .bind(token_mark.as_slice())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(from_row).collect()
    }
}

impl Change {
    /// Begins a session and removes those that ended long ago.
    pub async fn insert_session(&mut self, session: &NewSession<'_>) -> Result<ConsoleSessionId, sqlx::Error> {
        sqlx::query(PRUNE).bind(session.created_at).execute(&mut *self.transaction).await?;
        let row = sqlx::query(INSERT)
            .bind(session.token_hash.as_slice())
            .bind(&session.address)
            .bind(session.user_agent)
            .bind(session.created_at)
            .bind(session.expires_at)
            .bind(session.user_id.map(|id| id.0))
            .bind(session.key_id.map(|id| id.0))
            .bind(session.token_mark.as_ref().map(SecretHash::as_slice))
            .fetch_one(&mut *self.transaction)
            .await?;
        row.try_get("id").map(ConsoleSessionId)
    }

    /// Ends these sessions; how many there were.
    pub async fn revoke_sessions(&mut self, some: SomeSessions, now: DateTime<Utc>) -> Result<u32, sqlx::Error> {
        let done = sqlx::query(REVOKE)
            .bind(now)
            .bind(some.id.map(|id| id.0))
            .bind(some.user_id.map(|id| id.0))
            .bind(some.key_id.map(|id| id.0))
            .bind(some.but.map(|id| id.0))
            .execute(&mut *self.transaction)
            .await?;
        Ok(u32::try_from(done.rows_affected()).unwrap_or(u32::MAX))
    }
}
