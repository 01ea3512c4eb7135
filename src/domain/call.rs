//! One client request and its answer.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    attempt::{Attempt, RunningAttempt},
    decision::Decision,
    id::{CallId, KeyId, ProviderId, UserId},
    money::Usd,
    price::bill::Cost,
    usage::{TokenSource, Usage},
};

/// What was asked of the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CallKind {
    /// `POST /v1/messages`: metered.
    #[default]
    Messages,
    /// A test of a provider, or a probe: an attempt at the provider, and no call of people.
    Probe,
}

impl CallKind {
    /// The name used in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Probe => "probe",
        }
    }
}

/// How a call ended (docs/rules.md, Words).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The terminal event or the whole body was delivered.
    Completed,
    /// The hub's own no.
    Rejected,
    /// The upstream's 4xx was delivered.
    Refused,
    /// No attempt served it; also an upstream 5xx that was passed on.
    Failed,
    /// Cut after a part was delivered, or by a crash; `error.cause` says which.
    Interrupted,
    /// The client left first.
    Abandoned,
}

impl Outcome {
    /// All of them, in the order of their columns in the roll-ups.
    pub const ALL: [Self; 6] =
        [Self::Completed, Self::Rejected, Self::Refused, Self::Failed, Self::Interrupted, Self::Abandoned];

    /// The name used in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Rejected => "rejected",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Abandoned => "abandoned",
        }
    }

    /// True if the hub or a provider let the call down (docs/rules.md, Reports).
    pub const fn is_error(self) -> bool {
        matches!(self, Self::Failed | Self::Interrupted)
    }
}

/// Characters of a message that are kept.
const MESSAGE_CHARS_MAX: usize = 500;

/// What went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CallError {
    /// One word for machines: `model_not_allowed`, `no_provider`, `connect`, `first_byte_timeout`, `status`, `crash` …
    pub cause: String,
    /// A sentence for people, at most 500 characters.
    pub message: String,
}

impl CallError {
    /// Both parts; the message is cut at 500 characters, and loses zero characters, which no database takes.
    pub fn new(cause: impl Into<String>, message: impl AsRef<str>) -> Self {
        let message = message.as_ref();
        // Nearly every message is taken as it is, the crash that each attempt is prepared for among them.
        let message = if message.len() <= MESSAGE_CHARS_MAX && !message.contains('\0') {
            message.to_owned()
        } else {
            message.chars().filter(|c| *c != '\0').take(MESSAGE_CHARS_MAX).collect()
        };
        Self { cause: cause.into(), message }
    }
}

/// Who sent the request, as far as HTTP tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Client {
    /// `user-agent`, at most 256 characters.
    pub user_agent: Option<String>,
    /// The address, after trusted proxies.
    pub address: Option<String>,
}

/// One client request and its answer, as a list shows it. Running calls have no status and no outcome yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Call {
    /// Its id.
    pub id: CallId,
    /// When the request arrived.
    #[serde(with = "super::moment")]
    pub created_at: DateTime<Utc>,
    /// What was asked.
    pub kind: CallKind,
    /// Whose key it was; none for probes.
    pub user_id: Option<UserId>,
    /// The user's name.
    pub user_name: Option<String>,
    /// The key it came with; none for probes.
    pub key_id: Option<KeyId>,
    /// The key's name.
    pub key_name: Option<String>,
    /// The provider whose answer was delivered, or that was tried last.
    pub provider_id: Option<ProviderId>,
    /// The provider's name.
    pub provider_name: Option<String>,
    /// The client's conversation, where it names one.
    pub session_id: Option<String>,
    /// The model asked for.
    pub model: String,
    /// The model sent to the provider.
    pub model_sent: Option<String>,
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
    /// True if the default price was applied because a model that has worked on its answer has none.
    pub unpriced: bool,
    /// How many attempts it took.
    pub n_attempts: u32,
    /// Milliseconds until the client was sent the first byte.
    pub first_byte_ms: Option<u32>,
    /// Milliseconds until the first content was there for the client.
    pub first_token_ms: Option<u32>,
    /// Milliseconds for all of it.
    pub duration_ms: Option<u32>,
    /// What went wrong.
    pub error: Option<CallError>,
    /// Who sent it.
    pub client: Client,
}

/// A call's place among those that wait for a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Waiting {
    /// How many go before it, and itself: 1 is next.
    pub position: u32,
    /// Since when, in milliseconds since the call began.
    pub since_ms: u32,
    /// How long it will wait from now on, in milliseconds; null if that cannot be told.
    pub expected_ms: Option<u32>,
}

/// A call with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CallDetail {
    /// What the list shows.
    #[serde(flatten)]
    pub call: Call,
    /// Cost of all its attempts, part by part.
    pub cost: Cost,
    /// The attempts that are over, in order.
    pub attempts: Vec<Attempt>,
    /// The attempt that runs; null between two of them, and when the call is over.
    pub running: Option<RunningAttempt>,
    /// Its place among those that wait for a provider; null if it does not wait.
    pub waiting: Option<Waiting>,
    /// True if what was asked and answered was captured, and is still kept.
    pub has_messages: bool,
    /// Why they went where they went.
    pub decision: Decision,
}
