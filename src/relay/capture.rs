//! What was asked and answered, copied on its way where `STORE_SESSION_MESSAGES` is on (docs/rules.md, Messages).
//!
//! A call never waits for it: what is captured is bounded, goes into a bounded queue, and is given up when there is no
//! room.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::{Mutex, mpsc};

use super::answer::{Answer, Cut};
use crate::{
    domain::id::CallId,
    limit::bytes::{ByteBudget, HeldBytes},
    store::messages::Captured,
    wire::operation::Operation,
};

/// Bytes kept of the beginning of a request, and of its end if it is longer than both.
const REQUEST_HEAD: usize = 64 << 10;
const REQUEST_TAIL: usize = 192 << 10;

/// Bytes kept of an answer.
const ANSWER_MAX: usize = 256 << 10;

/// Bytes that are held at once for what runs and for what waits to be written.
const HELD_MAX: u64 = 64 << 20;

/// Calls that may wait to be written.
const QUEUE: usize = 1_024;

/// A call's messages on their way to the database.
#[derive(Debug)]
pub struct Parcel {
    /// What was captured.
    pub captured: Captured,
    /// The memory it takes; given back with it.
    pub held: HeldBytes,
}

/// Where captured messages go; nothing while the hub does not capture.
#[derive(Clone, Debug)]
pub struct Captures(Option<Arc<Queue>>);

#[derive(Debug)]
struct Queue {
    sender: mpsc::Sender<Parcel>,
    receiver: Mutex<mpsc::Receiver<Parcel>>,
    budget: ByteBudget,
    n_lost: AtomicU64,
}

impl Captures {
    /// Captures if `is_on`.
    pub fn new(is_on: bool) -> Self {
        Self(is_on.then(|| {
            let (sender, receiver) = mpsc::channel(QUEUE);
            let (budget, n_lost) = (ByteBudget::default(), AtomicU64::new(0));
            Arc::new(Queue { sender, receiver: Mutex::new(receiver), budget, n_lost })
        }))
    }

    /// True if messages are captured.
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Calls whose messages were given up since the start, because too many waited to be written.
    pub fn n_lost(&self) -> u64 {
        self.0.as_ref().map_or(0, |queue| queue.n_lost.load(Ordering::Relaxed))
    }

    /// Messages were given up elsewhere, by the database's fault.
    pub fn lose(&self, n_calls: u64) {
        if let Some(queue) = &self.0 {
            queue.n_lost.fetch_add(n_calls, Ordering::Relaxed);
        }
    }

    /// What waits to be written, at most `n_most`; waits for the first of it. Nothing, at once, while nothing is captured.
    pub async fn take(&self, n_most: usize) -> Vec<Parcel> {
        let mut parcels = Vec::new();
        if let Some(queue) = &self.0 {
            queue.receiver.lock().await.recv_many(&mut parcels, n_most).await;
        }
        parcels
    }

    /// What waits to be written now, at most `n_most`.
    pub async fn take_rest(&self, n_most: usize) -> Vec<Parcel> {
        let Some(queue) = &self.0 else { return Vec::new() };
        let mut receiver = queue.receiver.lock().await;
        std::iter::from_fn(|| receiver.try_recv().ok()).take(n_most).collect()
    }

