//! Where would a call go, and why? What operators ask, and what they are told.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    decision::Choice,
    id::{KeyId, ProviderId},
};

/// A call that nobody makes. It comes with a key, or with groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ExplainQuery {
    /// The key it comes with.
    #[serde(default)]
    pub key_id: Option<KeyId>,
    /// The groups its caller may use, without a key.
    #[serde(default)]
    pub groups: Option<Vec<String>>,
    /// The model it asks for, 1 to 256 characters.
    pub model: String,
    /// When; default now.
    #[serde(default)]
    pub at: Option<DateTime<Utc>>,
    /// The provider that its session is bound to; default none.
    #[serde(default)]
    pub bound_provider_id: Option<ProviderId>,
    /// Or the session of the key that it belongs to, 1 to 256 characters: where that one is bound to now.
    #[serde(default)]
    pub session_id: Option<String>,
    /// Also looks at what is used of limits now; default false. A limit counts where nothing of it is left.
    #[serde(default)]
    pub limits: bool,
    /// The client's `user-agent`; without it clients are not looked at.
    #[serde(default)]
    pub user_agent: Option<String>,
    /// Where it comes from; without it addresses are not looked at.
    #[serde(default)]
    #[cfg_attr(feature = "server", schema(value_type = Option<String>))]
    pub address: Option<IpAddr>,
}

/// Where it would go. What an attempt would reserve is not known, so a limit that it alone would not fit into is not seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Explanation {
    /// The time it is explained for.
    pub at: DateTime<Utc>,
    /// What the key may not do: with one of these the call is refused before anything is chosen.
    pub refusals: Vec<Refusal>,
    /// The provider that its session is bound to.
    pub bound_provider_id: Option<ProviderId>,
    /// The caller's groups, in the order in which they go.
    pub groups: Vec<GroupTurn>,
    /// The choices, each made as if all providers chosen before it had failed: the first is what happens. The last has
    /// nobody left, unless a call may try no more.
    pub choices: Vec<ExplainedChoice>,
}

/// A no of the hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// One word for machines.
    pub cause: String,
    /// A sentence for people.
    pub message: String,
}

/// A key with whose it is, to choose from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedKey {
    /// Its id.
    pub id: KeyId,
    /// Its name.
    pub name: String,
    /// The name of its user.
    pub user_name: String,
}

/// `user / key`
impl std::fmt::Display for NamedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} / {}", self.user_name, self.name)
    }
}

/// One of a caller's groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct GroupTurn {
    /// Its name.
    pub name: String,
    /// The lowest goes first; those with the same are one.
    pub priority: i32,
}

/// A choice, and how likely it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ExplainedChoice {
    /// The choice.
    pub choice: Choice,
    /// The model that the chosen provider is sent.
    pub model_sent: Option<String>,
    /// How likely each candidate was, where it was possible at all.
    pub chances: Vec<Chance>,
}

/// How likely a provider was to be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Chance {
    /// Which.
    pub provider_id: ProviderId,
    /// In parts of a million.
    pub per_million: u32,
}
