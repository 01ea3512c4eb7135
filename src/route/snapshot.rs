//! Everything routing needs, as one immutable value, swapped on every write of an operator.

mod upstream;

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

pub use self::upstream::{Upstream, group_bits};
use super::restrict::Restrictions;
use crate::{
    clock,
    domain::{
        group::{ANY_GROUP, DEFAULT_GROUP},
        hold::Hold,
        id::{HoldId, ProviderId},
        key::ApiKey,
        limit::{Limits, Subject},
        money::Multiplier,
        price::{ModelPrice, Price, undated},
        settings::{BillBy, Settings},
        user::User,
    },
    health::{Outcome, book::Ending, breaker::Thresholds, edited::Edited},
    hub::Hub,
    secret::{Sealer, SecretHash},
    store::snapshot::Loaded,
    upstream::client::Clients,
};

/// Stands in the names of all models of one make: what takes the place of one of them is another of them.
const MAKE: &str = "claude";

/// One version of everything routing needs. A call keeps the one it began with.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Keys that are not deleted, by the hash of their secret.
    pub callers: HashMap<SecretHash, Arc<Caller>>,
    /// Providers that are not deleted, disabled ones too: the decision chain says why they were left out.
    pub upstreams: Vec<Arc<Upstream>>,
    /// What models cost, and which version of that this is.
    pub prices: HashMap<String, (Price, i64)>,
    /// The groups' factors on prices, where there is one.
    pub group_multipliers: HashMap<String, Multiplier>,
    /// The groups' priorities, where they are not 0.
    pub group_priorities: HashMap<String, i32>,
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
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The price.
    pub priced: Priced<'a>,
    /// The provider's factor on it.
    pub multiplier: Multiplier,
    /// The factor of the group that the caller comes by.
    pub group_multiplier: Multiplier,
}

impl Offer<'_> {
    /// Both factors together, rounded up.
    pub fn factor(&self) -> Multiplier {
        self.multiplier.times_up(self.group_multiplier)
    }
}

/// The price that a call is charged at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priced<'a> {
    /// The price.
    pub price: &'a Price,
    /// Its version; none if the model has no price, and the default of the settings stands in.
    pub version: Option<i64>,
}

impl Priced<'_> {
    /// True if the model has no price.
    pub const fn is_default(&self) -> bool {
        self.version.is_none()
    }
}

/// The proven identity of a call.
#[derive(Debug)]
pub struct Caller {
    /// The key it came with.
    pub key: ApiKey,
    /// Whose key it is.
    pub user: Arc<User>,
    /// What the key may ask for.
    pub restrictions: Restrictions,
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
        let callers = loaded.keys.into_iter().filter_map(|(hash, key, user)| match Restrictions::compile(&key) {
            Ok(restrictions) => Some((hash, Arc::new(Caller { key, user, restrictions }))),
            Err(error) => {
                tracing::warn!(key.id = %key.id, error, "a stored key is not used");
                None
            }
        });
        let mut compiled = HashMap::new();
        let upstreams = loaded.providers.into_iter().filter_map(|stored| {
            let name = stored.provider.name.clone();
            match upstream::upstream(stored, sealer, clients, &mut compiled) {
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
            prices: loaded
                .prices
                .into_iter()
                .map(|ModelPrice { model, price, version, .. }| (model, (price, version)))
                .collect(),
            group_multipliers: loaded.group_multipliers.into_iter().collect(),
            group_priorities: loaded.group_priorities.into_iter().collect(),
            settings,
            settings_stored,
        }
    }

    /// The prefix that a model is asked for with, and the model without it; what stands before a comma is a prefix only
    /// if it is some provider's.
    pub fn split_prefix<'a>(&self, model: &'a str) -> (Option<&'a str>, &'a str) {
        let known =
            |prefix: &str| self.upstreams.iter().any(|upstream| upstream.provider.prefix.as_deref() == Some(prefix));
        match model.split_once(',') {
            Some((prefix, rest)) if known(prefix) => (Some(prefix), rest),
            _ => (None, model),
        }
    }

