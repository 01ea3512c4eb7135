//! The rows of the list, kept current by the feed: a row that is shown changes in place; a new one waits until the reader
//! asks for it, so that nothing moves under their eyes or their pointer. Only an empty list fills by itself. As many
//! calls wait as can be shown: once there are more, none is kept, and the first page is read again when it is asked for.

use hub::domain::{call::Call, id::CallId, report::CallQuery};
use leptos::prelude::*;

use crate::{asked::Asked, browser, live::Live, query::admits};

/// Most rows that are shown, and most calls that wait; older ones are a page away.
pub(super) const ROWS_MAX: usize = 500;

/// A call in the list.
#[derive(Clone)]
pub(super) struct Row {
    /// Its id.
    pub(super) id: CallId,
    /// As it stands.
    pub(super) call: ArcRwSignal<Call>,
}

impl Row {
    fn new(call: Call) -> Self {
        Self { id: call.id, call: ArcRwSignal::new(call) }
    }
}

/// The rows of the list.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    /// What is shown, newest first.
    pub(super) shown: RwSignal<Vec<Row>>,
    /// New calls that wait until the reader asks for them; none once there are too many.
    pub(super) waiting: RwSignal<Vec<Call>>,
    /// True once more calls have come than can wait.
    pub(super) is_crowded: RwSignal<bool>,
    /// Where the next page begins; none if these are all.
    pub(super) next: RwSignal<Option<String>>,
}

impl Rows {
    /// The rows of a page as it was read; `next` is where the one after it begins.
    pub(super) fn new(calls: Vec<Call>, next: Option<String>) -> Self {
        let rows = Self {
            shown: RwSignal::new(Vec::new()),
            waiting: RwSignal::new(Vec::new()),
            is_crowded: RwSignal::new(false),
            next: RwSignal::new(next),
        };
        rows.show(calls);
        rows
    }

    /// Follows the feed.
    pub(super) fn follow(self, live: Live, query: CallQuery) {
        Effect::new(move |before: Option<()>| {
            let calls = live.calls.get();
            // What the feed said before this list was read is in the list.
            if before.is_some() {
                for call in calls {
                    self.take_in(call, &query);
                }
            }
        });
    }

    fn take_in(self, call: Call, query: &CallQuery) {
        let row = self.shown.with_untracked(|shown| shown.iter().find(|row| row.id == call.id).cloned());
        if let Some(row) = row {
            row.call.set(call);
            return;
        }
        if self.is_crowded.get_untracked() || !admits(query, &call) {
            return;
        }
        if self.shown.with_untracked(Vec::is_empty) {
            self.show(vec![call]);
            return;
        }
        self.waiting.update(|waiting| {
            waiting.retain(|other| other.id != call.id);
            waiting.push(call);
        });
        if self.waiting.with_untracked(Vec::len) > ROWS_MAX {
            self.waiting.set(Vec::new());
            self.is_crowded.set(true);
        }
    }

    /// Shows what has waited; if it was too much, what `list` reads now.
    pub(super) fn show_waiting(self, list: Asked) {
        if self.is_crowded.get_untracked() {
            list.refetch();
        } else {
            let waiting = self.waiting.try_update(std::mem::take).unwrap_or_default();
            self.show(waiting);
        }
        browser::scroll_to_top();
    }

    /// Puts calls among the rows. The next page begins after the last row, wherever the list is cut.
    fn show(self, calls: Vec<Call>) {
        let cut_at = self.shown.try_update(|shown| {
            shown.extend(calls.into_iter().map(Row::new));
            shown.sort_by_key(|row| std::cmp::Reverse(row.id));
            let is_cut = shown.len() > ROWS_MAX;
            shown.truncate(ROWS_MAX);
            shown.last().filter(|_| is_cut).map(|row| row.id.to_string())
        });
        if let Some(cut_at) = cut_at.flatten() {
            self.next.set(Some(cut_at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(place: u32) -> CallId {
        format!("00000000-0000-7000-8000-{place:012x}").parse().unwrap()
    }

    fn calls(places: std::ops::Range<u32>) -> Vec<Call> {
        places.map(|place| Call { id: id(place), ..Call::default() }).collect()
    }

    #[test]
    fn the_next_page_begins_where_the_list_is_cut() {
        Owner::new().with(|| {
            let rows = Rows::new(calls(1_000..1_050), Some("of the page".to_owned()));
            assert_eq!(rows.next.get_untracked().as_deref(), Some("of the page"));
            for call in calls(2_000..2_600) {
                rows.show(vec![call]);
            }
            let last = rows.shown.with_untracked(|shown| shown.last().map(|row| row.id));
            assert_eq!((rows.shown.with_untracked(Vec::len), last), (ROWS_MAX, Some(id(2_100))));
            assert_eq!(rows.next.get_untracked(), Some(id(2_100).to_string()));
        });
    }

    #[test]
    fn as_many_calls_wait_as_can_be_shown() {
        Owner::new().with(|| {
            let rows = Rows::new(calls(0..1), None);
            assert_eq!(rows.next.get_untracked(), None);
            for call in calls(1..501) {
                rows.take_in(call, &CallQuery::default());
            }
            assert_eq!((rows.waiting.with_untracked(Vec::len), rows.is_crowded.get_untracked()), (ROWS_MAX, false));
            for call in calls(501..1_200) {
                rows.take_in(call, &CallQuery::default());
            }
            assert_eq!((rows.waiting.with_untracked(Vec::len), rows.is_crowded.get_untracked()), (0, true));
        });
    }
}
