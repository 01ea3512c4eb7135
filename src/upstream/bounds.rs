//! The times that bound an attempt.

use std::time::{Duration, Instant};

use super::{
    attempt::Ask,
    failure::{Deadline, Due, Failure},
};
use crate::{clock, route::snapshot::Upstream};

/// Defaults of a provider's times (docs/rules.md, Routing).
const FIRST_BYTE_MS: u32 = 120_000;
const IDLE_MS: u32 = 120_000;
const TOTAL_MS: u32 = 600_000;

/// The times that bound an attempt.
pub(super) struct Bounds {
    /// Until the head of the answer.
    pub(super) first_byte: Duration,
    /// Between two pieces of it.
    pub(super) idle: Duration,
    total: Option<Duration>,
    began: Instant,
    deadline: Instant,
}

impl Bounds {
    /// Those of a provider for what is asked; they begin now.
    pub(super) fn new(upstream: &Upstream, ask: &Ask<'_>) -> Self {
        let ms = |configured: Option<u32>, default| Duration::from_millis(configured.unwrap_or(default).into());
        let provider = &upstream.provider;
        let total = ms(provider.total_timeout_ms, TOTAL_MS);
        let first_byte = match provider.first_byte_timeout_ms {
            None if !ask.wants_stream => total,
            configured => ms(configured, FIRST_BYTE_MS),
        };
        let total = (!ask.wants_stream).then_some(total);
        Self {
            first_byte,
            idle: ms(provider.idle_timeout_ms, IDLE_MS),
            total,
            began: clock::instant(),
            deadline: ask.deadline,
        }
    }

    /// The soonest of: `wait` from now on (whose name is `of`), the attempt's total, the call's deadline.
    pub(super) fn soonest(&self, wait: Duration, of: Deadline) -> Due {
        let mut soonest = Due { at: clock::instant() + wait, of };
        if let Some(at) = self.total.map(|total| self.began + total).filter(|total| *total < soonest.at) {
            soonest = Due { at, of: Deadline::Total };
        }
        if self.deadline < soonest.at { Due { at: self.deadline, of: Deadline::Call } } else { soonest }
    }

    /// Does `work` unless `wait` (whose name is `of`) or another time runs out before.
    ///
    /// # Errors
    /// The time that ran out.
    pub(super) async fn bound<T>(
        &self,
        wait: Duration,
        of: Deadline,
        work: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        let due = self.soonest(wait, of);
        tokio::time::timeout_at(due.at.into(), work).await.map_err(|_| Failure::Timeout(due.of))
    }
}