    /// What `model`, as the client asks for it, costs at `upstream` for a caller of these groups.
    pub fn offer(&self, upstream: &Upstream, groups: &[String], model: &str) -> Offer<'_> {
        self.offer_as(upstream, groups, (model, upstream.model_sent(model)))
    }

    /// The same, whatever redirects say: for a model as it is asked for and as it is sent.
    pub fn offer_as(&self, upstream: &Upstream, groups: &[String], (asked, sent): (&str, &str)) -> Offer<'_> {
        Offer {
            priced: self.charged(asked, sent),
            multiplier: upstream.provider.cost_multiplier,
            group_multiplier: self.group_multiplier(groups, &upstream.groups),
        }
    }

    /// The price of a model: its own, else that of its name without a date (`-20250929`) or `-latest`; else the
    /// default of the settings.
    pub fn price(&self, model: &str) -> Priced<'_> {
        let without_date = || self.prices.get(undated(model)?);
        match self.prices.get(model).or_else(without_date) {
            Some((price, version)) => Priced { price, version: Some(*version) },
            None => Priced { price: &self.settings.default_price, version: None },
        }
    }

    /// The price that a call is charged at: of the model sent or asked for, as the settings say; if that one has no
    /// price, of the other (docs/rules.md, Prices).
    pub fn charged(&self, asked: &str, sent: &str) -> Priced<'_> {
        let (_, asked) = self.split_prefix(asked);
        let (first, second) = match self.settings.bill_by {
            BillBy::Sent => (sent, asked),
            BillBy::Asked => (asked, sent),
        };
        let priced = self.price(first);
        if priced.is_default() { self.price(second) } else { priced }
    }

    /// What is asked for by this name, without its prefix, if a provider that serves it charges the default for it.
    pub fn unpriced<'a>(&self, asked: &'a str) -> Option<&'a str> {
        let (prefix, model) = self.split_prefix(asked);
        let charges_default = |upstream: &Arc<Upstream>| {
            let serves = upstream.provider.prefix.as_deref() == prefix && upstream.admits(model);
            serves && self.charged(asked, upstream.model_sent(asked)).is_default()
        };
        self.upstreams.iter().any(charges_default).then_some(model)
    }

    /// The prices that another model may be charged at which works on the answer of the one `sent`. One that the caller
    /// has not named is chosen by the provider: any of its make. The server may call either by a name that has no price.
    pub fn may_cost(&self, model: Option<&str>, sent: &str) -> Vec<&Price> {
        let is_of_make = |name: &str| !sent.contains(MAKE) || name.contains(MAKE);
        let mut prices: Vec<&Price> = match model {
            Some(model) => vec![self.price(model).price],
            None => self.prices.iter().filter(|(name, _)| is_of_make(name)).map(|(_, (price, _))| price).collect(),
        };
        prices.push(&self.settings.default_price);
        prices
    }

    /// The factor of the group that a caller reaches a provider by: the first of the caller's that the provider is in.
    /// 1 for nobody's calls (docs/rules.md, Prices).
    pub fn group_multiplier(&self, caller: &[String], provider: &[String]) -> Multiplier {
        let shared = |group: &'_ String| {
            if group == ANY_GROUP { provider.first() } else { provider.iter().find(|name| *name == group) }
        };
        let group = caller.iter().find_map(shared);
        group.and_then(|group| self.group_multipliers.get(group)).copied().unwrap_or(Multiplier::ONE)
    }

    /// A provider; none if it is not there any more.
    pub fn upstream(&self, id: ProviderId) -> Option<&Arc<Upstream>> {
        self.upstreams.iter().find(|upstream| upstream.provider.id == id)
    }

    /// The limits that calls by a key, of a user or at a provider are held to; none where there can be no calls, as of a
    /// user without keys.
    pub fn limits(&self, subject: Subject) -> Option<&Limits> {
        let mut callers = self.callers.values();
        match subject {
            Subject::Key(id) => callers.find(|caller| caller.key.id == id).map(|caller| &caller.key.limits),
            Subject::User(id) => callers.find(|caller| caller.user.id == id).map(|caller| &caller.user.limits),
            Subject::Provider(id) => self.upstream(id).map(|upstream| &upstream.provider.limits),
        }
    }

    /// True if a provider is still reached as it was there. If not, what has failed there says nothing about it now.
    pub fn still_reaches(&self, upstream: &Upstream) -> bool {
        self.upstream(upstream.provider.id).is_some_and(|known| known.edited(upstream) == Edited::default())
    }
}

