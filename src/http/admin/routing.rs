//! `/admin/v1/routing`

use axum::{Extension, Json, extract::State};

use super::{Answer, document::ExplainProblems, input::Body};
use crate::{
    admin::{actor::Admin, routing},
    domain::explain::{ExplainQuery, Explanation},
    hub::Hub,
};

/// Explains where a call would go.
///
/// By the function that sends calls, and with every provider and the reason it is left out. Nothing is called.
#[utoipa::path(post, path = "/admin/v1/routing/explain", tag = "routing", operation_id = "explain_routing",
    request_body = ExplainQuery,
    responses((status = 200, description = "Where it would go.", body = Explanation), ExplainProblems))]
pub(super) async fn explain(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Body(query): Body<ExplainQuery>,
) -> Answer<Explanation> {
    Ok(Json(routing::explain(&hub, &actor, &query).await?))
}
