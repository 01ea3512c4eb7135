//! What is asked, and may it be asked?

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, uri::PathAndQuery};

use super::{
    inbound::{Inbound, read_body},
    trail::Trail,
};
use crate::{
    hub::Hub,
    limit::bytes::HeldBytes,
    wire::{
        operation::Operation,
        peek::{Peek, is_session},
        rejection::Rejection,
    },
};

/// A request that was read and understood.
pub struct Screened {
    /// What is asked.
    pub operation: Operation,
    /// The caller's method.
    pub method: Method,
    /// The caller's path and query.
    pub target: PathAndQuery,
    /// The caller's headers.
    pub headers: HeaderMap,
    /// The caller's body, untouched.
    pub body: Bytes,
    /// What the hub knows of it; none where there is no body.
    pub peek: Option<Peek>,
    /// The memory it takes; given back when the answer begins.
    pub held: HeldBytes,
}

/// Reads the body and the few fields of it that matter.
pub async fn screen(
    hub: &Hub,
    operation: Operation,
    inbound: Inbound,
    trail: &mut Trail,
) -> Result<Screened, Rejection> {
    if hub.stopping.is_cancelled() {
        return Err(Rejection::ShuttingDown);
    }
    let Inbound { method, target, headers, body, .. } = inbound;
    let patience = Duration::from_millis(trail.snapshot.settings.call_deadline_ms);
    let read = read_body(body, &headers, &trail.snapshot.settings, &hub.bodies);
    let (body, held) = tokio::time::timeout(patience, read).await.map_err(|_| Rejection::BodyCut)??;
    let peek = if operation.has_body() { Some(Peek::read(&body)?) } else { None };
    trail.screened(peek.as_ref(), session(&headers, peek.as_ref()));
    Ok(Screened { operation, method, target, headers, body, peek, held })
}

/// The client's conversation, where it names one.
fn session(headers: &HeaderMap, peek: Option<&Peek>) -> Option<String> {
    let named = headers.get("x-claude-code-session-id").and_then(|value| value.to_str().ok());
    let named = named.filter(|id| is_session(id)).map(str::to_owned);
    named.or_else(|| peek.and_then(|peek| peek.session.clone()))
}
