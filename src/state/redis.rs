//! The state of several hubs: in Redis, in scripts of one round trip each. When Redis is away a step waits a bounded
//! time and says so; what has happened meanwhile is told later.

pub(super) mod keeper;
mod outbox;
mod queue;
mod scripts;
mod telling;
mod waits;
mod words;

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context;
use redis::{
    Client, Cmd, FromRedisValue, RedisError, RedisResult, Script,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use tokio::sync::Notify;

use self::{
    outbox::Outbox,
    scripts::Scripts,
    telling::Unheard,
    words::{Heard, Malformed, Words},
};
use super::{
    counters::{Away, Counters, SESSIONS_LISTED},
    step::{ActiveSession, Answer, Release, SessionKey, Settlement, Span, Step, Usage},
};
use crate::{clock, domain::limit::Subject, secret::Secret};

/// How long connecting may take, and how much longer than a step anything else. With the library's defaults it hangs for
/// over eight seconds while Redis is away.
const ASK_WITHIN: Duration = Duration::from_millis(500);

/// How long a step waits if nobody says otherwise.
const STEP_WITHIN_MS: u64 = 50;

/// How long steps do not even ask after Redis was found away.
const REST: Duration = Duration::from_millis(500);

/// How long a lease is held without being renewed.
const LEASE_MS: i64 = 30_000;

/// Sessions in one round trip of a listing.
const SESSIONS_AT_ONCE: usize = 500;

/// A handle on Redis. Cheap to clone.
#[derive(Clone)]
pub struct RedisState(Arc<Shared>);

struct Shared {
    connection: ConnectionManager,
    scripts: Scripts,
    outbox: Outbox,
    /// Held while something is taken out of the outbox and written to the connection.
    order: Mutex<()>,
    /// Rings when there is something to tell, or to look at.
    wake: Notify,
    must_look: AtomicBool,
    /// How often a connection was cut, and how often at the last look that found Redis to be the same: in between
    /// another one may answer, with old counters.
    n_cuts: AtomicU64,
    n_cuts_looked_at: AtomicU64,
    step_within_ms: AtomicU64,
    resting_until: Mutex<Option<Instant>>,
    /// True once the log says that Redis does not answer, until it says that it does again.
    is_said_away: AtomicBool,
    /// Of the counters that are in Redis: another one says that it was emptied.
    generation: Mutex<Option<String>>,
    /// No step is believed before all news up to this mark were told: what this replica holds must be in the counters.
    asserted_from: AtomicU64,
    n_round_trips: AtomicU64,
    /// Steps in a row that were not answered in time.
    n_late: AtomicU32,
    /// Dropped news that the last filling has made good.
    lost: Mutex<u64>,
    filled_ms: Mutex<Option<i64>>,
}

impl RedisState {
    /// Takes the URL: `redis://`, `rediss://` (TLS) or `redis+unix://`. Connects with the first step.
    pub(super) fn new(url: &Secret) -> anyhow::Result<Self> {
        let client = Client::open(url.expose())
            .map_err(|error| anyhow::anyhow!("{}", error.category()))
            .context("REDIS_URL: not a URL of Redis (redis://[:password@]host:port/0)")?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(ASK_WITHIN))
            // Each question has a bound of its own: a step may wait longer than that.
            .set_response_timeout(None)
            .set_number_of_retries(1);
        let connection = ConnectionManager::new_lazy_with_config(client, config).context("REDIS_URL")?;
        Ok(Self(Arc::new(Shared {
            connection,
            scripts: Scripts::default(),
            outbox: Outbox::default(),
            order: Mutex::default(),
            wake: Notify::new(),
            must_look: AtomicBool::new(false),
            // Nobody has looked yet.
            n_cuts: AtomicU64::new(1),
            n_cuts_looked_at: AtomicU64::new(0),
            step_within_ms: AtomicU64::new(STEP_WITHIN_MS),
            resting_until: Mutex::new(None),
            is_said_away: AtomicBool::new(false),
            generation: Mutex::new(None),
            asserted_from: AtomicU64::new(0),
            n_round_trips: AtomicU64::new(0),
            n_late: AtomicU32::new(0),
            lost: Mutex::new(0),
            filled_ms: Mutex::new(None),
        })))
    }

    /// Asks for a sign of life. Says what is wrong.
    pub(super) async fn ping(&self) -> Result<(), String> {
        let mut connection = self.0.connection.clone();
        let asked: Result<String, RedisError> = self.answered(Cmd::ping().query_async(&mut connection)).await;
        asked.inspect_err(|error| self.doubt_if_cut(error)).map(|_| ()).map_err(|error| error.to_string())
    }

    /// Sets how long a step waits, in milliseconds.
    pub(super) fn wait_at_most(&self, ms: u64) {
        self.0.step_within_ms.store(ms, Ordering::Relaxed);
    }

    /// How often a call has asked Redis and waited for the answer: with a step, or for a turn in a queue of messages.
    pub(super) fn n_round_trips(&self) -> u64 {
        self.0.n_round_trips.load(Ordering::Relaxed)
    }

    /// News that wait, and news that were dropped.
    pub(super) fn waiting(&self) -> (usize, u64) {
        self.0.outbox.len()
    }

    /// A mark behind everything that has happened so far.
    pub(super) fn mark(&self) -> u64 {
        self.0.outbox.mark()
    }

    /// True if Redis was told everything before the mark, and what was lost was made good.
    pub(super) fn has_told(&self, mark: u64) -> bool {
        let lost = *self.0.lost.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.outbox.len().1 == lost && self.0.outbox.has_told(mark)
    }

    /// True if what was settled at this time, in milliseconds since 1970, would not be told again to an emptied Redis.
    pub(super) fn has_forgotten(&self, at_ms: i64) -> bool {
        self.0.outbox.has_forgotten(at_ms)
    }

    /// Something will not be told: Redis is filled from the ledger again.
    pub(super) fn lose(&self) {
        self.0.outbox.lose();
        self.must_look_again();
    }

    /// When this replica has filled Redis last, in milliseconds since 1970.
    pub(super) fn filled_ms(&self) -> Option<i64> {
        *self.0.filled_ms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True once Redis is known to hold counters.
    pub(super) fn is_filled(&self) -> bool {
        self.0.generation.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// True while other replicas are given time to say what they hold; none if Redis does not answer.
    pub(super) async fn gathers(&self) -> Option<bool> {
        let (cmd, mut connection) = (Cmd::exists("{sy}:gather"), self.0.connection.clone());
        let found: RedisResult<bool> = self.answered(cmd.query_async(&mut connection)).await;
        found.inspect_err(|error| self.doubt_if_cut(error)).ok()
    }

    /// Forgets what this replica holds and has told.
    #[cfg(test)]
    pub(super) fn forget(&self) {
        self.0.outbox.clear();
    }

    /// The attempts that would be told again.
    #[cfg(test)]
    pub(super) fn recent(&self) -> Vec<uuid::Uuid> {
        self.0.outbox.recent()
    }

    /// Runs a script: one round trip, and two more if Redis does not know it yet.
    async fn run<T: FromRedisValue>(&self, script: &Script, args: Vec<String>) -> RedisResult<T> {
        let mut invocation = script.prepare_invoke();
        // A cluster needs a key to know where to go: all of ours lie in one place.
        invocation.key("{sy}:sentinel");
        for arg in args {
            invocation.arg(arg);
        }
        let mut connection = self.0.connection.clone();
        let answer: RedisResult<T> = self.answered(invocation.invoke_async(&mut connection)).await;
        answer.inspect_err(|error| self.doubt_if_cut(error))
    }

    /// Polls `work` by itself: what it takes out of the outbox and then writes to the connection is written before what
    /// others take out or write later.
    async fn in_order<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        std::future::poll_fn(|cx| {
            let _order = self.0.order.lock().unwrap_or_else(PoisonError::into_inner);
            work.as_mut().poll(cx)
        })
        .await
    }

    /// Runs a script that answers nothing if Redis was emptied.
    async fn look_up<T: FromRedisValue>(&self, script: &Script, args: Vec<String>) -> Result<T, Away> {
        let found: RedisResult<Option<T>> = self.run(script, args).await;
        found.map_err(|error| self.note(&error))?.ok_or_else(|| {
            self.must_look_again();
            Away
        })
    }

    /// Something is wrong with Redis: steps rest for a moment.
    fn note(&self, error: &RedisError) -> Away {
        tracing::debug!(%error, "Redis");
        self.rest(true);
        Away
    }

    fn rest(&self, is_away: bool) {
        let until = is_away.then(|| clock::instant() + REST);
        *self.0.resting_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    fn is_resting(&self) -> bool {
        let until = *self.0.resting_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| clock::instant() < until)
    }

    /// Whoever answers after this may be a Redis that was restarted with old counters: no step is believed until somebody
    /// has looked.
    fn doubt_if_cut(&self, error: &RedisError) {
        if error.is_io_error() || error.is_unrecoverable_error() {
            self.say_away(error);
            self.0.n_cuts.fetch_add(1, Ordering::AcqRel);
            self.must_look_again();
        }
    }

    fn is_doubted(&self) -> bool {
        self.0.n_cuts.load(Ordering::Acquire) != self.0.n_cuts_looked_at.load(Ordering::Acquire)
    }

    /// True once after somebody has seen that Redis is not what it was.
    fn must_look(&self) -> bool {
        self.0.must_look.swap(false, Ordering::Relaxed)
    }

    fn must_look_again(&self) {
        self.0.must_look.store(true, Ordering::Relaxed);
        self.0.wake.notify_one();
    }

    /// True while Redis was not told yet what this replica held when Redis was emptied.
    fn is_asserting(&self) -> bool {
        let mark = self.0.asserted_from.load(Ordering::Acquire);
        if mark == 0 {
            return false;
        }
        let is_over = self.0.outbox.has_told(mark);
        if is_over {
            // Another mark may have been set meanwhile.
            let _ = self.0.asserted_from.compare_exchange(mark, 0, Ordering::AcqRel, Ordering::Relaxed);
        }
        !is_over
    }

    /// What a step was told. Another generation than before says that this replica's leases are not in it: what it took
    /// is given back.
    fn hear(&self, words: Vec<String>, unheard: &mut Unheard<'_>) -> Result<Answer, Away> {
        let heard = Words::new(words).heard();
        if let Ok(Heard::Answer(generation, _)) = &heard
            && self.0.generation.lock().unwrap_or_else(PoisonError::into_inner).as_ref() != Some(generation)
        {
            self.must_look_again();
            return Err(Away);
        }
        unheard.1 = None;
        match heard {
            Ok(Heard::Answer(_, answer)) => Ok(answer),
            Ok(Heard::Emptied) => {
                self.must_look_again();
                Err(Away)
            }
            Err(Malformed) => {
                tracing::error!("Redis has answered a step with something that is no answer");
                Err(Away)
            }
        }
    }
}

impl Counters for RedisState {
    async fn take(&self, mut step: Step) -> Result<Answer, Away> {
        if self.is_resting() || self.is_doubted() || self.is_asserting() {
            return Err(Away);
        }
        let Step { lease, now_ms, .. } = step;
        let undo = Release { lease, now_ms, undo: true };
        let mut unheard = Unheard(self, (!self.0.outbox.is_held(lease)).then_some(undo));
        let args = words::step(&step, now_ms + LEASE_MS);
        self.0.n_round_trips.fetch_add(1, Ordering::Relaxed);
        let both = futures_util::future::join(self.tell_waiting(), self.run(&self.0.scripts.take, args));
        let ((), asked) = self.in_time(self.in_order(both)).await?;
        let asked = asked.map_err(|error| self.note(&error))?;
        if self.is_doubted() {
            return Err(Away);
        }
        let answer = self.hear(asked, &mut unheard);
        if let Ok(Answer::Taken(known)) = &answer {
            // As the script has taken it.
            step.expect_cached(known.binding);
            self.0.outbox.hold(step);
        }
        answer
    }

    fn settle(&self, settlement: Settlement) {
        self.0.outbox.settle(settlement, clock::instant());
        self.0.wake.notify_one();
    }

    fn release(&self, release: Release) {
        if self.0.outbox.release(release) {
            self.0.wake.notify_one();
        }
    }

    async fn reset(&self, subject: Subject, reset_ms: i64) -> Result<(), Away> {
        let args = vec![subject.to_string(), reset_ms.to_string()];
        self.look_up::<i64>(&self.0.scripts.reset, args).await.map(|_| ())
    }

    async fn usage(&self, subject: Subject, spans: &[Span], now_ms: i64) -> Result<Usage, Away> {
        let mut args = vec![subject.to_string(), now_ms.to_string()];
        args.extend(spans.iter().map(|span| words::span(*span)));
        Words::new(self.look_up(&self.0.scripts.usage, args).await?).usage().map_err(|_| Away)
    }

    async fn sessions(&self, now_ms: i64) -> Result<Vec<ActiveSession>, Away> {
        let mut active = Vec::new();
        while active.len() < SESSIONS_LISTED {
            let args = vec![now_ms.to_string(), active.len().to_string(), SESSIONS_AT_ONCE.to_string()];
            let page = Words::new(self.look_up(&self.0.scripts.sessions, args).await?).sessions().map_err(|_| Away)?;
            let is_last = page.len() < SESSIONS_AT_ONCE;
            active.extend(page);
            if is_last {
                break;
            }
        }
        active.sort_by(|a, b| (b.began_ms, &b.session).cmp(&(a.began_ms, &a.session)));
        active.dedup_by(|a, b| a.session == b.session);
        Ok(active)
    }

    async fn end_session(&self, session: &SessionKey, now_ms: i64) -> Result<bool, Away> {
        let args = vec![words::session(session), now_ms.to_string()];
        self.look_up::<i64>(&self.0.scripts.end, args).await.map(|n| n > 0)
    }
}

impl fmt::Debug for RedisState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisState(…)")
    }
}
