//! The body of a streamed answer: the provider's bytes, exactly as they came, in whole events.
//!
//! It settles the call when the terminal event is seen, before that event is passed on; when the stream is cut; or
//! when the client has left and the rest was read without it.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body::Body as _;
use http_body_util::BodyExt;
use tokio::time::Sleep;
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::trail::Trail;
use crate::{
    clock,
    domain::{
        attempt::AttemptResult,
        call::{CallError, Outcome},
        decision::Next,
        id::CallId,
        provider::OnClientGone,
    },
    route::{
        judge::{Evidence, Verdict, judge},
        snapshot::Upstream,
    },
    upstream::{
        attempt::Streaming,
        body::Body,
        failure::{Deadline, Failure},
    },
    wire::{anthropic, rejection::Rejection, sse::Cutter, tap::Tap},
};

/// How long a provider may keep its connection open behind the terminal event.
const AFTER_END: Duration = Duration::from_secs(2);

/// How far the cut of an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Breaking {
    No,
    Due,
    /// What was passed on before has had its time to be written.
    Written,
}

/// A stream on its way to the client.
pub struct StreamBody {
    body: Body,
    cutter: Cutter,
    tap: Tap,
    /// What was held back until the answer was committed to.
    held: Option<Bytes>,
    /// Gone once the call is settled.
    trail: Option<Box<Trail>>,
    call_id: CallId,
    upstream: Arc<Upstream>,
    /// True if nobody on the way can read it: it passes as it comes.
    is_encoded: bool,
    /// Then these are its latest bytes, which may be its last: they pass when more has come, or the call is settled.
    latest: Option<Bytes>,
    /// Whether it ended before its end, where nothing can be said about that in it.
    breaking: Breaking,
    /// How long the provider may be silent.
    idle: Duration,
    last_byte: Instant,
    timer: Pin<Box<Sleep>>,
    /// Ready when the hub stops and cannot wait any longer.
    cutting: Pin<Box<WaitForCancellationFutureOwned>>,
    is_over: bool,
    /// Until the entry is with the disk, the bytes that end the answer wait; false if it cannot be brought there.
    syncing: Option<Pin<Box<dyn Future<Output = bool> + Send>>>,
    waiting: Option<Bytes>,
}

impl StreamBody {
    /// Takes over a stream that was committed to, and the trail of its call.
    pub fn new(streaming: Streaming, trail: Box<Trail>, upstream: Arc<Upstream>) -> Self {
        let Streaming { held, body, cutter, tap, idle, is_encoded, .. } = streaming;
        let cutting = trail.hub().cutting.clone().cancelled_owned();
        Self {
            body,
            cutter,
            tap,
            held: Some(held).filter(|held| !held.is_empty()),
            is_encoded,
            latest: None,
            breaking: Breaking::No,
            call_id: trail.call_id,
            trail: Some(trail),
            upstream,
            idle,
            last_byte: clock::instant(),
            timer: Box::pin(tokio::time::sleep(idle)),
            cutting: Box::pin(cutting),
            is_over: false,
            syncing: None,
            waiting: None,
        }
    }

