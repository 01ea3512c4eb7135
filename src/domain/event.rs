//! What the live feed says.

use serde::{Deserialize, Serialize};

use super::{call::Call, id::CallId};

/// One thing that happened, as the console's event stream carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// A call began, moved on, or ended (then it has an outcome). The last word about an id is the newest.
    Call {
        /// The call as it stands.
        call: Box<Call>,
    },
    /// How many calls run in this replica.
    Active {
        /// Their number.
        n_calls: u32,
    },
    /// Recorded calls reached the database: sums and lists there have news.
    Recorded {
        /// The newest of them.
        newest: CallId,
        /// How many.
        n_calls: u32,
    },
    /// Users, keys, providers, prices or settings changed.
    Configuration,
    /// Holds began, changed or ended.
    Holds,
    /// The hub's own log has new lines.
    Logged,
    /// Events were dropped because this reader was slow: read the lists again.
    Missed,
}
