//! Sessions: those that are active, and those with recorded calls.

mod many;

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    str::FromStr,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};

pub use self::many::bulk;
use super::{actor::Admin, change, check::check_text, fault, page};
use crate::{
    clock,
    domain::{
        fault::Fault,
        id::{CallId, KeyId},
        page::Page,
        session::{Session, SessionDetail, SessionQuery, SessionState},
    },
    hub::Hub,
    state::step::{ActiveSession, SessionKey},
    store::sessions::Recorded,
};

/// Characters of the beginning of a name that is looked for: as many as a session's name may have.
const SEARCH_MAX: usize = 256;

/// How far the time that an id carries may be from that of its call.
const ROOM: TimeDelta = TimeDelta::minutes(1);

/// How a session is named in a path: its key and the client's name for it, as URL-safe base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionId(SessionKey);

/// How a session of that key and name is named in a path.
pub fn id_of(key_id: KeyId, session_id: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{key_id}:{session_id}"))
}

impl FromStr for SessionId {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let read = || {
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
            let (key_id, id) = text.split_once(':').filter(|(_, id)| !id.contains('\0'))?;
            Some(Self(SessionKey { key_id: key_id.parse().ok()?, id: id.to_owned() }))
        };
        read().ok_or_else(|| Fault::not_found("session"))
    }
}

/// A place in the list of active ones: newest first.
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

/// A page of sessions: those that are active, of which at most 10,000 are listed, or those with recorded calls.
///
/// # Errors
/// [`Fault::CountersAway`] for the active ones while Redis does not answer.
pub async fn list(hub: &Hub, _actor: &Admin, query: &SessionQuery) -> Result<Page<Session>, Fault> {
    let limit = page::limit(query.limit)?;
    let search = checked(query.search.as_deref())?;
    match query.state.unwrap_or_default() {
        SessionState::Active => active(hub, search, query.cursor.as_deref(), limit).await,
        SessionState::Recent => recent(hub, search, query.cursor.as_deref(), limit).await,
    }
}

/// The beginning of a name that is looked for, if it can be; none if any name is meant.
fn checked(search: Option<&str>) -> Result<Option<&str>, Fault> {
    check_text("search", search)?;
    let search = search.filter(|search| !search.is_empty());
    if search.is_some_and(|search| search.chars().count() > SEARCH_MAX) {
        return Err(Fault::invalid("search", format!("must have at most {SEARCH_MAX} characters")));
    }
    Ok(search)
}

async fn active(hub: &Hub, search: Option<&str>, cursor: Option<&str>, limit: usize) -> Result<Page<Session>, Fault> {
    let after: Option<Place> = page::after(cursor)?;
    let mut active: Vec<_> = all_active(hub).await?.into_iter().map(|session| (Place::of(&session), session)).collect();
    active.retain(|(place, _)| {
        after.as_ref().is_none_or(|after| place > after) && search.is_none_or(|search| place.2.starts_with(search))
    });
    active.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    active.truncate(limit + 1);
    let cut = page::cut(active, limit, |(place, _)| format!("{}:{}:{}", place.0.0, place.1, place.2));
    let named: Vec<_> =
        cut.items.iter().map(|(_, active)| (active.session.key_id, active.session.id.as_str())).collect();
    let mut known: HashMap<SessionKey, Session> = HashMap::new();
    for Recorded { session, last_call } in hub.store.conversations(&named).await.map_err(fault::store)? {
        let key = SessionKey { key_id: session.key_id, id: session.session_id.clone() };
        known.insert(key, if last_call.is_some() { session } else { unrecorded(session) });
    }
    let shown = |(_, active): (Place, ActiveSession)| {
        let known = known.remove(&active.session);
        merged(hub, known.unwrap_or_else(|| nameless(&active)), Some(&active))
    };
    Ok(Page { items: cut.items.into_iter().map(shown).collect(), next_cursor: cut.next_cursor })
}

