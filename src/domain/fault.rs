//! Why an operator's action failed.

use serde::{Deserialize, Serialize};
use serde_json::error::Category;

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

/// Why a text cannot be read as the JSON that it was to be. `other` is said of JSON of another form. The parser's own words
/// are left out: they could be said in no other language.
pub fn why_unread(error: &serde_json::Error, other: &str) -> String {
    match error.classify() {
        Category::Data | Category::Io => other.to_owned(),
        Category::Eof => "is no JSON: it ends too early".to_owned(),
        Category::Syntax => format!("is no JSON from line {}, column {} on", error.line(), error.column()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_json_is_told_by_its_place() {
        let why = |text: &str| why_unread(&serde_json::from_str::<Vec<u8>>(text).unwrap_err(), "must be a list");
        assert_eq!(why("[1,\n 2 3]"), "is no JSON from line 2, column 4 on");
        assert_eq!([why(""), why("[1,")], ["is no JSON: it ends too early"; 2]);
        assert_eq!([why("{}"), why("[\"1\"]")], ["must be a list"; 2]);
    }
}
