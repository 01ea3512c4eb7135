//! Keys.

use chrono::{DateTime, Utc};
use hub::domain::{key::ApiKey, page::Page};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Answer, limits::LimitForm};

/// A key as its form sends it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct KeyForm {
    /// The key for a change, the user for a new one.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) enabled: Option<String>,
    pub(crate) group: String,
    pub(crate) expires: String,
    pub(crate) models: String,
    pub(crate) clients: String,
    pub(crate) addresses: String,
    pub(crate) limits: LimitForm,
}

/// Keys, and when they were read: what has ended by then is said alike by the server and the browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeyList {
    /// A page of them.
    pub(crate) page: Page<ApiKey>,
    /// The hub's now.
    pub(crate) now: DateTime<Utc>,
}

/// A page of a user's keys.
#[cfg(feature = "ssr")]
pub(super) async fn list(user_id: &str, cursor: Option<String>) -> Answer<KeyList> {
    let (hub, actor) = super::guard::actor().await?;
    let user = super::forms::id(user_id, "user")?;
    let query = hub::domain::page::PageQuery { limit: Some(100), cursor };
    let page = hub::admin::keys::list(&hub, &actor, user, &query).await.map_err(super::guard::refuse)?;
    Ok(KeyList { page, now: hub::clock::now() })
}

/// Makes a key. The answer is its secret, which is nowhere else; without script it is shown by `server/secret.rs`.
#[server]
pub(crate) async fn create_key(form: KeyForm) -> Answer<String> {
    use super::guard;
    let (hub, actor) = guard::actor_for_change().await?;
    let user = super::forms::id(&form.id, "user")?;
    let new = super::forms::key_create(&form, super::drawn::clock(&hub)).map_err(guard::refuse)?;
    let made = hub::admin::keys::create(&hub, &actor, user, new).await.map_err(guard::refuse)?;
    Ok(made.key)
}

/// Changes a key.
#[server]
pub(crate) async fn save_key(form: KeyForm) -> Answer<()> {
    use super::guard;
    let (hub, actor) = guard::actor_for_change().await?;
    let id = super::forms::id(&form.id, "key")?;
    let before = hub::admin::keys::find(&hub, &actor, id).await.map_err(guard::refuse)?;
    let patch = super::forms::key_patch(&form, &before, super::drawn::clock(&hub)).map_err(guard::refuse)?;
    let key = hub::admin::keys::update(&hub, &actor, id, patch).await.map_err(guard::refuse)?;
    leptos_axum::redirect(&format!("/users/{}", key.user_id));
    Ok(())
}

/// Gives a key another secret; calls may come with the one before for so many seconds more. The answer is the new secret,
/// which is nowhere else.
#[server]
pub(crate) async fn rotate_key(id: String, grace: String) -> Answer<String> {
    use super::guard;
    let (hub, actor) = guard::actor_for_change().await?;
    let id = super::forms::id(&id, "key")?;
    let rotation = super::forms::rotation(&grace).map_err(guard::refuse)?;
    let rotated = hub::admin::keys::rotate(&hub, &actor, id, rotation).await.map_err(guard::refuse)?;
    Ok(rotated.key)
}

/// Changes many keys as the query string of the page says that had a look at it. Goes back to the user of the first, and
/// says how many it were.
#[server]
pub(crate) async fn change_keys(search: String) -> Answer<String> {
    use super::{drawn, forms::many, guard};
    let (hub, actor) = guard::actor_for_change().await?;
    let map = drawn::parameters(&search);
    let Some(asked) = many::key_bulk(&map, false, drawn::clock(&hub)).map_err(guard::refuse)? else {
        return Ok(String::new());
    };
    let first = asked.ids.first().copied().unwrap_or_default();
    let report = hub::admin::keys::bulk(&hub, &actor, asked).await.map_err(guard::refuse)?;
    let key = hub::admin::keys::find(&hub, &actor, first).await.map_err(guard::refuse)?;
    leptos_axum::redirect(&format!("/users/{}", key.user_id));
    Ok((drawn::words().many.changed)(report.n_changed))
}

/// Deletes a key.
#[server]
pub(crate) async fn delete_key(id: String, user_id: String) -> Answer<()> {
    let (hub, actor) = super::guard::actor_for_change().await?;
    let id = super::forms::id(&id, "key")?;
    let user: hub::domain::id::UserId = super::forms::id(&user_id, "user")?;
    hub::admin::keys::delete(&hub, &actor, id).await.map_err(super::guard::refuse)?;
    leptos_axum::redirect(&format!("/users/{user}"));
    Ok(())
}
