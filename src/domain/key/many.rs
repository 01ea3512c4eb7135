//! Keys by the many: those of all users, and which of them.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::ApiKey;
use crate::domain::{
    id::UserId,
    user::many::{EXPIRING_DAYS, UserStatus},
};

/// Whether a key is let in, its user aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum KeyStatus {
    /// It is, and will be for a while.
    Active,
    /// It is, for less than seven days more.
    Expiring,
    /// `expires_at` has come.
    Expired,
    /// An operator has switched the key off.
    Disabled,
}

impl KeyStatus {
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

    /// A key's at `now`. The first of these that is so: disabled, expired, expiring.
    pub fn of(key: &ApiKey, now: DateTime<Utc>) -> Self {
        match key.expires_at {
            _ if !key.enabled => Self::Disabled,
            Some(end) if end <= now => Self::Expired,
            Some(end) if end <= now + TimeDelta::days(EXPIRING_DAYS) => Self::Expiring,
            _ => Self::Active,
        }
    }
}

/// Which keys of all users to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct KeyQuery {
    /// At most this many items, 1 to 500; default 50.
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Only those whose name or preview, or whose user's name, hold this text, case aside.
    pub search: Option<String>,
    /// Only this user's.
    #[cfg_attr(feature = "server", param(value_type = Option<String>))]
    pub user_id: Option<UserId>,
    /// Only those of this group: their own, or their user's where they have none.
    pub group: Option<String>,
    /// Only those of this status.
    #[cfg_attr(feature = "server", param(inline))]
    pub status: Option<KeyStatus>,
    /// Only those that were not used for so many days, 1 to 3,650; one that never was counts from when it was made.
    pub unused_days: Option<u32>,
    /// True to begin with the newest; default the oldest.
    pub reverse: Option<bool>,
}

/// A key in the list of those of all users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ListedKey {
    /// The key.
    #[serde(flatten)]
    pub key: ApiKey,
    /// The name of its user.
    pub user_name: String,
    /// The groups of its user, which are its own where it has none.
    pub user_group: Vec<String>,
    /// Whether its user's keys are let in: where they are not, it is not either.
    pub user_status: UserStatus,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{id::KeyId, limit::Limits};

    #[test]
    fn a_status_is_the_first_thing_that_keeps_a_key_out() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let now = at("2030-01-10T00:00:00Z");
        let of = |enabled, end: Option<&str>| {
            let key = ApiKey {
                id: KeyId(1),
                user_id: UserId(1),
                name: "laptop".to_owned(),
                enabled,
                group: Vec::new(),
                models: Vec::new(),
                clients: Vec::new(),
                addresses: Vec::new(),
                expires_at: end.map(at),
                limits: Limits::default(),
                old_secret_until: None,
                last_used_at: None,
                preview: "sk-sy-…".to_owned(),
                created_at: now,
            };
            KeyStatus::of(&key, now)
        };
        assert_eq!(of(true, None), KeyStatus::Active);
        assert_eq!(of(true, Some("2030-01-17T00:00:01Z")), KeyStatus::Active);
        assert_eq!(of(true, Some("2030-01-17T00:00:00Z")), KeyStatus::Expiring);
        assert_eq!(of(true, Some("2030-01-10T00:00:00Z")), KeyStatus::Expired);
        assert_eq!(of(false, Some("2030-01-01T00:00:00Z")), KeyStatus::Disabled);
    }

    #[test]
    fn words_in_addresses_are_those_of_json() {
        for status in KeyStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }
}
