//! Sessions: what the calls of one client's conversation have in common.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    id::{CallId, KeyId, ProviderId, UserId},
    money::Usd,
    report::permille,
    usage::Usage,
};

/// A client's conversation: active, or with recorded calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Session {
    /// Names it in paths.
    pub id: String,
    /// The key it belongs to: two keys never share a session.
    pub key_id: KeyId,
    /// That key's name, also if it was deleted.
    pub key_name: Option<String>,
    /// Whose key it is.
    pub user_id: UserId,
    /// That user's name, also if it was deleted.
    pub user_name: Option<String>,
    /// As the client names it, or as the hub derived it from the conversation's beginning.
    pub session_id: String,
    /// True if a call of it runs or was seen lately (`SESSION_TTL`); null while Redis does not answer.
    pub is_active: Option<bool>,
    /// The provider its calls go to; null until a call of it has succeeded, and when it is not active any more.
    pub provider_id: Option<ProviderId>,
    /// That provider's name.
    pub provider_name: Option<String>,
    /// The provider that its last recorded call was at.
    pub last_provider_id: Option<ProviderId>,
    /// That provider's name.
    pub last_provider_name: Option<String>,
    /// Its first call.
    pub created_at: DateTime<Utc>,
    /// Its last call.
    pub last_seen_at: DateTime<Utc>,
    /// How many of its calls run.
    pub in_flight: u64,
    /// How many calls it has made.
    pub calls: u64,
    /// Of the recorded ones, those that the hub or a provider let down: failed and interrupted.
    pub errors: u64,
    /// The models that its recorded calls asked for, at most 20.
    pub models: Vec<String>,
    /// What its last recorded call came from.
    pub user_agent: Option<String>,
    /// Tokens of its recorded calls. Uses of tools are not added up here.
    pub usage: Usage,
    /// What its recorded calls cost.
    pub cost_usd: Usd,
}

impl Session {
    /// Prompt tokens that came from a cache, in thousandths of all of them; none without prompt tokens.
    pub fn cache_permille(&self) -> Option<u32> {
        permille(self.usage.cache_read, self.usage.prompt())
    }
}

/// Calls of a session, one after the other, at the same provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Stay {
    /// Where.
    pub provider_id: ProviderId,
    /// Its name.
    pub provider_name: String,
    /// The first of these calls.
    pub since: DateTime<Utc>,
    /// The last of them.
    pub until: DateTime<Utc>,
    /// How many they are.
    pub calls: u64,
    /// Prompt tokens that they read from a cache.
    pub cache_read: u64,
    /// All their prompt tokens.
    pub prompt: u64,
    /// What they cost.
    pub cost_usd: Usd,
}

/// A session with where it goes and where it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct SessionDetail {
    /// What the list shows.
    #[serde(flatten)]
    pub session: Session,
    /// The first of the calls in a row that went to the provider it is bound to; null if it is not bound, or if none of
    /// them is recorded yet.
    pub bound_since: Option<DateTime<Utc>>,
    /// Until when the binding lasts if no further call comes; null if it is not bound, or while a call of it runs.
    pub bound_until: Option<DateTime<Utc>>,
    /// Tokens of its last prompt that the provider it is bound to has in its cache: another one would have to read them
    /// anew. Null if it is not bound.
    pub cached_tokens: Option<u64>,
    /// Where its calls went, the latest first: at most 50 stays, of its latest 2,000 recorded calls.
    pub stays: Vec<Stay>,
    /// The latest of its calls whose messages were captured, among the latest 100; null if there is none.
    pub captured_call_id: Option<CallId>,
}

/// Which sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// Those that are active, also without a recorded call; those that began last first.
    #[default]
    Active,
    /// Those with recorded calls, active or not; those with the latest call first.
    Recent,
}

impl SessionState {
    /// The name used in JSON and in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Recent => "recent",
        }
    }
}

/// Which sessions to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct SessionQuery {
    /// At most this many items, 1 to 500; default 50.
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Which; default `active`.
    #[cfg_attr(feature = "server", param(inline))]
    pub state: Option<SessionState>,
    /// Only those whose `session_id` begins with this text.
    pub search: Option<String>,
}

/// Which sessions, of those that are active.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SessionFilter {
    /// Only those whose `session_id` begins with this text.
    pub search: Option<String>,
}

/// An end of many sessions, named by `ids` or by `filter`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SessionBulk {
    /// These, at most 2,000; those that are not active are left out.
    pub ids: Option<Vec<String>>,
    /// All active ones that match, those that began last first; of more than 2,000 the first.
    pub filter: Option<SessionFilter>,
    /// Only says what would end; default false.
    pub preview: bool,
}

/// What an end of many sessions did, or would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct SessionBulkReport {
    /// True if nothing was ended: this is what would be.
    pub preview: bool,
    /// How many have ended.
    pub n_ended: u64,
    /// How many of those that were named are not active, or no sessions at all.
    pub n_unknown: u64,
    /// How many more match than can be ended at once.
    pub n_left: u64,
    /// How many of those that were active were bound to a provider.
    pub n_bound: u64,
    /// Tokens of their last prompts that these providers have in their caches.
    pub cached_tokens: u64,
    /// How many of their calls run: these go on.
    pub in_flight: u64,
}
