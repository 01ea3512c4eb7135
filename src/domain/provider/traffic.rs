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
    /// Its share of the calls of all providers in that time, in thousandths.
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

/// A share in thousandths; of nothing it is 0.
pub fn permille(part: u64, all: u64) -> u32 {
    let share = u128::from(part) * 1_000 / u128::from(all.max(1));
    u32::try_from(share).unwrap_or(u32::MAX)
}
