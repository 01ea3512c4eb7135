//! Partial changes: what a PATCH names, and nothing else.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A field of a PATCH: left alone when absent, cleared by `null`, else set.
///
/// Fields of this type carry `#[serde(default, skip_serializing_if = "Patch::is_keep")]`, and for the API's description
/// `schema(value_type = Option<T>)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The request does not name the field.
    #[default]
    Keep,
    /// The request says `null`: back to none, or to the default where there is no none.
    Clear,
    /// The new value.
    Set(T),
}

impl<T> Patch<T> {
    /// True if the request does not name the field.
    pub const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// Applies the change to an optional field.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value),
        }
    }

    /// Applies the change to a field that always has a value; `null` brings `default` back.
    pub fn apply_or(self, field: &mut T, default: T) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = default,
            Self::Set(value) => *field = value,
        }
    }
}

impl<T> From<Option<T>> for Patch<T> {
    /// A form's view of a field: empty clears it.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Clear, Self::Set)
    }
}

impl<T> From<T> for Patch<T> {
    /// The new value.
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep | Self::Clear => serializer.serialize_none(),
            Self::Set(value) => serializer.serialize_some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

/// A secret on its way in: write-only, and never printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(value_type = String, format = "password"))]
#[serde(transparent)]
pub struct NewSecret(pub String);

impl std::fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Form {
        #[serde(default, skip_serializing_if = "Patch::is_keep")]
        note: Patch<String>,
    }

    #[test]
    fn absent_null_and_value_are_three_things() {
        for (json, note) in
            [("{}", Patch::Keep), (r#"{"note":null}"#, Patch::Clear), (r#"{"note":"a"}"#, Patch::Set("a".to_owned()))]
        {
            let form: Form = serde_json::from_str(json).unwrap();
            assert_eq!(form, Form { note });
            assert_eq!(serde_json::to_string(&form).unwrap(), json);
        }
    }
}
