//! Prices of models.

use chrono::{DateTime, Utc};
use hub::domain::price::{Price, PriceSource, import::ImportReport};
#[cfg(feature = "ssr")]
use hub::domain::{
    page::{Page, PageQuery},
    price::{ModelPrice, PriceQuery, PriceVersion},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Answer;

/// The price of one model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PriceRow {
    /// The model.
    pub(crate) model: String,
    /// Dollars per million tokens.
    pub(crate) price: Price,
    /// Who set it.
    pub(crate) source: PriceSource,
    /// When it was last set.
    pub(crate) updated_at: DateTime<Utc>,
}

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
    pub(crate) rules: String,
}

/// Models that one list of a report names; the rest is counted.
#[cfg(feature = "ssr")]
const REPORT_ROWS_MAX: usize = 100;

/// A page of prices.
#[cfg(feature = "ssr")]
pub(super) async fn list(cursor: Option<String>, q: Option<String>) -> Answer<Page<PriceRow>> {
    let (hub, actor) = super::guard::actor().await?;
    let query = PriceQuery { limit: Some(200), cursor, q };
    let page = hub::admin::prices::list(&hub, &actor, &query).await.map_err(super::guard::refuse)?;
    let row = |item: ModelPrice| PriceRow {
        model: item.model,
        price: item.price,
        source: item.source,
        updated_at: item.updated_at,
    };
    Ok(Page { items: page.items.into_iter().map(row).collect(), next_cursor: page.next_cursor })
}

/// The newest versions of a model's price.
#[cfg(feature = "ssr")]
pub(super) async fn history(model: &str) -> Answer<Page<PriceVersion>> {
    let (hub, actor) = super::guard::actor().await?;
    let query = PageQuery { limit: Some(100), cursor: None };
    hub::admin::prices::history(&hub, &actor, model, &query).await.map_err(super::guard::refuse)
}

/// What a price file changed, with lists that are cut where they are long.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Imported {
    /// The report.
    pub(crate) report: ImportReport,
    /// New, changed, kept and unusable models, before their lists were cut.
    pub(crate) n: [usize; 4],
}

/// Reads a price file, or the one that the settings name if `file` is empty. `run` is `import` to keep it.
#[server]
pub(crate) async fn import_prices(file: String, run: String) -> Answer<Imported> {
    use super::guard;
    use hub::admin::prices::import;
    let (hub, actor) = guard::actor_for_change().await?;
    let is_preview = run != "import";
    let report = if file.trim().is_empty() {
        import::sync(&hub, &actor, is_preview).await
    } else {
        import::import(&hub, &actor, file.as_bytes(), is_preview).await
    };
    let mut report = report.map_err(guard::refuse)?;
    let n = [report.added.len(), report.changed.len(), report.kept.len(), report.unusable.len()];
    report.added.truncate(REPORT_ROWS_MAX);
    report.changed.truncate(REPORT_ROWS_MAX);
    report.kept.truncate(REPORT_ROWS_MAX);
    report.unusable.truncate(REPORT_ROWS_MAX);
    Ok(Imported { report, n })
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
