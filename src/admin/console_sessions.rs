//! Logins of the console: who has one, and their end.

use super::{
    actor::{Actor, Admin, Person, shown},
    change, fault, page,
};
use crate::{
    clock,
    domain::{
        console_session::{ConsoleSession, ConsoleSessionEnd, ConsoleSessionQuery, ConsoleSessionsEnded},
        fault::Fault,
        id::ConsoleSessionId,
        page::{Page, PageQuery},
    },
    hub::Hub,
    secret,
    store::console_sessions::SomeSessions,
};

/// A page of the logins, the latest first.
pub async fn list(hub: &Hub, actor: &Admin, query: &ConsoleSessionQuery) -> Result<Page<ConsoleSession>, Fault> {
    let page = PageQuery { limit: query.limit, cursor: query.cursor.clone() };
    let some = SomeSessions { user_id: query.user_id, ..SomeSessions::default() };
    some_of(hub, actor, some, &page).await
}

/// A page of one's own logins, the latest first.
pub async fn list_own(hub: &Hub, person: &Person, query: &PageQuery) -> Result<Page<ConsoleSession>, Fault> {
    some_of(hub, &person.actor, own(person), query).await
}

/// Ends a login.
///
/// # Errors
/// [`Fault::NotFound`] if there is none with this id, or it is over.
pub async fn end(hub: &Hub, actor: &Admin, id: ConsoleSessionId) -> Result<(), Fault> {
    end_one(hub, actor, SomeSessions { id: Some(id), ..SomeSessions::default() }, id).await
}

/// Ends one of one's own logins.
///
/// # Errors
/// [`Fault::NotFound`] if there is none with this id, it is somebody else's, or it is over.
pub async fn end_own(hub: &Hub, person: &Person, id: ConsoleSessionId) -> Result<(), Fault> {
    end_one(hub, &person.actor, SomeSessions { id: Some(id), ..own(person) }, id).await
}

/// Ends all logins, or all of a user, but the one that asks.
pub async fn end_others(hub: &Hub, actor: &Admin, which: &ConsoleSessionEnd) -> Result<ConsoleSessionsEnded, Fault> {
    end_all(hub, actor, SomeSessions { user_id: which.user_id, ..SomeSessions::default() }).await
}

/// Ends all of one's own logins but the one that asks.
pub async fn end_own_others(hub: &Hub, person: &Person) -> Result<ConsoleSessionsEnded, Fault> {
    end_all(hub, &person.actor, own(person)).await
}

/// The logins of a person: of a user all, of a key those that were made with it.
const fn own(person: &Person) -> SomeSessions {
    SomeSessions { id: None, user_id: Some(person.scope.user_id()), key_id: person.scope.key_id(), but: None }
}

async fn some_of(
    hub: &Hub,
    actor: &Actor,
    some: SomeSessions,
    query: &PageQuery,
) -> Result<Page<ConsoleSession>, Fault> {
    let limit = page::limit(query.limit)?;
    let before = page::after(query.cursor.as_deref())?.unwrap_or(ConsoleSessionId(i64::MAX));
    let mark = secret::mark(&hub.admin_token);
    let found = hub.store.list_sessions(some, (before, page::rows(limit)), &mark, clock::now()).await;
    let marked = |session: ConsoleSession| {
        let is_current = actor.session_id == Some(session.id);
        ConsoleSession { is_current, ..session }
    };
    let found = found.map_err(fault::store)?.into_iter().map(marked).collect();
    Ok(page::cut(found, limit, |session| session.id.to_string()))
}

async fn end_one(hub: &Hub, actor: &Actor, some: SomeSessions, id: ConsoleSessionId) -> Result<(), Fault> {
    let mut change = change::begin(hub).await?;
    if change.revoke_sessions(some, clock::now()).await.map_err(fault::store)? == 0 {
        return Err(Fault::not_found("login"));
    }
    change.audit(actor.entry("console.end", &id)).await.map_err(fault::store)?;
    change.commit_quietly().await.map_err(fault::store)
}

async fn end_all(hub: &Hub, actor: &Actor, some: SomeSessions) -> Result<ConsoleSessionsEnded, Fault> {
    let mut change = change::begin(hub).await?;
    let others = SomeSessions { but: actor.session_id, ..some };
    let ended = change.revoke_sessions(others, clock::now()).await.map_err(fault::store)?;
    let ended = ConsoleSessionsEnded { ended };
    let subject = some.user_id.map(|id| id.to_string()).unwrap_or_default();
    let mut entry = actor.entry("console.end_others", &subject);
    entry.after = shown(&ended);
    change.audit(entry).await.map_err(fault::store)?;
    change.commit_quietly().await.map_err(fault::store)?;
    Ok(ended)
}
