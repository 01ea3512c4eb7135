//! Configured places to send calls.

mod address;
mod draft;
mod many;
mod routing;
pub mod traffic;
mod trial;
mod way;

use std::time::Duration;

pub use self::{
    many::{bulk, clone},
    trial::try_model,
    way::{test_new_proxy, test_proxy},
};
use super::{
    actor::{Admin, shown},
    change, check, fault, holds, page,
};
use crate::{
    clock,
    domain::{
        fault::Fault,
        id::ProviderId,
        page::Page,
        patch::{NewSecret, Patch},
        provider::{Provider, ProviderCreate, ProviderPatch, ProviderTest, ProviderTestResult, many::ProviderQuery},
    },
    hub::Hub,
    relay::probe,
    secret,
    store::providers::Sealed,
};

/// How long a test call may take.
const TEST_PATIENCE: Duration = Duration::from_mins(1);

/// A page of the providers, by id.
pub async fn list(hub: &Hub, _actor: &Admin, query: &ProviderQuery) -> Result<Page<Provider>, Fault> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?.unwrap_or_default();
    let filter = many::checked(&query.filter())?;
    let providers = hub.store.list_providers(after, page::rows(limit), &filter).await.map_err(fault::store)?;
    Ok(page::cut(providers, limit, |provider| provider.id.to_string()))
}

/// One provider.
pub async fn find(hub: &Hub, _actor: &Admin, id: ProviderId) -> Result<Provider, Fault> {
    hub.store.find_provider(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("provider"))
}

/// Makes a provider.
pub async fn create(hub: &Hub, actor: &Admin, mut new: ProviderCreate) -> Result<Provider, Fault> {
    let proxy = new.proxy_url.take().map(|url| seal_proxy(hub, &url)).transpose()?;
    let secret = seal_secret(hub, &new.secret)?;
    let mut provider = draft::checked(draft::made(new, clock::now()))?;
    address::not_of_a_call(&provider.base_url)?;
    provider.secret_preview.clone_from(&secret.shown);
    provider.proxy_url = proxy.as_ref().map(|proxy| proxy.shown.clone());
    let mut change = change::begin(hub).await?;
    change.ensure_groups(&provider.group).await.map_err(fault::store)?;
    provider.id = change.insert_provider(&provider, &secret).await.map_err(fault::store)?;
    if proxy.is_some() {
        change.set_provider_proxy(provider.id, proxy.as_ref()).await.map_err(fault::store)?;
    }
    let mut entry = actor.entry("provider.create", &provider.id);
    entry.after = shown(&provider);
    change::commit(hub, change, entry).await?;
    Ok(provider)
}

/// Changes what `patch` names.
///
/// # Errors
/// [`Fault::Invalid`] for the field `secret` if the base URL moves to another server and the secret is not given
/// again: whoever may edit a provider must not be able to send its secret elsewhere (docs/rules.md, Edge and security).
pub async fn update(hub: &Hub, actor: &Admin, id: ProviderId, mut patch: ProviderPatch) -> Result<Provider, Fault> {
    let secret = check::not_cleared("secret", std::mem::take(&mut patch.secret))?;
    let secret = secret.map(|secret| seal_secret(hub, &secret)).transpose()?;
    let proxy = std::mem::take(&mut patch.proxy_url);
    let mut change = change::begin(hub).await?;
    let stored = change.lock_provider(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("provider"))?;
    let before = stored.provider;
    let mut provider = draft::checked(draft::patched(before.clone(), patch)?)?;
    if secret.is_none() && !address::is_same_server(&before.base_url, &provider.base_url) {
        return Err(Fault::invalid("secret", "must be given again when the base URL's scheme, host or port changes"));
    }
    provider.updated_at = clock::now();
    change.ensure_groups(&provider.group).await.map_err(fault::store)?;
    change.update_provider(&provider).await.map_err(fault::store)?;
    let is_secret_new = secret.is_some();
    if let Some(secret) = secret {
        change.set_provider_secret(id, &secret).await.map_err(fault::store)?;
        provider.secret_preview = secret.shown;
    }
    let proxy = new_proxy(hub, proxy, before.proxy_url.as_deref())?;
    let is_proxy_new = !proxy.is_keep();
    if is_proxy_new {
        let mut sealed = None;
        proxy.apply(&mut sealed);
        change.set_provider_proxy(id, sealed.as_ref()).await.map_err(fault::store)?;
        provider.proxy_url = sealed.map(|proxy| proxy.shown);
    }
    let mut entry = actor.entry("provider.update", &id);
    (entry.before, entry.after) = (shown(&before), shown(&provider));
    let ended = holds::end_edited(hub, &mut change, (&before, &provider), (is_secret_new, is_proxy_new)).await?;
    change::commit(hub, change, entry).await?;
    holds::ended(hub, &ended);
    Ok(provider)
}

