//! Sessions of clients.

use leptos::prelude::*;

use super::Answer;

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
