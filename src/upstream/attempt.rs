//! One try: send, await the head, look at the beginning, then commit or fail.
//!
//! An answer is committed once it cannot turn out to be an error any more: a whole body that is of this wire, or a
//! stream whose first content was seen. Until then nothing of it has gone to the client, and another provider can
//! take its place.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Response, header};
use http_body::Body as _;
use http_body_util::BodyExt;
use serde::de::IgnoredAny;

use super::{
    body::Body,
    bounds::Bounds,
    client::Departing,
    failure::{Deadline, Failure},
    request::{self, Outgoing},
    running::Running,
    sending::Sending,
};
use crate::{
    clock,
    domain::attempt::Attempt,
    route::snapshot::Upstream,
    wire::{
        anthropic::ErrorObject,
        gate::{Gate, Opening},
        sse::Cutter,
        tap::Tap,
    },
};

/// The largest answer that is not streamed, and the largest error body.
const WHOLE_BYTES_MAX: usize = 64 << 20;

/// What one attempt needs to know of the call.
pub struct Ask<'a> {
    /// What is sent on of the caller's head.
    pub outgoing: Outgoing<'a>,
    /// The body, the provider's model in it.
    pub body: Bytes,
    /// True if the caller asked for a stream.
    pub wants_stream: bool,
    /// True if the answer must be a message of this wire; else any JSON with a 2xx will do.
    pub is_message: bool,
    /// How long the beginning of a stream may be held back.
    pub gate: Duration,
    /// When the call began: the zero of the attempt's times.
    pub began: Instant,
    /// When the call must have its answer.
    pub deadline: Instant,
}

/// A whole answer.
#[derive(Debug)]
pub struct Whole {
    /// The upstream's status, or the one that its error stands for.
    pub status: u16,
    /// The upstream's headers.
    pub headers: HeaderMap,
    /// The upstream's bytes.
    pub body: Bytes,
    /// What was seen in it.
    pub tap: Tap,
}

/// A stream that has begun.
pub struct Streaming {
    /// The upstream's status.
    pub status: u16,
    /// The upstream's headers.
    pub headers: HeaderMap,
    /// Its whole events so far.
    pub held: Bytes,
    /// The rest of it.
    pub body: Body,
    /// Half an event, perhaps.
    pub cutter: Cutter,
    /// What was seen so far.
    pub tap: Tap,
    /// How long it may be silent.
    pub idle: Duration,
    /// True if it is compressed: it passes as it comes, and nobody on the way can read it.
    pub is_encoded: bool,
}

/// An answer that is being committed to.
pub enum Reply {
    /// All of it is here.
    Whole(Box<Whole>),
    /// It goes on.
    Streaming(Box<Streaming>),
}

impl Reply {
    /// The status that the client gets.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Whole(whole) => whole.status,
            Self::Streaming(streaming) => streaming.status,
        }
    }
}

/// An attempt that did not deliver.
#[derive(Debug)]
pub struct Failed {
    /// Why.
    pub failure: Failure,
    /// The provider's answer, if there was one that a client could be shown.
    pub answer: Option<Box<Whole>>,
    /// What the provider said about it.
    pub message: Option<String>,
    /// The type of the error that it answered with, such as `overloaded_error`.
    pub kind: Option<String>,
    /// What it says beside that, such as `enforced_spend_limit_reached`.
    pub code: Option<Box<str>>,
    /// What was seen of a stream that broke before it could be used.
    tap: Option<Box<Tap>>,
    /// True if the provider may be at work, and charge for it: it has the whole request, and it was the hub that did not
    /// wait for what comes of it.
    is_given_up: bool,
}

impl Failed {
    /// The provider has answered with an error, of which so much can be read.
    fn answered(whole: Box<Whole>, error: ErrorObject) -> Self {
        let failure = Failure::Status(whole.status);
        let said = |text: String| Some(text).filter(|text| !text.is_empty());
        let (message, kind, code) = (said(error.message), said(error.kind), said(error.code));
        Self { answer: Some(whole), message, kind, code: code.map(String::into_boxed_str), ..failure.into() }
    }

    /// What the attempt is to be settled by; none if it cost nothing (docs/rules.md, Ledger).
    pub fn charged(&mut self) -> Option<&mut Tap> {
        if self.is_given_up {
            return Some(self.tap.get_or_insert_default());
        }
        let of_answer = self.answer.as_mut().map(|whole| &mut whole.tap);
        self.tap.as_deref_mut().or(of_answer).filter(|tap| tap.has_report())
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self { failure, answer: None, message: None, kind: None, code: None, tap: None, is_given_up: false }
    }
}

