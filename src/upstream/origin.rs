//! Connections to one provider that has no proxy: kept while they are warm, made when none is free.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use http::{
    HeaderValue, Response, Uri, header,
    uri::{Authority, Scheme},
};
use hyper::{
    body::Incoming,
    client::conn::{TrySendError, http1},
    rt::Executor,
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::connect::{Connection, HttpConnector},
    rt::TokioExecutor,
};
use reqwest::Url;
use rustls_platform_verifier::BuilderVerifierExt;
use tower_service::Service;

use super::{
    body::Body,
    client::{Departing, IDLE, KEEPALIVE, innermost},
    failure::{Due, Failure},
    sending::Sending,
    shared::{Seat, Shared},
};
use crate::clock;

/// Connections of one origin that are kept while nobody uses them.
const IDLE_MAX: usize = 1_024;

/// Makes a connection, with TLS where the scheme wants it.
pub(super) type Connector = HttpsConnector<HttpConnector>;

/// A provider's scheme, host and port, and the connections to it.
pub struct Origin {
    scheme: Scheme,
    authority: Authority,
    host: HeaderValue,
    connector: Connector,
    connect_timeout: Duration,
    lines: Mutex<Lines>,
    /// True once a connection was made that carries one request at a time.
    is_plain: AtomicBool,
    /// Held while a connection is made that many may share.
    opening: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Lines {
    /// Connections that carry one request at a time; the one used last is at the end.
    idle: VecDeque<Idle>,
    /// Connections that carry many (HTTP/2); the later ones are used when the ones before are full.
    shared: Vec<Shared>,
}

struct Idle {
    sender: http1::SendRequest<Sending>,
    since: Instant,
}

/// A connection in use.
enum Line {
    Own(http1::SendRequest<Sending>),
    Shared(Seat),
}

/// Why a request has no answer.
enum Unanswered {
    /// The connection was closed just before: nothing of the request has left.
    Unsent(Box<Departing>),
    /// It may have left.
    Failed(Failure),
}

/// A connection that an answer still comes over.
pub(super) struct Lent {
    line: Line,
    origin: Arc<Origin>,
}

impl Lent {
    /// The answer is complete.
    pub(super) fn give_back(self) {
        if let Line::Own(sender) = self.line {
            self.origin.keep(sender);
        }
    }
}

/// A connector for all origins, or why there can be none.
pub(super) fn connector() -> Result<Connector, String> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_keepalive(Some(KEEPALIVE));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|error| format!("no TLS: {error}"))?
        .with_no_client_auth();
    Ok(HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_all_versions().wrap_connector(http))
}

impl Origin {
    /// The origin of `base`. Connects when it is first used.
    ///
    /// # Errors
    /// A sentence if `base` has no host that can be connected to.
    pub(super) fn new(base: &Url, connector: Connector, connect_timeout: Duration) -> Result<Self, String> {
        let unusable = || "the provider's URL cannot be used".to_owned();
        let host = base.host_str().ok_or_else(unusable)?;
        let host = base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Self {
            scheme: base.scheme().parse().map_err(|_| unusable())?,
            authority: host.parse().map_err(|_| unusable())?,
            host: host.parse().map_err(|_| unusable())?,
            connector,
            connect_timeout,
            lines: Mutex::default(),
            is_plain: AtomicBool::new(false),
            opening: tokio::sync::Mutex::default(),
        })
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request over a kept connection, or a new one: `connect_ms` is told how long that took as soon as it is
    /// there, whatever comes over it. The head of the answer must be there when it is `due`.
    ///
    /// # Errors
    /// [`Failure::Connect`] if there is no connection, [`Failure::Reset`] if it broke, [`Failure::Timeout`] if the answer
    /// did not come in time.
    pub(super) async fn send(
        self: &Arc<Self>,
        mut request: Departing,
        due: Due,
        connect_ms: &mut Option<u32>,
    ) -> Result<Response<Body>, Failure> {
        while let Some(line) = self.take() {
            match self.send_over(line, request, due).await {
                Ok(response) => return Ok(response),
                Err(Unanswered::Failed(failure)) => return Err(failure),
                Err(Unanswered::Unsent(unsent)) => request = *unsent,
            }
        }
        // Rare and large: it does not make every call's future larger.
        let began = clock::instant();
        let line = Box::pin(self.connect(due)).await?;
        *connect_ms = u32::try_from(began.elapsed().as_millis()).ok();
        self.send_over(line, request, due).await.map_err(|unanswered| match unanswered {
            Unanswered::Failed(failure) => failure,
            Unanswered::Unsent(_) => Failure::Reset("the connection was closed at once".to_owned()),
        })
    }

    async fn send_over(
        self: &Arc<Self>,
        mut line: Line,
        mut request: Departing,
        due: Due,
    ) -> Result<Response<Body>, Unanswered> {
        self.dress(&mut request, matches!(line, Line::Shared(_)));
        let sending = async {
            match &mut line {
                Line::Own(sender) => sender.try_send_request(request).await,
                Line::Shared(seat) => seat.sender.try_send_request(request).await,
            }
        };
        let sent: Result<Response<Incoming>, TrySendError<Departing>> =
            tokio::time::timeout_at(due.at.into(), sending).await.map_err(|_| {
                // Perhaps the line is dead: the next call does not try it.
                self.discard(&line);
                Unanswered::Failed(Failure::Timeout(due.of))
            })?;
        let response = sent.map_err(|mut error| match error.take_message() {
            Some(unsent) => {
                self.discard(&line);
                Unanswered::Unsent(Box::new(unsent))
            }
            None => Unanswered::Failed(Failure::Reset(innermost(error.error()))),
        })?;
        let lent = Lent { line, origin: self.clone() };
        Ok(response.map(|body| Body::direct(body, lent)))
    }

