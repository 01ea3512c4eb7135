//! One connection to a provider's server, to see whether there is a way.

use std::time::Duration;

use http::{HeaderValue, Method, header, uri::PathAndQuery};
use reqwest::Url;

use super::{
    client::{Clients, Departing},
    failure::{Deadline, Due, Failure},
    request::target,
};
use crate::{clock, domain::call::CallError, secret::Secret};

/// How long the connection and the answer's head may take together.
const PATIENCE: Duration = Duration::from_secs(20);

/// Milliseconds to establish the connection, where nothing is said.
const CONNECT_MS: u32 = 10_000;

/// Asks the server for the head of what lies at its base URL, without credentials, over a connection of its own: none that is kept is used.
/// Gives the status, whatever it is.
///
/// # Errors
/// Why there was no answer. URLs are left out: they may carry a proxy's password.
pub async fn reach(base: &str, proxy: Option<&Secret>, connect_timeout_ms: Option<u32>) -> Result<u16, CallError> {
    let url: Url = base.parse().map_err(|_| CallError::new("connect", "the base URL cannot be used"))?;
    let client = Clients::default().get(&url, proxy, connect_timeout_ms.unwrap_or(CONNECT_MS)).map_err(|why| {
        let failure = if proxy.is_some() { Failure::Proxy(why) } else { Failure::Connect(why) };
        failure.error(None)
    })?;
    let mut request = Departing::default();
    *request.method_mut() = Method::HEAD;
    *request.uri_mut() = target(&url, &PathAndQuery::from_static("/")).into();
    let agent = HeaderValue::from_static(concat!("switchyard/", env!("CARGO_PKG_VERSION")));
    request.headers_mut().insert(header::USER_AGENT, agent);
    let due = Due { at: clock::instant() + PATIENCE, of: Deadline::FirstByte };
    let answer = client.send(&url, request, due, &mut None).await.map_err(|failure| match failure {
        Failure::Timeout(of) => CallError::new(of.cause(), format!("no answer within {} s", PATIENCE.as_secs())),
        failure => failure.error(None),
    })?;
    Ok(answer.status().as_u16())
}
