//! Shared but forgettable state of all replicas: in memory for one hub, in Redis for several.
//!
//! Whatever it holds may vanish; Postgres is the truth.

pub mod bucket;
pub mod counters;
mod memory;
pub mod queue;
mod redis;
pub mod source;
pub mod step;

use std::{sync::Arc, time::Duration};

use self::{
    counters::{Away, Counters},
    memory::Memory,
    redis::RedisState,
    source::Source,
    step::{ActiveSession, Answer, Release, SessionKey, Settlement, Span, Step, Sums, Usage},
};
use crate::{clock, domain::limit::Subject, secret::Secret};

/// How often it is looked whether Redis holds counters.
const READY_LOOK: Duration = Duration::from_millis(20);

/// How long a Redis that answers is waited for until its counters are filled.
const FILLED_WITHIN: Duration = Duration::from_secs(20);

/// By how much the clocks of this machine and of Postgres may differ.
const CLOCKS_DIFFER_MS: i64 = 60_000;

/// How long a look at the state may take.
const STATUS_WITHIN: Duration = Duration::from_millis(500);

/// Where the state is.
#[derive(Clone, Debug)]
pub enum State {
    /// In this process: there is only one hub.
    Memory(Arc<Memory>),
    /// In the Redis of `REDIS_URL`.
    Redis(RedisState),
}

/// How the state is, for health and the console.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// `memory` or `redis`.
    pub backend: &'static str,
    /// False if it cannot be reached just now.
    pub ok: bool,
    /// What is wrong; none if nothing is. Never the URL, which may hold a password.
    pub detail: Option<String>,
    /// Settlements and releases that wait until Redis can be told.
    pub waiting: usize,
    /// Those that were dropped because too many waited; the counters were filled anew then.
    pub dropped: u64,
    /// When this hub has filled an emptied Redis last, in milliseconds since 1970.
    pub filled_ms: Option<i64>,
}

impl State {
    /// Prepares the state of `REDIS_URL`, or of memory without one. Fails only if the URL cannot be used.
    ///
    /// A Redis that is away stops nobody: it is reported, and connected to as soon as it is there.
    pub async fn connect(redis_url: Option<&Secret>) -> anyhow::Result<Self> {
        let Some(url) = redis_url else { return Ok(Self::Memory(Arc::default())) };
        let redis = RedisState::new(url)?;
        let state = Self::Redis(redis.clone());
        match state.status().await {
            Status { ok: true, .. } => tracing::info!("Redis is connected"),
            Status { detail, .. } => redis.say_away(&detail.unwrap_or_default()),
        }
        Ok(state)
    }

    /// Looks at all checks of the step and takes everything, or nothing. Taking a held lease again changes nothing and
    /// succeeds.
    ///
    /// # Errors
    /// Redis is away, or was emptied and is being filled again. Nothing is held then.
    pub async fn take(&self, step: Step) -> Result<Answer, Away> {
        match self {
            Self::Memory(memory) => memory.take(step).await,
            Self::Redis(redis) => redis.take(step).await,
        }
    }

    /// Settles an attempt, once, and releases it. Never waits: what Redis cannot be told now it is told later.
    pub fn settle(&self, settlement: Settlement) {
        match self {
            Self::Memory(memory) => memory.settle(settlement),
            Self::Redis(redis) => redis.settle(settlement),
        }
    }

    /// Releases a lease. One that is not held changes nothing. Never waits, as [`settle`](Self::settle).
    pub fn release(&self, release: Release) {
        match self {
            Self::Memory(memory) => memory.release(release),
            Self::Redis(redis) => redis.release(release),
        }
    }

    /// Forgets what calls have cost `subject` that began before `reset_ms`, in milliseconds since 1970. Steps do so by
    /// themselves; this is for who looks before the next one.
    pub async fn reset(&self, subject: Subject, reset_ms: i64) -> Result<(), Away> {
        match self {
            Self::Memory(memory) => memory.reset(subject, reset_ms).await,
            Self::Redis(redis) => redis.reset(subject, reset_ms).await,
        }
    }

    /// What `subject` has used; money for each of `spans`, in nano-dollars.
    pub async fn usage(&self, subject: Subject, spans: &[Span], now_ms: i64) -> Result<Usage, Away> {
        match self {
            Self::Memory(memory) => memory.usage(subject, spans, now_ms).await,
            Self::Redis(redis) => redis.usage(subject, spans, now_ms).await,
        }
    }

    /// The sessions that are active, those that began last first: at most [`counters::SESSIONS_LISTED`].
    pub async fn sessions(&self, now_ms: i64) -> Result<Vec<ActiveSession>, Away> {
        match self {
            Self::Memory(memory) => memory.sessions(now_ms).await,
            Self::Redis(redis) => redis.sessions(now_ms).await,
        }
    }

    /// Ends a session: it is bound to nobody and no longer active. Its calls that run go on, and count until they end.
    /// False if there is no such session.
    pub async fn end_session(&self, session: &SessionKey, now_ms: i64) -> Result<bool, Away> {
        match self {
            Self::Memory(memory) => memory.end_session(session, now_ms).await,
            Self::Redis(redis) => redis.end_session(session, now_ms).await,
        }
    }

