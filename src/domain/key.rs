//! Keys the hub has issued.

pub mod many;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    id::{KeyId, UserId},
    limit::{LimitMode, Limits, ResetMode, TimeOfDay, fields::with_limits},
    money::Usd,
    network::Network,
    patch::Patch,
    rule::ModelRule,
};

/// A key the hub has issued to a user. Its secret is not here: the hub keeps only a hash of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ApiKey {
    /// Its id.
    pub id: KeyId,
    /// Whose it is.
    pub user_id: UserId,
    /// A name for people.
    pub name: String,
    /// A disabled key is refused.
    pub enabled: bool,
    /// Names of the provider groups the key may use; empty means its user's.
    pub group: Vec<String>,
    /// The models it may ask for; empty means all.
    pub models: Vec<ModelRule>,
    /// Globs on the header `user-agent`, case aside; empty means any client.
    pub clients: Vec<String>,
    /// Where its calls may come from; empty means anywhere.
    #[cfg_attr(feature = "server", schema(value_type = Vec<String>))]
    pub addresses: Vec<Network>,
    /// From then on the key is refused.
    pub expires_at: Option<DateTime<Utc>>,
    /// How much it may use.
    #[serde(flatten)]
    pub limits: Limits,
    /// Until then calls may still come with the secret it had before; null if it had none, or that ended at once.
    pub old_secret_until: Option<DateTime<Utc>>,
    /// When a call with it was last recorded.
    pub last_used_at: Option<DateTime<Utc>>,
    /// First and last characters of the secret, to tell keys apart.
    pub preview: String,
    /// When the key was made.
    pub created_at: DateTime<Utc>,
}

with_limits! {
    create:
    /// A new key. Everything but the name has a default.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
    #[serde(deny_unknown_fields)]
    pub struct KeyCreate {
        /// A name for people, 1 to 100 characters.
        pub name: String,
        /// Default true.
        #[serde(default)]
        pub enabled: Option<bool>,
        /// Default empty: the user's groups. An unknown name creates the group.
        #[serde(default)]
        pub group: Option<Vec<String>>,
        /// At most 500 rules; default empty: all models.
        #[serde(default)]
        pub models: Option<Vec<ModelRule>>,
        /// At most 100 globs of 1 to 256 characters on the header `user-agent`, case aside; default empty: any client.
        #[serde(default)]
        pub clients: Option<Vec<String>>,
        /// At most 200 addresses or networks, as `192.0.2.1`, `10.0.0.0/8` or `2001:db8::/32`; default empty: anywhere.
        #[serde(default)]
        #[cfg_attr(feature = "server", schema(value_type = Option<Vec<String>>))]
        pub addresses: Option<Vec<Network>>,
        /// Default never.
        #[serde(default)]
        pub expires_at: Option<DateTime<Utc>>,
    }
}

with_limits! {
    patch:
    /// Changes to a key: only what is named; `null` clears.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
    #[serde(deny_unknown_fields, default)]
    pub struct KeyPatch {
        /// As in [`KeyCreate`]; cannot be cleared.
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<String>))]
        pub name: Patch<String>,
        /// As in [`KeyCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<bool>))]
        pub enabled: Patch<bool>,
        /// As in [`KeyCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<Vec<String>>))]
        pub group: Patch<Vec<String>>,
        /// As in [`KeyCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<Vec<ModelRule>>))]
        pub models: Patch<Vec<ModelRule>>,
        /// As in [`KeyCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<Vec<String>>))]
        pub clients: Patch<Vec<String>>,
        /// As in [`KeyCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<Vec<String>>))]
        pub addresses: Patch<Vec<Network>>,
        /// As in [`KeyCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<DateTime<Utc>>))]
        pub expires_at: Patch<DateTime<Utc>>,
    }
}

/// A change of many keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct KeyBulk {
    /// These, at most 2,000.
    pub ids: Vec<KeyId>,
    /// What to change of each; not the name.
    #[serde(default)]
    pub patch: KeyPatch,
    /// Only says what would change; default false.
    #[serde(default)]
    pub preview: bool,
}

/// Another secret for a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Rotation {
    /// Seconds that calls may still come with the secret before, 0 to 2,592,000; default 0: it ends at once.
    pub grace_s: u32,
}

/// A key that was just made, or got another secret, with its secret: shown this once and never again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct NewKey {
    /// The key as it is stored.
    #[serde(flatten)]
    pub stored: ApiKey,
    /// The secret itself.
    pub key: String,
}

impl std::fmt::Debug for NewKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewKey").field("stored", &self.stored).finish_non_exhaustive()
    }
}
