//! Logging in and out, and what every page knows of the hub.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Answer;

/// What every page knows of the hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// The address of the hub as this reader sees it.
    pub(crate) origin: String,
    /// True if the reader may run the hub.
    pub(crate) is_admin: bool,
    /// True if the reader is a user, and so has something of their own.
    pub(crate) is_user: bool,
    /// The version of the hub.
    pub(crate) version: String,
    /// Where the live feed stood before anything of the page was read.
    pub(crate) feed: String,
}

/// Reads what every page knows of the hub.
#[cfg(feature = "ssr")]
pub(super) async fn read() -> Answer<Session> {
    let feed = expect_context::<hub::hub::Hub>().live.feed.position();
    let (_, visitor) = super::guard::visitor().await?;
    Ok(Session {
        origin: super::guard::origin(&super::guard::parts()?),
        is_user: visitor.clone().person().is_ok(),
        is_admin: visitor.admin().is_ok(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        feed,
    })
}

/// Trades the admin token, a key, or a name and a password for a session, and goes on to `next`.
#[server]
pub(crate) async fn log_in(
    #[server(default)] name: String,
    secret: String,
    #[server(default)] next: String,
) -> Answer<()> {
    use super::guard;
    use crate::query::{OWN_PAGE, safe_path};
    use hub::admin::login::{Credentials, login};
    guard::same_origin()?;
    let (parts, hub) = (guard::parts()?, expect_context::<hub::hub::Hub>());
    let client = guard::client(&parts);
    let agent = parts.headers.get("user-agent").and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let credentials = if name.trim().is_empty() {
        Credentials::Secret(&secret)
    } else {
        Credentials::Password { name: &name, password: &secret }
    };
    let session = login(&hub, credentials, client.address, agent).await.map_err(guard::refuse)?;
    guard::set_session(&hub, client, session.cookie.expose(), session.expires_at);
    let next = safe_path(&next);
    let is_admin = session.visitor.admin().is_ok();
    leptos_axum::redirect(if next == "/" && !is_admin { OWN_PAGE } else { &next });
    Ok(())
}

/// Ends the session.
#[server]
pub(crate) async fn log_out() -> Answer<()> {
    use super::guard;
    guard::same_origin()?;
    let (parts, hub) = (guard::parts()?, expect_context::<hub::hub::Hub>());
    if let Some(cookie) = guard::cookie(&parts.headers, hub::admin::login::COOKIE) {
        hub::admin::login::logout(&hub, cookie, guard::client(&parts).address).await.map_err(guard::refuse)?;
    }
    guard::clear_session(&hub, guard::client(&parts));
    leptos_axum::redirect("/login");
    Ok(())
}

/// Keeps the reader's choice of language or theme, for a reader without script; with script the page does it itself.
#[allow(clippy::unused_async, reason = "a server function is async; the macro makes two of it, and only one is one")]
#[server]
pub(crate) async fn prefer(#[server(default)] language: String, #[server(default)] theme: String) -> Answer<()> {
    use crate::preferences::{LANGUAGE_COOKIE, THEME_COOKIE, Theme};
    super::guard::same_origin()?;
    if let Some(language) = crate::text::Language::of(&language) {
        super::guard::remember(LANGUAGE_COOKIE, language.tag());
    }
    if let Some(theme) = Theme::of(&theme) {
        super::guard::remember(THEME_COOKIE, theme.name());
    }
    Ok(())
}
