//! Sessions: what the calls of one client's conversation have in common.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::id::{KeyId, ProviderId, UserId};

/// A session that is active, or bound to a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Session {
    /// Names it in paths.
    pub id: String,
    /// The key it belongs to: two keys never share a session.
    pub key_id: KeyId,
    /// That key's name; null if it was deleted.
    pub key_name: Option<String>,
    /// Whose key it is.
    pub user_id: UserId,
    /// That user's name; null if the key was deleted.
    pub user_name: Option<String>,
    /// As the client names it, or as the hub derived it from the conversation's beginning.
    pub session_id: String,
    /// The provider its calls go to; null until a call of it has succeeded.
    pub provider_id: Option<ProviderId>,
    /// That provider's name.
    pub provider_name: Option<String>,
    /// Its first call since it became active.
    pub created_at: DateTime<Utc>,
    /// Its last call.
    pub last_seen_at: DateTime<Utc>,
    /// How many of its calls run.
    pub in_flight: u64,
    /// How many calls it has made since it became active.
    pub calls: u64,
}
