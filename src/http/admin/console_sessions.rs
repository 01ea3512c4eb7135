//! `/admin/v1/console-sessions`

use axum::{Extension, Json, extract::State};
use http::StatusCode;

use super::{
    Answer,
    document::{FindProblems, ListProblems},
    input::{Id, NoParams, Params},
    problem::Problem,
};
use crate::{
    admin::{actor::Admin, console_sessions},
    domain::{
        console_session::{ConsoleSession, ConsoleSessionEnd, ConsoleSessionQuery, ConsoleSessionsEnded},
        id::ConsoleSessionId,
        page::Page,
    },
    hub::Hub,
};

/// Lists logins of the console.
///
/// Those that have neither ended nor expired, the latest first.
#[utoipa::path(get, path = "/admin/v1/console-sessions", tag = "console", operation_id = "list_console_sessions",
    params(ConsoleSessionQuery),
    responses((status = 200, description = "A page of logins.", body = Page<ConsoleSession>), ListProblems))]
pub(super) async fn list(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(query): Params<ConsoleSessionQuery>,
) -> Answer<Page<ConsoleSession>> {
    Ok(Json(console_sessions::list(&hub, &actor, &query).await?))
}

/// Ends a login of the console.
#[utoipa::path(delete, path = "/admin/v1/console-sessions/{id}", tag = "console", operation_id = "end_console_session",
    params(("id" = String, Path, description = "The login's id.")),
    responses((status = 204, description = "The login has ended."), FindProblems))]
pub(super) async fn end(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<ConsoleSessionId>,
    Params(NoParams {}): Params<NoParams>,
) -> Result<StatusCode, Problem> {
    console_sessions::end(&hub, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all logins of the console, or all of a user.
///
/// But not the one that asks.
#[utoipa::path(delete, path = "/admin/v1/console-sessions", tag = "console", operation_id = "end_console_sessions",
    params(ConsoleSessionEnd),
    responses((status = 200, description = "How many have ended.", body = ConsoleSessionsEnded), ListProblems))]
pub(super) async fn end_others(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(which): Params<ConsoleSessionEnd>,
) -> Answer<ConsoleSessionsEnded> {
    Ok(Json(console_sessions::end_others(&hub, &actor, &which).await?))
}