    /// Begins with the body of a request; none if nothing is captured.
    pub fn begin(&self, call_id: CallId, operation: Operation, body: &Bytes) -> Option<Capture> {
        let queue = self.0.as_ref().filter(|_| operation.is_metered())?;
        let (head, tail) = cut(body);
        let mut room = queue.budget.hold();
        if !room.take(length(head).saturating_add(length(tail)), HELD_MAX) {
            queue.n_lost.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let captured = Captured {
            call_id,
            request_bytes: length(body),
            request_head: head.to_vec(),
            request_tail: (!tail.is_empty()).then(|| tail.to_vec()),
            answer_bytes: 0,
            answer_head: Vec::new(),
        };
        Some(Capture { queue: Arc::clone(queue), parcel: Some(Parcel { captured, held: room }) })
    }
}

/// The beginning and the end of a request that are kept; the end is empty if the beginning is all of it.
fn cut(body: &[u8]) -> (&[u8], &[u8]) {
    if body.len() <= REQUEST_HEAD + REQUEST_TAIL {
        return (body, &[]);
    }
    let (head, rest) = body.split_at_checked(REQUEST_HEAD).unwrap_or((body, &[]));
    (head, rest.len().checked_sub(REQUEST_TAIL).and_then(|at| rest.get(at..)).unwrap_or_default())
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// A call's messages while they come. Dropped, they go to be written as far as they came.
#[derive(Debug)]
pub struct Capture {
    queue: Arc<Queue>,
    parcel: Option<Parcel>,
}

impl Capture {
    /// Copies a piece of the answer.
    fn observe(&mut self, bytes: &[u8]) {
        let Some(Parcel { captured, held }) = &mut self.parcel else { return };
        captured.answer_bytes = captured.answer_bytes.saturating_add(length(bytes));
        let room = ANSWER_MAX.saturating_sub(captured.answer_head.len());
        let kept = bytes.get(..room).unwrap_or(bytes);
        if held.take(length(kept), HELD_MAX) {
            captured.answer_head.extend_from_slice(kept);
        } else {
            self.parcel = None;
            self.queue.n_lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        let Some(parcel) = self.parcel.take() else { return };
        if self.queue.sender.try_send(parcel).is_err() {
            self.queue.n_lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The body of an answer that is copied on its way.
pub struct Copied {
    body: Answer,
    capture: Capture,
}

impl Copied {
    /// The next piece.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let next = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &next
            && let Some(bytes) = frame.data_ref()
        {
            self.capture.observe(bytes);
        }
        next
    }

    /// True if nothing more comes.
    pub fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    /// How much comes, as far as it is known.
    pub fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Has an answer copied on its way, if it is captured.
pub fn over(response: Response<Answer>, capture: Option<Capture>) -> Response<Answer> {
    match capture {
        Some(capture) => response.map(|body| Answer::Copied(Box::new(Copied { body, capture }))),
        None => response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_request_keeps_its_beginning_and_its_end() {
        let whole = vec![1; REQUEST_HEAD + REQUEST_TAIL];
        assert_eq!(cut(&whole), (whole.as_slice(), &[][..]));
        let mut long = vec![1; REQUEST_HEAD];
        long.push(2);
        long.resize(REQUEST_HEAD + 1 + REQUEST_TAIL, 3);
        let (head, tail) = cut(&long);
        assert!(head.iter().all(|byte| *byte == 1) && tail.iter().all(|byte| *byte == 3));
        assert_eq!((head.len(), tail.len()), (REQUEST_HEAD, REQUEST_TAIL));
    }

    #[tokio::test]
    async fn what_finds_no_room_is_given_up_and_counted() {
        let body = Bytes::from_static(b"{}");
        assert!(Captures::new(false).begin(CallId::fresh(), Operation::Messages, &body).is_none());
        let captures = Captures::new(true);
        assert!(captures.begin(CallId::fresh(), Operation::CountTokens, &body).is_none());
        for _ in 0..QUEUE + 3 {
            let mut capture = captures.begin(CallId::fresh(), Operation::Messages, &body).unwrap();
            capture.observe(&vec![7; ANSWER_MAX / 512]);
        }
        assert_eq!(captures.n_lost(), 3);
        let parcels = captures.take(QUEUE).await;
        assert_eq!((parcels.len(), captures.take_rest(1).await.len()), (QUEUE, 0));
        drop(parcels);
        // What is held at once is bounded too.
        let large = Bytes::from(vec![0; 1 << 20]);
        let held: Vec<_> =
            std::iter::from_fn(|| captures.begin(CallId::fresh(), Operation::Messages, &large)).collect();
        assert_eq!((held.len(), captures.n_lost()), (256, 4));
    }

    #[test]
    fn an_answer_is_kept_up_to_its_bound_and_counted_beyond() {
        let captures = Captures::new(true);
        let mut capture = captures.begin(CallId::fresh(), Operation::Messages, &Bytes::new()).unwrap();
        for _ in 0..3 {
            capture.observe(&vec![7; ANSWER_MAX / 2 + 1]);
        }
        let kept = &capture.parcel.as_ref().unwrap().captured;
        assert_eq!((kept.answer_head.len(), kept.answer_bytes), (ANSWER_MAX, 3 * (256 << 9) + 3));
    }
}