/// Tries one provider. `running` is given the times and what the upstream says of itself; `on_head` is told when, in
/// milliseconds since the call began, the head of the answer came.
///
/// # Errors
/// Why there is nothing to commit to; nothing has gone to the client then.
pub async fn attempt(
    upstream: &Upstream,
    ask: Ask<'_>,
    running: &mut Running,
    on_head: impl FnOnce(u32),
) -> Result<Reply, Failed> {
    let body = Sending::new(ask.body.clone(), running.is_sent());
    let tried = tried(upstream, &ask, body, running, on_head).await;
    tried.map_err(|failed| {
        let is_given_up = matches!(failed.failure, Failure::Timeout(_)) && running.may_be_billed();
        Failed { is_given_up, ..failed }
    })
}

async fn tried(
    upstream: &Upstream,
    ask: &Ask<'_>,
    body: Sending,
    running: &mut Running,
    on_head: impl FnOnce(u32),
) -> Result<Reply, Failed> {
    let bounds = Bounds::new(upstream, ask);
    let attempt = &mut running.attempt;
    let (head, body) = send(upstream, ask, body, &bounds, &mut attempt.connect_ms).await?.into_parts();
    let head_ms = clock::ms_since(ask.began);
    attempt.first_byte_ms = Some(head_ms);
    on_head(head_ms);
    attempt.status = Some(head.status.as_u16());
    attempt.upstream_request_id = text(&head.headers, "request-id").or_else(|| text(&head.headers, "x-request-id"));
    if head.status.is_success() && is_stream(&head.headers, ask) {
        let streaming = Box::new(Streaming {
            status: head.status.as_u16(),
            is_encoded: is_encoded(&head.headers),
            headers: head.headers,
            held: Bytes::new(),
            body,
            cutter: Cutter::default(),
            tap: Tap::default(),
            idle: bounds.idle,
        });
        if streaming.is_encoded {
            // Nothing can be held back until it is understood.
            return Ok(Reply::Streaming(streaming));
        }
        return pass_gate(streaming, ask, &bounds, running).await;
    }
    let whole = Box::new(Whole {
        status: head.status.as_u16(),
        headers: head.headers,
        body: collect(body, &bounds).await?,
        tap: Tap::default(),
    });
    if head.status.is_success() { check(whole, ask, attempt) } else { Err(refused(whole)) }
}

async fn send(
    upstream: &Upstream,
    ask: &Ask<'_>,
    body: Sending,
    bounds: &Bounds,
    connect_ms: &mut Option<u32>,
) -> Result<Response<Body>, Failed> {
    let client = upstream.client.as_ref().map_err(|why| Failure::Proxy(why.clone()))?;
    let Some(secret) = &upstream.secret else {
        return Err(Failure::Connect("the provider's secret cannot be opened".to_owned()).into());
    };
    let mut request = Departing::new(body);
    *request.method_mut() = ask.outgoing.method.clone();
    *request.uri_mut() = request::target(&upstream.base_url, ask.outgoing.target).into();
    *request.headers_mut() = request::headers(&ask.outgoing, upstream, secret);
    let due = bounds.soonest(bounds.first_byte, Deadline::FirstByte);
    Ok(client.send(&upstream.base_url, request, due, connect_ms).await?)
}

