//! Environment → [`Config`], once, at start. The only reader of the environment.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use anyhow::{Context, bail};

use crate::{
    domain::settings::{SettingSource, Variable},
    secret::Secret,
};

/// Variables whose value is shown to nobody. A DSN may hold a password.
const SECRETS: [&str; 5] = ["ADMIN_TOKEN", "DSN", "MASTER_KEY", "NEW_MASTER_KEY", "REDIS_URL"];

/// When the console's cookie carries `Secure`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecureCookies {
    /// If and only if the request came by https.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// A block of addresses: `10.0.0.0/8`, `::1/128`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressBlock {
    address: IpAddr,
    prefix: u32,
}

impl AddressBlock {
    /// Reads `address` or `address/prefix`.
    fn parse(text: &str) -> anyhow::Result<Self> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().with_context(|| format!("TRUSTED_PROXIES: `{text}` is no address"))?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(bits), str::parse).with_context(|| format!("TRUSTED_PROXIES: `{text}`"))?;
        if prefix > bits {
            bail!("TRUSTED_PROXIES: `{text}` has a prefix over {bits}");
        }
        Ok(Self { address, prefix })
    }

    /// True if the block holds `address`.
    pub fn contains(&self, address: IpAddr) -> bool {
        let bits = |address: IpAddr| match address.to_canonical() {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32),
            IpAddr::V6(v6) => (v6.to_bits(), 128),
        };
        let ((ours, width), (theirs, other_width)) = (bits(self.address), bits(address));
        let mask = if self.prefix == 0 { 0 } else { u128::MAX << (128 - self.prefix) };
        width == other_width && ours & mask == theirs & mask
    }
}

/// Everything the environment says. `.env.example` and the README's table explain each variable.
#[derive(Clone, Debug)]
pub struct Config {
    /// `APP_HOST` and `APP_PORT`: where the hub listens.
    pub listen: SocketAddr,
    /// `DATA_DIR`: the journal, generated secrets and the private Postgres.
    pub data_dir: PathBuf,
    /// `DSN`: the Postgres to use; none means a private one.
    pub dsn: Option<Secret>,
    /// `REDIS_URL`: the Redis to use; none means memory.
    pub redis_url: Option<Secret>,
    /// `ADMIN_TOKEN`: what an operator logs in with; none means a generated one.
    pub admin_token: Option<Secret>,
    /// `MASTER_KEY`: what provider secrets are sealed with; none means a generated one.
    pub master_key: Option<Secret>,
    /// `NEW_MASTER_KEY`: what they are sealed with after `switchyard rotate-master-key`, which alone reads it.
    pub new_master_key: Option<Secret>,
    /// `AUTO_MIGRATE`: bring the schema up to date at start.
    pub auto_migrate: bool,
    /// `ENABLE_SECURE_COOKIES`.
    pub secure_cookies: SecureCookies,
    /// `TRUSTED_PROXIES`: whose forwarding headers are believed.
    pub trusted_proxies: Vec<AddressBlock>,
    /// `ENABLE_RATE_LIMIT`: false turns all limits off.
    pub rate_limit: bool,
    /// `SESSION_TTL`: how long a session stays active, and bound to its provider, after its last call; in milliseconds.
    pub session_ttl_ms: i64,
    /// `STORE_SESSION_MESSAGES`: true captures what is asked and answered.
    pub store_session_messages: bool,
    /// `TZ`: where days begin.
    pub time_zone: chrono_tz::Tz,
    /// `LOG_LEVEL`: a filter in the syntax of `tracing-subscriber`.
    pub log_level: String,
    /// `PG_BIN`: the folder of `initdb` and `postgres` for the private Postgres.
    pub pg_bin: Option<PathBuf>,
    /// `SITE_ROOT`: the console's files.
    pub site_root: PathBuf,
    /// All of these as people may see them, by name.
    pub variables: Vec<Variable>,
}

