//! `/admin/v1/users/{id}/keys` and `/admin/v1/keys`

use axum::{Extension, Json, extract::State, response::Response};
use http::StatusCode;

use super::{
    Answer, created,
    document::{ChangeProblems, FindProblems, ListProblems},
    input::{Body, Id, NoParams, Params},
    problem::Problem,
};
use crate::{
    admin::{actor::Admin, keys},
    domain::{
        bulk::BulkReport,
        id::{KeyId, UserId},
        key::{
            ApiKey, KeyBulk, KeyCreate, KeyPatch, NewKey, Rotation,
            many::{KeyQuery, ListedKey},
        },
        page::{Page, PageQuery},
    },
    hub::Hub,
};

/// Lists the keys of all users.
///
/// By id, which is the order in which they were made.
#[utoipa::path(get, path = "/admin/v1/keys", tag = "keys", operation_id = "list_all_keys", params(KeyQuery),
    responses((status = 200, description = "A page of keys, each with its user.", body = Page<ListedKey>), ListProblems))]
pub(super) async fn list_all(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(query): Params<KeyQuery>,
) -> Answer<Page<ListedKey>> {
    Ok(Json(keys::list_all(&hub, &actor, &query).await?))
}

/// Lists a user's keys.
///
/// By id.
#[utoipa::path(get, path = "/admin/v1/users/{id}/keys", tag = "keys", operation_id = "list_keys",
    params(("id" = String, Path, description = "The user's id."), PageQuery),
    responses((status = 200, description = "A page of keys.", body = Page<ApiKey>), FindProblems))]
pub(super) async fn list(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(user_id): Id<UserId>,
    Params(query): Params<PageQuery>,
) -> Answer<Page<ApiKey>> {
    Ok(Json(keys::list(&hub, &actor, user_id, &query).await?))
}

/// Makes a key.
///
/// The answer is the only place where its secret, `key`, ever stands.
#[utoipa::path(post, path = "/admin/v1/users/{id}/keys", tag = "keys", operation_id = "create_key",
    params(("id" = String, Path, description = "The user's id.")), request_body = KeyCreate,
    responses((status = 201, description = "The key that was made, with its secret.", body = NewKey,
        headers(("location" = String, description = "Where it can be read, without its secret."))), ChangeProblems))]
pub(super) async fn create(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(user_id): Id<UserId>,
    Body(new): Body<KeyCreate>,
) -> Result<Response, Problem> {
    let key = keys::create(&hub, &actor, user_id, new).await?;
    Ok(created(&format!("/admin/v1/keys/{}", key.stored.id), &key))
}

/// Reads a key.
#[utoipa::path(get, path = "/admin/v1/keys/{id}", tag = "keys", operation_id = "find_key",
    params(("id" = String, Path, description = "The key's id.")),
    responses((status = 200, description = "The key, without its secret.", body = ApiKey), FindProblems))]
pub(super) async fn find(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<KeyId>,
    Params(NoParams {}): Params<NoParams>,
) -> Answer<ApiKey> {
    Ok(Json(keys::find(&hub, &actor, id).await?))
}

/// Changes a key.
///
/// Only what is named; `null` clears. Its secret never changes.
#[utoipa::path(patch, path = "/admin/v1/keys/{id}", tag = "keys", operation_id = "update_key",
    params(("id" = String, Path, description = "The key's id.")), request_body = KeyPatch,
    responses((status = 200, description = "The key as it is now.", body = ApiKey), ChangeProblems))]
pub(super) async fn update(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<KeyId>,
    Body(patch): Body<KeyPatch>,
) -> Answer<ApiKey> {
    Ok(Json(keys::update(&hub, &actor, id, patch).await?))
}

/// Deletes a key.
///
/// It is refused from then on. What it did stays on record.
#[utoipa::path(delete, path = "/admin/v1/keys/{id}", tag = "keys", operation_id = "delete_key",
    params(("id" = String, Path, description = "The key's id.")),
    responses((status = 204, description = "The key is deleted."), FindProblems))]
pub(super) async fn delete(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<KeyId>,
    Params(NoParams {}): Params<NoParams>,
) -> Result<StatusCode, Problem> {
    keys::delete(&hub, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a key another secret.
///
/// It is in this answer and nowhere else. The one before ends at once, or after `grace_s`. All else of the key stays.
#[utoipa::path(post, path = "/admin/v1/keys/{id}/rotate", tag = "keys", operation_id = "rotate_key",
    params(("id" = String, Path, description = "The key's id.")), request_body = Rotation,
    responses((status = 200, description = "The key, with its new secret.", body = NewKey), ChangeProblems))]
pub(super) async fn rotate(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<KeyId>,
    Body(rotation): Body<Rotation>,
) -> Answer<NewKey> {
    Ok(Json(keys::rotate(&hub, &actor, id, rotation).await?))
}

/// Changes many keys.
///
/// All of them in one transaction, or none if one cannot be changed so. With `preview` it says what would become of each.
#[utoipa::path(post, path = "/admin/v1/keys/bulk", tag = "keys", operation_id = "change_keys", request_body = KeyBulk,
    responses((status = 200, description = "What changed, or would change.", body = BulkReport), ChangeProblems))]
pub(super) async fn bulk(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Body(asked): Body<KeyBulk>,
) -> Answer<BulkReport> {
    Ok(Json(keys::bulk(&hub, &actor, asked).await?))
}
