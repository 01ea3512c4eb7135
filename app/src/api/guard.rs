//! Who calls a server function, and whether the call came from our own pages.

use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header, request::Parts, uri::Authority};
use chrono::{DateTime, Utc};
use hub::{
    admin::{
        actor::{Admin, Person, Visitor},
        login::{self, COOKIE},
    },
    config::SecureCookies,
    domain::fault::Fault,
    http::edge::{self, ClientInfo},
    hub::Hub,
};
use leptos::prelude::{expect_context, use_context};
use leptos_axum::ResponseOptions;

use super::{Answer, AppError, Trouble};
use crate::{
    preferences::Preferences,
    query::{OWN_PAGE, login_path},
    text::{Text, labels::label},
};

/// Who reads, whoever it is. Sends a reader without a session to the login page.
pub(crate) async fn visitor() -> Answer<(Hub, Visitor)> {
    let hub: Hub = expect_context();
    let parts = parts()?;
    let cookie = cookie(&parts.headers, COOKIE).unwrap_or_default();
    match login::of_cookie(&hub, cookie, client(&parts).address).await {
        Ok(visitor) => Ok((hub, visitor)),
        Err(fault) => {
            if fault == Fault::Unauthenticated {
                leptos_axum::redirect(&login_path(page_of(&parts)));
            }
            Err(refuse(fault))
        }
    }
}

/// An administrator who reads. The first page of anybody else is their own.
pub(crate) async fn actor() -> Answer<(Hub, Admin)> {
    let (hub, visitor) = visitor().await?;
    match visitor.admin() {
        Ok(admin) => Ok((hub, admin)),
        Err(fault) => {
            if is_led_on(&parts()?) {
                return Err(in_words(&fault));
            }
            Err(refuse(fault))
        }
    }
}

/// A person who reads their own.
pub(crate) async fn person() -> Answer<(Hub, Person)> {
    let (hub, visitor) = visitor().await?;
    Ok((hub, visitor.person().map_err(refuse)?))
}

/// A person who changes their own; refuses what did not come from our own pages.
pub(crate) async fn person_for_change() -> Answer<(Hub, Person)> {
    same_origin()?;
    person().await
}

/// An administrator who changes something; refuses what did not come from our own pages.
pub(crate) async fn actor_for_change() -> Answer<(Hub, Admin)> {
    same_origin()?;
    actor().await
}

/// Refuses what did not come from our own pages.
pub(crate) fn same_origin() -> Answer<()> {
    edge::same_origin(&parts()?.headers).map_err(refuse)
}

/// Says with the page's status that it is not for this reader.
pub(crate) fn forbid() {
    let is_led_on = parts().is_ok_and(|parts| is_led_on(&parts));
    if let Some(response) = use_context::<ResponseOptions>().filter(|_| !is_led_on) {
        response.set_status(StatusCode::FORBIDDEN);
    }
}

/// Leads a reader on who does not run the hub and asks for its first page: theirs is another.
fn is_led_on(parts: &Parts) -> bool {
    let is_led_on = page_of(parts) == "/" && accepts_html(parts);
    if is_led_on {
        leptos_axum::redirect(OWN_PAGE);
    }
    is_led_on
}

/// Gives the answer the status of the fault.
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub(crate) fn refuse(fault: Fault) -> AppError {
    let status = StatusCode::from_u16(fault.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let redirected = fault == Fault::Unauthenticated && parts().is_ok_and(|parts| accepts_html(&parts));
    if !redirected {
        set_status(status);
    }
    in_words(&fault)
}

/// A request that could not be read, which is its sender's mistake. Nobody was asked who sends it: it is for nobody.
pub(crate) fn unread(why: &str) -> AppError {
    set_status(StatusCode::BAD_REQUEST);
    let message = (Preferences::read().language.text().unread)(why);
    AppError { trouble: Trouble::Refused, field: None, label: None, message }
}

/// Sets the status of the answer. A form that was sent without script gets a redirect, which carries the fault itself and
/// must stay one.
fn set_status(status: StatusCode) {
    let plain_form = parts().is_ok_and(|parts| is_plain_form(&parts));
    if let Some(response) = use_context::<ResponseOptions>().filter(|_| !plain_form) {
        response.set_status(status);
    }
}

/// The fault in the reader's language.
fn in_words(fault: &Fault) -> AppError {
    in_words_of(Preferences::read().language.text(), fault)
}

/// The fault in the words of a language.
pub(crate) fn in_words_of(text: &'static Text, fault: &Fault) -> AppError {
    AppError {
        trouble: match fault {
            Fault::NotFound { .. } => Trouble::NotFound,
            _ => Trouble::Refused,
        },
        field: fault.field().map(str::to_owned),
        label: fault.field().and_then(|field| label(text, field)).map(str::to_owned),
        message: (text.fault)(fault),
    }
}

/// The request that is being answered.
pub(crate) fn parts() -> Answer<Parts> {
    use_context::<Parts>().ok_or_else(|| AppError::broken(&"no request"))
}

/// The client's address, and whether it came by https.
pub(crate) fn client(parts: &Parts) -> ClientInfo {
    parts
        .extensions
        .get::<ClientInfo>()
        .copied()
        .unwrap_or(ClientInfo { address: std::net::Ipv4Addr::UNSPECIFIED.into(), https: false })
}

/// The value of one cookie, as the edge reads it.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    edge::cookie(headers, name)
}