/// Deletes a provider. It gets no calls from now on; what it did stays on record under its name.
pub async fn delete(hub: &Hub, actor: &Admin, id: ProviderId) -> Result<(), Fault> {
    let mut change = change::begin(hub).await?;
    let stored = change.lock_provider(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("provider"))?;
    change.delete_provider(id).await.map_err(fault::store)?;
    let mut entry = actor.entry("provider.delete", &id);
    entry.before = shown(&stored.provider);
    change::commit(hub, change, entry).await
}

/// Makes one small real call to a provider, enabled or not, and says what came back.
pub async fn test(hub: &Hub, actor: &Admin, id: ProviderId, test: ProviderTest) -> Result<ProviderTestResult, Fault> {
    let provider = find(hub, actor, id).await?;
    let model = match test.model {
        Some(model) => check::line("model", &model, draft::MODEL_CHARS_MAX)?,
        None => usual_model(hub, id),
    };
    // On record before the call, which spends money: it is known who did so even if this replica stops meanwhile.
    let mut change = change::begin(hub).await?;
    let mut entry = actor.entry("provider.test", &provider.id);
    entry.after = Some(serde_json::json!({ "model": model }));
    change.audit(entry).await.map_err(fault::store)?;
    change.commit_quietly().await.map_err(fault::store)?;
    probe::probe(hub, id, probe::Asked::AsAsked(&model), TEST_PATIENCE).await
}

/// What a provider is asked for where nobody says.
fn usual_model(hub: &Hub, id: ProviderId) -> String {
    let snapshot = hub.snapshot.load();
    let upstream = snapshot.upstream(id);
    upstream.map_or(snapshot.settings.probe_model.as_str(), |upstream| snapshot.usual_model(upstream)).to_owned()
}

/// A secret on its way into the store.
fn seal_secret(hub: &Hub, secret: &NewSecret) -> Result<Sealed, Fault> {
    let text = draft::checked_secret(&secret.0)?;
    let sealed = hub.sealer.seal("credential", text).map_err(|error| fault::internal(&error))?;
    Ok(Sealed { sealed, shown: secret::preview(text) })
}

/// A proxy's URL on its way into the store.
fn seal_proxy(hub: &Hub, url: &str) -> Result<Sealed, Fault> {
    let proxy = address::proxy_url(url)?;
    let sealed = hub.sealer.seal("proxy", &proxy.url).map_err(|error| fault::internal(&error))?;
    Ok(Sealed { sealed, shown: proxy.masked })
}

/// The change of a proxy. Its masked form read back keeps it.
fn new_proxy(hub: &Hub, patch: Patch<String>, masked: Option<&str>) -> Result<Patch<Sealed>, Fault> {
    match patch {
        Patch::Keep => Ok(Patch::Keep),
        Patch::Clear => Ok(Patch::Clear),
        Patch::Set(url) if Some(url.as_str()) == masked => Ok(Patch::Keep),
        Patch::Set(url) => seal_proxy(hub, &url).map(Patch::Set),
    }
}
