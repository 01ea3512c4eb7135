//! Who is at the other end: address and scheme, after trusted proxies; and what every answer carries.

use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};

use crate::config::AddressBlock;

/// What is known of a client's connection. In every request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientInfo {
    /// The client's address, after trusted proxies.
    pub address: IpAddr,
    /// True if the client speaks https, to us or to a trusted proxy.
    pub https: bool,
}

impl ClientInfo {
    /// Reads forwarding headers if, and as far as, they come from trusted proxies: the last address in
    /// `x-forwarded-for` that is not one of them is the client.
    pub fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[AddressBlock]) -> Self {
        let is_trusted = |address: IpAddr| trusted.iter().any(|block| block.contains(address));
        let peer = peer.to_canonical();
        if !is_trusted(peer) {
            return Self { address: peer, https: false };
        }
        let lines: Vec<&str> =
            headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
        // From the right: what stands left of the first hop that is no proxy of ours, anybody may have written.
        let hops = lines.iter().rev().flat_map(|line| line.rsplit(',')).map_while(|hop| hop.trim().parse().ok());
        let mut address = None;
        for hop in hops {
            address = Some(hop);
            if !is_trusted(hop) {
                break;
            }
        }
        let scheme = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let scheme = scheme.rsplit(',').next().unwrap_or_default().trim();
        Self { address: address.unwrap_or(peer).to_canonical(), https: scheme.eq_ignore_ascii_case("https") }
    }
}

/// The value of one cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    })
}

/// Headers that every page and answer of the console carries.
pub async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.entry(name).or_insert(header::HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn client(peer: &str, forwarded: &[&str]) -> (String, bool) {
        let config = Config::read(|name| (name == "TRUSTED_PROXIES").then(|| "10.0.0.0/8, ::1".to_owned())).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-proto", "https".parse().unwrap());
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let client = ClientInfo::of(peer.parse().unwrap(), &headers, &config.trusted_proxies);
        (client.address.to_string(), client.https)
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(client("192.0.2.1", &["1.2.3.4"]), ("192.0.2.1".to_owned(), false));
        assert_eq!(client("10.0.0.1", &["6.6.6.6, 1.2.3.4", "10.9.9.9"]), ("1.2.3.4".to_owned(), true));
        assert_eq!(client("10.0.0.1", &["10.1.1.1"]), ("10.1.1.1".to_owned(), true));
        assert_eq!(client("10.0.0.1", &["junk, 1.2.3.4, 10.9.9.9"]), ("1.2.3.4".to_owned(), true));
        assert_eq!(client("10.0.0.1", &["1.2.3.4, junk"]), ("10.0.0.1".to_owned(), true));
        assert_eq!(client("::1", &[]), ("::1".to_owned(), true));
        assert_eq!(client("::ffff:10.0.0.1", &["1.2.3.4"]), ("1.2.3.4".to_owned(), true));
    }
}
