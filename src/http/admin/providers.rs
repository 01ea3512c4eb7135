//! `/admin/v1/providers`

use axum::{Extension, Json, extract::State, response::Response};
use http::StatusCode;

use super::{
    Answer, created,
    document::{ChangeProblems, CreateProblems, FindProblems, ListProblems},
    input::{Body, Id, Listed, NoParams, Params},
    part_of,
    problem::Problem,
};
use crate::{
    admin::{actor::Admin, providers},
    domain::{
        bulk::BulkReport,
        id::ProviderId,
        page::{Page, PartQuery},
        provider::{
            Provider, ProviderCreate, ProviderPatch, ProviderTest, ProviderTestResult,
            many::{NewProxyTest, ProviderBulk, ProviderClone, ProviderQuery, ProxyTest, ProxyTestResult},
            traffic::ProviderTraffic,
        },
    },
    hub::Hub,
};

/// Lists providers.
///
/// By id.
#[utoipa::path(get, path = "/admin/v1/providers", tag = "providers", operation_id = "list_providers",
    params(ProviderQuery),
    responses((status = 200, description = "A page of providers.", body = Page<Provider>), ListProblems))]
pub(super) async fn list(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(query): Params<ProviderQuery>,
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

/// Changes many providers.
///
/// All of them in one transaction, or none if one cannot be changed so. With `preview` it says what would become of each.
#[utoipa::path(post, path = "/admin/v1/providers/bulk", tag = "providers", operation_id = "change_providers",
    request_body = ProviderBulk,
    responses((status = 200, description = "What changed, or would change.", body = BulkReport), ChangeProblems))]
pub(super) async fn bulk(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Body(asked): Body<ProviderBulk>,
) -> Answer<BulkReport> {
    Ok(Json(providers::bulk(&hub, &actor, asked).await?))
}

/// Copies a provider.
///
/// With its secret and its proxy. The copy is disabled.
#[utoipa::path(post, path = "/admin/v1/providers/{id}/clone", tag = "providers", operation_id = "clone_provider",
    params(("id" = String, Path, description = "The id of the original.")), request_body = ProviderClone,
    responses((status = 201, description = "The copy.", body = Provider,
        headers(("location" = String, description = "Where it can be read."))), ChangeProblems))]
pub(super) async fn clone(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<ProviderId>,
    Body(asked): Body<ProviderClone>,
) -> Result<Response, Problem> {
    let copy = providers::clone(&hub, &actor, id, asked).await?;
    Ok(created(&format!("/admin/v1/providers/{}", copy.id), &copy))
}

/// Tests the way to a provider.
///
/// Makes one connection through its proxy, or the one that is given, and sends no secret. The answer is 200 whatever
/// came of it; `ok` says whether the provider's server answered.
#[utoipa::path(post, path = "/admin/v1/providers/{id}/test-proxy", tag = "providers", operation_id = "test_proxy",
    params(("id" = String, Path, description = "The provider's id.")), request_body = ProxyTest,
    responses((status = 200, description = "What came of it.", body = ProxyTestResult), ChangeProblems))]
pub(super) async fn test_proxy(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<ProviderId>,
    Body(asked): Body<ProxyTest>,
) -> Answer<ProxyTestResult> {
    Ok(Json(providers::test_proxy(&hub, &actor, id, asked).await?))
}

/// Tests the way to a provider that is not made yet.
///
/// Makes one connection, through a proxy if one is given. The answer is 200 whatever came of it; `ok` says whether the
/// server answered.
#[utoipa::path(post, path = "/admin/v1/providers/test-proxy", tag = "providers", operation_id = "test_new_proxy",
    request_body = NewProxyTest,
    responses((status = 200, description = "What came of it.", body = ProxyTestResult), ChangeProblems))]
pub(super) async fn test_new_proxy(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Body(asked): Body<NewProxyTest>,
) -> Answer<ProxyTestResult> {
    Ok(Json(providers::test_new_proxy(&hub, &actor, asked).await?))
}

/// Reads what providers did lately.
///
/// By id, in one page: the last 24 hours, the share of all calls, and the last 15 hours by quarter of an hour.
#[utoipa::path(get, path = "/admin/v1/providers/traffic", tag = "providers", operation_id = "provider_traffic", params(PartQuery),
    responses((status = 200, description = "Every provider.", body = Page<ProviderTraffic>), ListProblems))]
pub(super) async fn traffic(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Listed { query: NoParams {}, part }: Listed<NoParams>,
) -> Answer<Page<ProviderTraffic>> {
    Ok(Json(part_of(providers::traffic::traffic(&hub, &actor).await?, &part)?))
}
