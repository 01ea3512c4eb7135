//! A client that has just connected: until it is known which protocol it speaks, nobody else bounds how long it may take.
//!
//! What tells that is the beginning of what it says. HTTP/1 has a bound on each head from then on, HTTP/2 asks whether the
//! client is still there.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Sleep,
};

/// How a client begins that speaks HTTP/2 (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A socket whose client must begin in time.
pub(super) struct Opening<S> {
    socket: S,
    /// What is still to come of the preface, if that is what the client says.
    expected: &'static [u8],
    /// Runs until it is known what the client speaks.
    patience: Option<Pin<Box<Sleep>>>,
}

impl<S> Opening<S> {
    /// Of a connection that begins now. Reading from it fails if its client is `silent` for so long.
    pub(super) fn new(socket: S, silent: Duration) -> Self {
        Self { socket, expected: PREFACE, patience: Some(Box::pin(tokio::time::sleep(silent))) }
    }

    /// The client has said something: all of the preface, or what is none of it, and it has begun.
    fn hear(&mut self, said: &[u8]) {
        match self.expected.strip_prefix(said) {
            Some(rest) if !rest.is_empty() => self.expected = rest,
            _ => self.patience = None,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Opening<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let n_before = buf.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(cx, buf);
        let Some(patience) = &mut self.patience else { return read };
        if read.is_pending() {
            ready!(patience.as_mut().poll(cx));
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not begin")));
        }
        let said = buf.filled().get(n_before..).unwrap_or_default();
        self.hear(said);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Opening<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
