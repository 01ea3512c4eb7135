//! What needs an operator's eye.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::{hold::HoldReason, id::ProviderId, limit::Limited};

/// Something an operator should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Attention {
    /// No provider is configured and enabled.
    NoProvider,
    /// No user has a key.
    NoKey,
    /// Calls of the last 24 hours were priced by the default because these models have no price.
    Unpriced {
        /// The models.
        models: Vec<String>,
    },
    /// Postgres does not take entries: they wait in the journal.
    DatabaseAway {
        /// Bytes of entries that wait.
        waiting: u64,
    },
    /// Redis is configured but does not answer.
    RedisAway,
    /// Another hub works on the same database without Redis: limits cannot be counted here until it has stopped.
    NotAlone,
    /// The journal cannot be written: new calls are refused.
    JournalFull,
    /// The journal holds as much as it may (setting `journal_bytes_max`): new calls are refused.
    JournalAtBound {
        /// Bytes of entries that it holds.
        waiting: u64,
    },
    /// The journal cannot be read: entries wait in it.
    JournalUnreadable,
    /// The journal was damaged: entries that stood there are lost.
    JournalDamaged {
        /// In how many places, since this replica was started.
        n_places: u64,
    },
    /// Postgres rejected entries; they are set aside in `quarantine`.
    Quarantined {
        /// How many.
        n_entries: u64,
    },
    /// Something is on hold.
    Held {
        /// The name of the provider or the group.
        name: String,
        /// The provider; null for a group.
        provider_id: Option<ProviderId>,
        /// Why.
        reason: HoldReason,
        /// True if it gets no calls; false if it is only the last choice.
        is_absolute: bool,
        /// Until when; null until somebody ends it.
        until: Option<DateTime<Utc>>,
        /// Seconds that are left; null until somebody ends it. None left: it is being tried.
        remaining_s: Option<u64>,
    },
    /// A limit is used up by more than nine tenths.
    LimitNear {
        /// The name of the user, key or provider.
        name: String,
        /// Which limit.
        window: Limited,
        /// What is used, in thousandths of it.
        share_permille: u64,
    },
    /// More entries wait in the journal than a busy hub leaves there.
    Backlog {
        /// Bytes of entries that wait.
        waiting: u64,
    },
    /// The stored secret of a provider cannot be opened.
    SecretUnreadable {
        /// The provider's name.
        provider: String,
    },
}
