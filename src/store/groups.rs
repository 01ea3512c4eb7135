//! Groups: they come into being when somebody names them.

use sqlx::Row;

use super::{Store, change::Change, statements};
use crate::domain::group::Group;

statements! {
    LIST = "
        select name, created_at
        from provider_groups
        order by name";
    INSERT = "
        insert into provider_groups (name)
        select unnest($1::text[])
        on conflict (name) do nothing";
}

impl Store {
    /// Every group, by name.
    pub async fn list_groups(&self) -> Result<Vec<Group>, sqlx::Error> {
        let rows = sqlx::query(LIST).fetch_all(&self.pool).await?;
        rows.iter()
            .map(|row| Ok(Group { name: row.try_get("name")?, created_at: row.try_get("created_at")? }))
            .collect()
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
}
