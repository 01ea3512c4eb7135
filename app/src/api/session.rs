//! Logging in and out, and what every page knows of the hub.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Answer;

/// What every page knows of the hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// The address of the hub as this reader sees it.
    pub(crate) origin: String,
    /// Calls that run in this replica.
    pub(crate) n_active: u32,
    /// The version of the hub.
    pub(crate) version: String,
    /// Where the live feed stood before anything of the page was read.
    pub(crate) feed: String,
}

/// Reads what every page knows of the hub.
#[cfg(feature = "ssr")]
pub(super) async fn read() -> Answer<Session> {
    let feed = expect_context::<hub::hub::Hub>().live.feed.position();
    let (hub, actor) = super::guard::actor().await?;
    let n_active = hub::admin::calls::active(&hub, &actor).len();
    Ok(Session {
        origin: super::guard::origin(&super::guard::parts()?),
        n_active: u32::try_from(n_active).unwrap_or(u32::MAX),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        feed,
    })
}

/// Trades the admin token for a session, and goes on to `next`.
#[server]
pub(crate) async fn log_in(token: String, #[server(default)] next: String) -> Answer<()> {
    use super::guard;
    let parts = guard::parts()?;
    guard::same_origin(&parts.headers).map_err(guard::refuse)?;
    let hub: hub::hub::Hub = expect_context();
    let client = guard::client(&parts);
    let agent = parts.headers.get("user-agent").and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let session = hub::admin::login::login(&hub, token.trim(), client.address, agent).await.map_err(guard::refuse)?;
    guard::set_session(&hub, client, session.cookie.expose(), session.expires_at);
    leptos_axum::redirect(&crate::query::safe_path(&next));
    Ok(())
}

/// Ends the session.
#[server]
pub(crate) async fn log_out() -> Answer<()> {
    use super::guard;
    let parts = guard::parts()?;
    guard::same_origin(&parts.headers).map_err(guard::refuse)?;
    let hub: hub::hub::Hub = expect_context();
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
    if let Some(language) = crate::text::Language::of(&language) {
        super::guard::remember(LANGUAGE_COOKIE, language.tag());
    }
    if let Some(theme) = Theme::of(&theme) {
        super::guard::remember(THEME_COOKIE, theme.name());
    }
    Ok(())
}
