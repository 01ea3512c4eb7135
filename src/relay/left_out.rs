//! Providers that a call leaves out because they are at a limit of their own.

use chrono::{DateTime, Utc};

use super::over::free_at_ms;
use crate::{
    clock,
    domain::{id::ProviderId, limit::Limited},
    limit::parking::Wants,
    wire::over_limit::OverLimit,
};

/// Providers that a call leaves out, and until when.
#[derive(Debug, Default)]
pub struct LeftOut {
    providers: Vec<ProviderId>,
    /// Those of them that are free as soon as an attempt there is over.
    full: Vec<ProviderId>,
    /// When a call that does not wait may try again.
    free_at_ms: Option<i64>,
    /// When the first of those that are not full is free again, if that is known.
    ends_at_ms: Option<i64>,
}

impl LeftOut {
    /// All of them.
    pub fn providers(&self) -> &[ProviderId] {
        &self.providers
    }

    /// A provider is left out, and nobody knows until when.
    pub fn add(&mut self, provider_id: ProviderId) {
        self.providers.push(provider_id);
    }

    /// A provider is at this limit of its own.
    pub fn limited(&mut self, provider_id: ProviderId, over: &OverLimit, now: DateTime<Utc>) {
        let soonest = |known: Option<i64>, at: i64| Some(known.map_or(at, |known| known.min(at)));
        self.free_at_ms = soonest(self.free_at_ms, free_at_ms(over, now));
        self.providers.push(provider_id);
        if matches!(over.limited, Limited::ConcurrentRequests | Limited::ConcurrentSessions) {
            self.full.push(provider_id);
        } else if let Some(at) = over.resets_at {
            self.ends_at_ms = soonest(self.ends_at_ms, at.timestamp_millis());
        }
    }

    /// The next free place at these providers belongs to calls that wait.
    pub fn awaited(&mut self, providers: &[ProviderId]) {
        self.providers.extend(providers);
        self.full.extend(providers);
    }

    /// What the call may wait for.
    pub fn wants(&self) -> Wants {
        Wants { providers: self.providers.clone(), full: self.full.clone(), until_ms: self.ends_at_ms }
    }

    /// Seconds until the first of them may be free; none if none is left out.
    pub fn for_s(&self) -> Option<u32> {
        if self.providers.is_empty() {
            return None;
        }
        let now_ms = clock::now().timestamp_millis();
        let wait_ms = self.free_at_ms.map_or(1_000, |at_ms| (at_ms - now_ms).max(1_000));
        Some(u32::try_from(wait_ms / 1_000).unwrap_or(u32::MAX))
    }
}
