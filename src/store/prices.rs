//! Model prices: those that ship with a release, and those an operator has set.

use std::collections::BTreeMap;

use anyhow::Context;
use sqlx::{PgConnection, Row, postgres::PgRow};

use super::{Store, change::Change, read, statements};
use crate::domain::price::{ModelPrice, Price};

/// List prices of Claude models, <https://platform.claude.com/docs/en/about-claude/pricing>, as of 2026-08.
/// Where a cache price is not listed it follows the published factors on input: 1.25, 2 and 0.1.
const BUILTIN: &str = include_str!("builtin_prices.json");

statements! {
    /// By name, after the cursor.
    LIST = "
        select model, input, output, cache_write_5m, cache_write_1h, cache_read, source, updated_at
        from model_prices
        where deleted_at is null and model > $1
        order by model
        limit $2";
    ALL = "
        select model, input, output, cache_write_5m, cache_write_1h, cache_read, source, updated_at
        from model_prices
        where deleted_at is null";
    LOCK = "
        select model, input, output, cache_write_5m, cache_write_1h, cache_read, source, updated_at
        from model_prices
        where deleted_at is null and model = $1
        for update";
    PUT = "
        insert into model_prices (model, input, output, cache_write_5m, cache_write_1h, cache_read, source, updated_at)
        values ($1, $2, $3, $4, $5, $6, 'manual', $7)
        on conflict (model) do update
        set input = excluded.input, output = excluded.output, cache_write_5m = excluded.cache_write_5m,
            cache_write_1h = excluded.cache_write_1h, cache_read = excluded.cache_read, source = 'manual',
            updated_at = excluded.updated_at, deleted_at = null";
    DELETE = "
        update model_prices
        set deleted_at = now()
        where deleted_at is null and model = $1";
    /// Never touches what an operator has set or deleted.
    SEED = "
        insert into model_prices (model, input, output, cache_write_5m, cache_write_1h, cache_read, source)
        values ($1, $2, $3, $4, $5, $6, 'builtin')
        on conflict (model) do update
        set input = excluded.input, output = excluded.output, cache_write_5m = excluded.cache_write_5m,
            cache_write_1h = excluded.cache_write_1h, cache_read = excluded.cache_read, updated_at = now()
        where model_prices.source = 'builtin' and model_prices.deleted_at is null
            and (model_prices.input, model_prices.output, model_prices.cache_write_5m, model_prices.cache_write_1h,
                model_prices.cache_read)
            <> (excluded.input, excluded.output, excluded.cache_write_5m, excluded.cache_write_1h, excluded.cache_read)";
}

/// The prices that ship with this release.
pub fn builtin() -> anyhow::Result<BTreeMap<String, Price>> {
    serde_json::from_str(BUILTIN).context("builtin_prices.json")
}

/// A row of `model_prices`.
fn from_row(row: &PgRow) -> Result<ModelPrice, sqlx::Error> {
    Ok(ModelPrice {
        model: row.try_get("model")?,
        price: Price {
            input: read::usd(row, "input")?,
            output: read::usd(row, "output")?,
            cache_write_5m: read::usd(row, "cache_write_5m")?,
            cache_write_1h: read::usd(row, "cache_write_1h")?,
            cache_read: read::usd(row, "cache_read")?,
        },
        source: read::word(row, "source")?,
        updated_at: row.try_get("updated_at")?,
    })
}

/// Every price that is not deleted.
pub(super) async fn all(connection: &mut PgConnection) -> Result<Vec<ModelPrice>, sqlx::Error> {
    sqlx::query(ALL).fetch_all(connection).await?.iter().map(from_row).collect()
}

impl Store {
    /// Brings builtin prices up to those of this release; for each start.
    pub async fn seed_prices(&self, prices: &BTreeMap<String, Price>) -> Result<(), sqlx::Error> {
        // Replicas that start together take the rows in the same order: the map is sorted.
        let mut transaction = self.pool.begin().await?;
        for (model, price) in prices {
            sqlx::query(SEED)
                .bind(model)
                .bind(price.input.scaled())
                .bind(price.output.scaled())
                .bind(price.cache_write_5m.scaled())
                .bind(price.cache_write_1h.scaled())
                .bind(price.cache_read.scaled())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    }

    /// At most `limit` prices of models whose names sort after `after`, by name.
    pub async fn list_prices(&self, after: &str, limit: i64) -> Result<Vec<ModelPrice>, sqlx::Error> {
        let rows = sqlx::query(LIST).bind(after).bind(limit).fetch_all(&self.pool).await?;
        rows.iter().map(from_row).collect()
    }
}

impl Change {
    /// A price that is not deleted, kept from other changes until this one ends.
    pub async fn lock_price(&mut self, model: &str) -> Result<Option<ModelPrice>, sqlx::Error> {
        let row = sqlx::query(LOCK).bind(model).fetch_optional(&mut *self.transaction).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// Sets a price as the operator's own.
    pub async fn put_price(&mut self, price: &ModelPrice) -> Result<(), sqlx::Error> {
        sqlx::query(PUT)
            .bind(&price.model)
            .bind(price.price.input.scaled())
            .bind(price.price.output.scaled())
            .bind(price.price.cache_write_5m.scaled())
            .bind(price.price.cache_write_1h.scaled())
            .bind(price.price.cache_read.scaled())
            .bind(price.updated_at)
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }

    /// Marks a price as deleted; a builtin one stays away after an upgrade.
    pub async fn delete_price(&mut self, model: &str) -> Result<(), sqlx::Error> {
        sqlx::query(DELETE).bind(model).execute(&mut *self.transaction).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Usd;

    #[test]
    fn builtin_cache_prices_follow_the_published_factors() {
        let prices = builtin().unwrap();
        assert!(prices.len() > 15);
        for (model, price) in &prices {
            let input = price.input.scaled();
            assert!(input > 0 && price.output > price.input, "{model}");
            assert_eq!(price.cache_write_1h.scaled(), input * 2, "{model}");
            // The one model that is listed with rounded prices of its own.
            if model == "claude-3-haiku" {
                continue;
            }
            assert_eq!(price.cache_write_5m.scaled(), input * 5 / 4, "{model}");
            assert_eq!(price.cache_read.scaled(), input / 10, "{model}");
        }
        assert_eq!(prices["claude-3-haiku"].cache_read, "0.03".parse::<Usd>().unwrap());
    }
}
