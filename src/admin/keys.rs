//! Keys the hub issues.

mod many;

use std::collections::HashMap;

use chrono::TimeDelta;

pub use self::many::bulk;
use super::{
    actor::{Admin, shown},
    change, check, fault, limits, page,
    usage::{Asked, Sums},
};
use crate::{
    clock,
    domain::{
        fault::Fault,
        id::{KeyId, UserId},
        key::{
            ApiKey, KeyCreate, KeyPatch, NewKey, Rotation,
            many::{KeyQuery, ListedKey},
        },
        money::Usd,
        page::{Page, PageQuery},
        report::UsageBy,
    },
    hub::Hub,
    route::rules::Matcher,
    secret::{self, Secret},
    store::keys::{KeptSecret, preview},
};

/// How every key begins.
const SECRET_PREFIX: &str = "sk-sy-";

/// First characters of a key that are kept for display.
const SHOWN_CHARS: usize = 10;

/// Last characters of a key that are kept for display.
const LAST_CHARS: usize = 4;

/// The longest time that a replaced secret may still be used: 30 days.
const GRACE_S_MAX: u32 = 2_592_000;

/// Globs on user agents of one key.
const CLIENTS_MAX: usize = 100;

/// Characters of such a glob.
const CLIENT_CHARS_MAX: usize = 256;

/// Addresses and networks of one key.
const ADDRESSES_MAX: usize = 200;

/// Days that a key can be asked to have been unused.
const UNUSED_DAYS_MAX: u32 = 3_650;

/// A page of the keys of all users, by id.
pub async fn list_all(hub: &Hub, _actor: &Admin, query: &KeyQuery) -> Result<Page<ListedKey>, Fault> {
    let limit = page::limit(query.limit)?;
    let after: Option<KeyId> = page::after(query.cursor.as_deref())?;
    check::within("unused_days", query.unused_days, 1, UNUSED_DAYS_MAX)?;
    let query = KeyQuery {
        search: check::words("search", query.search.as_deref())?,
        group: check::words("group", query.group.as_deref())?,
        ..query.clone()
    };
    let keys = hub.store.list_all_keys(after, page::rows(limit), &query, clock::now()).await.map_err(fault::store)?;
    Ok(page::cut(keys, limit, |listed| listed.key.id.to_string()))
}

/// What these keys have spent today; nothing stands there for one that was not used.
pub async fn spent_today(hub: &Hub, _actor: &Admin, keys: &[ListedKey]) -> Result<HashMap<KeyId, Usd>, Fault> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let (now, zone) = (clock::now(), hub.snapshot.load().zone);
    // There is nothing after now: the sums of the day serve all of it. All other keys share one row.
    let range = (clock::midnight(now, zone), clock::next_midnight(now, zone));
    let named = Some(keys.iter().map(|listed| listed.key.id.0).collect());
    let asked = Asked { range, by: Some(UsageBy::Key), named, without_times: true, ..Asked::default() };
    let rows_max = i64::try_from(keys.len()).unwrap_or(i64::MAX - 1) + 1;
    let rows = Sums::open(hub).await?.read(asked, rows_max).await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.id?.parse::<KeyId>().ok()?, row.totals.cost_usd))).collect())
}

/// A page of a user's keys, by id.
pub async fn list(hub: &Hub, actor: &Admin, user_id: UserId, query: &PageQuery) -> Result<Page<ApiKey>, Fault> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?.unwrap_or_default();
    super::users::find(hub, actor, user_id).await?;
    let keys = hub.store.list_keys(user_id, after, page::rows(limit)).await.map_err(fault::store)?;
    Ok(page::cut(keys, limit, |key| key.id.to_string()))
}

/// One key.
pub async fn find(hub: &Hub, _actor: &Admin, id: KeyId) -> Result<ApiKey, Fault> {
    hub.store.find_key(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("key"))
}

/// Makes a key. The answer is the only place where its secret ever stands.
pub async fn create(hub: &Hub, actor: &Admin, user_id: UserId, new: KeyCreate) -> Result<NewKey, Fault> {
    let secret = secret::generate(SECRET_PREFIX);
    let kept = kept(&secret);
    let mut key = checked(ApiKey {
        limits: new.limits(),
        id: KeyId::default(),
        user_id,
        name: new.name,
        enabled: new.enabled.unwrap_or(true),
        group: new.group.unwrap_or_default(),
        models: new.models.unwrap_or_default(),
        clients: new.clients.unwrap_or_default(),
        addresses: new.addresses.unwrap_or_default(),
        expires_at: new.expires_at,
        old_secret_until: None,
        last_used_at: None,
        preview: preview(&kept.prefix, &kept.last_four),
        created_at: clock::now(),
    })?;
    let mut change = change::begin(hub).await?;
    change.lock_user(user_id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("user"))?;
    change.ensure_groups(&check::named_groups(&key.group)).await.map_err(fault::store)?;
    key.id = change.insert_key(&key, &kept).await.map_err(fault::store)?;
    let mut entry = actor.entry("key.create", &key.id);
    entry.after = shown(&key);
    change::commit(hub, change, entry).await?;
    Ok(NewKey { stored: key, key: secret.expose().to_owned() })
}

