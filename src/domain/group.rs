//! Groups: which providers a key may use.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{money::Multiplier, patch::Patch};

/// The group of everything that names none.
pub const DEFAULT_GROUP: &str = "default";

/// Matches every group, when a key or user names it.
pub const ANY_GROUP: &str = "*";

/// A provider group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Group {
    /// Its unique name.
    pub name: String,
    /// What people say about it.
    pub note: String,
    /// Factor on prices for the calls that reach a provider by this group.
    pub cost_multiplier: Multiplier,
    /// Among the groups that a caller may use, the one with the lowest number goes first.
    pub priority: i32,
    /// When it was first named.
    pub created_at: DateTime<Utc>,
}

/// How many there are that name a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupUse {
    /// Providers that belong to it.
    pub n_providers: i64,
    /// Users who may use it.
    pub n_users: i64,
    /// Keys that may use it.
    pub n_keys: i64,
}

/// A new group. Everything but the name has a default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GroupCreate {
    /// A unique name, 1 to 64 characters without comma.
    pub name: String,
    /// At most 2,000 characters; default empty.
    #[serde(default)]
    pub note: Option<String>,
    /// Factor on prices, 0 to 1000; default 1.
    #[serde(default)]
    #[cfg_attr(feature = "server", schema(value_type = Option<String>))]
    pub cost_multiplier: Option<Multiplier>,
    /// Default 0.
    #[serde(default)]
    pub priority: Option<i32>,
}

/// What changes of a group; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct GroupPatch {
    /// What people say about it.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "server", schema(value_type = Option<String>))]
    pub note: Patch<String>,
    /// Factor on prices, 0 to 1000.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "server", schema(value_type = Option<String>))]
    pub cost_multiplier: Patch<Multiplier>,
    /// The lowest number goes first.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "server", schema(value_type = Option<i32>))]
    pub priority: Patch<i32>,
}
