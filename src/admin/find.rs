//! Finding things by a piece of their name.

use super::{actor::Admin, fault, sessions};
use crate::{
    domain::{
        fault::Fault,
        find::{FindQuery, Found, FoundKind},
        id::CallId,
    },
    hub::Hub,
};

/// Things of each kind that are answered.
const EACH_MAX: i64 = 6;

/// Characters that may be looked for.
const CHARS_MAX: usize = 100;

/// Users, keys, providers, groups and models whose name holds the text, sessions whose name begins with it, and the call
/// whose id it is.
pub async fn find(hub: &Hub, _actor: &Admin, query: &FindQuery) -> Result<Vec<Found>, Fault> {
    let asked = query.search.trim();
    let text = asked.to_lowercase();
    if text.chars().count() > CHARS_MAX || text.contains('\0') {
        return Err(Fault::invalid("search", format!("must have at most {CHARS_MAX} characters, and no NUL")));
    }
    if text.is_empty() {
        return Ok(Vec::new());
    }
    if let Ok(id) = text.parse::<CallId>() {
        let call = Found { kind: FoundKind::Call, id: id.to_string(), name: id.to_string(), detail: None };
        let is_known = hub.live.find(id).is_some() || hub.store.find_call(id).await.map_err(fault::store)?.is_some();
        return Ok(if is_known { vec![call] } else { Vec::new() });
    }
    let (mut found, sessions) = tokio::try_join!(
        async { hub.store.find(&text, EACH_MAX).await.map_err(fault::store) },
        sessions::begin_with(hub, asked, EACH_MAX),
    )?;
    found.extend(sessions.into_iter().map(|session| Found {
        kind: FoundKind::Session,
        detail: session.user_name.zip(session.key_name).map(|(user, key)| format!("{user} · {key}")),
        name: session.session_id,
        id: session.id,
    }));
    Ok(found)
}