    /// The next bytes for the client; none at the end.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.syncing.is_none() {
            let next = ready!(self.poll_bytes(cx));
            if self.syncing.is_none() {
                return Poll::Ready(next);
            }
            self.waiting = next;
        }
        let is_synced = match &mut self.syncing {
            Some(syncing) => ready!(syncing.as_mut().poll(cx)),
            None => true,
        };
        self.syncing = None;
        let waiting = self.waiting.take();
        Poll::Ready(if is_synced { waiting } else { self.end_with(&Rejection::LedgerFull.message()) })
    }

    /// True if the answer was cut where its client cannot be told so in words.
    pub const fn is_broken(&self) -> bool {
        !matches!(self.breaking, Breaking::No)
    }

    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(held) = self.held.take() {
            self.settle_if_over();
            return Poll::Ready(Some(held));
        }
        while !self.is_over {
            let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else {
                if self.cutting.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(self.cut(&CallError::new("shutdown", "the hub is stopping"), None));
                }
                ready!(self.poll_silence(cx));
                return Poll::Ready(self.fail(&Failure::Timeout(Deadline::Idle)));
            };
            match frame {
                Some(Ok(frame)) => {
                    self.last_byte = clock::instant();
                    let data = frame.into_data().unwrap_or_default();
                    let whole = if self.is_encoded { data } else { self.cutter.push(data) };
                    if whole.is_empty() {
                        continue;
                    }
                    self.observe(&whole);
                    let next = if self.is_encoded { self.latest.replace(whole) } else { Some(whole) };
                    if next.is_some() {
                        return Poll::Ready(next);
                    }
                }
                Some(Err(_)) => {
                    let failure = Failure::Reset("the provider's connection broke".to_owned());
                    return Poll::Ready(self.fail(&failure));
                }
                None => return Poll::Ready(self.end()),
            }
        }
        // Bytes are written when there are no more to wait for: a cut that comes at once would take the last ones along.
        if self.breaking == Breaking::Due {
            self.breaking = Breaking::Written;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(None)
    }

    /// Ready when the provider has been silent for too long.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let until = self.last_byte + self.idle;
            if until <= clock::instant() {
                return Poll::Ready(());
            }
            // Bytes came since the timer was set. Setting it here and not at each of them keeps the fast path fast.
            self.timer.as_mut().reset(until.into());
        }
    }

    /// Watches events that are about to be passed on.
    fn observe(&mut self, whole: &[u8]) {
        let had_content = self.tap.has_content;
        if self.is_encoded {
            self.tap.observe_encoded(whole.len());
        } else {
            self.tap.observe(whole);
        }
        if let Some(trail) = self.trail.as_mut().filter(|_| self.tap.has_content && !had_content) {
            trail.first_token();
        }
        self.settle_if_over();
    }

    /// Settles a call whose terminal event, or error event, was seen.
    fn settle_if_over(&mut self) {
        if self.tap.is_complete {
            self.settle(AttemptResult::Completed, Outcome::Completed);
            self.idle = self.idle.min(AFTER_END);
            self.timer.as_mut().reset((clock::instant() + self.idle).into());
        } else if let Some(error) = self.tap.error.take() {
            let failure = Failure::Status(error.status());
            let (error_kind, message) = (Some(error.kind.as_str()), Some(error.message.as_str()));
            let error_code = Some(error.code.as_str()).filter(|code| !code.is_empty());
            let bare = Evidence::bare(&failure, clock::now());
            let verdict = self.judge(&Evidence { error_kind, error_code, message, ..bare });
            let error = CallError::new("stream_error", format!("{}: {}", error.kind, error.message));
            self.interrupt(&error, Some(&verdict));
        }
    }

    fn settle(&mut self, result: AttemptResult, outcome: Outcome) {
        if let Some(mut trail) = self.trail.take() {
            trail.settle_attempt(result, None, &mut self.tap);
            trail.close(outcome, None);
            self.sync(&trail);
        }
    }

    /// The answer is cut. Without a verdict it is not the provider's fault.
    fn interrupt(&mut self, error: &CallError, verdict: Option<&Verdict>) {
        if let Some(mut trail) = self.trail.take() {
            trail.interrupt_attempt(error.clone(), verdict, &mut self.tap);
            trail.close(Outcome::Interrupted, Some(error.clone()));
            self.sync(&trail);
        }
    }

    /// The bytes that end the answer wait for the disk, if they have to.
    fn sync(&mut self, trail: &Trail) {
        if let Some(hub) = trail.must_sync() {
            self.syncing = Some(Box::pin(hub.ledger.synced()));
        }
    }

    /// The provider's stream has ended: well, if its terminal event was seen, or could not be.
    fn end(&mut self) -> Option<Bytes> {
        if self.is_encoded && self.tap.has_content {
            self.settle(AttemptResult::Completed, Outcome::Completed);
            self.is_over = true;
            return self.latest.take();
        }
        let rest = self.cutter.rest();
        self.observe(&rest);
        if self.trail.is_some() {
            let failure = Failure::Reset("the provider's stream ended before its end".to_owned());
            let verdict = self.judge(&Evidence::bare(&failure, clock::now()));
            return self
                .cut(&CallError::new("truncated", "the provider's stream ended before its end"), Some(&verdict));
        }
        self.is_over = true;
        Some(rest).filter(|rest| !rest.is_empty())
    }

    /// What a failure in the middle of the answer means; the model that was sent is added to the evidence, as before an
    /// answer has begun. Nobody takes the provider's place any more.
    fn judge(&self, evidence: &Evidence<'_>) -> Verdict {
        let model = self.trail.as_deref().and_then(Trail::model_sent);
        let evidence = Evidence { model, ..*evidence };
        Verdict { next: Next::Deliver, ..judge(&evidence, &self.upstream.provider.failure_rules) }
    }

    fn fail(&mut self, failure: &Failure) -> Option<Bytes> {
        let verdict = self.judge(&Evidence::bare(failure, clock::now()));
        self.cut(&failure.error(None), Some(&verdict))
    }

    /// The provider's stream is cut: the client is told in its own protocol, or by a cut connection where that cannot be
    /// read. Half an event is not passed on.
    fn cut(&mut self, error: &CallError, verdict: Option<&Verdict>) -> Option<Bytes> {
        self.is_over = true;
        self.trail.as_ref()?;
        self.interrupt(error, verdict);
        let latest = self.latest.take();
        self.end_with(&error.message).or(latest)
    }

    /// Ends the answer before its end: with an event that says why, or so that the connection is cut.
    fn end_with(&mut self, why: &str) -> Option<Bytes> {
        self.is_over = true;
        if self.is_encoded {
            self.breaking = Breaking::Due;
        }
        let event = || Bytes::from(anthropic::cut_event(why, &self.call_id.to_string()));
        (!self.is_encoded).then(event)
    }
}

