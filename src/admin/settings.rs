//! What an operator changes while the hub runs.

use serde_json::{Map, Value};

use super::{actor::Admin, change, fault};
use crate::{
    domain::{
        fault::Fault,
        settings::{Setting, Settings, Variable},
    },
    hub::Hub,
    telemetry,
};

/// Every setting as it stands.
pub async fn list(hub: &Hub, _actor: &Admin) -> Result<Vec<Setting>, Fault> {
    let stored = hub.store.list_settings().await.map_err(fault::store)?;
    Ok(described(&stored, &hub.config.variables))
}

/// Every variable of the environment as the hub has read it at its start, by name. Secrets have no value.
pub fn environment(hub: &Hub, _actor: &Admin) -> Vec<Variable> {
    hub.config.variables.clone()
}

/// Sets what `values` names, all or nothing; `null` brings a default back. Returns every setting as it stands then.
pub async fn update(hub: &Hub, actor: &Admin, values: Map<String, Value>) -> Result<Vec<Setting>, Fault> {
    let mut settings = Settings::default();
    for (name, value) in &values {
        settings.set(name, value).map_err(|error| Fault::invalid(name, error.to_string()))?;
    }
    check_time_zone(&settings.time_zone)?;
    if !settings.log_level.is_empty() {
        telemetry::parse(&settings.log_level).map_err(|why| Fault::invalid("log_level", why))?;
    }
    let checked = serde_json::to_value(&settings).map_err(|error| fault::internal(&error))?;
    let mut change = change::begin(hub).await?;
    let before = change.lock_settings().await.map_err(fault::store)?;
    for (name, value) in &values {
        // Stored as it was understood, so that it reads the same however it was written.
        let value = if value.is_null() { None } else { checked.get(name) };
        change.set_setting(name, value).await.map_err(fault::store)?;
    }
    let after = change.lock_settings().await.map_err(fault::store)?;
    let mut entry = actor.entry("settings.update", &values.keys().cloned().collect::<Vec<_>>().join(" "));
    (entry.before, entry.after) = (Some(named(&before, &values)), Some(named(&after, &values)));
    change::commit(hub, change, entry).await?;
    Ok(described(&after, &hub.config.variables))
}

/// Checks that a time zone is one; the list of them is too large for the browser, so `domain` does not have it.
fn check_time_zone(name: &str) -> Result<(), Fault> {
    if name.is_empty() || name.parse::<chrono_tz::Tz>().is_ok() {
        return Ok(());
    }
    Err(Fault::invalid("time_zone", "must be a name of the IANA database, such as Europe/Berlin, or empty"))
}

/// The stored values of the settings that `values` names; `null` where the default stands.
fn named(stored: &[(String, Value)], values: &Map<String, Value>) -> Value {
    let value = |name: &String| stored.iter().find(|(stored, _)| stored == name).map(|(_, value)| value.clone());
    values.keys().map(|name| (name.clone(), value(name).unwrap_or_default())).collect()
}

/// Settings that follow a variable as long as they are empty.
const FOLLOWS: &[(&str, &str)] = &[("time_zone", "TZ"), ("log_level", "LOG_LEVEL")];

/// Every setting, given the rows there are. A row that no release understands any more counts as absent.
fn described(stored: &[(String, Value)], variables: &[Variable]) -> Vec<Setting> {
    let mut settings = Settings::default();
    let understood = stored.iter().filter(|(name, value)| settings.set(name, value).is_ok());
    let names: Vec<String> = understood.map(|(name, _)| name.clone()).collect();
    let mut described = settings.describe(&names);
    for setting in &mut described {
        follow(setting, variables);
    }
    described
}

/// Gives an empty setting the value of the variable that it follows.
fn follow(setting: &mut Setting, variables: &[Variable]) {
    let Some((_, name)) = FOLLOWS.iter().find(|(follower, _)| *follower == setting.name) else { return };
    let Some(variable) = variables.iter().find(|variable| variable.name == *name) else { return };
    setting.variable = Some(variable.name.clone());
    setting.default = variable.value.clone().into();
    if setting.value == "" {
        setting.value = setting.default.clone();
        setting.source = variable.source;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::settings::SettingSource;
    #[test]
    fn a_time_zone_is_one_of_the_database_or_none() {
        for right in ["", "UTC", "Europe/Berlin", "Asia/Kathmandu"] {
            assert_eq!(check_time_zone(right), Ok(()));
        }
        for wrong in ["Mars/Base", "europe/berlin", "+01:00", " "] {
            assert_eq!(check_time_zone(wrong).unwrap_err().field(), Some("time_zone"), "{wrong}");
        }
    }

    #[test]
    fn a_row_that_is_not_understood_counts_as_absent() {
        let stored = [
            ("providers_max".to_owned(), json!(5)),
            ("gate_ms".to_owned(), json!("soon")),
            ("gone".to_owned(), json!(1)),
        ];
        let shown = described(&stored, &[]);
        let sources = |name: &str| shown.iter().find(|setting| setting.name == name).map(|setting| setting.source);
        assert_eq!(sources("providers_max"), Some(SettingSource::Database));
        assert_eq!(sources("gate_ms"), Some(SettingSource::Default));
        assert_eq!(sources("gone"), None);
    }

    #[test]
    fn an_empty_time_zone_is_that_of_the_environment() {
        let zone = |stored: Value, source| {
            let variable =
                Variable { name: "TZ".to_owned(), value: Some("Asia/Kathmandu".to_owned()), source, is_secret: false };
            let shown = described(&[("time_zone".to_owned(), stored)], &[variable]);
            let setting = shown.into_iter().find(|setting| setting.name == "time_zone").unwrap();
            assert_eq!((setting.variable.as_deref(), &setting.default), (Some("TZ"), &json!("Asia/Kathmandu")));
            (setting.value, setting.source)
        };
        let (given, absent) = (SettingSource::Environment, SettingSource::Default);
        assert_eq!(zone(json!(""), given), (json!("Asia/Kathmandu"), given));
        assert_eq!(zone(json!(null), absent), (json!("Asia/Kathmandu"), absent));
        assert_eq!(zone(json!("Europe/Berlin"), given), (json!("Europe/Berlin"), SettingSource::Database));
    }
}
