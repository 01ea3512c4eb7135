//! People.

use super::{
    actor::{Admin, shown},
    change, check, fault, limits, page,
};
use crate::{
    clock,
    domain::{
        fault::Fault,
        id::UserId,
        page::{Page, PageQuery},
        user::{Role, User, UserCreate, UserPatch},
    },
    hub::Hub,
};

/// Characters of a user's note.
const NOTE_CHARS_MAX: usize = 2_000;

/// A page of the users, by id.
pub async fn list(hub: &Hub, _actor: &Admin, query: &PageQuery) -> Result<Page<User>, Fault> {
    let limit = page::limit(query.limit)?;
    let after = page::after(query.cursor.as_deref())?.unwrap_or_default();
    let users = hub.store.list_users(after, page::rows(limit)).await.map_err(fault::store)?;
    Ok(page::cut(users, limit, |user| user.id.to_string()))
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

/// Deletes a user. Its keys are refused from now on; what it did stays on record under its name.
pub async fn delete(hub: &Hub, actor: &Admin, id: UserId) -> Result<(), Fault> {
    let mut change = change::begin(hub).await?;
    let before = change.lock_user(id).await.map_err(fault::store)?.ok_or_else(|| Fault::not_found("user"))?;
    change.delete_user(id).await.map_err(fault::store)?;
    let mut entry = actor.entry("user.delete", &id);
    entry.before = shown(&before);
    change::commit(hub, change, entry).await
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
    patch.expires_at.apply(&mut user.expires_at);
    Ok(user)
}

/// The user as it is kept.
fn checked(mut user: User) -> Result<User, Fault> {
    user.name = check::name(&user.name)?;
    limits::check(&user.limits)?;
    user.note = check::text("note", &user.note, NOTE_CHARS_MAX)?;
    user.group = check::groups(&user.group, true)?;
    user.expires_at = check::time(user.expires_at);
    Ok(user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{limit::Limits, patch::Patch};

    #[test]
    fn a_patch_changes_only_what_it_names() {
        let user = User {
            id: UserId(1),
            name: "Ada".to_owned(),
            note: "first".to_owned(),
            enabled: false,
            role: Role::Admin,
            group: vec!["a".to_owned()],
            expires_at: Some(clock::now()),
            has_password: true,
            limits: Limits { limit_rpm: Some(5), ..Limits::default() },
            created_at: clock::now(),
        };
        assert_eq!(patched(user.clone(), UserPatch::default()), Ok(user.clone()));
        let patch = UserPatch {
            group: Patch::Clear,
            expires_at: Patch::Clear,
            enabled: Patch::Set(true),
            limit_rpm: Patch::Clear,
            limit_tpm: Patch::Set(0),
            ..UserPatch::default()
        };
        let limits = Limits { limit_tpm: Some(0), ..Limits::default() };
        let expected = User { group: Vec::new(), expires_at: None, enabled: true, limits, ..user.clone() };
        assert_eq!(patched(user.clone(), patch), Ok(expected));
        let patch = UserPatch { name: Patch::Clear, ..UserPatch::default() };
        assert_eq!(patched(user, patch).unwrap_err().field(), Some("name"));
    }
}
