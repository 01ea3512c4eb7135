//! The use of one user, key, provider or model.

use chrono::{DateTime, Utc};
use futures_util::future::try_join_all;

use super::{
    actor::Admin,
    course, keys, limits, providers,
    usage::{self, Asked, Sums},
    users,
};
use crate::{
    clock,
    domain::{
        fault::Fault,
        id::{KeyId, ProviderId, UserId},
        limit::{LimitUse, Subject},
        report::{ErrorCount, PART_ROWS_MAX, Totals, UsageBy, UsageFilter, UsageQuery, UsageRow, course::Course},
    },
    hub::Hub,
};

/// Whose or what use it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UseOf {
    /// A user's.
    User(UserId),
    /// A key's.
    Key(KeyId),
    /// A provider's.
    Provider(ProviderId),
    /// That of a model, by the name that calls ask for.
    Model(String),
}

/// The use of one user, key, provider or model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UseReport {
    /// Its name.
    pub name: String,
    /// All of it.
    pub total: Totals,
    /// The same of as much time before.
    pub before: Totals,
    /// How it went.
    pub course: Course,
    /// The dearest first, by each of what it can be told apart by.
    pub parts: Vec<(UsageBy, Vec<UsageRow>)>,
    /// What went wrong, the most frequent first.
    pub errors: Vec<ErrorCount>,
    /// Its limits, where it has some.
    pub limits: Vec<LimitUse>,
}

/// Reads the use from `from` up to `to`.
///
/// # Errors
/// [`Fault::NotFound`] for a user, key or provider that is not there; [`Fault::Invalid`] for a range that cannot be.
pub async fn report(
    hub: &Hub,
    actor: &Admin,
    of: &UseOf,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<UseReport, Fault> {
    let (name, limited, filter, others) = match of {
        UseOf::User(id) => {
            let filter = UsageFilter { user_id: Some(*id), ..UsageFilter::default() };
            let others = [UsageBy::Key, UsageBy::Provider, UsageBy::Model].as_slice();
            (users::find(hub, actor, *id).await?.name, Some(Subject::User(*id)), filter, others)
        }
        UseOf::Key(id) => {
            let filter = UsageFilter { key_id: Some(*id), ..UsageFilter::default() };
            let key = keys::find(hub, actor, *id).await?;
            let name = format!("{} / {}", users::find(hub, actor, key.user_id).await?.name, key.name);
            (name, Some(Subject::Key(*id)), filter, [UsageBy::Provider, UsageBy::Model].as_slice())
        }
        UseOf::Provider(id) => {
            let filter = UsageFilter { provider_id: Some(*id), ..UsageFilter::default() };
            let others = [UsageBy::User, UsageBy::Model].as_slice();
            (providers::find(hub, actor, *id).await?.name, Some(Subject::Provider(*id)), filter, others)
        }
        UseOf::Model(name) => {
            let filter = UsageFilter { model: Some(name.clone()), ..UsageFilter::default() };
            (name.clone(), None, filter, [UsageBy::User, UsageBy::Provider].as_slice())
        }
    };
    let query = UsageQuery {
        from: Some(from),
        to: Some(to),
        user_id: filter.user_id,
        key_id: filter.key_id,
        provider_id: filter.provider_id,
        model: filter.model.clone(),
        ..UsageQuery::default()
    };
    let range = usage::range(&query, clock::now())?;
    let sums = Sums::open(hub).await?;
    let before = (range.0 - (range.1 - range.0), range.0);
    let rows_max = i64::try_from(PART_ROWS_MAX).unwrap_or(i64::MAX);
    let part = async |by: &UsageBy| {
        // Times are most of the work, and nobody looks at those of parts.
        let asked = Asked { range, filter: filter.clone(), by: Some(*by), without_times: true, ..Asked::default() };
        Ok((*by, sums.read(asked, rows_max).await?))
    };
    let (total, before, course, errors, parts) = tokio::try_join!(
        sums.total(range, filter.clone()),
        sums.total_without_times(before, filter.clone()),
        course::course(hub, actor, &query),
        sums.errors(range, &filter),
        try_join_all(others.iter().map(part)),
    )?;
    let limits = match limited {
        Some(subject) => limits::usage(hub, actor, subject).await.or_else(while_away)?,
        None => Vec::new(),
    };
    Ok(UseReport { name, total, before, course, parts, errors, limits })
}

/// While the counters are away nobody can tell how much of a limit is used; the rest is still worth reading.
fn while_away(fault: Fault) -> Result<Vec<LimitUse>, Fault> {
    if fault == Fault::CountersAway { Ok(Vec::new()) } else { Err(fault) }
}