async fn recent(hub: &Hub, search: Option<&str>, cursor: Option<&str>, limit: usize) -> Result<Page<Session>, Fault> {
    let before: Option<CallId> = page::after(cursor)?;
    let found = hub.store.list_conversations(search, before, page::rows(limit)).await.map_err(fault::store)?;
    let cut = page::cut(found, limit, |recorded| recorded.last_call.unwrap_or_default().to_string());
    // Whether they are active is nice to know, and no more.
    let active = all_active(hub).await.ok();
    let wanted: HashSet<(KeyId, &str)> =
        cut.items.iter().map(|found| (found.session.key_id, found.session.session_id.as_str())).collect();
    let active: Option<HashMap<SessionKey, ActiveSession>> = active.map(|active| {
        let is_wanted = |one: &ActiveSession| wanted.contains(&(one.session.key_id, one.session.id.as_str()));
        active.into_iter().filter(is_wanted).map(|one| (one.session.clone(), one)).collect()
    });
    let shown = |Recorded { session, .. }: Recorded| {
        let key = SessionKey { key_id: session.key_id, id: session.session_id.clone() };
        let is_known = active.is_some();
        let shown = merged(hub, session, active.as_ref().and_then(|active| active.get(&key)));
        Session { is_active: shown.is_active.filter(|_| is_known), ..shown }
    };
    Ok(Page { items: cut.items.into_iter().map(shown).collect(), next_cursor: cut.next_cursor })
}

/// One session: where it goes, and where it went.
///
/// # Errors
/// [`Fault::NotFound`] if it is neither active nor has a recorded call.
pub async fn find(hub: &Hub, actor: &Admin, id: &SessionId) -> Result<SessionDetail, Fault> {
    find_with_span(hub, actor, id).await.map(|(detail, _)| detail)
}

/// The same, and from when to when its calls have to be looked for.
///
/// # Errors
/// Those of [`find`].
pub async fn find_with_span(
    hub: &Hub,
    _actor: &Admin,
    id: &SessionId,
) -> Result<(SessionDetail, (DateTime<Utc>, DateTime<Utc>)), Fault> {
    let SessionId(key) = id;
    let active = all_active(hub).await.ok();
    let is_known = active.is_some();
    let active = active.into_iter().flatten().find(|active| active.session == *key);
    let found = hub.store.conversations(&[(key.key_id, &key.id)]).await.map_err(fault::store)?.pop();
    let recorded = found.ok_or_else(|| Fault::not_found("session"))?;
    let last_call = recorded.last_call;
    let has_record = last_call.is_some();
    if !has_record && active.is_none() {
        return Err(Fault::not_found("session"));
    }
    let session = if has_record { recorded.session } else { unrecorded(recorded.session) };
    let session = merged(hub, session, active.as_ref());
    let began = span(&session, last_call);
    let (stays, captured_call_id) = tokio::try_join!(
        hub.store.stays(key.key_id, &key.id, began),
        hub.store.latest_captured(key.key_id, &key.id, began),
    )
    .map_err(fault::store)?;
    let is_idle = session.in_flight == 0;
    let ttl = TimeDelta::milliseconds(hub.config.session_ttl_ms);
    let detail = SessionDetail {
        bound_since: stays.first().filter(|stay| Some(stay.provider_id) == session.provider_id).map(|stay| stay.since),
        bound_until: session.provider_id.filter(|_| is_idle).and_then(|_| session.last_seen_at.checked_add_signed(ttl)),
        cached_tokens: active.and_then(|active| active.binding).map(|binding| binding.cached_tokens),
        session: Session { is_active: session.is_active.filter(|_| is_known), ..session },
        stays,
        captured_call_id,
    };
    Ok((detail, began))
}

/// From when to when the calls of a session began, with some room: an id carries a time of its own. Only few days have them.
/// Where the clock was set back ids were not: the last one may be later than all its calls.
fn span(session: &Session, last_call: Option<CallId>) -> (DateTime<Utc>, DateTime<Utc>) {
    let of_id = |CallId(id): CallId| DateTime::from_timestamp_millis(i64::try_from(id.as_u128() >> 80).ok()?);
    let (from, to) = (session.created_at, session.last_seen_at);
    let to = last_call.and_then(of_id).map_or(to, |last| last.max(to));
    (from.checked_sub_signed(ROOM).unwrap_or(from), to.checked_add_signed(ROOM).unwrap_or(to))
}

/// The sessions with recorded calls whose name begins with `search`, those with the latest call first: id and session.
pub(super) async fn begin_with(hub: &Hub, search: &str, n_most: i64) -> Result<Vec<Session>, Fault> {
    let found = hub.store.list_conversations(Some(search), None, n_most).await.map_err(fault::store)?;
    Ok(found.into_iter().map(|Recorded { session, .. }| merged(hub, session, None)).collect())
}

/// Ends a session: it no longer counts, and its next call may go to any provider. Its calls that run go on.
///
/// # Errors
/// [`Fault::NotFound`] if it is not active; [`Fault::CountersAway`] while Redis does not answer.
pub async fn end(hub: &Hub, actor: &Admin, id: &SessionId) -> Result<(), Fault> {
    end_one(hub, actor, &id.0).await
}

