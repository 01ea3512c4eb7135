//! `/admin/v1/audit`

use axum::{Extension, Json, extract::State};

use super::{Answer, document::ListProblems, input::Params};
use crate::{
    admin::{actor::Admin, audit},
    domain::{
        audit::{AuditLine, AuditQuery},
        page::Page,
    },
    hub::Hub,
};

/// Lists who did what.
///
/// The latest first: every change with how it was before and is since then, every login, every login that failed. Kept
/// for a year, or as long as single calls if those are kept longer.
#[utoipa::path(get, path = "/admin/v1/audit", tag = "console", operation_id = "list_audit", params(AuditQuery),
    responses((status = 200, description = "A page of lines.", body = Page<AuditLine>), ListProblems))]
pub(super) async fn list(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(query): Params<AuditQuery>,
) -> Answer<Page<AuditLine>> {
    Ok(Json(audit::list(&hub, &actor, &query).await?))
}
