//! Reading the audit log.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};

use super::{actor::Admin, check::check_text, fault, page};
use crate::{
    domain::{
        audit::{ACTIONS, AuditLine, AuditQuery},
        fault::Fault,
        id::{AuditId, BadId},
        page::Page,
    },
    hub::Hub,
};

/// The place of a line in the log: when, in microseconds of Unix time, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place(DateTime<Utc>, AuditId);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.timestamp_micros(), self.1)
    }
}

impl FromStr for Place {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let (at, id) = text.split_once(' ').ok_or(BadId)?;
        let at = at.parse().ok().and_then(DateTime::from_timestamp_micros).ok_or(BadId)?;
        Ok(Self(at, id.parse()?))
    }
}

/// A page of the audit log, the latest line first.
///
/// # Errors
/// [`Fault::Invalid`] for an action that there is not, or a text that is too long.
pub async fn list(hub: &Hub, _actor: &Admin, query: &AuditQuery) -> Result<Page<AuditLine>, Fault> {
    let limit = page::limit(query.limit)?;
    let after: Option<Place> = page::after(query.cursor.as_deref())?;
    check_text("actor", query.actor.as_deref())?;
    check_text("subject", query.subject.as_deref())?;
    if query.action.as_deref().is_some_and(|action| ACTIONS.binary_search(&action).is_err()) {
        return Err(Fault::invalid("action", format!("must be one of {}", ACTIONS.join(", "))));
    }
    if query.from.zip(query.to).is_some_and(|(from, to)| from >= to) {
        return Err(Fault::invalid("from", "must be before `to`"));
    }
    let after = after.map(|Place(at, id)| (at, id));
    let found = hub.store.list_audit(query, after, page::rows(limit)).await.map_err(fault::store)?;
    Ok(page::cut(found, limit, |line| Place(line.at, line.id).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let place = Place("2026-11-21T10:00:00.123456Z".parse().unwrap(), AuditId(7));
        assert_eq!(place.to_string().parse(), Ok(place));
        for wrong in ["", "7", "1 0", "x 7", "1 7 9", "99999999999999999999 7"] {
            assert_eq!(wrong.parse::<Place>(), Err(BadId), "{wrong}");
        }
    }
}
