//! Who and what used most.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{
    actor::Admin,
    check::words,
    fault,
    period::{Span, span},
    usage::{Asked, Sums},
};
use crate::{
    clock,
    domain::{
        fault::Fault,
        report::{
            Totals, UsageBy, UsageRow,
            leaderboard::{Leaderboard, LeaderboardQuery, LeaderboardRow},
        },
    },
    hub::Hub,
};

/// Most rows that are ranked; beyond it the cheapest are left out.
const ROWS_MAX: i64 = 10_000;

/// Everybody or everything that was used in a span of time, ranked, and compared with the span before.
///
/// # Errors
/// [`Fault::Invalid`] for a range that cannot be, and for a tag or a group of something that has none.
pub async fn leaderboard(hub: &Hub, _actor: &Admin, query: &LeaderboardQuery) -> Result<Leaderboard, Fault> {
    let (now, zone) = (clock::now(), hub.snapshot.load().zone);
    let by = query.by.unwrap_or(UsageBy::User);
    let ((from, to), before) = spans(query, now, zone)?;
    let named = named(hub, query, by).await?;
    let sums = Sums::open(hub).await?;
    let sums = async |range: Span, without_times| {
        let asked = Asked { range, by: Some(by), named: named.clone(), without_times, ..Asked::default() };
        sums.read(asked, ROWS_MAX).await
    };
    let (rows, rows_before) = tokio::try_join!(sums((from, to), false), async {
        match before {
            // Times are most of the work, and are not compared.
            Some(before) => sums(before, true).await,
            None => Ok(Vec::new()),
        }
    })?;
    let mut items = rows_of(rows, rows_before, by);
    query.sort.unwrap_or_default().sort(&mut items, query.reverse.unwrap_or_default());
    Ok(Leaderboard { from, to, before_from: before.map(|(from, _)| from), before_to: before.map(|(_, to)| to), items })
}

/// The users that are meant; none if all are. The same sums serve them: whoever is not named shares a row, which is left
/// out.
async fn named(hub: &Hub, query: &LeaderboardQuery, by: UsageBy) -> Result<Option<Vec<i64>>, Fault> {
    let (tag, group) = (words("tag", query.tag.as_deref())?, words("group", query.group.as_deref())?);
    let field = match (&tag, &group) {
        (None, None) => return Ok(None),
        (Some(_), _) => "tag",
        (None, Some(_)) => "group",
    };
    if by != UsageBy::User {
        return Err(Fault::invalid(field, "is for users only"));
    }
    let ids = hub.store.list_user_ids(tag.as_deref(), group.as_deref()).await.map_err(fault::store)?;
    Ok(Some(ids.into_iter().map(|id| id.0).collect()))
}

/// The span that is asked for, and the one it is compared with.
fn spans(query: &LeaderboardQuery, now: DateTime<Utc>, zone: Tz) -> Result<(Span, Option<Span>), Fault> {
    let (from, to) = match (query.from, query.to, query.period) {
        (None, None, period) => return Ok(span(period.unwrap_or_default(), now, zone)),
        (_, _, Some(_)) => return Err(Fault::invalid("period", "must not stand beside `from` and `to`")),
        (None, Some(_), None) => return Err(Fault::invalid("from", "is missing: `to` does not stand alone")),
        // Nothing was used before 1970, and of far earlier times a zone's clocks cannot be told.
        (Some(from), to, None) => (from.max(DateTime::UNIX_EPOCH), to.unwrap_or(now).min(now)),
    };
    if from >= to {
        return Err(Fault::invalid("from", "must be before `to`, and in the past"));
    }
    let before = from.checked_sub_signed(to - from).map(|before| (before, from));
    Ok(((from, to), before))
}

/// The rows of somebody or something, each with its sums before.
fn rows_of(rows: Vec<UsageRow>, before: Vec<UsageRow>, by: UsageBy) -> Vec<LeaderboardRow> {
    let mut before: HashMap<String, Totals> =
        before.into_iter().filter_map(|row| Some((row.id?, row.totals))).collect();
    let row = |row: UsageRow| {
        let id = row.id?;
        Some(LeaderboardRow {
            name: row.name.unwrap_or_else(|| id.clone()),
            cache_permille: row.totals.cache_permille(),
            success_permille: match by {
                UsageBy::Provider => row.totals.good_permille(),
                UsageBy::User | UsageBy::Key | UsageBy::Model => row.totals.success_permille(),
            },
            totals: row.totals,
            before: before.remove(&id),
            id,
        })
    };
    rows.into_iter().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::report::leaderboard::Period;

    #[test]
    fn an_own_range_is_compared_with_as_much_time_before_it() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let now = at("2026-11-19T12:00:00Z");
        let asked = |from: Option<&str>, to: Option<&str>, period| {
            let query = LeaderboardQuery { from: from.map(at), to: to.map(at), period, ..LeaderboardQuery::default() };
            spans(&query, now, chrono_tz::UTC)
        };
        let (one, two, three) = ("2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z", "2026-10-30T00:00:00Z");
        assert_eq!(asked(Some(one), Some(two), None), Ok(((at(one), at(two)), Some((at(three), at(one))))));
        assert_eq!(asked(Some(one), None, None).unwrap().0, (at(one), now));
        for (from, to, period, field) in [
            (Some(two), Some(one), None, "from"),
            (Some("2027-01-01T00:00:00Z"), None, None, "from"),
            (None, Some(one), None, "from"),
            (Some(one), None, Some(Period::Today), "period"),
        ] {
            assert_eq!(asked(from, to, period).unwrap_err().field(), Some(field));
        }
    }
}
