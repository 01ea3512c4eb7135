//! What models cost.

pub mod import;
mod litellm;

use super::{
    actor::{Admin, shown},
    change, check, fault, page,
};
use crate::{
    clock,
    domain::{
        fault::Fault,
        page::{Page, PageQuery},
        price::{ModelPrice, Price, PriceQuery, PriceSource, PriceVersion},
    },
    hub::Hub,
    store::prices::Generations,
};

/// Characters of a model's name.
const MODEL_CHARS_MAX: usize = 256;

/// A page of the prices, by the model's name; only those whose name holds `q`, and of one source if one is named.
pub async fn list(hub: &Hub, _actor: &Admin, query: &PriceQuery) -> Result<Page<ModelPrice>, Fault> {
    let limit = page::limit(query.limit)?;
    let after: String = page::after(query.cursor.as_deref())?.unwrap_or_default();
    let words = query.q.as_deref().unwrap_or_default().trim();
    if words.contains('\0') {
        return Err(Fault::invalid("q", "must not have zero characters"));
    }
    let prices = hub.store.list_prices(&after, page::rows(limit), words, query.source).await;
    let prices = prices.map_err(fault::store)?;
    Ok(page::cut(prices, limit, |price| price.model.clone()))
}

/// The price of a model.
pub async fn find(hub: &Hub, _actor: &Admin, model: &str) -> Result<ModelPrice, Fault> {
    hub.store.find_price(model).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("price"))
}

/// Sets the price of a model; no later release changes it. Cache prices that are not given follow the factors of the
/// model's generation, unless the price names factors.
pub async fn put(hub: &Hub, actor: &Admin, model: &str, price: Price) -> Result<ModelPrice, Fault> {
    let model = check::line("model", model, MODEL_CHARS_MAX)?;
    let price =
        if price.cache_factors.are_usual() { price.following(Generations::known().factors(&model)) } else { price };
    price.check().map_err(|(field, why)| Fault::invalid(field, why))?;
    let updated_at = check::time(Some(clock::now())).unwrap_or_default();
    let mut price = ModelPrice { model, price, source: PriceSource::Manual, updated_at, version: 0 };
    let mut change = change::begin(hub).await?;
    let before = change.lock_price(&price.model).await.map_err(fault::store)?;
    price.version = change.put_price(&price).await.map_err(fault::store)?;
    let mut entry = actor.entry("price.put", &price.model);
    (entry.before, entry.after) = (before.as_ref().and_then(shown), shown(&price));
    change::commit(hub, change, entry).await?;
    Ok(price)
}

/// A page of what a model's price ever was, newest first.
pub async fn history(hub: &Hub, _actor: &Admin, model: &str, query: &PageQuery) -> Result<Page<PriceVersion>, Fault> {
    let limit = page::limit(query.limit)?;
    let before: Option<i64> = page::after(query.cursor.as_deref())?;
    let is_first = before.is_none();
    let versions = hub.store.price_history(model, before.unwrap_or(i64::MAX), page::rows(limit)).await;
    let versions = versions.map_err(fault::store)?;
    if is_first && versions.is_empty() {
        return Err(Fault::not_found("price"));
    }
    Ok(page::cut(versions, limit, |version| version.version.to_string()))
}

/// Deletes a price: the model is priced by the default of the settings from now on.
pub async fn delete(hub: &Hub, actor: &Admin, model: &str) -> Result<(), Fault> {
    let mut change = change::begin(hub).await?;
    let before = change.lock_price(model).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("price"))?;
    change.delete_price(model).await.map_err(fault::store)?;
    let mut entry = actor.entry("price.delete", &model);
    entry.before = shown(&before);
    change::commit(hub, change, entry).await
}
