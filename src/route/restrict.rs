//! What a key may ask for. Pure; its rules are compiled once for each snapshot.

use std::{net::IpAddr, sync::Arc};

use chrono::{DateTime, Utc};

use super::{
    rules::Matcher,
    snapshot::{Caller, Snapshot},
};
use crate::{
    domain::{id::KeyId, key::ApiKey, network::Network},
    wire::rejection::Rejection,
};

/// A key's rules on models, clients and addresses, ready to be asked. An empty list restricts nothing.
#[derive(Clone, Debug, Default)]
pub struct Restrictions {
    models: Vec<Matcher>,
    clients: Vec<Matcher>,
    addresses: Vec<Network>,
}

impl Restrictions {
    /// Compiles a key's rules.
    ///
    /// # Errors
    /// A sentence that says what is wrong with one.
    pub fn compile(key: &ApiKey) -> Result<Self, String> {
        Ok(Self {
            models: key.models.iter().map(Matcher::compile).collect::<Result<_, _>>()?,
            clients: key.clients.iter().map(|glob| Matcher::of_text(glob)).collect::<Result<_, _>>()?,
            addresses: key.addresses.clone(),
        })
    }

    /// May a call come from `address`?
    pub fn admit_address(&self, address: IpAddr) -> Result<(), Rejection> {
        let is_admitted = self.addresses.is_empty() || self.addresses.iter().any(|network| network.contains(address));
        if is_admitted { Ok(()) } else { Err(Rejection::AddressNotAllowed { address }) }
    }

    /// May it come from the client that calls itself `user_agent`? One that does not say is only let in without rules.
    pub fn admit_client(&self, user_agent: Option<&str>) -> Result<(), Rejection> {
        let fits = |agent: &str| self.clients.iter().any(|rule| rule.admits(agent));
        if self.clients.is_empty() || user_agent.is_some_and(fits) { Ok(()) } else { Err(Rejection::ClientNotAllowed) }
    }

    /// May it ask for `model`, a prefix of a provider's aside?
    pub fn admit_model(&self, model: &str) -> Result<(), Rejection> {
        let is_admitted = self.models.is_empty() || self.models.iter().any(|rule| rule.admits(model));
        if is_admitted { Ok(()) } else { Err(Rejection::ModelNotAllowed { model: model.to_owned() }) }
    }
}

impl Snapshot {
    /// Whom a key belongs to and what it may ask for; none if it is deleted.
    pub fn caller(&self, id: KeyId) -> Option<&Arc<Caller>> {
        let callers = self.callers.values().filter(|caller| caller.key.id == id);
        // A secret that was replaced is there too until its grace is over: it ends first.
        callers.max_by_key(|caller| (caller.key.expires_at.is_none(), caller.key.expires_at))
    }
}

/// May this caller call at all at `now`?
pub fn admit_caller(caller: &Caller, now: DateTime<Utc>) -> Result<(), Rejection> {
    if !caller.key.enabled {
        Err(Rejection::KeyDisabled)
    } else if Caller::is_past(caller.key.expires_at, now) {
        Err(Rejection::KeyExpired)
    } else if !caller.user.enabled {
        Err(Rejection::UserDisabled)
    } else if Caller::is_past(caller.user.expires_at, now) {
        Err(Rejection::UserExpired)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::ModelRule;

    fn restrictions(models: &[&str], clients: &[&str], addresses: &[&str]) -> Restrictions {
        Restrictions {
            models: models.iter().map(|rule| Matcher::compile(&ModelRule::from(*rule)).unwrap()).collect(),
            clients: clients.iter().map(|glob| Matcher::of_text(glob).unwrap()).collect(),
            addresses: addresses.iter().map(|network| network.parse().unwrap()).collect(),
        }
    }

    #[test]
    fn empty_lists_restrict_nothing() {
        let none = Restrictions::default();
        assert_eq!(none.admit_model("anything"), Ok(()));
        assert_eq!((none.admit_client(None), none.admit_client(Some("x"))), (Ok(()), Ok(())));
        assert_eq!(none.admit_address("192.0.2.1".parse().unwrap()), Ok(()));
    }

    #[test]
    fn one_rule_that_fits_is_enough_and_none_is_a_refusal_that_names_it() {
        let some = restrictions(&["claude-haiku-*", "exact:house"], &["claude-cli/*"], &["10.0.0.0/8", "2001:db8::1"]);
        for (model, fits) in [("claude-haiku-4-5", true), ("house", true), ("claude-opus-5", false), ("houses", false)]
        {
            let refusal = Rejection::ModelNotAllowed { model: model.to_owned() };
            assert_eq!(some.admit_model(model), if fits { Ok(()) } else { Err(refusal) });
        }
        for (client, fits) in [(Some("Claude-CLI/2.1 (external)"), true), (Some("curl/8"), false), (None, false)] {
            assert_eq!(some.admit_client(client).is_ok(), fits, "{client:?}");
        }
        for (address, fits) in
            [("10.9.8.7", true), ("::ffff:10.9.8.7", true), ("2001:db8::1", true), ("11.0.0.1", false)]
        {
            let address = address.parse().unwrap();
            let refusal = Rejection::AddressNotAllowed { address };
            assert_eq!(some.admit_address(address), if fits { Ok(()) } else { Err(refusal) });
        }
    }
}
