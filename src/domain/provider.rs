//! Providers: configured places to send calls.

mod input;
pub mod many;
pub mod traffic;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::input::{ProviderCreate, ProviderPatch};
use super::{
    id::{CallId, ProviderId},
    limit::{Limits, TimeOfDay},
    money::Multiplier,
    rule::{FailureRule, ModelRule, Redirect},
    usage::Usage,
};

/// How a provider's server is reached and spoken to (its dialect).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Anthropic's API, or a server that speaks like it.
    #[default]
    Anthropic,
}

impl Kind {
    /// The name used in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
        }
    }
}

/// What happens to a provider's answer when its client has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnClientGone {
    /// Read on for a bounded time, so that the true usage is known. This buys tokens that nobody reads.
    #[default]
    Drain,
    /// Hang up at once and settle an estimate.
    Stop,
}

impl OnClientGone {
    /// The name used in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Drain => "drain",
            Self::Stop => "stop",
        }
    }
}

/// A configured place to send calls. Its secret is not here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Provider {
    /// Its id; the value of `x-switchyard-provider`.
    pub id: ProviderId,
    /// A unique name among the providers that are not deleted.
    pub name: String,
    /// How it is spoken to.
    pub kind: Kind,
    /// Scheme, host, port and path in front of `/v1/…`.
    pub base_url: String,
    /// First and last characters of its secret, to tell secrets apart.
    pub secret_preview: String,
    /// A disabled provider gets no calls.
    pub enabled: bool,
    /// Its share among providers of the same priority.
    pub weight: u32,
    /// The lowest number is used first.
    pub priority: i32,
    /// Other priorities, for those who reach it by one of its groups: the group's name, and the priority.
    pub group_priorities: BTreeMap<String, i32>,
    /// Names of the groups it belongs to; empty means `default`.
    pub group: Vec<String>,
    /// Factor on list prices.
    pub cost_multiplier: Multiplier,
    /// The models it serves; empty means all.
    pub models: Vec<ModelRule>,
    /// Models it knows under another name.
    pub redirects: Vec<Redirect>,
    /// It is reached only by models that are written `prefix,model`, and is sent them without the prefix.
    pub prefix: Option<String>,
    /// It is used from this time of day on, in the hub's time zone; null is the whole day.
    pub active_from: Option<TimeOfDay>,
    /// It is used before this time of day; the next day's if it is the earlier one.
    pub active_to: Option<TimeOfDay>,
    /// Attempts of one call; null means the setting `attempts_per_provider`.
    pub max_attempts: Option<u32>,
    /// Failures in a row that open its circuit breaker; null means the setting `breaker_failures`, 0 means never.
    pub breaker_failures: Option<u32>,
    /// Seconds that the breaker stays open; null means the setting `breaker_open_s`.
    pub breaker_open_s: Option<u32>,
    /// Successes that close the breaker again; null means the setting `breaker_successes`.
    pub breaker_successes: Option<u32>,
    /// True if it is probed while it is held.
    pub probe: bool,
    /// True if the turns of its users are spaced.
    pub message_queue: bool,
    /// What its failures mean, where the shipped table is wrong about it: the first rule that matches decides.
    pub failure_rules: Vec<FailureRule>,
    /// The proxy it is reached through, its password masked.
    pub proxy_url: Option<String>,
    /// Milliseconds to establish a connection; null means 10,000.
    pub connect_timeout_ms: Option<u32>,
    /// Milliseconds until the head of the answer; null means 120,000 for streams, the total time for others.
    pub first_byte_timeout_ms: Option<u32>,
    /// Milliseconds without a byte in the middle of an answer; null means 120,000.
    pub idle_timeout_ms: Option<u32>,
    /// Milliseconds for a whole answer that is not streamed; null means 600,000.
    pub total_timeout_ms: Option<u32>,
    /// What happens to an answer whose client has left.
    pub on_client_gone: OnClientGone,
    /// Fixed extra headers, never credentials.
    pub headers: BTreeMap<String, String>,
    /// How much it may use.
    #[serde(flatten)]
    pub limits: Limits,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// What to ask a provider in a test call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProviderTest {
    /// The model to ask; default the setting `probe_model`, or another one if the provider's rules do not admit that.
    #[serde(default)]
    pub model: Option<String>,
}

/// What came back from a test call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ProviderTestResult {
    /// The ledger entry of the test call.
    pub call_id: CallId,
    /// True if the provider gave a complete answer.
    pub ok: bool,
    /// The provider's status, if there was one.
    pub status: Option<u16>,
    /// The model that was sent.
    pub model: String,
    /// The first 2,000 characters of the answer's text, or of the error's body.
    pub answer: String,
    /// Why it failed, as one word for machines: the `error.cause` of the call.
    pub cause: Option<String>,
    /// Why it failed, in words.
    pub error: Option<String>,
    /// What the provider counted.
    pub usage: Usage,
    /// Milliseconds until the head of the answer.
    pub first_byte_ms: Option<u32>,
    /// Milliseconds for the whole test.
    pub duration_ms: u32,
}
