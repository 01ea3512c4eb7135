//! A form that was sent without script and refused, or that only asks what would come of it: the answer is its page once
//! more, which says so and still holds what was typed. Only secrets are to be typed again.

mod fill;

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Form, FromRequest, Query, Request},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use leptos::server_fn::error::ServerFnUrlError;

use self::fill::{Reply, Said};
use crate::api::{AppError, guard};

/// Bytes of a form that is kept in hand until it is answered. A larger one carries a file: it is led back to its page.
const FORM_BYTES_MAX: usize = 256 << 10;

/// Bytes of a page that is answered with.
const PAGE_BYTES_MAX: usize = 16 << 20;

/// The field by which a form tells the page that it stands in, where the address is not that of the page: that of such an
/// answer is the form's.
const PAGE: &str = "__page";

/// Answers a form with its page, if it was refused or has something to show there. With script, and while the page is still
/// loading it, the form is not lost either: it is told where it is.
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
    let Some(place) = place(&answer) else { return answer };
    let (said, answer) = match refusal(&place) {
        Some(error) => (Some(Said::Refused(error)), answer),
        None => shown(answer).await,
    };
    let Some(said) = said else { return answer };
    let status = match said {
        Said::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Said::Shown(_) => StatusCode::OK,
    };
    let page = next.run(question(asked, &place)).await;
    if page.status() != StatusCode::OK {
        return answer;
    }
    let (mut parts, body) = page.into_parts();
    let Ok(html) = to_bytes(body, PAGE_BYTES_MAX).await else { return answer };
    let nonce = nonce(&parts.headers);
    let reply = Reply { form, typed, said, place: place.to_string(), nonce };
    let Ok(Some(html)) = reply.filled(&html) else { return answer };
    parts.status = status;
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

/// The page that a form is led back to, or on to: path and query.
fn place(answer: &Response) -> Option<Uri> {
    let place: Uri = answer.headers().get(header::LOCATION)?.to_str().ok()?.parse().ok()?;
    place.path_and_query()?.as_str().parse().ok()
}

/// Why a form was refused, as the address of its page carries it; none for one that was taken.
fn refusal(place: &Uri) -> Option<AppError> {
    let Query(said): Query<Vec<(String, String)>> = Query::try_from_uri(place).ok()?;
    let (_, error) = said.iter().find(|(name, _)| name == "__err")?;
    Some(ServerFnUrlError::<AppError>::decode_err(error))
}

/// What a form that was taken has to show in its page, if it has, and the answer as it came.
async fn shown(answer: Response) -> (Option<Said>, Response) {
    let (parts, body) = answer.into_parts();
    let bytes = to_bytes(body, PAGE_BYTES_MAX).await.unwrap_or_default();
    let html = serde_json::from_slice::<String>(&bytes).ok().filter(|html| html.starts_with('<'));
    (html.map(Said::Shown), Response::from_parts(parts, Body::from(bytes)))
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
        let page = super::place(&led(place.as_str())).unwrap();
        assert_eq!((page.path(), refusal(&page)), ("/users", Some(error)));
        assert!(page.query().unwrap().starts_with("tag=a&"), "{page}");
        let taken = super::place(&led("/users?tag=a")).unwrap();
        assert!(refusal(&taken).is_none() && super::place(&Response::new(Body::empty())).is_none());
    }

    #[tokio::test]
    async fn what_a_form_shows_is_told_from_what_it_says() {
        let answer = |body: &'static str| Response::new(Body::from(body));
        for (body, html) in [("\"<p>1</p>\"", Some("<p>1</p>")), ("\"3 changed\"", None), ("null", None), ("", None)] {
            let (said, answer) = shown(answer(body)).await;
            assert_eq!(said, html.map(|html| Said::Shown(html.to_owned())));
            assert_eq!(to_bytes(answer.into_body(), 99).await.unwrap(), body);
        }
    }
}
