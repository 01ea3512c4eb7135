//! The private Postgres: what the hub uses when no `DSN` names another one.
//!
//! It lives in `<DATA_DIR>/postgres`, speaks over a unix socket only, and knows its callers by their uid (`peer`
//! with a map). It outlives a hub that was killed: the next hub adopts it.

mod binaries;
mod folders;
mod identity;
mod process;

use std::{path::Path, process::ExitStatus, time::Duration};

use anyhow::{Context, bail};
use rustix::process::{Signal, kill_process};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::process::Child;
use tokio_util::sync::CancellationToken;

use self::{binaries::Binaries, folders::Folders, identity::RunAs};
use crate::clock;

/// The superuser and the database inside.
const NAME: &str = "switchyard";

/// Part of the socket's name; nothing listens on that port.
const PORT: u16 = 5432;

/// How long it may take until it answers: a recovery after a crash replays at most some hundred megabytes.
const READY_WITHIN: Duration = Duration::from_mins(3);

/// How long one try to connect may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);

/// How long a fast shutdown may take before an immediate one is asked for; the next start then recovers.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// How often the server is looked at while it runs.
const WATCH_EVERY: Duration = Duration::from_millis(250);

/// A running private Postgres.
///
/// Dropping it asks the server to stop and does not wait: so it goes when the hub's start fails after its own.
#[derive(Debug)]
pub struct PrivatePostgres {
    binaries: Binaries,
    folders: Folders,
    run_as: RunAs,
    /// The postmaster, if this process started it; none if it was adopted.
    child: Option<Child>,
}

impl PrivatePostgres {
    /// Initialises the data below `data_dir` if there are none, then starts the server or adopts the running one.
    ///
    /// The caller holds the lock of `data_dir`. `pg_bin` is the folder of `initdb` and `postgres`, if not the usual one.
    pub async fn start(data_dir: &Path, pg_bin: Option<&Path>) -> anyhow::Result<Self> {
        let started = clock::instant();
        let folders = Folders::below(data_dir)?;
        let binaries = Binaries::locate(pg_bin, folders.major_version()?.as_deref()).await?;
        let run_as = identity::choose(&folders, &binaries).await?;
        folders.prepare(&run_as)?;
        let mut postgres = Self { binaries, folders, run_as, child: None };
        if !postgres.folders.is_initialised() {
            postgres.initialise().await?;
        }
        postgres.bring_up().await?;
        postgres.create_database().await?;
        tracing::info!(
            duration_ms = clock::ms_since(started),
            adopted = postgres.child.is_none(),
            "private Postgres is ready"
        );
        Ok(postgres)
    }

