//! Pooled connections: one pool for each proxy and connect time.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::secret::Secret;

/// What clients differ in.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Route {
    proxy_url: Option<String>,
    connect_timeout_ms: u32,
}

/// All pools. They outlive a change of configuration, and so do their connections.
#[derive(Default)]
pub struct Clients(Mutex<HashMap<Route, reqwest::Client>>);

impl Clients {
    /// The client for one proxy and connect time, made at first use.
    ///
    /// # Errors
    /// A sentence that says why there can be none: the attempt fails, it never goes without its proxy.
    pub fn get(&self, proxy_url: Option<&Secret>, connect_timeout_ms: u32) -> Result<reqwest::Client, String> {
        let route = Route { proxy_url: proxy_url.map(|url| remote_dns(url.expose())), connect_timeout_ms };
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&route) {
            return Ok(client.clone());
        }
        let client = build(&route)?;
        clients.insert(route, client.clone());
        Ok(client)
    }
}

/// Names are always resolved by a socks proxy, so that a lookup cannot go around it.
fn remote_dns(url: &str) -> String {
    url.strip_prefix("socks5://").map_or_else(|| url.to_owned(), |rest| format!("socks5h://{rest}"))
}

/// A client that changes nothing on its way: no redirects, no decompression, no proxies of the process, no retries.
fn build(route: &Route) -> Result<reqwest::Client, String> {
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .tcp_nodelay(true)
        .tcp_keepalive(Duration::from_mins(1))
        .pool_idle_timeout(Duration::from_secs(90))
        .connect_timeout(Duration::from_millis(route.connect_timeout_ms.into()));
    if let Some(url) = &route.proxy_url {
        let proxy = reqwest::Proxy::all(url).map_err(|_| "the proxy's URL cannot be used".to_owned())?;
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(|error| format!("no client: {error}"))
}
