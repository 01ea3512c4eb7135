//! `/admin/v1/search`

use axum::{Extension, Json, extract::State};

use super::{Answer, document::ListProblems, input::Listed, part_of};
use crate::{
    admin::{actor::Admin, find},
    domain::{
        find::{FindQuery, Found},
        page::{Page, PartQuery},
    },
    hub::Hub,
};

/// Finds users, keys, providers, groups and models by a piece of their name, sessions by the beginning of theirs, and a
/// call by its id.
///
/// A few of each kind, those first whose name begins with what is looked for.
#[utoipa::path(get, path = "/admin/v1/search", tag = "users", operation_id = "search", params(FindQuery, PartQuery),
    responses((status = 200, description = "What was found.", body = Page<Found>), ListProblems))]
pub(super) async fn search(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Listed { query, part }: Listed<FindQuery>,
) -> Answer<Page<Found>> {
    Ok(Json(part_of(find::find(&hub, &actor, &query).await?, &part)?))
}