/// Reads a whole body.
async fn collect(mut body: Body, bounds: &Bounds) -> Result<Bytes, Failure> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = bounds.bound(bounds.idle, Deadline::Idle, body.frame()).await? {
        let Ok(data) = frame?.into_data() else { continue };
        if first.is_empty() && rest.is_empty() {
            first = data;
            if body.is_end_stream() {
                break;
            }
            continue;
        }
        if rest.is_empty() {
            rest.extend_from_slice(&first);
        }
        rest.extend_from_slice(&data);
        if rest.len() > WHOLE_BYTES_MAX {
            return Err(Failure::Malformed(format!("the answer is larger than {WHOLE_BYTES_MAX} bytes")));
        }
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

/// A whole 2xx body: an error in disguise, not of this wire, or good.
fn check(mut whole: Box<Whole>, ask: &Ask<'_>, attempt: &mut Attempt) -> Result<Reply, Failed> {
    let is_message = ask.is_message && whole.tap.observe_body(&whole.body);
    let error = if ask.is_message { whole.tap.error.take() } else { ErrorObject::read(&whole.body) };
    if let Some(error) = error {
        whole.status = error.status();
        attempt.status = Some(whole.status);
        return Err(Failed::answered(whole, error));
    }
    if ask.is_message && !is_message {
        // A compressed answer cannot be read, but the client can; it is all there.
        if is_encoded(&whole.headers) && !whole.body.is_empty() {
            whole.tap.observe_encoded(whole.body.len());
            whole.tap.is_complete = true;
            return Ok(Reply::Whole(whole));
        }
        return Err(Failure::Malformed(malformed(&whole.body, "message")).into());
    }
    let is_json = || serde_json::from_slice::<IgnoredAny>(&whole.body).is_ok();
    if !ask.is_message && !is_encoded(&whole.headers) && !is_json() {
        return Err(Failure::Malformed(malformed(&whole.body, "JSON")).into());
    }
    attempt.first_token_ms = Some(clock::ms_since(ask.began));
    Ok(Reply::Whole(whole))
}

/// What is wrong with a body that is not what was wanted.
fn malformed(body: &[u8], wanted: &str) -> String {
    let begin = body.trim_ascii_start();
    if begin.is_empty() {
        "an answer without a body".to_owned()
    } else if begin.starts_with(b"<") {
        "a web page instead of an answer".to_owned()
    } else {
        format!("an answer that is no {wanted}")
    }
}

/// An error answer, as it came.
fn refused(whole: Box<Whole>) -> Failed {
    let error = ErrorObject::read(&whole.body).unwrap_or_default();
    Failed::answered(whole, error)
}

/// Holds the beginning of a stream back until it is known what it is, or the gate's time is up. What a stream reported
/// before it failed, or before nobody waits for it any more, is kept: it is charged.
async fn pass_gate(
    mut streaming: Box<Streaming>,
    ask: &Ask<'_>,
    bounds: &Bounds,
    running: &mut Running,
) -> Result<Reply, Failed> {
    let opening = hold(&mut running.gate, &mut streaming.body, ask.gate, bounds).await;
    let (gate, attempt) = (std::mem::take(&mut running.gate), &mut running.attempt);
    match opening {
        Ok(Opening::Answer) => {
            let (held, rest, tap) = gate.open();
            streaming.tap = tap;
            // What has come together with it goes out with it.
            let more = streaming.cutter.push(rest);
            streaming.tap.observe(&more);
            streaming.held = if more.is_empty() { held } else { Bytes::from([&held[..], &more[..]].concat()) };
            if streaming.tap.has_content {
                attempt.first_token_ms = Some(clock::ms_since(ask.began));
            }
            Ok(Reply::Streaming(streaming))
        }
        Ok(Opening::Error(error)) => Err(restated(*streaming, gate.tap, error, attempt)),
        Err(failure) => Err(Failed { tap: Some(Box::new(gate.tap)), ..failure.into() }),
    }
}

async fn hold(gate: &mut Gate, body: &mut Body, time: Duration, bounds: &Bounds) -> Result<Opening, Failure> {
    let opens_at = clock::instant() + time;
    loop {
        let read = bounds.bound(bounds.idle, Deadline::Idle, body.frame());
        let frame = match tokio::time::timeout_at(opens_at.into(), read).await {
            // Something was seen that may go on: the provider is at work.
            Err(_) if !gate.is_empty() => return Ok(Opening::Answer),
            Err(_) => bounds.bound(bounds.idle, Deadline::Idle, body.frame()).await?,
            Ok(frame) => frame?,
        };
        let Some(frame) = frame else { return Err(ended(gate)) };
        if let Some(opening) = gate.push(&frame?.into_data().unwrap_or_default()) {
            return Ok(opening);
        }
    }
}

/// A stream that ended before it had content.
fn ended(gate: &Gate) -> Failure {
    let is_empty = gate.is_empty() && gate.tap.model_served.is_none();
    let why = if is_empty { "an empty stream" } else { "a stream that ended before it had content" };
    Failure::Malformed(why.to_owned())
}

/// An error event as the first thing: restated as the status it stands for, its object as the body (docs/rules.md, Routing).
fn restated(streaming: Streaming, mut tap: Tap, error: ErrorObject, attempt: &mut Attempt) -> Failed {
    let status = error.status();
    attempt.status = Some(status);
    let mut headers = streaming.headers;
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.remove(header::CONTENT_LENGTH);
    let body = Bytes::from(std::mem::take(&mut tap.error_data));
    let answer = Box::new(Whole { status, headers, body, tap: Tap::default() });
    Failed { tap: Some(Box::new(tap)), ..Failed::answered(answer, error) }
}

/// True if the body is a stream of events: its media type says so, in whatever case (RFC 9110, 8.3.1). Servers between
/// lose the type, or call it plain text: who has asked for a stream reads it as one all the same.
fn is_stream(headers: &HeaderMap, ask: &Ask<'_>) -> bool {
    let value = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let media_type = value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let is = |name: &[u8]| media_type.eq_ignore_ascii_case(name);
    is(b"text/event-stream") || (ask.wants_stream && ask.is_message && (is(b"") || is(b"text/plain")))
}

/// True if the body is compressed, although nobody has asked for that.
fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_ENCODING).is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// A header as text, cut to a sane length.
fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    // ASCII: it can be cut anywhere.
    headers.get(name)?.to_str().ok().map(|value| value.get(..256).unwrap_or(value).to_owned())
}
