//! Serves connections: the relay's calls straight from the wire, everything else through the router.
//!
//! What a router and its layers do for a page costs a small call as much as the relay itself, so calls pass it by.

use std::{
    convert::Infallible,
    io,
    net::IpAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{Method, Request, Response, StatusCode},
    response::IntoResponse,
};
use http_body::{Frame, SizeHint};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_service::Service;

use super::{edge::ClientInfo, opening::Opening, socket::Socket, v1};
use crate::{
    domain::id::CallId,
    hub::Hub,
    relay::answer::{Answer, CALL_ID, name},
};

/// How long nobody is let in when there are no file descriptors left.
const BREATH: Duration = Duration::from_secs(1);

/// How often the client of an HTTP/2 connection is asked whether it is still there, and how long it may take to say so.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_WITHIN: Duration = Duration::from_secs(20);

/// How long an HTTP/1 connection stays open on which nothing is asked: clients keep some for later, and some vanish without
/// a word. Also how long a head may take to arrive, and how long a client has to begin, whatever it is going to speak.
const SILENT: Duration = Duration::from_mins(10);

/// What a connection needs to be served.
struct Served {
    hub: Hub,
    router: Router,
    peer: IpAddr,
}

/// Serves until `hub.stopping` is told, and then until the last connection has had its answer.
pub async fn serve(listener: TcpListener, hub: Hub, router: Router) {
    let connections = TaskTracker::new();
    let stopping = hub.stopping.clone();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stopping.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, peer)) => {
                let served = Served { hub: hub.clone(), router: router.clone(), peer: peer.ip() };
                // A token of its own: looking at it disturbs no other connection.
                connections.spawn(connection(socket, Arc::new(served), stopping.child_token()));
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// True if a client was gone before it was let in.
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Serves one connection, and reads what its client still sends when it has had its last answer.
async fn connection(socket: TcpStream, served: Arc<Served>, stopping: CancellationToken) {
    // Without it a stream's second small write waits for the client's delayed acknowledgement.
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let (socket, rest) = Socket::new(socket, served.hub.clone());
    let answers = requests(socket, move |request| answer(served.clone(), request), SILENT, &stopping);
    if let Err(error) = answers.await {
        tracing::debug!(%error, "a connection ended");
    }
    tokio::select! {
        biased;
        () = stopping.cancelled() => {}
        () = rest.read() => {}
    }
}

/// Answers what comes over one connection, HTTP/1 or 2. A client that is `silent` for so long where it would have to say
/// something is hung up on.
async fn requests<A, F>(
    socket: impl AsyncRead + AsyncWrite + Unpin + 'static,
    answer: A,
    silent: Duration,
    stopping: &CancellationToken,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>>
where
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = Result<Response<Sent>, Infallible>> + Send + 'static,
{
    let service = service_fn(answer);
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(silent);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(PING_EVERY).keep_alive_timeout(PING_WITHIN);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(Opening::new(socket, silent)), service));
    tokio::select! {
        biased;
        result = connection.as_mut() => return result,
        () = stopping.cancelled() => {}
    }
    connection.as_mut().graceful_shutdown();
    connection.await
}

/// Answers one request.
async fn answer(served: Arc<Served>, request: Request<Incoming>) -> Result<Response<Sent>, Infallible> {
    let client = ClientInfo::of(served.peer, request.headers(), &served.hub.config.trusted_proxies);
    if v1::is_relayed(request.uri().path()) {
        return Ok(v1::relay(&served.hub, client, request).await.map(Sent::Relayed));
    }
    Ok(Box::pin(route(&served, client, request)).await.map(Sent::Routed))
}

/// Asks the router. Every answer carries an id, and `HEAD /`, with which clients look whether anybody is there, is
/// answered at once.
async fn route(served: &Served, client: ClientInfo, request: Request<Incoming>) -> Response<Body> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(client);
    let mut response = if request.method() == Method::HEAD && request.uri().path() == "/" {
        StatusCode::OK.into_response()
    } else {
        served.router.clone().call(request).await.unwrap_or_else(|never| match never {})
    };
    if !response.headers().contains_key(CALL_ID) {
        name(response.headers_mut(), CallId::fresh(), None);
    }
    response
}

