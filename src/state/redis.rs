//! The connection to Redis: one, shared, that comes back by itself.

use std::{fmt, time::Duration};

use anyhow::Context;
use redis::{
    Client, Cmd, RedisError,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

use super::{
    counters::{Away, Counters},
    step::{ActiveSession, Answer, Release, SessionKey, Settlement, Span, Step, Usage},
};
use crate::{domain::limit::Subject, secret::Secret};

/// A step in Redis stands before the upstream is asked, so it may not take long. With the library's defaults a call
/// hangs for over eight seconds while Redis is away.
const STEP_WITHIN: Duration = Duration::from_millis(500);

/// A handle on Redis. Cheap to clone.
#[derive(Clone)]
pub struct RedisState(ConnectionManager);

impl RedisState {
    /// Takes the URL: `redis://`, `rediss://` (TLS) or `redis+unix://`. Connects with the first step.
    pub(super) fn new(url: &Secret) -> anyhow::Result<Self> {
        let client = Client::open(url.expose())
            .map_err(|error| anyhow::anyhow!("{}", error.category()))
            .context("REDIS_URL: not a URL of Redis (redis://[:password@]host:port/0)")?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(STEP_WITHIN))
            .set_response_timeout(Some(STEP_WITHIN))
            .set_number_of_retries(1);
        let manager = ConnectionManager::new_lazy_with_config(client, config).context("REDIS_URL")?;
        Ok(Self(manager))
    }

    /// Asks for a sign of life. Says what is wrong.
    pub(super) async fn ping(&self) -> Result<(), String> {
        let mut connection = self.0.clone();
        let asked: Result<String, RedisError> = Cmd::ping().query_async(&mut connection).await;
        asked.map(|_| ()).map_err(|error| error.to_string())
    }
}

impl fmt::Debug for RedisState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisState(…)")
    }
}

impl Counters for RedisState {
    async fn take(&self, _: Step) -> Result<Answer, Away> {
        Err(Away)
    }

    fn settle(&self, _: Settlement) {}

    fn release(&self, _: Release) {}

    async fn reset(&self, _: Subject, _: i64) -> Result<(), Away> {
        Err(Away)
    }

    async fn usage(&self, _: Subject, _: &[Span], _: i64) -> Result<Usage, Away> {
        Err(Away)
    }

    async fn sessions(&self, _: i64) -> Result<Vec<ActiveSession>, Away> {
        Err(Away)
    }

    async fn end_session(&self, _: &SessionKey, _: i64) -> Result<bool, Away> {
        Err(Away)
    }
}
