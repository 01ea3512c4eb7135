//! How far exports have come, for whoever asked for one and gave it a ticket: a word of their own.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use crate::domain::report::{ExportEnd, ExportProgress};

/// Exports that are remembered; the oldest are forgotten first.
const EXPORTS_MAX: usize = 64;

/// Characters of a ticket.
const TICKET_CHARS_MAX: usize = 64;

/// What a number holds that is not known yet.
const UNKNOWN: u64 = u64::MAX;

/// The exports of this replica that have a ticket.
#[derive(Default)]
pub struct Exports(Mutex<Known>);

/// The latest at the end.
type Known = VecDeque<(String, Arc<Course>)>;

impl Exports {
    /// A new course under that ticket; none for a ticket that is none. One that had it before is forgotten.
    pub(super) fn begin(&self, ticket: &str) -> Option<Arc<Course>> {
        let is_ticket =
            (1..=TICKET_CHARS_MAX).contains(&ticket.len()) && ticket.bytes().all(|b| b.is_ascii_alphanumeric());
        is_ticket.then(|| {
            let course = Arc::new(Course::default());
            let mut all = self.known();
            all.retain(|(other, _)| other != ticket);
            all.push_back((ticket.to_owned(), course.clone()));
            if all.len() > EXPORTS_MAX {
                all.pop_front();
            }
            course
        })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The course of the export with that ticket.
    pub(super) fn find(&self, ticket: &str) -> Option<Arc<Course>> {
        self.known().iter().find(|(other, _)| other == ticket).map(|(_, course)| course.clone())
    }
}

/// How far one export has come.
pub(super) struct Course {
    rows: AtomicU64,
    bytes: AtomicU64,
    total: AtomicU64,
    is_cancelled: AtomicBool,
    end: OnceLock<ExportEnd>,
}

impl Default for Course {
    fn default() -> Self {
        Self {
            rows: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            total: AtomicU64::new(UNKNOWN),
            is_cancelled: AtomicBool::new(false),
            end: OnceLock::new(),
        }
    }
}

impl Course {
    /// Notes that so much more is on its way to the reader.
    pub(super) fn add(&self, rows: usize, bytes: usize) {
        self.rows.fetch_add(u64::try_from(rows).unwrap_or_default(), Relaxed);
        self.bytes.fetch_add(u64::try_from(bytes).unwrap_or_default(), Relaxed);
    }

    /// Notes how many rows there will be.
    pub(super) fn expect(&self, total: u64) {
        self.total.store(total, Relaxed);
    }

    /// Notes the end, unless there is one.
    pub(super) fn end(&self, end: ExportEnd) {
        self.end.get_or_init(|| end);
    }

    /// Asks it to end before it is whole.
    pub(super) fn cancel(&self) {
        self.is_cancelled.store(true, Relaxed);
        self.end(ExportEnd::Cancelled);
    }

    /// True once somebody has asked it to end.
    pub(super) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Relaxed)
    }

    /// How far it is. While it runs it has at least as many rows as it has sent, whatever was counted.
    pub(super) fn progress(&self) -> ExportProgress {
        let (rows, end) = (self.rows.load(Relaxed), self.end.get().copied());
        let counted = Some(self.total.load(Relaxed)).filter(|total| *total != UNKNOWN);
        let total = if end == Some(ExportEnd::Whole) { Some(rows) } else { counted.map(|total| total.max(rows)) };
        ExportProgress { rows, bytes: self.bytes.load(Relaxed), total, end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_a_word_and_the_oldest_are_forgotten() {
        let exports = Exports::default();
        for nonsense in ["", "a b", "ü", &"x".repeat(TICKET_CHARS_MAX + 1)] {
            assert!(exports.begin(nonsense).is_none(), "{nonsense}");
        }
        for n in 0..=EXPORTS_MAX {
            exports.begin(&format!("t{n}"));
        }
        assert!(exports.find("t0").is_none() && exports.find("t1").is_some());
    }

    #[test]
    fn what_has_ended_stays_as_it_ended() {
        let course = Course::default();
        course.add(3, 90);
        assert_eq!(course.progress(), ExportProgress { rows: 3, bytes: 90, total: None, end: None });
        course.expect(2);
        assert_eq!(course.progress().total, Some(3));
        course.expect(5);
        course.cancel();
        course.end(ExportEnd::Whole);
        let cancelled = ExportProgress { rows: 3, bytes: 90, total: Some(5), end: Some(ExportEnd::Cancelled) };
        assert_eq!((course.progress(), course.is_cancelled()), (cancelled, true));
    }
}
