//! URLs of providers and of the proxies in front of them.

use reqwest::Url;

use crate::domain::fault::Fault;

/// Characters of a URL.
const URL_CHARS_MAX: usize = 2_048;

/// What stands for a password.
const MASK: &str = "***";

/// What is said of a URL without a host.
const NO_HOST: &str = "must name a host";

/// What a URL of one kind must be.
struct Kind {
    /// The field, as it is named in JSON.
    field: &'static str,
    schemes: &'static [&'static str],
    /// How it must begin.
    begin: &'static str,
    /// What it must be, with an example.
    example: &'static str,
}

/// A provider's base URL.
const BASE: Kind = Kind {
    field: "base_url",
    schemes: &["http", "https"],
    begin: "must begin with https:// or http://",
    example: "must be an address such as https://api.example.com/v1",
};

/// A proxy's URL.
const PROXY: Kind = Kind {
    field: "proxy_url",
    schemes: &["http", "https", "socks5", "socks5h"],
    begin: "must begin with http://, https://, socks5:// or socks5h://",
    example: "must be an address such as socks5h://127.0.0.1:1080",
};

/// A proxy's URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProxyUrl {
    /// As it is used.
    pub(super) url: String,
    /// As it is shown: without its password.
    pub(super) masked: String,
}

