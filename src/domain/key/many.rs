//! Keys by the many: those of all users, and which of them.

use serde::{Deserialize, Serialize};

use super::ApiKey;
use crate::domain::{access::AccessStatus, id::UserId};

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
    pub status: Option<AccessStatus>,
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
    pub user_status: AccessStatus,
}
