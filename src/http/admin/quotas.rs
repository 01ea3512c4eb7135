//! `/admin/v1/quotas`

use axum::{Extension, Json, extract::State};

use super::{Answer, document::ListProblems, input::Params};
use crate::{
    admin::{actor::Admin, quotas},
    domain::{
        limit::quota::{Quota, QuotaQuery},
        page::Page,
    },
    hub::Hub,
};

/// Lists who is near or over a limit.
///
/// Every limit that is set for a user, a key or a provider, with its use; the fullest first. A cursor leads on from where
/// the page before ended: what was used meanwhile may have moved a limit across it.
#[utoipa::path(get, path = "/admin/v1/quotas", tag = "limits", operation_id = "list_quotas", params(QuotaQuery),
    responses((status = 200, description = "A page of limits.", body = Page<Quota>), ListProblems))]
pub(super) async fn list(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(query): Params<QuotaQuery>,
) -> Answer<Page<Quota>> {
    Ok(Json(quotas::list(&hub, &actor, &query).await?))
}
