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
    sync::{Mutex, MutexGuard, PoisonError},
};

use self::{book::Book, queue::Queues};
use super::{
    counters::{Away, Counters},
    step::{ActiveSession, Answer, Release, SessionKey, Settlement, Span, Step, Sums, Usage},
};
use crate::domain::limit::Subject;

/// Counters in memory. A lease is held until it is settled or released: it cannot outlive the process.
#[derive(Debug, Default)]
pub struct Memory {
    book: Mutex<Book>,
    queues: Mutex<Queues>,
}

impl Memory {
    /// Takes over what the ledger says. To be called before calls are served.
    pub fn load(&self, sums: Vec<(Subject, Sums)>) {
        self.book().load(sums);
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
        ready(Ok(self.book().take(step)))
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
        ready(Ok(self.book().usage(subject, spans, now_ms)))
    }

    fn sessions(&self, now_ms: i64) -> impl Future<Output = Result<Vec<ActiveSession>, Away>> + Send {
        ready(Ok(self.book().sessions(now_ms)))
    }

    fn end_session(&self, session: &SessionKey, now_ms: i64) -> impl Future<Output = Result<bool, Away>> + Send {
        ready(Ok(self.book().end_session(session, now_ms)))
    }
}
