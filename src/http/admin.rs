//! The management API: REST over the use cases, under `/admin/v1`.

mod calls;
mod document;
mod groups;
mod holds;
mod input;
mod keys;
mod limits;
mod page;
mod prices;
mod problem;
mod providers;
mod quotas;
mod routing;
mod sessions;
mod settings;
mod storage;
mod usage;
mod users;

use axum::{
    Extension, Json, Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, delete, get, post, put},
};
use http::{HeaderValue, Method, StatusCode, header};
use serde::Serialize;

use self::problem::{Kind, Problem};
use super::edge::{self, ClientInfo};
use crate::{
    admin::login,
    domain::{fault::Fault, page::Page},
    hub::Hub,
};

/// Everything under `/admin`: to be nested there.
pub fn routes(hub: Hub) -> Router {
    let behind_the_token = Router::new()
        .route("/users", get(users::list).post(users::create))
        .route("/users/{id}", get(users::find).patch(users::update).delete(users::delete))
        .route("/users/{id}/keys", get(keys::list).post(keys::create))
        .route("/users/{id}/limits", get(limits::of_user))
        .route("/users/{id}/reset", post(limits::reset_user))
        .route("/keys/{id}/limits", get(limits::of_key))
        .route("/keys/{id}/reset", post(limits::reset_key))
        .route("/keys/{id}", get(keys::find).patch(keys::update).delete(keys::delete))
        .route("/providers", get(providers::list).post(providers::create))
        .route("/providers/{id}", get(providers::find).patch(providers::update).delete(providers::delete))
        .route("/providers/{id}/test", post(providers::test))
        .route("/providers/{id}/pause", post(holds::pause_provider))
        .route("/providers/{id}/resume", post(holds::resume_provider))
        .route("/providers/{id}/limits", get(limits::of_provider))
        .route("/providers/{id}/reset", post(limits::reset_provider))
        .route("/quotas", get(quotas::list))
        .route("/sessions", get(sessions::list))
        .route("/sessions/{id}", delete(sessions::end))
        .route("/prices", get(prices::list))
        .route("/prices/import", post(prices::import))
        .route("/prices/sync", post(prices::sync))
        .route("/prices/{model}", put(prices::put).delete(prices::delete))
        .route("/prices/{model}/history", get(prices::history))
        .route("/groups", get(groups::list).post(groups::create))
        .route("/groups/{name}/pause", post(holds::pause_group))
        .route("/groups/{name}/resume", post(holds::resume_group))
        .route("/holds", get(holds::list))
        .route("/holds/{id}", delete(holds::end))
        .route("/groups/{name}", get(groups::find).patch(groups::update).delete(groups::delete))
        .route("/routing/explain", post(routing::explain))
        .route("/calls", get(calls::list))
        .route("/calls/export", get(calls::export))
        .route("/calls/{id}", get(calls::find))
        .route("/usage", get(usage::sum))
        .route("/usage/errors", get(usage::errors))
        .route("/leaderboard", get(usage::leaderboard))
        .route("/settings", get(settings::list).patch(settings::update))
        .route("/environment", get(settings::environment))
        .route("/storage", get(storage::show))
        .route("/", any(nowhere))
        .route("/{*path}", any(nowhere))
        .method_not_allowed_fallback(async || {
            Problem::new(Kind::MethodNotAllowed, "this route has other methods; see the header `allow`")
        })
        .layer(middleware::from_fn_with_state(hub.clone(), authenticate))
        .with_state(hub);
    Router::new()
        .nest("/v1", behind_the_token.route("/openapi.json", get(page::openapi)))
        .route("/v1/", any(nowhere))
        .route("/docs", get(page::docs))
        .route("/docs/style.css", get(page::style))
        .layer(middleware::from_fn(edge::harden))
}

/// Every route that needs the admin token: its method, and its path with parameters in braces.
pub fn route_table() -> Vec<(Method, String)> {
    let document = document::document();
    let mut table = Vec::new();
    for (path, item) in document.paths.paths {
        let methods = [
            (Method::GET, item.get),
            (Method::POST, item.post),
            (Method::PUT, item.put),
            (Method::PATCH, item.patch),
            (Method::DELETE, item.delete),
        ];
        let named = methods.into_iter().filter_map(|(method, operation)| operation.map(|_| (method, path.clone())));
        table.extend(named);
    }
    table
}

/// Lets nobody pass without the admin token, whatever they ask for.
async fn authenticate(
    State(hub): State<Hub>,
    Extension(client): Extension<ClientInfo>,
    mut request: Request,
    next: Next,
) -> Response {
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let actor = match header {
        Some(header) => login::actor_of_bearer(&hub, header, client.address).await,
        None => Err(Fault::Unauthenticated),
    };
    let mut response = match actor {
        Ok(actor) => {
            request.extensions_mut().insert(actor);
            next.run(request).await
        }
        Err(fault) => Problem::from(fault).into_response(),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Answers what no route is for.
async fn nowhere() -> Problem {
    Problem::new(Kind::NotFound, "there is no such route; see /admin/docs")
}

/// What a use case returned, as JSON.
type Answer<T> = Result<Json<T>, Problem>;

/// Answers with what was made, and where it can be found from now on.
fn created(location: &str, made: &impl Serialize) -> Response {
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(made)).into_response()
}

/// A list that always fits into one page.
const fn whole<T>(items: Vec<T>) -> Page<T> {
    Page { items, next_cursor: None }
}