impl Config {
    /// Reads the process's environment.
    pub fn from_env() -> anyhow::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "this is the place that reads the environment")]
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads variables through `get`. An empty variable counts as absent.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let seen = RefCell::new(BTreeMap::new());
        let read = |name: &str, default: Option<&str>| {
            let given = get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
            seen.borrow_mut().insert(name.to_owned(), variable(name, given.as_deref(), default));
            given
        };
        let get = |name: &str| read(name, None);
        let or = |name: &str, default: &str| read(name, Some(default)).unwrap_or_else(|| default.to_owned());
        let host: IpAddr = match or("APP_HOST", "127.0.0.1").as_str() {
            "localhost" => IpAddr::from([127, 0, 0, 1]),
            host => host.parse().with_context(|| format!("APP_HOST: `{host}` is no address"))?,
        };
        let port: u16 = or("APP_PORT", "23000").parse().context("APP_PORT: not a port number")?;
        let time_zone = or("TZ", "UTC");
        let time_zone = time_zone
            .parse()
            .map_err(|_| anyhow::anyhow!("TZ: `{time_zone}` is no time zone of the IANA database (Europe/Berlin)"))?;
        let mut config = Self {
            variables: Vec::new(),
            listen: SocketAddr::new(host, port),
            data_dir: or("DATA_DIR", "data").into(),
            dsn: get("DSN").map(Secret::new),
            redis_url: get("REDIS_URL").map(Secret::new),
            admin_token: get("ADMIN_TOKEN").map(Secret::new),
            master_key: get("MASTER_KEY").map(Secret::new),
            new_master_key: get("NEW_MASTER_KEY").map(Secret::new),
            auto_migrate: boolean("AUTO_MIGRATE", &or("AUTO_MIGRATE", "true"))?,
            secure_cookies: match or("ENABLE_SECURE_COOKIES", "auto").to_ascii_lowercase().as_str() {
                "auto" => SecureCookies::Auto,
                other => match boolean("ENABLE_SECURE_COOKIES", other) {
                    Ok(true) => SecureCookies::Always,
                    Ok(false) => SecureCookies::Never,
                    Err(error) => bail!("{error} nor auto"),
                },
            },
            trusted_proxies: or("TRUSTED_PROXIES", "")
                .split(',')
                .map(str::trim)
                .filter(|block| !block.is_empty())
                .map(AddressBlock::parse)
                .collect::<anyhow::Result<_>>()?,
            rate_limit: boolean("ENABLE_RATE_LIMIT", &or("ENABLE_RATE_LIMIT", "true"))?,
            store_session_messages: boolean("STORE_SESSION_MESSAGES", &or("STORE_SESSION_MESSAGES", "false"))?,
            session_ttl_ms: session_ttl_ms(&or("SESSION_TTL", "300"))?,
            time_zone,
            log_level: or("LOG_LEVEL", "info"),
            pg_bin: get("PG_BIN").map(PathBuf::from),
            site_root: or("SITE_ROOT", "target/site").into(),
        };
        config.check()?;
        config.variables = seen.into_inner().into_values().collect();
        Ok(config)
    }

    /// What only makes sense together (docs/rules.md, Limits).
    fn check(&self) -> anyhow::Result<()> {
        if self.dsn.is_some() && (self.master_key.is_none() || self.admin_token.is_none()) {
            bail!(
                "with DSN, MASTER_KEY and ADMIN_TOKEN are required: a secret generated on one machine would be lost to the others"
            );
        }
        if self.admin_token.as_ref().is_some_and(|token| token.expose().len() < 16) {
            bail!("ADMIN_TOKEN must have at least 16 characters");
        }
        Ok(())
    }
}

/// A variable as people may see it.
fn variable(name: &str, given: Option<&str>, default: Option<&str>) -> Variable {
    let is_secret = SECRETS.contains(&name);
    Variable {
        name: name.to_owned(),
        value: given.or(default).filter(|value| !is_secret && !value.is_empty()).map(str::to_owned),
        source: if given.is_some() { SettingSource::Environment } else { SettingSource::Default },
        is_secret,
    }
}

