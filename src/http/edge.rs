//! Who is at the other end: address and scheme, after trusted proxies; and what every answer carries.

use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};

use crate::{config::AddressBlock, domain::fault::Fault};

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

/// Refuses a request that another site made the browser send. Browsers say so themselves in `sec-fetch-site`
/// (Fetch Metadata); one that does not still sends `origin` with every change.
///
/// # Errors
/// [`Fault::NotAllowed`].
pub fn same_origin(headers: &HeaderMap) -> Result<(), Fault> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let is_ours = if let Some(site) = text("sec-fetch-site") {
        matches!(site, "same-origin" | "none")
    } else {
        let origin = text("origin").and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
        origin.is_some() && origin == text("host")
    };
    if is_ours { Ok(()) } else { Err(Fault::NotAllowed) }
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

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn another_site_changes_nothing() {
        for (pairs, allowed) in [
            (&[("sec-fetch-site", "same-origin")][..], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "same-site"), ("host", "a"), ("origin", "http://a")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("host", "hub:23000"), ("origin", "http://hub:23000")], true),
            (&[("host", "hub:23000"), ("origin", "http://evil")], false),
            (&[("host", "hub:23000"), ("origin", "null")], false),
            (&[("host", "hub:23000")], false),
            (&[], false),
        ] {
            assert_eq!(same_origin(&headers(pairs)).is_ok(), allowed, "{pairs:?}");
        }
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let headers = headers(&[("cookie", "xa=1; a=2; b=3=4")]);
        assert_eq!(cookie(&headers, "a"), Some("2"));
        assert_eq!(cookie(&headers, "b"), Some("3=4"));
        assert_eq!(cookie(&headers, "c"), None);
    }
}
