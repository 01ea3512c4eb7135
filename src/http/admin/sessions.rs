//! `/admin/v1/sessions`

use axum::{Extension, Json, extract::State};
use http::StatusCode;

use super::{
    Answer,
    document::{FindProblems, ListProblems, SetProblems},
    input::{Body, Id, NoParams, Params},
    problem::Problem,
};
use crate::{
    admin::{
        actor::Admin,
        sessions::{self, SessionId},
    },
    domain::{
        page::Page,
        session::{Session, SessionBulk, SessionBulkReport, SessionDetail, SessionQuery},
    },
    hub::Hub,
};

/// Lists sessions.
///
/// Active ones, those that began last first, at most 10,000; or those with recorded calls, those with the latest call
/// first.
#[utoipa::path(get, path = "/admin/v1/sessions", tag = "sessions", operation_id = "list_sessions", params(SessionQuery),
    responses((status = 200, description = "A page of sessions.", body = Page<Session>), ListProblems))]
pub(super) async fn list(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(query): Params<SessionQuery>,
) -> Answer<Page<Session>> {
    Ok(Json(sessions::list(&hub, &actor, &query).await?))
}

/// Reads a session: where it goes and where it went.
///
/// Its calls are those that `GET /admin/v1/calls` lists for its `key_id` and `session_id`.
#[utoipa::path(get, path = "/admin/v1/sessions/{id}", tag = "sessions", operation_id = "find_session",
    params(("id" = String, Path, description = "The session's `id`.")),
    responses((status = 200, description = "The session.", body = SessionDetail), FindProblems))]
pub(super) async fn find(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<SessionId>,
    Params(NoParams {}): Params<NoParams>,
) -> Answer<SessionDetail> {
    Ok(Json(sessions::find(&hub, &actor, &id).await?))
}

/// Ends a session.
///
/// It no longer counts, and its next call may go to any provider. Its calls that run go on.
#[utoipa::path(delete, path = "/admin/v1/sessions/{id}", tag = "sessions", operation_id = "end_session",
    params(("id" = String, Path, description = "The session's `id`.")),
    responses((status = 204, description = "The session has ended."), FindProblems))]
pub(super) async fn end(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<SessionId>,
    Params(NoParams {}): Params<NoParams>,
) -> Result<StatusCode, Problem> {
    sessions::end(&hub, &actor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends many sessions.
///
/// Each as one is ended; those that are not active are left out and counted. With `preview` it says how many would end.
#[utoipa::path(post, path = "/admin/v1/sessions/bulk", tag = "sessions", operation_id = "end_sessions",
    request_body = SessionBulk,
    responses((status = 200, description = "What ended, or would end.", body = SessionBulkReport), SetProblems))]
pub(super) async fn bulk(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Body(asked): Body<SessionBulk>,
) -> Answer<SessionBulkReport> {
    Ok(Json(sessions::bulk(&hub, &actor, asked).await?))
}
