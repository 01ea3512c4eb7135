//! The hub's own log.

use super::{actor::Admin, page};
use crate::{
    domain::{
        fault::Fault,
        log::{LogLine, LogQuery},
        page::Page,
    },
    hub::Hub,
};

/// The lines of this replica that `query` asks for, newest first.
pub fn list(hub: &Hub, _actor: &Admin, query: &LogQuery) -> Result<Page<LogLine>, Fault> {
    let limit = page::limit(query.limit)?;
    let before = page::after(query.cursor.as_deref())?;
    let lines = hub.telemetry.lines.newest(before, limit + 1, |line| query.admits(line));
    Ok(page::cut(lines, limit, |line| line.number.to_string()))
}
