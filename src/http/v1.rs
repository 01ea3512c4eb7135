//! The relay endpoints: the server ends here.

use std::{
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicBool, Ordering},
};

use axum::http::{HeaderValue, Request, Response, Version, header, uri::PathAndQuery};
use futures_util::FutureExt;
use hyper::body::{Body as _, Incoming};

use super::edge::ClientInfo;
use crate::{
    clock,
    domain::id::CallId,
    hub::Hub,
    relay::{
        self,
        answer::{Answer, refuse},
        inbound::Inbound,
    },
    wire::rejection::Rejection,
};

/// True if a path is the relay's.
pub fn is_relayed(path: &str) -> bool {
    path.strip_prefix("/v1").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Hands a request to the relay, its body unread. A panic ends its call, which is settled, and nothing else.
pub async fn relay(hub: &Hub, client: ClientInfo, request: Request<Incoming>) -> Response<Answer> {
    let began = clock::instant();
    let (head, body) = request.into_parts();
    let call_id = CallId::fresh();
    let is_read = AtomicBool::new(body.is_end_stream());
    let inbound = Inbound {
        call_id,
        method: head.method,
        target: head.uri.into_parts().path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/")),
        headers: head.headers,
        body,
        is_read: &is_read,
        address: client.address,
        began,
    };
    let served = AssertUnwindSafe(relay::relay(hub, inbound)).catch_unwind().await;
    let mut response = served.unwrap_or_else(|_| refuse(&Rejection::Internal, call_id));
    // What is left of the body stands in the way of another request: the client must know that it needs a new connection.
    if head.version < Version::HTTP_2 && !is_read.load(Ordering::Relaxed) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_below_v1_is_the_relays() {
        for (path, is) in [("/v1", true), ("/v1/messages", true), ("/v1/", true), ("/v10", false), ("/admin/v1", false)]
        {
            assert_eq!(is_relayed(path), is, "{path}");
        }
    }
}
