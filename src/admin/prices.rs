//! What models cost.

use super::{
    actor::{Actor, shown},
    change, check, fault, page,
};
use crate::{
    clock,
    domain::{
        fault::Fault,
        money::Usd,
        page::{Page, PageQuery},
        price::{ModelPrice, Price, PriceSource},
    },
    hub::Hub,
};

/// Characters of a model's name.
const MODEL_CHARS_MAX: usize = 256;

/// The dearest price that is believed: a million dollars per million tokens. Sums stay far from overflowing.
const PRICE_MAX: Usd = Usd::from_scaled(1_000_000_000_000_000);

/// A page of the prices, by the model's name.
pub async fn list(hub: &Hub, _actor: &Actor, query: &PageQuery) -> Result<Page<ModelPrice>, Fault> {
    let limit = page::limit(query.limit)?;
    let after: String = page::after(query.cursor.as_deref())?.unwrap_or_default();
    let prices = hub.store.list_prices(&after, page::rows(limit)).await.map_err(fault::store)?;
    Ok(page::cut(prices, limit, |price| price.model.clone()))
}

/// Sets the price of a model; no later release changes it.
pub async fn put(hub: &Hub, actor: &Actor, model: &str, price: Price) -> Result<ModelPrice, Fault> {
    let model = check::line("model", model, MODEL_CHARS_MAX)?;
    check_price(&price)?;
    let price = ModelPrice { model, price, source: PriceSource::Manual, updated_at: clock::now() };
    let mut change = change::begin(hub).await?;
    let before = change.lock_price(&price.model).await.map_err(fault::store)?;
    change.put_price(&price).await.map_err(fault::store)?;
    let mut entry = actor.entry("price.put", &price.model);
    (entry.before, entry.after) = (before.as_ref().and_then(shown), shown(&price));
    change::commit(hub, change, entry).await?;
    Ok(price)
}

/// Deletes a price: the model is priced by the default of the settings from now on.
pub async fn delete(hub: &Hub, actor: &Actor, model: &str) -> Result<(), Fault> {
    let mut change = change::begin(hub).await?;
    let before = change.lock_price(model).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("price"))?;
    change.delete_price(model).await.map_err(fault::store)?;
    let mut entry = actor.entry("price.delete", &model);
    entry.before = shown(&before);
    change::commit(hub, change, entry).await
}

/// Each part must be from nothing to `PRICE_MAX`.
fn check_price(price: &Price) -> Result<(), Fault> {
    let parts = [
        ("input", price.input),
        ("output", price.output),
        ("cache_write_5m", price.cache_write_5m),
        ("cache_write_1h", price.cache_write_1h),
        ("cache_read", price.cache_read),
    ];
    match parts.iter().find(|(_, part)| !(Usd::ZERO..=PRICE_MAX).contains(part)) {
        Some((field, _)) => Err(Fault::invalid(*field, format!("must be from 0 to {PRICE_MAX}"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_neither_negative_nor_absurd() {
        assert_eq!(check_price(&Price::default()), Ok(()));
        let wrong = Price { cache_read: Usd::from_scaled(-1), ..Price::default() };
        assert_eq!(check_price(&wrong).unwrap_err().field(), Some("cache_read"));
        let wrong = Price { output: "1000000.1".parse().unwrap(), ..Price::default() };
        assert_eq!(check_price(&wrong).unwrap_err().field(), Some("output"));
    }
}
