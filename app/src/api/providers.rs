//! Providers.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Answer, limits::LimitForm};

/// A provider as its form sends it: each field bears the name of the one it sets. Times are in seconds here.
#[cfg_attr(not(feature = "ssr"), expect(dead_code, reason = "the browser sends the form itself"))]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ProviderForm {
    /// Empty for a new one.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) base_url: String,
    pub(crate) secret: String,
    pub(crate) enabled: Option<String>,
    pub(crate) priority: String,
    pub(crate) weight: String,
    pub(crate) group: String,
    pub(crate) cost_multiplier: String,
    pub(crate) models: String,
    pub(crate) redirects: String,
    pub(crate) group_priorities: String,
    pub(crate) prefix: String,
    pub(crate) active_from: String,
    pub(crate) active_to: String,
    pub(crate) max_attempts: String,
    pub(crate) breaker_failures: String,
    pub(crate) breaker_open_s: String,
    pub(crate) breaker_successes: String,
    pub(crate) probe: Option<String>,
    pub(crate) message_queue: Option<String>,
    pub(crate) failure_rules: String,
    pub(crate) proxy_url: String,
    pub(crate) connect_timeout_ms: String,
    pub(crate) first_byte_timeout_ms: String,
    pub(crate) idle_timeout_ms: String,
    pub(crate) total_timeout_ms: String,
    pub(crate) headers: String,
    pub(crate) on_client_gone: String,
    pub(crate) limits: LimitForm,
}

/// Makes or changes a provider. Goes on to a new one's page.
#[server]
pub(crate) async fn save_provider(form: ProviderForm) -> Answer<()> {
    use super::guard;
    let (hub, actor) = guard::actor_for_change().await?;
    if form.id.is_empty() {
        let new = super::forms::provider::create(&form).map_err(guard::refuse)?;
        let provider = hub::admin::providers::create(&hub, &actor, new).await.map_err(guard::refuse)?;
        leptos_axum::redirect(&format!("/providers/{}?new=1", provider.id));
    } else {
        let id = super::forms::id(&form.id, "provider")?;
        let patch = super::forms::provider::patch(&form).map_err(guard::refuse)?;
        hub::admin::providers::update(&hub, &actor, id, patch).await.map_err(guard::refuse)?;
    }
    Ok(())
}

/// Switches a provider on or off.
#[server]
pub(crate) async fn enable_provider(id: String, enabled: bool) -> Answer<()> {
    use hub::domain::{patch::Patch, provider::ProviderPatch};
    let (hub, actor) = super::guard::actor_for_change().await?;
    let patch = ProviderPatch { enabled: Patch::Set(enabled), ..ProviderPatch::default() };
    let id = super::forms::id(&id, "provider")?;
    hub::admin::providers::update(&hub, &actor, id, patch).await.map_err(super::guard::refuse)?;
    Ok(())
}

/// Sets where a provider stands among others, and what its calls cost.
#[server]
pub(crate) async fn place_provider(
    id: String,
    #[server(default)] priority: String,
    #[server(default)] weight: String,
    #[server(default)] cost_multiplier: String,
) -> Answer<()> {
    use super::{forms, guard};
    let (hub, actor) = guard::actor_for_change().await?;
    let id = forms::id(&id, "provider")?;
    let patch = forms::provider::place(&priority, &weight, &cost_multiplier).map_err(guard::refuse)?;
    hub::admin::providers::update(&hub, &actor, id, patch).await.map_err(guard::refuse)?;
    Ok(())
}

/// Pauses a provider until it is resumed.
#[server]
pub(crate) async fn pause_provider(id: String) -> Answer<()> {
    let (hub, actor) = super::guard::actor_for_change().await?;
    let id = super::forms::id(&id, "provider")?;
    let pause = hub::domain::hold::Pause::default();
    hub::admin::holds::pause_provider(&hub, &actor, id, pause).await.map_err(super::guard::refuse)?;
    Ok(())
}

