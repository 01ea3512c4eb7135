//! People.

use chrono::{DateTime, Utc};
use sqlx::{Row, postgres::PgRow};

use super::{
    Store,
    access::access_status,
    change::Change,
    limits::{self, limit_columns},
    read, statements,
};
use crate::domain::{
    access::{AccessStatus, EXPIRING_DAYS},
    id::UserId,
    limit::Subject,
    user::{User, many::UserFilter},
};

/// Users that are not deleted.
macro_rules! select_users {
    ($($rest:tt)*) => {
        concat!(
            "
        select id, name, note, enabled, role, groups, tags, expires_at, created_at,
            password_hash is not null as has_password, ",
            limit_columns!(""),
            "
        from users
        where deleted_at is null",
            $($rest)*
        )
    };
}

statements! {
    /// By id, after the cursor, those that the filters let pass; $8 is the time that it is.
    LIST = select_users!("
            and id > $1
            and ($3::text is null or position(lower($3) in lower(name)) > 0 or position(lower($3) in lower(note)) > 0
                or exists (select from unnest(tags) tag where position(lower($3) in lower(tag)) > 0)
                or exists (
                    select from keys
                    where user_id = users.id and keys.deleted_at is null and (position(lower($3) in lower(keys.name)) > 0
                        or position(lower($3) in lower(prefix || '…' || last_four)) > 0)))
            and ($4::text is null or $4 = any(tags))
            and ($5::text is null or $5 = any(groups) or (groups = '{}' and $5 = 'default'))
            and ($6::text is null or $6 = ", access_status!(""), ")
            and ($7::timestamptz is null or expires_at < $7)
        order by id
        limit $2");
    /// Deleted ones too, with the tags and groups that they had last: what they used is still theirs.
    IDS = "
        select id
        from users
        where ($1::text is null or $1 = any(tags))
            and ($2::text is null or $2 = any(groups) or (groups = '{}' and $2 = 'default'))";
    TAGS = "
        select distinct tag
        from users, unnest(tags) tag
        where deleted_at is null
        order by tag
        limit 1000";
    FIND = select_users!("
            and id = $1");
    LOCK = select_users!("
            and id = $1
        for update");
    /// For the snapshot: all of them.
    ALL = select_users!("");
    INSERT = "
        insert into users (name, note, enabled, role, groups, expires_at, created_at, tags)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        returning id";
    UPDATE = "
        update users
        set name = $2, note = $3, enabled = $4, role = $5, groups = $6, expires_at = $7, tags = $8
        where id = $1";
    PASSWORD_OF_NAME = "
        select id, password_hash
        from users
        where deleted_at is null and name = $1";
    PASSWORD = "
        select password_hash
        from users
        where deleted_at is null and id = $1";
    SET_PASSWORD = "
        update users
        set password_hash = $2
        where id = $1";
    DELETE = "
        update users
        set deleted_at = now()
        where deleted_at is null and id = $1";
}

/// A row of `select_users!`.
fn from_row(row: &PgRow) -> Result<User, sqlx::Error> {
    Ok(User {
        id: UserId(row.try_get("id")?),
        name: row.try_get("name")?,
        note: row.try_get("note")?,
        enabled: row.try_get("enabled")?,
        role: read::word(row, "role")?,
        group: row.try_get("groups")?,
        tags: row.try_get("tags")?,
        expires_at: row.try_get("expires_at")?,
        limits: limits::from_row(row)?,
        has_password: row.try_get("has_password")?,
        created_at: row.try_get("created_at")?,
    })
}

/// Every user that is not deleted.
pub(super) async fn all(connection: &mut sqlx::PgConnection) -> Result<Vec<User>, sqlx::Error> {
    sqlx::query(ALL).fetch_all(connection).await?.iter().map(from_row).collect()
}

impl Store {
    /// At most `limit` users with ids above `after` that the filter lets pass at `now`, by id.
    pub async fn list_users(
        &self,
        after: UserId,
        limit: i64,
        filter: &UserFilter,
        now: DateTime<Utc>,
    ) -> Result<Vec<User>, sqlx::Error> {
        let rows = sqlx::query(LIST)
            .bind(after.0)
            .bind(limit)
            .bind(&filter.search)
            .bind(&filter.tag)
            .bind(&filter.group)
            .bind(filter.status.map(AccessStatus::as_str))
            .bind(filter.expires_before)
            .bind(now)
            .bind(EXPIRING_DAYS)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(from_row).collect()
    }

    /// The ids of the users with this tag and of this group, in no order; deleted ones too.
    pub async fn list_user_ids(&self, tag: Option<&str>, group: Option<&str>) -> Result<Vec<UserId>, sqlx::Error> {
        let rows = sqlx::query(IDS).bind(tag).bind(group).fetch_all(&self.pool).await?;
        rows.iter().map(|row| row.try_get("id").map(UserId)).collect()
    }

    /// The tags that users have, by name; at most 1,000.
    pub async fn list_tags(&self) -> Result<Vec<String>, sqlx::Error> {
        sqlx::query(TAGS).fetch_all(&self.pool).await?.iter().map(|row| row.try_get("tag")).collect()
    }

    /// A user that is not deleted.
    pub async fn find_user(&self, id: UserId) -> Result<Option<User>, sqlx::Error> {
        sqlx::query(FIND).bind(id.0).fetch_optional(&self.pool).await?.as_ref().map(from_row).transpose()
    }

    /// The id and the password's hash of the user who has this name now.
    pub async fn find_password_of_name(&self, name: &str) -> Result<Option<(UserId, Option<String>)>, sqlx::Error> {
        let row = sqlx::query(PASSWORD_OF_NAME).bind(name).fetch_optional(&self.pool).await?;
        row.map(|row| Ok((UserId(row.try_get("id")?), row.try_get("password_hash")?))).transpose()
    }

    /// The hash of a user's password, if they have one.
    pub async fn find_password(&self, id: UserId) -> Result<Option<String>, sqlx::Error> {
        let row = sqlx::query(PASSWORD).bind(id.0).fetch_optional(&self.pool).await?;
        row.map_or(Ok(None), |row| row.try_get("password_hash"))
    }
}

impl Change {
    /// A user that is not deleted, kept from other changes until this one ends.
    pub async fn lock_user(&mut self, id: UserId) -> Result<Option<User>, sqlx::Error> {
        self.user_of_many(id, false).await
    }

    /// The same of a change of many. A preview only reads: it changes nothing, and so keeps nobody from it.
    pub async fn user_of_many(&mut self, id: UserId, is_preview: bool) -> Result<Option<User>, sqlx::Error> {
        let statement = if is_preview { FIND } else { LOCK };
        let row = sqlx::query(statement).bind(id.0).fetch_optional(&mut *self.transaction).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// Inserts a user; the id it carries is ignored, the one it got is returned.
    pub async fn insert_user(&mut self, user: &User) -> Result<UserId, sqlx::Error> {
        let row = sqlx::query(INSERT)
            .bind(&user.name)
            .bind(&user.note)
            .bind(user.enabled)
            .bind(user.role.as_str())
            .bind(&user.group)
            .bind(user.expires_at)
            .bind(user.created_at)
            .bind(&user.tags)
            .fetch_one(&mut *self.transaction)
            .await?;
        let id = UserId(row.try_get("id")?);
        self.set_limits(Subject::User(id), &user.limits).await?;
        Ok(id)
    }

    /// Writes a user as it is given.
    pub async fn update_user(&mut self, user: &User) -> Result<(), sqlx::Error> {
        sqlx::query(UPDATE)
            .bind(user.id.0)
            .bind(&user.name)
            .bind(&user.note)
            .bind(user.enabled)
            .bind(user.role.as_str())
            .bind(&user.group)
            .bind(user.expires_at)
            .bind(&user.tags)
            .execute(&mut *self.transaction)
            .await?;
        self.set_limits(Subject::User(user.id), &user.limits).await
    }

    /// Gives a user a password, by its hash, or takes it away.
    pub async fn set_password(&mut self, id: UserId, hash: Option<&str>) -> Result<(), sqlx::Error> {
        sqlx::query(SET_PASSWORD).bind(id.0).bind(hash).execute(&mut *self.transaction).await?;
        Ok(())
    }

    /// Marks a user as deleted. Its keys go with it: they are read together with their user.
    pub async fn delete_user(&mut self, id: UserId) -> Result<(), sqlx::Error> {
        sqlx::query(DELETE).bind(id.0).execute(&mut *self.transaction).await?;
        Ok(())
    }
}
