//! One hub for each `DATA_DIR`.

use std::{
    fs,
    io::{Read, Seek, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use anyhow::{Context, bail};
use rustix::fs::{FlockOperation, flock};

/// Holds a `DATA_DIR` for this process. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct DataDirLock {
    _file: fs::File,
}

impl DataDirLock {
    /// Makes `data_dir` if it is not there, and takes it. Fails if another hub has it.
    pub fn take(data_dir: &Path) -> anyhow::Result<Self> {
        if !data_dir.exists() {
            fs::create_dir_all(data_dir).with_context(|| format!("cannot create DATA_DIR {}", data_dir.display()))?;
            // The account of the private Postgres has to pass through it; nobody else may list it.
            fs::set_permissions(data_dir, fs::Permissions::from_mode(0o711))?;
        }
        let path = data_dir.join("lock");
        let mut file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        if let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            if error != rustix::io::Errno::WOULDBLOCK {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
            let mut holder = String::new();
            file.read_to_string(&mut holder)?;
            bail!(
                "another hub (process {}) runs on DATA_DIR {}: stop it, or choose another DATA_DIR",
                holder.trim(),
                data_dir.display()
            );
        }
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_hub_on_one_folder_is_told_who_has_it() {
        let folder = std::env::temp_dir().join(format!("switchyard-lock-{}", std::process::id()));
        let first = DataDirLock::take(&folder).unwrap();
        let error = DataDirLock::take(&folder).unwrap_err().to_string();
        assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
        drop(first);
        DataDirLock::take(&folder).unwrap();
        fs::remove_dir_all(folder).unwrap();
    }
}
