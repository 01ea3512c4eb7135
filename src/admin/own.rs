//! What somebody sees of their own. Every question is asked with the ids of the [`Person`]'s scope.

use chrono::{DateTime, Utc};

use super::{
    actor::{Person, Scope},
    calls, course, fault, limits, page,
    usage::{self, Asked, Sums},
};
use crate::{
    clock,
    domain::{
        fault::Fault,
        id::{CallId, KeyId},
        key::ApiKey,
        limit::{LimitUse, Limits, Subject},
        own::{Own, OwnCall, OwnCallDetail, OwnCallQuery, OwnKey, OwnReport, OwnUsageBy, OwnUsageQuery},
        page::Page,
        report::{CallQuery, UsageBy, UsageFilter, UsageQuery, UsageRow, UsageStep},
    },
    hub::Hub,
};

/// Keys that are told of.
const KEYS_MAX: i64 = 100;

/// Models of a report at most.
const MODELS_MAX: i64 = 50;

/// Oneself: limits with their use, and keys.
///
/// # Errors
/// [`Fault::CountersAway`] while Redis does not answer.
pub async fn find(hub: &Hub, person: &Person) -> Result<Own, Fault> {
    let user_id = person.scope.user_id();
    let user = hub.store.find_user(user_id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("user"))?;
    Ok(Own {
        user_id,
        limits: set_limits(hub, Subject::User(user_id), &user.limits).await?,
        user_name: user.name,
        expires_at: user.expires_at,
        has_password: person.has_password(),
        keys: keys(hub, person).await?,
    })
}

/// One's own keys with their limits; of a key only that one.
///
/// # Errors
/// [`Fault::CountersAway`] while Redis does not answer.
pub async fn keys(hub: &Hub, person: &Person) -> Result<Vec<OwnKey>, Fault> {
    let found = match person.scope {
        Scope::User(user_id) => hub.store.list_keys(user_id, KeyId::default(), KEYS_MAX).await,
        Scope::Key(_, key_id) => hub.store.find_key(key_id).await.map(|key| key.into_iter().collect()),
    };
    let mut keys = Vec::new();
    for key in found.map_err(fault::store)? {
        keys.push(own_key(hub, key).await?);
    }
    Ok(keys)
}

async fn own_key(hub: &Hub, key: ApiKey) -> Result<OwnKey, Fault> {
    Ok(OwnKey {
        limits: set_limits(hub, Subject::Key(key.id), &key.limits).await?,
        id: key.id,
        name: key.name,
        preview: key.preview,
        enabled: key.enabled,
        expires_at: key.expires_at,
        old_secret_until: key.old_secret_until,
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

/// Sums over one's own calls by span, oldest first, within a span the dearest first. Spans without calls have no row.
///
/// # Errors
/// [`Fault::NotFound`] for a key that is not the one that was shown; [`Fault::Invalid`] for a range that cannot be.
pub async fn usage(hub: &Hub, person: &Person, query: &OwnUsageQuery) -> Result<Vec<UsageRow>, Fault> {
    usage::rows(hub, &narrowed_usage(person.scope, query)?).await
}

/// Reads one's own use from `from` up to `to`.
///
/// # Errors
/// [`Fault::Invalid`] for a range that cannot be.
pub async fn report(
    hub: &Hub,
    person: &Person,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<OwnReport, Fault> {
    let query = UsageQuery { from: Some(from), to: Some(to), ..UsageQuery::default() };
    let range = usage::range(&query, clock::now())?;
    let (user_id, key_id) = (Some(person.scope.user_id()), person.scope.key_id());
    let filter = UsageFilter { user_id, key_id, ..UsageFilter::default() };
    let before = (range.0 - (range.1 - range.0), range.0);
    let of = |by, step| Asked { range, filter: filter.clone(), by, step, ..Asked::default() };
    let sums = Sums::open(hub).await?;
    let (total, before, course, models) = tokio::try_join!(
        sums.total(range, filter.clone()),
        sums.total(before, filter.clone()),
        course::of_sums(sums, of(None, course::step_of(range)), hub.snapshot.load().zone),
        sums.read(of(Some(UsageBy::Model), UsageStep::Total), MODELS_MAX),
    )?;
    Ok(OwnReport { total, before, course, models })
}

/// The key that is asked for within the scope; none for all of them.
fn narrowed_key(scope: Scope, asked: Option<KeyId>) -> Result<Option<KeyId>, Fault> {
    match (scope.key_id(), asked) {
        (Some(own), Some(asked)) if own != asked => Err(Fault::not_found("key")),
        (own, asked) => Ok(own.or(asked)),
    }
}

/// Which sums the store is asked for: within the scope, whatever `query` says.
fn narrowed_usage(scope: Scope, query: &OwnUsageQuery) -> Result<UsageQuery, Fault> {
    let by = |by| match by {
        OwnUsageBy::Key => UsageBy::Key,
        OwnUsageBy::Model => UsageBy::Model,
    };
    Ok(UsageQuery {
        from: query.from,
        to: query.to,
        by: query.by.map(by),
        step: query.step,
        user_id: Some(scope.user_id()),
        key_id: narrowed_key(scope, query.key_id)?,
        provider_id: None,
        model: query.model.clone(),
    })
}

/// Which calls the store is asked for: within the scope, whatever `query` says.
fn narrowed(scope: Scope, query: &OwnCallQuery) -> Result<CallQuery, Fault> {
    Ok(CallQuery {
        user_id: Some(scope.user_id()),
        key_id: narrowed_key(scope, query.key_id)?,
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
        let sum = |scope, key_id| narrowed_usage(scope, &OwnUsageQuery { key_id, ..OwnUsageQuery::default() });
        let ids = |query: UsageQuery| (query.user_id, query.key_id);
        assert_eq!(sum(user, Some(KeyId(9))).map(ids), Ok((Some(UserId(1)), Some(KeyId(9)))));
        assert_eq!(sum(key, None).map(ids), Ok((Some(UserId(1)), Some(KeyId(2)))));
        assert_eq!(sum(key, Some(KeyId(9))).map(ids), Err(Fault::not_found("key")));
    }
}
