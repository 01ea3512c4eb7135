//! Settings, the environment, and what is kept. The server says what they are called: the browser does not carry it.

use hub::domain::settings::{Setting, Variable};
#[cfg(feature = "ssr")]
use hub::{
    domain::settings::{SettingKind, SettingSection},
    hub::Hub,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Answer, Named, prices::PriceForm};
#[cfg(feature = "ssr")]
use super::{forms::setting as form, guard};
#[cfg(feature = "ssr")]
use crate::{preferences::Preferences, text::Text};

/// What the page shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SettingsPage {
    /// All settings, by what they are about.
    pub(crate) sections: Vec<Section>,
    /// All variables of the environment.
    pub(crate) environment: Vec<VariableRow>,
}

/// Settings that are about one thing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Section {
    /// Its anchor.
    pub(crate) id: String,
    /// Its name.
    pub(crate) title: String,
    /// Its settings.
    pub(crate) rows: Vec<SettingRow>,
}

/// A setting in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SettingRow {
    /// The setting.
    pub(crate) setting: Setting,
    /// Its name in words.
    pub(crate) title: String,
    /// What it does.
    pub(crate) help: String,
    /// Its value as it is typed.
    pub(crate) value: String,
    /// Its default in words.
    pub(crate) standard: String,
    /// Its bounds, if it is a number.
    pub(crate) range: Option<String>,
    /// What can be chosen: the value and its word.
    pub(crate) choices: Vec<Named>,
}

/// A variable of the environment in words.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct VariableRow {
    /// The variable.
    pub(crate) variable: Variable,
    /// What it is for.
    pub(crate) what: String,
}

/// Everything that the page shows.
#[cfg(feature = "ssr")]
pub(super) async fn list() -> Answer<SettingsPage> {
    use hub::admin::settings;
    let (hub, actor) = guard::actor().await?;
    let text = Preferences::read().language.text();
    let all = settings::list(&hub, &actor).await.map_err(guard::refuse)?;
    let section = |section: SettingSection| Section {
        id: serde_json::to_value(section).ok().and_then(|id| id.as_str().map(str::to_owned)).unwrap_or_default(),
        title: (text.section)(section).to_owned(),
        rows: all.iter().filter(|setting| setting.section == section).map(|setting| row(text, setting)).collect(),
    };
    let variable = |variable: Variable| VariableRow {
        what: (text.variable)(&variable.name).unwrap_or_default().to_owned(),
        variable,
    };
    Ok(SettingsPage {
        sections: SettingSection::ALL.map(section).into(),
        environment: settings::environment(&hub, &actor).into_iter().map(variable).collect(),
    })
}

/// What is kept.
#[cfg(feature = "ssr")]
pub(super) async fn storage() -> Answer<hub::domain::storage::Storage> {
    let (hub, actor) = guard::actor().await?;
    hub::admin::storage::storage(&hub, &actor).await.map_err(guard::refuse)
}

/// A setting in the words of a language. Those that are missing fail a test.
#[cfg(feature = "ssr")]
fn row(text: &Text, setting: &Setting) -> SettingRow {
    let words = text.setting(&setting.name);
    let unit = setting.unit.as_str();
    let choices: Vec<Named> = match &setting.kind {
        SettingKind::Choice { choices } => {
            let word = |choice: (&String, &&str)| Named { id: choice.0.clone(), name: (*choice.1).to_owned() };
            choices.iter().zip(words.map(|words| words.choices).unwrap_or_default()).map(word).collect()
        }
        _ => Vec::new(),
    };
    let typed = |value: &serde_json::Value| match (value, value.as_u64()) {
        (serde_json::Value::String(value), _) => value.clone(),
        (_, Some(number)) => form::quantity(number, unit),
        _ => String::new(),
    };
    let standard = match &setting.kind {
        SettingKind::Switch if setting.default == true => text.setting_values.on.to_owned(),
        SettingKind::Switch => text.setting_values.off.to_owned(),
        SettingKind::Price => {
            let rate =
                |name: &str| setting.default.get(name).and_then(|rate| rate.as_str()).unwrap_or_default().to_owned();
            format!("${} · ${}", rate("input"), rate("output"))
        }
        _ => match typed(&setting.default) {
            empty if empty.is_empty() => text.setting_values.none.to_owned(),
            typed => choices.iter().find(|choice| choice.id == typed).map_or(typed, |choice| choice.name.clone()),
        },
    };
    let range = match &setting.kind {
        SettingKind::Number { min, max } => {
            Some((text.setting_values.range)(&form::quantity(*min, unit), &form::quantity(*max, unit)))
        }
        _ => None,
    };
    SettingRow {
        title: words.map(|words| words.title).unwrap_or_default().to_owned(),
        help: words.map(|words| words.help).unwrap_or_default().to_owned(),
        value: typed(&setting.value),
        standard,
        range,
        choices,
        setting: setting.clone(),
    }
}

/// Sets one setting, and gives it as it is then.
#[cfg(feature = "ssr")]
async fn set(
    hub: &Hub,
    actor: &hub::admin::actor::Admin,
    name: String,
    value: serde_json::Value,
) -> Answer<SettingRow> {
    let values = serde_json::Map::from_iter([(name.clone(), value)]);
    let all = hub::admin::settings::update(hub, actor, values).await.map_err(guard::refuse)?;
    let text = Preferences::read().language.text();
    all.iter().find(|setting| setting.name == name).map(|setting| row(text, setting)).ok_or_else(|| unknown(&name))
}

#[cfg(feature = "ssr")]
fn unknown(name: &str) -> super::AppError {
    guard::refuse(hub::domain::fault::Fault::invalid(name, "there is no such setting"))
}

/// Sets a setting to what its field says; no value is a box that is not checked.
#[server]
pub(crate) async fn save_setting(name: String, value: Option<String>) -> Answer<SettingRow> {
    let (hub, actor) = guard::actor_for_change().await?;
    let all = hub::admin::settings::list(&hub, &actor).await.map_err(guard::refuse)?;
    let setting = all.iter().find(|setting| setting.name == name).ok_or_else(|| unknown(&name))?;
    let value = form::value(setting, value.as_deref()).map_err(guard::refuse)?;
    set(&hub, &actor, name, value).await
}

/// Sets the price of models that have none. Faults name the fields of the form.
#[server]
pub(crate) async fn save_default_price(form: PriceForm) -> Answer<SettingRow> {
    let (hub, actor) = guard::actor_for_change().await?;
    let (_, price) = super::forms::price(&form).map_err(guard::refuse)?;
    price.check().map_err(|(field, why)| guard::refuse(hub::domain::fault::Fault::invalid(field, why)))?;
    let value = serde_json::to_value(price).map_err(|error| super::AppError::broken(&error))?;
    set(&hub, &actor, "default_price".to_owned(), value).await
}

/// Brings the default of a setting back.
#[server]
pub(crate) async fn reset_setting(name: String) -> Answer<SettingRow> {
    let (hub, actor) = guard::actor_for_change().await?;
    set(&hub, &actor, name, serde_json::Value::Null).await
}