async fn end_one(hub: &Hub, actor: &Admin, session: &SessionKey) -> Result<(), Fault> {
    let mut change = change::begin(hub).await?;
    let mut entry = actor.entry("session.end", &session.id);
    entry.before = Some(serde_json::json!({ "key_id": session.key_id, "session_id": session.id }));
    change.audit(entry).await.map_err(fault::store)?;
    let now_ms = clock::now().timestamp_millis();
    if !hub.state.end_session(session, now_ms).await.map_err(|_| Fault::CountersAway)? {
        return Err(Fault::not_found("session"));
    }
    // Its place may be what others wait for.
    hub.parking.wake(None);
    change.commit_quietly().await.map_err(fault::store)
}

async fn all_active(hub: &Hub) -> Result<Vec<ActiveSession>, Fault> {
    hub.state.sessions(clock::now().timestamp_millis()).await.map_err(|_| Fault::CountersAway)
}

/// A session without a recorded call has no times of its own: those of the counters count.
fn unrecorded(session: Session) -> Session {
    Session { created_at: DateTime::<Utc>::MAX_UTC, last_seen_at: DateTime::<Utc>::MIN_UTC, ..session }
}

/// A session of whose key the database knows nothing.
fn nameless(active: &ActiveSession) -> Session {
    unrecorded(Session {
        key_id: active.session.key_id,
        user_id: active.user_id,
        session_id: active.session.id.clone(),
        ..Session::default()
    })
}

/// What is recorded of a session, with what the counters know of it if it is active.
fn merged(hub: &Hub, recorded: Session, active: Option<&ActiveSession>) -> Session {
    let id = id_of(recorded.key_id, &recorded.session_id);
    let Some(active) = active else { return Session { id, is_active: Some(false), ..recorded } };
    let provider_id = active.binding.map(|binding| binding.provider_id);
    let snapshot = hub.snapshot.load();
    let bound = snapshot.upstreams.iter().find(|upstream| Some(upstream.provider.id) == provider_id);
    Session {
        id,
        is_active: Some(true),
        provider_id,
        provider_name: bound.map(|upstream| upstream.provider.name.clone()),
        created_at: recorded.created_at.min(time(active.began_ms)),
        last_seen_at: recorded.last_seen_at.max(time(active.seen_ms)),
        in_flight: active.in_flight,
        // What has just ended is on its way to the database.
        calls: recorded.calls.max(active.calls),
        ..recorded
    }
}

fn time(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::partitions::first_id;

    #[test]
    fn a_session_is_named_so_that_it_fits_into_a_path_and_is_found_again() {
        for id in ["a", "with:colon/and slash?", "会话", &"x".repeat(256)] {
            let key = SessionKey { key_id: KeyId(7), id: id.to_owned() };
            let text = id_of(key.key_id, &key.id);
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{text}");
            assert_eq!(text.parse(), Ok(SessionId(key)));
        }
        for wrong in [
            "",
            "1",
            "%",
            &URL_SAFE_NO_PAD.encode("a:b"),
            &URL_SAFE_NO_PAD.encode("7"),
            &URL_SAFE_NO_PAD.encode("7:a\0"),
        ] {
            assert_eq!(wrong.parse::<SessionId>(), Err(Fault::not_found("session")), "{wrong}");
        }
    }

    #[test]
    fn the_last_call_is_within_its_sessions_span_also_after_the_clock_was_set_back() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let (began, seen, later) = (at("2026-11-01T10:00:00Z"), at("2026-11-01T11:00:00Z"), at("2026-11-01T14:00:00Z"));
        let session = Session { created_at: began, last_seen_at: seen, ..Session::default() };
        let last = |at| span(&session, Some(CallId(first_id(at))));
        assert_eq!(span(&session, None), (began - ROOM, seen + ROOM));
        assert_eq!(last(began), (began - ROOM, seen + ROOM));
        assert_eq!(last(later), (began - ROOM, later + ROOM));
    }

    #[test]
    fn the_newest_is_first_and_a_place_is_read_back() {
        let place = |text: &str| text.parse::<Place>().unwrap();
        assert!(place("5:1:a") < place("4:1:a") && place("5:1:a") < place("5:2:a") && place("5:1:a") < place("5:1:b"));
        assert_eq!(place("5:1:a:b"), Place(Reverse(5), KeyId(1), "a:b".to_owned()));
        assert!("5:a:b".parse::<Place>().is_err() && "5:1".parse::<Place>().is_err());
    }
}