impl Drop for StreamBody {
    /// The client has left in the middle of the answer.
    fn drop(&mut self) {
        if self.upstream.provider.on_client_gone == OnClientGone::Stop {
            self.settle(AttemptResult::Abandoned, Outcome::Abandoned);
        }
        let Some(trail) = self.trail.take() else { return };
        trail.account.release();
        let bound = Duration::from_millis(trail.snapshot.settings.drain_ms);
        let drain = trail.hub().drain.clone();
        let rest = Rest {
            body: std::mem::take(&mut self.body),
            cutter: std::mem::take(&mut self.cutter),
            tap: std::mem::take(&mut self.tap),
            is_encoded: self.is_encoded,
        };
        drain.adopt(read_on(rest, trail, bound));
    }
}

/// What a client has left behind.
struct Rest {
    body: Body,
    cutter: Cutter,
    tap: Tap,
    is_encoded: bool,
}

impl Rest {
    /// Reads to the terminal event, an error, or the end.
    async fn read(&mut self) {
        let mut is_cut = false;
        while let Some(frame) = self.body.frame().await {
            let Ok(frame) = frame else {
                is_cut = true;
                break;
            };
            let data = frame.into_data().unwrap_or_default();
            if self.is_encoded {
                self.tap.observe_encoded(data.len());
                continue;
            }
            self.tap.observe(&self.cutter.push(data));
            if self.tap.is_complete || self.tap.error.is_some() {
                return;
            }
        }
        self.tap.observe(&self.cutter.rest());
        // Of what nobody can read the end is the body's.
        self.tap.is_complete |= self.is_encoded && self.tap.has_content && !is_cut;
    }
}

/// Reads what a client has left behind, so that what it cost is known.
async fn read_on(mut rest: Rest, mut trail: Box<Trail>, bound: Duration) {
    let cutting = trail.hub().cutting.clone();
    // Out of time, what was seen so far is settled.
    let _out_of_time = tokio::select! {
        in_time = tokio::time::timeout(bound, rest.read()) => in_time.is_err(),
        () = cutting.cancelled() => true,
    };
    trail.settle_attempt(AttemptResult::Abandoned, None, &mut rest.tap);
    trail.close(Outcome::Abandoned, None);
}
