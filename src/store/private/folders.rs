//! Where the private Postgres keeps what, and to whom it belongs.
//!
//! What the server must not write (its rules of access) stays with the hub; `data` and the socket's folder are the
//! server's own.

use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

use super::{NAME, PORT, identity::RunAs};

/// Bytes that the path of a unix socket may have, without its final zero (`sun_path`, unix(7)).
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// A longer log is put aside when the server starts; one older log is kept.
const LOG_BYTES_MAX: u64 = 8 << 20;

/// The folders, all absolute.
#[derive(Debug)]
pub(super) struct Folders {
    /// `<DATA_DIR>/postgres`.
    pub(super) root: PathBuf,
    /// The data directory of Postgres.
    pub(super) data: PathBuf,
    /// The folder of the socket.
    pub(super) socket: PathBuf,
}

impl Folders {
    /// Makes `<data_dir>/postgres`, and says where the rest belongs.
    pub(super) fn below(data_dir: &Path) -> anyhow::Result<Self> {
        let root = data_dir.join("postgres");
        fs::create_dir_all(&root).with_context(|| format!("cannot create {}", root.display()))?;
        // The server's account has to pass through it.
        fs::set_permissions(&root, fs::Permissions::from_mode(0o711))?;
        let root = root.canonicalize()?;
        let socket = root.join("run");
        let longest = format!(".s.PGSQL.{PORT}");
        let fits = socket.join(longest).as_os_str().len() <= SOCKET_PATH_BYTES_MAX;
        let socket = if fits { socket } else { short_folder(&root) };
        Ok(Self { data: root.join("data"), socket, root })
    }

    /// The major version that wrote the data, if there are any.
    pub(super) fn major_version(&self) -> anyhow::Result<Option<String>> {
        match fs::read_to_string(self.data.join("PG_VERSION")) {
            Ok(text) => Ok(Some(text.trim().to_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", self.data.display())),
        }
    }

    /// True if there are data.
    pub(super) fn is_initialised(&self) -> bool {
        self.data.join("PG_VERSION").exists()
    }

    /// The uid that the data belong to, if there are any.
    pub(super) fn owner(&self) -> anyhow::Result<Option<u32>> {
        match self.data.metadata() {
            Ok(found) if found.is_dir() => Ok(Some(found.uid())),
            Ok(_) => bail!("{} is not a folder", self.data.display()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", self.data.display())),
        }
    }

    /// Makes the socket's folder and writes the rules of access.
    pub(super) fn prepare(&self, run_as: &RunAs) -> anyhow::Result<()> {
        own_folder(&self.socket, run_as)?;
        write(&self.hba(), &format!("local all all peer map={NAME}\n"))?;
        let map = run_as.os_users()?;
        let map = map.iter().map(|user| format!("{NAME} \"{user}\" {NAME}\n"));
        write(&self.ident(), &map.collect::<String>())
    }

    /// The file that says how callers are known.
    pub(super) fn hba(&self) -> PathBuf {
        self.root.join("hba.conf")
    }

    /// The file that says who may be the hub.
    pub(super) fn ident(&self) -> PathBuf {
        self.root.join("ident.conf")
    }

    /// An empty folder beside the data, for `initdb`.
    pub(super) fn draft(&self, run_as: &RunAs) -> anyhow::Result<PathBuf> {
        let draft = self.root.join("data.new");
        match fs::remove_dir_all(&draft) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error).context("cannot clear a draft")?,
            _ => own_folder(&draft, run_as)?,
        }
        Ok(draft)
    }

    /// A new log file, which the server's programs inherit open.
    pub(super) fn fresh_log(&self, name: &str) -> anyhow::Result<fs::File> {
        fs::File::create(self.root.join(name)).with_context(|| format!("cannot write {name}"))
    }

    /// The server's log, opened at its end.
    pub(super) fn server_log(&self) -> anyhow::Result<fs::File> {
        let path = self.root.join("server.log");
        if path.metadata().is_ok_and(|found| found.len() > LOG_BYTES_MAX) {
            fs::rename(&path, self.root.join("server.log.1"))?;
        }
        fs::OpenOptions::new().create(true).append(true).open(&path).context("cannot write server.log")
    }

    /// How long the server's log is: what is said from now on stands behind that.
    pub(super) fn server_log_bytes(&self) -> usize {
        let found = self.root.join("server.log").metadata();
        found.map_or(0, |found| usize::try_from(found.len()).unwrap_or_default())
    }

    /// What a log says was wrong behind so many bytes, for an error message: its last complaint with what follows, else its
    /// last lines.
    pub(super) fn complaint(&self, name: &str, behind: usize) -> String {
        let path = self.root.join(name);
        let text = fs::read(&path).unwrap_or_default();
        // One that is shorter has been begun anew since.
        let text = text.get(behind..).unwrap_or(&text);
        format!("{} ({})", complaint(&String::from_utf8_lossy(text)), path.display())
    }
}

/// The last complaint of Postgres in `text` and the lines after it, of which there are at most five; without one, the
/// last five lines. The statement that Postgres prints behind an error may be longer than that, and says less.
fn complaint(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let complains = |line: &&str| ["ERROR: ", "FATAL: ", "PANIC: "].iter().any(|severity| line.contains(severity));
    let from = lines.iter().rposition(complains).unwrap_or(lines.len().saturating_sub(5));
    lines.iter().skip(from).take(5).copied().collect::<Vec<_>>().join(" | ")
}

/// A folder in `/tmp` for a socket whose own folder has too long a path.
fn short_folder(root: &Path) -> PathBuf {
    let digest = Sha256::digest(root.as_os_str().as_encoded_bytes());
    let name = digest.iter().take(8).fold(0_u64, |name, byte| name << 8 | u64::from(*byte));
    Path::new("/tmp").join(format!("switchyard-{name:016x}"))
}

/// Makes a folder that only the server's account may enter, or checks that it is one.
fn own_folder(path: &Path, run_as: &RunAs) -> anyhow::Result<()> {
    let server = run_as.server_uid();
    let mine = rustix::process::geteuid().as_raw();
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error).with_context(|| format!("cannot create {}", path.display())),
    }
    // Others may write in /tmp: whatever stands there already must be a folder, not a link, and ours.
    let found = path.symlink_metadata()?;
    if !found.is_dir() || ![server, mine].contains(&found.uid()) {
        bail!("{} exists and is not ours: remove it", path.display());
    }
    if found.mode() & 0o7777 != 0o700 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    if found.uid() != server {
        chown(path, Some(server), run_as.server_gid())?;
    }
    Ok(())
}

