//! What somebody sees of their own: their limits, their keys, their calls. Nothing here tells about providers or about
//! anybody else (docs/rules.md, Access).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    call::{Call, CallDetail, CallError, Client, Outcome},
    id::{CallId, KeyId, UserId},
    limit::LimitUse,
    money::Usd,
    price::bill::Cost,
    report::{Totals, UsageRow, UsageStep, course::Course},
    rule::ModelRule,
    usage::{TokenSource, Usage},
};

/// Oneself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Own {
    /// The user.
    pub user_id: UserId,
    /// The user's name.
    pub user_name: String,
    /// From then on the user's keys are refused.
    pub expires_at: Option<DateTime<Utc>>,
    /// True if it was a password that was shown, which can be changed; false for a key.
    pub has_password: bool,
    /// How much of the user's limits is used by all keys together. Only limits that are set.
    pub limits: Vec<LimitUse>,
    /// The user's keys, at most 100; for whoever has shown a key only that one.
    pub keys: Vec<OwnKey>,
}

/// A key of one's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct OwnKey {
    /// Its id.
    pub id: KeyId,
    /// Its name.
    pub name: String,
    /// First and last characters of the secret, to tell keys apart.
    pub preview: String,
    /// A disabled key is refused.
    pub enabled: bool,
    /// From then on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
    /// Until then calls may still come with the secret it had before; null if it had none, or that ended at once.
    pub old_secret_until: Option<DateTime<Utc>>,
    /// When a call with it was last recorded.
    pub last_used_at: Option<DateTime<Utc>>,
    /// The models it may ask for; empty means all.
    pub models: Vec<ModelRule>,
    /// How much of its limits is used. Only limits that are set.
    pub limits: Vec<LimitUse>,
}

/// What sums over one's own calls are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OwnUsageBy {
    /// By key.
    Key,
    /// By model asked for.
    Model,
}

/// Which sums over one's own calls to read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct OwnUsageQuery {
    /// From this time on, cut down to a quarter of an hour; default 24 hours ago.
    pub from: Option<DateTime<Utc>>,
    /// Up to this time; default now.
    pub to: Option<DateTime<Utc>>,
    /// One row for each of these; default one row for all.
    #[cfg_attr(feature = "server", param(inline))]
    pub by: Option<OwnUsageBy>,
    /// One row for each of these spans; default `total`.
    #[cfg_attr(feature = "server", param(inline))]
    pub step: Option<UsageStep>,
    /// Only this key's; whoever has shown a key sees no other.
    #[cfg_attr(feature = "server", param(value_type = Option<String>))]
    pub key_id: Option<KeyId>,
    /// Only of calls that asked for this model.
    pub model: Option<String>,
}

/// One's own use in a span of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnReport {
    /// All of it.
    pub total: Totals,
    /// The same of as much time before.
    pub before: Totals,
    /// How it went.
    pub course: Course,
    /// The dearest models first.
    pub models: Vec<UsageRow>,
}

/// Which calls of one's own to list, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct OwnCallQuery {
    /// At most this many items, 1 to 500; default 50.
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// From this time on.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub to: Option<DateTime<Utc>>,
    /// Only this key's; whoever has shown a key sees no other.
    #[cfg_attr(feature = "server", param(value_type = Option<String>))]
    pub key_id: Option<KeyId>,
    /// Only those that asked for this model.
    pub model: Option<String>,
    /// Only this conversation.
    pub session_id: Option<String>,
    /// Only those that ended so.
    #[cfg_attr(feature = "server", param(inline))]
    pub outcome: Option<Outcome>,
    /// Only those answered with this status.
    pub status: Option<u16>,
}

/// A call of one's own, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct OwnCall {
    /// Its id.
    pub id: CallId,
    /// When the request arrived.
    #[serde(with = "super::moment")]
    pub created_at: DateTime<Utc>,
    /// The key it came with.
    pub key_id: Option<KeyId>,
    /// The key's name.
    pub key_name: Option<String>,
    /// The client's conversation, where it names one.
    pub session_id: Option<String>,
    /// The model asked for.
    pub model: String,
    /// The model that the answer names.
    pub model_served: Option<String>,
    /// True if the client asked for a stream.
    pub stream: bool,
    /// The status the client got.
    pub status: Option<u16>,
    /// How it ended; null while it runs.
    pub outcome: Option<Outcome>,
    /// Tokens of all its attempts.
    pub usage: Usage,
    /// Where the counts come from: the weakest source among its attempts.
    pub token_source: TokenSource,
    /// Cost of all its attempts.
    pub cost_usd: Usd,
    /// How many attempts it took.
    pub n_attempts: u32,
    /// Milliseconds until the client was sent the first byte.
    pub first_byte_ms: Option<u32>,
    /// Milliseconds until the first content was there for the client.
    pub first_token_ms: Option<u32>,
    /// Milliseconds for all of it.
    pub duration_ms: Option<u32>,
    /// What went wrong. The message is empty unless the client was told the same.
    pub error: Option<CallError>,
    /// Who sent it.
    pub client: Client,
}

impl From<Call> for OwnCall {
    fn from(call: Call) -> Self {
        // What a client is refused with it has read itself; what went wrong at providers may name them.
        let was_told = matches!(call.outcome, Some(Outcome::Rejected | Outcome::Refused));
        let told = |error: CallError| if was_told { error } else { CallError::new(error.cause, "") };
        Self {
            id: call.id,
            created_at: call.created_at,
            key_id: call.key_id,
            key_name: call.key_name,
            session_id: call.session_id,
            model: call.model,
            model_served: call.model_served,
            stream: call.stream,
            status: call.status,
            outcome: call.outcome,
            usage: call.usage,
            token_source: call.token_source,
            cost_usd: call.cost_usd,
            n_attempts: call.n_attempts,
            first_byte_ms: call.first_byte_ms,
            first_token_ms: call.first_token_ms,
            duration_ms: call.duration_ms,
            error: call.error.map(told),
            client: call.client,
        }
    }
}

/// A call of one's own with what it cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct OwnCallDetail {
    /// What the list shows.
    #[serde(flatten)]
    pub call: OwnCall,
    /// Cost of all its attempts, part by part.
    pub cost: Cost,
}

impl From<CallDetail> for OwnCallDetail {
    fn from(detail: CallDetail) -> Self {
        Self { call: detail.call.into(), cost: detail.cost }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_shown_only_if_the_client_was_told_it() {
        for (outcome, shown) in [
            (Outcome::Rejected, "the provider acme says no"),
            (Outcome::Refused, "the provider acme says no"),
            (Outcome::Failed, ""),
            (Outcome::Interrupted, ""),
        ] {
            let error = Some(CallError::new("status", "the provider acme says no"));
            let own = OwnCall::from(Call { outcome: Some(outcome), error, ..Call::default() });
            assert_eq!(own.error, Some(CallError::new("status", shown)), "{outcome:?}");
        }
    }
}
