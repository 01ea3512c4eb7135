//! The hub's own no, before or instead of a provider's answer.

use std::net::IpAddr;

use super::over_limit::OverLimit;

/// Why the hub does not serve a call. Each wire renders it in its own form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// No key, or one the hub has not issued.
    Unauthenticated,
    /// Two different keys in one request.
    TwoKeys,
    /// The key is switched off.
    KeyDisabled,
    /// The key has expired.
    KeyExpired,
    /// The key's user is switched off.
    UserDisabled,
    /// The key's user has expired.
    UserExpired,
    /// The key may not be used from this address.
    AddressNotAllowed {
        /// Where the request came from.
        address: IpAddr,
    },
    /// The key may not be used by this client.
    ClientNotAllowed,
    /// The key may not ask for this model.
    ModelNotAllowed {
        /// The model asked for.
        model: String,
    },
    /// Too many wrong keys from one address.
    Locked {
        /// Seconds until the next key is looked at.
        retry_after_s: u32,
    },
    /// The request cannot be read.
    Malformed {
        /// What is wrong, the field first.
        why: String,
    },
    /// The body is larger than the setting `body_bytes_max`.
    TooLarge {
        /// The limit in bytes.
        bytes_max: u64,
    },
    /// The body did not arrive.
    BodyCut,
    /// There is no such endpoint.
    NotFound,
    /// No provider may serve the call.
    NoProvider {
        /// The model asked for.
        model: String,
        /// What kept providers out, in words.
        why: String,
    },
    /// Every provider that was tried failed without an answer of its own.
    Exhausted {
        /// The last failure, in words.
        why: String,
        /// True if it was a matter of time.
        timeout: bool,
    },
    /// The call does not fit into a limit.
    Limited(Box<OverLimit>),
    /// Every provider that could serve the call is held, and one of them is free at a known time.
    ProvidersHeld {
        /// Seconds until then.
        retry_after_s: u32,
        /// True if all of them are held by rate limits.
        by_rate: bool,
    },
    /// Every provider that could serve the call is at a limit of its own.
    ProvidersLimited {
        /// Seconds until the first of them may be free.
        retry_after_s: u32,
    },
    /// The provider queues messages of users, and it was not this one's turn in time.
    MessagesQueued,
    /// The counters of limits cannot be asked, and the call may not go without them.
    LimitsAway,
    /// A hard limit stands, and what the request asks for has no bound (setting `refuse_unbounded`).
    Unbounded,
    /// The memory for request bodies is used up (setting `buffered_bytes_max`).
    Crowded,
    /// The journal cannot take another call.
    LedgerFull,
    /// The hub is stopping.
    ShuttingDown,
    /// Our own mistake.
    Internal,
}

impl Rejection {
    /// A request that cannot be read.
    pub fn malformed(why: impl Into<String>) -> Self {
        Self::Malformed { why: why.into() }
    }

