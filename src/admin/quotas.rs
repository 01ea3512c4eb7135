//! Quotas: who is near or over a limit.

use std::{cmp::Reverse, str::FromStr};

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{actor::Admin, check::within, fault, limits, page};
use crate::{
    clock,
    domain::{
        fault::Fault,
        id::UserId,
        limit::{
            LimitUse, Limited, Limits, Subject,
            quota::{Quota, QuotaQuery, SubjectKind},
        },
        page::Page,
        user::User,
    },
    hub::Hub,
    store::limits::Limitee,
};

/// How many users, keys and providers the counters are asked for at the same time.
const ASKED_MAX: usize = 64;

/// A place in the list: the fullest first, then by kind, id and window.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place(Reverse<u64>, usize, i64, usize);

impl Place {
    fn of(quota: &Quota) -> Self {
        let kind = SubjectKind::ALL.iter().position(|kind| *kind == quota.subject).unwrap_or_default();
        let window = Limited::ALL.iter().position(|window| *window == quota.used.window).unwrap_or_default();
        Self(Reverse(quota.share_permille), kind, quota.id.parse().unwrap_or_default(), window)
    }

    fn text(&self) -> String {
        let Self(Reverse(share), kind, id, window) = self;
        format!("{share}:{kind}:{id}:{window}")
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let [share, kind, id, window] = text.split(':').collect::<Vec<_>>().try_into().map_err(|_| ())?;
        let place = |text: &str| text.parse::<usize>().map_err(|_| ());
        Ok(Self(Reverse(share.parse().map_err(|_| ())?), place(kind)?, id.parse().map_err(|_| ())?, place(window)?))
    }
}

/// A page of the limits that are set, with their use, the fullest first.
///
/// # Errors
/// [`Fault::Invalid`] for a parameter that cannot be; [`Fault::CountersAway`] while Redis does not answer.
pub async fn list(hub: &Hub, _actor: &Admin, query: &QuotaQuery) -> Result<Page<Quota>, Fault> {
    let limit = page::limit(query.limit)?;
    let after: Option<Place> = page::after(query.cursor.as_deref())?;
    within("at_least", query.at_least, 0, 100)?;
    let at_least = u64::from(query.at_least.unwrap_or_default()) * 10;
    let now = clock::now();
    let kinds = SubjectKind::ALL.into_iter().filter(|kind| query.subject.is_none_or(|wanted| wanted == *kind));
    let mut limitees = Vec::new();
    for kind in kinds {
        limitees.extend(hub.store.list_limited(kind).await.map_err(fault::store)?);
    }
    let asked = stream::iter(limitees).map(|limitee| of(hub, limitee, now)).buffer_unordered(ASKED_MAX);
    let all: Vec<Vec<Quota>> = asked.try_collect().await?;
    let mut quotas: Vec<(Place, Quota)> = all
        .into_iter()
        .flatten()
        .filter(|quota| quota.share_permille >= at_least)
        .map(|quota| (Place::of(&quota), quota))
        .filter(|(place, _)| after.as_ref().is_none_or(|after| place > after))
        .collect();
    quotas.sort_by(|(one, _), (other, _)| one.cmp(other));
    let items = quotas.into_iter().map(|(_, quota)| quota).collect();
    Ok(page::cut(items, limit, |quota| Place::of(quota).text()))
}

/// Of each user the limits that are set, the one that is used most first.
///
/// # Errors
/// [`Fault::CountersAway`] while Redis does not answer.
pub async fn of_users(hub: &Hub, _actor: &Admin, users: &[User]) -> Result<Vec<Vec<LimitUse>>, Fault> {
    let now = clock::now();
    let asked = users.iter().map(|user| (user.id, user.limits.clone())).collect::<Vec<_>>();
    let asked = stream::iter(asked).map(|(id, limits)| of_user(hub, id, limits, now));
    asked.buffered(ASKED_MAX).try_collect().await
}

async fn of_user(hub: &Hub, id: UserId, limits: Limits, now: DateTime<Utc>) -> Result<Vec<LimitUse>, Fault> {
    if !limits.is_any() {
        return Ok(Vec::new());
    }
    let mut uses = limits::used(hub, Subject::User(id), &limits, now).await?;
    uses.retain(|used| used.limit.is_some());
    uses.sort_by_key(|used| Reverse(used.share_permille()));
    Ok(uses)
}

/// The limits of somebody that are set, with their use.
async fn of(hub: &Hub, limitee: Limitee, now: DateTime<Utc>) -> Result<Vec<Quota>, Fault> {
    let Limitee { subject, name, user, limits } = limitee;
    let uses = limits::used(hub, subject, &limits, now).await?;
    let (user_id, user_name) = user.unzip();
    let quota = |used: LimitUse| {
        Some(Quota {
            subject: subject.into(),
            id: subject.id().to_string(),
            name: name.clone(),
            user_id,
            user_name: user_name.clone(),
            share_permille: used.share_permille()?,
            used,
        })
    };
    Ok(uses.into_iter().filter_map(quota).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_and_the_fullest_comes_first() {
        let place = Place(Reverse(1_250), 1, 7, 4);
        assert_eq!(place.text().parse(), Ok(place.clone()));
        assert!(place < Place(Reverse(1_249), 0, 1, 0) && place > Place(Reverse(1_250), 1, 7, 3));
        for wrong in ["", "1:2:3", "1:2:3:4:5", "a:0:0:0", "1:-1:1:0"] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }
}
