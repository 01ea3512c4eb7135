//! People.

mod many;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::many::bulk;
use super::{
    actor::{Admin, shown},
    change, check, fault, limits, page,
};
use crate::{
    clock,
    domain::{
        fault::Fault,
        id::UserId,
        page::Page,
        user::{
            Role, User, UserCreate, UserPatch,
            many::{Renewal, UserFilter, UserQuery},
        },
    },
    hub::Hub,
};

/// Characters of a user's note.
const NOTE_CHARS_MAX: usize = 2_000;

/// Days that a user can be renewed by at once.
const RENEW_DAYS_MAX: u32 = 3_650;

/// A page of the users, by id.
pub async fn list(hub: &Hub, _actor: &Admin, query: &UserQuery) -> Result<Page<User>, Fault> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?.unwrap_or_default();
    let filter = checked_filter(&query.filter())?;
    let users = hub.store.list_users(after, page::rows(limit), &filter, clock::now()).await.map_err(fault::store)?;
    Ok(page::cut(users, limit, |user| user.id.to_string()))
}

/// The tags that users have, by name; at most 1,000.
pub async fn tags(hub: &Hub, _actor: &Admin) -> Result<Vec<String>, Fault> {
    hub.store.list_tags().await.map_err(fault::store)
}

/// One user.
pub async fn find(hub: &Hub, _actor: &Admin, id: UserId) -> Result<User, Fault> {
    hub.store.find_user(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("user"))
}

/// Makes a user.
pub async fn create(hub: &Hub, actor: &Admin, new: UserCreate) -> Result<User, Fault> {
    let mut user = checked(User {
        limits: new.limits(),
        id: UserId::default(),
        name: new.name,
        note: new.note.unwrap_or_default(),
        enabled: new.enabled.unwrap_or(true),
        role: new.role.unwrap_or_default(),
        group: new.group.unwrap_or_default(),
        tags: new.tags.unwrap_or_default(),
        expires_at: new.expires_at,
        has_password: false,
        created_at: clock::now(),
    })?;
    let mut change = change::begin(hub).await?;
    change.ensure_groups(&check::named_groups(&user.group)).await.map_err(fault::store)?;
    user.id = change.insert_user(&user).await.map_err(fault::store)?;
    let mut entry = actor.entry("user.create", &user.id);
    entry.after = shown(&user);
    change::commit(hub, change, entry).await?;
    Ok(user)
}

/// Changes what `patch` names.
pub async fn update(hub: &Hub, actor: &Admin, id: UserId, patch: UserPatch) -> Result<User, Fault> {
    let mut change = change::begin(hub).await?;
    let before = change.lock_user(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("user"))?;
    let user = checked(patched(before.clone(), patch)?)?;
    change.ensure_groups(&check::named_groups(&user.group)).await.map_err(fault::store)?;
    change.update_user(&user).await.map_err(fault::store)?;
    let mut entry = actor.entry("user.update", &id);
    (entry.before, entry.after) = (shown(&before), shown(&user));
    change::commit(hub, change, entry).await?;
    Ok(user)
}

/// Gives a user more time, and enables it if that is asked for.
pub async fn renew(hub: &Hub, actor: &Admin, id: UserId, renewal: Renewal) -> Result<User, Fault> {
    let now = clock::now();
    let mut change = change::begin(hub).await?;
    let before = change.lock_user(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("user"))?;
    let end = renewed(before.expires_at, renewal, now)?;
    let enabled = before.enabled || renewal.enable;
    let user = User { expires_at: check::time(Some(end)), enabled, ..before.clone() };
    change.update_user(&user).await.map_err(fault::store)?;
    let mut entry = actor.entry("user.renew", &id);
    (entry.before, entry.after) = (shown(&before), shown(&user));
    change::commit(hub, change, entry).await?;
    Ok(user)
}

/// Deletes a user. Its keys are refused from now on; what it did stays on record under its name.
pub async fn delete(hub: &Hub, actor: &Admin, id: UserId) -> Result<(), Fault> {
    let mut change = change::begin(hub).await?;
    let before = change.lock_user(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("user"))?;
    change.delete_user(id).await.map_err(fault::store)?;
    let mut entry = actor.entry("user.delete", &id);
    entry.before = shown(&before);
    change::commit(hub, change, entry).await
}