    /// Nobody else is sent over this connection. What is under way there goes on.
    fn discard(&self, line: &Line) {
        if let Line::Shared(seat) = line {
            self.lines().shared.retain(|shared| !shared.carries(seat));
        }
    }

    /// The form of the head that the connection's protocol wants.
    fn dress(&self, request: &mut Departing, is_shared: bool) {
        if is_shared {
            let mut parts = std::mem::take(request.uri_mut()).into_parts();
            parts.scheme = Some(self.scheme.clone());
            parts.authority = Some(self.authority.clone());
            *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
            request.headers_mut().remove(header::HOST);
        } else {
            if let (Some(_), Some(target)) = (request.uri().scheme(), request.uri().path_and_query().cloned()) {
                *request.uri_mut() = target.into();
            }
            request.headers_mut().insert(header::HOST, self.host.clone());
        }
    }

    /// A kept connection that is ready.
    fn take(&self) -> Option<Line> {
        let mut lines = self.lines();
        if !lines.shared.is_empty() {
            lines.shared.retain(|shared| !shared.is_closed());
            if let Some(seat) = lines.shared.iter_mut().find_map(Shared::take) {
                return Some(Line::Shared(seat));
            }
        }
        let now = clock::instant();
        // The one used last first: so the others may grow old.
        let mut at = lines.idle.len();
        while let Some(before) = at.checked_sub(1) {
            at = before;
            let idle = lines.idle.get(at)?;
            if idle.sender.is_closed() || now.duration_since(idle.since) > IDLE {
                lines.idle.remove(at);
            } else if idle.sender.is_ready() {
                return lines.idle.remove(at).map(|idle| Line::Own(idle.sender));
            }
        }
        None
    }

    /// Keeps a connection for the next call.
    fn keep(&self, sender: http1::SendRequest<Sending>) {
        if sender.is_closed() {
            return;
        }
        let mut lines = self.lines();
        if lines.idle.len() >= IDLE_MAX {
            lines.idle.pop_front();
        }
        lines.idle.push_back(Idle { sender, since: clock::instant() });
    }

    /// Closes what nobody has used for a while.
    pub(super) fn sweep(&self) {
        let now = clock::instant();
        let mut lines = self.lines();
        lines.idle.retain(|idle| !idle.sender.is_closed() && now.duration_since(idle.since) <= IDLE);
        lines.shared.retain(|shared| !shared.is_closed() && !shared.is_idle(now));
    }

    /// A new connection, or a place on one that was made for somebody else meanwhile: as long as connections may be
    /// shared they are made one after the other, so that a crowd does not make one for each of it.
    async fn connect(&self, due: Due) -> Result<Line, Failure> {
        let within = clock::instant() + self.connect_timeout;
        let connecting = async {
            if self.may_share() {
                let _turn = self.opening.lock().await;
                if let Some(line) = self.take() {
                    return Ok(line);
                }
                if self.may_share() {
                    return self.dial().await;
                }
            }
            self.dial().await
        };
        let line = tokio::time::timeout_at(within.min(due.at).into(), connecting).await;
        line.unwrap_or_else(|_| {
            let is_due = due.at < within;
            Err(if is_due { Failure::Timeout(due.of) } else { Failure::Connect("no connection in time".to_owned()) })
        })
    }

    /// False if a connection carries one request at a time, as far as is known.
    fn may_share(&self) -> bool {
        self.scheme == Scheme::HTTPS && !self.is_plain.load(Ordering::Relaxed)
    }

    async fn dial(&self) -> Result<Line, Failure> {
        let target = Uri::builder().scheme(self.scheme.clone()).authority(self.authority.clone()).path_and_query("/");
        let target = target.build().map_err(|error| Failure::Connect(innermost(&error)))?;
        let mut connector = self.connector.clone();
        let dialling = async {
            std::future::poll_fn(|cx| connector.poll_ready(cx)).await?;
            connector.call(target).await
        };
        let io = dialling.await.map_err(|error| Failure::Connect(innermost(&*error)))?;
        let reset = |error: hyper::Error| Failure::Reset(innermost(&error));
        let is_h2 = io.connected().is_negotiated_h2();
        self.is_plain.store(!is_h2, Ordering::Relaxed);
        if is_h2 {
            let mut shared = Shared::open(io).await.map_err(reset)?;
            let seat = shared.take().ok_or_else(|| Failure::Reset("a connection without places".to_owned()))?;
            self.lines().shared.push(shared);
            return Ok(Line::Shared(seat));
        }
        let (mut sender, connection) = http1::handshake(io).await.map_err(reset)?;
        // A connection works in a task of the runtime's, which ends with it.
        TokioExecutor::new().execute(drive(connection));
        sender.ready().await.map_err(reset)?;
        Ok(Line::Own(sender))
    }
}

/// Works until the connection ends; whoever waits for an answer is told why.
async fn drive(connection: impl Future<Output = hyper::Result<()>>) {
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a provider's connection ended");
    }
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}