/// A provider's base URL as it is kept: without the slash at its end.
pub(super) fn base_url(text: &str) -> Result<String, Fault> {
    let url = parse(&BASE, text)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Fault::invalid(
            "base_url",
            "must not carry credentials; the provider's key has a field of its own",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Fault::invalid("base_url", "must have neither query nor fragment"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Refuses a base URL that has the path of a call in it, as people copy it: calls get that path behind their base. Not a
/// part of [`base_url`], so that a provider that has such a one can still be changed otherwise.
pub(super) fn not_of_a_call(base_url: &str) -> Result<(), Fault> {
    if base_url.trim().trim_end_matches('/').ends_with("/v1/messages") {
        return Err(Fault::invalid("base_url", "must leave out /v1/messages: it is added"));
    }
    Ok(())
}

/// A proxy's URL, and what people see of it.
pub(super) fn proxy_url(text: &str) -> Result<ProxyUrl, Fault> {
    let url = parse(&PROXY, text)?;
    if !["", "/"].contains(&url.path()) || url.query().is_some() || url.fragment().is_some() {
        return Err(Fault::invalid("proxy_url", "must end with its host or port"));
    }
    if url.password() == Some(MASK) {
        return Err(Fault::invalid("proxy_url", "has a masked password; give the real one"));
    }
    let mut masked = url.clone();
    if masked.password().is_some() {
        masked.set_password(Some(MASK)).map_err(|()| Fault::invalid("proxy_url", "cannot have a password"))?;
    }
    let text = |url: &Url| url.as_str().trim_end_matches('/').to_owned();
    Ok(ProxyUrl { url: text(&url), masked: text(&masked) })
}

/// True if both URLs lead to the same scheme, host and port. What cannot be read is nowhere.
pub(super) fn is_same_server(one: &str, other: &str) -> bool {
    match (Url::parse(one), Url::parse(other)) {
        (Ok(one), Ok(other)) => one.origin() == other.origin(),
        _ => false,
    }
}

/// Scheme, host and port of a URL; empty for what cannot be read.
pub(super) fn origin(url: &str) -> String {
    Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

fn parse(kind: &Kind, text: &str) -> Result<Url, Fault> {
    let wrong = |why: &str| Fault::invalid(kind.field, why);
    let text = text.trim();
    if text.chars().count() > URL_CHARS_MAX {
        return Err(wrong(&format!("must have at most {URL_CHARS_MAX} characters")));
    }
    let url = Url::parse(text).map_err(|_| wrong(mistake(kind, text)))?;
    if !kind.schemes.contains(&url.scheme()) {
        return Err(wrong(kind.begin));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(wrong(NO_HOST));
    }
    Ok(url)
}

/// What is wrong with a text that is no URL, the usual mistakes first. The parser's own words are left out: they could be
/// said in no other language.
fn mistake(kind: &Kind, text: &str) -> &'static str {
    let is_known = |scheme: &str| kind.schemes.iter().any(|known| known.eq_ignore_ascii_case(scheme));
    let Some((_, rest)) = text.split_once("://").filter(|(scheme, _)| is_known(scheme)) else { return kind.begin };
    let server = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let server = server.rsplit('@').next().unwrap_or_default();
    // The colons of an IPv6 address stand in brackets.
    let (host, port) = server.rsplit_once(':').filter(|(_, port)| !port.contains(']')).unwrap_or((server, ""));
    if host.is_empty() {
        NO_HOST
    } else if server.contains(char::is_whitespace) {
        "must have no spaces"
    } else if !port.is_empty() && port.parse::<u16>().is_err() {
        "must have a number up to 65535 as its port"
    } else {
        kind.example
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_http_without_extras() {
        for (text, kept) in [
            ("https://api.anthropic.com", "https://api.anthropic.com"),
            (" https://API.example/ ", "https://api.example"),
            ("http://127.0.0.1:8080/api/v1/", "http://127.0.0.1:8080/api/v1"),
        ] {
            assert_eq!(base_url(text).as_deref(), Ok(kept));
        }
        for wrong in
            ["", "api.example", "ftp://a", "https://", "https://u:p@a", "https://a?x", "https://a#x", "https://a b"]
        {
            assert_eq!(base_url(wrong).unwrap_err().field(), Some("base_url"), "{wrong}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_url_is_said_in_words_of_our_own() {
        for (text, why) in [
            ("", BASE.begin),
            ("api.example", BASE.begin),
            ("api.example:8080/v1", BASE.begin),
            ("//api.example", BASE.begin),
            ("socks5://a", BASE.begin),
            ("ftp://", BASE.begin),
            ("https://", NO_HOST),
            ("https://:8080/v1", NO_HOST),
            ("https://api example/v1", "must have no spaces"),
            ("HTTPS:// api.example", "must have no spaces"),
            ("https://me@api.example:80800", "must have a number up to 65535 as its port"),
            ("https://[::1]:web/v1", "must have a number up to 65535 as its port"),
            ("https://[::1", BASE.example),
            ("https://256.256.256.256", BASE.example),
        ] {
            assert_eq!(base_url(text), Err(Fault::invalid("base_url", why)), "{text}");
        }
        for (text, why) in [("proxy:3128", PROXY.begin), ("socks5://", NO_HOST), ("http://a>b:1", PROXY.example)] {
            assert_eq!(proxy_url(text).map(|proxy| proxy.url), Err(Fault::invalid("proxy_url", why)), "{text}");
        }
    }

    #[test]
    fn a_base_url_is_not_that_of_a_call() {
        for base in ["https://a.example", "https://a.example/v1/", "https://a.example/messages"] {
            assert_eq!(not_of_a_call(base), Ok(()), "{base}");
        }
        for wrong in ["https://a.example/v1/messages", " https://a.example/api/v1/messages/ "] {
            assert_eq!(not_of_a_call(wrong).unwrap_err().field(), Some("base_url"), "{wrong}");
        }
    }

    #[test]
    fn a_proxys_password_is_masked() {
        for (text, url, masked) in [
            ("http://proxy.example:3128/", "http://proxy.example:3128", "http://proxy.example:3128"),
            ("socks5://me:pa%20ss@10.0.0.1:1080", "socks5://me:pa%20ss@10.0.0.1:1080", "socks5://me:***@10.0.0.1:1080"),
        ] {
            let expected = ProxyUrl { url: url.to_owned(), masked: masked.to_owned() };
            assert_eq!(proxy_url(text), Ok(expected));
        }
        for wrong in ["proxy:3128", "ftp://a", "http://a/path", "socks4://a", "http://me:***@a", "http://a?x"] {
            assert_eq!(proxy_url(wrong).unwrap_err().field(), Some("proxy_url"), "{wrong}");
        }
    }

    #[test]
    fn a_server_is_scheme_host_and_port() {
        assert!(is_same_server("https://a.example/x", "https://a.example:443/y"));
        for other in ["http://a.example", "https://b.example", "https://a.example:444", "nonsense"] {
            assert!(!is_same_server("https://a.example", other), "{other}");
        }
    }
}
