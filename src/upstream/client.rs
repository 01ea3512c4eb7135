//! The ways to providers: one for each origin, proxy and connect time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use http::{Request, Response, StatusCode};
use http_body::Body as _;
use reqwest::Url;

use super::{
    body::Body,
    detour::unconnected,
    failure::{Due, Failure},
    origin::{Connector, Origin, connector},
    sending::Sending,
};
use crate::secret::Secret;

/// How long a connection is kept that nobody uses.
pub(super) const IDLE: Duration = Duration::from_secs(90);

/// How often a silent connection is probed by the system.
pub(super) const KEEPALIVE: Duration = Duration::from_mins(1);

/// What goes to a provider: its URI is path and query.
pub type Departing = Request<Sending>;

/// What clients differ in.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Route {
    origin: String,
    proxy_url: Option<String>,
    connect_timeout_ms: u32,
}

/// A way to one provider. Cheap to clone; its connections are shared.
#[derive(Clone, Debug)]
pub enum Client {
    /// Straight to the provider.
    Direct(Arc<Origin>),
    /// Through the provider's proxy.
    Proxied(reqwest::Client),
}

impl Client {
    /// Sends a request and awaits the head of its answer until it is `due`. `base` is where the provider is. `connect_ms` is
    /// told how long a new connection took as soon as there is one; not through a proxy, where nobody can tell.
    ///
    /// Nothing changes on the way: no redirects, no decompression, no proxies of the process. A request is sent again
    /// only if a kept connection turned out to be closed before anything of it was written.
    ///
    /// # Errors
    /// [`Failure::Connect`], [`Failure::Proxy`] or [`Failure::Reset`], with the innermost cause; [`Failure::Timeout`]. URLs
    /// are left out: they may carry a proxy's password.
    pub async fn send(
        &self,
        base: &Url,
        request: Departing,
        due: Due,
        connect_ms: &mut Option<u32>,
    ) -> Result<Response<Body>, Failure> {
        match self {
            Self::Direct(origin) => origin.send(request, due, connect_ms).await,
            Self::Proxied(client) => {
                // Rare and large: it does not make every call's future larger.
                let sending = Box::pin(send_proxied(client, base, request));
                tokio::time::timeout_at(due.at.into(), sending).await.unwrap_or(Err(Failure::Timeout(due.of)))
            }
        }
    }
}

/// All ways. They outlive a change of configuration, and so do their connections.
#[derive(Default)]
pub struct Clients {
    clients: Mutex<HashMap<Route, Client>>,
    /// Made at first use: it reads the system's root certificates.
    connector: OnceLock<Result<Connector, String>>,
}

impl Clients {
    /// The way to `base` for one proxy and connect time, made at first use.
    ///
    /// # Errors
    /// A sentence that says why there can be none: the attempt fails, it never goes without its proxy.
    pub fn get(&self, base: &Url, proxy_url: Option<&Secret>, connect_timeout_ms: u32) -> Result<Client, String> {
        let proxy_url = proxy_url.map(|url| remote_dns(url.expose()));
        // Connections through a proxy are pooled by the proxy's client, whatever the origin.
        let origin = if proxy_url.is_some() { String::new() } else { base.origin().ascii_serialization() };
        let route = Route { origin, proxy_url, connect_timeout_ms };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&route) {
            return Ok(client.clone());
        }
        let connect_timeout = Duration::from_millis(connect_timeout_ms.into());
        let client = if let Some(proxy_url) = &route.proxy_url {
            Client::Proxied(proxied(proxy_url, connect_timeout)?)
        } else {
            let connector = self.connector.get_or_init(connector).clone()?;
            Client::Direct(Arc::new(Origin::new(base, connector, connect_timeout)?))
        };
        clients.insert(route, client.clone());
        Ok(client)
    }

    /// Closes connections that nobody has used for a while.
    pub fn sweep(&self) {
        let clients: Vec<Client> =
            self.clients.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        for client in clients {
            if let Client::Direct(origin) = client {
                origin.sweep();
            }
        }
    }
}

/// Names are always resolved by a socks proxy, so that a lookup cannot go around it.
fn remote_dns(url: &str) -> String {
    url.strip_prefix("socks5://").map_or_else(|| url.to_owned(), |rest| format!("socks5h://{rest}"))
}

/// A client for one proxy. It speaks HTTP/1.1 to providers: its pool would put all requests of an origin on one
/// connection otherwise, where they wait for one another unseen once the provider takes no more at a time.
fn proxied(proxy_url: &str, connect_timeout: Duration) -> Result<reqwest::Client, String> {
    let proxy = reqwest::Proxy::all(proxy_url).map_err(|_| "the proxy's URL cannot be used".to_owned())?;
    let builder = reqwest::Client::builder()
        .no_proxy()
        .proxy(proxy)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .http1_only()
        .tcp_nodelay(true)
        .tcp_keepalive(KEEPALIVE)
        .pool_idle_timeout(IDLE)
        .connect_timeout(connect_timeout);
    builder.build().map_err(|error| format!("no client: {error}"))
}

async fn send_proxied(client: &reqwest::Client, base: &Url, request: Departing) -> Result<Response<Body>, Failure> {
    let (head, body) = request.into_parts();
    let mut url = base.clone();
    url.set_path(head.uri.path());
    url.set_query(head.uri.query());
    let is_tls = url.scheme() == "https";
    let mut request = reqwest::Request::new(head.method, url);
    *request.headers_mut() = head.headers;
    if !body.is_end_stream() {
        *request.body_mut() = Some(reqwest::Body::wrap(body));
    }
    let response = client.execute(request).await.map_err(|error| {
        if error.is_connect() { unconnected(&error, is_tls) } else { Failure::Reset(innermost(&error)) }
    })?;
    if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        return Err(Failure::Proxy("the proxy refuses the credentials (407)".to_owned()));
    }
    Ok(Response::<reqwest::Body>::from(response).map(Body::proxied))
}

/// The innermost cause of an error: what happened, without the layers that it came through.
pub(super) fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
