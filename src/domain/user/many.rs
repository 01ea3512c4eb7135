//! Users by the many: which, and what is changed of them; and more time for one.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::UserPatch;
use crate::domain::{access::AccessStatus, id::UserId};

/// Which users to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct UserQuery {
    /// At most this many items, 1 to 500; default 50.
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Only those whose name, note or tags, or the name or preview of whose keys, hold this text, case aside.
    pub search: Option<String>,
    /// Only those with this tag.
    pub tag: Option<String>,
    /// Only those of this group.
    pub group: Option<String>,
    /// Only those of this status.
    #[cfg_attr(feature = "server", param(inline))]
    pub status: Option<AccessStatus>,
    /// Only those who expire before this time.
    pub expires_before: Option<DateTime<Utc>>,
}

/// Which users, as in the list of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct UserFilter {
    /// Only those whose name, note or tags, or the name or preview of whose keys, hold this text, case aside.
    pub search: Option<String>,
    /// Only those with this tag.
    pub tag: Option<String>,
    /// Only those of this group.
    pub group: Option<String>,
    /// Only those of this status.
    pub status: Option<AccessStatus>,
    /// Only those who expire before this time.
    pub expires_before: Option<DateTime<Utc>>,
}

impl UserQuery {
    /// What it asks for, pages aside.
    pub fn filter(&self) -> UserFilter {
        UserFilter {
            search: self.search.clone(),
            tag: self.tag.clone(),
            group: self.group.clone(),
            status: self.status,
            expires_before: self.expires_before,
        }
    }
}

/// A change of many users, named by `ids` or by `filter`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UserBulk {
    /// These, at most 2,000.
    #[serde(default)]
    pub ids: Option<Vec<UserId>>,
    /// All that match, at most 2,000.
    #[serde(default)]
    pub filter: Option<UserFilter>,
    /// What to change of each; not the name.
    #[serde(default)]
    pub patch: UserPatch,
    /// Tags to add to those that each has; default none.
    #[serde(default)]
    pub add_tags: Vec<String>,
    /// Tags to take from each; default none.
    #[serde(default)]
    pub remove_tags: Vec<String>,
    /// Days to renew each by, 1 to 3,650, as `renew` does; default none. Not together with `expires_at`.
    #[serde(default)]
    pub renew_days: Option<u32>,
    /// Only says what would change; default false.
    #[serde(default)]
    pub preview: bool,
}

/// More time for a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Renewal {
    /// So many days more, 1 to 3,650: from its end, or from now if that has come or there is none.
    #[serde(default)]
    pub days: Option<u32>,
    /// Or up to this time, which must not have come.
    #[serde(default)]
    pub until: Option<DateTime<Utc>>,
    /// Also enables the user; default false.
    #[serde(default)]
    pub enable: bool,
}

impl Renewal {
    /// When a user ends who is given so many days more at `now`.
    pub fn end(days: u32, end: Option<DateTime<Utc>>, now: DateTime<Utc>) -> DateTime<Utc> {
        let from = end.map_or(now, |end| end.max(now));
        from.checked_add_signed(TimeDelta::days(days.into())).unwrap_or(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn more_time_counts_from_the_end_or_from_now() {
        let now = at("2030-01-10T00:00:00Z");
        let end = |end: Option<&str>| Renewal::end(7, end.map(at), now).to_rfc3339();
        assert_eq!(end(Some("2030-01-20T12:00:00Z")), "2030-01-27T12:00:00+00:00");
        assert_eq!(end(Some("2029-01-20T12:00:00Z")), "2030-01-17T00:00:00+00:00");
        assert_eq!(end(None), "2030-01-17T00:00:00+00:00");
    }
}
