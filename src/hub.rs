//! [`Hub`]: everything the running hub shares, built once, cheap to clone.

use std::{
    ops::Deref,
    sync::{Arc, atomic::AtomicU64},
};

use arc_swap::ArcSwap;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{
    admin::export::Exports,
    config::Config,
    health::Health,
    jobs::drain::Drain,
    ledger::Ledger,
    limit::{brake::Brake, bytes::ByteBudget, parking::Parking, recent::RecentOutput, spans::Calendars},
    relay::{capture::Captures, live::LiveCalls},
    route::snapshot::Snapshot,
    secret::{Sealer, SecretHash},
    state::State,
    store::Store,
    telemetry::{Telemetry, counters::Counters},
    upstream::client::Clients,
};

/// A handle on the running hub.
#[derive(Clone)]
pub struct Hub(Arc<Shared>);

/// What every part of the hub may reach through its handle.
pub struct Shared {
    /// What the environment said.
    pub config: Config,
    /// Postgres.
    pub store: Store,
    /// Everything routing needs, as one immutable value. A call keeps the one it began with, and takes the
    /// newest after it has waited.
    pub snapshot: ArcSwap<Snapshot>,
    /// What may be used just now.
    pub health: Health,
    /// Where calls are recorded.
    pub ledger: Ledger,
    /// Calls that run in this replica, and the live feed.
    pub live: LiveCalls,
    /// The log.
    pub telemetry: Telemetry,
    /// What is counted for Prometheus.
    pub counters: Counters,
    /// Connections to providers.
    pub clients: Clients,
    /// Where calls go whose client has left.
    pub drain: Drain,
    /// Messages of calls on their way to the database, where they are captured.
    pub captures: Captures,
    /// Memory for request bodies.
    pub bodies: ByteBudget,
    /// Calls that wait for a provider.
    pub parking: Parking,
    /// What models have lately written.
    pub recent_output: RecentOutput,
    /// Where days, weeks and months began.
    pub calendars: Calendars,
    /// Wrong relay keys, per address.
    pub key_brake: Brake,
    /// Wrong admin tokens and passwords, per address and per name.
    pub login_brake: Brake,
    /// Turns to hash a password: so many at the same time, so that logins leave the machine to the calls.
    pub password_turns: Arc<Semaphore>,
    /// Held while a snapshot is read, so that an older reading never replaces a newer one: how many wishes for one are
    /// fulfilled.
    pub reloading: tokio::sync::Mutex<u64>,
    /// How many wishes for a new snapshot there were.
    pub reloads_wished: AtomicU64,
    /// Exports whose readers want to know how far they are.
    pub exports: Exports,
    /// Shared but forgettable state: memory or Redis.
    pub state: State,
    /// Seals and opens provider secrets.
    pub sealer: Sealer,
    /// The hash of the admin token.
    pub admin_token: SecretHash,
    /// Told once, when the hub stops: no new calls, no console streams.
    pub stopping: CancellationToken,
    /// Told once, when the grace of a stop is over: answers that still run are cut.
    pub cutting: CancellationToken,
    /// Told once, when nothing is left that could be recorded.
    pub recorder_may_stop: CancellationToken,
}

impl Hub {
    /// Takes the parts that `boot` has made.
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// True if new calls are refused since the journal holds as much as it may.
    pub fn is_journal_full(&self) -> bool {
        self.ledger.is_at_bound(self.snapshot.load().settings.journal_bytes_max)
    }
}

impl Deref for Hub {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
