//! Quotas: the limits that are set, with how much of each is used.

use serde::{Deserialize, Serialize};

use super::{LimitUse, Subject};
use crate::domain::id::UserId;

/// A kind of [`Subject`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// A user: all its keys together.
    User,
    /// A key.
    Key,
    /// A provider: all its callers together.
    Provider,
}

impl SubjectKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::User, Self::Key, Self::Provider];

    /// The name used in JSON and in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Key => "key",
            Self::Provider => "provider",
        }
    }
}

impl From<Subject> for SubjectKind {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::User(_) => Self::User,
            Subject::Key(_) => Self::Key,
            Subject::Provider(_) => Self::Provider,
        }
    }
}

/// A limit that is set, and how much of it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Quota {
    /// Whose limit it is.
    pub subject: SubjectKind,
    /// The id of that user, key or provider.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whose key it is; null if it is no key.
    pub user_id: Option<UserId>,
    /// The name of that user.
    pub user_name: Option<String>,
    /// What is settled and reserved, in thousandths of the limit, rounded half up, but to 999 at most where something
    /// is left; 1000 and more lets nothing pass. Of a limit of 0 it is 1000.
    pub share_permille: u64,
    /// The limit and its use.
    #[serde(flatten)]
    pub used: LimitUse,
}

/// Which quotas to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct QuotaQuery {
    /// At most this many items, 1 to 500; default 50.
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Only those of users, of keys, or of providers.
    #[cfg_attr(feature = "server", param(inline))]
    pub subject: Option<SubjectKind>,
    /// Only those of which at least so many percent are used, 0 to 100; default 0.
    pub at_least: Option<u32>,
}
