//! Keys the hub has issued.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Row, postgres::PgRow, types::Json};

use super::{
    Store,
    access::access_status,
    change::Change,
    limits::{self, limit_columns},
    read, statements,
};
use crate::{
    domain::{
        access::{AccessStatus, EXPIRING_DAYS},
        id::{KeyId, UserId},
        key::{
            ApiKey,
            many::{KeyQuery, ListedKey},
        },
        limit::Subject,
    },
    secret::SecretHash,
};

/// Keys that are not deleted, of users that are not; with more columns, if any are named.
macro_rules! select_keys {
    ($rest:literal) => {
        select_keys!([""] $rest)
    };
    ([$($more:tt)*] $($rest:tt)*) => {
        concat!(
            "
        select k.id, k.user_id, k.name, k.secret_hash, k.old_secret_hash, k.old_secret_until, k.prefix, k.last_four, k.enabled, k.groups, k.models,
            k.clients, k.addresses, k.expires_at, k.last_used_at, k.created_at, ",
            limit_columns!("k."),
            $($more)*,
            "
        from keys k
        join users u on u.id = k.user_id
        where k.deleted_at is null and u.deleted_at is null",
            $($rest)*
        )
    };
}

/// Of all users, those that the filters let pass; $8 is the time that it is.
macro_rules! select_listed {
    ($place:literal) => {
        select_keys!(
            [
                ",
            u.name as user_name, u.groups as user_groups, ",
                access_status!("u."),
                " as user_status"
            ]
            "
            and ($3::text is null or position(lower($3) in lower(k.name)) > 0
                or position(lower($3) in lower(k.prefix || '…' || k.last_four)) > 0
                or position(lower($3) in lower(u.name)) > 0)
            and ($4::bigint is null or k.user_id = $4)
            and ($5::text is null or $5 = any(k.groups)
                or (k.groups = '{}' and ($5 = any(u.groups) or (u.groups = '{}' and $5 = 'default'))))
            and ($6::text is null or $6 = ",
            access_status!("k."),
            ")
            and ($7::timestamptz is null or coalesce(k.last_used_at, k.created_at) < $7)",
            $place
        )
    };
}

statements! {
    /// By id, after the cursor; served by `keys_by_user`.
    LIST = select_keys!("
            and k.user_id = $1 and k.id > $2
        order by k.id
        limit $3");
    /// The oldest first, after the cursor; served by the primary key.
    LIST_ALL = select_listed!("
            and k.id > $1
        order by k.id
        limit $2");
    /// The newest first.
    LIST_ALL_NEWEST = select_listed!("
            and k.id < $1
        order by k.id desc
        limit $2");
    FIND = select_keys!("
            and k.id = $1");
    LOCK = select_keys!("
            and k.id = $1
        for update of k");
    /// For the snapshot: all of them.
    ALL = select_keys!("");
    INSERT = "
        insert into keys (user_id, name, secret_hash, prefix, last_four, enabled, groups, models, clients, addresses,
            expires_at, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        returning id";
    UPDATE = "
        update keys
        set name = $2, enabled = $3, groups = $4, models = $5, clients = $6, addresses = $7, expires_at = $8
        where id = $1";
    /// The secret before stays known until $5; without it, it is forgotten.
    ROTATE = "
        update keys
        set secret_hash = $2, prefix = $3, last_four = $4, old_secret_until = $5,
            old_secret_hash = case when $5::timestamptz is null then null else secret_hash end
        where id = $1";
    DELETE = "
        update keys
        set deleted_at = now()
        where deleted_at is null and id = $1";
}

/// What is kept of a key's secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSecret {
    /// The hash it is recognised by.
    pub hash: SecretHash,
    /// Its first characters.
    pub prefix: String,
    /// Its last four characters.
    pub last_four: String,
}

/// How people see a key: its first and last characters.
pub fn preview(prefix: &str, last_four: &str) -> String {
    format!("{prefix}…{last_four}")
}

/// A row of `select_keys!`.
fn from_row(row: &PgRow) -> Result<ApiKey, sqlx::Error> {
    let addresses: Vec<String> = row.try_get("addresses")?;
    let addresses = addresses.iter().map(|text| text.parse().map_err(|why| read::undecodable("addresses", why)));
    Ok(ApiKey {
        id: KeyId(row.try_get("id")?),
        user_id: UserId(row.try_get("user_id")?),
        name: row.try_get("name")?,
        enabled: row.try_get("enabled")?,
        group: row.try_get("groups")?,
        models: read::json(row, "models")?,
        clients: row.try_get("clients")?,
        addresses: addresses.collect::<Result<_, _>>()?,
        expires_at: row.try_get("expires_at")?,
        limits: limits::from_row(row)?,
        old_secret_until: row.try_get("old_secret_until")?,
        last_used_at: row.try_get("last_used_at")?,
        preview: preview(row.try_get("prefix")?, row.try_get("last_four")?),
        created_at: row.try_get("created_at")?,
    })
}

/// A row of `select_listed!`.
fn listed_from_row(row: &PgRow) -> Result<ListedKey, sqlx::Error> {
    Ok(ListedKey {
        key: from_row(row)?,
        user_name: row.try_get("user_name")?,
        user_group: row.try_get("user_groups")?,
        user_status: read::word(row, "user_status")?,
    })
}

/// Every key that is not deleted, of users that are not, with the hash of its secret. One whose secret was replaced comes
/// a second time: with the hash of that one, and with the end of that one.
pub(super) async fn all(connection: &mut sqlx::PgConnection) -> Result<Vec<(SecretHash, ApiKey)>, sqlx::Error> {
    let mut keys = Vec::new();
    for row in &sqlx::query(ALL).fetch_all(connection).await? {
        let key = from_row(row)?;
        if let (Some(hash), Some(until)) = (row.try_get::<Option<&[u8]>, _>("old_secret_hash")?, key.old_secret_until) {
            let expires_at = Some(key.expires_at.map_or(until, |end| end.min(until)));
            keys.push((secret_hash(hash)?, ApiKey { expires_at, ..key.clone() }));
        }
        keys.push((secret_hash(row.try_get("secret_hash")?)?, key));
    }
    Ok(keys)
}

fn secret_hash(bytes: &[u8]) -> Result<SecretHash, sqlx::Error> {
    bytes.try_into().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

impl Store {
    /// At most `limit` keys of a user with ids above `after`, by id.
    pub async fn list_keys(&self, user_id: UserId, after: KeyId, limit: i64) -> Result<Vec<ApiKey>, sqlx::Error> {
        let rows = sqlx::query(LIST).bind(user_id.0).bind(after.0).bind(limit).fetch_all(&self.pool).await?;
        rows.iter().map(from_row).collect()
    }

    /// At most `limit` keys of all users that come after `after` and that the query lets pass at `now`, its page aside.
    pub async fn list_all_keys(
        &self,
        after: Option<KeyId>,
        limit: i64,
        query: &KeyQuery,
        now: DateTime<Utc>,
    ) -> Result<Vec<ListedKey>, sqlx::Error> {
        let is_reverse = query.reverse == Some(true);
        let (statement, first) = if is_reverse { (LIST_ALL_NEWEST, i64::MAX) } else { (LIST_ALL, 0) };
        let rows = sqlx::query(statement)
            .bind(after.map_or(first, |id| id.0))
            .bind(limit)
            .bind(&query.search)
            .bind(query.user_id.map(|id| id.0))
            .bind(&query.group)
            .bind(query.status.map(AccessStatus::as_str))
            .bind(query.unused_days.map(|days| now - TimeDelta::days(days.into())))
            .bind(now)
            .bind(EXPIRING_DAYS)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(listed_from_row).collect()
    }

    /// A key that is not deleted, of a user that is not.
    pub async fn find_key(&self, id: KeyId) -> Result<Option<ApiKey>, sqlx::Error> {
        sqlx::query(FIND).bind(id.0).fetch_optional(&self.pool).await?.as_ref().map(from_row).transpose()
    }
}

impl Change {
    /// A key that is not deleted, kept from other changes until this one ends.
    pub async fn lock_key(&mut self, id: KeyId) -> Result<Option<ApiKey>, sqlx::Error> {
        self.key_of_many(id, false).await
    }

    /// The same of a change of many. A preview only reads: it changes nothing, and so keeps nobody from it.
    pub async fn key_of_many(&mut self, id: KeyId, is_preview: bool) -> Result<Option<ApiKey>, sqlx::Error> {
        let statement = if is_preview { FIND } else { LOCK };
        let row = sqlx::query(statement).bind(id.0).fetch_optional(&mut *self.transaction).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// Inserts a key; the id it carries is ignored, the one it got is returned.
    pub async fn insert_key(&mut self, key: &ApiKey, secret: &KeptSecret) -> Result<KeyId, sqlx::Error> {
        let row = sqlx::query(INSERT)
            .bind(key.user_id.0)
            .bind(&key.name)
            .bind(secret.hash.as_slice())
            .bind(&secret.prefix)
            .bind(&secret.last_four)
            .bind(key.enabled)
            .bind(&key.group)
            .bind(Json(&key.models))
            .bind(&key.clients)
            .bind(key.addresses.iter().map(ToString::to_string).collect::<Vec<_>>())
            .bind(key.expires_at)
            .bind(key.created_at)
            .fetch_one(&mut *self.transaction)
            .await?;
        let id = KeyId(row.try_get("id")?);
        self.set_limits(Subject::Key(id), &key.limits).await?;
        Ok(id)
    }

    /// Writes a key as it is given, without its secret. Its user never changes.
    pub async fn update_key(&mut self, key: &ApiKey) -> Result<(), sqlx::Error> {
        sqlx::query(UPDATE)
            .bind(key.id.0)
            .bind(&key.name)
            .bind(key.enabled)
            .bind(&key.group)
            .bind(Json(&key.models))
            .bind(&key.clients)
            .bind(key.addresses.iter().map(ToString::to_string).collect::<Vec<_>>())
            .bind(key.expires_at)
            .execute(&mut *self.transaction)
            .await?;
        self.set_limits(Subject::Key(key.id), &key.limits).await
    }

    /// Gives a key another secret. Calls may come with the one before until `old_until`, if there is such a time.
    pub async fn rotate_key(
        &mut self,
        id: KeyId,
        secret: &KeptSecret,
        old_until: Option<DateTime<Utc>>,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(ROTATE)
            .bind(id.0)
            .bind(secret.hash.as_slice())
            .bind(&secret.prefix)
            .bind(&secret.last_four)
            .bind(old_until)
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }

    /// Marks a key as deleted.
    pub async fn delete_key(&mut self, id: KeyId) -> Result<(), sqlx::Error> {
        sqlx::query(DELETE).bind(id.0).execute(&mut *self.transaction).await?;
        Ok(())
    }
}
