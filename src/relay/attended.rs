//! A call goes on when its client leaves.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::Response;
use tokio_util::sync::CancellationToken;

use super::{
    answer::{Answer, refuse},
    wait::keep_alive::{self, KeepAlive},
};
use crate::{domain::id::CallId, hub::Hub, limit::lease::Lease, wire::rejection::Rejection};

/// Work towards an answer.
type Work = Pin<Box<dyn Future<Output = Response<Answer>> + Send>>;

/// Work that is handed to the drain job when nobody waits for it any more.
///
/// The server drops a handler's future when its client leaves, and the upstream call would go with it, its usage never
/// known (docs/rules.md, Ledger).
pub struct Attended {
    work: Option<Work>,
    left: CancellationToken,
    place: Option<Arc<Lease>>,
    keep_alive: KeepAlive,
    call_id: CallId,
    hub: Hub,
}

/// Does `work`, which is given a token that tells when the client has left; then its `place` is free at once. When the
/// hub stops and cannot wait any longer, it is dropped, which settles it. While it waits it may tell that its client is
/// to be kept alive: then its answer begins before it is done.
pub fn attend<F>(
    hub: &Hub,
    call_id: CallId,
    place: Option<Arc<Lease>>,
    work: impl FnOnce(CancellationToken, KeepAlive) -> F,
) -> impl Future<Output = Response<Answer>> + Send
where
    F: Future<Output = Response<Answer>> + Send + 'static,
{
    let left = CancellationToken::new();
    let keep_alive = KeepAlive::default();
    // Boxed before anything is wrapped around it: it is large, and each layer would copy it.
    let (mut work, cutting) = (Box::pin(work(left.clone(), keep_alive.clone())), hub.cutting.clone());
    let work = async move {
        tokio::select! {
            biased;
            answer = &mut work => answer,
            () = cutting.cancelled() => refuse(&Rejection::ShuttingDown, call_id),
        }
    };
    Attended { work: Some(Box::pin(work)), left, place, keep_alive, call_id, hub: hub.clone() }
}

impl Future for Attended {
    type Output = Response<Answer>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response<Answer>> {
        let Some(work) = &mut self.work else { return Poll::Pending };
        if let Poll::Ready(answer) = work.as_mut().poll(cx) {
            self.work = None;
            return Poll::Ready(answer);
        }
        let Some(head) = self.keep_alive.take_head() else { return Poll::Pending };
        Poll::Ready(keep_alive::answer(head, self.call_id, self.hand_over()))
    }
}

impl Attended {
    /// The work goes on elsewhere.
    fn hand_over(&mut self) -> Self {
        Self {
            work: self.work.take(),
            left: self.left.clone(),
            place: self.place.take(),
            keep_alive: self.keep_alive.clone(),
            call_id: self.call_id,
            hub: self.hub.clone(),
        }
    }
}

impl Drop for Attended {
    fn drop(&mut self) {
        let Some(work) = self.work.take() else { return };
        self.left.cancel();
        if let Some(place) = &self.place {
            place.release();
        }
        let bound = Duration::from_millis(self.hub.snapshot.load().settings.drain_ms);
        self.hub.drain.adopt(async move {
            // Out of time, the trail is dropped and settles an estimate. An answer that has begun is dropped here and
            // sees to its own rest.
            let _answer = tokio::time::timeout(bound, work).await;
        });
    }
}
