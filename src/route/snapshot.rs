//! Everything routing needs, as one immutable value, swapped on every write of an operator.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
};

use anyhow::Context;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;

use super::rules::Matcher;
use crate::{
    domain::{
        group::DEFAULT_GROUP,
        id::CredentialId,
        key::ApiKey,
        money::Multiplier,
        price::{ModelPrice, Price},
        provider::Provider,
        settings::{BillBy, Settings},
        user::User,
    },
    hub::Hub,
    secret::{Sealer, Secret, SecretHash},
    store::snapshot::{Loaded, StoredProvider},
    upstream::client::Clients,
};

/// Milliseconds to establish a connection when a provider says nothing (docs/rules.md, Routing).
const CONNECT_TIMEOUT_MS: u32 = 10_000;

/// One version of everything routing needs. A call keeps the one it began with.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Keys that are not deleted, by the hash of their secret.
    pub callers: HashMap<SecretHash, Arc<Caller>>,
    /// Providers that are not deleted, disabled ones too: the decision chain says why they were left out.
    pub upstreams: Vec<Arc<Upstream>>,
    /// What models cost.
    pub prices: HashMap<String, Price>,
    /// What operators have set.
    pub settings: Settings,
    /// The names of the settings that have a row.
    pub settings_stored: Vec<String>,
    /// Where days, weeks and months begin.
    pub zone: Tz,
    /// True if anybody has a limit that must never be overshot: only then requests are read for what they can cost.
    pub has_hard_limits: bool,
}

/// What a call costs at a provider.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Dollars per million tokens.
    pub price: Price,
    /// True if the model has no price and the default of the settings is applied.
    pub unpriced: bool,
    /// The factor on it.
    pub multiplier: Multiplier,
}

/// The proven identity of a call.
#[derive(Debug)]
pub struct Caller {
    /// The key it came with.
    pub key: ApiKey,
    /// Whose key it is.
    pub user: Arc<User>,
}

impl Caller {
    /// The groups the caller may use: its key's, else its user's, else the default.
    pub fn groups(&self) -> Vec<String> {
        let named = if self.key.group.is_empty() { &self.user.group } else { &self.key.group };
        if named.is_empty() { vec![DEFAULT_GROUP.to_owned()] } else { named.clone() }
    }

    /// True if `expires_at` has come.
    pub fn is_past(expires_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
        expires_at.is_some_and(|expires_at| expires_at <= now)
    }
}

/// A provider, ready to be used.
#[derive(Debug)]
pub struct Upstream {
    /// As it is configured.
    pub provider: Provider,
    /// The groups it belongs to, never empty.
    pub groups: Vec<String>,
    /// Where it is.
    pub base_url: Url,
    /// Its fixed extra headers.
    pub headers: HeaderMap,
    /// Which models it serves; empty means all.
    pub models: Vec<Matcher>,
    /// Models it knows under another name.
    pub redirects: Vec<(Matcher, String)>,
    /// The id of its secret.
    pub credential_id: CredentialId,
    /// Its secret; none if the master key does not open it.
    pub secret: Option<Secret>,
    /// Its connections, or why there can be none.
    pub client: Result<reqwest::Client, String>,
}

impl Upstream {
    /// The model that is sent for the model asked for: the first redirect that matches decides.
    pub fn model_sent<'a>(&'a self, model: &'a str) -> &'a str {
        self.redirects.iter().find(|(from, _)| from.admits(model)).map_or(model, |(_, to)| to)
    }
}

impl Snapshot {
    /// Makes a snapshot of what the store holds. What cannot be used is left out with a warning, and never fails the
    /// rest.
    ///
    /// `zone` is where days begin unless the settings say otherwise.
    pub fn build(loaded: Loaded, zone: Tz, sealer: &Sealer, clients: &Clients) -> Self {
        let mut settings = Settings::default();
        let mut settings_stored = Vec::new();
        for (name, value) in loaded.settings {
            match settings.set(&name, &value) {
                Ok(()) => settings_stored.push(name),
                Err(error) => tracing::warn!(setting = name, %error, "a stored setting is not used"),
            }
        }
        let callers = loaded.keys.into_iter().map(|(hash, key, user)| (hash, Arc::new(Caller { key, user })));
        let upstreams = loaded.providers.into_iter().filter_map(|stored| {
            let name = stored.provider.name.clone();
            match upstream(stored, sealer, clients) {
                Ok(upstream) => Some(Arc::new(upstream)),
                Err(error) => {
                    tracing::warn!(provider.name = name, error = %format!("{error:#}"), "a stored provider is not used");
                    None
                }
            }
        });
        let callers: HashMap<_, Arc<Caller>> = callers.collect();
        let upstreams: Vec<Arc<Upstream>> = upstreams.collect();
        let has_hard_limits =
            callers.values().any(|caller| caller.key.limits.is_hard() || caller.user.limits.is_hard())
                || upstreams.iter().any(|upstream| upstream.provider.limits.is_hard());
        Self {
            zone: settings.time_zone.parse().unwrap_or(zone),
            has_hard_limits,
            callers,
            upstreams,
            prices: loaded.prices.into_iter().map(|ModelPrice { model, price, .. }| (model, price)).collect(),
            settings,
            settings_stored,
        }
    }