/// Copies a provider. Goes on to the copy's page.
#[server]
pub(crate) async fn clone_provider(id: String) -> Answer<()> {
    let (hub, actor) = super::guard::actor_for_change().await?;
    let id = super::forms::id(&id, "provider")?;
    let asked = hub::domain::provider::many::ProviderClone::default();
    let copy = hub::admin::providers::clone(&hub, &actor, id, asked).await.map_err(super::guard::refuse)?;
    leptos_axum::redirect(&format!("/providers/{}", copy.id));
    Ok(())
}

/// Changes many providers as the query string of the page says that had a look at it. Goes back to the list, and says
/// how many it were.
#[server]
pub(crate) async fn change_providers(search: String) -> Answer<String> {
    use super::{drawn, forms::many, guard};
    let (hub, actor) = guard::actor_for_change().await?;
    let map = drawn::parameters(&search);
    let Some(asked) = many::provider_bulk(&map, false, drawn::clock(&hub)).map_err(many::FieldFaults::refuse)? else {
        return Ok(String::new());
    };
    let report = hub::admin::providers::bulk(&hub, &actor, asked).await.map_err(guard::refuse)?;
    leptos_axum::redirect("/providers");
    Ok((drawn::words().many.changed)(report.n_changed))
}

/// Ends a hold; a pause too.
#[server]
pub(crate) async fn end_hold(id: String) -> Answer<()> {
    let (hub, actor) = super::guard::actor_for_change().await?;
    let id = super::forms::id(&id, "hold")?;
    hub::admin::holds::end(&hub, &actor, id).await.map_err(super::guard::refuse)
}

/// Says what the rules of a form make of a model, as HTML.
#[server]
pub(crate) async fn try_model(form: ProviderForm, #[server(default)] model: String) -> Answer<String> {
    use super::{drawn, forms::provider, guard};
    guard::actor_for_change().await?;
    let trial = provider::try_model(&form, &model).map_err(guard::refuse)?;
    Ok(drawn::in_words(|text| (None, crate::drawn::trial::model(text, &trial))).html)
}

/// Says whether the server that a form names is reached through the form's proxy, as HTML.
#[server]
pub(crate) async fn try_proxy(form: ProviderForm) -> Answer<String> {
    use super::{drawn, guard};
    use hub::{
        admin::providers::{test_new_proxy, test_proxy},
        domain::provider::many::{NewProxyTest, ProxyTest},
    };
    let (hub, actor) = guard::actor_for_change().await?;
    let (base_url, proxy_url) = (form.base_url, Some(form.proxy_url));
    let result = if form.id.is_empty() {
        test_new_proxy(&hub, &actor, NewProxyTest { base_url, proxy_url }).await
    } else {
        let id = super::forms::id(&form.id, "provider")?;
        test_proxy(&hub, &actor, id, ProxyTest { proxy_url, base_url: Some(base_url) }).await
    };
    let result = result.map_err(guard::refuse)?;
    Ok(drawn::in_words(|text| (None, crate::drawn::trial::proxy(text, &result))).html)
}

/// Deletes a provider. Goes back to the list.
#[server]
pub(crate) async fn delete_provider(id: String) -> Answer<()> {
    let (hub, actor) = super::guard::actor_for_change().await?;
    let id = super::forms::id(&id, "provider")?;
    hub::admin::providers::delete(&hub, &actor, id).await.map_err(super::guard::refuse)?;
    leptos_axum::redirect("/providers");
    Ok(())
}

/// Makes one real, small call, and says what came back, as HTML.
#[server]
pub(crate) async fn test_provider(id: String, #[server(default)] model: String) -> Answer<String> {
    use super::drawn;
    let (hub, actor) = super::guard::actor_for_change().await?;
    let id = super::forms::id(&id, "provider")?;
    let model = Some(model.trim().to_owned()).filter(|model| !model.is_empty());
    let test = hub::domain::provider::ProviderTest { model };
    let result = hub::admin::providers::test(&hub, &actor, id, test).await.map_err(super::guard::refuse)?;
    Ok(drawn::in_words(|text| (None, crate::drawn::trial::test(text, &result))).html)
}
