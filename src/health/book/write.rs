//! What of the book is not written down yet.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Book;
use crate::domain::hold::Hold;

/// Holds that wait to be written, at most; while Postgres is away, what is beyond is kept in memory only.
const UNWRITTEN_MAX: usize = 10_000;

/// Why a hold has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its time was over.
    Expired,
    /// Something succeeded.
    Healed,
    /// A trial failed, and the breaker opened again.
    Reopened,
    /// An operator has ended it.
    Ended,
    /// What it was about was edited.
    Edited,
    /// What it was about is gone.
    Gone,
}

impl Ending {
    /// The name used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Healed => "healed",
            Self::Reopened => "reopened",
            Self::Ended => "ended",
            Self::Edited => "edited",
            Self::Gone => "gone",
        }
    }
}

/// How a hold stands, to be written down.
#[derive(Clone, Debug)]
pub struct Write {
    /// The hold.
    pub hold: Arc<Hold>,
    /// When it has ended, and why, if it has.
    pub ended: Option<(DateTime<Utc>, Ending)>,
}

impl Book {
    /// Notes that a hold is to be written as it stands now.
    pub(super) fn write(&mut self, write: Write) {
        if self.unwritten.len() < UNWRITTEN_MAX || self.unwritten.contains_key(&write.hold.id) {
            self.unwritten.insert(write.hold.id, write);
        }
    }

    /// Adds a hold that was written down just now. It is written once more: a reading that is under way does not know it,
    /// and must not take it for one that has ended.
    pub(in crate::health) fn add_written(&mut self, hold: Hold) {
        let hold = Arc::new(hold);
        self.write(Write { hold: Arc::clone(&hold), ended: None });
        self.add(hold);
    }

    /// True if something is to be written.
    pub(in crate::health) fn has_writes(&self) -> bool {
        !self.unwritten.is_empty()
    }

    /// What is to be written, oldest first.
    pub(in crate::health) fn take_writes(&mut self) -> Vec<Write> {
        let mut writes: Vec<Write> = self.unwritten.drain().map(|(_, write)| write).collect();
        writes.sort_unstable_by_key(|write| write.hold.id);
        writes
    }

    /// It could not be written: it waits, unless there is newer.
    pub(in crate::health) fn put_back(&mut self, writes: Vec<Write>) {
        for write in writes {
            self.unwritten.entry(write.hold.id).or_insert(write);
        }
    }
}
