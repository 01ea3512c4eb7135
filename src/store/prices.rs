//! Model prices: those that ship with a release, those of a price file, and those an operator has set. Each change is
//! a new version, and none is ever lost.

use std::collections::BTreeMap;

use anyhow::Context;
use sqlx::{PgConnection, Row, postgres::PgRow, types::Json};

use super::{Store, change::Change, read, statements};
use crate::domain::price::{CacheFactors, ModelPrice, Price, PriceSource, PriceVersion};

/// List prices of Claude models with the rules that belong to them, <https://platform.claude.com/docs/en/about-claude/pricing>,
/// as of 2026-11. Where a cache price is not listed it follows the published factors on input; `cache_factors` names them
/// where they are not the usual ones.
const BUILTIN: &str = include_str!("builtin_prices.json");

/// The columns of a price, in the order of the statement's own text.
macro_rules! select_prices {
    ($more_columns:literal, $rest:literal) => {
        concat!(
            "
        select model, input, output, cache_write_5m, cache_write_1h, cache_read, details, source, updated_at, version",
            $more_columns,
            "
        from model_prices
        ",
            $rest
        )
    };
}

statements! {
    /// By name, after the cursor, where the name holds the words looked for, of one source or all.
    LIST = select_prices!("", "where deleted_at is null and model > $1 and ($3 = '' or position(lower($3) in lower(model)) > 0)
            and ($4::text is null or source = $4)
        order by model
        limit $2");
    ALL = select_prices!("", "where deleted_at is null");
    FIND = select_prices!("", "where deleted_at is null and model = $1");
    LOCK = select_prices!("", "where deleted_at is null and model = $1 for update");
    /// One writer of many prices at a time: two of them would wait for each other's rows.
    LOCK_TABLE = "lock table model_prices in share row exclusive mode";
    /// Deleted ones too: what an operator has deleted stays away.
    STANDING = select_prices!(", deleted_at is not null as is_deleted", "where version is not null");
    /// A new version, and the price as it stands from then on.
    PUT = "
        with fresh as (
            insert into price_versions (model, at, source, price) values ($1, $8, $9, $10)
            returning id
        )
        insert into model_prices (model, input, output, cache_write_5m, cache_write_1h, cache_read, details, updated_at,
            source, version)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, id from fresh
        on conflict (model) do update
        set input = excluded.input, output = excluded.output, cache_write_5m = excluded.cache_write_5m,
            cache_write_1h = excluded.cache_write_1h, cache_read = excluded.cache_read, details = excluded.details,
            source = excluded.source, updated_at = excluded.updated_at, version = excluded.version, deleted_at = null
        returning version";
    DELETE = "
        with fresh as (
            insert into price_versions (model, source) values ($1, 'manual')
            returning id
        )
        update model_prices
        set deleted_at = now(), version = fresh.id
        from fresh
        where deleted_at is null and model = $1";
    /// Newest first, before the cursor.
    HISTORY = "
        select id, at, source, price
        from price_versions
        where model = $1 and id < $2
        order by id desc
        limit $3";
}

/// The prices that ship with this release.
pub fn builtin() -> anyhow::Result<BTreeMap<String, Price>> {
    serde_json::from_str(BUILTIN).context("builtin_prices.json")
}

/// The factors that cache prices follow which nobody has published, by generation of models: those of the prices that
/// ship with this release.
#[derive(Debug, Default)]
pub struct Generations(BTreeMap<String, CacheFactors>);

impl Generations {
    /// All that are known.
    pub fn known() -> Self {
        // A test reads them.
        let prices = builtin().unwrap_or_default();
        Self(prices.into_iter().map(|(model, price)| (model, price.cache_factors)).collect())
    }

    /// Those of a model: of the longest name that is a part of its own (`vendor/claude-opus-5-5@20261101`); the usual ones if
    /// there is none.
    pub fn factors(&self, model: &str) -> CacheFactors {
        let parts = self.0.iter().filter(|(name, _)| model.contains(name.as_str()));
        parts.max_by_key(|(name, _)| name.len()).map_or(CacheFactors::USUAL, |(_, factors)| *factors)
    }
}

/// A price, and whether an operator has deleted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The price.
    pub price: ModelPrice,
    /// True if it was deleted.
    pub is_deleted: bool,
}

