//! `/admin/v1/{users,keys,providers}/{id}/limits` and `…/reset`

use axum::{Extension, Json, extract::State};

use super::{
    Answer,
    document::{ChangeProblems, FindProblems},
    input::{Body, Id, Listed, NoParams},
    part_of,
};
use crate::{
    admin::{actor::Admin, limits},
    domain::{
        id::{KeyId, ProviderId, UserId},
        key::ApiKey,
        limit::{LimitUse, Subject},
        page::{Page, PartQuery},
        provider::Provider,
        user::User,
    },
    hub::Hub,
};

/// Reads how much a user has used of its limits.
///
/// For each window; also where there is no limit.
#[utoipa::path(get, path = "/admin/v1/users/{id}/limits", tag = "limits", operation_id = "find_user_limits",
    params(("id" = String, Path, description = "The user's id."), PartQuery),
    responses((status = 200, description = "Every limit and its use.", body = Page<LimitUse>), FindProblems))]
pub(super) async fn of_user(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<UserId>,
    Listed { query: NoParams {}, part }: Listed<NoParams>,
) -> Answer<Page<LimitUse>> {
    Ok(Json(part_of(limits::usage(&hub, &actor, Subject::User(id)).await?, &part)?))
}

/// Resets a user's limits.
///
/// What was spent before no longer counts for it.
#[utoipa::path(post, path = "/admin/v1/users/{id}/reset", tag = "limits", operation_id = "reset_user",
    params(("id" = String, Path, description = "The user's id.")),
    responses((status = 200, description = "The user as it is now.", body = User), ChangeProblems))]
pub(super) async fn reset_user(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<UserId>,
    Body(NoParams {}): Body<NoParams>,
) -> Answer<User> {
    Ok(Json(limits::reset_user(&hub, &actor, id).await?))
}

/// Reads how much a key has used of its limits.
///
/// For each window; also where there is no limit.
#[utoipa::path(get, path = "/admin/v1/keys/{id}/limits", tag = "limits", operation_id = "find_key_limits",
    params(("id" = String, Path, description = "The key's id."), PartQuery),
    responses((status = 200, description = "Every limit and its use.", body = Page<LimitUse>), FindProblems))]
pub(super) async fn of_key(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<KeyId>,
    Listed { query: NoParams {}, part }: Listed<NoParams>,
) -> Answer<Page<LimitUse>> {
    Ok(Json(part_of(limits::usage(&hub, &actor, Subject::Key(id)).await?, &part)?))
}

/// Resets a key's limits.
///
/// What was spent before no longer counts for it.
#[utoipa::path(post, path = "/admin/v1/keys/{id}/reset", tag = "limits", operation_id = "reset_key",
    params(("id" = String, Path, description = "The key's id.")),
    responses((status = 200, description = "The key as it is now.", body = ApiKey), ChangeProblems))]
pub(super) async fn reset_key(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<KeyId>,
    Body(NoParams {}): Body<NoParams>,
) -> Answer<ApiKey> {
    Ok(Json(limits::reset_key(&hub, &actor, id).await?))
}

/// Reads how much a provider has used of its limits.
///
/// For each window; also where there is no limit.
#[utoipa::path(get, path = "/admin/v1/providers/{id}/limits", tag = "limits", operation_id = "find_provider_limits",
    params(("id" = String, Path, description = "The provider's id."), PartQuery),
    responses((status = 200, description = "Every limit and its use.", body = Page<LimitUse>), FindProblems))]
pub(super) async fn of_provider(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<ProviderId>,
    Listed { query: NoParams {}, part }: Listed<NoParams>,
) -> Answer<Page<LimitUse>> {
    Ok(Json(part_of(limits::usage(&hub, &actor, Subject::Provider(id)).await?, &part)?))
}

/// Resets a provider's limits.
///
/// What was spent before no longer counts.
#[utoipa::path(post, path = "/admin/v1/providers/{id}/reset", tag = "limits", operation_id = "reset_provider",
    params(("id" = String, Path, description = "The provider's id.")),
    responses((status = 200, description = "The provider as it is now.", body = Provider), ChangeProblems))]
pub(super) async fn reset_provider(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<ProviderId>,
    Body(NoParams {}): Body<NoParams>,
) -> Answer<Provider> {
    Ok(Json(limits::reset_provider(&hub, &actor, id).await?))
}
