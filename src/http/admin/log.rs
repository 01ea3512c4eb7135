//! `/admin/v1/log`

use axum::{Extension, Json, extract::State};

use super::{Answer, document::ListProblems, input::Params};
use crate::{
    admin::{actor::Admin, log},
    domain::{
        log::{LogLine, LogQuery},
        page::Page,
    },
    hub::Hub,
};

/// Lists the last lines of the hub's own log.
///
/// The newest first. Each replica keeps its own lines, a bounded number of them, in memory. Lines below the level of the
/// setting `log_level` are not written at all.
#[utoipa::path(get, path = "/admin/v1/log", tag = "settings", operation_id = "list_log", params(LogQuery),
    responses((status = 200, description = "A page of lines.", body = Page<LogLine>), ListProblems))]
pub(super) async fn list(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(query): Params<LogQuery>,
) -> Answer<Page<LogLine>> {
    Ok(Json(log::list(&hub, &actor, &query)?))
}
