//! Telling Redis what has happened: news in their order, each until it was heard.

use redis::{ErrorKind, RedisResult, ServerErrorKind};

use super::{LEASE_MS, RedisState, outbox::Lot, words};
use crate::{
    clock,
    state::{counters::Away, step::Release},
};

/// News that are told together with a step.
const NEWS_WITH_A_STEP: usize = 128;

/// News in one round trip.
const NEWS_AT_ONCE: usize = 32;

/// A step that nobody has heard the end of. Dropped, it is as if it had never been.
pub(super) struct Unheard<'a>(pub(super) &'a RedisState, pub(super) Option<Release>);

impl Drop for Unheard<'_> {
    fn drop(&mut self) {
        if let Some(release) = self.1.take() {
            self.0.0.outbox.give_up(release);
            self.0.0.wake.notify_one();
        }
    }
}

/// News that are being told. Dropped, what is left of them waits again: telling it twice changes nothing.
struct Telling<'a> {
    redis: &'a RedisState,
    lot: Lot,
    first: Option<u64>,
}

impl<'a> Telling<'a> {
    fn begin(redis: &'a RedisState, n_max: usize) -> Self {
        let lot = redis.0.outbox.take(n_max);
        Self { redis, first: lot.first().map(|(first, _)| *first), lot }
    }

    /// Tells them. Redis answers nothing if it was emptied.
    async fn tell(&self) -> RedisResult<Option<String>> {
        let expires_ms = clock::now().timestamp_millis() + LEASE_MS;
        let args = self.lot.iter().flat_map(|(_, told)| words::told(told, expires_ms)).collect();
        self.redis.run(&self.redis.0.scripts.tell, args).await
    }
}

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        let Some(first) = self.first else { return };
        let untold = std::mem::take(&mut self.lot);
        let is_told = untold.is_empty();
        self.redis.0.outbox.end(first, untold);
        if !is_told {
            self.redis.0.wake.notify_one();
        }
    }
}

impl RedisState {
    /// Tells what waits. Joined in front of a step it costs no time of its own: both go over one connection in this
    /// order, so that a client who has its answer finds its place free.
    pub(super) async fn tell_waiting(&self) {
        let mut telling = Telling::begin(self, NEWS_WITH_A_STEP);
        if !telling.lot.is_empty() && matches!(telling.tell().await, Ok(Some(_))) {
            telling.lot.clear();
        }
    }

    /// Tells all news, in their order.
    pub(in crate::state) async fn flush(&self) -> Result<(), Away> {
        let mut at_once = NEWS_AT_ONCE;
        loop {
            let telling = async {
                let telling = Telling::begin(self, at_once);
                if telling.lot.is_empty() {
                    return None;
                }
                let told = telling.tell().await;
                Some((telling, told))
            };
            let Some((mut telling, told)) = self.in_order(telling).await else { return Ok(()) };
            match told {
                Ok(Some(_)) => {
                    telling.lot.clear();
                    self.rest(false);
                }
                Ok(None) => {
                    self.must_look_again();
                    return Err(Away);
                }
                // The script itself has failed, which is a fault of ours: one piece of news must not hold up all others.
                // What is lost is made good by the ledger.
                Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::ResponseError) => {
                    if at_once > 1 {
                        at_once = 1;
                    } else {
                        let news = std::mem::take(&mut telling.lot);
                        tracing::error!(%error, ?news, "Redis does not take this");
                        self.0.outbox.lose();
                    }
                }
                Err(error) => return Err(self.note(&error)),
            }
        }
    }
}
