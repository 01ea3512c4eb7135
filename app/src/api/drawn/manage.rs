//! The drawn pages for managing users, providers and routing.

mod dialogs;
mod key_list;
mod one;

use chrono::{DateTime, Utc};
use hub::{
    admin::{groups, holds, keys, prices, providers, quotas, routing, users},
    domain::{
        bulk::BulkReport,
        explain::{ExplainQuery, Explanation},
        fault::Fault,
        group::DEFAULT_GROUP,
        hold::HoldQuery,
        page::{LIMIT_MAX, Page},
        price::PriceQuery,
        provider::{many::ProviderQuery, traffic::ProviderTraffic},
        report::UsageBy,
        user::{User, many::UserQuery},
    },
};

use super::{Reader, in_words};
use crate::{
    api::{
        Answer,
        forms::{
            self,
            many::{self, FieldFaults},
        },
        guard,
    },
    drawn::{self, Drawn, many::Asked, routing::Simulator},
};

/// Most users that are sorted by something else than their age.
const SORTED_MAX: usize = 2_000;

impl Reader {
    /// A parameter that is filled in.
    pub(super) fn own(&self, name: &str) -> Option<String> {
        self.map.get_str(name).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// The list of providers.
    pub(super) async fn providers(&self) -> Answer<Drawn> {
        let query = ProviderQuery {
            limit: Some(LIMIT_MAX),
            cursor: None,
            search: self.own("search"),
            group: self.own("group"),
        };
        let (page, traffic, groups) = tokio::try_join!(
            providers::list(&self.hub, &self.actor, &query),
            providers::traffic::traffic(&self.hub, &self.actor),
            groups::list(&self.hub, &self.actor),
        )
        .map_err(guard::refuse)?;
        let of = |id| traffic.iter().find(|traffic: &&ProviderTraffic| traffic.provider_id == id).cloned();
        let row = |provider: hub::domain::provider::Provider| drawn::providers::Row {
            traffic: of(provider.id).unwrap_or_default(),
            provider,
        };
        let holds = holds::list(&self.hub, &self.actor, &HoldQuery::default());
        let order = drawn::providers::order::Order {
            state: drawn::word(&self.map, "state"),
            column: drawn::word(&self.map, "sort"),
            is_reverse: self.map.get_str("order") == Some("reverse"),
        };
        let is_cut = page.next_cursor.is_some();
        let mut rows = page.items.into_iter().map(row).collect();
        order.arrange(&mut rows, |provider| {
            holds.iter().any(|shown| shown.hold.scope.provider_id() == Some(provider.id))
        });
        let list = drawn::providers::ProviderList {
            is_cut,
            rows,
            groups,
            holds,
            order,
            filter: query.filter(),
            by: drawn::word(&self.map, "by").unwrap_or_default(),
        };
        Ok(in_words(|text| drawn::providers::page(text, &list, self.clock)))
    }

    /// A page of the list of users.
    pub(super) async fn users(&self) -> Answer<Drawn> {
        let filter = many::user_filter(&self.map, self.clock);
        let fault = filter.as_ref().err().cloned();
        let filter = filter.unwrap_or_else(|_| many::user_words(&self.map));
        let order = drawn::users::order::Order {
            column: drawn::word(&self.map, "sort"),
            is_reverse: self.map.get_str("order") == Some("reverse"),
            page: drawn::users::order::page_of(&self.map),
        };
        let query = UserQuery {
            limit: order.column.is_some().then_some(LIMIT_MAX),
            cursor: self.own("cursor"),
            search: filter.search.clone(),
            tag: filter.tag.clone(),
            group: filter.group.clone(),
            status: filter.status,
            expires_before: filter.expires_before,
        };
        let found = async {
            // A filter that cannot be read stands for nobody.
            if fault.is_some() {
                return Ok(Page { items: Vec::new(), next_cursor: None });
            }
            self.users_of(&query, order.column.is_some()).await
        };
        let (mut page, tags, groups) =
            tokio::try_join!(found, users::tags(&self.hub, &self.actor), groups::list(&self.hub, &self.actor))
                .map_err(guard::refuse)?;
        let is_cut = order.column.is_some() && page.next_cursor.is_some();
        let mut totals = forms::last_day_totals(&self.hub, &self.actor, UsageBy::User).await?;
        let next_page = order.arrange(&mut page.items, &totals);
        let users = page.items;
        // While nobody can count, the list is shown without.
        let limits = quotas::of_users(&self.hub, &self.actor, &users).await;
        let limits = limits.unwrap_or_else(|_| vec![Vec::new(); users.len()]);
        let rows = users.into_iter().zip(limits).map(|(user, uses)| drawn::users::Row {
            totals: totals.remove(&user.id.to_string()).unwrap_or_default(),
            user,
            uses,
        });
        let list = drawn::users::UserList {
            rows: rows.collect(),
            next_cursor: page.next_cursor.filter(|_| order.column.is_none()),
            next_page,
            is_later: query.cursor.is_some() || order.page > 0,
            order,
            is_cut,
            filter,
            fault,
            until: self.own("until").unwrap_or_default(),
            tags,
            groups,
        };
        Ok(in_words(|text| drawn::users::page(text, &list, self.clock)))
    }

    /// A page of users; of a list that is sorted as many as are sorted at all.
    async fn users_of(&self, query: &UserQuery, is_sorted: bool) -> Result<Page<User>, Fault> {
        let mut page = users::list(&self.hub, &self.actor, query).await?;
        while let Some(cursor) = page.next_cursor.take_if(|_| is_sorted && page.items.len() < SORTED_MAX) {
            let next = UserQuery { cursor: Some(cursor), ..query.clone() };
            let more = users::list(&self.hub, &self.actor, &next).await?;
            page.items.extend(more.items);
            page.next_cursor = more.next_cursor;
        }
        Ok(page)
    }

    /// Providers changed many at a time: a look at it.
    pub(super) async fn many_providers(&self, search: &str) -> Answer<Drawn> {
        let change = match many::provider_bulk(&self.map, true, self.clock) {
            Ok(Some(asked)) => Some(providers::bulk(&self.hub, &self.actor, asked).await.map_err(FieldFaults::from)),
            Ok(None) => None,
            Err(faults) => Some(Err(faults)),
        };
        let look = async { providers::bulk(&self.hub, &self.actor, many::chosen_providers(&self.map)?).await };
        let asked = self.asked(change, Box::pin(look)).await;
        Ok(in_words(|text| drawn::many::providers::page(text, &self.map, search, &asked, self.clock)))
    }

    /// Users changed many at a time: a look at it.
    pub(super) async fn many_users(&self, search: &str) -> Answer<Drawn> {
        let change = match many::user_bulk(&self.map, true, self.clock) {
            Ok(Some(asked)) => Some(users::bulk(&self.hub, &self.actor, asked).await.map_err(FieldFaults::from)),
            Ok(None) => None,
            Err(faults) => Some(Err(faults)),
        };
        let look = async { users::bulk(&self.hub, &self.actor, many::chosen_users(&self.map, self.clock)?).await };
        let asked = self.asked(change, Box::pin(look)).await;
        Ok(in_words(|text| drawn::many::users::page(text, &self.map, search, &asked, self.clock)))
    }

    /// Keys changed many at a time: a look at it.
    pub(super) async fn many_keys(&self, search: &str) -> Answer<Drawn> {
        let change = match many::key_bulk(&self.map, true, self.clock) {
            Ok(Some(asked)) => Some(keys::bulk(&self.hub, &self.actor, asked).await.map_err(FieldFaults::from)),
            Ok(None) => None,
            Err(faults) => Some(Err(faults)),
        };
        let look = async { keys::bulk(&self.hub, &self.actor, many::chosen_keys(&self.map)?).await };
        let asked = self.asked(change, Box::pin(look)).await;
        Ok(in_words(|text| drawn::many::keys::page(text, &self.map, search, &asked, self.clock)))
    }

    /// A change of many with the names of those that are chosen. They are in what would come of the change; where nothing
    /// is asked for yet, or not so that it could be read, they are in `look`, which asks for no change.
    async fn asked(
        &self,
        change: Option<Result<BulkReport, FieldFaults>>,
        look: impl Future<Output = Result<BulkReport, Fault>>,
    ) -> Asked {
        let chosen = match &change {
            Some(Ok(report)) => names(report),
            // Why it cannot be told, the look at a change says.
            _ if many::is_any_chosen(&self.map) => look.await.map(|report| names(&report)).unwrap_or_default(),
            _ => Vec::new(),
        };
        Asked { chosen, change }
    }

    /// A page of the list of prices.
    pub(super) async fn prices(&self) -> Answer<Drawn> {
        let query = self.price_query();
        let page = prices::list(&self.hub, &self.actor, &query).await.map_err(guard::refuse)?;
        Ok(in_words(|text| drawn::prices::page(text, &page, &query, self.clock)))
    }

    /// The prices that the address asks for.
    fn price_query(&self) -> PriceQuery {
        PriceQuery {
            limit: Some(200),
            cursor: self.own("cursor"),
            q: self.own("q"),
            source: drawn::word(&self.map, "source"),
        }
    }

    /// Where a call would go.
    pub(super) async fn routing(&self) -> Answer<Drawn> {
        let all = ProviderQuery { limit: Some(LIMIT_MAX), ..ProviderQuery::default() };
        let providers = providers::list(&self.hub, &self.actor, &all).await.map_err(guard::refuse)?;
        let asked = match self.explain_query() {
            Some(Ok(query)) => Some(self.explain(&query).await),
            Some(Err(fault)) => Some(Err(fault)),
            None => None,
        };
        let simulator = Simulator { keys: routing::keys(&self.hub, &self.actor), providers: providers.items, asked };
        Ok(in_words(|text| drawn::routing::page(text, &self.map, &simulator, self.clock)))
    }

    async fn explain(&self, query: &ExplainQuery) -> Result<Explanation, Fault> {
        routing::explain(&self.hub, &self.actor, query).await
    }

    /// The call that the address asks about; none before a model is named.
    fn explain_query(&self) -> Option<Result<ExplainQuery, Fault>> {
        let model = self.own("model")?;
        let read = || {
            let key_id = self.own("key").map(|id| id.parse().map_err(|_| Fault::not_found("key"))).transpose()?;
            let groups = self.own("groups").map(|text| forms::names(&text));
            let address = self.own("address").map(|text| {
                text.parse().map_err(|_| Fault::invalid("address", "must be an address, such as 192.0.2.1"))
            });
            Ok(ExplainQuery {
                key_id,
                // Without either the default group is meant.
                groups: groups.or_else(|| key_id.is_none().then(|| vec![DEFAULT_GROUP.to_owned()])),
                model,
                at: self.own("at").map(|text| self.time(&text)).transpose()?,
                bound_provider_id: self.own("bound").and_then(|id| id.parse().ok()),
                session_id: self.own("session"),
                limits: self.map.get_str("limits").is_some(),
                user_agent: self.own("client"),
                address: address.transpose()?,
            })
        };
        Some(read())
    }

    /// A time as the field for it sends it, by the hub's clocks.
    fn time(&self, text: &str) -> Result<DateTime<Utc>, Fault> {
        let wrong = || Fault::invalid("at", "must be a time: 2030-12-31 12:00");
        self.clock.read(text).ok_or_else(wrong)
    }
}

/// The names of those that a change of many is about.
fn names(report: &BulkReport) -> Vec<String> {
    report.items.iter().map(|row| row.name.clone()).collect()
}
