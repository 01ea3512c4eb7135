//! What arrived: the head now, the body later and within limits.

use std::{net::IpAddr, sync::atomic::AtomicBool, time::Instant};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, header, uri::PathAndQuery};
use http_body::Body as _;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::{
    domain::{id::CallId, settings::Settings},
    limit::bytes::{ByteBudget, HeldBytes},
    wire::rejection::Rejection,
};

/// A request: its head, and a body that has not been read.
pub struct Inbound<'a> {
    /// The id of the call that it becomes.
    pub call_id: CallId,
    /// Its method.
    pub method: Method,
    /// Its path and query.
    pub target: PathAndQuery,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Incoming,
    /// True once the body has been read to its end, or if there is none.
    pub is_read: &'a AtomicBool,
    /// The client's address, after trusted proxies.
    pub address: IpAddr,
    /// When it arrived.
    pub began: Instant,
}

/// Reads the body.
///
/// # Errors
/// [`Rejection::TooLarge`] over the setting `body_bytes_max`, [`Rejection::Crowded`] when the memory for all bodies is
/// used up, [`Rejection::BodyCut`] when it does not arrive.
pub async fn read_body(
    mut body: Incoming,
    headers: &HeaderMap,
    settings: &Settings,
    budget: &ByteBudget,
) -> Result<(Bytes, HeldBytes), Rejection> {
    let bytes_max = settings.body_bytes_max;
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.or_else(|| body.size_hint().exact()).is_some_and(|length| length > bytes_max) {
        return Err(Rejection::TooLarge { bytes_max });
    }
    let mut held = budget.hold();
    let (mut first, mut rest, mut n_bytes) = (Bytes::new(), BytesMut::new(), 0_u64);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Rejection::BodyCut)?;
        let Ok(data) = frame.into_data() else { continue };
        let more = u64::try_from(data.len()).unwrap_or(u64::MAX);
        n_bytes = n_bytes.saturating_add(more);
        if n_bytes > bytes_max {
            return Err(Rejection::TooLarge { bytes_max });
        }
        if !held.take(more, settings.buffered_bytes_max) {
            return Err(Rejection::Crowded);
        }
        if first.is_empty() && rest.is_empty() {
            first = data;
            if body.is_end_stream() {
                break;
            }
            continue;
        }
        if rest.is_empty() {
            let whole = declared.and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
            rest.reserve(whole.max(first.len() + data.len()));
            rest.extend_from_slice(&first);
        }
        rest.extend_from_slice(&data);
    }
    Ok((if rest.is_empty() { first } else { rest.freeze() }, held))
}
