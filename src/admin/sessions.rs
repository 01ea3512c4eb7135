//! Sessions that are active.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    str::FromStr,
    sync::Arc,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};

use super::{actor::Admin, change, fault, page};
use crate::{
    clock,
    domain::{
        fault::Fault,
        id::KeyId,
        page::{Page, PageQuery},
        session::Session,
    },
    hub::Hub,
    route::snapshot::{Caller, Snapshot},
    state::step::{ActiveSession, SessionKey},
};

/// How a session is named in a path: its key and the client's name for it, as URL-safe base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionId(SessionKey);

impl SessionId {
    fn text(key: &SessionKey) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}:{}", key.key_id, key.id))
    }
}

impl FromStr for SessionId {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let read = || {
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
            let (key_id, id) = text.split_once(':')?;
            Some(Self(SessionKey { key_id: key_id.parse().ok()?, id: id.to_owned() }))
        };
        read().ok_or_else(|| Fault::not_found("session"))
    }
}

/// A place in the list: newest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place(Reverse<i64>, KeyId, String);

impl Place {
    fn of(session: &ActiveSession) -> Self {
        Self(Reverse(session.began_ms), session.session.key_id, session.session.id.clone())
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, ':');
        let mut next = || parts.next().ok_or(());
        Ok(Self(Reverse(next()?.parse().map_err(|_| ())?), next()?.parse().map_err(|_| ())?, next()?.to_owned()))
    }
}

/// A page of the sessions that are active, those that began last first. At most 10,000 are listed.
///
/// # Errors
/// [`Fault::CountersAway`] while Redis does not answer.
pub async fn list(hub: &Hub, _actor: &Admin, query: &PageQuery) -> Result<Page<Session>, Fault> {
    let limit = page::limit(query.limit)?;
    let after: Option<Place> = page::after(query.cursor.as_deref())?;
    let active = hub.state.sessions(clock::now().timestamp_millis()).await.map_err(|_| Fault::CountersAway)?;
    let mut active: Vec<_> = active.into_iter().map(|session| (Place::of(&session), session)).collect();
    active.retain(|(place, _)| after.as_ref().is_none_or(|after| place > after));
    active.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    active.truncate(limit + 1);
    let cut = page::cut(active, limit, |(place, _)| format!("{}:{}:{}", place.0.0, place.1, place.2));
    let snapshot = hub.snapshot.load();
    let keys: HashSet<KeyId> = cut.items.iter().map(|(_, session)| session.session.key_id).collect();
    let callers = snapshot.callers.values().filter(|caller| keys.contains(&caller.key.id));
    let callers: HashMap<KeyId, &Arc<Caller>> = callers.map(|caller| (caller.key.id, caller)).collect();
    let shown = |(_, session): (Place, ActiveSession)| shown(&snapshot, &callers, session);
    Ok(Page { items: cut.items.into_iter().map(shown).collect(), next_cursor: cut.next_cursor })
}

/// Ends a session: it no longer counts, and its next call may go to any provider. Its calls that run go on.
///
/// # Errors
/// [`Fault::NotFound`] if it is not active; [`Fault::CountersAway`] while Redis does not answer.
pub async fn end(hub: &Hub, actor: &Admin, id: &SessionId) -> Result<(), Fault> {
    let SessionId(session) = id;
    let mut change = change::begin(hub).await?;
    let mut entry = actor.entry("session.end", &session.id);
    entry.before = Some(serde_json::json!({ "key_id": session.key_id, "session_id": session.id }));
    change.audit(entry).await.map_err(fault::store)?;
    let now_ms = clock::now().timestamp_millis();
    if !hub.state.end_session(session, now_ms).await.map_err(|_| Fault::CountersAway)? {
        return Err(Fault::not_found("session"));
    }
    change.commit_quietly().await.map_err(fault::store)
}

fn shown(snapshot: &Snapshot, callers: &HashMap<KeyId, &Arc<Caller>>, session: ActiveSession) -> Session {
    let caller = callers.get(&session.session.key_id);
    let provider_id = session.binding.map(|binding| binding.provider_id);
    let bound = snapshot.upstreams.iter().find(|upstream| Some(upstream.provider.id) == provider_id);
    Session {
        id: SessionId::text(&session.session),
        key_id: session.session.key_id,
        key_name: caller.map(|caller| caller.key.name.clone()),
        user_id: session.user_id,
        user_name: caller.map(|caller| caller.user.name.clone()),
        session_id: session.session.id,
        provider_id,
        provider_name: bound.map(|upstream| upstream.provider.name.clone()),
        created_at: time(session.began_ms),
        last_seen_at: time(session.seen_ms),
        in_flight: session.in_flight,
        calls: session.calls,
    }
}

fn time(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_named_so_that_it_fits_into_a_path_and_is_found_again() {
        for id in ["a", "with:colon/and slash?", "会话", &"x".repeat(256)] {
            let key = SessionKey { key_id: KeyId(7), id: id.to_owned() };
            let text = SessionId::text(&key);
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{text}");
            assert_eq!(text.parse(), Ok(SessionId(key)));
        }
        for wrong in ["", "1", "%", &URL_SAFE_NO_PAD.encode("a:b"), &URL_SAFE_NO_PAD.encode("7")] {
            assert_eq!(wrong.parse::<SessionId>(), Err(Fault::not_found("session")), "{wrong}");
        }
    }

    #[test]
    fn the_newest_is_first_and_a_place_is_read_back() {
        let place = |text: &str| text.parse::<Place>().unwrap();
        assert!(place("5:1:a") < place("4:1:a") && place("5:1:a") < place("5:2:a") && place("5:1:a") < place("5:1:b"));
        assert_eq!(place("5:1:a:b"), Place(Reverse(5), KeyId(1), "a:b".to_owned()));
        assert!("5:a:b".parse::<Place>().is_err() && "5:1".parse::<Place>().is_err());
    }
}
