//! Things by a piece of their name.

use sqlx::Row;

use super::{Store, read, statements};
use crate::domain::find::Found;

statements! {
    /// Those whose name begins with the text come first; a few of each kind. These tables are small, and stay so.
    FIND = "
        select kind, id, name, detail
        from (
            select kind, id, name, detail, row_number() over (
                partition by kind order by position($1 in lower(name)), name, id) as place
            from (
                select 'user' as kind, id::text as id, name, nullif(note, '') as detail
                from users
                where deleted_at is null and (position($1 in lower(name)) > 0 or position($1 in lower(note)) > 0)
                union all
                select 'key', k.id::text, k.name, u.name || ' · ' || k.prefix || '…' || k.last_four
                from keys k join users u on u.id = k.user_id
                where k.deleted_at is null and u.deleted_at is null
                    and (position($1 in lower(k.name)) > 0 or position($1 in lower(k.prefix || '…' || k.last_four)) > 0
                        or $1 = lower(k.last_four))
                union all
                select 'provider', id::text, name, base_url
                from providers
                where deleted_at is null and (position($1 in lower(name)) > 0 or position($1 in lower(base_url)) > 0)
                union all
                select 'group', name, name, nullif(note, '')
                from provider_groups
                where position($1 in lower(name)) > 0 or position($1 in lower(note)) > 0
                union all
                select 'model', model, model, null
                from model_prices
                where deleted_at is null and position($1 in lower(model)) > 0
            ) as found
        ) as ranked
        where place <= $2
        order by kind, place";
}

impl Store {
    /// At most `n_each` things of each kind that hold the text, which is in lower case, in their name.
    pub async fn find(&self, text: &str, n_each: i64) -> Result<Vec<Found>, sqlx::Error> {
        let rows = sqlx::query(FIND).bind(text).bind(n_each).fetch_all(&self.pool).await?;
        let found = rows.iter().map(|row| {
            Ok(Found {
                kind: read::word(row, "kind")?,
                id: row.try_get("id")?,
                name: row.try_get("name")?,
                detail: row.try_get("detail")?,
            })
        });
        found.collect()
    }
}
