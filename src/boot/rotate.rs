//! Another master key: `switchyard rotate-master-key`. No hub runs meanwhile.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use sqlx::postgres::PgConnectOptions;

use super::{database, lock::DataDirLock};
use crate::{
    config::Config,
    secret::{self, Sealer, Secret},
    store::{Store, reseal::Resealed},
};

/// Where the master key is kept if no variable has it, and where the next one is until it is in force.
const FILE: &str = "master.key";
const NEXT_FILE: &str = "master.key.new";

/// How often, and how far apart, it is looked whether the connections of a hub that has just stopped are gone.
const GONE_LOOKS: u32 = 100;
const GONE_LOOK: Duration = Duration::from_millis(100);

/// What has become of the master key.
#[derive(Debug)]
pub struct Rotated {
    /// What was sealed anew.
    pub resealed: Resealed,
    /// The file that holds the new key; none if it was given by a variable, and has to be from now on.
    pub file: Option<PathBuf>,
}

/// Seals everything anew: under `NEW_MASTER_KEY`, or under a key that is generated if the one before is in the file of
/// `DATA_DIR`. A key in the file is replaced there.
///
/// # Errors
/// A hub runs, there is no key or no new one, or the key does not open what is sealed: then nothing has changed.
pub async fn rotate_master_key(config: &Config) -> anyhow::Result<Rotated> {
    // An error says that somebody has installed it before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let _lock = DataDirLock::take(&config.data_dir)?;
    if config.master_key.is_some() {
        Keys::find(config)?;
    }
    let (options, postgres) = database(config).await?;
    let rotated = rotate(config, options).await;
    if let Some((may_stop, keeper)) = postgres {
        may_stop.cancel();
        keeper.await??;
    }
    rotated
}

async fn rotate(config: &Config, options: PgConnectOptions) -> anyhow::Result<Rotated> {
    let store = Store::connect_for_resealing(options).await?;
    store.check_migrated().await?;
    let mut tries = 0;
    while store.has_hubs().await? {
        tries += 1;
        ensure!(tries < GONE_LOOKS, "a hub runs on this database: stop it first, and all its replicas");
        tokio::time::sleep(GONE_LOOK).await;
    }
    let keys = Keys::find(config)?;
    let (old, new) = (Sealer::from_base64(keys.old.expose())?, Sealer::from_base64(keys.new.expose())?);
    // A rotation that was cut after its work was done, and before the file was replaced, is only finished.
    let finished = if keys.is_second_try { store.reseal(&new, &new).await.ok() } else { None };
    let resealed = match finished {
        Some(resealed) => resealed,
        None => store.reseal(&old, &new).await?,
    };
    store.close().await;
    Ok(Rotated { resealed, file: keys.settle()? })
}

/// The key before and the one from now on.
struct Keys {
    old: Secret,
    new: Secret,
    /// The folder whose file holds the key; none if variables do.
    folder: Option<PathBuf>,
    /// True if a rotation before this one did not come to its end.
    is_second_try: bool,
}

impl Keys {
    fn find(config: &Config) -> anyhow::Result<Self> {
        let given = config.new_master_key.as_ref();
        if let Some(given) = given {
            let wrong = "NEW_MASTER_KEY must be 32 bytes in base64 (openssl rand -base64 32)";
            Sealer::from_base64(given.expose()).map_err(|_| anyhow::anyhow!(wrong))?;
        }
        let keys = match &config.master_key {
            Some(old) => {
                let new = given.context("set NEW_MASTER_KEY to the new key (openssl rand -base64 32)")?.clone();
                Self { old: old.clone(), new, folder: None, is_second_try: false }
            }
            None => Self::in_folder(&config.data_dir, given)?,
        };
        ensure!(keys.old != keys.new, "NEW_MASTER_KEY is the key that is in force already");
        Ok(keys)
    }

    fn in_folder(folder: &Path, given: Option<&Secret>) -> anyhow::Result<Self> {
        let (path, next) = (folder.join(FILE), folder.join(NEXT_FILE));
        if !path.exists() {
            bail!("there is no master key: neither MASTER_KEY nor {}", path.display());
        }
        let (old, _) = secret::read_or_create(&path, String::new)?;
        // It is with the disk before anything is sealed with it.
        let make = || given.map_or_else(secret::generate_master_key, |given| given.expose().to_owned());
        let (new, is_fresh) = secret::read_or_create(&next, make)?;
        ensure!(
            given.is_none_or(|given| *given == new),
            "a rotation to another key did not come to its end: run this without NEW_MASTER_KEY, it goes on with {}",
            next.display()
        );
        Ok(Self { old, new, folder: Some(folder.to_owned()), is_second_try: !is_fresh })
    }

    /// The new key is in force: its file takes the place of the one before.
    fn settle(self) -> anyhow::Result<Option<PathBuf>> {
        let Some(folder) = self.folder else { return Ok(None) };
        let path = folder.join(FILE);
        fs::rename(folder.join(NEXT_FILE), &path).with_context(|| format!("cannot write {}", path.display()))?;
        fs::File::open(&folder)
            .and_then(|folder| folder.sync_all())
            .with_context(|| format!("{}", folder.display()))?;
        Ok(Some(path))
    }
}
