//! A setting as people see it: what it can be, what it is, and who says so.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where a setting's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SettingSource {
    /// Nobody has set it.
    Default,
    /// An operator has set it.
    Database,
    /// A variable of the environment says it.
    Environment,
}

/// What a setting is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SettingSection {
    /// Calls and their retries.
    Calls,
    /// The health of providers, and how it is asked for.
    Health,
    /// Waiting for a provider.
    Waiting,
    /// Limits.
    Limits,
    /// The ledger, and how long it is kept.
    Ledger,
    /// Prices.
    Prices,
    /// What clients and others get to see.
    Edge,
}

impl SettingSection {
    /// All of them, in the order they are shown.
    pub const ALL: [Self; 7] =
        [Self::Calls, Self::Health, Self::Waiting, Self::Limits, Self::Ledger, Self::Prices, Self::Edge];
}

/// What a setting's value can be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SettingKind {
    /// A whole number within bounds.
    Number {
        /// The least it can be.
        min: u64,
        /// The most it can be.
        max: u64,
    },
    /// True or false.
    Switch,
    /// One of these words.
    Choice {
        /// The words.
        choices: Vec<String>,
    },
    /// A text.
    Text {
        /// The fewest characters it can have.
        min: u32,
        /// The most characters it can have.
        max: u32,
    },
    /// The price of a model, as `PUT /admin/v1/prices/{model}` takes it.
    Price,
}

impl SettingKind {
    /// Checks that a value is of this kind.
    ///
    /// # Errors
    /// A sentence that says what would be right.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        match self {
            Self::Number { min, max } => match value.as_u64() {
                Some(number) if (*min..=*max).contains(&number) => Ok(()),
                Some(_) => Err(format!("must be from {min} to {max}")),
                None => Err(format!("must be a whole number from {min} to {max}")),
            },
            Self::Switch if value.is_boolean() => Ok(()),
            Self::Switch => Err("must be true or false".to_owned()),
            Self::Choice { choices } => match value.as_str() {
                Some(word) if choices.iter().any(|choice| choice == word) => Ok(()),
                _ => Err(format!("must be one of {}", choices.join(", "))),
            },
            Self::Text { min, max } => {
                let n_characters = value.as_str().map(|text| u32::try_from(text.chars().count()).unwrap_or(u32::MAX));
                match n_characters {
                    Some(n) if (*min..=*max).contains(&n) => Ok(()),
                    _ if *min == 0 => Err(format!("must have at most {max} characters")),
                    _ => Err(format!("must have {min} to {max} characters")),
                }
            }
            // Its type knows all of its rules.
            Self::Price => Ok(()),
        }
    }
}

/// One setting as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub section: SettingSection,
    /// What its value can be.
    pub kind: SettingKind,
    /// Its value.
    pub value: Value,
    /// The value it has when nobody sets it.
    pub default: Value,
    /// Where the value comes from.
    pub source: SettingSource,
    /// The variable of the environment that says the value as long as no operator does, if there is one.
    pub variable: Option<String>,
    /// The unit of the value, where it has one.
    pub unit: String,
    /// What it does.
    pub description: String,
}

/// A variable of the environment as the hub has read it at its start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// The value that counts: what it says, or its default. None for a secret, and where there is neither.
    pub value: Option<String>,
    /// `environment` if it is there and not empty, else `default`.
    pub source: SettingSource,
    /// True if its value is shown to nobody.
    pub is_secret: bool,
}
