//! In which order users are listed. By id they come page by page from the database; by anything else all of them are read,
//! and cut into pages here.

use std::{cmp::Reverse, collections::BTreeMap};

use hub::domain::{report::Totals, user::User};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use super::{PATH, UserList, address};
use crate::drawn::parts::{SortHead, link_with};

/// Users of a page.
const PAGE: usize = 50;

/// A column that the list can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Column {
    /// The name.
    Name,
    /// When they end; who never does comes last.
    Expires,
    /// Calls of the last day.
    Requests,
    /// Cost of the last day.
    Cost,
}

impl Column {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Expires => "expires",
            Self::Requests => "requests",
            Self::Cost => "cost",
        }
    }

    const fn is_number(self) -> bool {
        matches!(self, Self::Requests | Self::Cost)
    }
}

/// The order, and the page of it; by id if nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Order {
    /// Sorted by it.
    pub(crate) column: Option<Column>,
    /// The other way round.
    pub(crate) is_reverse: bool,
    /// Pages before this one.
    pub(crate) page: usize,
}

/// The page that an address asks for.
pub(crate) fn page_of(map: &ParamsMap) -> usize {
    map.get_str("page").and_then(|page| page.parse().ok()).unwrap_or_default()
}

impl Order {
    /// The parameters that say it, the page aside.
    pub(super) fn parameters(self) -> [(&'static str, String); 2] {
        let word = |word: Option<&str>| word.unwrap_or_default().to_owned();
        [("sort", word(self.column.map(Column::as_str))), ("order", word(self.is_reverse.then_some("reverse")))]
    }

    /// Leaves the users of the page, in their order; the number of the next page if there is one.
    pub(crate) fn arrange(self, users: &mut Vec<User>, totals: &BTreeMap<String, Totals>) -> Option<usize> {
        let column = self.column?;
        let of = |user: &User| totals.get(&user.id.to_string());
        match column {
            Column::Name => users.sort_by_key(|user| user.name.to_lowercase()),
            Column::Expires => users.sort_by_key(|user| (user.expires_at.is_none(), user.expires_at)),
            Column::Requests => users.sort_by_key(|user| Reverse(of(user).map(|totals| totals.calls))),
            Column::Cost => users.sort_by_key(|user| Reverse(of(user).map(|totals| totals.cost_usd))),
        }
        if self.is_reverse {
            users.reverse();
        }
        let first = self.page.saturating_mul(PAGE);
        let has_next = users.len() > first.saturating_add(PAGE);
        *users = users.drain(..).skip(first).take(PAGE).collect();
        has_next.then_some(self.page.saturating_add(1))
    }
}

/// The head of a column: sorts by it, and the other way round if it is sorted so.
pub(super) fn head(label: &'static str, column: Column, list: &UserList) -> AnyView {
    let Order { column: sorted, is_reverse, .. } = list.order;
    let is_sorted = sorted == Some(column);
    let is_rising = column.is_number() == (is_sorted && is_reverse);
    let order = if is_sorted && !is_reverse { "reverse" } else { "" };
    SortHead {
        label,
        href: link_with(PATH, &address(list), &[("sort", column.as_str()), ("order", order)]),
        order: is_sorted.then_some(if is_rising { "ascending" } else { "descending" }),
        is_number: column.is_number(),
    }
    .view()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: i64, name: &str, expires_at: Option<&str>) -> User {
        User {
            id: hub::domain::id::UserId(id),
            name: name.to_owned(),
            note: String::new(),
            enabled: true,
            role: hub::domain::user::Role::User,
            group: Vec::new(),
            tags: Vec::new(),
            expires_at: expires_at.map(|at| at.parse().unwrap()),
            created_at: chrono::DateTime::UNIX_EPOCH,
            has_password: false,
            limits: hub::domain::limit::Limits::default(),
        }
    }

    #[test]
    fn users_are_sorted_and_come_a_page_at_a_time() {
        let totals = BTreeMap::from([("2".to_owned(), Totals { calls: 5, ..Totals::default() })]);
        let arranged = |order: Order| {
            let mut users = vec![
                user(1, "b", None),
                user(2, "A", Some("2031-01-01T00:00:00Z")),
                user(3, "c", Some("2030-01-01T00:00:00Z")),
            ];
            let next = order.arrange(&mut users, &totals);
            (users.iter().map(|user| user.id.0).collect::<Vec<_>>(), next)
        };
        let by = |column| Order { column: Some(column), ..Order::default() };
        assert_eq!(arranged(Order::default()), (vec![1, 2, 3], None));
        assert_eq!(arranged(by(Column::Name)), (vec![2, 1, 3], None));
        assert_eq!(arranged(by(Column::Expires)), (vec![3, 2, 1], None));
        assert_eq!(arranged(by(Column::Requests)).0[0], 2);
        assert_eq!(arranged(Order { is_reverse: true, ..by(Column::Name) }), (vec![3, 1, 2], None));
        for page in [1, usize::MAX] {
            assert_eq!(arranged(Order { page, ..by(Column::Name) }), (vec![], None));
        }
        let mut many: Vec<User> = (0..60).map(|id| user(id, &id.to_string(), None)).collect();
        assert_eq!(by(Column::Name).arrange(&mut many, &totals), Some(1));
        assert_eq!(many.len(), PAGE);
    }
}
