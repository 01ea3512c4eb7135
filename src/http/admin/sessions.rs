//! `/admin/v1/sessions`

use axum::{Extension, Json, extract::State};
use http::StatusCode;

use super::{
    Answer,
    document::{FindProblems, ListProblems},
    input::{Id, NoParams, Params},
    problem::Problem,
};
use crate::{
    admin::{
        actor::Admin,
        sessions::{self, SessionId},
    },
    domain::{
        page::{Page, PageQuery},
        session::Session,
    },
    hub::Hub,
};

/// Lists active sessions.
///
/// Those that began last first; at most 10,000.
#[utoipa::path(get, path = "/admin/v1/sessions", tag = "sessions", operation_id = "list_sessions", params(PageQuery),
    responses((status = 200, description = "A page of sessions.", body = Page<Session>), ListProblems))]
pub(super) async fn list(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(query): Params<PageQuery>,
) -> Answer<Page<Session>> {
    Ok(Json(sessions::list(&hub, &actor, &query).await?))
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