/// Replaces a file as a whole. Its content is no secret, and the server's account has to read it.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let draft = path.with_extension("new");
    fs::write(&draft, text).with_context(|| format!("cannot write {}", draft.display()))?;
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o644))?;
    fs::rename(&draft, path).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_what_was_wrong_and_not_the_statement_behind_it() {
        let log = "performing post-bootstrap initialization ... \nFATAL:  no room\nSTATEMENT:  CREATE\n\t a\n\t b\n\t c\n\t d\ninitdb: removing";
        assert_eq!(complaint(log), "FATAL:  no room | STATEMENT:  CREATE | \t a | \t b | \t c");
        assert_eq!(complaint("1\n2\n3\n4\n5\n6"), "2 | 3 | 4 | 5 | 6");
        assert_eq!(complaint(""), "");
    }

    #[test]
    fn what_an_earlier_start_complained_of_is_not_why_this_one_fails() {
        let root = std::env::temp_dir().join(format!("switchyard-log-{}", std::process::id()));
        let folders = Folders { data: root.join("data"), socket: root.join("run"), root: root.clone() };
        fs::create_dir_all(&root).unwrap();
        assert_eq!(folders.server_log_bytes(), 0);
        fs::write(root.join("server.log"), "ERROR:  of yesterday\n").unwrap();
        let before = folders.server_log_bytes();
        fs::write(root.join("server.log"), "ERROR:  of yesterday\npostgres: no library\n").unwrap();
        assert!(folders.complaint("server.log", before).starts_with("postgres: no library ("));
        fs::write(root.join("server.log"), "FATAL:  anew\n").unwrap();
        assert!(folders.complaint("server.log", before).starts_with("FATAL:  anew ("));
        fs::remove_dir_all(&root).unwrap();
    }
}
