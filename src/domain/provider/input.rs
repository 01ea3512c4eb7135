//! A provider as an operator makes or changes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Kind, OnClientGone};
use crate::domain::{
    limit::{LimitMode, Limits, ResetMode, TimeOfDay, fields::with_limits},
    money::{Multiplier, Usd},
    patch::{NewSecret, Patch},
    rule::{FailureRule, ModelRule, Redirect},
};

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
        /// Default empty. Each name is one of its groups.
        #[serde(default)]
        pub group_priorities: Option<BTreeMap<String, i32>>,
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
        /// 1 to 64 characters without comma and space; default none.
        #[serde(default)]
        pub prefix: Option<String>,
        /// `HH:MM`, with `active_to` and different from it; default the whole day.
        #[serde(default)]
        pub active_from: Option<TimeOfDay>,
        /// `HH:MM`, with `active_from`.
        #[serde(default)]
        pub active_to: Option<TimeOfDay>,
        /// 1 to 10; default the setting `attempts_per_provider`.
        #[serde(default)]
        pub max_attempts: Option<u32>,
        /// 0 to 1,000; see [`Provider`](super::Provider).
        #[serde(default)]
        pub breaker_failures: Option<u32>,
        /// 1 to 86,400; see [`Provider`](super::Provider).
        #[serde(default)]
        pub breaker_open_s: Option<u32>,
        /// 1 to 100; see [`Provider`](super::Provider).
        #[serde(default)]
        pub breaker_successes: Option<u32>,
        /// Default true.
        #[serde(default)]
        pub probe: Option<bool>,
        /// Default false.
        #[serde(default)]
        pub message_queue: Option<bool>,
        /// At most 100; default empty.
        #[serde(default)]
        pub failure_rules: Option<Vec<FailureRule>>,
        /// `http`, `https`, `socks5` or `socks5h`; names are always resolved by a socks proxy. Default none.
        #[serde(default)]
        pub proxy_url: Option<String>,
        /// 1 to 600,000; see [`Provider`](super::Provider).
        #[serde(default)]
        pub connect_timeout_ms: Option<u32>,
        /// 1 to 3,600,000; see [`Provider`](super::Provider).
        #[serde(default)]
        pub first_byte_timeout_ms: Option<u32>,
        /// 1 to 3,600,000; see [`Provider`](super::Provider).
        #[serde(default)]
        pub idle_timeout_ms: Option<u32>,
        /// 1 to 3,600,000; see [`Provider`](super::Provider).
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
        #[cfg_attr(feature = "server", schema(value_type = Option<BTreeMap<String, i32>>))]
        pub group_priorities: Patch<BTreeMap<String, i32>>,
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
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<String>))]
        pub prefix: Patch<String>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<TimeOfDay>))]
        pub active_from: Patch<TimeOfDay>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<TimeOfDay>))]
        pub active_to: Patch<TimeOfDay>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<u32>))]
        pub max_attempts: Patch<u32>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<u32>))]
        pub breaker_failures: Patch<u32>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<u32>))]
        pub breaker_open_s: Patch<u32>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<u32>))]
        pub breaker_successes: Patch<u32>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<bool>))]
        pub probe: Patch<bool>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<bool>))]
        pub message_queue: Patch<bool>,
        /// As in [`ProviderCreate`].
        #[serde(skip_serializing_if = "Patch::is_keep")]
        #[cfg_attr(feature = "server", schema(value_type = Option<Vec<FailureRule>>))]
        pub failure_rules: Patch<Vec<FailureRule>>,
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
