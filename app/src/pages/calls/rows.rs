//! The rows of the list, kept current by the feed: a row that is shown changes in place; a new one waits until the reader
//! asks for it, so that nothing moves under their eyes or their pointer. Only an empty list fills by itself.

use hub::domain::{call::Call, id::CallId, report::CallQuery};
use leptos::prelude::*;

use crate::{browser, live::Live, query::admits};

/// Most rows that are shown; older ones are a page away.
const ROWS_MAX: usize = 500;

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
    /// New calls that wait until the reader asks for them.
    pub(super) waiting: RwSignal<Vec<Call>>,
}

impl Rows {
    /// The rows of a page as it was read.
    pub(super) fn new(calls: Vec<Call>) -> Self {
        let mut shown: Vec<Row> = calls.into_iter().map(Row::new).collect();
        shown.sort_by_key(|row| std::cmp::Reverse(row.id));
        Self { shown: RwSignal::new(shown), waiting: RwSignal::new(Vec::new()) }
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
        if !admits(query, &call) {
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
    }

    /// Shows what has waited.
    pub(super) fn show_waiting(self) {
        let waiting = self.waiting.try_update(std::mem::take).unwrap_or_default();
        self.show(waiting);
        browser::scroll_to_top();
    }

    fn show(self, calls: Vec<Call>) {
        self.shown.update(|shown| {
            shown.extend(calls.into_iter().map(Row::new));
            shown.sort_by_key(|row| std::cmp::Reverse(row.id));
            shown.truncate(ROWS_MAX);
        });
    }
}
