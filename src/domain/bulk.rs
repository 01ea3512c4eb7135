//! Many of one noun changed at once, with a look at what would become of each first.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most that one change of many may be about.
pub const BULK_MAX: usize = 2_000;

/// What a change of many did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct BulkReport {
    /// True if nothing was changed: this is what would be.
    pub preview: bool,
    /// How many differ from before.
    pub n_changed: u32,
    /// How many cannot be changed so. One is enough for nothing to be changed.
    pub n_refused: u32,
    /// Each of them, by id.
    pub items: Vec<BulkRow>,
}

/// What became of one, or would.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct BulkRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What differs from before; empty if it is so already.
    pub changes: Vec<FieldChange>,
    /// Why it cannot be changed so; null if it can.
    pub refusal: Option<FieldRefusal>,
}

/// A field that gets another value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct FieldChange {
    /// Its name.
    pub field: String,
    /// Its value until now.
    #[cfg_attr(feature = "server", schema(value_type = Object))]
    pub before: Value,
    /// Its value from now on.
    #[cfg_attr(feature = "server", schema(value_type = Object))]
    pub after: Value,
}

/// A field that cannot have the value that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct FieldRefusal {
    /// Its name.
    pub field: String,
    /// What is wrong.
    pub why: String,
}