/// Tells the book of holds what an attempt at `upstream` has come to, and returns the holds that it caused: none if the
/// snapshot was swapped meanwhile for one in which the provider is reached another way.
pub fn note(hub: &Hub, upstream: &Upstream, outcome: &Outcome<'_>, now: DateTime<Utc>) -> Vec<Arc<Hold>> {
    let caused = hub.health.note(outcome, now);
    // The swap may have ended what is outdated just before this was noted.
    if caused.is_empty() || hub.snapshot.load().still_reaches(upstream) {
        return caused;
    }
    let ids: Vec<HoldId> = caused.iter().map(|hold| hold.id).collect();
    hub.health.end(&ids, Ending::Edited, now);
    Vec::new()
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
    hub.telemetry.follow(&snapshot.settings.log_level);
    let providers = snapshot.upstreams.iter().map(|upstream| &upstream.provider);
    hub.health.follow(providers, Thresholds::from(&snapshot.settings), clock::now());
    let after = Arc::new(snapshot);
    let before = hub.snapshot.swap(Arc::clone(&after));
    // What has failed here after an edit was committed and before the swap has failed by the old way.
    let edited = |id| match (before.upstream(id), after.upstream(id)) {
        (Some(before), Some(after)) => after.edited(before),
        _ => Edited::default(),
    };
    hub.health.end_outdated(edited, clock::now());
    *fulfilled = wishes;
    // Whoever waits may be served by what was added.
    hub.parking.wake(None);
    hub.live.configuration_changed();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Usd;

    fn snapshot() -> Snapshot {
        let price = |input: &str| Price { input: input.parse().unwrap(), ..Price::default() };
        let prices = [("claude-sonnet-4-5", (price("3"), 7)), ("house-model", (price("1"), 8))];
        Snapshot { prices: prices.map(|(model, price)| (model.to_owned(), price)).into(), ..Snapshot::default() }
    }

    #[test]
    fn a_dated_name_costs_what_the_undated_one_costs() {
        let snapshot = snapshot();
        for model in [
            "claude-sonnet-4-5",
            "claude-sonnet-4-5-20250929",
            "claude-sonnet-4-5@20250929",
            "claude-sonnet-4-5-latest",
        ] {
            assert_eq!(snapshot.price(model).version, Some(7), "{model}");
        }
        for model in ["claude-sonnet-4-5-fast", "claude-sonnet-4", "unheard-of", ""] {
            let priced = snapshot.price(model);
            assert_eq!((priced.price, priced.version), (&snapshot.settings.default_price, None), "{model}");
        }
    }

    #[test]
    fn the_setting_says_whose_price_it_is_and_the_other_stands_in() {
        let mut snapshot = snapshot();
        for (bill_by, versions) in
            [(BillBy::Sent, [Some(8), Some(8), Some(7), None]), (BillBy::Asked, [Some(7), Some(8), Some(7), None])]
        {
            snapshot.settings.bill_by = bill_by;
            let charged = |asked, sent| snapshot.charged(asked, sent).version;
            let (asked, sent) = ("claude-sonnet-4-5", "house-model");
            assert_eq!([charged(asked, sent), charged("x", sent), charged(asked, "x"), charged("x", "y")], versions);
        }
    }

    #[test]
    fn what_the_provider_chooses_may_be_any_model_of_its_make_and_every_name_one_without_a_price() {
        let snapshot = snapshot();
        let inputs = |model, sent| {
            let mut inputs: Vec<_> = snapshot.may_cost(model, sent).into_iter().map(|price| price.input).collect();
            inputs.sort();
            inputs
        };
        let [house, claude, default] = ["1", "3", "15"].map(|usd| usd.parse::<Usd>().unwrap());
        assert_eq!(inputs(Some("claude-sonnet-4-5-20250929"), "claude-x"), [claude, default]);
        assert_eq!(inputs(Some("unheard-of"), "claude-x"), [default, default]);
        assert_eq!(inputs(None, "eu.anthropic.claude-x"), [claude, default]);
        assert_eq!(inputs(None, "house-model"), [house, claude, default]);
    }

    #[test]
    fn the_first_of_the_callers_groups_that_the_provider_is_in_decides() {
        let factor = |text: &str| text.parse::<Multiplier>().unwrap();
        let mut snapshot = snapshot();
        snapshot.group_multipliers = HashMap::from([("a".to_owned(), factor("2")), ("b".to_owned(), factor("0.5"))]);
        let of = |caller: &[&str], provider: &[&str]| {
            let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            snapshot.group_multiplier(&names(caller), &names(provider))
        };
        assert_eq!(of(&["b", "a"], &["a", "b"]), factor("0.5"));
        assert_eq!(of(&["b", "a"], &["a"]), factor("2"));
        assert_eq!(of(&["*"], &["a", "b"]), factor("2"));
        for (caller, provider) in [(&["c"][..], &["c"][..]), (&[], &["a"]), (&["a"], &["b"])] {
            assert_eq!(of(caller, provider), Multiplier::ONE);
        }
    }
}