/// Reads seconds, 1 to a day of them.
fn session_ttl_ms(text: &str) -> anyhow::Result<i64> {
    let seconds: i64 = text.parse().with_context(|| format!("SESSION_TTL: `{text}` is no number of seconds"))?;
    if !(1..=86_400).contains(&seconds) {
        bail!("SESSION_TTL: must be from 1 to 86400 seconds");
    }
    Ok(seconds * 1_000)
}

/// Reads a yes or no.
fn boolean(name: &str, text: &str) -> anyhow::Result<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => bail!("{name}: `{text}` is neither true nor false"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> anyhow::Result<Config> {
        Config::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn an_empty_environment_is_enough() {
        let config = read(&[("DSN", "")]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:23000");
        assert!(config.auto_migrate && config.rate_limit && config.dsn.is_none());
        assert_eq!(config.session_ttl_ms, 300_000);
        assert!(!config.store_session_messages);
    }

    /// The variables that `Config::read` asks for.
    fn names() -> BTreeSet<String> {
        let names = RefCell::new(BTreeSet::new());
        Config::read(|name| {
            names.borrow_mut().insert(name.to_owned());
            None
        })
        .unwrap();
        names.into_inner()
    }

    #[test]
    fn the_example_explains_every_variable_and_shows_its_default() {
        let example: Vec<(&str, &str)> = include_str!("../.env.example")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once('='))
            .collect();
        let explained: BTreeSet<String> = example.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(explained, names());
        let shown = |config: Config| format!("{:?}", Config { variables: Vec::new(), ..config });
        assert_eq!(shown(read(&example).unwrap()), shown(read(&[]).unwrap()));
    }

    #[test]
    fn the_readme_lists_every_variable() {
        let readme = include_str!("../README.md");
        for name in names() {
            assert!(readme.contains(&format!("| `{name}` |")), "the README's table has no {name}");
        }
    }

    #[test]
    fn variables_are_shown_with_where_they_come_from_and_secrets_are_not() {
        let given = [("TZ", "Europe/Berlin"), ("REDIS_URL", "redis://:hunter2@cache"), ("PG_BIN", " ")];
        let shown = read(&given).unwrap().variables;
        let names: BTreeSet<String> = shown.iter().map(|variable| variable.name.clone()).collect();
        assert_eq!(names, self::names());
        let one = |name: &str| shown.iter().find(|variable| variable.name == name).unwrap();
        let zone = one("TZ");
        assert_eq!((zone.value.as_deref(), zone.source), (Some("Europe/Berlin"), SettingSource::Environment));
        assert_eq!((one("SESSION_TTL").value.as_deref(), one("PG_BIN").value.as_deref()), (Some("300"), None));
        assert_eq!(one("PG_BIN").source, SettingSource::Default);
        let redis = one("REDIS_URL");
        assert!(redis.is_secret && redis.source == SettingSource::Environment && redis.value.is_none());
        assert!(!format!("{shown:?}").contains("hunter2"));
    }

    #[test]
    fn a_mistake_names_its_variable() {
        for (name, value) in [
            ("APP_PORT", "http"),
            ("TZ", "Mars/Base"),
            ("AUTO_MIGRATE", "maybe"),
            ("ENABLE_RATE_LIMIT", "sometimes"),
            ("STORE_SESSION_MESSAGES", "perhaps"),
            ("SESSION_TTL", "0"),
            ("SESSION_TTL", "5m"),
            ("TRUSTED_PROXIES", "10.0.0.0/33"),
            ("ADMIN_TOKEN", "short"),
            ("DSN", "postgres://localhost/x"),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name), "{name}: {error}");
        }
        assert!(read(&[("SESSION_TTL", "0")]).unwrap_err().to_string().contains("from 1 to 86400 seconds"));
    }

    #[test]
    fn blocks_hold_their_addresses_and_no_others() {
        let block = AddressBlock::parse("10.1.0.0/16").unwrap();
        assert!(block.contains("10.1.2.3".parse().unwrap()));
        assert!(block.contains("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!block.contains("10.2.0.1".parse().unwrap()));
        assert!(!block.contains("::1".parse().unwrap()));
        assert!(AddressBlock::parse("::/0").unwrap().contains("fe80::1".parse().unwrap()));
    }
}
