//! Providers by the many: which, and what is changed of them; a copy of one; a test of the way to one.

use serde::{Deserialize, Serialize};

use super::ProviderPatch;
use crate::domain::id::ProviderId;

/// Which providers to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct ProviderQuery {
    /// At most this many items, 1 to 500; default 50.
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Only those whose name or base URL holds this text, case aside.
    pub search: Option<String>,
    /// Only those of this group.
    pub group: Option<String>,
}

impl ProviderQuery {
    /// What it asks for, pages aside.
    pub fn filter(&self) -> ProviderFilter {
        ProviderFilter { search: self.search.clone(), group: self.group.clone() }
    }
}

/// Which providers, as in the list of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ProviderFilter {
    /// Only those whose name or base URL holds this text, case aside.
    pub search: Option<String>,
    /// Only those of this group.
    pub group: Option<String>,
}

/// A change of many providers, named by `ids` or by `filter`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProviderBulk {
    /// These, at most 2,000.
    #[serde(default)]
    pub ids: Option<Vec<ProviderId>>,
    /// All that match, at most 2,000.
    #[serde(default)]
    pub filter: Option<ProviderFilter>,
    /// What to change of each; not the fields that are one provider's own: name, base URL, secret, proxy.
    pub patch: ProviderPatch,
    /// Only says what would change; default false.
    #[serde(default)]
    pub preview: bool,
}

/// A copy of a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ProviderClone {
    /// Its name; default the name of the original and `copy`.
    pub name: Option<String>,
}

/// A test of the way to a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ProxyTest {
    /// The proxy to go through, as in a provider; default the provider's own, which its masked form stands for too. An
    /// empty one goes straight.
    pub proxy_url: Option<String>,
    /// Where to go, as in a provider; default the provider's own base URL.
    pub base_url: Option<String>,
}

/// A test of the way to a provider that is not made yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewProxyTest {
    /// Where to go, as in a provider.
    pub base_url: String,
    /// The proxy to go through, as in a provider; default none.
    #[serde(default)]
    pub proxy_url: Option<String>,
}

/// What came of a test of the way to a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ProxyTestResult {
    /// True if the provider's server answered, whatever it said.
    pub ok: bool,
    /// Scheme, host and port that were to be reached.
    pub origin: String,
    /// The proxy that was gone through, its password masked; null if there was none.
    pub proxy_url: Option<String>,
    /// The status of the answer; null if there was none.
    pub status: Option<u16>,
    /// What went wrong, as one word for machines: `connect`, `proxy`, `first_byte_timeout` …; null if nothing did.
    pub cause: Option<String>,
    /// What went wrong, in words; null if nothing did.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: u32,
}
