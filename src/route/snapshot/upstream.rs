//! A provider as routing needs it.

use std::{collections::HashMap, sync::Arc};

use anyhow::Context;
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;

use crate::{
    domain::{group::DEFAULT_GROUP, id::CredentialId, provider::Provider, rule::ModelRule},
    health::edited::Edited,
    route::{hours::Hours, rules::Matcher},
    secret::{Sealer, Secret},
    store::snapshot::StoredProvider,
    upstream::client::{Client, Clients},
};

/// Milliseconds to establish a connection when a provider says nothing (docs/rules.md, Routing).
const CONNECT_TIMEOUT_MS: u32 = 10_000;

/// A provider, ready to be used.
#[derive(Debug)]
pub struct Upstream {
    /// As it is configured.
    pub provider: Provider,
    /// The groups it belongs to, never empty.
    pub groups: Vec<String>,
    /// Bits of their names: see [`group_bits`].
    pub group_bits: u64,
    /// Where it is.
    pub base_url: Url,
    /// Its fixed extra headers.
    pub headers: HeaderMap,
    /// Which models it serves; empty means all. Providers with the same rules share them.
    pub models: Arc<[Matcher]>,
    /// Models it knows under another name.
    pub redirects: Vec<(Matcher, String)>,
    /// When it is used; none is the whole day.
    pub hours: Option<Hours>,
    /// The id of its secret.
    pub credential_id: CredentialId,
    /// Its secret; none if the master key does not open it.
    pub secret: Option<Secret>,
    /// Its proxy, with its password; none without one, or if the master key does not open it.
    pub proxy_url: Option<Secret>,
    /// Its connections, or why there can be none.
    pub client: Result<Client, String>,
}

impl Upstream {
    /// What is new in the way to it, after it was as `before`.
    pub(super) fn edited(&self, before: &Self) -> Edited {
        Edited {
            address: self.base_url != before.base_url,
            secret: self.secret != before.secret,
            proxy: self.proxy_url != before.proxy_url,
        }
    }

    /// True if it serves a model, as it is asked for without a prefix.
    pub fn admits(&self, model: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|rule| rule.admits(model))
    }

    /// The model that is sent for the model asked for: without the provider's prefix, and the first redirect that
    /// matches decides.
    pub fn model_sent<'a>(&'a self, model: &'a str) -> &'a str {
        let model = match (model.split_once(','), &self.provider.prefix) {
            (Some((prefix, rest)), Some(own)) if prefix == own => rest,
            _ => model,
        };
        self.redirects.iter().find(|(from, _)| from.admits(model)).map_or(model, |(_, to)| to)
    }
}

/// A bit for each name, one of 64: two lists that share no bit share no name. A choice among many providers leaves out
/// most of them by this alone.
pub fn group_bits(names: &[String]) -> u64 {
    names.iter().fold(0, |bits, name| bits | 1 << (crc32fast::hash(name.as_bytes()) % 64))
}

/// Rules that were compiled for one provider, for the others with the same: a choice among a thousand asks one list that
/// is at hand, and not a thousand.
pub(super) type Compiled = HashMap<Vec<ModelRule>, Arc<[Matcher]>>;

/// Makes a provider ready to be used.
///
/// # Errors
/// If its address, a rule or a header cannot be used.
pub(super) fn upstream(
    stored: StoredProvider,
    sealer: &Sealer,
    clients: &Clients,
    compiled: &mut Compiled,
) -> anyhow::Result<Upstream> {
    let StoredProvider { provider, credential_id, secret_sealed, proxy_sealed } = stored;
    let secret = sealer.open("credential", &secret_sealed).ok();
    if secret.is_none() {
        tracing::warn!(provider.name = provider.name, "the secret of a provider cannot be opened");
    }
    let proxy = proxy_sealed.map(|sealed| sealer.open("proxy", &sealed)).transpose();
    let connect_timeout_ms = provider.connect_timeout_ms.unwrap_or(CONNECT_TIMEOUT_MS);
    let base_url: Url = provider.base_url.parse().context("base_url")?;
    let (client, proxy_url) = match proxy {
        Ok(proxy) => (clients.get(&base_url, proxy.as_ref(), connect_timeout_ms), proxy),
        Err(error) => (Err(error.to_string()), None),
    };
    let compile = |rule| Matcher::compile(rule).map_err(anyhow::Error::msg);
    let models = if let Some(models) = compiled.get(&provider.models) {
        models.clone()
    } else {
        let models: Arc<[Matcher]> = provider.models.iter().map(compile).collect::<anyhow::Result<_>>()?;
        compiled.entry(provider.models.clone()).or_insert(models).clone()
    };
    let redirects = provider.redirects.iter().map(|redirect| Ok((compile(&redirect.from)?, redirect.to.clone())));
    let redirects = redirects.collect::<anyhow::Result<_>>()?;
    let mut headers = HeaderMap::new();
    for (name, value) in &provider.headers {
        headers.insert(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(value)?);
    }
    let groups = if provider.group.is_empty() { vec![DEFAULT_GROUP.to_owned()] } else { provider.group.clone() };
    let (hours, group_bits) = (Hours::of(&provider), group_bits(&groups));
    Ok(Upstream {
        provider,
        groups,
        group_bits,
        base_url,
        headers,
        models,
        redirects,
        hours,
        credential_id,
        secret,
        proxy_url,
        client,
    })
}
