//! `/admin/v1/settings`, `/admin/v1/environment`

use axum::{Extension, Json, extract::State};
use serde_json::{Map, Value};

use super::{
    Answer,
    document::{ListProblems, SetProblems},
    input::{Body, Listed, NoParams},
    part_of, whole,
};
use crate::{
    admin::{actor::Admin, settings},
    domain::{
        page::{Page, PartQuery},
        settings::{Setting, Variable},
    },
    hub::Hub,
};

/// Lists all settings.
///
/// Each with its value, its default, what it can be and what it does.
#[utoipa::path(get, path = "/admin/v1/settings", tag = "settings", operation_id = "list_settings", params(PartQuery),
    responses((status = 200, description = "Every setting.", body = Page<Setting>), ListProblems))]
pub(super) async fn list(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Listed { query: NoParams {}, part }: Listed<NoParams>,
) -> Answer<Page<Setting>> {
    Ok(Json(part_of(settings::list(&hub, &actor).await?, &part)?))
}

/// Changes settings.
///
/// The body names settings and their new values, `{"drain_ms": 30000}`; `null` brings a default back. All or nothing.
#[utoipa::path(patch, path = "/admin/v1/settings", tag = "settings", operation_id = "update_settings",
    request_body(content = Object, description = "Names of settings and their new values."),
    responses((status = 200, description = "Every setting as it is now.", body = Page<Setting>), SetProblems))]
pub(super) async fn update(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Body(values): Body<Map<String, Value>>,
) -> Answer<Page<Setting>> {
    Ok(Json(whole(settings::update(&hub, &actor, values).await?)))
}

/// Lists the variables of the environment.
///
/// As the hub has read them at its start; they change only with a new start. Secrets have no value.
#[utoipa::path(get, path = "/admin/v1/environment", tag = "settings", operation_id = "list_environment", params(PartQuery),
    responses((status = 200, description = "Every variable.", body = Page<Variable>), ListProblems))]
pub(super) async fn environment(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Listed { query: NoParams {}, part }: Listed<NoParams>,
) -> Answer<Page<Variable>> {
    Ok(Json(part_of(settings::environment(&hub, &actor), &part)?))
}
