//! `/admin/v1/holds`, and pauses of providers and groups.

use axum::{Extension, Json, extract::State};
use http::StatusCode;

use super::{
    Answer,
    document::{ChangeProblems, FindProblems, ListProblems},
    input::{Body, Id, Listed, NoParams, Params},
    part_of,
    problem::Problem,
};
use crate::{
    admin::{actor::Admin, holds},
    domain::{
        hold::{HoldQuery, HoldShown, Pause},
        id::{HoldId, ProviderId},
        page::{Page, PartQuery},
    },
    hub::Hub,
};

/// Lists what is on hold.
///
/// Oldest first. Providers that are at a limit of their own are not among them.
#[utoipa::path(get, path = "/admin/v1/holds", tag = "holds", operation_id = "list_holds", params(HoldQuery, PartQuery),
    responses((status = 200, description = "The holds.", body = Page<HoldShown>), ListProblems))]
pub(super) async fn list(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Listed { query, part }: Listed<HoldQuery>,
) -> Answer<Page<HoldShown>> {
    Ok(Json(part_of(holds::list(&hub, &actor, &query), &part)?))
}

/// Ends a hold.
///
/// That of a circuit breaker closes the breaker. The next call may go there.
#[utoipa::path(delete, path = "/admin/v1/holds/{id}", tag = "holds", operation_id = "end_hold",
    params(("id" = String, Path, description = "The hold's id.")),
    responses((status = 204, description = "The hold has ended."), FindProblems))]
pub(super) async fn end(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<HoldId>,
    Params(NoParams {}): Params<NoParams>,
) -> Result<StatusCode, Problem> {
    holds::end(&hub, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Pauses a provider.
///
/// It gets no calls meanwhile; those that run go on. A pause that is there is replaced.
#[utoipa::path(post, path = "/admin/v1/providers/{id}/pause", tag = "holds", operation_id = "pause_provider",
    params(("id" = String, Path, description = "The provider's id.")), request_body = Pause,
    responses((status = 200, description = "The hold.", body = HoldShown), ChangeProblems))]
pub(super) async fn pause_provider(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<ProviderId>,
    Body(pause): Body<Pause>,
) -> Answer<HoldShown> {
    Ok(Json(holds::pause_provider(&hub, &actor, id, pause).await?))
}

/// Resumes a provider.
///
/// Ends its pause, if there is one, and no other hold.
#[utoipa::path(post, path = "/admin/v1/providers/{id}/resume", tag = "holds", operation_id = "resume_provider",
    params(("id" = String, Path, description = "The provider's id.")),
    responses((status = 204, description = "It is not paused."), FindProblems))]
pub(super) async fn resume_provider(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(id): Id<ProviderId>,
    Params(NoParams {}): Params<NoParams>,
) -> Result<StatusCode, Problem> {
    holds::resume_provider(&hub, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Pauses a group.
///
/// Its providers get no calls from those who reach them by this group. A pause that is there is replaced.
#[utoipa::path(post, path = "/admin/v1/groups/{name}/pause", tag = "holds", operation_id = "pause_group",
    params(("name" = String, Path, description = "The group's name.")), request_body = Pause,
    responses((status = 200, description = "The hold.", body = HoldShown), ChangeProblems))]
pub(super) async fn pause_group(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(name): Id<String>,
    Body(pause): Body<Pause>,
) -> Answer<HoldShown> {
    Ok(Json(holds::pause_group(&hub, &actor, &name, pause).await?))
}

/// Resumes a group.
///
/// Ends its pause, if there is one.
#[utoipa::path(post, path = "/admin/v1/groups/{name}/resume", tag = "holds", operation_id = "resume_group",
    params(("name" = String, Path, description = "The group's name.")),
    responses((status = 204, description = "It is not paused."), FindProblems))]
pub(super) async fn resume_group(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(name): Id<String>,
    Params(NoParams {}): Params<NoParams>,
) -> Result<StatusCode, Problem> {
    holds::resume_group(&hub, &actor, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
