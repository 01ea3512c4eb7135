//! What calls cost, and why they went where they went: written ahead to a local journal, moved to Postgres in batches.
//!
//! An entry is in the journal (`write(2)`) before the bytes that end its answer are passed on, so it survives the
//! death of any process. Postgres being slow or away delays nothing but the lists that people read.

pub mod checkpoint;
pub mod entry;
pub mod journal;
pub mod reader;
pub mod record;
pub mod rollup;
mod segment;

use std::{
    cell::Cell,
    collections::VecDeque,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use self::{
    entry::Entry,
    journal::{HEADER_BYTES, Journal, Position},
    record::RecordRef,
};
use crate::domain::attempt::Attempt;

/// A record that says nothing.
const BLANK: [u8; HEADER_BYTES + 1] = [b' '; HEADER_BYTES + 1];

/// Closing records that wait in memory while the disk is full. Calls that run may finish; new ones are refused.
const UNWRITTEN_MAX: usize = 100_000;

thread_local! {
    /// Memory for the next record: one is too large for the heap to give room for it quickly.
    static PAGE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A page that grew beyond this for one large record is not kept.
const PAGE_BYTES_MAX: usize = 64 << 10;

fn keep_page(page: Vec<u8>) {
    if page.capacity() <= PAGE_BYTES_MAX {
        PAGE.set(page);
    }
}

/// How the ledger is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Bytes in the journal that Postgres has not taken yet.
    pub backlog_bytes: u64,
    /// Bytes in the journal that Postgres has taken, and that are kept: for calls that run, and until Redis is told.
    pub held_bytes: u64,
    /// True if the last attempt to move entries to Postgres failed.
    pub is_database_away: bool,
    /// True if the journal cannot be written, or the disk does not take what was written.
    pub is_journal_failing: bool,
    /// True if the journal cannot be read: entries wait in it.
    pub is_journal_unreadable: bool,
    /// Places of the journal that were found damaged since the start.
    pub n_damaged: u64,
    /// Entries that Postgres rejected since the start.
    pub n_quarantined: u64,
    /// Entries that Postgres has taken since the start.
    pub n_recorded: u64,
}

/// Takes records, never blocks on Postgres, and tells the job that moves them on.
pub struct Ledger {
    journal: Journal,
    /// Records that could not be written, oldest first.
    unwritten: Mutex<VecDeque<Vec<u8>>>,
    /// True while the journal cannot be written.
    is_failing: AtomicBool,
    /// True while the disk does not take what was written.
    is_unsynced: AtomicBool,
    /// Wakes the job that moves records to Postgres.
    pub(crate) news: Notify,
    pub(crate) is_database_away: AtomicBool,
    pub(crate) is_unreadable: AtomicBool,
    /// True while somebody waits for the entries of the journal: they are moved on without a rest.
    pub(crate) is_hurried: AtomicBool,
    pub(crate) n_damaged: AtomicU64,
    pub(crate) n_quarantined: AtomicU64,
    pub(crate) n_recorded: AtomicU64,
    /// Told once, when Postgres has everything that earlier processes left in the journal.
    pub(crate) caught_up: CancellationToken,
    /// Bytes that Postgres has taken, of all the journal has held since the start.
    pub(crate) bytes_done: AtomicU64,
    /// Of those, what is kept all the same.
    pub(crate) bytes_held: AtomicU64,
    /// How far the journal is with the disk.
    synced: watch::Sender<Synced>,
    /// Wakes the job that syncs the journal.
    pub(crate) sync_wanted: Notify,
}

/// How far the journal is with the disk.
#[derive(Clone, Copy, Debug, Default)]
struct Synced {
    /// Everything before this place is.
    done: Position,
    /// Everything before this place was to be, when it failed the last time. What a system has once failed to bring to the
    /// disk it may forget: that it works the next time says nothing about it.
    failed: Position,
}

/// The journal cannot take another call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl Ledger {
    /// Opens the journal in `dir`.
    pub fn open(dir: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            journal: Journal::open(dir)?,
            unwritten: Mutex::default(),
            is_failing: AtomicBool::new(false),
            is_unsynced: AtomicBool::new(false),
            news: Notify::new(),
            is_database_away: AtomicBool::new(false),
            is_unreadable: AtomicBool::new(false),
            is_hurried: AtomicBool::new(false),
            n_damaged: AtomicU64::new(0),
            n_quarantined: AtomicU64::new(0),
            n_recorded: AtomicU64::new(0),
            caught_up: CancellationToken::new(),
            bytes_done: AtomicU64::new(0),
            bytes_held: AtomicU64::new(0),
            synced: watch::Sender::new(Synced::default()),
            sync_wanted: Notify::new(),
        })
    }

    /// The journal itself, for the jobs that read and sync it.
    pub(crate) const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// May a call begin?
    ///
    /// # Errors
    /// [`Full`] if the disk is full or fails, or the journal holds more than `bytes_max`.
    pub fn has_room(&self, bytes_max: u64) -> Result<(), Full> {
        let is_unsynced = self.is_unsynced.load(Ordering::Relaxed);
        let has_room = !is_unsynced && !self.is_at_bound(bytes_max) && self.flush_unwritten();
        if has_room { Ok(()) } else { Err(Full) }
    }

    /// True if the journal holds more than `bytes_max`: no call may begin until Postgres has taken some of it.
    pub fn is_at_bound(&self, bytes_max: u64) -> bool {
        self.backlog_bytes() + self.bytes_held.load(Ordering::Relaxed) > bytes_max
    }

    /// Notes that an attempt of `story`'s call begins, before any money is spent on it; `running` as it is to be
    /// settled if a crash cuts it.
    ///
    /// # Errors
    /// [`Full`] if the disk is full: the attempt must not start.
    pub fn open_attempt(&self, story: &Entry, running: &Attempt) -> Result<(), Full> {
        self.append_opening(story, Some(running))
    }

    /// Notes that an attempt of `story`'s call is over and that the call goes on: a crash from now on finds the attempt
    /// as it was settled. If the disk is full it is found as it was opened.
    pub fn end_attempt(&self, story: &Entry) {
        // What the disk does not take is said by `append`; the next attempt does not start then.
        let _ = self.append_opening(story, None);
    }

    fn append_opening(&self, story: &Entry, running: Option<&Attempt>) -> Result<(), Full> {
        let mut bytes = RecordRef::opened(story, running).encode(HEADER_BYTES, PAGE.take());
        let appended = self.append(&mut bytes);
        keep_page(bytes);
        appended.map(|_| ()).map_err(|_| Full)
    }

    /// Notes how a call ended. Neither waits nor fails: what the disk does not take now is kept and tried again.
    pub fn close_call(&self, story: &Entry) {
        let decision = story.decision.bounded(record::json);
        let mut bytes = RecordRef::closed(story, &decision).encode(HEADER_BYTES, PAGE.take());
        if self.is_taken(&mut bytes) {
            return keep_page(bytes);
        }
        let mut unwritten = self.unwritten.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever found the disk well again meanwhile has written what waited, and nobody would look for this one.
        if self.is_taken(&mut bytes) {
            return keep_page(bytes);
        }
        if unwritten.len() >= UNWRITTEN_MAX {
            tracing::error!("a call is lost: the journal cannot be written and memory for records is used up");
            return;
        }
        unwritten.push_back(bytes);
    }

    /// Appends a record unless the disk fails. True if that was done.
    fn is_taken(&self, bytes: &mut [u8]) -> bool {
        !self.is_failing.load(Ordering::Acquire) && self.append(bytes).is_ok()
    }

    /// True when everything that was appended so far is with the disk; false if it could not be brought there. Those who
    /// wait at the same time share one sync.
    pub fn synced(&self) -> impl Future<Output = bool> + Send + 'static {
        // While the disk fails what was to be appended may still wait for it.
        let is_written = !self.is_failing.load(Ordering::Acquire);
        let (end, mut synced) = (self.journal.end(), self.synced.subscribe());
        self.sync_wanted.notify_one();
        async move {
            let known = synced.wait_for(|synced| synced.done >= end || synced.failed >= end).await;
            // An error says that the ledger is gone, and with it the hub.
            is_written && known.is_ok_and(|synced| synced.failed < end)
        }
    }

    /// Brings everything that was appended to the disk, and wakes who waits for it. What fails is tried again with the
    /// next call. Blocks on the disk.
    pub(crate) fn sync(&self) {
        let end = self.journal.end();
        if self.synced.borrow().done >= end {
            return;
        }
        match self.journal.sync() {
            Ok(()) => {
                self.synced.send_modify(|synced| synced.done = end);
                self.is_unsynced.store(false, Ordering::Relaxed);
            }
            Err(error) => {
                if !self.is_unsynced.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, "the journal cannot be synced: new calls are refused");
                }
                self.synced.send_modify(|synced| synced.failed = end);
            }
        }
    }

    /// Writes what the disk did not take before. True if nothing is left.
    pub(crate) fn flush_unwritten(&self) -> bool {
        if !self.is_failing.load(Ordering::Relaxed) {
            return true;
        }
        let mut unwritten = self.unwritten.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(bytes) = unwritten.front_mut() {
            if self.append(bytes).is_err() {
                return false;
            }
            unwritten.pop_front();
        }
        // Nothing waits, but the disk may still be full: a blank record, which the reader passes over, tells. Nobody lets
        // another record wait before it is known.
        let is_written = self.append(&mut { BLANK }).is_ok();
        self.is_failing.store(!is_written, Ordering::Release);
        drop(unwritten);
        is_written
    }

    fn append(&self, bytes: &mut [u8]) -> std::io::Result<Position> {
        match self.journal.append(bytes) {
            Ok(position) => {
                self.news.notify_one();
                Ok(position)
            }
            Err(error) => {
                if !self.is_failing.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, "the journal cannot be written: new calls are refused");
                }
                Err(error)
            }
        }
    }

    /// Bytes in the journal that Postgres has not taken yet.
    pub fn backlog_bytes(&self) -> u64 {
        self.journal.bytes_total().saturating_sub(self.bytes_done.load(Ordering::Relaxed))
    }

    /// How the ledger is doing.
    pub fn status(&self) -> Status {
        Status {
            backlog_bytes: self.backlog_bytes(),
            held_bytes: self.bytes_held.load(Ordering::Relaxed),
            is_database_away: self.is_database_away.load(Ordering::Relaxed),
            is_journal_failing: self.is_failing.load(Ordering::Relaxed) || self.is_unsynced.load(Ordering::Relaxed),
            is_journal_unreadable: self.is_unreadable.load(Ordering::Relaxed),
            n_damaged: self.n_damaged.load(Ordering::Relaxed),
            n_quarantined: self.n_quarantined.load(Ordering::Relaxed),
            n_recorded: self.n_recorded.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{call::Call, decision::Decision, id::CallId},
        ledger::reader::Reader,
    };

    fn story() -> Entry {
        Entry::of(Call { id: CallId::fresh(), ..Call::default() }, Decision::default())
    }

    #[test]
    fn a_full_disk_refuses_new_calls_and_loses_no_running_one() {
        let dir = std::env::temp_dir().join(format!("switchyard-full-{}", CallId::fresh()));
        let ledger = Ledger::open(&dir).unwrap();
        let (story, attempt) = (story(), Attempt::default());
        ledger.has_room(u64::MAX).unwrap();
        ledger.open_attempt(&story, &attempt).unwrap();
        assert!(!ledger.status().is_journal_failing);

        ledger.journal().write_to(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
        assert_eq!(ledger.open_attempt(&story, &attempt), Err(Full));
        assert_eq!(ledger.has_room(u64::MAX), Err(Full));
        ledger.close_call(&story);
        assert!(!ledger.flush_unwritten());
        assert!(ledger.status().is_journal_failing);

        let segment = journal::path(&dir, ledger.journal().first_own_segment());
        ledger.journal().write_to(std::fs::OpenOptions::new().write(true).open(segment).unwrap());
        assert!(ledger.flush_unwritten() && !ledger.status().is_journal_failing);
        let mut reader = Reader::open(&dir, ledger.journal().first_own_segment()).unwrap();
        let batch = reader.read(ledger.journal().end(), 10).unwrap();
        assert_eq!(batch.entries.iter().map(|entry| entry.call.id).collect::<Vec<_>>(), [story.call.id]);
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[tokio::test]
    async fn what_the_disk_does_not_take_is_acknowledged_to_nobody() {
        let dir = std::env::temp_dir().join(format!("switchyard-unsynced-{}", CallId::fresh()));
        let ledger = Ledger::open(&dir).unwrap();
        let (story, attempt) = (story(), Attempt::default());
        ledger.open_attempt(&story, &attempt).unwrap();
        let waits = ledger.synced();
        ledger.sync();
        assert!(waits.await && !ledger.status().is_journal_failing);
        // It takes nothing: all that was appended is with the disk, but the end of the call waits.
        let segment = journal::path(&dir, ledger.journal().first_own_segment());
        ledger.journal().write_to(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
        ledger.close_call(&story);
        assert!(!ledger.synced().await, "it was not written");
        ledger.journal().write_to(std::fs::OpenOptions::new().write(true).open(segment).unwrap());
        assert!(ledger.flush_unwritten());
        let waits = ledger.synced();
        ledger.sync();
        assert!(waits.await, "it was written and brought to the disk");

        // It takes everything and cannot be synced.
        ledger.journal().write_to(std::fs::OpenOptions::new().write(true).open("/dev/null").unwrap());
        ledger.close_call(&story);
        let waits = ledger.synced();
        ledger.sync();
        assert!(!waits.await && !ledger.synced().await, "it was not brought to the disk");
        assert!(ledger.status().is_journal_failing);
        assert_eq!(ledger.has_room(u64::MAX), Err(Full));
        assert!(ledger.journal().sync().is_err(), "it is tried again");
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_database_too_far_behind_refuses_new_calls() {
        let dir = std::env::temp_dir().join(format!("switchyard-behind-{}", CallId::fresh()));
        let ledger = Ledger::open(&dir).unwrap();
        ledger.has_room(100).unwrap();
        ledger.open_attempt(&story(), &Attempt::default()).unwrap();
        assert_eq!(ledger.has_room(100), Err(Full));
        std::fs::remove_dir_all(dir).unwrap();
    }
}
