//! Start order and stop order, mirrored.

pub mod limits;
pub mod lock;
pub mod rotate;

use std::{
    future::Future,
    net::SocketAddr,
    str::FromStr,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use anyhow::Context;
use arc_swap::ArcSwap;
use sqlx::postgres::PgConnectOptions;
use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use self::lock::DataDirLock;
use crate::{
    admin::export::Exports,
    clock,
    config::Config,
    health::Health,
    hub::{Hub, Shared},
    jobs::{self, drain::Drain, partitions::DAYS_AHEAD},
    ledger::Ledger,
    limit::{brake::Brake, bytes::ByteBudget, parking::Parking, recent::RecentOutput, spans::Calendars},
    relay::{capture::Captures, live::LiveCalls},
    route::snapshot::{self, Snapshot},
    secret::{self, Sealer, Secret},
    state::State,
    store::{
        Store,
        alone::{Alone, Role},
        prices,
        private::PrivatePostgres,
    },
    telemetry::{Telemetry, counters::Counters},
    upstream::client::Clients,
};

/// How long the ledger may take to reach Postgres when the hub stops. What is left waits in the journal.
const FLUSH: Duration = Duration::from_secs(10);

/// How long what is cut may take to settle.
const CUT: Duration = Duration::from_secs(1);

/// How long what is left of another life is waited for when the hub starts with Redis, and how long Redis may take to be
/// told what is new then and when it stops.
const STATE_WITHIN: Duration = Duration::from_secs(1);

/// How long Redis may be silent when the hub starts. Nobody waits for one that is away for longer.
const REDIS_WITHIN: Duration = Duration::from_secs(2);

/// How often, and how far apart, it is looked whether a hub that was just killed has let go of the database.
const GONE_LOOKS: u32 = 100;
const GONE_LOOK: Duration = Duration::from_millis(100);

/// Passwords that are hashed at the same time: each takes a core for a quarter of a second.
const PASSWORDS_AT_ONCE: usize = 2;

/// A hub that was started: what must be stopped in order.
pub struct Started {
    /// The hub.
    pub hub: Hub,
    /// The admin token, if it was made just now: to be shown once.
    pub fresh_admin_token: Option<Secret>,
    /// The port, already taken, until somebody serves it.
    listener: Option<TcpListener>,
    recorder: JoinHandle<anyhow::Result<()>>,
    jobs: Vec<JoinHandle<()>>,
    postgres: Option<(CancellationToken, JoinHandle<anyhow::Result<()>>)>,
    _lock: DataDirLock,
}

/// Starts everything but the server: locks, database, migrations, secrets, snapshot, jobs.
pub async fn start(config: Config, telemetry: Telemetry) -> anyhow::Result<Started> {
    limits::prepare();
    // An error says that somebody has installed it before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let lock = DataDirLock::take(&config.data_dir)?;
    let listener = listen(config.listen).await?;
    let (master_key, _) = own_secret(&config, config.master_key.as_ref(), "master.key", secret::generate_master_key)?;
    let sealer = Sealer::from_base64(master_key.expose())?;
    let make_token = || secret::generate("sy-admin-").expose().to_owned();
    let (admin_token, is_fresh) = own_secret(&config, config.admin_token.as_ref(), "admin.token", make_token)?;

    let (options, postgres) = database(&config).await?;
    let store = Store::connect(options).await?;
    prepare(&config, &store, &sealer).await?;
    let alone = if config.redis_url.is_none() { Some(take_alone(&store).await?) } else { None };
    let hub = assemble(config, telemetry, store, sealer, &admin_token).await?;
    let mut recorder = spawn(jobs::record::run(hub.clone()));
    let mut jobs = vec![
        spawn(jobs::sync::run(hub.clone())),
        spawn(jobs::notify::run(hub.clone())),
        spawn(jobs::partitions::run(hub.clone())),
        spawn(jobs::days::run(hub.clone())),
        spawn(jobs::sweep::run(hub.clone())),
        spawn(jobs::prices::run(hub.clone())),
        spawn(jobs::state::run(hub.clone())),
        spawn(jobs::holds::run(hub.clone())),
        spawn(jobs::messages::run(hub.clone())),
    ];
    jobs.extend(alone.map(|alone| spawn(jobs::alone::run(hub.clone(), alone))));
    count_what_was_spent(&hub, &mut recorder).await?;
    // What a probe costs is counted on top of what was spent.
    jobs.push(spawn(jobs::probe::run(hub.clone())));
    let fresh_admin_token = is_fresh.then_some(admin_token);
    Ok(Started { hub, fresh_admin_token, listener: Some(listener), recorder, jobs, postgres, _lock: lock })
}

impl Started {
    /// Where the hub listens.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.as_ref().map_or(Ok(self.hub.config.listen), TcpListener::local_addr)
    }

    /// The port, for the server. None the second time.
    pub const fn take_listener(&mut self) -> Option<TcpListener> {
        self.listener.take()
    }

    /// Stops in the order opposite to the start. Callers have been served and no new ones come.
    pub async fn stop(self) {
        let Self { hub, recorder, jobs, postgres, .. } = self;
        hub.stopping.cancel();
        let patience = Duration::from_millis(hub.snapshot.load().settings.drain_ms).min(FLUSH);
        if !hub.drain.finish(patience).await {
            tracing::warn!(n = hub.drain.len(), "answers of clients that left are cut");
            // What is cut is settled with what is known of it, and recorded.
            hub.cutting.cancel();
            hub.drain.finish(CUT).await;
        }
        // What the disk did not take before is tried a last time.
        hub.ledger.flush_unwritten();
        hub.recorder_may_stop.cancel();
        match tokio::time::timeout(FLUSH, recorder).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::error!(error = format!("{error:#}"), "the ledger's writer failed"),
            Ok(Err(error)) => tracing::error!(%error, "the ledger's writer failed"),
            Err(_) => tracing::warn!("Postgres does not take the last entries; they wait in the journal"),
        }
        hub.state.flush(STATE_WITHIN).await;
        let _late = tokio::time::timeout(STATE_WITHIN, jobs::holds::write(&hub)).await;
        for job in jobs {
            job.abort();
        }
        let _late = tokio::time::timeout(STATE_WITHIN, jobs::messages::write_rest(&hub)).await;
        if let Err(error) = hub.ledger.journal().sync() {
            tracing::error!(%error, "the journal cannot be synced");
        }
        hub.store.close().await;
        if let Some((may_stop, keeper)) = postgres {
            may_stop.cancel();
            if let Ok(Err(error)) = keeper.await {
                tracing::error!(error = format!("{error:#}"), "the private Postgres");
            }
        }
        tracing::info!("stopped");
    }
}

