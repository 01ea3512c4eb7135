//! Holds: what may not be used, why, and until when.
//!
//! Whatever takes a provider out of rotation makes one, and whoever asks reads the same predicate (docs/rules.md, Holds).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::id::{CallId, CredentialId, HoldId, ProviderId};

/// What a hold keeps from being used.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HoldScope {
    /// A provider.
    Provider {
        /// Which.
        provider_id: ProviderId,
    },
    /// One model at a provider.
    Model {
        /// Which provider.
        provider_id: ProviderId,
        /// The model as it is sent there.
        model: String,
    },
    /// One secret of a provider.
    Credential {
        /// Which provider.
        provider_id: ProviderId,
        /// Which secret.
        credential_id: CredentialId,
    },
    /// The providers of a group, for those who reach them by that group.
    Group {
        /// Its name.
        group: String,
    },
}

impl HoldScope {
    /// The provider it is about; none for a group.
    pub const fn provider_id(&self) -> Option<ProviderId> {
        match self {
            Self::Provider { provider_id } | Self::Model { provider_id, .. } | Self::Credential { provider_id, .. } => {
                Some(*provider_id)
            }
            Self::Group { .. } => None,
        }
    }
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// Too many failures: the circuit breaker is open.
    Breaker,
    /// The provider says that it is overloaded (529, or an error of that type).
    Overload,
    /// Too many requests or tokens in a short time (429).
    RateLimit,
    /// Money or an allotment is used up until a date.
    SpendLimit,
    /// The window of a quota is used up until its end.
    QuotaWindow,
    /// The secret is refused (401).
    Credential,
    /// The account may not do this (403).
    Entitlement,
    /// The provider's proxy cannot be used.
    Proxy,
    /// An operator has paused it.
    Pause,
}

impl HoldReason {
    /// The name used in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Breaker => "breaker",
            Self::Overload => "overload",
            Self::RateLimit => "rate_limit",
            Self::SpendLimit => "spend_limit",
            Self::QuotaWindow => "quota_window",
            Self::Credential => "credential",
            Self::Entitlement => "entitlement",
            Self::Proxy => "proxy",
            Self::Pause => "pause",
        }
    }
}

/// Who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HoldSource {
    /// The hub, by what it has seen.
    Hub,
    /// The provider, which named a date.
    Provider,
    /// An operator.
    Admin,
}

impl HoldSource {
    /// The name used in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hub => "hub",
            Self::Provider => "provider",
            Self::Admin => "admin",
        }
    }
}

/// Something may not be used, for a reason, until a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// What it is about.
    pub scope: HoldScope,
    /// Why.
    pub reason: HoldReason,
    /// Who says so.
    pub source: HoldSource,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when; null until somebody ends it.
    pub until: Option<DateTime<Utc>>,
    /// The provider's or the operator's words, at most 500 characters.
    pub note: String,
    /// The call that caused it, if one did.
    pub call_id: Option<CallId>,
    /// The model that this call had sent: a probe asks for it.
    #[serde(default)]
    pub model_sent: Option<String>,
}

impl Hold {
    /// True if it excludes; a hold of the hub's own judgement only ranks (docs/rules.md, Holds). What an account may not
    /// do is judged too: another request of the same kind may be let through.
    pub const fn is_absolute(&self) -> bool {
        !matches!(self.source, HoldSource::Hub) || matches!(self.reason, HoldReason::Credential | HoldReason::Proxy)
    }

    /// True if its time has come.
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// A hold as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct HoldShown {
    /// The hold.
    #[serde(flatten)]
    pub hold: Hold,
    /// The name of the provider it is about; null for a group.
    pub provider_name: Option<String>,
    /// True if it excludes; false if it only ranks.
    pub is_absolute: bool,
    /// Seconds that are left; null until somebody ends it. A breaker's hold without any is half-open: it is being tried.
    pub remaining_s: Option<u64>,
}

/// Which holds to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "server", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct HoldQuery {
    /// Only those on this provider, its models and its secrets.
    #[cfg_attr(feature = "server", param(value_type = Option<String>))]
    pub provider_id: Option<ProviderId>,
}

/// What of a provider a failure puts on hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Provider,
    /// The model that was sent.
    Model,
    /// The secret that was used.
    Credential,
}

/// How long a failure puts something on hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// Until this time.
    Until(DateTime<Utc>),
    /// So many seconds, and twice as many each time it happens again, until something succeeds there.
    Doubling {
        /// The first time.
        first_s: u32,
        /// At most.
        max_s: u32,
    },
    /// Until somebody ends it, or something succeeds there.
    Open,
}

/// The hold that a failure asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldPlan {
    /// Of what.
    pub extent: Extent,
    /// Why.
    pub reason: HoldReason,
    /// Who says so.
    pub source: HoldSource,
    /// For how long.
    pub term: Term,
}

/// A pause that an operator asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Pause {
    /// Seconds, 1 to 31,536,000; default until it is resumed.
    pub duration_s: Option<u32>,
    /// Why, at most 500 characters.
    pub note: Option<String>,
}
