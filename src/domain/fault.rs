//! Why an operator's action failed.

use serde::{Deserialize, Serialize};

/// An action in the console or the management API that was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// Nobody is logged in, or the token is wrong.
    #[error("not logged in")]
    Unauthenticated,
    /// The actor may not do this.
    #[error("not allowed")]
    NotAllowed,
    /// Too many wrong tokens from one address.
    #[error("too many attempts; try again in {retry_after_s} s")]
    TooManyAttempts {
        /// Seconds until the next attempt is looked at.
        retry_after_s: u32,
    },
    /// There is no such thing.
    #[error("no such {what}")]
    NotFound {
        /// The noun: `user`, `key`, `provider`, `price`, `call`, `session`.
        what: String,
    },
    /// A field's value cannot be used.
    #[error("{field}: {why}")]
    Invalid {
        /// The field, as it is named in JSON.
        field: String,
        /// What is wrong with it and what would be right.
        why: String,
    },
    /// The value is taken.
    #[error("{field}: {why}")]
    Conflict {
        /// The field, as it is named in JSON.
        field: String,
        /// What it collides with.
        why: String,
    },
    /// The store does not answer just now.
    #[error("the database does not answer; try again")]
    Busy,
    /// The counters of limits, and the sessions, cannot be asked just now.
    #[error("the counters do not answer; try again")]
    CountersAway,
    /// Our own mistake; the log says more under the same id.
    #[error("internal error {id}")]
    Internal {
        /// What to look for in the log.
        id: String,
    },
}

impl Fault {
    /// A field that cannot be used.
    pub fn invalid(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), why: why.into() }
    }

    /// A thing that is not there.
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::NotFound { what: what.into() }
    }

    /// The field at fault, if there is one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Invalid { field, .. } | Self::Conflict { field, .. } => Some(field),
            _ => None,
        }
    }

    /// The HTTP status that says it.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Unauthenticated => 401,
            Self::NotAllowed => 403,
            Self::TooManyAttempts { .. } => 429,
            Self::NotFound { .. } => 404,
            Self::Invalid { .. } => 422,
            Self::Conflict { .. } => 409,
            Self::Busy | Self::CountersAway => 503,
            Self::Internal { .. } => 500,
        }
    }
}
