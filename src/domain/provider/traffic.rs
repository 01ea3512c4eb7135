//! What providers did lately.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::{id::ProviderId, report::Totals};

/// What a provider did lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ProviderTraffic {
    /// Which.
    pub provider_id: ProviderId,
    /// Its last 24 hours.
    pub totals: Totals,
    /// Its share of the calls of all providers in that time, in thousandths; 0 if there are none.
    pub share_permille: u32,
    /// The last 15 hours, a quarter of an hour a block, oldest first, none missing.
    pub blocks: Vec<TrafficBlock>,
}

/// A quarter of an hour at a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct TrafficBlock {
    /// When it begins.
    pub from: DateTime<Utc>,
    /// Attempts, tests and probes among them.
    pub attempts: u64,
    /// Of these, the ones after which the provider did not have the last word: they failed.
    pub failed: u64,
}
