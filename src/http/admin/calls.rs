//! `/admin/v1/calls`

use axum::{Extension, Json, extract::State, response::Response};

use super::{
    Answer,
    document::{FindProblems, ListProblems},
    input::{Id, NoParams, Params},
    problem::Problem,
};
use crate::{
    admin::{actor::Admin, calls, export, messages},
    domain::{
        call::{Call, CallDetail},
        id::CallId,
        message::CallMessages,
        page::Page,
        report::{CallExport, CallQuery},
    },
    http::export::answer,
    hub::Hub,
};

/// Lists recorded calls.
///
/// Newest first.
#[utoipa::path(get, path = "/admin/v1/calls", tag = "calls", operation_id = "list_calls", params(CallQuery),
    responses((status = 200, description = "A page of calls.", body = Page<Call>), ListProblems))]
pub(super) async fn list(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(query): Params<CallQuery>,
) -> Answer<Page<Call>> {
    Ok(Json(calls::list(&hub, &actor, &query).await?))
}

/// Exports recorded calls as a file.
///
/// All that the filters admit and that were recorded when it began, newest first, however many: the answer is streamed.
/// If it cannot be read to its end the connection is cut. In `csv` a text that a spreadsheet would take for a formula has
/// an apostrophe before it; `json` and `ndjson` have what the list has.
#[utoipa::path(get, path = "/admin/v1/calls/export", tag = "calls", operation_id = "export_calls", params(CallExport),
    responses((status = 200, description = "The file.", content(
        (String = "text/csv"), (Vec<Call> = "application/json"), (Call = "application/x-ndjson"))), ListProblems))]
pub(super) async fn export(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(asked): Params<CallExport>,
) -> Result<Response, Problem> {
    let (format, query) = asked.split();
    Ok(answer(export::calls(&hub, &actor, format, query, None).await?))
}

/// Reads a call with its attempts and its decision chain.
///
/// Also one that still runs in the replica that is asked.
#[utoipa::path(get, path = "/admin/v1/calls/{id}", tag = "calls", operation_id = "find_call",
    params(("id" = String, Path, description = "The call's id, the value of `x-switchyard-call-id`.")),
    responses((status = 200, description = "The call.", body = CallDetail), FindProblems))]
pub(super) async fn find(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<CallId>,
    Params(NoParams {}): Params<NoParams>,
) -> Answer<CallDetail> {
    Ok(Json(calls::find(&hub, &actor, id).await?))
}

/// Reads what was asked and answered in a call.
///
/// Only where it was captured (variable `STORE_SESSION_MESSAGES`), and for as long as it is kept. Who has read it is in
/// the audit log.
#[utoipa::path(get, path = "/admin/v1/calls/{id}/messages", tag = "calls", operation_id = "find_call_messages",
    params(("id" = String, Path, description = "The call's id, the value of `x-switchyard-call-id`.")),
    responses((status = 200, description = "The messages.", body = CallMessages), FindProblems))]
pub(super) async fn messages(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<CallId>,
    Params(NoParams {}): Params<NoParams>,
) -> Answer<CallMessages> {
    Ok(Json(messages::find(&hub, &actor, id).await?))
}
