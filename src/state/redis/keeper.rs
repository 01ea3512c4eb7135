//! What keeps the counters in Redis right: news are told, leases are renewed, and an emptied Redis is filled.

use std::{
    sync::{PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

use redis::{Cmd, ExistenceCheck, RedisResult, SetExpiry, SetOptions};
use uuid::Uuid;

use super::{LEASE_MS, RedisState, words};
use crate::{
    clock,
    state::{
        counters::Away,
        source::{Attempts, Ledgered, Page, Source},
        step::LeaseId,
    },
};

/// How often the generation is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often leases are renewed, which last three times as long.
const RENEW_EVERY: Duration = Duration::from_secs(10);

/// How often it is looked whether the counters are near to expiring.
const TOUCH_EVERY: Duration = Duration::from_hours(1);

/// How long to wait before Redis is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// Leases in one round trip.
const LEASES_AT_ONCE: usize = 1_000;

/// How long a replica that fills Redis may say nothing before another one tries: it may have died, and meanwhile nobody
/// counts.
const LOCK_MS: u64 = 5_000;

/// How often it says that it is still at it.
const LOCK_EVERY: Duration = Duration::from_secs(1);

/// How long others are waited for before steps are answered: they look every second. Also by the first hub that sees an
/// empty Redis, which cannot know that it is alone. Tests say themselves when it is over: no slow machine is to.
const GATHER_MS: u64 = if cfg!(test) { 600_000 } else { 2_500 };

/// How long the sentinel lasts without being touched: shorter than the counters, so these never expire unnoticed.
const SENTINEL_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// The sentinel is touched once it has lived for a day.
const TOUCH_AFTER_MS: i64 = 24 * 60 * 60 * 1000;

/// How far back the source says which attempts it has recorded: as long as their marks live. News may have waited for
/// long while Redis was away, and a hub that starts tells again what its journal holds.
const RECORDED_SINCE_MS: i64 = 24 * 60 * 60 * 1000;

/// When each thing was done last.
#[derive(Debug, Default)]
pub(in crate::state) struct Done {
    looked: Option<Instant>,
    renewed: Option<Instant>,
    touched: Option<Instant>,
}

/// True if it was not done for so long. It counts as done then.
fn is_due(last: &mut Option<Instant>, every: Duration) -> bool {
    let now = clock::instant();
    let is_due = last.is_none_or(|last| now.duration_since(last) >= every);
    if is_due {
        *last = Some(now);
    }
    is_due
}

/// The ledger cannot be read, or lacks something.
fn no_source(error: &anyhow::Error) -> Away {
    tracing::warn!(error = format!("{error:#}"), "Redis cannot be filled from the ledger yet");
    Away
}

impl RedisState {
    /// Keeps the counters right, for ever.
    pub(in crate::state) async fn keep(&self, source: &impl Source) {
        let mut done = Done::default();
        loop {
            if self.work(&mut done, source).await.is_err() {
                tokio::time::sleep(RETRY_AFTER).await;
            }
            let _ = tokio::time::timeout(LOOK_EVERY, self.0.wake.notified()).await;
        }
    }

    /// One round of it. Fails while Redis, or the source that is to fill it, is away.
    pub(in crate::state) async fn work(&self, done: &mut Done, source: &impl Source) -> Result<(), Away> {
        // What fails is tried again with the next round.
        if self.must_look() || is_due(&mut done.looked, LOOK_EVERY) {
            self.look(source).await.inspect_err(|_| done.looked = None)?;
        }
        if is_due(&mut done.renewed, RENEW_EVERY) {
            self.renew(clock::now().timestamp_millis()).await.inspect_err(|_| done.renewed = None)?;
        }
        self.flush().await?;
        if is_due(&mut done.touched, TOUCH_EVERY) {
            self.touch(source).await?;
        }
        Ok(())
    }

    /// Sees whether Redis was emptied, and fills it; tells it everything again that this replica knows if somebody has.
    pub(in crate::state) async fn look(&self, source: &impl Source) -> Result<(), Away> {
        let has_lost = self.0.outbox.len().1 != *self.0.lost.lock().unwrap_or_else(PoisonError::into_inner);
        let n_cuts = self.0.n_cuts.load(Ordering::Acquire);
        let mut found: Option<String> = self.ask(&Cmd::get("{sy}:sentinel")).await?;
        let run = self.run_id().await?;
        let is_of_this_run = |generation: &String| generation.ends_with(&run);
        let is_right = found.as_ref().is_some_and(is_of_this_run);
        if !is_right || has_lost {
            let filled = self.fill(source, is_right).await;
            // Counters that only lack what was lost are used until the ledger can be read.
            if !is_right {
                filled?;
            }
            found = self.ask(&Cmd::get("{sy}:sentinel")).await?;
        }
        // Old counters that another replica is about to replace are no better than before.
        if found.as_ref().is_some_and(|generation| !is_of_this_run(generation)) {
            return Ok(());
        }
        self.0.n_cuts_looked_at.store(n_cuts, Ordering::Release);
        let Some(found) = found else { return Ok(()) };
        let mut known = self.0.generation.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref() != Some(&found) {
            if known.is_some() {
                tracing::warn!("Redis was emptied; it is told again what runs and what was settled");
            }
            self.0.outbox.tell_all_again();
            self.0.asserted_from.store(self.0.outbox.mark(), Ordering::Release);
            *known = Some(found);
        }
        // It answers again: nothing that was wrong before keeps steps from asking it.
        self.rest(false);
        self.say_back();
        Ok(())
    }

    /// Which run of Redis this is. One that was restarted, or another one that took its place, may have kept the sentinel
    /// and lost what was counted last.
    async fn run_id(&self) -> Result<String, Away> {
        let info: String = self.ask(Cmd::new().arg("INFO").arg("server")).await?;
        Ok(info.lines().find_map(|line| line.strip_prefix("run_id:")).unwrap_or_default().trim().to_owned())
    }

    /// Renews all leases of this replica. Those that have lapsed are held again.
    pub(in crate::state) async fn renew(&self, now_ms: i64) -> Result<(), Away> {
        for leases in self.0.outbox.held().chunks(LEASES_AT_ONCE) {
            let mut args = vec![now_ms.to_string(), (now_ms + LEASE_MS).to_string()];
            args.extend(leases.iter().map(|lease| lease.0.to_string()));
            let unknown: RedisResult<Option<Vec<String>>> = self.run(&self.0.scripts.renew, args).await;
            let unknown = unknown.map_err(|error| self.note(&error))?.unwrap_or_default();
            let lapsed: Vec<LeaseId> = unknown.iter().filter_map(|id| id.parse().ok()).map(LeaseId).collect();
            self.0.outbox.hold_again(&lapsed);
        }
        Ok(())
    }

    /// Fills an emptied Redis from the source, unless another replica does. One that `is_right`, but for what was lost,
    /// stays in use until the source was read.
    async fn fill(&self, source: &impl Source, is_right: bool) -> Result<(), Away> {
        source.catch_up().await.map_err(|error| no_source(&error))?;
        let lock = Uuid::now_v7().to_string();
        let lost = self.0.outbox.len().1;
        let generation = format!("{}@{}", Uuid::now_v7(), self.run_id().await?);
        let options = SetOptions::default().conditional_set(ExistenceCheck::NX).with_expiration(SetExpiry::PX(LOCK_MS));
        let is_mine: Option<String> = self.ask(&Cmd::set_options("{sy}:lock", &lock, options)).await?;
        if is_mine.is_none() {
            return Ok(());
        }
        let filled = tokio::select! {
            filled = self.fill_with(source, &generation, &lock, is_right) => filled,
            () = self.keep_lock(&lock) => Err(Away),
        };
        if filled.is_err() {
            let _: RedisResult<i64> = self.run(&self.0.scripts.lock, vec![lock, 0.to_string()]).await;
            return filled;
        }
        *self.0.lost.lock().unwrap_or_else(PoisonError::into_inner) = lost;
        *self.0.filled_ms.lock().unwrap_or_else(PoisonError::into_inner) = Some(clock::now().timestamp_millis());
        Ok(())
    }

    /// Keeps the lock until somebody else has it.
    async fn keep_lock(&self, lock: &str) {
        loop {
            tokio::time::sleep(LOCK_EVERY).await;
            let args = vec![lock.to_owned(), LOCK_MS.to_string()];
            // What does not answer now may the next time.
            let kept: RedisResult<i64> = self.run(&self.0.scripts.lock, args).await;
            if matches!(kept, Ok(0)) {
                return;
            }
        }
    }

    async fn fill_with(&self, source: &impl Source, generation: &str, lock: &str, is_right: bool) -> Result<(), Away> {
        if !is_right {
            let _: () = self.ask(&Cmd::del("{sy}:sentinel")).await?;
        }
        let since_ms = clock::now().timestamp_millis() - RECORDED_SINCE_MS;
        let Ledgered { sums, mut recorded } = source.read(since_ms).await.map_err(|error| no_source(&error))?;
        // The marks of the next generation touch nothing: what is right but for what was lost counts until they are made.
        let n_marked = self.mark_settled(generation, &mut recorded).await?;
        drop(recorded);
        if is_right {
            let _: () = self.ask(&Cmd::del("{sy}:sentinel")).await?;
        }
        for (subject, sums) in &sums {
            let loaded: RedisResult<i64> =
                self.run(&self.0.scripts.load, words::sums(generation, *subject, sums)).await;
            loaded.map_err(|error| self.note(&error))?;
        }
        let args = [generation.to_owned(), GATHER_MS.to_string(), SENTINEL_MS.to_string(), lock.to_owned()];
        let ready: RedisResult<i64> = self.run(&self.0.scripts.ready, args.to_vec()).await;
        ready.map_err(|error| self.note(&error))?;
        tracing::info!(
            subjects = sums.len(),
            attempts = n_marked,
            "Redis was empty or started anew; its counters were filled from the ledger"
        );
        Ok(())
    }

    /// Marks attempts that the sums hold as settled, each for as long as it may be told again; says how many.
    async fn mark_settled(&self, generation: &str, recorded: &mut impl Attempts) -> Result<usize, Away> {
        let mut n_marked = 0;
        loop {
            let Page { attempts, recorded_ms } = recorded.next().await.map_err(|error| no_source(&error))?;
            if attempts.is_empty() {
                return Ok(n_marked);
            }
            n_marked += attempts.len();
            let left_ms = recorded_ms + RECORDED_SINCE_MS - clock::now().timestamp_millis();
            let mut args = vec![generation.to_owned(), left_ms.max(1).to_string()];
            args.extend(attempts.iter().map(Uuid::to_string));
            let marked: RedisResult<i64> = self.run(&self.0.scripts.mark, args).await;
            marked.map_err(|error| self.note(&error))?;
        }
    }

    /// Keeps the counters of everybody in the ledger from expiring, and then the sentinel.
    async fn touch(&self, source: &impl Source) -> Result<(), Away> {
        let left_ms: i64 = self.ask(&Cmd::pttl("{sy}:sentinel")).await?;
        if left_ms > SENTINEL_MS - TOUCH_AFTER_MS {
            return Ok(());
        }
        let Ok(Ledgered { sums, .. }) = source.read(clock::now().timestamp_millis()).await else { return Err(Away) };
        for sums in sums.chunks(LEASES_AT_ONCE) {
            let args = sums.iter().map(|(subject, _)| subject.to_string()).collect();
            let touched: RedisResult<i64> = self.run(&self.0.scripts.touch, args).await;
            touched.map_err(|error| self.note(&error))?;
        }
        self.ask(&Cmd::pexpire("{sy}:sentinel", SENTINEL_MS)).await
    }

    /// Asks one plain thing.
    async fn ask<T: redis::FromRedisValue>(&self, cmd: &Cmd) -> Result<T, Away> {
        let mut connection = self.0.connection.clone();
        let asked: RedisResult<T> = self.answered(cmd.query_async(&mut connection)).await;
        asked.inspect_err(|error| self.doubt_if_cut(error)).map_err(|error| self.note(&error))
    }
}
