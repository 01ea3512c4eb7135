//! Providers changed many at a time, and copies of one.

use super::draft;
use crate::{
    admin::{
        actor::{Admin, shown},
        bulk::{self, Planned},
        change, check, fault, page,
    },
    clock,
    domain::{
        bulk::{BULK_MAX, BulkReport},
        fault::Fault,
        id::ProviderId,
        provider::{
            Provider, ProviderPatch,
            many::{ProviderBulk, ProviderClone, ProviderFilter},
        },
    },
    hub::Hub,
    store::providers::Sealed,
};

/// Changes many providers: all of them, or none if one cannot be changed so. A preview only says what would be.
///
/// # Errors
/// [`Fault::Invalid`] for a field that is one provider's own, and for the first provider that cannot be changed so;
/// [`Fault::NotFound`] if one is not there.
pub async fn bulk(hub: &Hub, actor: &Admin, asked: ProviderBulk) -> Result<BulkReport, Fault> {
    only_shared(&asked.patch)?;
    let ids = match (asked.ids, &asked.filter) {
        (Some(ids), None) => bulk::distinct(ids, "ids")?,
        (None, Some(filter)) => bulk::distinct(matching(hub, filter).await?, "filter")?,
        _ => return Err(Fault::invalid("ids", "must be given, or `filter`, and not both")),
    };
    let now = clock::now();
    let mut change = change::begin(hub).await?;
    let mut planned = Vec::new();
    for id in ids {
        let stored = change.provider_of_many(id, asked.preview).await.map_err(fault::store)?;
        let before = stored.ok_or_else(|| Fault::not_found("provider"))?.provider;
        let after = draft::patched(before.clone(), asked.patch.clone()).and_then(draft::checked);
        planned.push(Planned { before, after: after.map(|after| Provider { updated_at: now, ..after }) });
    }
    let report = bulk::report(&planned, asked.preview, |provider| (provider.id.to_string(), provider.name.clone()));
    if asked.preview {
        return Ok(report);
    }
    bulk::accept(&report)?;
    let changed = planned.iter().zip(&report.items).filter(|(_, row)| !row.changes.is_empty());
    for (Planned { before, after }, _) in changed {
        let Ok(after) = after else { continue };
        change.ensure_groups(&after.group).await.map_err(fault::store)?;
        change.update_provider(after).await.map_err(fault::store)?;
        let mut entry = actor.entry("provider.update", &after.id);
        (entry.before, entry.after) = (shown(before), shown(after));
        change.audit(entry).await.map_err(fault::store)?;
    }
    change::publish(hub, change).await?;
    Ok(report)
}

/// Copies a provider with its secret and its proxy, under a name of its own. The copy is disabled: somebody looks at it
/// before it gets calls.
pub async fn clone(hub: &Hub, actor: &Admin, id: ProviderId, asked: ProviderClone) -> Result<Provider, Fault> {
    let mut change = change::begin(hub).await?;
    let stored = change.lock_provider(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("provider"))?;
    let now = clock::now();
    let mut copy = Provider { enabled: false, created_at: now, updated_at: now, ..stored.provider };
    copy.limits.reset_at = None;
    copy.name = match asked.name {
        Some(name) => check::name(&name)?,
        None => free_name(&copy.name, &change.provider_names().await.map_err(fault::store)?),
    };
    let secret = Sealed { sealed: stored.secret_sealed, shown: copy.secret_preview.clone() };
    copy.id = change.insert_provider(&copy, &secret).await.map_err(fault::store)?;
    if let (Some(sealed), Some(shown)) = (stored.proxy_sealed, copy.proxy_url.clone()) {
        change.set_provider_proxy(copy.id, Some(&Sealed { sealed, shown })).await.map_err(fault::store)?;
    }
    let mut entry = actor.entry("provider.clone", &copy.id);
    entry.after = shown(&copy);
    change::commit(hub, change, entry).await?;
    Ok(copy)
}

/// The ids of the providers that a filter lets pass; of too many as many as show that they are.
async fn matching(hub: &Hub, filter: &ProviderFilter) -> Result<Vec<ProviderId>, Fault> {
    let filter = checked(filter)?;
    let rows = page::rows(BULK_MAX);
    let found = hub.store.list_providers(ProviderId::default(), rows, &filter).await.map_err(fault::store)?;
    Ok(found.into_iter().map(|provider| provider.id).collect())
}

/// A filter as the store takes it.
pub(super) fn checked(filter: &ProviderFilter) -> Result<ProviderFilter, Fault> {
    Ok(ProviderFilter {
        search: check::words("search", filter.search.as_deref())?,
        group: check::words("group", filter.group.as_deref())?,
    })
}

/// Refuses what only one provider can have.
fn only_shared(patch: &ProviderPatch) -> Result<(), Fault> {
    let own = [
        ("name", patch.name.is_keep()),
        ("base_url", patch.base_url.is_keep()),
        ("secret", patch.secret.is_keep()),
        ("proxy_url", patch.proxy_url.is_keep()),
    ];
    match own.iter().find(|(_, is_keep)| !is_keep) {
        Some((field, _)) => Err(Fault::invalid(*field, "belongs to one provider; it cannot be set for many")),
        None => Ok(()),
    }
}

/// A name for a copy that nobody has: `name copy`, `name copy 2` and so on, cut to the length of a name.
fn free_name(name: &str, taken: &[String]) -> String {
    let with = |ending: &str| {
        let room = check::NAME_CHARS_MAX.saturating_sub(ending.chars().count());
        format!("{}{ending}", name.chars().take(room).collect::<String>().trim_end())
    };
    let mut ending = " copy".to_owned();
    let mut n = 1_u32;
    while taken.contains(&with(&ending)) {
        n = n.saturating_add(1);
        ending = format!(" copy {n}");
    }
    with(&ending)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::patch::Patch;

    #[test]
    fn a_copy_gets_a_name_that_nobody_has_and_that_fits() {
        let taken = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(free_name("east", &taken(&["east"])), "east copy");
        assert_eq!(free_name("east", &taken(&["east copy", "east copy 2"])), "east copy 3");
        let long = "é".repeat(100);
        let copy = free_name(&long, &[]);
        assert_eq!((copy.chars().count(), copy.ends_with(" copy")), (100, true));
        assert!(free_name(&long, &[copy]).ends_with(" copy 2"));
    }

    #[test]
    fn what_is_one_providers_own_is_not_set_for_many() {
        let patch = ProviderPatch { weight: Patch::Set(2), ..ProviderPatch::default() };
        assert_eq!(only_shared(&patch), Ok(()));
        let patch = ProviderPatch { base_url: Patch::Set("https://a.example".to_owned()), ..patch };
        assert_eq!(only_shared(&patch).unwrap_err().field(), Some("base_url"));
    }
}