/// The body of an answer, whoever gave it.
enum Sent {
    Relayed(Answer),
    Routed(Body),
}

impl http_body::Body for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match &mut *self {
            Self::Relayed(answer) => {
                Pin::new(answer).poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(axum::Error::new)))
            }
            Self::Routed(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Relayed(answer) => answer.is_end_stream(),
            Self::Routed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Relayed(answer) => answer.size_hint(),
            Self::Routed(body) => body.size_hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
        time::timeout,
    };

    use super::*;

    /// How long a client may be silent where a test waits for the end of that.
    const BRIEF: Duration = Duration::from_millis(200);

    /// How long a test waits for what must happen: far longer than anything takes.
    const DEADLINE: Duration = Duration::from_mins(4);

    const REQUEST: &str = "GET / HTTP/1.1\r\nhost: hub\r\n\r\n";

    /// A client that has said so much before its connection is served, and the hub's end of that.
    async fn said(words: &[u8]) -> (DuplexStream, DuplexStream) {
        let (mut client, socket) = duplex(64 << 10);
        client.write_all(words).await.unwrap();
        (client, socket)
    }

    /// Answers after so long.
    async fn nothing(after: Duration) -> Result<Response<Sent>, Infallible> {
        tokio::time::sleep(after).await;
        Ok(Response::new(Sent::Routed(Body::empty())))
    }

    /// What a client hears that says so much and no more, until it is hung up on, and how long that takes. It may be
    /// silent for [`BRIEF`], and is answered `after` so long.
    async fn heard(words: &[u8], after: Duration) -> (String, Duration) {
        let (mut client, socket) = said(words).await;
        let (stopping, began) = (CancellationToken::new(), Instant::now());
        let mut heard = Vec::new();
        let serving = requests(socket, move |_| nothing(after), BRIEF, &stopping);
        let both = async { tokio::join!(serving, client.read_to_end(&mut heard)) };
        let (_ended, read) = timeout(DEADLINE, both).await.expect("it is hung up on");
        read.unwrap();
        (String::from_utf8(heard).unwrap(), began.elapsed())
    }

    #[tokio::test]
    async fn a_client_that_does_not_ask_in_time_is_hung_up_on() {
        for words in ["", "P", "PRI * HTTP/2.0\r\n\r\nSM\r\n", "G", "POST /v1/messages HTTP/1.1\r\nx-api-k"] {
            let (heard, lasted) = heard(words.as_bytes(), Duration::ZERO).await;
            assert_eq!(heard, "", "{words:?}");
            assert!(lasted >= BRIEF, "{words:?}: {lasted:?}");
        }
    }

    #[tokio::test]
    async fn a_client_that_asks_no_more_is_hung_up_on_but_not_while_it_is_answered() {
        // The short one could still be the beginning of another protocol for as long as it is read.
        for words in [REQUEST, "GET / HTTP/1.1\r\n\r\n"] {
            let after = 3 * BRIEF;
            let (heard, lasted) = heard(words.as_bytes(), after).await;
            assert!(heard.starts_with("HTTP/1.1 200 "), "{words:?}: {heard}");
            assert!(lasted >= after + BRIEF, "{words:?}: {lasted:?}");
        }
    }

    #[tokio::test]
    async fn nothing_else_ends_a_connection() {
        // A client of HTTP/2 is asked whether it is there instead, and not as soon as that.
        let http2 = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0";
        for (words, silent) in [("", SILENT), ("P", SILENT), ("GET", SILENT), (REQUEST, SILENT), (http2, BRIEF)] {
            let (_client, socket) = said(words.as_bytes()).await;
            let stopping = CancellationToken::new();
            let serving = requests(socket, |_| nothing(Duration::ZERO), silent, &stopping);
            assert!(timeout(5 * BRIEF, serving).await.is_err(), "{words:?}");
        }
    }

    #[tokio::test]
    async fn a_client_that_has_not_begun_holds_up_no_stop() {
        for words in ["", "PRI"] {
            let (_client, socket) = said(words.as_bytes()).await;
            let stopping = CancellationToken::new();
            stopping.cancel();
            let serving = requests(socket, |_| nothing(Duration::ZERO), SILENT, &stopping);
            let _ended = timeout(DEADLINE, serving).await.expect("it is over");
        }
    }
}
