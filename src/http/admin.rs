//! The management API: REST over the use cases, under `/admin/v1`.

mod audit;
mod calls;
mod console_sessions;
mod document;
mod find;
mod groups;
mod holds;
mod input;
mod keys;
mod limits;
mod log;
mod me;
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
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Serialize;

use self::problem::{Kind, Problem};
use super::edge::{self, ClientInfo};
use crate::{
    admin::{
        self,
        actor::Visitor,
        login::{self, COOKIE},
    },
    domain::{
        fault::Fault,
        page::{Page, PartQuery},
    },
    hub::Hub,
};

/// Everything under `/admin`: to be nested there.
pub fn routes(hub: Hub) -> Router {
    let of_admins = Router::new()
        .merge(people())
        .merge(places())
        .route("/console-sessions", get(console_sessions::list).delete(console_sessions::end_others))
        .route("/console-sessions/{id}", delete(console_sessions::end))
        .route("/quotas", get(quotas::list))
        .route("/sessions", get(sessions::list))
        .route("/sessions/bulk", post(sessions::bulk))
        .route("/sessions/{id}", get(sessions::find).delete(sessions::end))
        .route("/prices", get(prices::list))
        .route("/prices/import", post(prices::import))
        .route("/prices/sync", post(prices::sync))
        .route("/prices/{model}", put(prices::put).delete(prices::delete))
        .route("/prices/{model}/history", get(prices::history))
        .route("/calls", get(calls::list))
        .route("/calls/export", get(calls::export))
        .route("/calls/{id}", get(calls::find))
        .route("/calls/{id}/messages", get(calls::messages))
        .route("/search", get(find::search))
        .route("/usage", get(usage::sum))
        .route("/usage/errors", get(usage::errors))
        .route("/availability", get(usage::availability))
        .route("/overview", get(usage::overview))
        .route("/leaderboard", get(usage::leaderboard))
        .route("/settings", get(settings::list).patch(settings::update))
        .route("/environment", get(settings::environment))
        .route("/storage", get(storage::show))
        .route("/log", get(log::list))
        .route("/audit", get(audit::list))
        .route("/", any(nowhere))
        .route("/{*path}", any(nowhere))
        .method_not_allowed_fallback(other_method)
        .layer(middleware::from_fn_with_state(hub.clone(), admins_only));
    let of_persons = Router::new()
        .route("/me", get(me::find))
        .route("/me/usage", get(me::usage))
        .route("/me/calls", get(me::calls))
        .route("/me/calls/{id}", get(me::call))
        .route("/me/password", put(me::change_password))
        .route("/me/console-sessions", get(me::list_sessions).delete(me::end_other_sessions))
        .route("/me/console-sessions/{id}", delete(me::end_session))
        .method_not_allowed_fallback(other_method)
        .layer(middleware::from_fn_with_state(hub.clone(), persons_only));
    Router::new()
        .nest("/v1", of_admins.merge(of_persons).with_state(hub).route("/openapi.json", get(page::openapi)))
        .route("/v1/", any(nowhere))
        .route("/docs", get(page::docs))
        .route("/docs/style.css", get(page::style))
        .layer(middleware::from_fn(edge::harden))
}

/// Users and their keys.
fn people() -> Router<Hub> {
    Router::new()
        .route("/users", get(users::list).post(users::create))
        .route("/users/bulk", post(users::bulk))
        .route("/users/tags", get(users::tags))
        .route("/users/{id}/renew", post(users::renew))
        .route("/users/{id}", get(users::find).patch(users::update).delete(users::delete))
        .route("/users/{id}/keys", get(keys::list).post(keys::create))
        .route("/users/{id}/limits", get(limits::of_user))
        .route("/users/{id}/reset", post(limits::reset_user))
        .route("/users/{id}/password", put(users::set_password).delete(users::clear_password))
        .route("/keys", get(keys::list_all))
        .route("/keys/bulk", post(keys::bulk))
        .route("/keys/{id}/limits", get(limits::of_key))
        .route("/keys/{id}/reset", post(limits::reset_key))
        .route("/keys/{id}/rotate", post(keys::rotate))
        .route("/keys/{id}", get(keys::find).patch(keys::update).delete(keys::delete))
}

/// Where calls go, and where they may not go just now.
fn places() -> Router<Hub> {
    Router::new()
        .route("/providers", get(providers::list).post(providers::create))
        .route("/providers/{id}", get(providers::find).patch(providers::update).delete(providers::delete))
        .route("/providers/bulk", post(providers::bulk))
        .route("/providers/traffic", get(providers::traffic))
        .route("/providers/test-proxy", post(providers::test_new_proxy))
        .route("/providers/{id}/clone", post(providers::clone))
        .route("/providers/{id}/test", post(providers::test))
        .route("/providers/{id}/test-proxy", post(providers::test_proxy))
        .route("/providers/{id}/pause", post(holds::pause_provider))
        .route("/providers/{id}/resume", post(holds::resume_provider))
        .route("/providers/{id}/limits", get(limits::of_provider))
        .route("/providers/{id}/reset", post(limits::reset_provider))
        .route("/groups", get(groups::list).post(groups::create))
        .route("/groups/{name}/pause", post(holds::pause_group))
        .route("/groups/{name}/resume", post(holds::resume_group))
        .route("/holds", get(holds::list))
        .route("/holds/{id}", delete(holds::end))
        .route("/groups/{name}", get(groups::find).patch(groups::update).delete(groups::delete))
        .route("/routing/explain", post(routing::explain))
}

/// Every route that says in the description what it is for: its method, and its path with parameters in braces.
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

/// Lets nobody pass who does not run the hub, whatever they ask for.
async fn admins_only(hub: State<Hub>, client: Extension<ClientInfo>, request: Request, next: Next) -> Response {
    let admin = visitor(&hub, *client, request.method(), request.headers()).await.and_then(Visitor::admin);
    go_on(admin, request, next).await
}

/// Lets whoever has something of their own pass.
async fn persons_only(hub: State<Hub>, client: Extension<ClientInfo>, request: Request, next: Next) -> Response {
    let person = visitor(&hub, *client, request.method(), request.headers()).await.and_then(Visitor::person);
    go_on(person, request, next).await
}

/// Who asks: by the header `authorization`, else by the console's cookie, with which another site changes nothing.
async fn visitor(hub: &Hub, client: ClientInfo, method: &Method, headers: &HeaderMap) -> Result<Visitor, Fault> {
    if let Some(header) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) {
        return login::of_bearer(hub, header, client.address).await;
    }
    let cookie = edge::cookie(headers, COOKIE).ok_or(Fault::Unauthenticated)?;
    if !method.is_safe() {
        edge::same_origin(headers)?;
    }
    login::of_cookie(hub, cookie, client.address).await
}

/// Hands a request on with who has made it, for its handler to take.
async fn go_on<T: Clone + Send + Sync + 'static>(who: Result<T, Fault>, mut request: Request, next: Next) -> Response {
    let mut response = match who {
        Ok(who) => {
            request.extensions_mut().insert(who);
            next.run(request).await
        }
        Err(fault) => Problem::from(fault).into_response(),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Answers a method that the route does not have.
async fn other_method() -> Problem {
    Problem::new(Kind::MethodNotAllowed, "this route has other methods; see the header `allow`")
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

/// The part of a list that is asked for.
fn part_of<T>(items: Vec<T>, part: &PartQuery) -> Result<Page<T>, Problem> {
    Ok(admin::page::part(items, part)?)
}

/// A list that always fits into one page.
const fn whole<T>(items: Vec<T>) -> Page<T> {
    Page { items, next_cursor: None }
}
