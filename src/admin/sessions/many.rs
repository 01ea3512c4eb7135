//! Sessions ended many at a time.

use std::collections::HashMap;

use futures_util::future::join_all;

use super::{SessionId, all_active, checked, end_one};
use crate::{
    admin::{actor::Admin, bulk},
    domain::{
        bulk::BULK_MAX,
        fault::Fault,
        session::{SessionBulk, SessionBulkReport},
    },
    hub::Hub,
    state::step::{ActiveSession, SessionKey},
};

/// How many are ended at the same time: each is a change of its own.
const AT_ONCE: usize = 4;

/// Ends many sessions, each as one is ended, and says how many there were; those that are not active are left out. A
/// preview only says what would be.
///
/// # Errors
/// [`Fault::Invalid`] unless either ids or a filter are given, and for too many ids; [`Fault::CountersAway`] while Redis
/// does not answer. What has ended by then has ended, and is on record.
pub async fn bulk(hub: &Hub, actor: &Admin, asked: SessionBulk) -> Result<SessionBulkReport, Fault> {
    let active = all_active(hub).await?;
    let chosen = chosen(&asked, &active)?;
    let report = chosen.report(&active);
    if asked.preview {
        return Ok(report);
    }
    let mut n_ended = 0;
    for some in chosen.sessions.chunks(AT_ONCE) {
        // None of them is dropped half way because another one has failed.
        for ended in join_all(some.iter().map(|session| end_one(hub, actor, session))).await {
            match ended {
                Ok(()) => n_ended += 1,
                Err(Fault::NotFound { .. }) => {}
                Err(fault) => return Err(fault),
            }
        }
    }
    let n_unknown = count(chosen.n_named).saturating_sub(n_ended);
    Ok(SessionBulkReport { preview: false, n_ended, n_unknown, ..report })
}

/// Which sessions are meant.
#[derive(Debug, PartialEq, Eq)]
struct Chosen {
    /// Each of them.
    sessions: Vec<SessionKey>,
    /// How many were named; some may name none.
    n_named: usize,
    /// How many more match than can be ended at once.
    n_left: usize,
}

/// Which of these are meant, or which else.
fn chosen(asked: &SessionBulk, active: &[ActiveSession]) -> Result<Chosen, Fault> {
    match (&asked.ids, &asked.filter) {
        (Some(ids), None) => {
            let ids = bulk::distinct(ids.clone(), "ids")?;
            let sessions = ids.iter().filter_map(|id| id.parse::<SessionId>().ok().map(|SessionId(key)| key)).collect();
            Ok(Chosen { sessions, n_named: ids.len(), n_left: 0 })
        }
        (None, Some(filter)) => {
            let search = checked(filter.search.as_deref())?;
            let is_meant = |one: &&ActiveSession| search.is_none_or(|search| one.session.id.starts_with(search));
            let mut sessions: Vec<_> = active.iter().filter(is_meant).map(|one| one.session.clone()).collect();
            let n_left = sessions.len().saturating_sub(BULK_MAX);
            sessions.truncate(BULK_MAX);
            Ok(Chosen { n_named: sessions.len(), sessions, n_left })
        }
        _ => Err(Fault::invalid("ids", "must be given, or `filter`, and not both")),
    }
}

impl Chosen {
    /// What would become of them.
    fn report(&self, active: &[ActiveSession]) -> SessionBulkReport {
        let known: HashMap<&SessionKey, &ActiveSession> = active.iter().map(|one| (&one.session, one)).collect();
        let meant: Vec<&ActiveSession> =
            self.sessions.iter().filter_map(|session| known.get(session).copied()).collect();
        let bindings: Vec<_> = meant.iter().filter_map(|one| one.binding).collect();
        SessionBulkReport {
            preview: true,
            n_ended: count(meant.len()),
            n_unknown: count(self.n_named.saturating_sub(meant.len())),
            n_left: count(self.n_left),
            n_bound: count(bindings.len()),
            cached_tokens: bindings.iter().map(|binding| binding.cached_tokens).sum(),
            in_flight: meant.iter().map(|one| one.in_flight).sum(),
        }
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        admin::sessions::id_of,
        domain::{
            id::{CallId, KeyId, ProviderId, UserId},
            session::SessionFilter,
        },
        state::step::Binding,
    };

    fn active(id: &str, cached: Option<u64>) -> ActiveSession {
        ActiveSession {
            session: SessionKey { key_id: KeyId(7), id: id.to_owned() },
            user_id: UserId(1),
            binding: cached.map(|cached_tokens| Binding {
                provider_id: ProviderId(3),
                call_id: CallId::default(),
                cached_tokens,
            }),
            began_ms: 0,
            seen_ms: 0,
            in_flight: 2,
            calls: 9,
        }
    }

    #[test]
    fn those_that_are_named_are_told_from_those_that_are_active() {
        let all = [active("a", Some(500)), active("ab", None), active("b", Some(70))];
        let ids = |names: &[&str]| names.iter().map(|name| id_of(KeyId(7), name)).collect::<Vec<_>>();
        let named = |ids: Vec<String>| SessionBulk { ids: Some(ids), ..SessionBulk::default() };
        let mut asked = ids(&["a", "ab", "gone", "a"]);
        asked.push("no id".to_owned());
        let found = chosen(&named(asked), &all).unwrap();
        assert_eq!((found.sessions.len(), found.n_named, found.n_left), (3, 4, 0));
        let expected = SessionBulkReport {
            preview: true,
            n_ended: 2,
            n_unknown: 2,
            n_left: 0,
            n_bound: 1,
            cached_tokens: 500,
            in_flight: 4,
        };
        assert_eq!(found.report(&all), expected);
        for wrong in [Vec::new(), (0..=BULK_MAX).map(|n| n.to_string()).collect()] {
            assert_eq!(chosen(&named(wrong), &all).unwrap_err().field(), Some("ids"));
        }
    }

    #[test]
    fn a_filter_means_all_that_are_active_or_those_that_begin_so() {
        let all = [active("a", Some(500)), active("ab", None), active("b", Some(70))];
        let filter = |search: Option<&str>| SessionBulk {
            filter: Some(SessionFilter { search: search.map(str::to_owned) }),
            ..SessionBulk::default()
        };
        let names = |search: Option<&str>| {
            let found = chosen(&filter(search), &all).unwrap();
            assert_eq!((found.n_named, found.n_left), (found.sessions.len(), 0));
            found.sessions.into_iter().map(|session| session.id).collect::<Vec<_>>().join(" ")
        };
        assert_eq!([None, Some(""), Some("a"), Some("A")].map(names), ["a ab b", "a ab b", "a ab", ""]);
        assert_eq!(chosen(&filter(Some(&"x".repeat(257))), &all).unwrap_err().field(), Some("search"));
        let crowd: Vec<_> = (0..=BULK_MAX).map(|n| active(&n.to_string(), None)).collect();
        let found = chosen(&filter(None), &crowd).unwrap();
        assert_eq!((found.sessions.len(), found.n_left), (BULK_MAX, 1));
        let both = SessionBulk { ids: Some(vec!["a".to_owned()]), ..filter(None) };
        for asked in [both, SessionBulk::default()] {
            assert_eq!(chosen(&asked, &all).unwrap_err().field(), Some("ids"));
        }
    }
}
