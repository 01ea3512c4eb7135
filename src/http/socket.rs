//! A client's socket: a write that its client does not take in is given up, and what it still sends when it has had its
//! last answer is read for a while.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::oneshot,
    time::Sleep,
};

use crate::hub::Hub;

/// What is read of a request whose answer has gone out before its body was read: the system would reset a connection
/// that is closed with unread bytes, and a reset can take the answer away from its reader.
const UNREAD_BYTES_MAX: u64 = 16 << 20;

/// How long.
const UNREAD_FOR: Duration = Duration::from_secs(5);

/// How much at a time.
const PIECE_BYTES: usize = 16 << 10;

/// A client's socket, as the server reads and writes it.
pub(super) struct Socket {
    read: Option<OwnedReadHalf>,
    write: OwnedWriteHalf,
    /// Runs while a write waits for the client.
    waiting: Option<Pin<Box<Sleep>>>,
    hub: Hub,
    rest: Option<oneshot::Sender<OwnedReadHalf>>,
}

/// What comes after the server is done with a socket.
pub(super) struct Rest(oneshot::Receiver<OwnedReadHalf>);

impl Socket {
    /// Takes a connection over.
    pub(super) fn new(stream: TcpStream, hub: Hub) -> (Self, Rest) {
        let (read, write) = stream.into_split();
        let (sender, receiver) = oneshot::channel();
        (Self { read: Some(read), write, waiting: None, hub, rest: Some(sender) }, Rest(receiver))
    }

    /// Gives a write up that has waited for as long as the setting `write_stall_ms` says.
    fn watch<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let hub = &self.hub;
        let timer = self.waiting.get_or_insert_with(|| {
            let bound_ms = hub.snapshot.load().settings.write_stall_ms;
            Box::pin(tokio::time::sleep(Duration::from_millis(bound_ms)))
        });
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let (Some(rest), Some(read)) = (self.rest.take(), self.read.take()) {
            let _nobody_waits = rest.send(read);
        }
    }
}

impl Rest {
    /// Reads on until the client has closed the connection too, within bounds. The socket must be dropped.
    pub(super) async fn read(self) {
        let Ok(mut read) = self.0.await else { return };
        let reading = async {
            let (mut piece, mut left) = (vec![0; PIECE_BYTES], UNREAD_BYTES_MAX);
            while let Ok(n) = read.read(&mut piece).await {
                left = left.saturating_sub(u64::try_from(n).unwrap_or(u64::MAX));
                if n == 0 || left == 0 {
                    return;
                }
            }
        };
        let _in_time = tokio::time::timeout(UNREAD_FOR, reading).await;
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.read {
            Some(read) => Pin::new(read).poll_read(cx, buf),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.write).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.write).poll_write_vectored(cx, parts);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.write.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.write).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.write).poll_shutdown(cx)
    }
}
