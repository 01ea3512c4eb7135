//! The log: to standard error, for people at a terminal and for collectors elsewhere.

pub mod counters;

use std::io::IsTerminal;

use anyhow::Context;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts logging. `filter` is `LOG_LEVEL`: a level, or directives such as `info,hub::relay=debug`.
///
/// At a terminal lines are coloured; elsewhere each is plain text that begins with its time.
pub fn init(filter: &str) -> anyhow::Result<()> {
    let filter = parse(filter)?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(filter);
    if std::io::stderr().is_terminal() {
        registry.with(lines.with_target(false)).try_init()
    } else {
        registry.with(lines.compact().with_ansi(false)).try_init()
    }
    .context("logging was already started")
}

/// What Postgres mentions by the way ("already exists, skipping") is not for operators, unless the filter says so.
const NOTICES: &str = "sqlx::postgres::notice=warn";

/// Reads a filter.
fn parse(filter: &str) -> anyhow::Result<EnvFilter> {
    EnvFilter::builder().parse(format!("{NOTICES},{filter}")).with_context(|| {
        format!("LOG_LEVEL: `{filter}` is neither a level (error, warn, info, debug, trace) nor a list of directives")
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
        let error = parse("info,hub=loud").unwrap_err().to_string();
        assert!(error.starts_with("LOG_LEVEL"), "{error}");
    }
}
