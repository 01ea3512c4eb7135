//! What every page tells the browser about itself.

use axum::http::{HeaderName, HeaderValue, header};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

/// Sends the headers of the page that is being rendered.
///
/// Scripts run only with this answer's nonce; the browser accepts no inline style, so geometry is in attributes.
pub(crate) fn send() {
    let (Some(nonce), Some(response)) = (leptos::nonce::use_nonce(), use_context::<ResponseOptions>()) else { return };
    // A development build is told of changes through a socket on another port.
    let connect = if cfg!(debug_assertions) { "'self' ws:" } else { "'self'" };
    let policy = format!(
        "default-src 'self'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; \
         style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; connect-src {connect}; base-uri 'none'; \
         object-src 'none'; frame-ancestors 'none'; form-action 'self'"
    );
    let fixed = [
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "cookie, accept-language"),
    ];
    for (name, value) in fixed {
        response.insert_header(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}
