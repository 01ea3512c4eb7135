//! Settings.

#[cfg(feature = "ssr")]
use hub::hub::Hub;
use leptos::prelude::*;

use super::{Answer, prices::PriceForm};
#[cfg(feature = "ssr")]
use super::{forms::setting as form, guard};

/// Sets one setting.
#[cfg(feature = "ssr")]
async fn set(hub: &Hub, actor: &hub::admin::actor::Admin, name: String, value: serde_json::Value) -> Answer<()> {
    let values = serde_json::Map::from_iter([(name, value)]);
    hub::admin::settings::update(hub, actor, values).await.map_err(guard::refuse)?;
    Ok(())
}

/// Sets a setting to what its field says; no value is a box that is not checked.
#[server]
pub(crate) async fn save_setting(name: String, value: Option<String>) -> Answer<()> {
    let (hub, actor) = guard::actor_for_change().await?;
    let all = hub::admin::settings::list(&hub, &actor).await.map_err(guard::refuse)?;
    let unknown = || guard::refuse(hub::domain::fault::Fault::invalid(&name, "there is no such setting"));
    let setting = all.iter().find(|setting| setting.name == name).ok_or_else(unknown)?;
    let value = form::value(setting, value.as_deref()).map_err(guard::refuse)?;
    set(&hub, &actor, name, value).await
}

/// Sets the price of models that have none. Faults name the fields of the form.
#[server]
pub(crate) async fn save_default_price(form: PriceForm) -> Answer<()> {
    let (hub, actor) = guard::actor_for_change().await?;
    let (_, price) = super::forms::price(&form).map_err(guard::refuse)?;
    price.check().map_err(|(field, why)| guard::refuse(hub::domain::fault::Fault::invalid(field, why)))?;
    let value = serde_json::to_value(price).map_err(|error| super::AppError::broken(&error))?;
    set(&hub, &actor, "default_price".to_owned(), value).await
}

/// Brings the default of a setting back.
#[server]
pub(crate) async fn reset_setting(name: String) -> Answer<()> {
    let (hub, actor) = guard::actor_for_change().await?;
    set(&hub, &actor, name, serde_json::Value::Null).await
}
