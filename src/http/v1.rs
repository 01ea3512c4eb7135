//! The relay endpoints: axum ends here.

use axum::{
    Extension,
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http_body_util::BodyExt;

use super::edge::ClientInfo;
use crate::{
    clock,
    domain::id::CallId,
    hub::Hub,
    relay::{self, inbound::Inbound},
};

/// Hands a request to the relay, its body unread.
pub async fn relay(State(hub): State<Hub>, Extension(client): Extension<ClientInfo>, request: Request) -> Response {
    let began = clock::instant();
    let (head, body) = request.into_parts();
    let inbound = Inbound {
        call_id: CallId::fresh(),
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers,
        body: body.map_err(Into::into).boxed_unsync(),
        address: client.address,
        began,
    };
    relay::relay(&hub, inbound).await.map(Body::new)
}
