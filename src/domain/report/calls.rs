//! Which calls are meant.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::{
    call::{CallKind, Outcome},
    id::{KeyId, ProviderId, UserId},
    money::Usd,
};

/// Adds the filters of calls to a struct of query parameters: they stand after the struct's own fields.
///
/// serde cannot flatten into a struct that refuses unknown fields, so a macro writes them into each.
macro_rules! with_call_filters {
    ($(#[$meta:meta])* pub struct $name:ident { $($own:tt)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($own)*
            /// From this time on.
            pub from: Option<DateTime<Utc>>,
            /// Before this time.
            pub to: Option<DateTime<Utc>>,
            /// Only this user's.
            #[cfg_attr(feature = "server", param(value_type = Option<String>))]
            pub user_id: Option<UserId>,
            /// Only this key's.
            #[cfg_attr(feature = "server", param(value_type = Option<String>))]
            pub key_id: Option<KeyId>,
            /// Only those whose last provider was this one.
            #[cfg_attr(feature = "server", param(value_type = Option<String>))]
            pub provider_id: Option<ProviderId>,
            /// Only those that asked for this model.
            pub model: Option<String>,
            /// Only this conversation.
            pub session_id: Option<String>,
            /// Only those that ended so.
            #[cfg_attr(feature = "server", param(inline))]
            pub outcome: Option<Outcome>,
            /// Only those of this kind: `messages` of people, or `probe` for tests and probes of the hub's own.
            #[cfg_attr(feature = "server", param(inline))]
            pub kind: Option<CallKind>,
            /// Only those answered with this status.
            pub status: Option<u16>,
            /// Only those that cost at least so many dollars.
            #[cfg_attr(feature = "server", param(value_type = Option<String>))]
            pub cost_min: Option<Usd>,
            /// Only those that cost at most so many dollars.
            #[cfg_attr(feature = "server", param(value_type = Option<String>))]
            pub cost_max: Option<Usd>,
            /// Only those that took at least so many milliseconds.
            pub duration_min: Option<u32>,
            /// Only those that took at most so many milliseconds.
            pub duration_max: Option<u32>,
            /// Only those whose first content came after so many milliseconds or later.
            pub first_token_min: Option<u32>,
            /// True: only those with more than one attempt; false: only those with one or none.
            pub retried: Option<bool>,
            /// True: only errors, as sums count them: calls of people that failed or were interrupted. With `kind`: those
            /// of that kind.
            pub errors: Option<bool>,
            /// Only those of the last seven days whose error has this cause, or this text in its message.
            pub error: Option<String>,
        }
    };
}

with_call_filters! {
    /// Which calls to list, newest first.
    pub struct CallQuery {
        /// At most this many items, 1 to 500; default 50.
        pub limit: Option<u32>,
        /// The `next_cursor` of the page before.
        pub cursor: Option<String>,
    }
}

with_call_filters! {
    /// Which calls to export, newest first, and in which form.
    pub struct CallExport {
        /// The form of the file; default `csv`.
        #[cfg_attr(feature = "server", param(inline))]
        pub format: ExportFormat,
    }
}

impl CallExport {
    /// The form, and which calls.
    pub fn split(self) -> (ExportFormat, CallQuery) {
        let Self {
            format,
            from,
            to,
            user_id,
            key_id,
            provider_id,
            model,
            session_id,
            outcome,
            kind,
            status,
            cost_min,
            cost_max,
            duration_min,
            duration_max,
            first_token_min,
            retried,
            errors,
            error,
        } = self;
        let query = CallQuery {
            limit: None,
            cursor: None,
            from,
            to,
            user_id,
            key_id,
            provider_id,
            model,
            session_id,
            outcome,
            kind,
            status,
            cost_min,
            cost_max,
            duration_min,
            duration_max,
            first_token_min,
            retried,
            errors,
            error,
        };
        (format, query)
    }
}

/// The form of an exported file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// A table with a line of names (RFC 4180).
    #[default]
    Csv,
    /// One JSON array.
    Json,
    /// A JSON object on each line.
    Ndjson,
}

impl ExportFormat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Json, Self::Ndjson];

    /// The name used in queries, and the ending of the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
        }
    }
}

/// How an export has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportEnd {
    /// All of it was sent.
    Whole,
    /// The reader has gone, or it could not be read to its end.
    Cut,
    /// Somebody has ended it.
    Cancelled,
}

/// How far an export is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportProgress {
    /// Calls that were sent.
    pub rows: u64,
    /// Bytes that were sent.
    pub bytes: u64,
    /// Calls that there are; none while they are counted.
    pub total: Option<u64>,
    /// How it has ended; none while it runs.
    pub end: Option<ExportEnd>,
}
