//! Shared but forgettable state of all replicas: in memory for one hub, in Redis for several.
//!
//! Whatever it holds may vanish; Postgres is the truth.

mod redis;
pub mod step;

use std::time::Duration;

pub use self::redis::RedisState;
use crate::secret::Secret;

/// How long a look at the state may take.
const STATUS_WITHIN: Duration = Duration::from_millis(500);

/// Where the state is.
#[derive(Clone, Debug)]
pub enum State {
    /// In this process: there is only one hub.
    Memory,
    /// In the Redis of `REDIS_URL`.
    Redis(RedisState),
}

/// How the state is, for health and the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// `memory` or `redis`.
    pub backend: &'static str,
    /// False if it cannot be reached just now.
    pub ok: bool,
    /// What is wrong; none if nothing is. Never the URL, which may hold a password.
    pub detail: Option<String>,
}

impl State {
    /// Prepares the state of `REDIS_URL`, or of memory without one. Fails only if the URL cannot be used.
    ///
    /// A Redis that is away stops nobody: it is reported, and connected to as soon as it is there.
    pub async fn connect(redis_url: Option<&Secret>) -> anyhow::Result<Self> {
        let Some(url) = redis_url else { return Ok(Self::Memory) };
        let state = Self::Redis(RedisState::new(url)?);
        match state.status().await {
            Status { ok: true, .. } => tracing::info!("Redis is connected"),
            Status { detail, .. } => {
                tracing::warn!(
                    reason = detail.unwrap_or_default(),
                    "Redis does not answer; the hub goes on without it"
                );
            }
        }
        Ok(state)
    }

    /// How the state is at this moment. Answers within half a second, and reconnects if that is needed.
    pub async fn status(&self) -> Status {
        match self {
            Self::Memory => Status { backend: "memory", ok: true, detail: None },
            Self::Redis(redis) => {
                let asked = tokio::time::timeout(STATUS_WITHIN, redis.ping()).await;
                let detail = asked.unwrap_or_else(|_| Err("no answer within 500 ms".to_owned())).err();
                Status { backend: "redis", ok: detail.is_none(), detail }
            }
        }
    }
}

#[cfg(test)]
mod tests;
