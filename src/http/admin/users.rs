//! `/admin/v1/users`

use axum::{Extension, Json, extract::State, response::Response};
use http::StatusCode;

use super::{
    Answer, created,
    document::{ChangeProblems, CreateProblems, FindProblems, ListProblems, SetOneProblems},
    input::{Body, Id, NoParams, Params},
    problem::Problem,
};
use crate::{
    admin::{actor::Admin, password, users},
    domain::{
        id::UserId,
        page::{Page, PageQuery},
        user::{PasswordSet, User, UserCreate, UserPatch},
    },
    hub::Hub,
};

/// Lists users.
///
/// By id.
#[utoipa::path(get, path = "/admin/v1/users", tag = "users", operation_id = "list_users", params(PageQuery),
    responses((status = 200, description = "A page of users.", body = Page<User>), ListProblems))]
pub(super) async fn list(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(query): Params<PageQuery>,
) -> Answer<Page<User>> {
    Ok(Json(users::list(&hub, &actor, &query).await?))
}

/// Reads a user.
#[utoipa::path(get, path = "/admin/v1/users/{id}", tag = "users", operation_id = "find_user",
    params(("id" = String, Path, description = "The user's id.")),
    responses((status = 200, description = "The user.", body = User), FindProblems))]
pub(super) async fn find(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<UserId>,
    Params(NoParams {}): Params<NoParams>,
) -> Answer<User> {
    Ok(Json(users::find(&hub, &actor, id).await?))
}

/// Makes a user.
#[utoipa::path(post, path = "/admin/v1/users", tag = "users", operation_id = "create_user", request_body = UserCreate,
    responses((status = 201, description = "The user that was made.", body = User,
        headers(("location" = String, description = "Where it can be read."))), CreateProblems))]
pub(super) async fn create(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Body(new): Body<UserCreate>,
) -> Result<Response, Problem> {
    let user = users::create(&hub, &actor, new).await?;
    Ok(created(&format!("/admin/v1/users/{}", user.id), &user))
}

/// Changes a user.
///
/// Only what is named; `null` clears.
#[utoipa::path(patch, path = "/admin/v1/users/{id}", tag = "users", operation_id = "update_user",
    params(("id" = String, Path, description = "The user's id.")), request_body = UserPatch,
    responses((status = 200, description = "The user as it is now.", body = User), ChangeProblems))]
pub(super) async fn update(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<UserId>,
    Body(patch): Body<UserPatch>,
) -> Answer<User> {
    Ok(Json(users::update(&hub, &actor, id, patch).await?))
}

/// Deletes a user.
///
/// Its keys are refused from then on. What it did stays on record.
#[utoipa::path(delete, path = "/admin/v1/users/{id}", tag = "users", operation_id = "delete_user",
    params(("id" = String, Path, description = "The user's id.")),
    responses((status = 204, description = "The user is deleted."), FindProblems))]
pub(super) async fn delete(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<UserId>,
    Params(NoParams {}): Params<NoParams>,
) -> Result<StatusCode, Problem> {
    users::delete(&hub, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a user a password for the console.
///
/// All logins of the user end. A user with the role `admin` runs the hub with it.
#[utoipa::path(put, path = "/admin/v1/users/{id}/password", tag = "users", operation_id = "set_password",
    params(("id" = String, Path, description = "The user's id.")), request_body = PasswordSet,
    responses((status = 204, description = "The password is set."), SetOneProblems))]
pub(super) async fn set_password(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<UserId>,
    Body(new): Body<PasswordSet>,
) -> Result<StatusCode, Problem> {
    password::set(&hub, &actor, id, new).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a user's password for the console away.
///
/// All logins of the user end.
#[utoipa::path(delete, path = "/admin/v1/users/{id}/password", tag = "users", operation_id = "delete_password",
    params(("id" = String, Path, description = "The user's id.")),
    responses((status = 204, description = "The user has no password."), FindProblems))]
pub(super) async fn clear_password(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<UserId>,
    Params(NoParams {}): Params<NoParams>,
) -> Result<StatusCode, Problem> {
    password::clear(&hub, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
