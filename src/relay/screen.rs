//! What is asked, and may it be asked?

use std::{sync::atomic::Ordering, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, uri::PathAndQuery};

use super::{
    inbound::{Inbound, read_body},
    session::identify,
    trail::Trail,
};
use crate::{
    hub::Hub,
    limit::bytes::HeldBytes,
    route::snapshot::Caller,
    state::step::SessionUse,
    wire::{operation::Operation, peek::Peek, rejection::Rejection},
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
    /// The conversation it belongs to; none where there is no body.
    pub session: Option<SessionUse>,
    /// The memory it takes; given back when the answer begins.
    pub held: HeldBytes,
}

/// Reads the body and the few fields of it that matter.
pub async fn screen(
    hub: &Hub,
    operation: Operation,
    caller: &Caller,
    inbound: Inbound<'_>,
    trail: &mut Trail,
) -> Result<Screened, Rejection> {
    if hub.stopping.is_cancelled() {
        return Err(Rejection::ShuttingDown);
    }
    let Inbound { method, target, headers, body, is_read, .. } = inbound;
    let patience = Duration::from_millis(trail.snapshot.settings.call_deadline_ms);
    let read = read_body(body, &headers, &trail.snapshot.settings, &hub.bodies);
    let (body, held) = tokio::time::timeout(patience, read).await.map_err(|_| Rejection::BodyCut)??;
    is_read.store(true, Ordering::Relaxed);
    let peek = if operation.has_body() { Some(Peek::read(&body)?) } else { None };
    let ttl_ms = hub.config.session_ttl_ms;
    let session = peek.as_ref().map(|peek| identify(caller, &headers, peek, &body, ttl_ms));
    trail.screened(peek.as_ref(), session.as_ref().map(|used| used.session.id.clone()));
    if let Some(peek) = &peek {
        let (_, model) = trail.snapshot.split_prefix(&peek.model);
        caller.restrictions.admit_model(model)?;
    }
    Ok(Screened { operation, method, target, headers, body, peek, session, held })
}