/// The address of the hub as this client sees it: `https://hub.example`.
pub(crate) fn origin(parts: &Parts) -> String {
    let scheme = if client(parts).https { "https" } else { "http" };
    let host = text(&parts.headers, "host").or_else(|| parts.uri.authority().map(Authority::as_str));
    format!("{scheme}://{}", host.unwrap_or("localhost"))
}

/// Hands the session's cookie to the browser.
pub(crate) fn set_session(hub: &Hub, client: ClientInfo, value: &str, expires_at: DateTime<Utc>) {
    let seconds = (expires_at - hub::clock::now()).num_seconds().max(0);
    append_cookie(&format!("{COOKIE}={value}; Max-Age={seconds}; {}", attributes(hub, client)));
}

/// Takes the session's cookie away.
pub(crate) fn clear_session(hub: &Hub, client: ClientInfo) {
    append_cookie(&format!("{COOKIE}=; Max-Age=0; {}", attributes(hub, client)));
}

/// Keeps a choice of the reader's for a year.
pub(crate) fn remember(name: &str, value: &str) {
    append_cookie(&format!("{name}={value}; Max-Age=31536000; Path=/; SameSite=Lax"));
}

/// Would a browser drop the session's cookie? It does so if the cookie is for https only and the page came without, unless
/// the hub is on the same machine.
pub(crate) fn is_cookie_lost() -> Answer<bool> {
    let (hub, parts) = (expect_context::<Hub>(), parts()?);
    let client = client(&parts);
    let origin = origin(&parts);
    let host = origin.rsplit("//").next().unwrap_or_default();
    let is_here = ["localhost", "127.", "[::1]"].iter().any(|name| host.starts_with(name));
    Ok(is_secure(&hub, client) && !client.https && !is_here)
}

fn is_secure(hub: &Hub, client: ClientInfo) -> bool {
    match hub.config.secure_cookies {
        SecureCookies::Auto => client.https,
        SecureCookies::Always => true,
        SecureCookies::Never => false,
    }
}

fn attributes(hub: &Hub, client: ClientInfo) -> &'static str {
    if is_secure(hub, client) { "Path=/; HttpOnly; SameSite=Lax; Secure" } else { "Path=/; HttpOnly; SameSite=Lax" }
}

fn append_cookie(text: &str) {
    if let (Some(response), Ok(value)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(text)) {
        response.append_header(header::SET_COOKIE, value);
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// True for a form that was sent without script.
pub(crate) fn is_plain_form(parts: &Parts) -> bool {
    is_call(&parts.uri) && accepts_html(parts)
}

/// True for a call of a server function, false while a page is rendered.
pub(crate) fn is_call(uri: &Uri) -> bool {
    uri.path().starts_with("/_ui/")
}

fn accepts_html(parts: &Parts) -> bool {
    text(&parts.headers, "accept").is_some_and(|accept| accept.contains("text/html"))
}

/// The page the reader is on: path and query.
fn page_of(parts: &Parts) -> &str {
    if !is_call(&parts.uri) {
        return parts.uri.path_and_query().map_or("/", |page| page.as_str());
    }
    let referer = text(&parts.headers, "referer").and_then(|referer| referer.split_once("://"));
    referer.and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..))).unwrap_or("/")
}
