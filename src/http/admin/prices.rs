//! `/admin/v1/prices`

use axum::{Extension, Json, extract::State};
use http::StatusCode;

use super::{
    Answer,
    document::{FindProblems, ListProblems, SetProblems},
    input::{Body, Id, NoParams, Params},
    problem::Problem,
};
use crate::{
    admin::{actor::Actor, prices},
    domain::{
        page::{Page, PageQuery},
        price::{ModelPrice, Price},
    },
    hub::Hub,
};

/// Lists prices.
///
/// By the model's name, in dollars per million tokens.
#[utoipa::path(get, path = "/admin/v1/prices", tag = "prices", operation_id = "list_prices", params(PageQuery),
    responses((status = 200, description = "A page of prices.", body = Page<ModelPrice>), ListProblems))]
pub(super) async fn list(
    State(hub): State<Hub>,
    Extension(actor): Extension<Actor>,
    Params(query): Params<PageQuery>,
) -> Answer<Page<ModelPrice>> {
    Ok(Json(prices::list(&hub, &actor, &query).await?))
}

/// Sets a price.
///
/// All five parts. No later release changes it.
#[utoipa::path(put, path = "/admin/v1/prices/{model}", tag = "prices", operation_id = "put_price",
    params(("model" = String, Path, description = "The model's name.")), request_body = Price,
    responses((status = 200, description = "The price as it is now.", body = ModelPrice), SetProblems))]
pub(super) async fn put(
    State(hub): State<Hub>,
    Extension(actor): Extension<Actor>,
    Id(model): Id<String>,
    Body(price): Body<Price>,
) -> Answer<ModelPrice> {
    Ok(Json(prices::put(&hub, &actor, &model, price).await?))
}

/// Deletes a price.
///
/// The model is priced by the setting `default_price` from then on.
#[utoipa::path(delete, path = "/admin/v1/prices/{model}", tag = "prices", operation_id = "delete_price",
    params(("model" = String, Path, description = "The model's name.")),
    responses((status = 204, description = "The price is deleted."), FindProblems))]
pub(super) async fn delete(
    State(hub): State<Hub>,
    Extension(actor): Extension<Actor>,
    Id(model): Id<String>,
    Params(NoParams {}): Params<NoParams>,
) -> Result<StatusCode, Problem> {
    prices::delete(&hub, &actor, &model).await?;
    Ok(StatusCode::NO_CONTENT)
}
