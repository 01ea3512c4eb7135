//! `/admin/v1/prices`

use axum::{Extension, Json, extract::State};
use http::StatusCode;

use super::{
    Answer,
    document::{FindProblems, ListProblems, SetProblems},
    input::{Body, File, Id, NoParams, Params},
    problem::Problem,
};
use crate::{
    admin::{
        actor::Admin,
        prices::{self, import::FILE_BYTES_MAX},
    },
    domain::{
        page::{Page, PageQuery},
        price::{
            ModelPrice, Price, PriceQuery, PriceVersion,
            import::{ImportQuery, ImportReport},
        },
    },
    hub::Hub,
};

/// Lists prices.
///
/// By the model's name, in dollars per million tokens.
#[utoipa::path(get, path = "/admin/v1/prices", tag = "prices", operation_id = "list_prices", params(PriceQuery),
    responses((status = 200, description = "A page of prices.", body = Page<ModelPrice>), ListProblems))]
pub(super) async fn list(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(query): Params<PriceQuery>,
) -> Answer<Page<ModelPrice>> {
    Ok(Json(prices::list(&hub, &actor, &query).await?))
}

/// Sets a price.
///
/// All of it: what is left out is no longer part of it, and a cache price that is left out follows the published
/// factors on input. No later release and no price file changes it.
#[utoipa::path(put, path = "/admin/v1/prices/{model}", tag = "prices", operation_id = "put_price",
    params(("model" = String, Path, description = "The model's name.")), request_body = Price,
    responses((status = 200, description = "The price as it is now.", body = ModelPrice), SetProblems))]
pub(super) async fn put(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
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
    Extension(actor): Extension<Admin>,
    Id(model): Id<String>,
    Params(NoParams {}): Params<NoParams>,
) -> Result<StatusCode, Problem> {
    prices::delete(&hub, &actor, &model).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads what a price ever was.
///
/// Newest first; attempts name the version they were charged by.
#[utoipa::path(get, path = "/admin/v1/prices/{model}/history", tag = "prices", operation_id = "price_history",
    params(("model" = String, Path, description = "The model's name."), PageQuery),
    responses((status = 200, description = "A page of versions.", body = Page<PriceVersion>), FindProblems))]
pub(super) async fn history(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Id(model): Id<String>,
    Params(query): Params<PageQuery>,
) -> Answer<Page<PriceVersion>> {
    Ok(Json(prices::history(&hub, &actor, &model, &query).await?))
}

/// Sets the prices of a file.
///
/// A price file in `LiteLLM`'s form, at most 32 MiB. What an operator has set or deleted stays,
/// unless `take` names it.
#[utoipa::path(post, path = "/admin/v1/prices/import", tag = "prices", operation_id = "import_prices",
    params(ImportQuery), request_body(content = Object, description = "The file."),
    responses((status = 200, description = "What changed, or would change.", body = ImportReport), SetProblems))]
pub(super) async fn import(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(query): Params<ImportQuery>,
    File(file): File<FILE_BYTES_MAX>,
) -> Answer<ImportReport> {
    Ok(Json(prices::import::import(&hub, &actor, &file, &query).await?))
}

/// Sets the prices of the file at the address of the setting `prices_url`.
///
/// The same as importing it.
#[utoipa::path(post, path = "/admin/v1/prices/sync", tag = "prices", operation_id = "sync_prices", params(ImportQuery),
    responses((status = 200, description = "What changed, or would change.", body = ImportReport), SetProblems))]
pub(super) async fn sync(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(query): Params<ImportQuery>,
) -> Answer<ImportReport> {
    Ok(Json(prices::import::sync(&hub, &actor, &query).await?))
}
