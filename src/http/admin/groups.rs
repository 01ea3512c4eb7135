//! `/admin/v1/groups`

use axum::{Extension, Json, extract::State};

use super::{
    Answer,
    document::{ChangeProblems, FindProblems},
    input::{Body, Id, NoParams, Params},
};
use crate::{
    admin::{actor::Actor, groups},
    domain::group::{Group, GroupPatch},
    hub::Hub,
};

/// Reads a group.
#[utoipa::path(get, path = "/admin/v1/groups/{name}", tag = "groups", operation_id = "find_group",
    params(("name" = String, Path, description = "The group's name.")),
    responses((status = 200, description = "The group.", body = Group), FindProblems))]
pub(super) async fn find(
    State(hub): State<Hub>,
    Extension(actor): Extension<Actor>,
    Id(name): Id<String>,
    Params(NoParams {}): Params<NoParams>,
) -> Answer<Group> {
    Ok(Json(groups::find(&hub, &actor, &name).await?))
}

/// Changes a group.
///
/// Its factor on prices counts for the calls of a caller whose first group, among those the provider is in, is this one.
#[utoipa::path(patch, path = "/admin/v1/groups/{name}", tag = "groups", operation_id = "update_group",
    params(("name" = String, Path, description = "The group's name.")), request_body = GroupPatch,
    responses((status = 200, description = "The group as it is now.", body = Group), ChangeProblems))]
pub(super) async fn update(
    State(hub): State<Hub>,
    Extension(actor): Extension<Actor>,
    Id(name): Id<String>,
    Body(patch): Body<GroupPatch>,
) -> Answer<Group> {
    Ok(Json(groups::update(&hub, &actor, &name, patch).await?))
}
