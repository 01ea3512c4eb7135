//! `/admin/v1/me`: what is one's own. Open to a relay key, to a console session of a user, and to nobody else.

use axum::{Extension, Json, extract::State};
use http::StatusCode;

use super::{
    Answer,
    document::{FindProblems, ListProblems, SetProblems},
    input::{Body, Id, Listed, NoParams, Params},
    part_of,
    problem::Problem,
};
use crate::{
    admin::{actor::Person, console_sessions, own, password},
    domain::{
        console_session::{ConsoleSession, ConsoleSessionsEnded},
        id::{CallId, ConsoleSessionId},
        own::{Own, OwnCall, OwnCallDetail, OwnCallQuery, OwnUsageQuery},
        page::{Page, PageQuery, PartQuery},
        report::UsageRow,
        user::PasswordChange,
    },
    hub::Hub,
};

/// Reads what is left of one's own limits.
///
/// With a password: of the user and of each key. With a key: of the user and of that key.
#[utoipa::path(get, path = "/admin/v1/me", tag = "me", operation_id = "find_own",
    security(("relay_key" = []), ("console_session" = [])),
    responses((status = 200, description = "Oneself.", body = Own), FindProblems))]
pub(super) async fn find(
    State(hub): State<Hub>,
    Extension(person): Extension<Person>,
    Params(NoParams {}): Params<NoParams>,
) -> Answer<Own> {
    Ok(Json(own::find(&hub, &person).await?))
}

/// Adds up one's own calls, their tokens and their cost.
///
/// Oldest span first, within a span the dearest first; spans without calls have no row.
#[utoipa::path(get, path = "/admin/v1/me/usage", tag = "me", operation_id = "sum_own_usage", params(OwnUsageQuery, PartQuery),
    security(("relay_key" = []), ("console_session" = [])),
    responses((status = 200, description = "The sums.", body = Page<UsageRow>), FindProblems))]
pub(super) async fn usage(
    State(hub): State<Hub>,
    Extension(person): Extension<Person>,
    Listed { query, part }: Listed<OwnUsageQuery>,
) -> Answer<Page<UsageRow>> {
    Ok(Json(part_of(own::usage(&hub, &person, &query).await?, &part)?))
}

/// Lists one's own recorded calls.
///
/// Newest first. Nothing tells which provider has served them.
#[utoipa::path(get, path = "/admin/v1/me/calls", tag = "me", operation_id = "list_own_calls", params(OwnCallQuery),
    security(("relay_key" = []), ("console_session" = [])),
    responses((status = 200, description = "A page of calls.", body = Page<OwnCall>), FindProblems))]
pub(super) async fn calls(
    State(hub): State<Hub>,
    Extension(person): Extension<Person>,
    Params(query): Params<OwnCallQuery>,
) -> Answer<Page<OwnCall>> {
    Ok(Json(own::calls(&hub, &person, &query).await?))
}

/// Reads one of one's own calls.
///
/// Also one that still runs in the replica that is asked.
#[utoipa::path(get, path = "/admin/v1/me/calls/{id}", tag = "me", operation_id = "find_own_call",
    params(("id" = String, Path, description = "The call's id, the value of `x-switchyard-call-id`.")),
    security(("relay_key" = []), ("console_session" = [])),
    responses((status = 200, description = "The call.", body = OwnCallDetail), FindProblems))]
pub(super) async fn call(
    State(hub): State<Hub>,
    Extension(person): Extension<Person>,
    Id(id): Id<CallId>,
    Params(NoParams {}): Params<NoParams>,
) -> Answer<OwnCallDetail> {
    Ok(Json(own::call(&hub, &person, id).await?))
}

/// Changes one's own password for the console.
///
/// All other logins of the user end. Not with a key alone.
#[utoipa::path(put, path = "/admin/v1/me/password", tag = "me", operation_id = "change_own_password",
    request_body = PasswordChange, security(("console_session" = [])),
    responses((status = 204, description = "The password is changed."), SetProblems))]
pub(super) async fn change_password(
    State(hub): State<Hub>,
    Extension(person): Extension<Person>,
    Body(new): Body<PasswordChange>,
) -> Result<StatusCode, Problem> {
    password::change(&hub, &person, new).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists one's own logins of the console.
///
/// The latest first. With a key: those that were made with it.
#[utoipa::path(get, path = "/admin/v1/me/console-sessions", tag = "me", operation_id = "list_own_console_sessions",
    params(PageQuery), security(("relay_key" = []), ("console_session" = [])),
    responses((status = 200, description = "A page of logins.", body = Page<ConsoleSession>), ListProblems))]
pub(super) async fn list_sessions(
    State(hub): State<Hub>,
    Extension(person): Extension<Person>,
    Params(query): Params<PageQuery>,
) -> Answer<Page<ConsoleSession>> {
    Ok(Json(console_sessions::list_own(&hub, &person, &query).await?))
}

/// Ends one of one's own logins of the console.
#[utoipa::path(delete, path = "/admin/v1/me/console-sessions/{id}", tag = "me", operation_id = "end_own_console_session",
    params(("id" = String, Path, description = "The login's id.")),
    security(("relay_key" = []), ("console_session" = [])),
    responses((status = 204, description = "The login has ended."), FindProblems))]
pub(super) async fn end_session(
    State(hub): State<Hub>,
    Extension(person): Extension<Person>,
    Id(id): Id<ConsoleSessionId>,
    Params(NoParams {}): Params<NoParams>,
) -> Result<StatusCode, Problem> {
    console_sessions::end_own(&hub, &person, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all of one's own logins of the console.
///
/// But not the one that asks.
#[utoipa::path(delete, path = "/admin/v1/me/console-sessions", tag = "me", operation_id = "end_own_console_sessions",
    security(("relay_key" = []), ("console_session" = [])),
    responses((status = 200, description = "How many have ended.", body = ConsoleSessionsEnded), ListProblems))]
pub(super) async fn end_other_sessions(
    State(hub): State<Hub>,
    Extension(person): Extension<Person>,
    Params(NoParams {}): Params<NoParams>,
) -> Answer<ConsoleSessionsEnded> {
    Ok(Json(console_sessions::end_own_others(&hub, &person).await?))
}
