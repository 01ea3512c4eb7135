//! Nothing outlives the tests: a small shell waits for the end of this process, however it comes, and cleans up.

use std::{
    io::Write,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicU16, Ordering},
    },
};

/// Kills the noted process groups and every Postgres below the folder, then removes the folder.
const CLEAN_UP: &str = r#"
while read -r sign pid; do
    if [ "$sign" = + ]; then pids="$pids $pid"; else pids=$(echo "$pids " | sed "s/ $pid / /"); fi
done
for pid in $pids; do kill -9 "-$pid" 2>/dev/null; done
find "$0" -name postmaster.pid 2>/dev/null | while read -r file; do kill -9 "$(head -n 1 "$file")" 2>/dev/null; done
for try in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$0" 2>/dev/null && break; sleep 0.2; done
"#;

struct Reaper {
    folder: PathBuf,
    orders: Mutex<ChildStdin>,
}

static REAPER: LazyLock<Reaper> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("switchyard-it-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut shell = Command::new("sh")
        .args(["-c", CLEAN_UP])
        .arg(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    Reaper { folder, orders: Mutex::new(shell.stdin.take().unwrap()) }
});

/// A new folder of this run, readable by other users so that Postgres may live in it.
pub fn folder(name: &str) -> PathBuf {
    static COUNT: AtomicU16 = AtomicU16::new(0);
    let folder = REAPER.folder.join(format!("{}-{name}", COUNT.fetch_add(1, Ordering::Relaxed)));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A port that nobody uses, below the range of outgoing connections.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = 20_000 + u16::try_from(std::process::id() % 100).unwrap() * 100;
    loop {
        let port = base + NEXT.fetch_add(1, Ordering::Relaxed) % 2_000;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Starts a process in a group of its own, which ends with the tests at the latest.
pub fn spawn(command: &mut Command) -> Child {
    let mut orders = REAPER.orders.lock().unwrap();
    let child = command.process_group(0).spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    writeln!(orders, "+ {}", child.id()).unwrap();
    child
}

/// Forgets a process that has ended and was waited for.
pub fn forget(pid: u32) {
    writeln!(REAPER.orders.lock().unwrap(), "- {pid}").unwrap();
}

/// Sends a signal to one process. False if there is none.
pub fn signal(pid: u32, signal: &str) -> bool {
    Command::new("kill")
        .args([&format!("-{signal}"), &pid.to_string()])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The last lines of a log.
pub fn tail(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}