    /// How to connect to it.
    pub fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass().socket(&self.folders.socket).port(PORT).username(NAME).database(NAME)
    }

    /// Starts the server again whenever it dies, until `stopping` is told; then stops it.
    pub async fn keep(mut self, stopping: CancellationToken) -> anyhow::Result<()> {
        loop {
            tokio::select! {
                () = stopping.cancelled() => return self.stop().await,
                () = tokio::time::sleep(WATCH_EVERY) => {}
            }
            if self.is_running()? {
                continue;
            }
            tracing::error!("private Postgres died; starting it again");
            tokio::select! {
                () = stopping.cancelled() => return self.stop().await,
                done = self.bring_up() => match done {
                    Ok(()) => tracing::info!("private Postgres is back"),
                    Err(error) => tracing::error!(error = format!("{error:#}"), "private Postgres does not start"),
                },
            }
        }
    }

    /// Stops the server: open transactions are rolled back, everything committed is on disk.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let Some(pid) = self.running_pid()? else { return Ok(()) };
        for signal in [Signal::INT, Signal::QUIT] {
            kill_process(pid, signal).context("cannot signal the private Postgres")?;
            let asked = clock::instant();
            while asked.elapsed() < STOP_WITHIN {
                if !self.is_running()? {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        bail!("the private Postgres does not stop (process {})", pid.as_raw_nonzero());
    }

    /// Makes the data. A second try follows a first that failed: nothing is lost by it, and what was in the way of one
    /// start (no room, no memory) may have passed.
    async fn initialise(&self) -> anyhow::Result<()> {
        let Err(error) = self.initdb().await else { return Ok(()) };
        tracing::warn!(error = format!("{error:#}"), "the private Postgres was not initialised; trying once more");
        self.initdb().await
    }

    /// Runs `initdb` in a folder beside, then moves it into place: an initialisation that was cut short leaves nothing.
    async fn initdb(&self) -> anyhow::Result<()> {
        let draft = self.folders.draft(&self.run_as)?;
        let log = self.folders.fresh_log("initdb.log")?;
        let status = self
            .run_as
            .command(&self.binaries.folder.join("initdb"))
            .arg("-D")
            .arg(&draft)
            .args(["-U", NAME, "--auth=peer", "--locale=C", "--encoding=UTF8", "--data-checksums", "--no-instructions"])
            .stdout(log.try_clone()?)
            .stderr(log)
            .status()
            .await
            .context("cannot run initdb")?;
        if !status.success() {
            bail!("initdb failed ({status}): {}", self.folders.complaint("initdb.log", 0));
        }
        std::fs::rename(&draft, &self.folders.data).context("cannot put the new database into place")
    }

    /// Starts the server if it does not run, and waits until it answers.
    async fn bring_up(&mut self) -> anyhow::Result<()> {
        let started = clock::instant();
        let (mut n_starts, logged) = (0, self.folders.server_log_bytes());
        loop {
            match self.connect().await {
                Ok(connection) => return connection.close().await.context("private Postgres"),
                Err(error) if started.elapsed() > READY_WITHIN => {
                    return Err(error).context("the private Postgres does not get ready");
                }
                Err(_) => {}
            }
            if !self.is_running()? {
                if n_starts == 2 {
                    bail!("the private Postgres ends at once: {}", self.folders.complaint("server.log", logged));
                }
                n_starts += 1;
                self.spawn().await?;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Starts the server's process.
    async fn spawn(&mut self) -> anyhow::Result<()> {
        process::clear_stale_lock(&self.folders).await?;
        let log = self.folders.server_log()?;
        let setting = |name: &str, value: &Path| format!("{name}={}", value.display());
        let mut command = self.run_as.command(&self.binaries.folder.join("postgres"));
        command.arg("-D").arg(&self.folders.data).arg("-k").arg(&self.folders.socket);
        command.arg("-p").arg(PORT.to_string());
        for fixed in [
            "listen_addresses=",
            "unix_socket_permissions=0700",
            "max_connections=60",
            "shared_buffers=64MB",
            "max_wal_size=512MB",
            "jit=off",
            "timezone=UTC",
            "log_timezone=UTC",
            "log_checkpoints=off",
        ] {
            command.args(["-c", fixed]);
        }
        command.args(["-c", &setting("hba_file", &self.folders.hba())]);
        command.args(["-c", &setting("ident_file", &self.folders.ident())]);
        // Its own process group: Ctrl-C reaches the hub only, which then stops Postgres last.
        command.stdout(log.try_clone()?).stderr(log).process_group(0);
        self.child = Some(command.spawn().context("cannot start postgres")?);
        Ok(())
    }

    /// The postmaster's process, if it runs.
    fn running_pid(&mut self) -> anyhow::Result<Option<rustix::process::Pid>> {
        if let Some(child) = &mut self.child {
            let ended: Option<ExitStatus> = child.try_wait()?;
            if ended.is_none() {
                return Ok(child.id().and_then(process::pid));
            }
            self.child = None;
        }
        Ok(process::postmaster(&self.folders))
    }

    /// True if the postmaster runs, whether or not it answers yet.
    fn is_running(&mut self) -> anyhow::Result<bool> {
        Ok(self.running_pid()?.is_some())
    }

    /// A connection to the maintenance database.
    async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let options = self.options().database("postgres");
        let connecting = PgConnection::connect_with(&options);
        tokio::time::timeout(CONNECT_WITHIN, connecting).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    /// Creates the hub's database if it is not there.
    async fn create_database(&self) -> anyhow::Result<()> {
        let mut connection = self.connect().await?;
        let exists: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(NAME)
            .fetch_one(&mut connection)
            .await?;
        if !exists {
            sqlx::query("create database switchyard").execute(&mut connection).await?;
        }
        Ok(connection.close().await?)
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        if let Ok(Some(pid)) = self.running_pid()
            && let Err(error) = kill_process(pid, Signal::INT)
        {
            tracing::warn!(%error, "the private Postgres was not told to stop");
        }
    }
}

#[cfg(test)]
mod tests;
