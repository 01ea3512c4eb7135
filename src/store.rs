//! All the SQL. One file per noun; statements are constants, so that a test can prepare each of them.

mod access;
pub mod alone;
pub mod audit;
pub mod availability;
pub mod calls;
pub mod change;
pub mod console_sessions;
pub mod facet;
pub mod facets;
pub mod find;
pub mod groups;
pub mod holds;
pub mod installation;
pub mod keys;
pub mod ledger;
pub mod limits;
pub mod messages;
pub mod partitions;
pub mod prices;
pub mod private;
pub mod providers;
pub mod quarantine;
mod read;
pub mod reseal;
pub mod sessions;
pub mod settings;
pub mod snapshot;
pub mod storage;
pub mod sums;
pub mod traffic;
pub mod usage;
pub mod users;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
};

/// Declares a file's statements as constants, and `STATEMENTS`: all of them, for the test that prepares each one.
macro_rules! statements {
    ($( $(#[$doc:meta])* $name:ident = $sql:expr; )+) => {
        $( $(#[$doc])* const $name: &str = $sql; )+

        /// The statements of this file: name and text.
        pub const STATEMENTS: &[(&str, &str)] = &[$( (stringify!($name), $name), )+];
    };
}
pub(crate) use statements;

/// The migrations, in order. Released files never change.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "core", include_str!("../migrations/0001_core.sql")),
    (2, "limits", include_str!("../migrations/0002_limits.sql")),
    (3, "prices", include_str!("../migrations/0003_prices.sql")),
    (4, "ledger", include_str!("../migrations/0004_ledger.sql")),
    (5, "reserved", include_str!("../migrations/0005_reserved.sql")),
    (6, "routing", include_str!("../migrations/0006_routing.sql")),
    (7, "holds", include_str!("../migrations/0007_holds.sql")),
    (8, "attempt_times", include_str!("../migrations/0008_attempt_times.sql")),
    (9, "access", include_str!("../migrations/0009_access.sql")),
    (10, "insight", include_str!("../migrations/0010_insight.sql")),
    (11, "manage", include_str!("../migrations/0011_manage.sql")),
    (12, "token_mark", include_str!("../migrations/0012_token_mark.sql")),
    (13, "probes", include_str!("../migrations/0013_probes.sql")),
    (14, "sessions", include_str!("../migrations/0014_sessions.sql")),
    (15, "messages", include_str!("../migrations/0015_messages.sql")),
    (16, "hold_models", include_str!("../migrations/0016_hold_models.sql")),
    (17, "closed_sums", include_str!("../migrations/0017_closed_sums.sql")),
    (18, "last_probe", include_str!("../migrations/0018_last_probe.sql")),
    (19, "days_in_steps", include_str!("../migrations/0019_days_in_steps.sql")),
    (20, "shares", include_str!("../migrations/0020_shares.sql")),
    (21, "open_days", include_str!("../migrations/0021_open_days.sql")),
    (22, "erased_secrets", include_str!("../migrations/0022_erased_secrets.sql")),
    (23, "failed_calls", include_str!("../migrations/0023_failed_calls.sql")),
];

/// The channel on which replicas tell each other that configuration or holds changed, or calls were recorded.
pub const CHANNEL: &str = "switchyard";

/// A handle on Postgres. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    /// How often a connection was taken.
    n_uses: Arc<AtomicU64>,
    /// Connections for everything but the ledger's writer.
    pub(crate) pool: PgPool,
}

impl Store {
    /// Connects, waiting about 30 s for a database that is just starting.
    pub async fn connect(options: PgConnectOptions) -> anyhow::Result<Self> {
        Self::connect_as(options, reseal::HUB).await
    }

    /// The same under another name, for what is no hub.
    pub(super) async fn connect_as(options: PgConnectOptions, name: &str) -> anyhow::Result<Self> {
        let n_uses = Arc::<AtomicU64>::default();
        let (of_fresh, of_idle) = (Arc::clone(&n_uses), Arc::clone(&n_uses));
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .after_connect(move |_, _| {
                of_fresh.fetch_add(1, Ordering::Relaxed);
                Box::pin(async { Ok(()) })
            })
            .before_acquire(move |_, _| {
                of_idle.fetch_add(1, Ordering::Relaxed);
                Box::pin(async { Ok(true) })
            })
            .acquire_timeout(Duration::from_secs(10))
            .connect_lazy_with(options.application_name(name));
        let mut tries = 0;
        loop {
            match pool.acquire().await {
                Ok(_) => return Ok(Self { n_uses, pool }),
                Err(error) if tries >= 2 => return Err(error).context("cannot reach Postgres"),
                Err(error) => tracing::warn!(%error, "Postgres does not answer yet"),
            }
            tries += 1;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// Brings the schema up to date. sqlx holds an advisory lock meanwhile, so replicas may start together.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        migrator().run(&self.pool).await.context("the database schema could not be brought up to date")
    }

    /// Fails if the schema is not the one this release needs (`AUTO_MIGRATE=false`).
    pub async fn check_migrated(&self) -> anyhow::Result<()> {
        let newest = MIGRATIONS.iter().map(|(version, ..)| *version).max().unwrap_or_default();
        let found: Option<i64> = sqlx::query_scalar("select max(version) from _sqlx_migrations where success")
            .fetch_one(&self.pool)
            .await
            .context("the database has no schema yet: start once with AUTO_MIGRATE=true")?;
        anyhow::ensure!(
            found.is_some_and(|found| found >= newest),
            "the database schema is older than this release: start once with AUTO_MIGRATE=true"
        );
        Ok(())
    }

    /// The connections, for the listener that needs one of its own.
    pub(crate) const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// How often a connection was taken since the start.
    pub fn n_uses(&self) -> u64 {
        self.n_uses.load(Ordering::Relaxed)
    }

    /// Closes the connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// True if Postgres answers within a second.
    pub async fn answers(&self) -> bool {
        let asked = sqlx::query("select 1").execute(&self.pool);
        matches!(tokio::time::timeout(Duration::from_secs(1), asked).await, Ok(Ok(_)))
    }
}

/// Every statement: its file, its name and its text, for the test that prepares each one on the migrated schema.
pub fn all_statements() -> Vec<(&'static str, &'static str, &'static str)> {
    let files = [
        ("alone", alone::STATEMENTS),
        ("audit", audit::STATEMENTS),
        ("availability", availability::STATEMENTS),
        ("calls", calls::STATEMENTS),
        ("change", change::STATEMENTS),
        ("console_sessions", console_sessions::STATEMENTS),
        ("facets", facets::STATEMENTS),
        ("find", find::STATEMENTS),
        ("groups", groups::STATEMENTS),
        ("holds", holds::STATEMENTS),
        ("installation", installation::STATEMENTS),
        ("keys", keys::STATEMENTS),
        ("ledger", ledger::STATEMENTS),
        ("limits", limits::STATEMENTS),
        ("messages", messages::STATEMENTS),
        ("partitions", partitions::STATEMENTS),
        ("prices", prices::STATEMENTS),
        ("providers", providers::STATEMENTS),
        ("quarantine", quarantine::STATEMENTS),
        ("reseal", reseal::STATEMENTS),
        ("sessions", sessions::STATEMENTS),
        ("settings", settings::STATEMENTS),
        ("snapshot", snapshot::STATEMENTS),
        ("storage", storage::STATEMENTS),
        ("sums", sums::STATEMENTS),
        ("traffic", traffic::STATEMENTS),
        ("usage", usage::STATEMENTS),
        ("users", users::STATEMENTS),
    ];
    let of_file = |(file, statements): (&'static str, &'static [(&'static str, &'static str)])| {
        statements.iter().map(move |(name, sql)| (file, *name, *sql))
    };
    files.into_iter().flat_map(of_file).collect()
}

/// The migrations as sqlx takes them: embedded in the binary, without its macros.
fn migrator() -> Migrator {
    Migrator::with_migrations(
        MIGRATIONS
            .iter()
            .map(|(version, name, sql)| {
                Migration::new(*version, (*name).into(), MigrationType::Simple, sql.into_sql_str(), false)
            })
            .collect(),
    )
}
