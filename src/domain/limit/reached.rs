//! The limit for which a provider is left out of a choice, as the decision chain names it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Amount, Limited};

/// A limit of its own that a provider is at (docs/rules.md, Routing). Less than all of it may be used: then what the call
/// may use does not fit beside that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct AtLimit {
    /// Which one.
    pub field: LimitField,
    /// What was used of it. Dollars as a decimal string, everything else as a whole number.
    pub used: Amount,
    /// Dollars that running calls had reserved beside it; left out where they had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<Amount>,
    /// The limit.
    pub limit: Amount,
    /// When the window ends, or, if it rolls, when the oldest part of it leaves; null if it does not end by itself.
    #[serde(default)]
    pub resets_at: Option<DateTime<Utc>>,
}

/// What a limit counts, by the name of its field, as an operator sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(value_type = String, example = "limit_rpm"))]
pub struct LimitField(pub Limited);

impl Serialize for LimitField {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.field())
    }
}

impl<'de> Deserialize<'de> for LimitField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let named = Limited::ALL.into_iter().find(|limited| limited.field() == name);
        named.map(Self).ok_or_else(|| de::Error::custom("must be the name of a limit"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Usd;

    #[test]
    fn every_limit_is_told_by_its_field_and_read_again() {
        for limited in Limited::ALL {
            let amount = |number: i64| {
                if limited.is_money() {
                    Amount::Usd(Usd::from_scaled(number))
                } else {
                    Amount::Count(number.unsigned_abs())
                }
            };
            let reserved = limited.is_money().then(|| amount(5));
            let at = AtLimit {
                field: LimitField(limited),
                used: amount(7),
                reserved,
                limit: amount(9),
                resets_at: DateTime::from_timestamp(1_700_000_000, 0),
            };
            let json = serde_json::to_string(&at).unwrap();
            assert!(json.contains(&format!(r#""field":"{}""#, limited.field())), "{json}");
            assert_eq!(json.contains("reserved"), limited.is_money(), "{json}");
            assert_eq!(serde_json::from_str::<AtLimit>(&json).unwrap(), at);
        }
        assert!(serde_json::from_str::<LimitField>(r#""limit""#).is_err());
    }
}
