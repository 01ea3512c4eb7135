//! The relay endpoints: the server ends here.

use std::panic::AssertUnwindSafe;

use axum::http::{Request, Response, uri::PathAndQuery};
use futures_util::FutureExt;
use hyper::body::Incoming;

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
    let inbound = Inbound {
        call_id,
        method: head.method,
        target: head.uri.into_parts().path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/")),
        headers: head.headers,
        body,
        address: client.address,
        began,
    };
    let served = AssertUnwindSafe(relay::relay(hub, inbound)).catch_unwind().await;
    served.unwrap_or_else(|_| refuse(&Rejection::Internal, call_id))
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