    /// The same without what it says of providers and their faults (setting `explain_errors`).
    #[must_use]
    pub fn plain(&self) -> Self {
        match self {
            Self::NoProvider { model, .. } => Self::NoProvider { model: model.clone(), why: String::new() },
            Self::Exhausted { timeout, .. } => Self::Exhausted { timeout: *timeout, why: String::new() },
            other => other.clone(),
        }
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Limited(over) => over.status(),
            Self::Unauthenticated
            | Self::TwoKeys
            | Self::KeyDisabled
            | Self::KeyExpired
            | Self::UserDisabled
            | Self::UserExpired => 401,
            Self::AddressNotAllowed { .. } | Self::ClientNotAllowed | Self::ModelNotAllowed { .. } => 403,
            Self::Locked { .. } | Self::ProvidersLimited { .. } | Self::ProvidersHeld { by_rate: true, .. } => 429,
            Self::Malformed { .. } | Self::BodyCut | Self::Unbounded => 400,
            Self::TooLarge { .. } => 413,
            Self::NotFound => 404,
            Self::ProvidersHeld { .. }
            | Self::NoProvider { .. }
            | Self::MessagesQueued
            | Self::Crowded
            | Self::LedgerFull
            | Self::LimitsAway
            | Self::ShuttingDown => 503,
            Self::Exhausted { timeout: false, .. } => 502,
            Self::Exhausted { timeout: true, .. } => 504,
            Self::Internal => 500,
        }
    }

    /// One word for machines: the `error.cause` of a recorded call.
    pub const fn cause(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::TwoKeys => "two_keys",
            Self::KeyDisabled => "key_disabled",
            Self::KeyExpired => "key_expired",
            Self::UserDisabled => "user_disabled",
            Self::UserExpired => "user_expired",
            Self::AddressNotAllowed { .. } => "address_not_allowed",
            Self::ClientNotAllowed => "client_not_allowed",
            Self::ModelNotAllowed { .. } => "model_not_allowed",
            Self::Locked { .. } => "locked",
            Self::Malformed { .. } => "bad_request",
            Self::TooLarge { .. } => "too_large",
            Self::BodyCut => "body_cut",
            Self::NotFound => "not_found",
            Self::NoProvider { .. } => "no_provider",
            Self::Exhausted { .. } => "exhausted",
            Self::Limited(over) => over.cause(),
            Self::ProvidersLimited { .. } => "providers_limited",
            Self::ProvidersHeld { .. } => "providers_held",
            Self::MessagesQueued => "messages_queued",
            Self::LimitsAway => "limits_away",
            Self::Unbounded => "unbounded",
            Self::Crowded => "crowded",
            Self::LedgerFull => "ledger_full",
            Self::ShuttingDown => "shutting_down",
            Self::Internal => "internal",
        }
    }

    /// A sentence for people: what happened and what to do.
    pub fn message(&self) -> String {
        match self {
            Self::Unauthenticated => "invalid x-api-key: use a key that this hub has issued".to_owned(),
            Self::TwoKeys => "more than one key was given in x-api-key and authorization: send one of them".to_owned(),
            Self::KeyDisabled => "this key is disabled: ask the hub's operator".to_owned(),
            Self::KeyExpired => "this key has expired: ask the hub's operator for a new one".to_owned(),
            Self::UserDisabled => "the user of this key is disabled: ask the hub's operator".to_owned(),
            Self::UserExpired => "the user of this key has expired: ask the hub's operator".to_owned(),
            Self::AddressNotAllowed { address } => {
                format!("this key may not be used from {address}: ask the hub's operator")
            }
            Self::ClientNotAllowed => {
                "this key may not be used by this client (header user-agent): ask the hub's operator".to_owned()
            }
            Self::ModelNotAllowed { model } => format!("this key may not ask for the model {model}"),
            Self::Locked { retry_after_s } => {
                format!("too many wrong keys from this address: try again in {retry_after_s} s")
            }
            Self::Malformed { why } => why.clone(),
            Self::TooLarge { bytes_max } => format!("the request body is larger than {bytes_max} bytes"),
            Self::BodyCut => "the request body did not arrive completely".to_owned(),
            Self::NotFound => "this hub has no such endpoint".to_owned(),
            Self::NoProvider { model, why } if why.is_empty() => format!("no provider can serve {model}"),
            Self::NoProvider { model, why } => format!("no provider can serve {model}: {why}"),
            Self::Exhausted { why, .. } if why.is_empty() => "no provider gave an answer".to_owned(),
            Self::Exhausted { why, .. } => format!("no provider gave an answer: {why}"),
            Self::Limited(over) => over.message(),
            Self::ProvidersLimited { .. } => "every provider that could serve this is at a limit of its own".to_owned(),
            Self::ProvidersHeld { by_rate: true, .. } => {
                "every provider that could serve this has a rate limit reached".to_owned()
            }
            Self::ProvidersHeld { .. } => "every provider that could serve this is held for the moment".to_owned(),
            Self::MessagesQueued => "too many messages wait for this provider: try again".to_owned(),
            Self::LimitsAway => "the hub cannot count limits just now: try again".to_owned(),
            Self::Unbounded => {
                "a hard limit stands: URL and file sources, PDFs and server tools have no bound and are refused"
                    .to_owned()
            }
            Self::Crowded => "the hub holds too many requests just now: try again".to_owned(),
            Self::LedgerFull => "the hub cannot record calls just now: try again".to_owned(),
            Self::ShuttingDown => "the hub is stopping: try again".to_owned(),
            Self::Internal => "the hub made a mistake".to_owned(),
        }
    }

    /// Seconds for `retry-after`, where waiting helps.
    pub const fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Locked { retry_after_s }
            | Self::ProvidersLimited { retry_after_s }
            | Self::ProvidersHeld { retry_after_s, .. } => Some(*retry_after_s),
            Self::Limited(over) if !over.limited.is_money() || over.frees_with_calls => Some(over.retry_after_s),
            Self::MessagesQueued | Self::Crowded | Self::LedgerFull | Self::LimitsAway | Self::ShuttingDown => Some(1),
            _ => None,
        }
    }

    /// Further headers: what the wire says of limits, and that a limit of money is not to be tried again.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Limited(over) if over.limited.is_money() => vec![("x-should-retry", "false".to_owned())],
            Self::Limited(over) => over.headers(),
            _ => Vec::new(),
        }
    }
}
