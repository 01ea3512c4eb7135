//! The state of a hub that is alone: in this process, filled from the ledger at its start. A step takes a microsecond
//! or two, whatever the traffic.

mod book;
mod leases;
mod money;
mod presence;
mod queue;
mod rates;
mod sessions;

use std::{
    future::{Future, ready},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use uuid::Uuid;

use self::{book::Book, queue::Queues};
use super::{
    counters::{Away, Counters},
    source::Ledgered,
    step::{ActiveSession, Answer, Release, SessionKey, Settlement, Span, Step, Sums, Usage},
};
use crate::domain::limit::Subject;

/// Counters in memory. A lease is held until it is settled or released: it cannot outlive the process.
#[derive(Debug, Default)]
pub struct Memory {
    book: Mutex<Book>,
    queues: Mutex<Queues>,
    /// True while another hub counts on the same database: neither knows what the other lets pass.
    is_shared: AtomicBool,
}

impl Memory {
    /// Takes over what the ledger says. To be called before calls are served.
    pub fn load(&self, sums: Vec<(Subject, Sums)>) {
        self.book().load(sums);
    }

    /// Another hub counts on the same database, or none does any more. True if that is news.
    pub fn share(&self, is_shared: bool) -> bool {
        self.is_shared.swap(is_shared, Ordering::Relaxed) != is_shared
    }

    /// True while another hub counts on the same database.
    pub fn is_shared(&self) -> bool {
        self.is_shared.load(Ordering::Relaxed)
    }

    /// The ledger is about to be asked what was spent: from now on it is noted what is settled.
    pub fn begin_fill(&self) {
        self.book().begin_fill();
    }

    /// Begins anew with what the ledger says, and what was settled since it was asked. False if that was too much.
    pub fn fill(&self, ledgered: Ledgered<Vec<Uuid>>) -> bool {
        self.book().fill(ledgered)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counters for Memory {
    fn take(&self, step: Step) -> impl Future<Output = Result<Answer, Away>> + Send {
        ready(if self.is_shared() { Err(Away) } else { Ok(self.book().take(step)) })
    }

    fn settle(&self, settlement: Settlement) {
        self.book().settle(settlement);
    }

    fn release(&self, release: Release) {
        self.book().release(release);
    }

    fn reset(&self, subject: Subject, reset_ms: i64) -> impl Future<Output = Result<(), Away>> + Send {
        self.book().reset(subject, reset_ms);
        ready(Ok(()))
    }

    fn usage(&self, subject: Subject, spans: &[Span], now_ms: i64) -> impl Future<Output = Result<Usage, Away>> + Send {
        ready(if self.is_shared() { Err(Away) } else { Ok(self.book().usage(subject, spans, now_ms)) })
    }

    fn sessions(&self, now_ms: i64) -> impl Future<Output = Result<Vec<ActiveSession>, Away>> + Send {
        ready(Ok(self.book().sessions(now_ms)))
    }

    fn end_session(&self, session: &SessionKey, now_ms: i64) -> impl Future<Output = Result<bool, Away>> + Send {
        ready(Ok(self.book().end_session(session, now_ms)))
    }
}
