//! People.

pub mod many;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    id::UserId,
    limit::{LimitMode, Limits, ResetMode, TimeOfDay, fields::with_limits},
    money::Usd,
    patch::Patch,
};

/// What a person may do beside making calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Makes calls.
    #[default]
    User,
    /// Also runs the hub, logged in with a password. A relay key of an admin opens what any key opens.
    Admin,
}

impl Role {
    /// The name used in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// A unique name among the users that are not deleted.
    pub name: String,
    /// Free text for operators.
    pub note: String,
    /// A disabled user's keys are refused.
    pub enabled: bool,
    /// What the user may do.
    pub role: Role,
    /// Names of the provider groups the user's keys may use; empty means `default`.
    pub group: Vec<String>,
    /// Words that operators sort users by.
    pub tags: Vec<String>,
    /// From then on the user's keys are refused.
    pub expires_at: Option<DateTime<Utc>>,
    /// True if the user can log in to the console with a password.
    pub has_password: bool,
    /// How much it may use.
    #[serde(flatten)]
    pub limits: Limits,
    /// When the user was made.
    pub created_at: DateTime<Utc>,
}

with_limits! {
    create:
    /// A new user. Everything but the name has a default.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
    #[serde(deny_unknown_fields)]
    pub struct UserCreate {
        /// A unique name, 1 to 100 characters.
        pub name: String,
        /// Free text, at most 2,000 characters.
        #[serde(default)]
        pub note: Option<String>,
        /// Default true.
        #[serde(default)]
        pub enabled: Option<bool>,
        /// Default `user`.
        #[serde(default)]
        pub role: Option<Role>,
        /// Default empty, which means the group `default`. An unknown name creates the group.
        #[serde(default)]
        pub group: Option<Vec<String>>,
        /// At most 20 of 1 to 32 characters, without comma; default none.
        #[serde(default)]
        pub tags: Option<Vec<String>>,
        /// Default never.
        #[serde(default)]
        pub expires_at: Option<DateTime<Utc>>,
    }
}

with_limits! {
    patch:
    /// Changes to a user: only what is named; `null` clears.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
    #[serde(deny_unknown_fields, default)]
    pub struct UserPatch {
        /// As in [`UserCreate`]; cannot be cleared.
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<String>))]
        pub name: Patch<String>,
        /// As in [`UserCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<String>))]
        pub note: Patch<String>,
        /// As in [`UserCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<bool>))]
        pub enabled: Patch<bool>,
        /// As in [`UserCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<Role>))]
        pub role: Patch<Role>,
        /// As in [`UserCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<Vec<String>>))]
        pub group: Patch<Vec<String>>,
        /// As in [`UserCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<Vec<String>>))]
        pub tags: Patch<Vec<String>>,
        /// As in [`UserCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<DateTime<Utc>>))]
        pub expires_at: Patch<DateTime<Utc>>,
    }
}

/// A password for the console.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasswordSet {
    /// 8 to 72 bytes, without control characters.
    pub password: String,
}

/// A change of one's own password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password as it is.
    pub old_password: String,
    /// As in [`PasswordSet`].
    pub password: String,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A user for tests.
    pub(crate) fn ada() -> User {
        User {
            id: UserId(1),
            name: "Ada".to_owned(),
            note: "first".to_owned(),
            enabled: false,
            role: Role::Admin,
            group: vec!["a".to_owned()],
            tags: vec!["blue".to_owned()],
            expires_at: None,
            has_password: false,
            limits: Limits::default(),
            created_at: DateTime::default(),
        }
    }
}
