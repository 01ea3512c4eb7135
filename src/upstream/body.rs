//! The body of a provider's answer, whichever way it came.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;

use super::{client::innermost, failure::Failure, origin::Lent};

/// The body of a provider's answer. At its end the connection is free for the next call; dropped before, it is closed.
#[derive(Default)]
pub struct Body(Kind);

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Direct(Incoming, Option<Lent>),
    Proxied(reqwest::Body),
}

impl Body {
    /// A body that comes over a connection of our own.
    pub(super) fn direct(incoming: Incoming, lent: Lent) -> Self {
        let mut lent = Some(lent);
        give_back_at_end(&incoming, &mut lent);
        Self(Kind::Direct(incoming, lent))
    }

    /// A body that comes through a proxy.
    pub(super) const fn proxied(body: reqwest::Body) -> Self {
        Self(Kind::Proxied(body))
    }
}

fn give_back_at_end(incoming: &Incoming, lent: &mut Option<Lent>) {
    if incoming.is_end_stream()
        && let Some(lent) = lent.take()
    {
        lent.give_back();
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let reset = |error: &dyn std::error::Error| Failure::Reset(innermost(error));
        match &mut self.0 {
            Kind::Empty => Poll::Ready(None),
            Kind::Proxied(body) => {
                let frame = ready!(Pin::new(body).poll_frame(cx));
                Poll::Ready(frame.map(|frame| frame.map_err(|error| reset(&error))))
            }
            Kind::Direct(incoming, lent) => {
                let frame = ready!(Pin::new(&mut *incoming).poll_frame(cx));
                match &frame {
                    None => {
                        if let Some(lent) = lent.take() {
                            lent.give_back();
                        }
                    }
                    Some(Ok(_)) => give_back_at_end(incoming, lent),
                    Some(Err(_)) => *lent = None,
                }
                Poll::Ready(frame.map(|frame| frame.map_err(|error| reset(&error))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Empty => true,
            Kind::Direct(incoming, _) => incoming.is_end_stream(),
            Kind::Proxied(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Direct(incoming, _) => incoming.size_hint(),
            Kind::Proxied(body) => body.size_hint(),
        }
    }
}
