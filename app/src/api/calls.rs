//! Calls: finished ones from the ledger, running ones from this replica.

use hub::domain::{call::Call, page::Page, report::CallQuery};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Answer;

#[cfg(feature = "ssr")]
use {
    super::Named,
    crate::{
        drawn::{call_filters::Found, clock::Clock},
        preferences::read_columns,
        query::CallFilter,
    },
    hub::{
        admin::{actor::Admin, routing},
        domain::{fault::Fault, report::UsageBy},
        hub::Hub,
    },
};

/// A page of calls, with those of them that still run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Calls {
    /// What was asked.
    pub(crate) query: CallQuery,
    /// Finished calls, newest first.
    pub(crate) page: Page<Call>,
    /// Calls that run now and belong into this list, newest first.
    pub(crate) running: Vec<Call>,
}

/// Most names a filter offers.
#[cfg(feature = "ssr")]
const CHOICES_MAX: u32 = 500;

/// Most models that their filter offers: those of the last day that cost most.
#[cfg(feature = "ssr")]
const MODELS_MAX: usize = 100;

/// The calls that `filter` admits.
#[cfg(feature = "ssr")]
pub(super) async fn list(filter: &CallFilter) -> Answer<Calls> {
    let (hub, actor) = super::guard::actor().await?;
    let query = query(&hub, &actor, filter, super::drawn::clock(&hub)).map_err(super::guard::refuse)?;
    let mut running = hub::admin::calls::active(&hub, &actor);
    running.retain(|call| crate::query::admits(&query, call));
    running.sort_by_key(|call| std::cmp::Reverse(call.id));
    let mut page = hub::admin::calls::list(&hub, &actor, &query).await.map_err(super::guard::refuse)?;
    // A call that ended between the two readings stands in both.
    running.retain(|call| page.items.iter().all(|finished| finished.id != call.id));
    page.items.truncate(usize::try_from(CHOICES_MAX).unwrap_or(usize::MAX));
    Ok(Calls { query, page, running })
}

/// What the use case is asked for a filter, at that time. A key that is named and not given by its id is looked up; unless
/// it is the only one of that name no call is meant.
///
/// # Errors
/// [`Fault::Invalid`] for a parameter that cannot be read, by its name.
#[cfg(feature = "ssr")]
pub(crate) fn query(hub: &Hub, actor: &Admin, filter: &CallFilter, clock: Clock) -> Result<CallQuery, Fault> {
    let query = filter.query(clock)?;
    let Some(name) = filter.key_name() else { return Ok(query) };
    let id = match routing::keys_named(hub, actor, name).as_slice() {
        [key] => key.id,
        // A key that nobody has, as an id must be readable in the answer.
        _ => hub::domain::id::KeyId(i64::MAX),
    };
    Ok(CallQuery { key_id: Some(id), ..query })
}

/// What is above the list: what its filters choose from, and what they have found.
#[cfg(feature = "ssr")]
pub(super) async fn found(hub: &Hub, actor: &Admin, filter: &CallFilter, clock: Clock) -> Answer<Found> {
    use hub::domain::{provider::many::ProviderQuery, user::many::UserQuery};
    let query = query(hub, actor, filter, clock);
    let fault = query.as_ref().err().cloned();
    let all_providers = ProviderQuery { limit: Some(CHOICES_MAX), ..ProviderQuery::default() };
    let all_users = UserQuery { limit: Some(CHOICES_MAX), ..UserQuery::default() };
    let sums = async {
        let Ok(query) = &query else { return Ok((None, None, None)) };
        // The first or the last has nothing to read: it is all calls that are meant, or errors.
        let totals = hub::admin::calls::totals(hub, actor, query).await?;
        let of_probes = hub::admin::calls::of_probes(hub, actor, query).await?;
        Ok::<_, Fault>((totals, of_probes, hub::admin::calls::n_errors(hub, actor, query).await?))
    };
    // All of it together would make a large future.
    let (sums, models) = (Box::pin(sums), Box::pin(hub::admin::usage::of_last_day(hub, actor, UsageBy::Model)));
    let (providers, users, models, (totals, of_probes, n_errors)) = tokio::try_join!(
        hub::admin::providers::list(hub, actor, &all_providers),
        hub::admin::users::list(hub, actor, &all_users),
        models,
        sums,
    )
    .map_err(super::guard::refuse)?;
    let named = filter.key_name().map(|name| routing::keys_named(hub, actor, name));
    Ok(Found {
        is_cut: providers.next_cursor.is_some() || users.next_cursor.is_some(),
        models: models
            .into_iter()
            .filter_map(|row| row.name.filter(|name| !name.is_empty()))
            .take(MODELS_MAX)
            .collect(),
        keys: routing::keys(hub, actor),
        // One is meant, and several are to be chosen from.
        doubtful: named.filter(|keys| keys.len() != 1),
        providers: providers.items.into_iter().map(|item| Named { id: item.id.to_string(), name: item.name }).collect(),
        users: users.items.into_iter().map(|item| Named { id: item.id.to_string(), name: item.name }).collect(),
        totals,
        of_probes,
        n_errors,
        fault,
        hidden: read_columns(),
    })
}

/// How far the export with that ticket is.
#[cfg(feature = "ssr")]
pub(super) async fn export_progress(ticket: &str) -> Answer<hub::domain::report::ExportProgress> {
    let (hub, actor) = super::guard::actor().await?;
    hub::admin::export::progress(&hub, &actor, ticket).map_err(super::guard::refuse)
}

/// Ends the export with that ticket.
#[server]
pub(crate) async fn cancel_export(ticket: String) -> Answer<()> {
    let (hub, actor) = super::guard::actor_for_change().await?;
    hub::admin::export::cancel(&hub, &actor, &ticket).map_err(super::guard::refuse)
}