    /// What `model`, as the client asks for it, costs at `upstream`.
    pub fn offer(&self, upstream: &Upstream, model: &str) -> Offer {
        let billed = match self.settings.bill_by {
            BillBy::Sent => upstream.model_sent(model),
            BillBy::Asked => model,
        };
        let (price, unpriced) = self.price(billed);
        Offer { price, unpriced, multiplier: upstream.provider.cost_multiplier }
    }

    /// The price of a model: its own, else that of its name without a date (`-20250929`) or `-latest`; else the
    /// default of the settings, and true.
    pub fn price(&self, model: &str) -> (Price, bool) {
        let undated = || {
            let (name, date) = model.rsplit_once(['-', '@'])?;
            let is_date = date == "latest" || (date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()));
            is_date.then(|| self.prices.get(name)).flatten()
        };
        match self.prices.get(model).or_else(undated) {
            Some(price) => (*price, false),
            None => (self.settings.default_price, true),
        }
    }
}

/// Makes a provider ready to be used.
fn upstream(stored: StoredProvider, sealer: &Sealer, clients: &Clients) -> anyhow::Result<Upstream> {
    let StoredProvider { provider, credential_id, secret_sealed, proxy_sealed } = stored;
    let secret = sealer.open("credential", &secret_sealed).ok();
    if secret.is_none() {
        tracing::warn!(provider.name = provider.name, "the secret of a provider cannot be opened");
    }
    let proxy = proxy_sealed.map(|sealed| sealer.open("proxy", &sealed)).transpose();
    let connect_timeout_ms = provider.connect_timeout_ms.unwrap_or(CONNECT_TIMEOUT_MS);
    let client = match proxy {
        Ok(proxy) => clients.get(proxy.as_ref(), connect_timeout_ms),
        Err(error) => Err(error.to_string()),
    };
    let compile = |rule| Matcher::compile(rule).map_err(anyhow::Error::msg);
    let models = provider.models.iter().map(compile).collect::<anyhow::Result<_>>()?;
    let redirects = provider.redirects.iter().map(|redirect| Ok((compile(&redirect.from)?, redirect.to.clone())));
    let redirects = redirects.collect::<anyhow::Result<_>>()?;
    let mut headers = HeaderMap::new();
    for (name, value) in &provider.headers {
        headers.insert(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(value)?);
    }
    let base_url: Url = provider.base_url.parse().context("base_url")?;
    let groups = if provider.group.is_empty() { vec![DEFAULT_GROUP.to_owned()] } else { provider.group.clone() };
    Ok(Upstream { provider, groups, base_url, headers, models, redirects, credential_id, secret, client })
}

/// Reads everything again and swaps it in: the next call sees it. Wishes that come while another waits are fulfilled by
/// one reading.
pub async fn reload(hub: &Hub) -> anyhow::Result<()> {
    let wish = hub.reloads_wished.fetch_add(1, Ordering::AcqRel) + 1;
    // One at a time, so that an older reading never replaces a newer one.
    let mut fulfilled = hub.reloading.lock().await;
    if *fulfilled >= wish {
        return Ok(());
    }
    let wishes = hub.reloads_wished.load(Ordering::Acquire);
    let loaded = hub.store.load_snapshot().await?;
    let snapshot = Snapshot::build(loaded, hub.config.time_zone, &hub.sealer, &hub.clients);
    hub.state.wait_at_most(snapshot.settings.redis_wait_ms);
    hub.snapshot.store(Arc::new(snapshot));
    *fulfilled = wishes;
    hub.live.configuration_changed();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dated_name_costs_what_the_undated_one_costs() {
        let price = Price { input: "3".parse().unwrap(), ..Price::default() };
        let snapshot =
            Snapshot { prices: HashMap::from([("claude-sonnet-4-5".to_owned(), price)]), ..Snapshot::default() };
        for model in [
            "claude-sonnet-4-5",
            "claude-sonnet-4-5-20250929",
            "claude-sonnet-4-5@20250929",
            "claude-sonnet-4-5-latest",
        ] {
            assert_eq!(snapshot.price(model), (price, false), "{model}");
        }
        for model in ["claude-sonnet-4-5-fast", "claude-sonnet-4", "unheard-of", ""] {
            assert_eq!(snapshot.price(model), (Settings::default().default_price, true), "{model}");
        }
    }
}
