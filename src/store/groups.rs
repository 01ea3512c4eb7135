//! Groups: they come into being when somebody names them.

use sqlx::{PgConnection, Row, postgres::PgRow};

use super::{Store, change::Change, statements};
use crate::domain::{group::Group, money::Multiplier};

statements! {
    LIST = "
        select name, note, cost_multiplier, created_at
        from provider_groups
        order by name";
    FIND = "
        select name, note, cost_multiplier, created_at
        from provider_groups
        where name = $1";
    LOCK = "
        select name, note, cost_multiplier, created_at
        from provider_groups
        where name = $1
        for update";
    UPDATE = "
        update provider_groups
        set note = $2, cost_multiplier = $3
        where name = $1";
    MULTIPLIERS = "
        select name, cost_multiplier
        from provider_groups
        where cost_multiplier <> 1000000";
    INSERT = "
        insert into provider_groups (name)
        select unnest($1::text[])
        on conflict (name) do nothing";
}

/// A row of `provider_groups`.
fn from_row(row: &PgRow) -> Result<Group, sqlx::Error> {
    Ok(Group {
        name: row.try_get("name")?,
        note: row.try_get("note")?,
        cost_multiplier: Multiplier::from_scaled(row.try_get("cost_multiplier")?),
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
}

impl Change {
    /// Makes those of `names` that do not exist yet.
    pub async fn ensure_groups(&mut self, names: &[String]) -> Result<(), sqlx::Error> {
        if !names.is_empty() {
            sqlx::query(INSERT).bind(names).execute(&mut *self.transaction).await?;
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
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }
}
