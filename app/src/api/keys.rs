//! Keys.

#[cfg(feature = "ssr")]
use hub::domain::id::UserId;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Answer, limits::LimitForm};

/// A key as its form sends it.
#[cfg_attr(not(feature = "ssr"), expect(dead_code, reason = "the browser sends the form itself"))]
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

/// The answer to a form that has made a secret, which is nowhere else: how the page of the form shows it. Without script
/// it is the secret alone, which `server/secret.rs` shows.
#[cfg(feature = "ssr")]
fn shown(secret: String, user: UserId) -> Answer<String> {
    let parts = super::guard::parts()?;
    if super::guard::is_plain_form(&parts) {
        return Ok(secret);
    }
    let (origin, back) = (super::guard::origin(&parts), format!("/users/{user}"));
    let panel = |text| (None, crate::drawn::secret::panel(text, secret, &origin, back));
    Ok(super::drawn::in_words(panel).html)
}

/// Makes a key. The answer has its secret.
#[server]
pub(crate) async fn create_key(form: KeyForm) -> Answer<String> {
    use super::guard;
    let (hub, actor) = guard::actor_for_change().await?;
    let user = super::forms::id(&form.id, "user")?;
    let new = super::forms::key_create(&form, super::drawn::clock(&hub)).map_err(guard::refuse)?;
    let made = hub::admin::keys::create(&hub, &actor, user, new).await.map_err(guard::refuse)?;
    shown(made.key, user)
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

/// Gives a key another secret; calls may come with the one before for so many seconds more. The answer has the new one.
#[server]
pub(crate) async fn rotate_key(id: String, grace: String) -> Answer<String> {
    use super::guard;
    let (hub, actor) = guard::actor_for_change().await?;
    let id = super::forms::id(&id, "key")?;
    let rotation = super::forms::rotation(&grace).map_err(guard::refuse)?;
    let rotated = hub::admin::keys::rotate(&hub, &actor, id, rotation).await.map_err(guard::refuse)?;
    shown(rotated.key, rotated.stored.user_id)
}

/// Changes many keys as the query string of the page says that had a look at it. Goes back to where they were chosen, the
/// list of all or the user of the first, and says how many it were.
#[server]
pub(crate) async fn change_keys(search: String) -> Answer<String> {
    use super::{drawn, forms::many, guard};
    let (hub, actor) = guard::actor_for_change().await?;
    let map = drawn::parameters(&search);
    let Some(asked) = many::key_bulk(&map, false, drawn::clock(&hub)).map_err(many::FieldFaults::refuse)? else {
        return Ok(String::new());
    };
    let first = asked.ids.first().copied().unwrap_or_default();
    let report = hub::admin::keys::bulk(&hub, &actor, asked).await.map_err(guard::refuse)?;
    if map.get_str("from") == Some(crate::drawn::keys::FROM) {
        leptos_axum::redirect(crate::drawn::keys::PATH);
    } else {
        let key = hub::admin::keys::find(&hub, &actor, first).await.map_err(guard::refuse)?;
        leptos_axum::redirect(&format!("/users/{}", key.user_id));
    }
    Ok((drawn::words().many.changed)(report.n_changed))
}

/// Deletes a key.
#[server]
pub(crate) async fn delete_key(id: String, user_id: String) -> Answer<()> {
    let (hub, actor) = super::guard::actor_for_change().await?;
    let id = super::forms::id(&id, "key")?;
    let user: UserId = super::forms::id(&user_id, "user")?;
    hub::admin::keys::delete(&hub, &actor, id).await.map_err(super::guard::refuse)?;
    leptos_axum::redirect(&format!("/users/{user}"));
    Ok(())
}
