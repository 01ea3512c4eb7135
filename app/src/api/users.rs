//! Users.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Answer, limits::LimitForm};

/// A user as the form sends it.
#[cfg_attr(not(feature = "ssr"), expect(dead_code, reason = "the browser sends the form itself"))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct UserForm {
    /// Empty for a new one.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) note: String,
    pub(crate) enabled: Option<String>,
    pub(crate) role: String,
    pub(crate) group: String,
    pub(crate) tags: String,
    pub(crate) expires: String,
    pub(crate) limits: LimitForm,
}

/// Makes or changes a user. Goes on to a new one's page.
#[server]
pub(crate) async fn save_user(form: UserForm) -> Answer<()> {
    use super::guard;
    let (hub, actor) = guard::actor_for_change().await?;
    if form.id.is_empty() {
        let new = super::forms::user_create(form, super::drawn::clock(&hub)).map_err(guard::refuse)?;
        let user = hub::admin::users::create(&hub, &actor, new).await.map_err(guard::refuse)?;
        leptos_axum::redirect(&format!("/users/{}", user.id));
    } else {
        let id = super::forms::id(&form.id, "user")?;
        let before = hub::admin::users::find(&hub, &actor, id).await.map_err(guard::refuse)?;
        let patch = super::forms::user_patch(form, &before, super::drawn::clock(&hub)).map_err(guard::refuse)?;
        hub::admin::users::update(&hub, &actor, id, patch).await.map_err(guard::refuse)?;
    }
    Ok(())
}

/// Gives a user so many days more, or time until the end of a day.
#[server]
pub(crate) async fn renew_user(
    id: String,
    #[server(default)] days: String,
    #[server(default)] until: String,
) -> Answer<()> {
    use super::{drawn, forms, guard};
    let (hub, actor) = guard::actor_for_change().await?;
    let id = forms::id(&id, "user")?;
    let renewal = forms::renewal(&days, &until, drawn::clock(&hub)).map_err(guard::refuse)?;
    hub::admin::users::renew(&hub, &actor, id, renewal).await.map_err(guard::refuse)?;
    Ok(())
}

/// Sets one limit of a user by its field; an empty amount takes it away.
#[server]
pub(crate) async fn limit_user(id: String, field: String, #[server(default)] amount: String) -> Answer<()> {
    use super::{AppError, drawn, forms, guard};
    let (hub, actor) = guard::actor_for_change().await?;
    let id = forms::id(&id, "user")?;
    // The form has one field for the amount of whichever limit. What is said of it names the limit all the same.
    let refuse = |fault| match guard::refuse(fault) {
        error if error.field.as_ref() == Some(&field) => AppError { field: Some("amount".to_owned()), ..error },
        error => error,
    };
    let patch = forms::many::one_limit(&field, &amount, drawn::clock(&hub)).map_err(refuse)?;
    hub::admin::users::update(&hub, &actor, id, patch).await.map_err(refuse)?;
    Ok(())
}

/// Changes many users as the query string of the page says that had a look at it. Goes back to the list, and says
/// how many it were.
#[server]
pub(crate) async fn change_users(search: String) -> Answer<String> {
    use super::{drawn, forms::many, guard};
    let (hub, actor) = guard::actor_for_change().await?;
    let map = drawn::parameters(&search);
    let Some(asked) = many::user_bulk(&map, false, drawn::clock(&hub)).map_err(many::FieldFaults::refuse)? else {
        return Ok(String::new());
    };
    let report = hub::admin::users::bulk(&hub, &actor, asked).await.map_err(guard::refuse)?;
    leptos_axum::redirect("/users");
    Ok((drawn::words().many.changed)(report.n_changed))
}

/// Deletes a user and all their keys. Goes back to the list.
#[server]
pub(crate) async fn delete_user(id: String) -> Answer<()> {
    let (hub, actor) = super::guard::actor_for_change().await?;
    let id = super::forms::id(&id, "user")?;
    hub::admin::users::delete(&hub, &actor, id).await.map_err(super::guard::refuse)?;
    leptos_axum::redirect("/users");
    Ok(())
}
