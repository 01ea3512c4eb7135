//! What a price file changes, or would change.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Price, PriceSource};

/// What a price file changed, or would change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ImportReport {
    /// True if nothing was changed: this is what would be.
    pub preview: bool,
    /// Models that had no price, and deleted ones that take the file's.
    pub added: Vec<PriceChange>,
    /// Models whose price differs, and those of an operator that take the file's.
    pub changed: Vec<PriceChange>,
    /// Models whose price the file would change, and that stay as they are because an operator has decided so.
    pub kept: Vec<KeptPrice>,
    /// Entries that cannot be used.
    pub unusable: Vec<UnusableEntry>,
    /// Models whose price is the file's already.
    pub n_unchanged: u32,
    /// Entries that are not for models of text.
    pub n_skipped: u32,
}

/// How to read a price file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct ImportQuery {
    /// Only says what would change.
    pub preview: bool,
    /// Models whose price an operator has set or deleted and that take the file's all the same, separated by commas.
    /// From then on the next file may change them.
    pub take: String,
}

impl ImportQuery {
    /// The models of `take`.
    pub fn taken(&self) -> BTreeSet<String> {
        self.take.split(',').map(str::trim).filter(|model| !model.is_empty()).map(str::to_owned).collect()
    }
}

/// A price that is new or differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PriceChange {
    /// The model.
    pub model: String,
    /// The price until now; null if it had none.
    pub before: Option<Price>,
    /// Who had set it.
    pub source: Option<PriceSource>,
    /// The price from now on.
    pub after: Price,
}

/// A price that an operator has set or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct KeptPrice {
    /// The model.
    pub model: String,
    /// The operator's price; null if the operator has deleted it.
    pub own: Option<Price>,
    /// The file's price.
    pub file: Price,
}

/// An entry of a price file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct UnusableEntry {
    /// The model.
    pub model: String,
    /// Why.
    pub why: String,
}
