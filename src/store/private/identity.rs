//! As whom Postgres runs: it refuses to be root, and it knows its callers by their account.

use std::{os::unix::fs::MetadataExt, path::Path, process::Stdio};

use anyhow::{Context, bail};
use rustix::process::{getegid, geteuid};
use tokio::process::Command;

use super::{binaries::Binaries, folders::Folders};

/// The account that Debian's package creates.
const POSTGRES: &str = "postgres";

/// What the kernel shows for a uid that has no place in a user namespace (`user_namespaces(7)`).
const OVERFLOW_UID: u32 = 65_534;

/// An account of the operating system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    name: String,
    uid: u32,
    gid: u32,
}

/// As whom the programs run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RunAs {
    /// As the hub itself.
    Hub(Account),
    /// The hub is root, and they change to this account.
    Other(Account),
    /// In a user namespace in which the hub's uid looks like this account's. Files stay the hub's.
    ///
    /// For root without a usable account, and for a uid without any account.
    Namespace(Account),
}

impl RunAs {
    /// A command that runs `program` so, and sees nothing of the hub's environment.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = match self {
            Self::Hub(_) => Command::new(program),
            Self::Other(account) => {
                let mut command = Command::new(program);
                command.uid(account.uid).gid(account.gid);
                command
            }
            Self::Namespace(account) => {
                let mut command = Command::new("unshare");
                command.arg("--user").arg(format!("--map-user={}", account.uid));
                command.arg(format!("--map-group={}", account.gid)).arg("--").arg(program);
                command
            }
        };
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C").env("TZ", "UTC");
        command.stdin(Stdio::null()).current_dir("/");
        command
    }

    /// The uid, as the hub sees it, that the server's files belong to.
    pub(super) fn server_uid(&self) -> u32 {
        match self {
            Self::Other(account) => account.uid,
            Self::Hub(_) | Self::Namespace(_) => geteuid().as_raw(),
        }
    }

    /// The group of the server's files, if it is another than the hub's.
    pub(super) fn server_gid(&self) -> Option<u32> {
        match self {
            Self::Other(account) => Some(account.gid),
            Self::Hub(_) | Self::Namespace(_) => None,
        }
    }

    /// The accounts that may be the hub, as the server sees them: root, and whoever runs the server.
    pub(super) fn os_users(&self) -> anyhow::Result<Vec<String>> {
        let (Self::Hub(account) | Self::Other(account) | Self::Namespace(account)) = self;
        let root = account_by(|candidate| candidate.uid == 0)?.map(|root| root.name);
        let users = root.into_iter().chain([account.name.clone()]);
        Ok(users.filter(|name| !name.contains(['"', '\n'])).collect())
    }
}

/// Decides as whom to run: as the owner of existing data, else as the least privileged that works here.
pub(super) async fn choose(folders: &Folders, binaries: &Binaries) -> anyhow::Result<RunAs> {
    let hub = geteuid().as_raw();
    match (hub, folders.owner()?) {
        (0, Some(0)) => namespace().await,
        (0, Some(owner)) => {
            let account = account_by(|account| account.uid == owner)?;
            let account = account.with_context(|| {
                format!("{} belongs to uid {owner}, which has no account here", folders.data.display())
            })?;
            if !may_reach(&folders.root, binaries) {
                bail!(
                    "{} belongs to `{}`, who cannot reach it: every folder above must let others pass (chmod o+x)",
                    folders.data.display(),
                    account.name
                );
            }
            Ok(RunAs::Other(account))
        }
        (0, None) => match account_by(|account| account.name == POSTGRES)? {
            Some(account) if may_reach(&folders.root, binaries) => Ok(RunAs::Other(account)),
            _ => namespace().await,
        },
        (hub, Some(owner)) if owner != hub => {
            bail!("{} belongs to uid {owner}, but the hub runs as uid {hub}", folders.data.display())
        }
        (hub, _) => match account_by(|account| account.uid == hub)? {
            Some(account) => Ok(RunAs::Hub(Account { gid: getegid().as_raw(), ..account })),
            None => namespace().await,
        },
    }
}

/// A user namespace, if this system lets the hub make one.
async fn namespace() -> anyhow::Result<RunAs> {
    // An unmapped caller looks like the overflow uid, so the hub must not share that one.
    let usable = |account: &Account| account.uid != 0 && account.uid != OVERFLOW_UID;
    let account = account_by(usable)?.context("no account in /etc/passwd that Postgres could run as")?;
    let run_as = RunAs::Namespace(account);
    let tried = run_as.command(Path::new("/bin/true")).stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    if !tried.is_ok_and(|status| status.success()) {
        bail!(
            "Postgres does not run as root, and this system allows no user namespace. Create an account for it \
             (useradd --system {POSTGRES}) that may enter DATA_DIR, or run the hub as another user, or set DSN"
        );
    }
    Ok(run_as)
}

/// True if every account may pass to the data and the programs.
fn may_reach(root: &Path, binaries: &Binaries) -> bool {
    let passable = |folder: &Path| folder.metadata().is_ok_and(|found| found.mode() & 0o001 != 0);
    root.ancestors().chain(binaries.folder.ancestors()).all(passable)
}

/// The first account of this system that `is_it` holds for.
fn account_by(is_it: impl Fn(&Account) -> bool) -> anyhow::Result<Option<Account>> {
    let text = std::fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
    Ok(text.lines().filter_map(account).find(is_it))
}

/// Reads a line of `/etc/passwd`: `name:password:uid:gid:…`.
fn account(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(Account { name, uid, gid })
}
