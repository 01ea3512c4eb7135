//! Through a proxy nothing was reached: whose fault is that?

use super::{client::innermost, failure::Failure};

/// What the libraries say when the proxy was reached and could not lead any further: it refused a tunnel for a reason
/// other than credentials, or told one of the replies of RFC 1928, 6, that speak of the server.
const BEYOND: &[&str] = &[
    "tunnel error: unsuccessful",
    "SOCKS error: general server failure",
    "SOCKS error: network unreachable",
    "SOCKS error: host unreachable",
    "SOCKS error: connection refused",
    "SOCKS error: ttl expired",
];

/// What they say of everything else that happens before the proxy leads to the server.
const BEFORE: &[&str] = &["tunnel error", "SOCKS error"];

/// What a connection that could not be made through a proxy is: the proxy's fault if it cannot be reached or does not
/// let us in, else no connection to the provider. `is_tls` says that the provider speaks TLS, inside a tunnel.
pub(super) fn unconnected(error: &reqwest::Error, is_tls: bool) -> Failure {
    let why = innermost(error);
    let mut says = String::new();
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(one) = cause {
        says.push_str(&one.to_string());
        says.push('\n');
        cause = one.source();
    }
    if is_beyond(&says, error.is_timeout(), is_tls) { Failure::Connect(why) } else { Failure::Proxy(why) }
}

/// True if the proxy was passed, or if nobody can tell: a fault of the proxy excludes its provider, and one of the
/// provider only ranks it.
fn is_beyond(says: &str, is_timeout: bool, is_tls: bool) -> bool {
    let any = |words: &[&str]| words.iter().any(|word| says.contains(word));
    // A tunnel that stands is not spoken of any more: what fails then is the handshake with the provider.
    is_timeout || any(BEYOND) || (is_tls && !any(BEFORE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_happens_before_the_proxy_leads_on_is_its_fault() {
        for (says, is_tls, beyond) in [
            ("client error (Connect)\ntunnel error: unsuccessful\n", true, true),
            ("client error (Connect)\ntunnel error: proxy authorization required\n", true, false),
            ("tunnel error: failed to create underlying connection\ntcp connect error\n", true, false),
            ("client error (Connect)\ninvalid peer certificate\n", true, true),
            ("client error (Connect)\ntcp connect error\nConnection refused\n", false, false),
            ("client error (Connect)\nSOCKS error: connection refused\n", false, true),
            ("client error (Connect)\nSOCKS error: credentials not accepted\n", true, false),
            ("client error (Connect)\nSOCKS error: failed to create underlying connection\n", false, false),
        ] {
            assert_eq!(is_beyond(says, false, is_tls), beyond, "{says}");
        }
        assert!(is_beyond("client error (Connect)\noperation timed out\n", true, false));
    }
}
