//! Calls, for reading.

use super::{
    actor::{Admin, Visitor},
    fault, page,
};
use crate::{
    domain::{
        call::{Call, CallDetail},
        fault::Fault,
        id::CallId,
        page::Page,
        report::CallQuery,
    },
    hub::Hub,
};

/// A page of the recorded calls, newest first.
pub async fn list(hub: &Hub, _actor: &Admin, query: &CallQuery) -> Result<Page<Call>, Fault> {
    let limit = page::limit(query.limit)?;
    let before: Option<CallId> = page::after(query.cursor.as_deref())?;
    check(query)?;
    let calls = hub.store.list_calls(query, before, page::rows(limit)).await.map_err(fault::store)?;
    Ok(page::cut(calls, limit, |call| call.id.to_string()))
}

/// Checks the filters of calls.
pub(super) fn check(query: &CallQuery) -> Result<(), Fault> {
    for (field, text) in [("model", &query.model), ("session_id", &query.session_id)] {
        if text.as_ref().is_some_and(|text| text.contains('\0')) {
            return Err(Fault::invalid(field, "must not have zero characters"));
        }
    }
    Ok(())
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
