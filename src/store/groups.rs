//! Groups: they come into being when somebody makes or names them.

use sqlx::{PgConnection, Row, postgres::PgRow};

use super::{Store, change::Change, statements};
use crate::domain::{
    group::{Group, GroupUse},
    money::Multiplier,
};

statements! {
    LIST = "
        select name, note, cost_multiplier, priority, created_at
        from provider_groups
        order by name";
    FIND = "
        select name, note, cost_multiplier, priority, created_at
        from provider_groups
        where name = $1";
    LOCK = "
        select name, note, cost_multiplier, priority, created_at
        from provider_groups
        where name = $1
        for update";
    UPDATE = "
        update provider_groups
        set note = $2, cost_multiplier = $3, priority = $4
        where name = $1";
    MULTIPLIERS = "
        select name, cost_multiplier
        from provider_groups
        where cost_multiplier <> 1000000";
    PRIORITIES = "
        select name, priority
        from provider_groups
        where priority <> 0";
    INSERT = "
        insert into provider_groups (name, note, cost_multiplier, priority, created_at)
        values ($1, $2, $3, $4, $5)";
    /// Keeps those that are there from being deleted until the change ends; in one order, so that two changes do not
    /// wait for each other.
    ENSURE = "
        insert into provider_groups (name)
        select name from unnest($1::text[]) as name order by name
        on conflict (name) do update set name = excluded.name";
    /// Who names a group.
    USERS = "
        select count(*) filter (where what = 'provider') as n_providers, count(*) filter (where what = 'user') as n_users,
            count(*) filter (where what = 'key') as n_keys
        from (
            select 'provider' as what, groups, deleted_at from providers
            union all
            select 'user', groups, deleted_at from users
            union all
            select 'key', groups, deleted_at from keys
        ) all_of_them
        where deleted_at is null and $1 = any(groups)";
    DELETE = "
        delete from provider_groups
        where name = $1";
}

/// A row of `provider_groups`.
fn from_row(row: &PgRow) -> Result<Group, sqlx::Error> {
    Ok(Group {
        name: row.try_get("name")?,
        note: row.try_get("note")?,
        cost_multiplier: Multiplier::from_scaled(row.try_get("cost_multiplier")?),
        priority: row.try_get("priority")?,
        created_at: row.try_get("created_at")?,
    })
}

/// The factors on prices of the groups whose factor is not 1.
pub(super) async fn multipliers(connection: &mut PgConnection) -> Result<Vec<(String, Multiplier)>, sqlx::Error> {
    let rows = sqlx::query(MULTIPLIERS).fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("name")?, Multiplier::from_scaled(row.try_get("cost_multiplier")?))))
        .collect()
}

/// The priorities of the groups whose priority is not 0.
pub(super) async fn priorities(connection: &mut PgConnection) -> Result<Vec<(String, i32)>, sqlx::Error> {
    let rows = sqlx::query(PRIORITIES).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get("name")?, row.try_get("priority")?))).collect()
}

fn use_from_row(row: &PgRow) -> Result<GroupUse, sqlx::Error> {
    Ok(GroupUse {
        n_providers: row.try_get("n_providers")?,
        n_users: row.try_get("n_users")?,
        n_keys: row.try_get("n_keys")?,
    })
}

impl Store {
    /// Every group, by name.
    pub async fn list_groups(&self) -> Result<Vec<Group>, sqlx::Error> {
        let rows = sqlx::query(LIST).fetch_all(&self.pool).await?;
        rows.iter().map(from_row).collect()
    }

    /// One group.
    pub async fn find_group(&self, name: &str) -> Result<Option<Group>, sqlx::Error> {
        sqlx::query(FIND).bind(name).fetch_optional(&self.pool).await?.as_ref().map(from_row).transpose()
    }

    /// Who names a group.
    pub async fn use_of_group(&self, name: &str) -> Result<GroupUse, sqlx::Error> {
        use_from_row(&sqlx::query(USERS).bind(name).fetch_one(&self.pool).await?)
    }
}

impl Change {
    /// Makes a group.
    pub async fn insert_group(&mut self, group: &Group) -> Result<(), sqlx::Error> {
        sqlx::query(INSERT)
            .bind(&group.name)
            .bind(&group.note)
            .bind(group.cost_multiplier.scaled())
            .bind(group.priority)
            .bind(group.created_at)
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }

    /// Who names a group.
    pub async fn use_of_group(&mut self, name: &str) -> Result<GroupUse, sqlx::Error> {
        use_from_row(&sqlx::query(USERS).bind(name).fetch_one(&mut *self.transaction).await?)
    }

    /// Deletes a group.
    pub async fn delete_group(&mut self, name: &str) -> Result<(), sqlx::Error> {
        sqlx::query(DELETE).bind(name).execute(&mut *self.transaction).await?;
        Ok(())
    }

    /// Makes those of `names` that do not exist yet, and keeps all of them from being deleted until this change ends.
    pub async fn ensure_groups(&mut self, names: &[String]) -> Result<(), sqlx::Error> {
        if !names.is_empty() {
            sqlx::query(ENSURE).bind(names).execute(&mut *self.transaction).await?;
        }
        Ok(())
    }

    /// A group, kept from other changes until this one ends.
    pub async fn lock_group(&mut self, name: &str) -> Result<Option<Group>, sqlx::Error> {
        let row = sqlx::query(LOCK).bind(name).fetch_optional(&mut *self.transaction).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// Writes what may change of a group.
    pub async fn update_group(&mut self, group: &Group) -> Result<(), sqlx::Error> {
        sqlx::query(UPDATE)
            .bind(&group.name)
            .bind(&group.note)
            .bind(group.cost_multiplier.scaled())
            .bind(group.priority)
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }
}