/// Changes what `patch` names.
pub async fn update(hub: &Hub, actor: &Admin, id: KeyId, patch: KeyPatch) -> Result<ApiKey, Fault> {
    let mut change = change::begin(hub).await?;
    let before = change.lock_key(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("key"))?;
    let key = checked(patched(before.clone(), patch)?)?;
    change.ensure_groups(&check::named_groups(&key.group)).await.map_err(fault::store)?;
    change.update_key(&key).await.map_err(fault::store)?;
    let mut entry = actor.entry("key.update", &id);
    (entry.before, entry.after) = (shown(&before), shown(&key));
    change::commit(hub, change, entry).await?;
    Ok(key)
}

/// Gives a key another secret: the answer is the only place where it ever stands. The one before ends at once, or after
/// a grace time; one that was replaced earlier ends now.
pub async fn rotate(hub: &Hub, actor: &Admin, id: KeyId, rotation: Rotation) -> Result<NewKey, Fault> {
    check::within("grace_s", Some(rotation.grace_s), 0, GRACE_S_MAX)?;
    let secret = secret::generate(SECRET_PREFIX);
    let kept = kept(&secret);
    let mut change = change::begin(hub).await?;
    let before = change.lock_key(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("key"))?;
    let grace = (rotation.grace_s > 0).then(|| clock::now() + TimeDelta::seconds(rotation.grace_s.into()));
    let preview = preview(&kept.prefix, &kept.last_four);
    let key = ApiKey { preview, old_secret_until: grace, ..before.clone() };
    change.rotate_key(id, &kept, grace).await.map_err(fault::store)?;
    let mut entry = actor.entry("key.rotate", &id);
    (entry.before, entry.after) = (shown(&before), shown(&key));
    change::commit(hub, change, entry).await?;
    Ok(NewKey { stored: key, key: secret.expose().to_owned() })
}

/// Deletes a key. It is refused from now on; what it did stays on record under its name.
pub async fn delete(hub: &Hub, actor: &Admin, id: KeyId) -> Result<(), Fault> {
    let mut change = change::begin(hub).await?;
    let before = change.lock_key(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("key"))?;
    change.delete_key(id).await.map_err(fault::store)?;
    let mut entry = actor.entry("key.delete", &id);
    entry.before = shown(&before);
    change::commit(hub, change, entry).await
}

/// What is kept of a secret.
fn kept(secret: &Secret) -> KeptSecret {
    let text = secret.expose();
    KeptSecret {
        hash: secret::hash(text),
        prefix: text.chars().take(SHOWN_CHARS).collect(),
        last_four: text.chars().skip(text.chars().count().saturating_sub(LAST_CHARS)).collect(),
    }
}

/// The key with the patch applied.
fn patched(mut key: ApiKey, patch: KeyPatch) -> Result<ApiKey, Fault> {
    key.limits = patch.limits(key.limits);
    if let Some(name) = check::not_cleared("name", patch.name)? {
        key.name = name;
    }
    patch.enabled.apply_or(&mut key.enabled, true);
    patch.group.apply_or(&mut key.group, Vec::new());
    patch.models.apply_or(&mut key.models, Vec::new());
    patch.clients.apply_or(&mut key.clients, Vec::new());
    patch.addresses.apply_or(&mut key.addresses, Vec::new());
    patch.expires_at.apply(&mut key.expires_at);
    Ok(key)
}

/// The key as it is kept.
fn checked(mut key: ApiKey) -> Result<ApiKey, Fault> {
    key.name = check::name(&key.name)?;
    limits::check(&key.limits)?;
    key.group = check::groups(&key.group, true)?;
    check::model_rules("models", &mut key.models.iter())?;
    key.clients = checked_clients(&key.clients)?;
    if key.addresses.len() > ADDRESSES_MAX {
        return Err(Fault::invalid("addresses", format!("must be at most {ADDRESSES_MAX}")));
    }
    key.expires_at = check::time(key.expires_at);
    Ok(key)
}

/// Globs on user agents, trimmed.
fn checked_clients(globs: &[String]) -> Result<Vec<String>, Fault> {
    if globs.len() > CLIENTS_MAX {
        return Err(Fault::invalid("clients", format!("must be at most {CLIENTS_MAX}")));
    }
    let checked = |glob: &String| {
        let glob = check::line("clients", glob, CLIENT_CHARS_MAX)?;
        Matcher::of_text(&glob).map_err(|why| Fault::invalid("clients", why))?;
        Ok(glob)
    };
    globs.iter().map(checked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_secret_only_its_hash_and_its_ends_are_kept() {
        let secret = secret::generate(SECRET_PREFIX);
        let kept = kept(&secret);
        assert_eq!(kept.hash, secret::hash(secret.expose()));
        assert_eq!((kept.prefix.len(), kept.last_four.len()), (10, 4));
        assert!(secret.expose().starts_with(&kept.prefix) && secret.expose().ends_with(&kept.last_four));
        assert_eq!(secret.expose().len(), 49);
    }
}