/// The five rates, which have columns of their own.
const RATES: [&str; 5] = ["input", "output", "cache_write_5m", "cache_write_1h", "cache_read"];

/// A row of `select_prices!`.
fn from_row(row: &PgRow) -> Result<ModelPrice, sqlx::Error> {
    let mut price: serde_json::Map<String, serde_json::Value> = read::json(row, "details")?;
    for rate in RATES {
        price.insert(rate.to_owned(), read::usd(row, rate)?.to_string().into());
    }
    let price = serde_json::from_value(price.into()).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Ok(ModelPrice {
        model: row.try_get("model")?,
        price,
        source: read::word(row, "source")?,
        updated_at: row.try_get("updated_at")?,
        version: row.try_get::<Option<i64>, _>("version")?.unwrap_or_default(),
    })
}

/// Writes a new version; gives back its number.
async fn put(connection: &mut PgConnection, price: &ModelPrice) -> Result<i64, sqlx::Error> {
    let whole = serde_json::to_value(&price.price).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let mut details = whole.clone();
    if let Some(details) = details.as_object_mut() {
        details.retain(|name, _| !RATES.contains(&name.as_str()));
    }
    let row = sqlx::query(PUT)
        .bind(&price.model)
        .bind(price.price.input.scaled())
        .bind(price.price.output.scaled())
        .bind(price.price.cache_write_5m.scaled())
        .bind(price.price.cache_write_1h.scaled())
        .bind(price.price.cache_read.scaled())
        .bind(Json(details))
        .bind(price.updated_at)
        .bind(price.source.as_str())
        .bind(Json(whole))
        .fetch_one(connection)
        .await?;
    row.try_get("version")
}

/// Every price that was ever set, deleted ones too, kept from other writers until the transaction ends.
async fn lock_all(connection: &mut PgConnection) -> Result<BTreeMap<String, Standing>, sqlx::Error> {
    sqlx::query(LOCK_TABLE).execute(&mut *connection).await?;
    let rows = sqlx::query(STANDING).fetch_all(connection).await?;
    let standing = rows.iter().map(|row| {
        let price = from_row(row)?;
        Ok((price.model.clone(), Standing { price, is_deleted: row.try_get("is_deleted")? }))
    });
    standing.collect()
}

/// Every price that is not deleted.
pub(super) async fn all(connection: &mut PgConnection) -> Result<Vec<ModelPrice>, sqlx::Error> {
    sqlx::query(ALL).fetch_all(connection).await?.iter().map(from_row).collect()
}

impl Store {
    /// Brings builtin prices up to those of this release; for each start. Never touches what an operator has set or
    /// deleted, or what a price file says.
    pub async fn seed_prices(&self, prices: &BTreeMap<String, Price>) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let standing = lock_all(&mut transaction).await?;
        for (model, price) in prices {
            let is_settled = standing.get(model).is_some_and(|standing| {
                standing.is_deleted || standing.price.source != PriceSource::Builtin || standing.price.price == *price
            });
            if !is_settled {
                let (model, price) = (model.clone(), price.clone());
                let updated_at = crate::clock::now();
                let fresh = ModelPrice { model, price, source: PriceSource::Builtin, updated_at, version: 0 };
                put(&mut transaction, &fresh).await?;
            }
        }
        transaction.commit().await
    }

    /// At most `limit` prices of models whose names sort after `after` and hold `words`, set by `source`, by name.
    pub async fn list_prices(
        &self,
        after: &str,
        limit: i64,
        words: &str,
        source: Option<PriceSource>,
    ) -> Result<Vec<ModelPrice>, sqlx::Error> {
        let query = sqlx::query(LIST).bind(after).bind(limit).bind(words).bind(source.map(PriceSource::as_str));
        let rows = query.fetch_all(&self.pool).await?;
        rows.iter().map(from_row).collect()
    }

    /// The price of a model that is not deleted.
    pub async fn find_price(&self, model: &str) -> Result<Option<ModelPrice>, sqlx::Error> {
        let row = sqlx::query(FIND).bind(model).fetch_optional(&self.pool).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// At most `limit` versions of a model's price that are older than `before`, newest first.
    pub async fn price_history(&self, model: &str, before: i64, limit: i64) -> Result<Vec<PriceVersion>, sqlx::Error> {
        let rows = sqlx::query(HISTORY).bind(model).bind(before).bind(limit).fetch_all(&self.pool).await?;
        let version = |row: &PgRow| {
            let price: Option<Json<Price>> = row.try_get("price")?;
            Ok(PriceVersion {
                version: row.try_get("id")?,
                at: row.try_get("at")?,
                source: read::word(row, "source")?,
                price: price.map(|Json(price)| price),
            })
        };
        rows.iter().map(version).collect()
    }
}

