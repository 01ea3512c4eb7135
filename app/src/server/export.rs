//! `GET /calls/export`: the file that the console's links lead to, for whoever has a console session.

use axum::{
    Extension,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use hub::{
    admin::{
        actor::Visitor,
        export,
        login::{self, COOKIE},
    },
    domain::{fault::Fault, report::ExportFormat},
    http::{
        edge::{self, ClientInfo},
        export::answer,
    },
    hub::Hub,
};

use crate::{
    api::{calls::query, drawn, guard},
    fault::message,
    preferences::language_of,
    query::{CallFilter, login_path},
};

/// The calls that the address's filters admit: those of the list, and `format`. Under a `ticket` the page can ask how far
/// it is. A reader without a session is sent to the login page.
pub(super) async fn calls(
    State(hub): State<Hub>,
    Extension(client): Extension<ClientInfo>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let map = pairs.into_iter().collect();
    let filter = CallFilter::read(&map);
    let wanted = map.get_str("format").unwrap_or_default();
    let Some(format) = ExportFormat::ALL.into_iter().find(|format| format.as_str() == wanted) else {
        return refuse(&headers, &Fault::invalid("format", "must be csv, json or ndjson"));
    };
    let cookie = edge::cookie(&headers, COOKIE).unwrap_or_default();
    let export = match login::of_cookie(&hub, cookie, client.address).await.and_then(Visitor::admin) {
        Ok(actor) => match query(&hub, &actor, &filter, drawn::clock(&hub)) {
            Ok(query) => export::calls(&hub, &actor, format, query, map.get_str("ticket")).await,
            Err(fault) => Err(fault),
        },
        Err(fault) => Err(fault),
    };
    match export {
        Ok(export) => answer(export),
        Err(Fault::Unauthenticated) => Redirect::to(&login_path(&filter.path(None))).into_response(),
        Err(fault) => refuse(&headers, &fault),
    }
}

/// Says in the reader's language why there is no file.
fn refuse(headers: &HeaderMap, fault: &Fault) -> Response {
    let status = StatusCode::from_u16(fault.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let text = language_of(headers).text();
    (status, message(text, &guard::in_words_of(text, fault))).into_response()
}
