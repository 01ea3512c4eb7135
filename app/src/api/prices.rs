//! Prices of models.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Answer;

/// A price as its form sends it.
#[cfg_attr(not(feature = "ssr"), expect(dead_code, reason = "the browser sends the form itself"))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PriceForm {
    pub(crate) model: String,
    pub(crate) input: String,
    pub(crate) output: String,
    pub(crate) cache_write_5m: String,
    pub(crate) cache_write_1h: String,
    pub(crate) cache_read: String,
    pub(crate) rules: String,
}

/// Bytes of a form that carries a price file, as it is sent.
pub(crate) const FORM_BYTES_MAX: usize = 32 << 20;

/// Reads a price file: `file`, if `run` is `preview` or `import`, or the one that the settings name, if it is `look` or
/// `sync`. The first of each only shows what would change. `take` are models whose own price gives way. Answers what
/// changed, or would change, as HTML.
#[server]
pub(crate) async fn import_prices(file: String, run: String, #[server(default)] take: Vec<String>) -> Answer<String> {
    use super::guard;
    use hub::{
        admin::prices::import,
        domain::{fault::Fault, price::import::ImportQuery},
    };
    let (hub, actor) = guard::actor_for_change().await?;
    let query = ImportQuery { preview: !matches!(run.as_str(), "import" | "sync"), take: take.join(",") };
    let report = match run.as_str() {
        "look" | "sync" => import::sync(&hub, &actor, &query).await,
        _ if file.trim().is_empty() => Err(Fault::invalid("file", "is empty: choose a price file, or paste one")),
        _ => import::import(&hub, &actor, file.as_bytes(), &query).await,
    };
    let report = report.map_err(guard::refuse)?;
    let view = |text| (None, crate::drawn::prices::file::view(text, &report, &query.taken()));
    Ok(super::drawn::in_words(view).html)
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
