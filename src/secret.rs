//! Secrets: sealed at rest, hashed where only a comparison is needed, never printed.

use std::{
    fmt, fs,
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose};
use rand::{Rng, RngCore};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Bytes of an AES-GCM nonce; a fresh one precedes each sealed text.
const NONCE_BYTES: usize = 12;

/// A secret text that is needed in the clear. It has no `Serialize`, and printing it shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text in.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The SHA-256 of a key or token: all that the hub keeps of what it has issued.
pub type SecretHash = [u8; 32];

/// Hashes a key or token. They carry 256 random bits, so a plain hash is enough.
pub fn hash(text: &str) -> SecretHash {
    Sha256::digest(text.as_bytes()).into()
}

/// What shows whether a token is still the same, and does not open what the token's own hash opens.
pub fn mark(hash: &SecretHash) -> SecretHash {
    Sha256::new().chain_update("mark").chain_update(hash).finalize().into()
}

/// Compares two texts in constant time, whatever their lengths.
pub fn same(a: &str, b: &str) -> bool {
    hash(a).ct_eq(&hash(b)).into()
}

/// A fresh secret: `prefix` and 43 characters that carry 256 random bits.
pub fn generate(prefix: &str) -> Secret {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    Secret(format!("{prefix}{}", general_purpose::URL_SAFE_NO_PAD.encode(bytes)))
}

/// What people see of a secret, to tell it from others: its first and last characters, or nothing of a short one.
pub fn preview(text: &str) -> String {
    let n_chars = text.chars().count();
    if n_chars < 16 {
        return "…".to_owned();
    }
    let head: String = text.chars().take(7).collect();
    let tail: String = text.chars().skip(n_chars - 4).collect();
    format!("{head}…{tail}")
}

/// Seals and opens secrets with AES-256-GCM under the master key.
#[derive(Clone)]
pub struct Sealer(Aes256Gcm);

/// A sealed text that this master key cannot open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the master key does not open this secret")]
pub struct CannotOpen;

impl Sealer {
    /// From 32 bytes in base64, standard or URL alphabet.
    pub fn from_base64(text: &str) -> anyhow::Result<Self> {
        let text = text.trim().trim_end_matches('=');
        let bytes = general_purpose::STANDARD_NO_PAD
            .decode(text)
            .or_else(|_| general_purpose::URL_SAFE_NO_PAD.decode(text))
            .ok()
            .filter(|bytes| bytes.len() == 32);
        let Some(bytes) = bytes else { bail!("MASTER_KEY must be 32 bytes in base64 (openssl rand -base64 32)") };
        Ok(Self(Aes256Gcm::new_from_slice(&bytes).context("master key")?))
    }

    /// Seals `text` for one purpose: the same `purpose` is needed to open it.
    pub fn seal(&self, purpose: &str, text: &str) -> anyhow::Result<Vec<u8>> {
        let nonce: [u8; NONCE_BYTES] = rand::rng().random();
        let payload = Payload { msg: text.as_bytes(), aad: purpose.as_bytes() };
        let sealed =
            self.0.encrypt(Nonce::from_slice(&nonce), payload).map_err(|_| anyhow::anyhow!("sealing failed"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`seal`](Self::seal) made.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Secret, CannotOpen> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES).ok_or(CannotOpen)?;
        let payload = Payload { msg: sealed, aad: purpose.as_bytes() };
        let text = self.0.decrypt(Nonce::from_slice(nonce), payload).map_err(|_| CannotOpen)?;
        String::from_utf8(text).map(Secret).map_err(|_| CannotOpen)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}

/// Reads the secret kept in the file `path`, or makes one with `make` and stores it readable only by its owner.
///
/// The second value is true if it was made just now.
pub fn read_or_create(path: &Path, make: impl FnOnce() -> String) -> anyhow::Result<(Secret, bool)> {
    match fs::read_to_string(path) {
        Ok(text) if !text.trim().is_empty() => {
            if path.metadata()?.permissions().mode() & 0o077 != 0 {
                fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
            }
            Ok((Secret(text.trim().to_owned()), false))
        }
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot read {}", path.display()))
        }
        _ => {
            let text = make();
            let mut file = fs::OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(path)
                .with_context(|| format!("cannot write {}", path.display()))?;
            writeln!(file, "{text}")?;
            file.sync_all()?;
            Ok((Secret(text), true))
        }
    }
}

/// A fresh master key in the form `MASTER_KEY` takes.
pub fn generate_master_key() -> String {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_the_same_key_and_purpose_only() {
        let sealer = Sealer::from_base64(&generate_master_key()).unwrap();
        let hidden = sealer.seal("a", "sk-secret").unwrap();
        assert_eq!(sealer.open("a", &hidden).unwrap().expose(), "sk-secret");
        assert_eq!(sealer.open("b", &hidden), Err(CannotOpen));
        assert_eq!(Sealer::from_base64(&generate_master_key()).unwrap().open("a", &hidden), Err(CannotOpen));
        assert_eq!(sealer.open("a", b"short"), Err(CannotOpen));
        assert!(Sealer::from_base64("c2hvcnQ=").is_err());
    }

    #[test]
    fn a_preview_never_shows_a_short_secret() {
        assert_eq!(preview("short"), "…");
        assert_eq!(preview("sk-ant-0123456789abcdef"), "sk-ant-…cdef");
    }
}
