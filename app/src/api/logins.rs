//! Logins of the console, and passwords.

use leptos::prelude::*;

use super::Answer;

/// Ends a login.
#[server]
pub(crate) async fn end_login(id: String) -> Answer<()> {
    use super::{forms, guard};
    let (hub, actor) = guard::actor_for_change().await?;
    let id = forms::id(&id, "login")?;
    hub::admin::console_sessions::end(&hub, &actor, id).await.map_err(guard::refuse)
}

/// Ends all logins, or all of a user, but the one that asks. Goes back to the page that they are on.
#[server]
pub(crate) async fn end_logins(#[server(default)] user_id: String) -> Answer<()> {
    use super::{forms, guard};
    use hub::domain::{console_session::ConsoleSessionEnd, id::UserId};
    let (hub, actor) = guard::actor_for_change().await?;
    let user_id: Option<UserId> = if user_id.is_empty() { None } else { Some(forms::id(&user_id, "user")?) };
    let page = user_id.map_or_else(|| "/logins".to_owned(), |id| format!("/users/{id}"));
    let which = ConsoleSessionEnd { user_id };
    hub::admin::console_sessions::end_others(&hub, &actor, &which).await.map_err(guard::refuse)?;
    leptos_axum::redirect(&page);
    Ok(())
}

/// Ends one of one's own logins.
#[server]
pub(crate) async fn end_own_login(id: String) -> Answer<()> {
    use super::{forms, guard};
    let (hub, person) = guard::person_for_change().await?;
    let id = forms::id(&id, "login")?;
    hub::admin::console_sessions::end_own(&hub, &person, id).await.map_err(guard::refuse)
}

/// Ends all of one's own logins but the one that asks. Goes back to the page that they are on.
#[server]
pub(crate) async fn end_own_logins() -> Answer<()> {
    let (hub, person) = super::guard::person_for_change().await?;
    hub::admin::console_sessions::end_own_others(&hub, &person).await.map_err(super::guard::refuse)?;
    leptos_axum::redirect("/me/logins");
    Ok(())
}

/// Gives a user a password for the console.
#[server]
pub(crate) async fn set_password(id: String, password: String) -> Answer<()> {
    use super::{forms, guard};
    let (hub, actor) = guard::actor_for_change().await?;
    let id = forms::id(&id, "user")?;
    let new = hub::domain::user::PasswordSet { password };
    hub::admin::password::set(&hub, &actor, id, new).await.map_err(guard::refuse)?;
    leptos_axum::redirect(&format!("/users/{id}?done=password"));
    Ok(())
}

/// Takes a user's password away.
#[server]
pub(crate) async fn clear_password(id: String) -> Answer<()> {
    use super::{forms, guard};
    let (hub, actor) = guard::actor_for_change().await?;
    let id = forms::id(&id, "user")?;
    hub::admin::password::clear(&hub, &actor, id).await.map_err(guard::refuse)?;
    leptos_axum::redirect(&format!("/users/{id}?done=password"));
    Ok(())
}

/// Changes one's own password.
#[server]
pub(crate) async fn change_password(old_password: String, password: String) -> Answer<()> {
    use super::guard;
    let (hub, person) = guard::person_for_change().await?;
    let new = hub::domain::user::PasswordChange { old_password, password };
    hub::admin::password::change(&hub, &person, new).await.map_err(guard::refuse)?;
    leptos_axum::redirect("/me/logins?done=password");
    Ok(())
}
