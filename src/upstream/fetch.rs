//! Reads one file from the web: bounded in size and time, and never led to another host.

use std::time::Duration;

use reqwest::{Url, header};

/// For all of it, redirects included.
const TIME_MAX: Duration = Duration::from_mins(1);

/// To establish a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Redirects that are followed, all to the same host.
const REDIRECTS_MAX: usize = 3;

/// The file at an http or https address, at most `bytes_max` long.
///
/// # Errors
/// A sentence that says why there is none.
pub async fn get(url: &str, bytes_max: usize) -> Result<Vec<u8>, String> {
    let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    let client = builder.connect_timeout(CONNECT_TIMEOUT).build().map_err(|error| format!("no client: {error}"))?;
    let read = tokio::time::timeout(TIME_MAX, follow(&client, url, bytes_max)).await;
    read.map_err(|_| format!("did not answer within {} s", TIME_MAX.as_secs()))?
}

async fn follow(client: &reqwest::Client, url: &str, bytes_max: usize) -> Result<Vec<u8>, String> {
    let mut url: Url = url.parse().map_err(|_| "is no address".to_owned())?;
    for _ in 0..=REDIRECTS_MAX {
        if !matches!(url.scheme(), "http" | "https") {
            return Err("is no http or https address".to_owned());
        }
        let answer = client.get(url.clone()).send().await.map_err(|error| without_url(error, "cannot be reached"))?;
        if !answer.status().is_redirection() {
            return read(answer, bytes_max).await;
        }
        let to = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
        let next = to.and_then(|to| url.join(to).ok()).ok_or("answers with a redirect to nowhere")?;
        let is_safe = next.host_str() == url.host_str()
            && (next.scheme() == "https" || next.scheme() == url.scheme())
            && (next.port_or_known_default() == url.port_or_known_default() || next.scheme() != url.scheme());
        if !is_safe {
            return Err("answers with a redirect to another host; set its last address instead".to_owned());
        }
        url = next;
    }
    Err(format!("answers with more than {REDIRECTS_MAX} redirects"))
}

async fn read(mut answer: reqwest::Response, bytes_max: usize) -> Result<Vec<u8>, String> {
    if !answer.status().is_success() {
        return Err(format!("answers with HTTP {}", answer.status().as_u16()));
    }
    let mut file = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| without_url(error, "broke off"))? {
        if file.len() + chunk.len() > bytes_max {
            return Err(format!("is longer than {bytes_max} bytes"));
        }
        file.extend_from_slice(&chunk);
    }
    Ok(file)
}

/// An error without the address, which may carry a password.
fn without_url(error: reqwest::Error, what: &str) -> String {
    format!("{what}: {}", error.without_url())
}
