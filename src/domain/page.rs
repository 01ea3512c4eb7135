//! Lists, a page at a time.

use serde::{Deserialize, Serialize};

/// Most items a page may hold.
pub const LIMIT_MAX: u32 = 500;

/// Items of a page when nothing is said.
pub const LIMIT_DEFAULT: u32 = 50;

/// Which page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct PageQuery {
    /// At most this many items, 1 to 500; default 50.
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Which part of a list that is made as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct PartQuery {
    /// At most this many items, 1 to 500; all of them if nothing is said.
    pub limit: Option<u32>,
    /// The `next_cursor` of the part before. What came or went meanwhile may have moved items across it.
    pub cursor: Option<String>,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Asks for the page after this one; null on the last.
    pub next_cursor: Option<String>,
}
