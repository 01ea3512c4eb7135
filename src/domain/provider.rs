//! Providers: configured places to send calls.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    id::{CallId, ProviderId},
    limit::{LimitMode, Limits, ResetMode, TimeOfDay, fields::with_limits},
    money::{Multiplier, Usd},
    patch::{NewSecret, Patch},
    rule::{ModelRule, Redirect},
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
    /// Names of the groups it belongs to; empty means `default`.
    pub group: Vec<String>,
    /// Factor on list prices.
    pub cost_multiplier: Multiplier,
    /// The models it serves; empty means all.
    pub models: Vec<ModelRule>,
    /// Models it knows under another name.
    pub redirects: Vec<Redirect>,
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

with_limits! {
    create:
    /// A new provider. Everything but name, base URL and secret has a default.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
    #[serde(deny_unknown_fields)]
    pub struct ProviderCreate {
        /// A unique name, 1 to 100 characters.
        pub name: String,
        /// Default `anthropic`.
        #[serde(default)]
        pub kind: Option<Kind>,
        /// An http or https URL without query, fragment or credentials.
        pub base_url: String,
        /// The upstream's key. Write-only.
        pub secret: NewSecret,
        /// Default true.
        #[serde(default)]
        pub enabled: Option<bool>,
        /// 0 to 10,000; default 1. A weight of 0 is used only when all its equals have 0.
        #[serde(default)]
        pub weight: Option<u32>,
        /// Default 0.
        #[serde(default)]
        pub priority: Option<i32>,
        /// Default empty, which means the group `default`. An unknown name creates the group.
        #[serde(default)]
        pub group: Option<Vec<String>>,
        /// 0 to 1,000; default 1.
        #[serde(default)]
        pub cost_multiplier: Option<Multiplier>,
        /// Default empty: all models.
        #[serde(default)]
        pub models: Option<Vec<ModelRule>>,
        /// Default empty.
        #[serde(default)]
        pub redirects: Option<Vec<Redirect>>,
        /// `http`, `https`, `socks5` or `socks5h`; names are always resolved by a socks proxy. Default none.
        #[serde(default)]
        pub proxy_url: Option<String>,
        /// 1 to 600,000; see [`Provider`].
        #[serde(default)]
        pub connect_timeout_ms: Option<u32>,
        /// 1 to 3,600,000; see [`Provider`].
        #[serde(default)]
        pub first_byte_timeout_ms: Option<u32>,
        /// 1 to 3,600,000; see [`Provider`].
        #[serde(default)]
        pub idle_timeout_ms: Option<u32>,
        /// 1 to 3,600,000; see [`Provider`].
        #[serde(default)]
        pub total_timeout_ms: Option<u32>,
        /// Default `drain`.
        #[serde(default)]
        pub on_client_gone: Option<OnClientGone>,
        /// Default empty; names of credentials, transport and forwarding headers are refused.
        #[serde(default)]
        pub headers: Option<BTreeMap<String, String>>,
    }
}

with_limits! {
    patch:
    /// Changes to a provider: only what is named; `null` clears.
    ///
    /// A change of the base URL's scheme, host or port needs the secret again (docs/rules.md, Edge and security).
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
    #[serde(deny_unknown_fields, default)]
    pub struct ProviderPatch {
        /// As in [`ProviderCreate`]; cannot be cleared.
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<String>))]
        pub name: Patch<String>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<Kind>))]
        pub kind: Patch<Kind>,
        /// As in [`ProviderCreate`]; cannot be cleared.
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<String>))]
        pub base_url: Patch<String>,
        /// As in [`ProviderCreate`]; cannot be cleared.
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<NewSecret>))]
        pub secret: Patch<NewSecret>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<bool>))]
        pub enabled: Patch<bool>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<u32>))]
        pub weight: Patch<u32>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<i32>))]
        pub priority: Patch<i32>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<Vec<String>>))]
        pub group: Patch<Vec<String>>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<Multiplier>))]
        pub cost_multiplier: Patch<Multiplier>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<Vec<ModelRule>>))]
        pub models: Patch<Vec<ModelRule>>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<Vec<Redirect>>))]
        pub redirects: Patch<Vec<Redirect>>,
        /// As in [`ProviderCreate`]. The masked form that was read back leaves the stored one as it is.
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<String>))]
        pub proxy_url: Patch<String>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<u32>))]
        pub connect_timeout_ms: Patch<u32>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<u32>))]
        pub first_byte_timeout_ms: Patch<u32>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<u32>))]
        pub idle_timeout_ms: Patch<u32>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<u32>))]
        pub total_timeout_ms: Patch<u32>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<OnClientGone>))]
        pub on_client_gone: Patch<OnClientGone>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<BTreeMap<String, String>>))]
        pub headers: Patch<BTreeMap<String, String>>,
    }
}

/// What to ask a provider in a test call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProviderTest {
    /// The model to ask; default the setting `probe_model`.
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
    /// Why it failed, in words.
    pub error: Option<String>,
    /// What the provider counted.
    pub usage: Usage,
    /// Milliseconds until the head of the answer.
    pub first_byte_ms: Option<u32>,
    /// Milliseconds for the whole test.
    pub duration_ms: u32,
}
