//! Users changed many at a time.

use chrono::{DateTime, Utc};

use super::{RENEW_DAYS_MAX, checked, checked_filter, patched};
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
        id::UserId,
        user::{
            User,
            many::{Renewal, UserBulk, UserFilter},
        },
    },
    hub::Hub,
};

/// Changes many users: all of them, or none if one cannot be changed so. A preview only says what would be.
///
/// # Errors
/// [`Fault::Invalid`] for what cannot be set for many, and for the first user that cannot be changed so;
/// [`Fault::NotFound`] if one is not there.
pub async fn bulk(hub: &Hub, actor: &Admin, asked: UserBulk) -> Result<BulkReport, Fault> {
    check_many(&asked)?;
    let now = clock::now();
    let ids = match (&asked.ids, &asked.filter) {
        (Some(ids), None) => bulk::distinct(ids.clone(), "ids")?,
        (None, Some(filter)) => bulk::distinct(matching(hub, filter, now).await?, "filter")?,
        _ => return Err(Fault::invalid("ids", "must be given, or `filter`, and not both")),
    };
    let mut change = change::begin(hub).await?;
    let mut planned = Vec::new();
    for id in ids {
        let found = change.user_of_many(id, asked.preview).await.map_err(fault::store)?;
        let before = found.ok_or_else(|| Fault::not_found("user"))?;
        let after = changed(before.clone(), &asked, now);
        planned.push(Planned { before, after });
    }
    let report = bulk::report(&planned, asked.preview, |user| (user.id.to_string(), user.name.clone()));
    if asked.preview {
        return Ok(report);
    }
    bulk::accept(&report)?;
    let changed = planned.iter().zip(&report.items).filter(|(_, row)| !row.changes.is_empty());
    for (Planned { before, after }, _) in changed {
        let Ok(after) = after else { continue };
        change.ensure_groups(&check::named_groups(&after.group)).await.map_err(fault::store)?;
        change.update_user(after).await.map_err(fault::store)?;
        let mut entry = actor.entry("user.update", &after.id);
        (entry.before, entry.after) = (shown(before), shown(after));
        change.audit(entry).await.map_err(fault::store)?;
    }
    change::publish(hub, change).await?;
    Ok(report)
}

/// Refuses what cannot be asked of many.
fn check_many(asked: &UserBulk) -> Result<(), Fault> {
    if !asked.patch.name.is_keep() {
        return Err(Fault::invalid("name", "belongs to one user; it cannot be set for many"));
    }
    if asked.renew_days.is_some() && !asked.patch.expires_at.is_keep() {
        return Err(Fault::invalid("renew_days", "must be left out where a last day is given"));
    }
    check::within("renew_days", asked.renew_days, 1, RENEW_DAYS_MAX)
}

/// The ids of the users that a filter lets pass; of too many as many as show that they are.
async fn matching(hub: &Hub, filter: &UserFilter, now: DateTime<Utc>) -> Result<Vec<UserId>, Fault> {
    let filter = checked_filter(filter)?;
    let found = hub.store.list_users(UserId::default(), page::rows(BULK_MAX), &filter, now).await;
    Ok(found.map_err(fault::store)?.into_iter().map(|user| user.id).collect())
}

/// One of them as it would be.
fn changed(user: User, asked: &UserBulk, now: DateTime<Utc>) -> Result<User, Fault> {
    let mut user = patched(user, asked.patch.clone())?;
    user.tags.retain(|tag| !asked.remove_tags.contains(tag));
    user.tags.extend(asked.add_tags.iter().cloned());
    if let Some(days) = asked.renew_days {
        user.expires_at = Some(Renewal::end(days, user.expires_at, now));
    }
    checked(user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        patch::Patch,
        user::{UserPatch, tests::ada},
    };

    #[test]
    fn tags_are_added_and_taken_and_the_end_moves() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let asked = UserBulk {
            add_tags: names(&["red", "blue"]),
            remove_tags: names(&["blue", "none"]),
            renew_days: Some(2),
            ..UserBulk::default()
        };
        let now: DateTime<Utc> = "2030-01-10T00:00:00Z".parse().unwrap();
        let after = changed(ada(), &asked, now).unwrap();
        assert_eq!(after.tags, names(&["red", "blue"]));
        assert_eq!(after.expires_at, Some("2030-01-12T00:00:00Z".parse().unwrap()));
        let many = (0..21).map(|n| n.to_string()).collect();
        let too_many = UserBulk { add_tags: many, ..UserBulk::default() };
        assert_eq!(changed(ada(), &too_many, now).unwrap_err().field(), Some("tags"));
    }

    #[test]
    fn a_name_is_not_for_many_and_an_end_is_set_in_one_way() {
        let patch = UserPatch { name: Patch::Set("x".to_owned()), ..UserPatch::default() };
        assert_eq!(check_many(&UserBulk { patch, ..UserBulk::default() }).unwrap_err().field(), Some("name"));
        let patch = UserPatch { expires_at: Patch::Clear, ..UserPatch::default() };
        let both = UserBulk { patch, renew_days: Some(1), ..UserBulk::default() };
        assert_eq!(check_many(&both).unwrap_err().field(), Some("renew_days"));
        let none = UserBulk { renew_days: Some(0), ..UserBulk::default() };
        assert_eq!(check_many(&none).unwrap_err().field(), Some("renew_days"));
    }
}
