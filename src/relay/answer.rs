//! What goes back to the client.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};

use super::{capture::Copied, stream::StreamBody, wait::keep_alive::KeptAlive};
use crate::{
    domain::id::{CallId, ProviderId},
    wire::{anthropic, rejection::Rejection},
};

/// Names the call, on every answer.
pub const CALL_ID: HeaderName = HeaderName::from_static("x-switchyard-call-id");

/// Where a call went, in short (setting `decision_header`).
pub const DECISION: HeaderName = HeaderName::from_static("x-switchyard-decision");

/// Bytes of a call's id as text.
const CALL_ID_BYTES: usize = 36;

/// Names the provider by its id: names need not be ASCII.
pub const PROVIDER: HeaderName = HeaderName::from_static("x-switchyard-provider");

/// Headers of a provider that a client gets to see (docs/rules.md, Edge and security).
const PASSED: &[&str] =
    &["cache-control", "content-encoding", "content-type", "date", "request-id", "retry-after", "x-should-retry"];

/// An answer was cut, and all that can be done is to cut the connection to its client too.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the provider's answer was cut")]
pub struct Cut;

/// The body of an answer.
pub enum Answer {
    /// All of it.
    Whole(Option<Bytes>),
    /// It passes as it comes.
    Stream(Box<StreamBody>),
    /// It has begun, with pings, before a provider was found.
    KeptAlive(Box<KeptAlive>),
    /// Any of these, copied on its way.
    Copied(Box<Copied>),
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match &mut *self {
            Self::Whole(body) => {
                Poll::Ready(body.take().filter(|body| !body.is_empty()).map(|body| Ok(Frame::data(body))))
            }
            Self::Stream(stream) => match ready!(stream.poll_next(cx)) {
                Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
                None => Poll::Ready(stream.is_broken().then_some(Err(Cut))),
            },
            Self::KeptAlive(body) => body.poll_next(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes)))),
            Self::Copied(copied) => copied.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.as_ref().is_none_or(Bytes::is_empty),
            Self::Stream(_) | Self::KeptAlive(_) => false,
            Self::Copied(copied) => copied.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => {
                let length = body.as_ref().map_or(0, Bytes::len);
                SizeHint::with_exact(u64::try_from(length).unwrap_or_default())
            }
            Self::Stream(_) | Self::KeptAlive(_) => SizeHint::default(),
            Self::Copied(copied) => copied.size_hint(),
        }
    }
}

/// The hub's own no, in the wire's form.
pub fn refuse(rejection: &Rejection, call_id: CallId) -> Response<Answer> {
    let body = Bytes::from(anthropic::reject(rejection, &call_id.to_string()));
    let mut response = Response::new(Answer::Whole(Some(body)));
    *response.status_mut() = status(rejection.status());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = rejection.retry_after_s() {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    for (name, value) in rejection.headers() {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    name(headers, call_id, None);
    response
}

/// A provider's answer: its status, what a client may see of its headers, and our two.
pub fn pass(status_code: u16, upstream: &HeaderMap, exposed: bool, body: Answer) -> Response<Answer> {
    let mut response = Response::new(body);
    *response.status_mut() = status(status_code);
    let headers = response.headers_mut();
    headers.reserve(upstream.len() + 2);
    for (name, value) in upstream {
        if is_passed(name.as_str(), exposed) {
            headers.append(name.clone(), value.clone());
        }
    }
    response
}

/// True if a client gets to see a provider's header of this name.
fn is_passed(name: &str, exposed: bool) -> bool {
    let is_about_the_account = name.starts_with("anthropic-ratelimit-unified-") || name == "anthropic-organization-id";
    PASSED.contains(&name) || (name.starts_with("anthropic-") && (exposed || !is_about_the_account))
}

/// Sets our two headers.
pub fn name(headers: &mut HeaderMap, call_id: CallId, provider: Option<ProviderId>) {
    let mut text = [0; CALL_ID_BYTES];
    if let Ok(value) = HeaderValue::from_str(call_id.0.as_hyphenated().encode_lower(&mut text)) {
        headers.insert(CALL_ID, value);
    }
    if let Some(provider) = provider {
        headers.insert(PROVIDER, provider.0.into());
    }
}

/// Says where the call went, if it is to be said.
pub fn explain(headers: &mut HeaderMap, line: Option<String>) {
    if let Some(line) = line.and_then(|line| HeaderValue::try_from(line).ok()) {
        headers.insert(DECISION, line);
    }
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_allow_list_passes() {
        for (name, passes) in [
            ("content-type", true),
            ("anthropic-ratelimit-requests-remaining", true),
            ("anthropic-ratelimit-unified-status", false),
            ("anthropic-organization-id", false),
            ("set-cookie", false),
            ("server", false),
            ("cf-ray", false),
            ("transfer-encoding", false),
        ] {
            assert_eq!(is_passed(name, false), passes, "{name}");
        }
        assert!(is_passed("anthropic-organization-id", true));
    }
}
