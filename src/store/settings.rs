//! Settings that an operator has changed; the others have no row.

use sqlx::{PgConnection, Row};

use super::{Store, change::Change, statements};

statements! {
    ALL = "
        select name, value
        from settings
        order by name";
    PUT = "
        insert into settings (name, value)
        values ($1, $2)
        on conflict (name) do update
        set value = excluded.value, updated_at = now()";
    DELETE = "
        delete from settings
        where name = $1";
    /// Changes of settings happen one after the other.
    LOCK = "
        lock table settings in share row exclusive mode";
}

/// Every stored setting: name and value.
pub(super) async fn all(connection: &mut PgConnection) -> Result<Vec<(String, serde_json::Value)>, sqlx::Error> {
    let rows = sqlx::query(ALL).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get("name")?, row.try_get("value")?))).collect()
}

impl Store {
    /// Every stored setting: name and value.
    pub async fn list_settings(&self) -> Result<Vec<(String, serde_json::Value)>, sqlx::Error> {
        all(&mut *self.pool.acquire().await?).await
    }
}

impl Change {
    /// Every stored setting, kept from other changes until this one ends.
    pub async fn lock_settings(&mut self) -> Result<Vec<(String, serde_json::Value)>, sqlx::Error> {
        sqlx::query(LOCK).execute(&mut *self.transaction).await?;
        all(&mut self.transaction).await
    }

    /// Stores a setting; none brings the default back.
    pub async fn set_setting(&mut self, name: &str, value: Option<&serde_json::Value>) -> Result<(), sqlx::Error> {
        let query = match value {
            Some(value) => sqlx::query(PUT).bind(name).bind(value),
            None => sqlx::query(DELETE).bind(name),
        };
        query.execute(&mut *self.transaction).await?;
        Ok(())
    }
}
