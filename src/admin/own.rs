//! What somebody sees of their own. Every question is asked with the ids of the [`Person`]'s scope.

use super::{
    actor::{Person, Scope},
    calls, fault, limits, page,
};
use crate::{
    clock,
    domain::{
        fault::Fault,
        id::{CallId, KeyId},
        key::ApiKey,
        limit::{LimitUse, Limits, Subject},
        own::{Own, OwnCall, OwnCallDetail, OwnCallQuery, OwnKey},
        page::Page,
        report::CallQuery,
    },
    hub::Hub,
};

/// Keys that are told of.
const KEYS_MAX: i64 = 100;

/// Oneself: limits with their use, and keys.
///
/// # Errors
/// [`Fault::CountersAway`] while Redis does not answer.
pub async fn find(hub: &Hub, person: &Person) -> Result<Own, Fault> {
    let user_id = person.scope.user_id();
    let user = hub.store.find_user(user_id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("user"))?;
    let keys = match person.scope {
        Scope::User(_) => hub.store.list_keys(user_id, KeyId::default(), KEYS_MAX).await,
        Scope::Key(_, key_id) => hub.store.find_key(key_id).await.map(|key| key.into_iter().collect()),
    };
    let mut own_keys = Vec::new();
    for key in keys.map_err(fault::store)? {
        own_keys.push(own_key(hub, key).await?);
    }
    Ok(Own {
        user_id,
        limits: set_limits(hub, Subject::User(user_id), &user.limits).await?,
        user_name: user.name,
        expires_at: user.expires_at,
        has_password: person.scope.key_id().is_none(),
        keys: own_keys,
    })
}

async fn own_key(hub: &Hub, key: ApiKey) -> Result<OwnKey, Fault> {
    Ok(OwnKey {
        limits: set_limits(hub, Subject::Key(key.id), &key.limits).await?,
        id: key.id,
        name: key.name,
        preview: key.preview,
        enabled: key.enabled,
        expires_at: key.expires_at,
        last_used_at: key.last_used_at,
        models: key.models,
    })
}

/// The use of the limits that are set.
async fn set_limits(hub: &Hub, subject: Subject, limits: &Limits) -> Result<Vec<LimitUse>, Fault> {
    let mut used = limits::used(hub, subject, limits, clock::now()).await?;
    used.retain(|used| used.limit.is_some());
    Ok(used)
}

/// A page of one's own recorded calls, newest first.
///
/// # Errors
/// [`Fault::NotFound`] for a key that is not the one that was shown.
pub async fn calls(hub: &Hub, person: &Person, query: &OwnCallQuery) -> Result<Page<OwnCall>, Fault> {
    let limit = page::limit(query.limit)?;
    let before: Option<CallId> = page::after(query.cursor.as_deref())?;
    let query = calls::checked(narrowed(person.scope, query)?, clock::now())?;
    let found = hub.store.list_calls(&query, before, page::rows(limit)).await.map_err(fault::store)?;
    Ok(page::cut(found.into_iter().map(OwnCall::from).collect(), limit, |call| call.id.to_string()))
}

/// What the store is asked: within the scope, whatever `query` says.
fn narrowed(scope: Scope, query: &OwnCallQuery) -> Result<CallQuery, Fault> {
    if scope.key_id().is_some() && query.key_id.is_some_and(|asked| scope.key_id() != Some(asked)) {
        return Err(Fault::not_found("key"));
    }
    Ok(CallQuery {
        user_id: Some(scope.user_id()),
        key_id: scope.key_id().or(query.key_id),
        from: query.from,
        to: query.to,
        model: query.model.clone(),
        session_id: query.session_id.clone(),
        outcome: query.outcome,
        status: query.status,
        ..CallQuery::default()
    })
}

/// One of one's own calls, also one that still runs in this replica.
///
/// # Errors
/// [`Fault::NotFound`] if there is none with this id, or it is somebody else's.
pub async fn call(hub: &Hub, person: &Person, id: CallId) -> Result<OwnCallDetail, Fault> {
    let found = calls::recorded_or_live(hub, id).await?;
    if person.owns(&found.call) { Ok(found.into()) } else { Err(Fault::not_found("call")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::UserId;

    #[test]
    fn nobody_elses_calls_can_be_asked_for() {
        let ask = |scope, key_id| narrowed(scope, &OwnCallQuery { key_id, ..OwnCallQuery::default() });
        let ids = |query: CallQuery| (query.user_id, query.key_id);
        let user = Scope::User(UserId(1));
        assert_eq!(ask(user, None).map(ids), Ok((Some(UserId(1)), None)));
        assert_eq!(ask(user, Some(KeyId(9))).map(ids), Ok((Some(UserId(1)), Some(KeyId(9)))));
        let key = Scope::Key(UserId(1), KeyId(2));
        for asked in [None, Some(KeyId(2))] {
            assert_eq!(ask(key, asked).map(ids), Ok((Some(UserId(1)), Some(KeyId(2)))));
        }
        assert_eq!(ask(key, Some(KeyId(9))).map(ids), Err(Fault::not_found("key")));
    }
}
