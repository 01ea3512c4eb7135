//! What goes out: path, headers and body of one attempt, made from the caller's untouched request.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header, uri::PathAndQuery};
use reqwest::Url;

use crate::{route::snapshot::Upstream, secret::Secret};

/// Names that never go to a provider: credentials, cookies, transport, and who forwarded the request.
const NOT_FORWARDED: &[&str] = &[
    "accept-encoding",
    "api-key",
    "authorization",
    "cdn-loop",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "true-client-ip",
    "upgrade",
    "via",
    "x-amz-security-token",
    "x-api-key",
    "x-auth-token",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-forwarded",
    "x-goog-api-key",
    "x-original-forwarded-for",
    "x-real-ip",
    "x-request-id",
];

/// Beginnings of such names.
const NOT_FORWARDED_PREFIXES: &[&str] = &["cf-", "x-forwarded-", "x-switchyard-"];

/// True if a header of this name never goes to a provider, neither from a caller nor from its configuration.
pub fn is_withheld(name: &str) -> bool {
    NOT_FORWARDED.binary_search(&name).is_ok() || NOT_FORWARDED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// What the caller sent, as far as it is sent on.
#[derive(Clone, Debug)]
pub struct Outgoing<'a> {
    /// The caller's method.
    pub method: &'a Method,
    /// The caller's path, from `/v1` on, and query.
    pub target: &'a PathAndQuery,
    /// The caller's headers, all of them.
    pub headers: &'a HeaderMap,
}

/// The provider's path for the caller's. A base that ends in `/v1` is not given a second one.
pub fn target(base: &Url, asked: &PathAndQuery) -> PathAndQuery {
    let prefix = base.path().trim_end_matches('/');
    let is_v1 = asked.path().starts_with("/v1/");
    let prefix = if is_v1 { prefix.strip_suffix("/v1").unwrap_or(prefix) } else { prefix };
    if prefix.is_empty() {
        return asked.clone();
    }
    // Both parts are valid paths, and so they are together.
    PathAndQuery::try_from(format!("{prefix}{asked}")).unwrap_or_else(|_| asked.clone())
}

/// The headers of an attempt: the caller's, without those that are withheld, then the provider's own.
pub fn headers(outgoing: &Outgoing<'_>, upstream: &Upstream, secret: &Secret) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(outgoing.headers.len() + 4);
    let hop_by_hop = connection_names(outgoing.headers);
    for (name, value) in outgoing.headers {
        if !is_withheld(name.as_str()) && !hop_by_hop.contains(name) {
            headers.append(name.clone(), value.clone());
        }
    }
    for (name, value) in &upstream.headers {
        headers.insert(name.clone(), value.clone());
    }
    // So that the tap can read what passes.
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    authorize(&mut headers, &upstream.base_url, secret);
    headers
}

/// Headers that the `connection` header names: they end at this hop (RFC 9110, 7.6.1).
fn connection_names(headers: &HeaderMap) -> Vec<HeaderName> {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect()
}

/// True if a secret is an OAuth token of Anthropic's and not a key.
pub fn is_token(secret: &Secret) -> bool {
    secret.expose().starts_with("sk-ant-oat")
}

/// Sets the provider's credential. Anthropic takes a key as `x-api-key` and an OAuth token as a bearer
/// (platform.claude.com, API overview); servers that speak like it take the one or the other, so they get both.
fn authorize(headers: &mut HeaderMap, base: &Url, secret: &Secret) {
    let is_token = is_token(secret);
    let is_anthropic = base.host_str().is_some_and(|host| host == "anthropic.com" || host.ends_with(".anthropic.com"));
    let mut set = |name: HeaderName, text: &str| {
        if let Ok(mut value) = HeaderValue::from_str(text) {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
    };
    if !is_token {
        set(HeaderName::from_static("x-api-key"), secret.expose());
    }
    if is_token || !is_anthropic {
        set(header::AUTHORIZATION, &format!("Bearer {}", secret.expose()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_put_behind_the_base() {
        for (base, asked, expected) in [
            ("https://a.example", "/v1/messages?beta=true", "/v1/messages?beta=true"),
            ("https://a.example/", "/v1/models", "/v1/models"),
            ("http://a.example:81/api/", "/v1/messages", "/api/v1/messages"),
            ("https://a.example/api/v1", "/v1/messages?a=%27'", "/api/v1/messages?a=%27'"),
        ] {
            assert_eq!(target(&base.parse().unwrap(), &PathAndQuery::from_static(asked)), expected);
        }
    }

    #[test]
    fn each_server_gets_the_credential_in_the_form_it_takes() {
        let names = |base: &str, secret: &str| {
            let mut headers = HeaderMap::new();
            authorize(&mut headers, &base.parse().unwrap(), &Secret::new(secret.to_owned()));
            let mut names: Vec<_> = headers.keys().map(|name| name.as_str().to_owned()).collect();
            names.sort_unstable();
            names
        };
        assert_eq!(names("https://api.anthropic.com", "sk-ant-api03-x"), ["x-api-key"]);
        assert_eq!(names("https://api.anthropic.com", "sk-ant-oat01-x"), ["authorization"]);
        assert_eq!(names("https://anthropic.com.example", "sk-x"), ["authorization", "x-api-key"]);
    }

    #[test]
    fn withheld_names_are_sorted_and_lower_case() {
        assert!(NOT_FORWARDED.is_sorted());
        assert!(is_withheld("x-forwarded-for") && is_withheld("authorization") && !is_withheld("anthropic-beta"));
    }
}
