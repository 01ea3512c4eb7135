//! Forms that may be larger than others: one that carries a price file.

use axum::{
    extract::{DefaultBodyLimit, Request, State},
    middleware::Next,
    response::Response,
};
use hub::{
    admin::{
        actor::Visitor,
        login::{self, COOKIE},
    },
    http::edge::{self, ClientInfo},
    hub::Hub,
};
use leptos::server_fn::ServerFn;

use crate::api::prices::{FORM_BYTES_MAX, ImportPrices};

/// Lets the form that takes in a price file be as large as one is. Only for whoever may take it in: nobody else has so much
/// read into memory.
pub(super) async fn admit(State(hub): State<Hub>, mut request: Request, next: Next) -> Response {
    if request.uri().path() == ImportPrices::url() {
        let client = request.extensions().get::<ClientInfo>().copied();
        let cookie = edge::cookie(request.headers(), COOKIE).unwrap_or_default().to_owned();
        if is_admins(&hub, client, &cookie).await {
            DefaultBodyLimit::max(FORM_BYTES_MAX).apply(&mut request);
        }
    }
    next.run(request).await
}

async fn is_admins(hub: &Hub, client: Option<ClientInfo>, cookie: &str) -> bool {
    let Some(client) = client else { return false };
    login::of_cookie(hub, cookie, client.address).await.and_then(Visitor::admin).is_ok()
}
