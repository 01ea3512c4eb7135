//! Prices of models.

#[cfg(feature = "ssr")]
use hub::domain::{page::Page, price::ModelPrice};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Answer;

/// A price as its form sends it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PriceForm {
    pub(crate) model: String,
    pub(crate) input: String,
    pub(crate) output: String,
    pub(crate) cache_write_5m: String,
    pub(crate) cache_write_1h: String,
    pub(crate) cache_read: String,
}

/// A page of prices.
#[cfg(feature = "ssr")]
pub(super) async fn list(cursor: Option<String>) -> Answer<Page<ModelPrice>> {
    let (hub, actor) = super::guard::actor().await?;
    let query = hub::domain::page::PageQuery { limit: Some(200), cursor };
    hub::admin::prices::list(&hub, &actor, &query).await.map_err(super::guard::refuse)
}

/// Sets the price of a model.
#[server]
pub(crate) async fn save_price(form: PriceForm) -> Answer<()> {
    use super::guard;
    let (hub, actor) = guard::actor_for_change().await?;
    let (model, price) = super::forms::price(&form).map_err(guard::refuse)?;
    hub::admin::prices::put(&hub, &actor, &model, price).await.map_err(guard::refuse)?;
    leptos_axum::redirect("/prices");
    Ok(())
}

/// Deletes the price of a model.
#[server]
pub(crate) async fn delete_price(model: String) -> Answer<()> {
    let (hub, actor) = super::guard::actor_for_change().await?;
    hub::admin::prices::delete(&hub, &actor, &model).await.map_err(super::guard::refuse)?;
    leptos_axum::redirect("/prices");
    Ok(())
}
