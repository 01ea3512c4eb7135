//! The log: to standard error, for people at a terminal and for collectors elsewhere.

pub mod counters;
pub mod lines;

use std::{
    io::IsTerminal,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context;
use tracing_subscriber::{
    EnvFilter, Registry, filter::LevelFilter, layer::SubscriberExt, reload, util::SubscriberInitExt,
};

use self::lines::Lines;

/// The running log: its filter can be changed, its last lines can be read. Cheap to clone.
#[derive(Clone)]
pub struct Telemetry {
    /// The last lines.
    pub lines: Lines,
    filter: reload::Handle<EnvFilter, Registry>,
    /// The filter as the environment says it, and the one that is in use.
    initial: Arc<str>,
    current: Arc<Mutex<String>>,
}

/// Starts logging. `filter` is `LOG_LEVEL`: a level, or directives such as `info,hub::relay=debug`.
///
/// At a terminal lines are coloured; elsewhere each is plain text that begins with its time.
pub fn init(filter: &str) -> anyhow::Result<Telemetry> {
    let lines = Lines::default();
    let parsed = parse(filter).map_err(|why| anyhow::anyhow!("LOG_LEVEL: {why}"))?;
    let (layer, handle) = reload::Layer::new(parsed);
    let written = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(layer).with(lines.clone());
    if std::io::stderr().is_terminal() {
        registry.with(written.with_target(false)).try_init()
    } else {
        registry.with(written.compact().with_ansi(false)).try_init()
    }
    .context("logging was already started")?;
    let current = Arc::new(Mutex::new(filter.to_owned()));
    Ok(Telemetry { lines, filter: handle, initial: Arc::from(filter), current })
}

impl Telemetry {
    /// Logs by the setting `log_level` from now on; an empty one is as the environment says.
    pub fn follow(&self, setting: &str) {
        let wanted = if setting.is_empty() { &*self.initial } else { setting };
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if *current == wanted {
            return;
        }
        // What is stored was checked when it was set; a later release may know fewer directives.
        match parse(wanted).map(|filter| self.filter.reload(filter)) {
            Ok(Ok(())) => {
                wanted.clone_into(&mut current);
                tracing::info!(level = wanted, "the log follows another level");
            }
            Ok(Err(error)) => tracing::warn!(%error, "the level of the log cannot be changed"),
            Err(why) => tracing::warn!(why, "the setting log_level"),
        }
    }
}

/// What Postgres mentions by the way ("already exists, skipping") is not for operators, unless the filter says so.
const NOTICES: &str = "sqlx::postgres::notice=warn";

/// Reads a filter.
///
/// # Errors
/// A sentence that says what would be right.
pub fn parse(filter: &str) -> Result<EnvFilter, String> {
    // A word that is no level would be taken for the name of a module, and nothing else would be logged.
    let is_word = !filter.contains(['=', ',', '[', ':']);
    let parsed = if is_word && filter.trim().parse::<LevelFilter>().is_err() {
        None
    } else {
        EnvFilter::builder().parse(format!("{NOTICES},{filter}")).ok()
    };
    parsed.ok_or_else(|| {
        format!("`{filter}` is neither a level (error, warn, info, debug, trace) nor a list of directives")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_directives_are_read_and_mistakes_are_named() {
        for good in ["info", "WARN", "off", "info,hub::relay=debug"] {
            parse(good).unwrap();
        }
        for bad in ["warning", "hub", "info,hub=loud"] {
            assert!(parse(bad).unwrap_err().contains(bad), "{bad}");
        }
    }
}