/// Starts a task. Here and in `jobs` only.
fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    #[expect(clippy::disallowed_methods, reason = "boot starts the jobs")]
    tokio::spawn(work)
}

/// Counters begin with what the ledger says: first everything that earlier processes left in the journal goes there
/// (docs/rules.md, Ledger). Redis may know it already, so it is not waited for as long as memory.
async fn count_what_was_spent(hub: &Hub, recorder: &mut JoinHandle<anyhow::Result<()>>) -> anyhow::Result<()> {
    let late = async {
        match hub.state {
            State::Memory(_) => std::future::pending::<()>().await,
            State::Redis(_) => tokio::time::sleep(STATE_WITHIN).await,
        }
    };
    tokio::select! {
        biased;
        () = hub.ledger.caught_up.cancelled() => {}
        result = recorder => return result?.and_then(|()| anyhow::bail!("the ledger's writer has stopped")),
        () = late => {}
    }
    match hub.state {
        State::Memory(_) => hub.state.load(hub.store.limit_sums().await.context("what was spent cannot be read")?),
        State::Redis(_) => {
            hub.state.ready(REDIS_WITHIN).await;
            hub.state.flush(STATE_WITHIN).await;
        }
    }
    Ok(())
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address} (APP_HOST, APP_PORT)"))
}

