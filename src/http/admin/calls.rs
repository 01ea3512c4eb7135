//! `/admin/v1/calls` and `/admin/v1/usage`

use axum::{Extension, Json, extract::State};

use super::{
    Answer,
    document::{FindProblems, ListProblems},
    input::{Id, NoParams, Params},
    whole,
};
use crate::{
    admin::{actor::Actor, calls, usage},
    domain::{
        call::{Call, CallDetail},
        id::CallId,
        page::Page,
        report::{CallQuery, UsageQuery, UsageRow},
    },
    hub::Hub,
};

/// Lists recorded calls.
///
/// Newest first.
#[utoipa::path(get, path = "/admin/v1/calls", tag = "calls", operation_id = "list_calls", params(CallQuery),
    responses((status = 200, description = "A page of calls.", body = Page<Call>), ListProblems))]
pub(super) async fn list(
    State(hub): State<Hub>,
    Extension(actor): Extension<Actor>,
    Params(query): Params<CallQuery>,
) -> Answer<Page<Call>> {
    Ok(Json(calls::list(&hub, &actor, &query).await?))
}

/// Reads a call with its attempts and its decision chain.
///
/// Also one that still runs in the replica that is asked.
#[utoipa::path(get, path = "/admin/v1/calls/{id}", tag = "calls", operation_id = "find_call",
    params(("id" = String, Path, description = "The call's id, the value of `x-switchyard-call-id`.")),
    responses((status = 200, description = "The call.", body = CallDetail), FindProblems))]
pub(super) async fn find(
    State(hub): State<Hub>,
    Extension(actor): Extension<Actor>,
    Id(id): Id<CallId>,
    Params(NoParams {}): Params<NoParams>,
) -> Answer<CallDetail> {
    Ok(Json(calls::find(&hub, &actor, id).await?))
}

/// Adds up calls, tokens and cost.
///
/// Oldest span first, within a span the dearest first; spans without calls have no row. Not paged: there is at most
/// one page.
#[utoipa::path(get, path = "/admin/v1/usage", tag = "usage", operation_id = "sum_usage", params(UsageQuery),
    responses((status = 200, description = "The sums.", body = Page<UsageRow>), ListProblems))]
pub(super) async fn usage(
    State(hub): State<Hub>,
    Extension(actor): Extension<Actor>,
    Params(query): Params<UsageQuery>,
) -> Answer<Page<UsageRow>> {
    Ok(Json(whole(usage::usage(&hub, &actor, &query).await?)))
}
