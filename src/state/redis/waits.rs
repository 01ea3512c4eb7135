//! How long Redis is waited for, and what the log says when it is away.

use std::{fmt::Display, io, sync::atomic::Ordering, time::Duration};

use redis::RedisResult;

use super::{ASK_WITHIN, RedisState};
use crate::state::counters::Away;

/// Steps in a row that are late before Redis counts as away.
const LATE_MAX: u32 = 3;

impl RedisState {
    fn step_within(&self) -> Duration {
        Duration::from_millis(self.0.step_within_ms.load(Ordering::Relaxed))
    }

    /// Waits as long as a step may wait. Late once may be our own fault; every step that is not asked is one that is not
    /// counted, so Redis counts as away only after several.
    pub(super) async fn in_time<T>(&self, asked: impl Future<Output = T>) -> Result<T, Away> {
        if let Ok(answer) = tokio::time::timeout(self.step_within(), asked).await {
            self.0.n_late.store(0, Ordering::Relaxed);
            return Ok(answer);
        }
        if self.0.n_late.fetch_add(1, Ordering::Relaxed) + 1 >= LATE_MAX {
            self.rest(true);
        }
        Err(Away)
    }

    /// Says that Redis is away, and why: once, however many ask it meanwhile.
    pub(in crate::state) fn say_away(&self, reason: &dyn Display) {
        if !self.0.is_said_away.swap(true, Ordering::Relaxed) {
            tracing::warn!(%reason, "Redis does not answer; the hub goes on without it");
        }
    }

    /// Says that it is there again, if it was said to be away.
    pub(super) fn say_back(&self) {
        if self.0.is_said_away.swap(false, Ordering::Relaxed) {
            tracing::info!("Redis answers again");
        }
    }

    /// Waits as long as anything may take: longer than a step, so that one that is late is nothing worse than that. What
    /// takes even longer counts as cut.
    pub(super) async fn answered<T>(&self, asked: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
        let answer = tokio::time::timeout(self.step_within() + ASK_WITHIN, asked).await;
        answer.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
    }
}
