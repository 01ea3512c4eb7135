//! The drawn list of keys over all users.

use hub::{
    admin::{groups, keys},
    domain::{fault::Fault, key::many::KeyQuery},
};
use leptos_router::params::ParamsMap;

use super::{Reader, in_words};
use crate::{
    api::{Answer, forms::many, guard},
    drawn::{self, Drawn, keys::KeyList},
    ui::field::no_whole,
};

impl Reader {
    /// A page of the list. A filter that cannot be read is said, and nothing is listed.
    pub(in crate::api::drawn) async fn keys(&self) -> Answer<Drawn> {
        let found = match query(&self.map) {
            Ok(query) => keys::list_all(&self.hub, &self.actor, &query).await,
            Err(fault) => Err(fault),
        };
        let found = match found {
            Err(fault) if !matches!(fault, Fault::Invalid { .. }) => return Err(guard::refuse(fault)),
            found => found,
        };
        let shown = found.as_ref().map(|page| page.items.as_slice()).unwrap_or_default();
        let spent = keys::spent_today(&self.hub, &self.actor, shown);
        let groups = groups::list(&self.hub, &self.actor);
        let (spent, groups) = tokio::try_join!(spent, groups).map_err(guard::refuse)?;
        let list = KeyList { map: &self.map, found, spent, groups };
        Ok(in_words(|text| drawn::keys::page(text, &list, self.clock)))
    }
}

/// The keys that an address asks for.
///
/// # Errors
/// What cannot be read, by the parameter's name: it must not stand for all of them.
fn query(map: &ParamsMap) -> Result<KeyQuery, Fault> {
    let own = |name: &str| map.get_str(name).map(str::trim).filter(|text| !text.is_empty());
    let user_id = own("user").map(|id| id.parse().map_err(|_| Fault::invalid("user", "must be an id such as 17")));
    let days = own("unused").map(|days| days.parse().map_err(|_| Fault::invalid("unused", no_whole("unused"))));
    Ok(KeyQuery {
        limit: None,
        cursor: own("cursor").map(str::to_owned),
        search: own("search").map(str::to_owned),
        user_id: user_id.transpose()?,
        group: own("group").map(str::to_owned),
        status: own("status").map(many::status).transpose()?,
        unused_days: days.transpose()?,
        reverse: Some(own("order") == Some("reverse")),
    })
}

#[cfg(test)]
mod tests {
    use hub::domain::{access::AccessStatus, id::UserId};

    use super::*;

    #[test]
    fn a_filter_that_cannot_be_read_does_not_stand_for_all_keys() {
        let read = |pairs: &[(&str, &str)]| {
            query(&pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        for (name, value) in [("status", "odd"), ("user", "Ada"), ("unused", "long"), ("unused", "-1")] {
            assert_eq!(read(&[(name, value)]).unwrap_err().field(), Some(name), "{value}");
        }
        let none = KeyQuery { reverse: Some(false), ..KeyQuery::default() };
        assert_eq!(read(&[("status", " "), ("user", ""), ("unused", ""), ("search", "  ")]), Ok(none));
        let asked = read(&[("status", "expired"), ("user", "7"), ("unused", "30"), ("order", "reverse")]).unwrap();
        assert_eq!((asked.status, asked.user_id), (Some(AccessStatus::Expired), Some(UserId(7))));
        assert_eq!((asked.unused_days, asked.reverse), (Some(30), Some(true)));
    }
}
