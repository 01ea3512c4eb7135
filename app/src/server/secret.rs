//! The secret of a key, for whoever has asked for one without script: it stands in the answer to the form, because it is
//! nowhere else.

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, Uri, header, request::Parts},
    middleware::Next,
    response::Response,
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::HashedStylesheet;

use crate::{
    api::{
        guard,
        keys::{CreateKey, RotateKey},
    },
    drawn,
    preferences::Preferences,
};

/// Bytes of an answer to such a form: a secret has far fewer.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// The document has its style and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// What documents are made with: where the files are, and the address under which this build names them.
#[derive(Clone)]
pub(super) struct Documents {
    pub(super) options: LeptosOptions,
    pub(super) build: Option<String>,
}

/// Shows the secret in place of the way back to the page of the form. With script that page shows it itself.
pub(super) async fn show(State(documents): State<Documents>, request: Request, next: Next) -> Response {
    let (asked, body) = request.into_parts();
    if !guard::is_plain_form(&asked) || ![CreateKey::url(), RotateKey::url()].contains(&asked.uri.path()) {
        return next.run(Request::from_parts(asked, body)).await;
    }
    let (answer, body) = next.run(Request::from_parts(asked.clone(), body)).await.into_parts();
    let bytes = to_bytes(body, ANSWER_BYTES_MAX).await.unwrap_or_default();
    // A refusal is no text: it is told on the page of the form, as ever.
    let Ok(secret) = serde_json::from_slice::<String>(&bytes) else {
        return Response::from_parts(answer, Body::from(bytes));
    };
    let back = answer.headers.get(header::LOCATION).and_then(|place| place.to_str().ok()).map(path_of);
    let back = back.unwrap_or_else(|| "/users".to_owned());
    let mut response = Response::new(Body::from(document(documents, asked, &secret, back)));
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The path of a page of a user; else that of their list.
fn path_of(place: &str) -> String {
    let place: Uri = place.parse().unwrap_or_default();
    if place.path().starts_with("/users/") { place.path().to_owned() } else { "/users".to_owned() }
}

/// The document, in the language and the theme of whoever has asked.
fn document(documents: Documents, asked: Parts, secret: &str, back: String) -> String {
    let Documents { options, build } = documents;
    let build = build.unwrap_or_default();
    let origin = guard::origin(&asked);
    Owner::new().with(|| {
        provide_context(asked);
        let chosen = Preferences::read();
        let text = chosen.language.text();
        provide_context(chosen.language);
        let content = drawn::secret::page(text, secret, &origin, back);
        let title = format!("{} · Switchyard", text.keys.preview);
        let document = view! {
            <!DOCTYPE html>
            <html lang=chosen.language.tag() data-theme=chosen.theme.attribute()>
                <head>
                    <meta charset="utf-8" />
                    <meta name="viewport" content="width=device-width, initial-scale=1" />
                    <meta name="color-scheme" content="light dark" />
                    <title>{title}</title>
                    <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                    <HashedStylesheet options id="leptos" root=build />
                </head>
                <body>{content}</body>
            </html>
        };
        document.to_html()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_leads_to_a_user() {
        assert_eq!(path_of("http://hub.example:1/users/7?new=key"), "/users/7");
        assert_eq!(path_of("/users/7"), "/users/7");
        for elsewhere in ["/", "http://evil.example/other", "javascript:alert(1)", ""] {
            assert_eq!(path_of(elsewhere), "/users", "{elsewhere}");
        }
    }
}
