//! `/admin/v1/storage`

use axum::{Extension, Json, extract::State};

use super::{
    Answer,
    document::ListProblems,
    input::{NoParams, Params},
};
use crate::{
    admin::{actor::Admin, storage},
    domain::storage::Storage,
    hub::Hub,
};

/// Shows what is kept.
///
/// The size of the database by table, the days whose calls are kept, and what waits in the journal. Sizes are bytes.
#[utoipa::path(get, path = "/admin/v1/storage", tag = "settings", operation_id = "show_storage",
    responses((status = 200, description = "What is kept.", body = Storage), ListProblems))]
pub(super) async fn show(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(NoParams {}): Params<NoParams>,
) -> Answer<Storage> {
    Ok(Json(storage::storage(&hub, &actor).await?))
}