impl Change {
    /// A price that is not deleted, kept from other changes until this one ends.
    pub async fn lock_price(&mut self, model: &str) -> Result<Option<ModelPrice>, sqlx::Error> {
        let row = sqlx::query(LOCK).bind(model).fetch_optional(&mut *self.transaction).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// Every price that was ever set, deleted ones too, kept from other changes until this one ends.
    pub async fn lock_prices(&mut self) -> Result<BTreeMap<String, Standing>, sqlx::Error> {
        lock_all(&mut self.transaction).await
    }

    /// Sets a price as a new version; gives back its number.
    pub async fn put_price(&mut self, price: &ModelPrice) -> Result<i64, sqlx::Error> {
        put(&mut self.transaction, price).await
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
            assert_eq!(price.check(), Ok(()), "{model}");
            assert!(price.input > Usd::ZERO && price.output > price.input, "{model}");
            assert!(price.derived.is_empty() && price.tiers.iter().all(|tier| tier.derived.is_empty()), "{model}");
            // What is listed is what the row's own factors make of the input price.
            let mut unlisted = serde_json::to_value(price).unwrap();
            unlisted
                .as_object_mut()
                .unwrap()
                .retain(|name, _| !name.starts_with("cache_write") && name != "cache_read");
            for tier in unlisted.get_mut("tiers").and_then(serde_json::Value::as_array_mut).into_iter().flatten() {
                tier.as_object_mut().unwrap().retain(|name, _| !name.starts_with("cache_"));
            }
            let derived: Price = serde_json::from_value(unlisted).unwrap();
            assert_eq!(derived.rates(), price.rates(), "{model}");
            let tiers = |price: &Price| price.tiers.iter().map(|tier| tier.rates).collect::<Vec<_>>();
            assert_eq!(tiers(&derived), tiers(price), "{model}");
            let (read, writes) = match model.as_str() {
                "claude-fable-5-2" | "claude-fable-5-1" | "claude-mythos-5-1" => ("0.025", "1.25"),
                "claude-opus-5-5" | "claude-sonnet-5-5" => ("0.05", "1.25"),
                "claude-3-haiku" => ("0.12", "1.2"),
                _ => ("0.1", "1.25"),
            };
            let CacheFactors { write_5m, write_1h, read: reads } = price.cache_factors;
            let shown = [reads, write_5m, write_1h].map(|factor| factor.to_string());
            assert_eq!(shown, [read, writes, "2"], "{model}");
        }
        assert_eq!(prices["claude-3-haiku"].cache_read, "0.03".parse::<Usd>().unwrap());
    }

    #[test]
    fn a_generation_is_known_by_the_longest_name_within_a_models() {
        let known = Generations::known();
        for (model, read) in [
            ("claude-opus-5-5", "0.05"),
            ("us.anthropic.claude-opus-5-5-v1:0", "0.05"),
            ("vertex_ai/claude-fable-5-1@20261101", "0.025"),
            ("claude-opus-5-20260101", "0.1"),
            ("gpt-9", "0.1"),
        ] {
            assert_eq!(known.factors(model).read.to_string(), read, "{model}");
        }
    }
}
