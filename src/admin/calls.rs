//! Calls, for reading.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    actor::{Admin, Visitor},
    check::{check_text, within},
    fault, page,
    usage::Sums,
};
use crate::{
    clock,
    domain::{
        call::{Call, CallDetail},
        fault::Fault,
        id::{CallId, UserId},
        money::Usd,
        page::Page,
        report::{CallQuery, Totals, UsageFilter},
    },
    hub::Hub,
};

/// How far back the texts of errors are looked through.
const ERROR_TEXTS: TimeDelta = TimeDelta::days(7);

/// Whose tests and probes are in sums.
const NOBODY: UserId = UserId(0);

/// Characters of a text that is looked for.
const TEXT_MAX: u32 = 200;

/// A page of the recorded calls, newest first.
pub async fn list(hub: &Hub, _actor: &Admin, query: &CallQuery) -> Result<Page<Call>, Fault> {
    let limit = page::limit(query.limit)?;
    let before: Option<CallId> = page::after(query.cursor.as_deref())?;
    let query = checked(query.clone(), clock::now())?;
    let calls = hub.store.list_calls(&query, before, page::rows(limit)).await.map_err(fault::store)?;
    Ok(page::cut(calls, limit, |call| call.id.to_string()))
}

/// The sums over all calls that are meant, not only those of a page; none if no sums tell these calls apart.
///
/// # Errors
/// [`Fault::Invalid`] for a filter that cannot be.
pub async fn totals(hub: &Hub, _actor: &Admin, query: &CallQuery) -> Result<Option<Totals>, Fault> {
    let CallQuery { from, to, user_id, key_id, provider_id, model, .. } = query.clone();
    let summed = CallQuery { from, to, user_id, key_id, provider_id, model: model.clone(), ..CallQuery::default() };
    let now = clock::now();
    let range = (from.unwrap_or(DateTime::UNIX_EPOCH), to.unwrap_or(now).min(now));
    if summed != (CallQuery { limit: None, cursor: None, ..query.clone() }) || range.0 >= range.1 {
        return Ok(None);
    }
    check_text("model", model.as_deref())?;
    let filter = UsageFilter { user_id, key_id, provider_id, model };
    Sums::open(hub).await?.total(range, filter).await.map(Some)
}

/// Of those sums, what tests and probes used: they are no requests, but cost. None where it is the use of somebody, who
/// makes none of them.
///
/// # Errors
/// [`Fault::Invalid`] for a filter that cannot be.
pub async fn of_probes(hub: &Hub, actor: &Admin, query: &CallQuery) -> Result<Option<Totals>, Fault> {
    if query.user_id.is_some() || query.key_id.is_some() {
        return Ok(None);
    }
    totals(hub, actor, &CallQuery { user_id: Some(NOBODY), ..query.clone() }).await
}

/// How many calls are meant where only errors are; none if no sums tell these calls apart. Of errors that is all that is
/// summed: what they used is in the sums of all calls.
///
/// # Errors
/// [`Fault::Invalid`] for a filter that cannot be.
pub async fn n_errors(hub: &Hub, actor: &Admin, query: &CallQuery) -> Result<Option<u64>, Fault> {
    if query.errors != Some(true) {
        return Ok(None);
    }
    let all = CallQuery { errors: None, ..query.clone() };
    Ok(totals(hub, actor, &all).await?.map(|totals| totals.errors()))
}

/// The filters of calls, if they can be.
pub(super) fn checked(mut query: CallQuery, now: DateTime<Utc>) -> Result<CallQuery, Fault> {
    check_text("model", query.model.as_deref())?;
    check_text("session_id", query.session_id.as_deref())?;
    check_text("error", query.error.as_deref())?;
    for (field, min, max) in [
        ("cost_min", query.cost_min.map(Usd::scaled), query.cost_max.map(Usd::scaled)),
        ("duration_min", query.duration_min.map(Into::into), query.duration_max.map(Into::into)),
    ] {
        if min.zip(max).is_some_and(|(min, max)| min > max) {
            return Err(Fault::invalid(field, "must not be above its counterpart"));
        }
    }
    if let Some(text) = &query.error {
        within("error", u32::try_from(text.chars().count()).ok(), 1, TEXT_MAX)?;
        let first = now - ERROR_TEXTS;
        query.from = Some(query.from.map_or(first, |from| from.max(first)));
    }
    Ok(query)
}

/// One call with all that is known of it: as it is recorded, or as this replica knows it while it runs and until it is
/// recorded.
pub async fn find(hub: &Hub, _actor: &Admin, id: CallId) -> Result<CallDetail, Fault> {
    recorded_or_live(hub, id).await
}

/// A call, whosever it is.
pub(super) async fn recorded_or_live(hub: &Hub, id: CallId) -> Result<CallDetail, Fault> {
    match (hub.store.find_call(id).await, hub.live.find(id)) {
        (Ok(Some(recorded)), _) => Ok(recorded),
        (_, Some(live)) => Ok(live),
        (Ok(None), None) => Err(Fault::not_found("call")),
        (Err(error), None) => Err(fault::store(error)),
    }
}

/// The calls that run in this replica.
pub fn active(hub: &Hub, _actor: &Admin) -> Vec<Call> {
    hub.live.active()
}

/// How many calls run in this replica, as far as the visitor may know: an admin of all, a person of their own.
pub fn n_active(hub: &Hub, visitor: &Visitor) -> u32 {
    match visitor {
        Visitor::Admin(_) => hub.live.n_active(),
        Visitor::Person(person) => {
            let n_own = hub.live.active().iter().filter(|call| person.owns(call)).count();
            u32::try_from(n_own).unwrap_or(u32::MAX)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_do_not_cross_and_texts_of_errors_are_not_looked_for_in_all_that_ever_was() {
        let now: DateTime<Utc> = "2026-11-21T00:00:00Z".parse().unwrap();
        let usd = |text: &str| Some(text.parse().unwrap());
        for (query, field) in [
            (CallQuery { cost_min: usd("2"), cost_max: usd("1"), ..CallQuery::default() }, "cost_min"),
            (CallQuery { duration_min: Some(2), duration_max: Some(1), ..CallQuery::default() }, "duration_min"),
            (CallQuery { error: Some(String::new()), ..CallQuery::default() }, "error"),
            (CallQuery { error: Some("x".repeat(201)), ..CallQuery::default() }, "error"),
            (CallQuery { error: Some("\0".to_owned()), ..CallQuery::default() }, "error"),
        ] {
            assert_eq!(checked(query, now).unwrap_err().field(), Some(field));
        }
        let from = |from: Option<&str>, error: Option<&str>| {
            let from = from.map(|from| from.parse().unwrap());
            let query = CallQuery { from, error: error.map(str::to_owned), ..CallQuery::default() };
            checked(query, now).unwrap().from
        };
        assert_eq!(from(None, None), None);
        assert_eq!(from(None, Some("overloaded")), Some(now - ERROR_TEXTS));
        assert_eq!(from(Some("2020-01-01T00:00:00Z"), Some("x")), Some(now - ERROR_TEXTS));
        let late = "2026-11-20T00:00:00Z";
        assert_eq!(from(Some(late), Some("x")), Some(late.parse().unwrap()));
    }
}
