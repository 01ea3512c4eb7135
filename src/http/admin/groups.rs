//! `/admin/v1/groups`

use std::fmt::Write;

use axum::{Extension, Json, extract::State, response::Response};
use http::StatusCode;

use super::{
    Answer, created,
    document::{ChangeProblems, CreateProblems, DeleteProblems, FindProblems, ListProblems},
    input::{Body, Id, Listed, NoParams, Params},
    part_of,
    problem::Problem,
};
use crate::{
    admin::{actor::Admin, groups},
    domain::{
        group::{Group, GroupCreate, GroupPatch},
        page::{Page, PartQuery},
    },
    hub::Hub,
};

/// Lists all groups.
///
/// By name, in one page.
#[utoipa::path(get, path = "/admin/v1/groups", tag = "groups", operation_id = "list_groups", params(PartQuery),
    responses((status = 200, description = "The groups.", body = Page<Group>), ListProblems))]
pub(super) async fn list(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Listed { query: NoParams {}, part }: Listed<NoParams>,
) -> Answer<Page<Group>> {
    Ok(Json(part_of(groups::list(&hub, &actor).await?, &part)?))
}

/// Makes a group.
///
/// A group that a provider, a user or a key names is made by itself.
#[utoipa::path(post, path = "/admin/v1/groups", tag = "groups", operation_id = "create_group",
    request_body = GroupCreate,
    responses((status = 201, description = "The group that was made.", body = Group,
        headers(("location" = String, description = "Where it can be read."))), CreateProblems))]
pub(super) async fn create(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Body(new): Body<GroupCreate>,
) -> Result<Response, Problem> {
    let group = groups::create(&hub, &actor, new).await?;
    Ok(created(&format!("/admin/v1/groups/{}", segment(&group.name)), &group))
}

/// Reads a group.
#[utoipa::path(get, path = "/admin/v1/groups/{name}", tag = "groups", operation_id = "find_group",
    params(("name" = String, Path, description = "The group's name.")),
    responses((status = 200, description = "The group.", body = Group), FindProblems))]
pub(super) async fn find(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(name): Id<String>,
    Params(NoParams {}): Params<NoParams>,
) -> Answer<Group> {
    Ok(Json(groups::find(&hub, &actor, &name).await?))
}

/// Changes a group.
///
/// Its factor on prices counts for the calls that reach a provider by this group. Of a caller's groups the one with the
/// lowest priority goes first.
#[utoipa::path(patch, path = "/admin/v1/groups/{name}", tag = "groups", operation_id = "update_group",
    params(("name" = String, Path, description = "The group's name.")), request_body = GroupPatch,
    responses((status = 200, description = "The group as it is now.", body = Group), ChangeProblems))]
pub(super) async fn update(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(name): Id<String>,
    Body(patch): Body<GroupPatch>,
) -> Answer<Group> {
    Ok(Json(groups::update(&hub, &actor, &name, patch).await?))
}

/// Deletes a group.
///
/// One that a provider, a user or a key still names stays, as does `default`.
#[utoipa::path(delete, path = "/admin/v1/groups/{name}", tag = "groups", operation_id = "delete_group",
    params(("name" = String, Path, description = "The group's name.")),
    responses((status = 204, description = "The group is deleted."), DeleteProblems))]
pub(super) async fn delete(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(name): Id<String>,
    Params(NoParams {}): Params<NoParams>,
) -> Result<StatusCode, Problem> {
    groups::delete(&hub, &actor, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A text as one part of a path: all but letters, digits and `-._~` is encoded (RFC 3986).
fn segment(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => {
                // Writing to a text cannot fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}
