//! Whether a postmaster runs, and what a dead one left behind.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, bail};
use rustix::process::Pid;

use super::{PORT, folders::Folders};
use crate::clock;

/// How long the children of a dead postmaster may take to notice and end.
const ORPHANS_WITHIN: Duration = Duration::from_secs(30);

/// A process id in the form that signals take.
pub(super) fn pid(raw: u32) -> Option<Pid> {
    Pid::from_raw(raw.try_into().ok()?)
}

/// The running postmaster that the data's lock file names.
///
/// The id alone is not enough: it may since belong to another program, or to a zombie that nobody reaps.
pub(super) fn postmaster(folders: &Folders) -> Option<Pid> {
    let text = fs::read_to_string(folders.data.join("postmaster.pid")).ok()?;
    let raw: u32 = text.lines().next()?.trim().parse().ok()?;
    let process = Path::new("/proc").join(raw.to_string());
    (!is_zombie(&process) && works_in(&process, &folders.data)).then(|| pid(raw)).flatten()
}

/// Removes the lock of a postmaster that was killed: Postgres takes the lock of a zombie for a living one's and
/// would not start. Waits for its children first, for as long as one of them works in the data a second server must not.
pub(super) async fn clear_stale_lock(folders: &Folders) -> anyhow::Result<()> {
    let lock = folders.data.join("postmaster.pid");
    if !lock.exists() || postmaster(folders).is_some() {
        return Ok(());
    }
    let waiting = clock::instant();
    while any_process_works_in(&folders.data)? {
        if waiting.elapsed() > ORPHANS_WITHIN {
            bail!("processes of a dead Postgres still use {}", folders.data.display());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tracing::warn!("removing the lock of a private Postgres that did not stop cleanly");
    let socket = folders.socket.join(format!(".s.PGSQL.{PORT}"));
    for left in [&socket.with_extension(format!("{PORT}.lock")), &socket, &lock] {
        match fs::remove_file(left) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", left.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// True if some process has `folder` as its working directory, as every process of a server has.
fn any_process_works_in(folder: &Path) -> anyhow::Result<bool> {
    let processes = fs::read_dir("/proc").context("cannot read /proc")?;
    Ok(processes.flatten().any(|process| works_in(&process.path(), folder)))
}

/// True if the process's working directory is `folder`.
fn works_in(process: &Path, folder: &Path) -> bool {
    fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == folder)
}

/// True if the process has ended but not been reaped. `stat` reads `12 (name) Z …`, and a name may hold anything.
fn is_zombie(process: &Path) -> bool {
    let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
    stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with('Z'))
}
