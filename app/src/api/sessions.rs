//! Sessions of clients.

#[cfg(feature = "ssr")]
use hub::domain::{page::Page, session::Session};
use leptos::prelude::*;

use super::Answer;

/// A page of active sessions.
#[cfg(feature = "ssr")]
pub(super) async fn list(cursor: Option<String>) -> Answer<Page<Session>> {
    let (hub, actor) = super::guard::actor().await?;
    let query = hub::domain::page::PageQuery { limit: Some(100), cursor };
    hub::admin::sessions::list(&hub, &actor, &query).await.map_err(super::guard::refuse)
}

/// Ends a session. Goes back to the list.
#[server]
pub(crate) async fn end_session(id: String) -> Answer<()> {
    use super::guard;
    let (hub, actor) = guard::actor_for_change().await?;
    let id = id.parse().map_err(guard::refuse)?;
    hub::admin::sessions::end(&hub, &actor, &id).await.map_err(guard::refuse)?;
    leptos_axum::redirect("/sessions");
    Ok(())
}
