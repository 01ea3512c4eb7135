//! Logins of the console.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::id::{ConsoleSessionId, KeyId, UserId};

/// A login of the console that has neither ended nor expired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ConsoleSession {
    /// Its id.
    pub id: ConsoleSessionId,
    /// Who has logged in; null for the admin token.
    pub user_id: Option<UserId>,
    /// The name of that user.
    pub user_name: Option<String>,
    /// The key it was made with; null if it was the admin token or a password.
    pub key_id: Option<KeyId>,
    /// The name of that key.
    pub key_name: Option<String>,
    /// Where it was made from.
    pub address: String,
    /// What it was made with, as the browser calls itself; at most 256 characters.
    pub user_agent: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_seen_at: DateTime<Utc>,
    /// From then on it is void.
    pub expires_at: DateTime<Utc>,
    /// True for the session that asks.
    pub is_current: bool,
}

/// Which logins to list, the latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct ConsoleSessionQuery {
    /// At most this many items, 1 to 500; default 50.
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Only this user's.
    #[cfg_attr(feature = "server", param(value_type = Option<String>))]
    pub user_id: Option<UserId>,
}

/// Which logins to end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct ConsoleSessionEnd {
    /// Only this user's; default everybody's.
    #[cfg_attr(feature = "server", param(value_type = Option<String>))]
    pub user_id: Option<UserId>,
}

/// How many logins have ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ConsoleSessionsEnded {
    /// Their number.
    pub ended: u32,
}