/// A secret of the environment, or of a file beside the data, made if it is not there.
fn own_secret(
    config: &Config,
    given: Option<&Secret>,
    file: &str,
    make: impl FnOnce() -> String,
) -> anyhow::Result<(Secret, bool)> {
    match given {
        Some(secret) => Ok((secret.clone(), false)),
        None => secret::read_or_create(&config.data_dir.join(file), make),
    }
}

/// The database of `DSN`, or a private one that is watched until the hub stops.
async fn database(
    config: &Config,
) -> anyhow::Result<(PgConnectOptions, Option<(CancellationToken, JoinHandle<anyhow::Result<()>>)>)> {
    if let Some(dsn) = &config.dsn {
        let options = PgConnectOptions::from_str(dsn.expose()).context("DSN is no Postgres URL")?;
        return Ok((options, None));
    }
    let postgres = PrivatePostgres::start(&config.data_dir, config.pg_bin.as_deref()).await?;
    let options = postgres.options();
    let may_stop = CancellationToken::new();
    let keeper = spawn(postgres.keep(may_stop.clone()));
    Ok((options, Some((may_stop, keeper))))
}

/// Takes the database for this hub alone. A hub that was just killed may hold it for another moment, until Postgres comes
/// to see that.
async fn take_alone(store: &Store) -> anyhow::Result<Alone> {
    for _ in 0..GONE_LOOKS {
        if let Some(alone) = store.take_alone(Role::Counter).await? {
            return Ok(alone);
        }
        tokio::time::sleep(GONE_LOOK).await;
    }
    anyhow::bail!(
        "another hub works on this database: set REDIS_URL for all of them, so that they share their counters"
    )
}

/// Brings the database to where this release needs it.
async fn prepare(config: &Config, store: &Store, sealer: &Sealer) -> anyhow::Result<()> {
    if config.auto_migrate {
        store.migrate().await?;
    } else {
        store.check_migrated().await?;
    }
    store.prove_master_key(sealer).await?;
    store.seed_prices(&prices::builtin()?).await?;
    // The job tries again, and without partitions nothing is lost.
    if let Err(error) = store.create_partitions(clock::now(), DAYS_AHEAD).await {
        tracing::warn!(%error, "partitions could not be created");
    }
    Ok(())
}

async fn assemble(
    config: Config,
    telemetry: Telemetry,
    store: Store,
    sealer: Sealer,
    admin_token: &Secret,
) -> anyhow::Result<Hub> {
    let ledger = Ledger::open(&config.data_dir.join("journal"))?;
    let state = State::connect(config.redis_url.as_ref()).await?;
    let hub = Hub::new(Shared {
        store,
        snapshot: ArcSwap::new(Arc::new(Snapshot::default())),
        health: Health::default(),
        ledger,
        live: LiveCalls::default(),
        telemetry,
        counters: Counters::default(),
        clients: Clients::default(),
        drain: Drain::new(),
        captures: Captures::new(config.store_session_messages),
        bodies: ByteBudget::default(),
        parking: Parking::default(),
        recent_output: RecentOutput::default(),
        calendars: Calendars::default(),
        key_brake: Brake::default(),
        login_brake: Brake::default(),
        password_turns: Arc::new(Semaphore::new(PASSWORDS_AT_ONCE)),
        reloading: tokio::sync::Mutex::default(),
        reloads_wished: AtomicU64::new(0),
        exports: Exports::default(),
        state,
        sealer,
        admin_token: secret::hash(admin_token.expose()),
        stopping: CancellationToken::new(),
        cutting: CancellationToken::new(),
        recorder_may_stop: CancellationToken::new(),
        config,
    });
    snapshot::reload(&hub).await?;
    hub.health.learn(hub.store.open_holds().await.context("the holds cannot be read")?, clock::now());
    Ok(hub)
}
