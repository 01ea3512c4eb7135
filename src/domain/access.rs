//! Whether users and keys are let in.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How many days before its end a user or a key counts as expiring.
pub const EXPIRING_DAYS: i32 = 7;

/// Whether a user's keys are let in; of a key: whether it is, its user aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AccessStatus {
    /// Let in, and will be for a while.
    Active,
    /// Let in, for less than seven days more.
    Expiring,
    /// `expires_at` has come.
    Expired,
    /// An operator has switched the user or the key off.
    Disabled,
}

impl AccessStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Active, Self::Expiring, Self::Expired, Self::Disabled];

    /// The name used in JSON and in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expiring => "expiring",
            Self::Expired => "expired",
            Self::Disabled => "disabled",
        }
    }

    /// That of a user or a key at `now`. The first of these that is so: disabled, expired, expiring.
    pub fn of(enabled: bool, expires_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Self {
        match expires_at {
            _ if !enabled => Self::Disabled,
            Some(end) if end <= now => Self::Expired,
            Some(end) if end <= now + TimeDelta::days(EXPIRING_DAYS.into()) => Self::Expiring,
            _ => Self::Active,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_the_first_thing_that_keeps_somebody_out() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let of = |enabled, end: Option<&str>| AccessStatus::of(enabled, end.map(at), at("2030-01-10T00:00:00Z"));
        assert_eq!(of(true, None), AccessStatus::Active);
        assert_eq!(of(true, Some("2030-01-17T00:00:01Z")), AccessStatus::Active);
        assert_eq!(of(true, Some("2030-01-17T00:00:00Z")), AccessStatus::Expiring);
        assert_eq!(of(true, Some("2030-01-10T00:00:00Z")), AccessStatus::Expired);
        assert_eq!(of(false, Some("2030-01-01T00:00:00Z")), AccessStatus::Disabled);
    }

    #[test]
    fn words_in_addresses_are_those_of_json() {
        for status in AccessStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }
}
