//! The drawn pages of sessions, and of what was asked and answered.

use hub::{
    admin::{calls, messages, sessions},
    domain::{report::CallQuery, session::SessionQuery},
};

use super::{Reader, in_words};
use crate::{
    api::{Answer, forms, guard},
    drawn::{self, Drawn, messages::Wanted, sessions::one::Shown},
};

/// Calls of one page of a session.
const CALLS_MAX: u32 = 100;

impl Reader {
    /// The list of sessions.
    pub(super) async fn sessions(&self) -> Answer<Drawn> {
        let query = SessionQuery {
            limit: Some(drawn::sessions::LINES_MAX),
            cursor: self.own("cursor"),
            state: drawn::word(&self.map, "state"),
            search: self.own("search"),
        };
        let found = sessions::list(&self.hub, &self.actor, &query).await.map_err(guard::refuse)?;
        Ok(in_words(|text| drawn::sessions::page(text, &found, &query, self.clock)))
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
