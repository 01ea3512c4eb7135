//! `/admin/v1/users`

use axum::{Extension, Json, extract::State, response::Response};
use http::StatusCode;

use super::{
    Answer, created,
    document::{ChangeProblems, CreateProblems, FindProblems, ListProblems, SetOneProblems},
    input::{Body, Id, Listed, NoParams, Params},
    part_of,
    problem::Problem,
};
use crate::{
    admin::{actor::Admin, password, users},
    domain::{
        bulk::BulkReport,
        id::UserId,
        page::{Page, PartQuery},
        user::{
            PasswordSet, User, UserCreate, UserPatch,
            many::{Renewal, UserBulk, UserQuery},
        },
    },
    hub::Hub,
};

/// Lists users.
///
/// By id.
#[utoipa::path(get, path = "/admin/v1/users", tag = "users", operation_id = "list_users", params(UserQuery),
    responses((status = 200, description = "A page of users.", body = Page<User>), ListProblems))]
pub(super) async fn list(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(query): Params<UserQuery>,
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

/// Changes many users.
///
/// All of them in one transaction, or none if one cannot be changed so. With `preview` it says what would become of each.
#[utoipa::path(post, path = "/admin/v1/users/bulk", tag = "users", operation_id = "change_users", request_body = UserBulk,
    responses((status = 200, description = "What changed, or would change.", body = BulkReport), ChangeProblems))]
pub(super) async fn bulk(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Body(asked): Body<UserBulk>,
) -> Answer<BulkReport> {
    Ok(Json(users::bulk(&hub, &actor, asked).await?))
}

/// Lists the tags of users.
///
/// By name, in one page; at most 1,000.
#[utoipa::path(get, path = "/admin/v1/users/tags", tag = "users", operation_id = "list_tags", params(PartQuery),
    responses((status = 200, description = "The tags.", body = Page<String>), ListProblems))]
pub(super) async fn tags(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Listed { query: NoParams {}, part }: Listed<NoParams>,
) -> Answer<Page<String>> {
    Ok(Json(part_of(users::tags(&hub, &actor).await?, &part)?))
}

/// Gives a user more time.
///
/// So many days, or up to a time.
#[utoipa::path(post, path = "/admin/v1/users/{id}/renew", tag = "users", operation_id = "renew_user",
    params(("id" = String, Path, description = "The user's id.")), request_body = Renewal,
    responses((status = 200, description = "The user as it is now.", body = User), ChangeProblems))]
pub(super) async fn renew(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<UserId>,
    Body(renewal): Body<Renewal>,
) -> Answer<User> {
    Ok(Json(users::renew(&hub, &actor, id, renewal).await?))
}