/// When a user ends who is renewed so.
fn renewed(end: Option<DateTime<Utc>>, renewal: Renewal, now: DateTime<Utc>) -> Result<DateTime<Utc>, Fault> {
    match (renewal.days, renewal.until) {
        (Some(days), None) => {
            check::within("days", Some(days), 1, RENEW_DAYS_MAX)?;
            Ok(Renewal::end(days, end, now))
        }
        (None, Some(until)) if until <= now => Err(Fault::invalid("until", "must be in the future")),
        (None, Some(until)) if until > now + TimeDelta::days(10 * i64::from(RENEW_DAYS_MAX)) => {
            Err(Fault::invalid("until", "must be within a hundred years"))
        }
        (None, Some(until)) => Ok(until),
        _ => Err(Fault::invalid("days", "must be given, or `until`, and not both")),
    }
}

/// A filter as the store takes it.
fn checked_filter(filter: &UserFilter) -> Result<UserFilter, Fault> {
    Ok(UserFilter {
        search: check::words("search", filter.search.as_deref())?,
        tag: check::words("tag", filter.tag.as_deref())?,
        group: check::words("group", filter.group.as_deref())?,
        ..filter.clone()
    })
}

/// The user with the patch applied.
fn patched(mut user: User, patch: UserPatch) -> Result<User, Fault> {
    user.limits = patch.limits(user.limits);
    if let Some(name) = check::not_cleared("name", patch.name)? {
        user.name = name;
    }
    patch.note.apply_or(&mut user.note, String::new());
    patch.enabled.apply_or(&mut user.enabled, true);
    patch.role.apply_or(&mut user.role, Role::default());
    patch.group.apply_or(&mut user.group, Vec::new());
    patch.tags.apply_or(&mut user.tags, Vec::new());
    patch.expires_at.apply(&mut user.expires_at);
    Ok(user)
}

/// The user as it is kept.
fn checked(mut user: User) -> Result<User, Fault> {
    user.name = check::name(&user.name)?;
    limits::check(&user.limits)?;
    user.note = check::text("note", &user.note, NOTE_CHARS_MAX)?;
    user.group = check::groups(&user.group, true)?;
    user.tags = check::tags(&user.tags)?;
    user.expires_at = check::time(user.expires_at);
    Ok(user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{limit::Limits, patch::Patch, user::tests::ada};

    #[test]
    fn a_patch_changes_only_what_it_names() {
        let limits = Limits { limit_rpm: Some(5), ..Limits::default() };
        let user = User { expires_at: Some(clock::now()), limits, ..ada() };
        assert_eq!(patched(user.clone(), UserPatch::default()), Ok(user.clone()));
        let patch = UserPatch {
            group: Patch::Clear,
            tags: Patch::Clear,
            expires_at: Patch::Clear,
            enabled: Patch::Set(true),
            limit_rpm: Patch::Clear,
            limit_tpm: Patch::Set(0),
            ..UserPatch::default()
        };
        let limits = Limits { limit_tpm: Some(0), ..Limits::default() };
        let none = Vec::new;
        let expected = User { group: none(), tags: none(), expires_at: None, enabled: true, limits, ..user.clone() };
        assert_eq!(patched(user.clone(), patch), Ok(expected));
        let patch = UserPatch { name: Patch::Clear, ..UserPatch::default() };
        assert_eq!(patched(user, patch).unwrap_err().field(), Some("name"));
    }

    #[test]
    fn a_renewal_is_by_days_or_up_to_a_time_to_come() {
        let now: DateTime<Utc> = "2030-01-10T00:00:00Z".parse().unwrap();
        let of = |days, until: Option<&str>| {
            let until = until.map(|text| text.parse().unwrap());
            renewed(None, Renewal { days, until, enable: false }, now).map_err(|fault| fault.field().map(str::to_owned))
        };
        assert_eq!(of(Some(30), None), Ok("2030-02-09T00:00:00Z".parse().unwrap()));
        assert_eq!(of(None, Some("2030-01-11T00:00:00Z")), Ok("2030-01-11T00:00:00Z".parse().unwrap()));
        for (days, until, field) in [
            (None, None, "days"),
            (Some(0), None, "days"),
            (Some(3_651), None, "days"),
            (Some(1), Some("2030-01-11T00:00:00Z"), "days"),
            (None, Some("2030-01-10T00:00:00Z"), "until"),
            (None, Some("2200-01-01T00:00:00Z"), "until"),
        ] {
            assert_eq!(of(days, until), Err(Some(field.to_owned())));
        }
    }
}
