//! The drawn pages of sessions, and of what was asked and answered.

use hub::{
    admin::{calls, messages, sessions},
    domain::{
        report::CallQuery,
        session::{SessionBulkReport, SessionQuery},
    },
};

use super::{Reader, in_words};
use crate::{
    api::{Answer, forms, guard, sessions::meant},
    drawn::{self, Drawn, messages::Wanted, sessions::one::Shown},
};

/// Calls of one page of a session.
const CALLS_MAX: u32 = 100;

impl Reader {
    /// The list of sessions.
    pub(super) async fn sessions(&self) -> Answer<Drawn> {
        let query = self.session_query();
        let found = sessions::list(&self.hub, &self.actor, &query).await.map_err(guard::refuse)?;
        Ok(in_words(|text| drawn::sessions::page(text, &found, &query, self.clock)))
    }

    /// The sessions that the address asks for.
    fn session_query(&self) -> SessionQuery {
        SessionQuery {
            limit: Some(drawn::sessions::LINES_MAX),
            cursor: self.own("cursor"),
            state: drawn::word(&self.map, "state"),
            search: self.own("search"),
        }
    }

    /// The question before several of them are ended, with what is lost; nothing if the address does not ask for it.
    /// `search` is its query string.
    pub(super) async fn end_of_sessions(&self, search: &str) -> Answer<Drawn> {
        let Some(asked) = meant(&self.map, true) else { return Ok(Drawn { title: None, html: String::new() }) };
        let is_any_chosen = asked.ids.as_ref().is_none_or(|ids| !ids.is_empty());
        let report = if is_any_chosen {
            sessions::bulk(&self.hub, &self.actor, asked).await.map_err(guard::refuse)?
        } else {
            SessionBulkReport::default()
        };
        let back = drawn::sessions::list_address(&self.session_query());
        let search = search.to_owned();
        Ok(in_words(|text| (None, drawn::sessions::many::ask_end(text, &report, search, back))))
    }

    /// One of them.
    pub(super) async fn session(&self, id: &str) -> Answer<Drawn> {
        let id = id.parse().map_err(guard::refuse)?;
        let found = sessions::find_with_span(&self.hub, &self.actor, &id).await.map_err(guard::refuse)?;
        let (detail, (from, to)) = found;
        let query = CallQuery {
            limit: Some(CALLS_MAX),
            cursor: self.own("cursor"),
            from: Some(from),
            to: Some(to),
            key_id: Some(detail.session.key_id),
            session_id: Some(detail.session.session_id.clone()),
            ..CallQuery::default()
        };
        let calls = calls::list(&self.hub, &self.actor, &query).await.map_err(guard::refuse)?;
        let (is_later, is_ending) = (query.cursor.is_some(), self.own("end").is_some());
        let shown = Shown { detail: &detail, calls: &calls, is_later, is_ending };
        Ok(in_words(|text| drawn::sessions::one::page(text, &shown, self.clock)))
    }

    /// What was asked and answered in a call.
    pub(super) async fn messages(&self, id: &str) -> Answer<Drawn> {
        let id = forms::id(id, "call")?;
        let found = messages::find(&self.hub, &self.actor, id).await.map_err(guard::refuse)?;
        let wanted = Wanted { is_raw: self.map.get_str("view") == Some("raw"), is_all: self.own("all").is_some() };
        Ok(in_words(|text| drawn::messages::page(text, &found, wanted)))
    }
}
