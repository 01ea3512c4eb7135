//! The client of a stream that waits is kept alive: a status and pings go to it before its provider is known.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use http_body::Body as _;
use tokio::time::Sleep;

use crate::{
    clock,
    domain::id::CallId,
    relay::{answer::Answer, attended::Attended},
    wire::anthropic,
};

/// The status that the client is sent.
pub const STATUS: u16 = 200;

/// The time between two pings.
const PING: Duration = Duration::from_secs(10);

/// How a call that waits tells that its answer is to begin.
#[derive(Clone, Debug, Default)]
pub struct KeepAlive(Arc<Told>);

#[derive(Debug, Default)]
struct Told {
    has_begun: AtomicBool,
    head: Mutex<Option<HeaderMap>>,
}

impl KeepAlive {
    /// The answer is to begin, with these headers.
    pub fn begin(&self, head: HeaderMap) {
        *self.0.head.lock().unwrap_or_else(PoisonError::into_inner) = Some(head);
        self.0.has_begun.store(true, Ordering::Release);
    }

    /// True once the answer has begun.
    pub fn has_begun(&self) -> bool {
        self.0.has_begun.load(Ordering::Acquire)
    }

    /// The headers of the answer that is to begin, once.
    pub fn take_head(&self) -> Option<HeaderMap> {
        if !self.has_begun() {
            return None;
        }
        self.0.head.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// An answer that begins with pings, until `work` has found the real one.
pub fn answer(head: HeaderMap, call_id: CallId, work: Attended) -> Response<Answer> {
    let body = KeptAlive {
        state: State::Waiting(work),
        next_ping: Box::pin(tokio::time::sleep(PING)),
        has_pinged: false,
        call_id,
    };
    let mut response = Response::new(Answer::KeptAlive(Box::new(body)));
    *response.headers_mut() = head;
    response
}

enum State {
    /// Nobody serves the call yet.
    Waiting(Attended),
    /// What there is passes.
    Passing(Answer),
}

/// The body of an answer that begins with pings. Dropped while it waits, its call goes on without its client.
pub struct KeptAlive {
    state: State,
    next_ping: Pin<Box<Sleep>>,
    has_pinged: bool,
    call_id: CallId,
}

impl KeptAlive {
    /// The next bytes for the client; none at the end.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let State::Waiting(work) = &mut self.state {
            match Pin::new(work).poll(cx) {
                Poll::Ready(response) => self.state = State::Passing(self.rest(response)),
                Poll::Pending => {
                    if std::mem::replace(&mut self.has_pinged, true) {
                        ready!(self.next_ping.as_mut().poll(cx));
                        self.next_ping.as_mut().reset((clock::instant() + PING).into());
                    }
                    return Poll::Ready(Some(Bytes::from_static(anthropic::PING)));
                }
            }
        }
        let State::Passing(answer) = &mut self.state else { return Poll::Pending };
        Pin::new(answer).poll_frame(cx).map(|frame| frame.and_then(Result::ok).and_then(|frame| frame.into_data().ok()))
    }

    /// What passes once the real answer is there: the provider's stream, or what is no stream as the event of an error.
    fn rest(&self, response: Response<Answer>) -> Answer {
        let (head, body) = response.into_parts();
        let is_plain = !head.headers.contains_key(header::CONTENT_ENCODING);
        match body {
            Answer::Whole(None) => Answer::Whole(None),
            Answer::Stream(stream) if is_plain && head.status == StatusCode::OK => Answer::Stream(stream),
            Answer::Whole(Some(body)) if !head.status.is_success() => {
                Answer::Whole(Some(anthropic::late_error(head.status.as_u16(), &body, &self.call_id.to_string())))
            }
            _ => Answer::Whole(Some(Bytes::from(anthropic::cut_event(
                "the provider answered in a form that cannot follow a stream which has begun",
                &self.call_id.to_string(),
            )))),
        }
    }
}
