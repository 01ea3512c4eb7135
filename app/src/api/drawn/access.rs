//! The drawn pages about who may see and has done what, and somebody's own.

use hub::{
    admin::{actor::Person, audit, console_sessions, own, period, users},
    domain::{
        audit::AuditQuery,
        console_session::ConsoleSessionQuery,
        fault::Fault,
        own::OwnCallQuery,
        page::{LIMIT_MAX, PageQuery},
        user::many::UserQuery,
    },
    hub::Hub,
};
use leptos_router::params::ParamsMap;

use super::{Reader, in_words, span::span};
use crate::{
    api::{Answer, forms, guard},
    drawn::{
        self, Drawn,
        audit::Names,
        clock::Clock,
        logins::Said,
        mine::{self, setup::System},
        range::{Range, Recent},
    },
};

/// Lines of a page of the audit log.
const LINES_MAX: u32 = 100;

/// A parameter that is filled in.
fn filled(map: &ParamsMap, name: &str) -> Option<String> {
    map.get_str(name).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// What the address of a page with logins says.
pub(super) fn said(map: &ParamsMap) -> Said {
    Said { is_done: map.get_str("done") == Some("password"), is_ending: filled(map, "end").is_some() }
}

/// A status of a filter; none if it is not filled in.
fn status(map: &ParamsMap) -> Result<Option<u16>, Fault> {
    let no_status = |_| Fault::invalid("status", "must be a whole number such as 529");
    filled(map, "status").map(|status| status.parse::<u16>().map_err(no_status)).transpose()
}

impl Reader {
    /// The audit log. A filter that cannot be read is said, and nothing is listed.
    pub(super) async fn audit(&self) -> Answer<Drawn> {
        let lines = match self.audit_query() {
            Ok(query) => audit::list(&self.hub, &self.actor, &query).await,
            Err(fault) => Err(fault),
        };
        let lines = match lines {
            Err(fault) if !matches!(fault, Fault::Invalid { .. }) => return Err(guard::refuse(fault)),
            lines => lines,
        };
        let names = self.names().await?;
        Ok(in_words(|text| drawn::audit::page(text, &self.map, &lines, &names, self.clock)))
    }

    /// Which lines the address asks for.
    fn audit_query(&self) -> Result<AuditQuery, Fault> {
        let (first, last) = drawn::audit::days(&self.map, self.clock.today())?;
        let of_day = |day| period::of_days(day, day, self.clock.zone);
        Ok(AuditQuery {
            limit: Some(LINES_MAX),
            cursor: filled(&self.map, "cursor"),
            from: first.map(|day| of_day(day).0),
            to: last.map(|day| of_day(day).1),
            actor: filled(&self.map, "actor"),
            action: filled(&self.map, "action"),
            subject: filled(&self.map, "subject"),
        })
    }

    /// The names of users, providers and keys.
    async fn names(&self) -> Answer<Names> {
        let all = UserQuery { limit: Some(LIMIT_MAX), ..UserQuery::default() };
        let users = users::list(&self.hub, &self.actor, &all).await.map_err(guard::refuse)?;
        let snapshot = self.hub.snapshot.load();
        let providers = snapshot.upstreams.iter().map(|upstream| &upstream.provider);
        let keys = snapshot.callers.values().map(|caller| (&caller.key, &caller.user));
        Ok(Names {
            users: users.items.into_iter().map(|user| (user.id.to_string(), user.name)).collect(),
            providers: providers.map(|provider| (provider.id.to_string(), provider.name.clone())).collect(),
            keys: keys.map(|(key, user)| (key.id.to_string(), format!("{} / {}", user.name, key.name))).collect(),
        })
    }

    /// Everybody's logins.
    pub(super) async fn logins(&self) -> Answer<Drawn> {
        let said = said(&self.map);
        // Who ends all of them is told how many that is.
        let limit = said.is_ending.then_some(LIMIT_MAX);
        let query =
            ConsoleSessionQuery { limit, cursor: filled(&self.map, "cursor"), ..ConsoleSessionQuery::default() };
        let found = console_sessions::list(&self.hub, &self.actor, &query).await.map_err(guard::refuse)?;
        Ok(in_words(|text| drawn::logins::page(text, &found, said, self.clock)))
    }
}

/// Who reads their own pages, and what the address says.
pub(super) struct OwnReader {
    hub: Hub,
    person: Person,
    clock: Clock,
    map: ParamsMap,
}

impl OwnReader {
    /// The reader; `search` is the query string.
    pub(super) async fn new(search: &str) -> Answer<Self> {
        let (hub, person) = guard::person().await?;
        let clock = super::clock(&hub);
        Ok(Self { hub, person, clock, map: super::parameters(search) })
    }

    /// What is left, and what was used.
    pub(super) async fn mine(&self) -> Answer<Drawn> {
        let mut range = Range::<Recent>::read(&self.map, self.clock.today());
        if range.days.is_none() && self.map.get_str("period").is_none() {
            range.period = Some(Recent::Month);
        }
        let own = own::find(&self.hub, &self.person).await.map_err(guard::refuse)?;
        let report = own::report(&self.hub, &self.person, span(&range, self.clock)).await.map_err(guard::refuse)?;
        Ok(in_words(|text| mine::page(text, &own, &report, &range, self.clock)))
    }

    /// The reader's calls.
    pub(super) async fn calls(&self) -> Answer<Drawn> {
        let range = Range::<Recent>::read_or_any(&self.map, self.clock.today());
        let now = self.clock.now;
        // A list has no columns that have to be whole.
        let ends = range.period.map(|recent| (now - recent.length(), now));
        let ends = ends.or_else(|| (!range.is_any()).then(|| span(&range, self.clock)));
        let query = OwnCallQuery {
            cursor: filled(&self.map, "cursor"),
            from: ends.map(|(from, _)| from),
            to: ends.map(|(_, to)| to),
            key_id: filled(&self.map, "key").and_then(|id| id.parse().ok()),
            model: filled(&self.map, "model"),
            session_id: filled(&self.map, "session"),
            outcome: drawn::word(&self.map, "outcome"),
            status: status(&self.map).map_err(guard::refuse)?,
            ..OwnCallQuery::default()
        };
        let found = own::calls(&self.hub, &self.person, &query).await.map_err(guard::refuse)?;
        let keys = own::keys(&self.hub, &self.person).await.map_err(guard::refuse)?;
        Ok(in_words(|text| mine::calls::page(text, (&self.map, &range), &found, &keys, self.clock)))
    }

    /// One of them.
    pub(super) async fn call(&self, id: &str) -> Answer<Drawn> {
        let found = own::call(&self.hub, &self.person, forms::id(id, "call")?).await.map_err(guard::refuse)?;
        Ok(in_words(|text| mine::calls::alone(text, &found, self.clock)))
    }

    /// How to set up a client.
    pub(super) async fn setup(&self) -> Answer<Drawn> {
        let parts = guard::parts()?;
        let agent = parts.headers.get("user-agent").and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        let system = drawn::word(&self.map, "system").unwrap_or_else(|| System::of_agent(agent));
        let keys = own::keys(&self.hub, &self.person).await.map_err(guard::refuse)?;
        Ok(in_words(|text| mine::setup::page(text, &guard::origin(&parts), system, &keys)))
    }

    /// The reader's logins and password.
    pub(super) async fn logins(&self) -> Answer<Drawn> {
        let query = PageQuery { limit: Some(LIMIT_MAX), cursor: None };
        let found = console_sessions::list_own(&self.hub, &self.person, &query).await.map_err(guard::refuse)?;
        let (has_password, said) = (self.person.has_password(), said(&self.map));
        Ok(in_words(|text| mine::logins_page(text, &found, has_password, said, self.clock)))
    }
}
