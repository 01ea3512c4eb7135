//! Why a call went where it went.

use serde::{Deserialize, Serialize};

use super::id::{AttemptId, ProviderId};

/// The decision chain of a call: one choice for each attempt, and a last one without when nobody was left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Decision {
    /// The groups the key may use.
    pub groups: Vec<String>,
    /// Milliseconds from the request's head until its body was read and screened.
    pub screened_ms: u32,
    /// The choices, in order.
    pub choices: Vec<Choice>,
}

/// One choice among all providers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Choice {
    /// Milliseconds since the call began.
    pub at_ms: u32,
    /// Every provider, with its place or the reason it has none.
    pub candidates: Vec<Candidate>,
    /// Providers left out of `candidates` because the list is bounded.
    pub n_more: u32,
    /// The lowest priority number among the eligible.
    pub priority: Option<i32>,
    /// The weights of the eligible of that priority, added up.
    pub weight_total: u64,
    /// The number drawn, from 0 to `weight_total` - 1.
    pub draw: u64,
    /// True if the call's session is bound to the provider, which went before priority and chance.
    #[serde(default)]
    pub is_sticky: bool,
    /// Who was chosen.
    pub provider_id: Option<ProviderId>,
    /// The attempt that followed.
    pub attempt_id: Option<AttemptId>,
    /// What the attempt's end meant, once it failed.
    pub verdict: Option<Verdict>,
}

/// One provider in a choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Candidate {
    /// Its id.
    pub provider_id: ProviderId,
    /// Its name at that time.
    pub name: String,
    /// Its priority.
    pub priority: i32,
    /// Its weight.
    pub weight: u32,
    /// Why it was left out; null if it was eligible.
    pub skip: Option<Skip>,
}

/// Why a provider was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// An operator has switched it off.
    Disabled,
    /// It does not speak the caller's protocol.
    Protocol,
    /// None of the key's groups is one of its groups.
    Group,
    /// Its rules do not admit the model.
    Model,
    /// Its stored secret cannot be opened.
    Secret,
    /// This call has tried it already.
    Tried,
    /// It is at a limit of its own.
    Limit,
}

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// The request itself is at fault: no other provider would take it.
    Client,
    /// Too many requests or tokens.
    RateLimit,
    /// The provider has more to do than it can.
    Overload,
    /// The provider refuses the secret.
    Credential,
    /// The account may not do this, or has no money left.
    Entitlement,
    /// The provider made a mistake.
    Server,
    /// The provider was not reached, or the connection broke.
    Network,
    /// Time ran out.
    Timeout,
    /// The provider's proxy cannot be used.
    Proxy,
    /// The client left first.
    ClientGone,
    /// What came back is no answer.
    Malformed,
}

/// Whom a failed attempt is charged to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// The request itself.
    Caller,
    /// The provider's secret or its limits.
    Credential,
    /// The provider.
    Provider,
    /// The way to the provider.
    Network,
}

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// Another provider, if one is left.
    Switch,
    /// The provider's answer goes to the client as it is.
    Deliver,
}

/// What a failed attempt means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Verdict {
    /// Whom it is charged to.
    pub blame: Blame,
    /// What follows.
    pub next: Next,
}
