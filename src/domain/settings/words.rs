//! What settings that are a choice can be.

use serde::{Deserialize, Serialize};

/// What happens to calls while the counters of limits (Redis) are away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenAway {
    /// They go on uncounted; never past a hard limit.
    #[default]
    FailOpen,
    /// They are refused.
    FailClosed,
}

/// When a call's entry in the journal is with the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerFsync {
    /// Shortly after the answer's end was passed on, together with others.
    #[default]
    Group,
    /// Before the answer's end is passed on.
    Always,
}

/// Which calls wait when nobody can serve them just now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhoWaits {
    /// None: each has its answer at once.
    #[default]
    Off,
    /// All.
    On,
    /// Those of clients that are not known to try again by themselves.
    PatientOnly,
}

/// Which model's price a call is charged at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillBy {
    /// The model that was sent to the provider.
    #[default]
    Sent,
    /// The model that the client asked for.
    Asked,
}

/// How far a session's binding to a provider goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Affinity {
    /// It goes before priority: a better provider that is well again does not pull sessions off a warm cache.
    #[default]
    Session,
    /// It counts only among providers of the lowest priority number.
    Tier,
}

/// Who repairs a request that is refused because of a thinking block's signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThinkingRepair {
    /// The client.
    Off,
    /// The hub.
    On,
    /// The client where it is known to, else the hub.
    #[default]
    Auto,
}
