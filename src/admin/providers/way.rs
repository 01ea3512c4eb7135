//! The way to a provider, tried out: through its proxy, or through one that is not saved yet.

use super::address;
use crate::{
    admin::{actor::Admin, change, fault},
    clock,
    domain::{
        fault::Fault,
        id::ProviderId,
        provider::many::{ProxyTest, ProxyTestResult},
    },
    hub::Hub,
    secret::Secret,
    upstream::reach::reach,
};

/// Makes one connection to a provider's server, as calls do, and asks for nothing: its secret does not go along.
///
/// # Errors
/// [`Fault::Invalid`] for a proxy that cannot be one, or whose stored form cannot be opened. What comes of the connection
/// is no error of the test.
pub async fn test_proxy(hub: &Hub, actor: &Admin, id: ProviderId, asked: ProxyTest) -> Result<ProxyTestResult, Fault> {
    let mut change = change::begin(hub).await?;
    let stored = change.lock_provider(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("provider"))?;
    let masked = stored.provider.proxy_url;
    let (proxy, shown) = match asked.proxy_url.map(|url| url.trim().to_owned()) {
        Some(url) if url.is_empty() => (None, None),
        Some(url) if Some(&url) != masked.as_ref() => {
            let proxy = address::proxy_url(&url)?;
            (Some(Secret::new(proxy.url)), Some(proxy.masked))
        }
        _ => {
            let opened = stored.proxy_sealed.map(|sealed| hub.sealer.open("proxy", &sealed)).transpose();
            (opened.map_err(|error| Fault::invalid("proxy_url", error.to_string()))?, masked)
        }
    };
    // On record before the connection: it shows where an operator made the hub connect to.
    let mut entry = actor.entry("provider.test_proxy", &id);
    entry.after = Some(serde_json::json!({ "proxy_url": shown }));
    change.audit(entry).await.map_err(fault::store)?;
    change.commit_quietly().await.map_err(fault::store)?;
    let base = stored.provider.base_url;
    let began = clock::instant();
    let reached = reach(&base, proxy.as_ref(), stored.provider.connect_timeout_ms).await;
    let (status, error) = match reached {
        Ok(status) => (Some(status), None),
        Err(why) => (None, Some(why)),
    };
    Ok(ProxyTestResult {
        ok: error.is_none(),
        origin: address::origin(&base),
        proxy_url: shown,
        status,
        error,
        duration_ms: clock::ms_since(began),
    })
}
