//! Messages of users to a provider that queues them go one by one, with a gap between them (docs/rules.md, Waiting).

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rand::Rng;
use tokio_util::sync::CancellationToken;

use crate::{
    clock,
    domain::{call::Waiting, id::AttemptId, provider::Provider},
    hub::Hub,
    relay::{screen::Screened, trail::Trail, wait::Wait},
    state::{
        queue::{TURN_MS, Ticket, Turn},
        step::LeaseId,
    },
    wire::{operation::Operation, turn::is_users},
};

/// How often a turn is renewed.
const RENEW: Duration = Duration::from_millis(TURN_MS / 3);

/// The first pause before asking again, and the longest. A ticket lives longer.
const PAUSE_MS: u64 = 25;
const PAUSE_MS_MAX: u64 = 400;

/// What an attempt would send, and where.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// The provider.
    pub provider: &'a Provider,
    /// The request.
    pub screened: &'a Screened,
    /// The attempt.
    pub id: AttemptId,
}

/// It was not this message's turn in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLate;

/// A message's turn at its provider. Given back when the provider has answered, or when the last of its clones is
/// dropped.
#[derive(Clone, Debug)]
pub struct MessageTurn(Arc<Held>);

struct Held {
    hub: Hub,
    ticket: Ticket,
    was_sent: AtomicBool,
    is_over: AtomicBool,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.ticket.fmt(f)
    }
}

impl Held {
    fn give_back(&self) {
        if self.is_over.swap(true, Ordering::AcqRel) {
            return;
        }
        let (hub, ticket, was_sent) = (self.hub.clone(), self.ticket, self.was_sent.load(Ordering::Acquire));
        self.hub.drain.adopt(async move { hub.state.leave_queue(&ticket, was_sent).await });
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.give_back();
    }
}

impl MessageTurn {
    /// Waits for the turn of what this attempt would send, if it is a message of a user and the provider queues them: at
    /// most as long as the setting `message_queue_wait_ms` says, within the call's deadline. None if it needs no turn, or
    /// if nobody can tell whose turn it is (Redis is away, for which a call waits once), so that it goes on without; and
    /// if the client has `left`. Until then the call is seen to wait, and its client is kept alive as `wait` says.
    ///
    /// # Errors
    /// It was not its turn in time.
    pub async fn wait(
        message: Message<'_>,
        trail: &mut Trail,
        wait: &Wait,
        left: &CancellationToken,
    ) -> Result<Option<Self>, TooLate> {
        let Message { provider, screened, id } = message;
        let is_message = screened.operation == Operation::Messages && provider.message_queue;
        if !is_message || trail.account.is_away() || !is_users(&screened.body) {
            return Ok(None);
        }
        let settings = &trail.snapshot.settings;
        let deadline = trail.began + Duration::from_millis(settings.call_deadline_ms);
        let end = deadline.min(clock::instant() + Duration::from_millis(settings.message_queue_wait_ms));
        let gap_ms = settings.message_queue_gap_ms;
        let ticket = Ticket { provider_id: provider.id, holder: LeaseId(id.0), gap_ms, turn_ms: TURN_MS };
        // Made before it is asked for: if nobody waits any more, it is still given back.
        let turn = Self(Arc::new(Held {
            hub: trail.hub().clone(),
            ticket,
            was_sent: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
        }));
        let came = tokio::select! {
            biased;
            () = left.cancelled() => Ok(None),
            is_known = turn.come(trail, wait) => {
                if !is_known {
                    trail.account.note_away();
                }
                Ok(is_known.then_some(turn))
            }
            () = tokio::time::sleep_until(end.into()) => Err(TooLate),
        };
        trail.waits(None);
        came
    }

    /// Asks until it is its turn: true. False if nobody can tell. Meanwhile the call is seen to wait.
    async fn come(&self, trail: &mut Trail, wait: &Wait) -> bool {
        let (mut pause, since, since_ms) = (PAUSE_MS, clock::instant(), clock::ms_since(trail.began));
        loop {
            let (ms, position) = match self.0.hub.state.queue(&self.0.ticket).await {
                Ok(Turn::Yours) => return true,
                Err(_) => return false,
                Ok(Turn::Wait { ms, position }) => (ms, position),
            };
            let expected_ms = u32::try_from(ms).ok().filter(|ms| *ms > 0);
            trail.waits(Some(Waiting { position, since_ms, expected_ms }));
            wait.keep_alive(trail, since);
            let ms = if ms > 0 {
                ms.min(PAUSE_MS_MAX)
            } else {
                pause = (pause * 3 / 2).min(PAUSE_MS_MAX);
                rand::rng().random_range(pause / 2..=pause)
            };
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
    }

    /// Its message is on its way: the next one keeps its distance from now on.
    pub fn sent(&self) {
        self.0.was_sent.store(true, Ordering::Release);
    }

    /// The provider has answered: it is the next one's turn.
    pub fn answered(&self) {
        self.0.give_back();
    }

    /// Renews the turn until it is given back, and then stands still.
    async fn renew(&self) -> Infallible {
        while !self.0.is_over.load(Ordering::Acquire) {
            tokio::time::sleep(RENEW).await;
            self.0.hub.state.renew_turn(&self.0.ticket).await;
        }
        std::future::pending().await
    }
}

/// Does `work`, the attempt that sends the message, and renews its turn beside it.
pub async fn hold<T>(turn: Option<&MessageTurn>, work: impl Future<Output = T>) -> T {
    let Some(turn) = turn else { return work.await };
    tokio::select! {
        biased;
        done = work => done,
        never = turn.renew() => match never {},
    }
}
