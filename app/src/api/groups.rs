//! Groups.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Answer;

/// A group as its form sends it.
#[cfg_attr(not(feature = "ssr"), expect(dead_code, reason = "the browser sends the form itself"))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct GroupForm {
    /// True for a new one.
    pub(crate) is_new: Option<String>,
    pub(crate) name: String,
    pub(crate) priority: String,
    pub(crate) cost_multiplier: String,
    pub(crate) note: String,
}

/// Makes or changes a group.
#[server]
pub(crate) async fn save_group(form: GroupForm) -> Answer<()> {
    use super::{forms, guard};
    use hub::admin::groups;
    let (hub, actor) = guard::actor_for_change().await?;
    if form.is_new.is_some() {
        let new = forms::group_create(form).map_err(guard::refuse)?;
        groups::create(&hub, &actor, new).await.map_err(guard::refuse)?;
    } else {
        let name = form.name.clone();
        let patch = forms::group_patch(form).map_err(guard::refuse)?;
        groups::update(&hub, &actor, &name, patch).await.map_err(guard::refuse)?;
    }
    leptos_axum::redirect("/providers");
    Ok(())
}

/// Pauses a group until it is resumed.
#[server]
pub(crate) async fn pause_group(name: String) -> Answer<()> {
    let (hub, actor) = super::guard::actor_for_change().await?;
    let pause = hub::domain::hold::Pause::default();
    hub::admin::holds::pause_group(&hub, &actor, &name, pause).await.map_err(super::guard::refuse)?;
    Ok(())
}

/// Deletes a group that nobody names.
#[server]
pub(crate) async fn delete_group(name: String) -> Answer<()> {
    let (hub, actor) = super::guard::actor_for_change().await?;
    hub::admin::groups::delete(&hub, &actor, &name).await.map_err(super::guard::refuse)?;
    leptos_axum::redirect("/providers");
    Ok(())
}
