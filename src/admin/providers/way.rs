//! The way to a provider, tried out: through its proxy, or through one that is not saved yet; to a provider that is there,
//! or to one that is being made.

use super::address;
use crate::{
    admin::{actor::Admin, change, fault},
    clock,
    domain::{
        fault::Fault,
        id::ProviderId,
        provider::many::{NewProxyTest, ProxyTest, ProxyTestResult},
    },
    hub::Hub,
    secret::Secret,
    store::{audit::AuditEntry, change::Change},
    upstream::reach::reach,
};

/// Makes one connection to a provider's server, as calls do, and asks for nothing: its secret does not go along.
///
/// # Errors
/// [`Fault::Invalid`] for a base URL or a proxy that cannot be one, or whose stored form cannot be opened. What comes of the
/// connection is no error of the test.
pub async fn test_proxy(hub: &Hub, actor: &Admin, id: ProviderId, asked: ProxyTest) -> Result<ProxyTestResult, Fault> {
    let mut change = change::begin(hub).await?;
    let stored = change.lock_provider(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("provider"))?;
    let base = match &asked.base_url {
        Some(url) => address::base_url(url)?,
        None => stored.provider.base_url,
    };
    let masked = stored.provider.proxy_url;
    let (proxy, shown) = match asked.proxy_url.map(|url| url.trim().to_owned()) {
        Some(url) if Some(&url) == masked.as_ref() => (opened(hub, stored.proxy_sealed)?, masked),
        Some(url) => new_proxy(&url)?,
        None => (opened(hub, stored.proxy_sealed)?, masked),
    };
    let way = Way { base, proxy, shown, connect_timeout_ms: stored.provider.connect_timeout_ms };
    way.tried(change, actor.entry("provider.test_proxy", &id)).await
}

/// The same for a provider that is not made yet.
///
/// # Errors
/// [`Fault::Invalid`] for a base URL or a proxy that cannot be one.
pub async fn test_new_proxy(hub: &Hub, actor: &Admin, asked: NewProxyTest) -> Result<ProxyTestResult, Fault> {
    let base = address::base_url(&asked.base_url)?;
    let (proxy, shown) = new_proxy(asked.proxy_url.unwrap_or_default().trim())?;
    let way = Way { base, proxy, shown, connect_timeout_ms: None };
    way.tried(change::begin(hub).await?, actor.entry("provider.test_proxy", &"")).await
}

/// A proxy as it is typed, and as it is shown; an empty one goes straight.
fn new_proxy(url: &str) -> Result<(Option<Secret>, Option<String>), Fault> {
    if url.is_empty() {
        return Ok((None, None));
    }
    let proxy = address::proxy_url(url)?;
    Ok((Some(Secret::new(proxy.url)), Some(proxy.masked)))
}

/// The stored proxy.
fn opened(hub: &Hub, sealed: Option<Vec<u8>>) -> Result<Option<Secret>, Fault> {
    let opened = sealed.map(|sealed| hub.sealer.open("proxy", &sealed)).transpose();
    opened.map_err(|_| Fault::invalid("proxy_url", "cannot be opened with this master key; give it again"))
}

/// A way that is to be tried.
struct Way {
    base: String,
    proxy: Option<Secret>,
    /// The proxy as it is shown.
    shown: Option<String>,
    connect_timeout_ms: Option<u32>,
}

impl Way {
    /// Puts it on record and tries it.
    async fn tried(self, mut change: Change, mut entry: AuditEntry<'_>) -> Result<ProxyTestResult, Fault> {
        // On record before the connection: it shows where an operator made the hub connect to.
        entry.after = Some(serde_json::json!({ "base_url": self.base, "proxy_url": self.shown }));
        change.audit(entry).await.map_err(fault::store)?;
        change.commit_quietly().await.map_err(fault::store)?;
        let began = clock::instant();
        let reached = reach(&self.base, self.proxy.as_ref(), self.connect_timeout_ms).await;
        let (status, error) = match reached {
            Ok(status) => (Some(status), None),
            Err(why) => (None, Some(why)),
        };
        Ok(ProxyTestResult {
            ok: error.is_none(),
            origin: address::origin(&self.base),
            proxy_url: self.shown,
            status,
            cause: error.as_ref().map(|error| error.cause.clone()),
            error: error.map(|error| error.message),
            duration_ms: clock::ms_since(began),
        })
    }
}
