//! A form that was sent without script and refused: the answer is its page once more, which says why and still holds what
//! was typed. Only secrets are to be typed again.

mod fill;

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Form, FromRequest, Query, Request},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use leptos::server_fn::error::ServerFnUrlError;

use self::fill::Refusal;
use crate::api::{AppError, guard};

/// Bytes of a form that is kept in hand until it is answered. A larger one carries a file: it is led back to its page.
const FORM_BYTES_MAX: usize = 256 << 10;

/// Bytes of a page that is answered with.
const PAGE_BYTES_MAX: usize = 16 << 20;

/// The field by which a form tells the page that it stands in, where the address is not that of the page: that of such an
/// answer is the form's.
const PAGE: &str = "__page";

/// Answers a refused form with its page. With script, and while the page is still loading it, the form is not lost either:
/// it is told where it is.
pub(super) async fn answer(request: Request, next: Next) -> Response {
    let (mut asked, body) = request.into_parts();
    if !is_short(&asked) {
        return next.run(Request::from_parts(asked, body)).await;
    }
    let Ok(bytes) = to_bytes(body, FORM_BYTES_MAX).await else { return StatusCode::BAD_REQUEST.into_response() };
    let typed = fields(&asked, bytes.clone()).await;
    if let Some((_, page)) = typed.iter().find(|(name, _)| name == PAGE) {
        come_from(&mut asked.headers, page);
    }
    let form = asked.uri.path().to_owned();
    let answer = next.clone().run(Request::from_parts(asked.clone(), Body::from(bytes))).await;
    let Some((place, error)) = refusal(&answer) else { return answer };
    let page = next.run(question(asked, &place)).await;
    if page.status() != StatusCode::OK {
        return answer;
    }
    let (mut parts, body) = page.into_parts();
    let Ok(html) = to_bytes(body, PAGE_BYTES_MAX).await else { return answer };
    let nonce = nonce(&parts.headers);
    let refusal = Refusal { form, typed, error, place: place.to_string(), nonce };
    let Ok(html) = refusal.filled(&html) else { return answer };
    parts.status = StatusCode::UNPROCESSABLE_ENTITY;
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(html))
}

/// True for a form that was sent without script and says that it is not too long.
fn is_short(asked: &Parts) -> bool {
    let length = asked.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let is_short = length.and_then(|length| length.parse().ok()).is_some_and(|length: usize| length <= FORM_BYTES_MAX);
    asked.method == Method::POST && is_short && guard::is_plain_form(asked)
}

/// What a form has sent: names and values, as they came.
async fn fields(asked: &Parts, bytes: Bytes) -> Vec<(String, String)> {
    let request = Request::from_parts(asked.clone(), Body::from(bytes));
    Form::from_request(request, &()).await.map(|Form(fields)| fields).unwrap_or_default()
}

/// Has a form come from the page that it names, if it came from such an answer. Whose page it is stays as the browser says
/// it: a form cannot pretend to be one of ours.
fn come_from(headers: &mut HeaderMap, page: &str) {
    let came = headers.get(header::REFERER).and_then(|referer| referer.to_str().ok()).unwrap_or_default();
    let Some((origin, _)) = came.split_once("/_ui/").filter(|_| page.starts_with('/')) else { return };
    if let Ok(value) = HeaderValue::from_str(&format!("{origin}{page}")) {
        headers.insert(header::REFERER, value);
    }
}

/// The page that a refused form is led back to, and why it was refused; none for a form that was taken.
fn refusal(answer: &Response) -> Option<(Uri, AppError)> {
    let place: Uri = answer.headers().get(header::LOCATION)?.to_str().ok()?.parse().ok()?;
    let Query(said): Query<Vec<(String, String)>> = Query::try_from_uri(&place).ok()?;
    let (_, error) = said.iter().find(|(name, _)| name == "__err")?;
    let page = place.path_and_query()?.as_str().parse().ok()?;
    Some((page, ServerFnUrlError::<AppError>::decode_err(error)))
}

/// The same browser asks for a page.
fn question(mut asked: Parts, place: &Uri) -> Request {
    asked.method = Method::GET;
    asked.uri = place.clone();
    for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
        asked.headers.remove(name);
    }
    Request::from_parts(asked, Body::empty())
}

/// The mark that scripts of an answer must have.
fn nonce(headers: &HeaderMap) -> Option<String> {
    let policy = headers.get(header::CONTENT_SECURITY_POLICY)?.to_str().ok()?;
    let (_, rest) = policy.split_once("'nonce-")?;
    rest.split('\'').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn referer(came: &'static str, page: &str) -> String {
        let mut headers = HeaderMap::from_iter([(header::REFERER, HeaderValue::from_static(came))]);
        come_from(&mut headers, page);
        headers[header::REFERER].to_str().unwrap().to_owned()
    }

    #[test]
    fn a_form_of_an_answer_comes_from_the_page_that_it_names_and_from_nobody_elses() {
        assert_eq!(referer("http://hub/_ui/save7", "/users/7?x=1"), "http://hub/users/7?x=1");
        assert_eq!(referer("http://evil/_ui/save7", "/users"), "http://evil/users");
        for (came, page) in
            [("http://evil/form", "/users"), ("http://hub/_ui/save7", "http://evil/"), ("http://hub/a", "/b")]
        {
            assert_eq!(referer(came, page), came);
        }
    }

    #[test]
    fn only_a_form_that_was_refused_is_answered_with_its_page() {
        let led = |place: &str| Response::builder().header(header::LOCATION, place).body(Body::empty()).unwrap();
        let error = AppError::broken(&"no");
        let place = ServerFnUrlError::new("/_ui/save7", error.clone()).to_url("http://hub/users?tag=a").unwrap();
        let (page, why) = refusal(&led(place.as_str())).unwrap();
        assert_eq!((page.path(), why), ("/users", error));
        assert!(page.query().unwrap().starts_with("tag=a&"), "{page}");
        assert!(refusal(&led("/users?tag=a")).is_none() && refusal(&Response::new(Body::empty())).is_none());
    }
}
