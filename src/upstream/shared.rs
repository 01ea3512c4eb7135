//! A connection that carries many requests at once (HTTP/2), and who has a place on it.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use hyper::{
    client::conn::http2::{Builder, SendRequest},
    rt::{Executor, Read, Write},
};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::{sync::oneshot, time::MissedTickBehavior};

use super::{client::IDLE, sending::Sending};
use crate::clock;

/// The most requests that one connection carries; fewer if the provider says so.
const IN_FLIGHT_MAX: usize = 100;

/// How often the provider is asked whether it is still there, and how long it may take to say so: a line that is dead
/// is not noticed otherwise until the system gives up on it, after many minutes.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_WITHIN: Duration = Duration::from_secs(10);

/// How long a new connection is not used because the provider has not said how many requests it takes.
const SETTINGS_WITHIN: Duration = Duration::from_secs(3);

/// How often it is looked whether they have come: what reads them wakes nobody else.
const SETTINGS_LOOK: Duration = Duration::from_millis(5);

/// How much of one answer may wait for its reader. The connection has room for that much of every answer, so that no
/// client that reads slowly stops the others.
const WINDOW: u32 = 256 << 10;
const WINDOW_OF_ALL: u32 = WINDOW * 100;

/// A connection that carries many requests.
pub(super) struct Shared {
    sender: SendRequest<Sending>,
    load: Arc<Load>,
    used: Instant,
}

#[derive(Default)]
struct Load {
    in_flight: AtomicUsize,
    /// What the provider allows; 0 until it has said so.
    allowed: AtomicUsize,
}

/// A place on such a connection, free again when it is dropped.
pub(super) struct Seat {
    /// What the request is sent with.
    pub(super) sender: SendRequest<Sending>,
    load: Arc<Load>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.load.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Shared {
    /// Begins to speak HTTP/2 over `io`.
    pub(super) async fn open<T>(io: T) -> hyper::Result<Self>
    where
        T: Read + Write + Unpin + Send + 'static,
    {
        let executor = TokioExecutor::new();
        let mut builder = Builder::new(executor.clone());
        builder
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_WITHIN)
            .keep_alive_while_idle(true)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW_OF_ALL)
            // Nothing is sent before the provider has said how many requests it takes: it would refuse what is too much.
            .initial_max_send_streams(0);
        let (mut sender, connection) = builder.handshake(io).await?;
        let load = Arc::new(Load::default());
        let seen = load.clone();
        let (told, known) = oneshot::channel();
        let mut told = Some(told);
        // A connection works in a task of the runtime's, which ends with it.
        executor.execute(async move {
            let mut connection = pin!(connection);
            let mut look = tokio::time::interval(SETTINGS_LOOK);
            look.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let ended = std::future::poll_fn(|cx| {
                let ended = connection.as_mut().poll(cx);
                let allowed = connection.current_max_send_streams();
                seen.allowed.store(allowed, Ordering::Relaxed);
                if let Some(told) = told.take_if(|_| allowed > 0) {
                    let _nobody_waits = told.send(());
                }
                // Asked until it is not ready: then it wakes this task.
                while allowed == 0 && look.poll_tick(cx).is_ready() {}
                ended
            });
            if let Err(error) = ended.await {
                tracing::debug!(%error, "a provider's connection ended");
            }
        });
        sender.ready().await?;
        // It is the first thing that a server says (RFC 9113, 3.4).
        let _unknown = tokio::time::timeout(SETTINGS_WITHIN, known).await;
        Ok(Self { sender, load, used: clock::instant() })
    }

    /// A place for one more request, if there is one. One caller at a time: the list that this stands in is locked.
    pub(super) fn take(&mut self) -> Option<Seat> {
        let allowed = match self.load.allowed.load(Ordering::Relaxed) {
            0 => IN_FLIGHT_MAX,
            allowed => allowed.min(IN_FLIGHT_MAX),
        };
        if self.load.in_flight.load(Ordering::Relaxed) >= allowed {
            return None;
        }
        self.load.in_flight.fetch_add(1, Ordering::Relaxed);
        self.used = clock::instant();
        Some(Seat { sender: self.sender.clone(), load: self.load.clone() })
    }

    /// True if the place is on this connection.
    pub(super) fn carries(&self, seat: &Seat) -> bool {
        Arc::ptr_eq(&self.load, &seat.load)
    }

    /// True if it cannot be used any more.
    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// True if nobody has used it for a while.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        self.load.in_flight.load(Ordering::Relaxed) == 0 && now.duration_since(self.used) > IDLE
    }
}
