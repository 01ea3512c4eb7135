//! `/admin/v1/providers`

use axum::{Extension, Json, extract::State, response::Response};
use http::StatusCode;

use super::{
    Answer, created,
    document::{ChangeProblems, CreateProblems, FindProblems, ListProblems},
    input::{Body, Id, NoParams, Params},
    problem::Problem,
};
use crate::{
    admin::{actor::Admin, providers},
    domain::{
        id::ProviderId,
        page::{Page, PageQuery},
        provider::{Provider, ProviderCreate, ProviderPatch, ProviderTest, ProviderTestResult},
    },
    hub::Hub,
};

/// Lists providers.
///
/// By id.
#[utoipa::path(get, path = "/admin/v1/providers", tag = "providers", operation_id = "list_providers", params(PageQuery),
    responses((status = 200, description = "A page of providers.", body = Page<Provider>), ListProblems))]
pub(super) async fn list(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(query): Params<PageQuery>,
) -> Answer<Page<Provider>> {
    Ok(Json(providers::list(&hub, &actor, &query).await?))
}

/// Reads a provider.
#[utoipa::path(get, path = "/admin/v1/providers/{id}", tag = "providers", operation_id = "find_provider",
    params(("id" = String, Path, description = "The provider's id.")),
    responses((status = 200, description = "The provider, without its secret.", body = Provider), FindProblems))]
pub(super) async fn find(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<ProviderId>,
    Params(NoParams {}): Params<NoParams>,
) -> Answer<Provider> {
    Ok(Json(providers::find(&hub, &actor, id).await?))
}

/// Makes a provider.
#[utoipa::path(post, path = "/admin/v1/providers", tag = "providers", operation_id = "create_provider",
    request_body = ProviderCreate,
    responses((status = 201, description = "The provider that was made.", body = Provider,
        headers(("location" = String, description = "Where it can be read."))), CreateProblems))]
pub(super) async fn create(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Body(new): Body<ProviderCreate>,
) -> Result<Response, Problem> {
    let provider = providers::create(&hub, &actor, new).await?;
    Ok(created(&format!("/admin/v1/providers/{}", provider.id), &provider))
}

/// Changes a provider.
///
/// Only what is named; `null` clears. A base URL on another server needs `secret` again.
#[utoipa::path(patch, path = "/admin/v1/providers/{id}", tag = "providers", operation_id = "update_provider",
    params(("id" = String, Path, description = "The provider's id.")), request_body = ProviderPatch,
    responses((status = 200, description = "The provider as it is now.", body = Provider), ChangeProblems))]
pub(super) async fn update(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<ProviderId>,
    Body(patch): Body<ProviderPatch>,
) -> Answer<Provider> {
    Ok(Json(providers::update(&hub, &actor, id, patch).await?))
}

/// Deletes a provider.
///
/// It gets no calls from then on. What it did stays on record.
#[utoipa::path(delete, path = "/admin/v1/providers/{id}", tag = "providers", operation_id = "delete_provider",
    params(("id" = String, Path, description = "The provider's id.")),
    responses((status = 204, description = "The provider is deleted."), FindProblems))]
pub(super) async fn delete(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<ProviderId>,
    Params(NoParams {}): Params<NoParams>,
) -> Result<StatusCode, Problem> {
    providers::delete(&hub, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tests a provider.
///
/// Makes one small real call, which costs a little. The answer is 200 whatever came back; `ok` says whether it was
/// a complete answer.
#[utoipa::path(post, path = "/admin/v1/providers/{id}/test", tag = "providers", operation_id = "test_provider",
    params(("id" = String, Path, description = "The provider's id.")), request_body = ProviderTest,
    responses((status = 200, description = "What came back.", body = ProviderTestResult), ChangeProblems))]
pub(super) async fn test(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<ProviderId>,
    Body(test): Body<ProviderTest>,
) -> Answer<ProviderTestResult> {
    Ok(Json(providers::test(&hub, &actor, id, test).await?))
}
