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
    /// When it was first named.
    pub created_at: DateTime<Utc>,
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
}
