//! Where the data of the filled hub are: in a folder that goes with this run, or in one that is kept for the next (`DATA`).

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use chrono::Utc;
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;

use super::process::Process;

/// The file that says that a folder holds a filled hub, and with how many calls.
const MARK: &str = "bench-console.json";

/// Bytes of a path below which Postgres finds room for its socket.
const PATH_BYTES_MAX: usize = 80;

/// The folder. Nothing runs in it once this is dropped; it goes then too, unless it is to be kept.
pub struct Home {
    path: PathBuf,
    is_kept: bool,
}

impl Home {
    /// The folder that `DATA` names, or a fresh one.
    pub fn open() -> Self {
        let named = std::env::var_os("DATA").filter(|path| !path.is_empty()).map(PathBuf::from);
        let is_kept = named.is_some();
        let fresh = || std::env::temp_dir().join(format!("switchyard-console-{}", std::process::id()));
        let path = named.unwrap_or_else(fresh);
        let n_bytes = path.as_os_str().len();
        assert!(
            path.is_absolute() && n_bytes <= PATH_BYTES_MAX,
            "DATA must be a whole path, at most {PATH_BYTES_MAX} bytes"
        );
        fs::create_dir_all(&path).unwrap();
        Self { path, is_kept }
    }

    /// When it was filled, if it is; with `n_calls`, or not at all.
    pub fn filled_at(&self, n_calls: u64) -> Option<String> {
        let path = self.path.display();
        if let Ok(text) = fs::read_to_string(self.path.join(MARK)) {
            let mark: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(mark["calls"].as_u64(), Some(n_calls), "{path} was filled with another number of CALLS");
            return Some(mark["at"].as_str().unwrap_or_default().to_owned());
        }
        let n_files = fs::read_dir(&self.path).unwrap().count();
        assert_eq!(n_files, 0, "{path} holds something else, or a hub that was filled by half: it has to go first");
        None
    }

    /// Says that it is filled.
    pub fn mark(&self, n_calls: u64) {
        let mark = json!({ "calls": n_calls, "at": Utc::now().to_rfc3339() });
        fs::write(self.path.join(MARK), mark.to_string()).unwrap();
    }

    /// Starts a hub in it.
    pub async fn start(&self, name: &str) -> Process {
        // The account of the private Postgres passes through it.
        fs::set_permissions(&self.path, fs::Permissions::from_mode(0o711)).unwrap();
        let path = self.path.to_str().expect("DATA must be UTF-8");
        // What is given goes before the process's own folder, which stays empty.
        Process::start(name, &[("DATA_DIR", path), ("STORE_SESSION_MESSAGES", "true")]).await
    }

    /// How to connect to the Postgres of the hub that runs in it.
    pub fn postgres(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(self.path.join("postgres/run"))
            .port(5432)
            .username("switchyard")
            .database("switchyard")
    }

    /// Stops the Postgres that a hub has left behind that was killed.
    fn stop_postgres(&self) {
        let data = self.path.join("postgres/data");
        let lock = data.join("postmaster.pid");
        let Ok(text) = fs::read_to_string(&lock) else { return };
        let pid = text.lines().next().unwrap_or_default().trim();
        // The number may be another program's by now.
        let folder = fs::read_link(Path::new("/proc").join(pid).join("cwd"));
        if !folder.is_ok_and(|folder| data.canonicalize().is_ok_and(|data| data == folder)) {
            return;
        }
        // In order, so that nothing is lost, or at once.
        let signal = if self.is_kept { "-INT" } else { "-QUIT" };
        let _ = Command::new("kill").args([signal, pid]).status();
        for _ in 0..600 {
            if !lock.exists() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.stop_postgres();
        if !self.is_kept {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
