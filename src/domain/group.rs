//! Groups: which providers a key may use.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

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
    /// When it was first named.
    pub created_at: DateTime<Utc>,
}
