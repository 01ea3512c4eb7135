//! A request's body on its way to a provider, and whether all of it has left.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Bytes that are handed to a connection at once. A connection takes the next ones when it has written most of those
/// before, so the last ones are not taken long before they are written.
const PIECE_BYTES: usize = 256 << 10;

/// A request's body on its way.
#[derive(Debug, Default)]
pub struct Sending {
    rest: Bytes,
    is_sent: Arc<AtomicBool>,
}

impl Sending {
    /// The whole of `body`. `is_sent` becomes true once a connection has taken the last of it.
    pub fn new(body: Bytes, is_sent: Arc<AtomicBool>) -> Self {
        Self { rest: body, is_sent }
    }
}

impl Body for Sending {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let n_bytes = self.rest.len().min(PIECE_BYTES);
        let piece = self.rest.split_to(n_bytes);
        if self.rest.is_empty() {
            self.is_sent.store(true, Ordering::Relaxed);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.rest.len()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn a_body_is_sent_when_its_last_piece_was_taken() {
        let whole = Bytes::from(vec![7; PIECE_BYTES * 2 + 1]);
        let is_sent = Arc::<AtomicBool>::default();
        let mut body = Sending::new(whole.clone(), is_sent.clone());
        assert_eq!(body.size_hint().exact(), Some(u64::try_from(whole.len()).unwrap()));
        let mut taken = Vec::new();
        while let Some(frame) = body.frame().await {
            taken.extend(frame.unwrap().into_data().unwrap());
            assert_eq!(is_sent.load(Ordering::Relaxed), taken.len() == whole.len());
        }
        assert!(taken == whole && body.is_end_stream());
    }
}