    /// Takes over what the ledger says, before calls are served. Redis keeps its counters itself, and asks its source
    /// when it was emptied.
    pub fn load(&self, sums: Vec<(Subject, Sums)>) {
        match self {
            Self::Memory(memory) => memory.load(sums),
            Self::Redis(_) => {}
        }
    }

    /// Another hub counts on the same database, or none does any more. Until then nobody can count in memory: it is away.
    /// True if that is news. Redis is made for several hubs.
    pub fn share(&self, is_shared: bool) -> bool {
        match self {
            Self::Memory(memory) => memory.share(is_shared),
            Self::Redis(_) => false,
        }
    }

    /// True while another hub counts on the same database, and neither knows what the other lets pass.
    pub fn is_shared(&self) -> bool {
        match self {
            Self::Memory(memory) => memory.is_shared(),
            Self::Redis(_) => false,
        }
    }

    /// Fills memory from `source` again, because another hub has spent what it does not know of.
    ///
    /// # Errors
    /// The ledger cannot say what was spent: the caller tries again.
    pub async fn fill(&self, source: &impl Source) -> anyhow::Result<()> {
        let Self::Memory(memory) = self else { return Ok(()) };
        let since_ms = clock::now().timestamp_millis() - CLOCKS_DIFFER_MS;
        memory.begin_fill();
        source.catch_up().await?;
        let ledgered = source.read(since_ms).await?.whole().await?;
        anyhow::ensure!(memory.fill(ledgered), "too much is settled meanwhile");
        Ok(())
    }

    /// Sets how long a step waits for Redis, in milliseconds.
    pub fn wait_at_most(&self, ms: u64) {
        match self {
            Self::Memory(_) => {}
            Self::Redis(redis) => redis.wait_at_most(ms),
        }
    }

    /// How often calls have asked Redis, with a step or for a turn in a queue of messages: each is one round trip that a
    /// call waits for.
    pub fn round_trips(&self) -> u64 {
        match self {
            Self::Memory(_) => 0,
            Self::Redis(redis) => redis.n_round_trips(),
        }
    }

    /// Keeps the counters in Redis right, for ever: tells it what waits, renews leases, and fills it from `source` when
    /// it was emptied. Memory needs none of it.
    pub async fn keep(&self, source: &impl Source) {
        match self {
            Self::Memory(_) => {}
            Self::Redis(redis) => redis.keep(source).await,
        }
    }

    /// Waits until Redis holds counters, or until it has not answered for as long as `within`; and then, if it was just
    /// filled, until every other replica has had time to say what it holds.
    pub async fn ready(&self, within: Duration) {
        let Self::Redis(redis) = self else { return };
        let asked = clock::instant();
        let mut heard = asked;
        loop {
            // In this order: gathering begins with the filling, so a look before it would see none.
            let is_filled = redis.is_filled();
            match redis.gathers().await {
                Some(false) if is_filled => return,
                // One that answers is being filled, and nothing is counted before. That one answer is late says nothing.
                Some(_) => heard = clock::instant(),
                None => {}
            }
            if heard.elapsed() >= within || asked.elapsed() >= FILLED_WITHIN {
                return;
            }
            tokio::time::sleep(READY_LOOK).await;
        }
    }

    /// A mark behind everything that was settled and released so far.
    pub fn mark(&self) -> u64 {
        match self {
            Self::Memory(_) => 0,
            Self::Redis(redis) => redis.mark(),
        }
    }

    /// False while Redis was not told everything before the mark: only the journal knows it should this hub die. Memory
    /// is always told.
    pub fn has_told(&self, mark: u64) -> bool {
        match self {
            Self::Memory(_) => true,
            Self::Redis(redis) => redis.has_told(mark),
        }
    }

    /// True if what was settled at this time, in milliseconds since 1970, would not be told again to a Redis that is
    /// emptied now.
    pub fn has_forgotten(&self, at_ms: i64) -> bool {
        match self {
            Self::Memory(_) => false,
            Self::Redis(redis) => redis.has_forgotten(at_ms),
        }
    }

    /// Redis will not be told something that the ledger knows: it is filled from the ledger again.
    pub fn lose(&self) {
        match self {
            Self::Memory(_) => {}
            Self::Redis(redis) => redis.lose(),
        }
    }

    /// Waits until Redis was told everything, or until `within` is over.
    pub async fn flush(&self, within: Duration) {
        let Self::Redis(redis) = self else { return };
        // What could not be told lapses by itself, and what was spent is in the ledger.
        let _ = tokio::time::timeout(within, redis.flush()).await;
    }

    /// How the state is at this moment. Answers within half a second, and reconnects if that is needed.
    pub async fn status(&self) -> Status {
        match self {
            Self::Memory(memory) => {
                let detail = memory.is_shared().then(|| "another hub works on this database".to_owned());
                Status { backend: "memory", ok: detail.is_none(), detail, ..Status::default() }
            }
            Self::Redis(redis) => {
                let asked = tokio::time::timeout(STATUS_WITHIN, redis.ping()).await;
                let detail = asked.unwrap_or_else(|_| Err("no answer within 500 ms".to_owned())).err();
                let (waiting, dropped) = redis.waiting();
                Status {
                    backend: "redis",
                    ok: detail.is_none(),
                    detail,
                    waiting,
                    dropped,
                    filled_ms: redis.filled_ms(),
                }
            }
        }
    }
}

#[cfg(test)]
mod conformance;

#[cfg(test)]
mod tests;
