//! The export of calls: any number of them, a batch at a time, so that memory holds one batch.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll};

use chrono::NaiveDate;
use futures_util::{FutureExt, future::BoxFuture};

use super::{
    actor::{Admin, shown},
    calls, change, fault,
};
use crate::{
    clock,
    domain::{
        call::Call,
        fault::Fault,
        id::CallId,
        report::{CallQuery, ExportEnd, ExportFormat, ExportProgress},
    },
    hub::Hub,
    store::Store,
};

use self::book::Course;
pub use self::book::Exports;

mod book;
mod csv;

/// Calls of a batch.
const BATCH: i64 = 1_000;

/// Bytes that a batch of calls usually stays below.
const BATCH_BYTES: usize = 1 << 20;

/// A file that is being made (docs/rules.md, Exports).
pub struct Export {
    store: Store,
    query: CallQuery,
    format: ExportFormat,
    day: NaiveDate,
    next: Next,
    course: Arc<Course>,
    /// How many calls there are, while that is counted.
    counting: Option<BoxFuture<'static, Result<u64, sqlx::Error>>>,
}

/// What the file goes on with.
#[derive(Debug)]
enum Next {
    /// Its beginning, and these calls.
    First(Vec<Call>),
    /// The calls before this one.
    Before(CallId),
    /// Nothing: it is whole.
    Over,
}

/// Begins an export, and puts it on record. The first batch is read at once. Under a `ticket`, a word of the reader's own,
/// they can ask how far it is ([`progress`]), and end it ([`cancel`]).
///
/// # Errors
/// [`Fault::Invalid`] for a filter that cannot be; [`Fault::Busy`] while the database does not answer.
pub async fn calls(
    hub: &Hub,
    actor: &Admin,
    format: ExportFormat,
    query: CallQuery,
    ticket: Option<&str>,
) -> Result<Export, Fault> {
    let mut entry = actor.entry("calls.export", &format.as_str());
    entry.after = shown(&query);
    let query = calls::checked(CallQuery { limit: None, cursor: None, ..query }, clock::now())?;
    let first = hub.store.list_calls(&query, None, BATCH).await.map_err(fault::store)?;
    let mut change = change::begin(hub).await?;
    change.audit(entry).await.map_err(fault::store)?;
    change.commit_quietly().await.map_err(fault::store)?;
    let day = clock::now().with_timezone(&hub.snapshot.load().zone).date_naive();
    let known = ticket.and_then(|ticket| hub.exports.begin(ticket));
    // Nobody asks how far it is without a ticket.
    let counting = known.as_ref().map(|_| {
        let (store, query) = (hub.store.clone(), query.clone());
        async move { store.count_calls(&query).await }.boxed()
    });
    let course = known.unwrap_or_default();
    Ok(Export { store: hub.store.clone(), query, format, day, next: Next::First(first), course, counting })
}

/// How far the export with that ticket is.
///
/// # Errors
/// [`Fault::NotFound`] if this replica knows of none: it has not begun, or was forgotten.
pub fn progress(hub: &Hub, _actor: &Admin, ticket: &str) -> Result<ExportProgress, Fault> {
    let course = hub.exports.find(ticket).ok_or_else(|| Fault::not_found("export"))?;
    Ok(course.progress())
}

/// Ends the export with that ticket: the reader's connection is cut, so that what they have does not look whole.
///
/// # Errors
/// [`Fault::NotFound`] if this replica knows of none.
pub fn cancel(hub: &Hub, _actor: &Admin, ticket: &str) -> Result<(), Fault> {
    let course = hub.exports.find(ticket).ok_or_else(|| Fault::not_found("export"))?;
    course.cancel();
    Ok(())
}

impl Drop for Export {
    /// A reader who has gone gets no more of it.
    fn drop(&mut self) {
        self.course.end(ExportEnd::Cut);
    }
}

impl Export {
    /// The form of the file.
    pub const fn format(&self) -> ExportFormat {
        self.format
    }

    /// The name of the file, with the day in the hub's time zone: `switchyard-calls-2026-11-21.csv`.
    pub fn file_name(&self) -> String {
        format!("switchyard-calls-{}.{}", self.day, self.format.as_str())
    }

    /// The next piece of the file; none if it is whole.
    ///
    /// # Errors
    /// [`Fault::Busy`] or [`Fault::Internal`] if the calls could not be read, [`Fault::NotFound`] if it was cancelled: what
    /// there is of the file is not whole.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        if self.course.is_cancelled() {
            return Err(Fault::not_found("export"));
        }
        let (calls, is_first) = match std::mem::replace(&mut self.next, Next::Over) {
            Next::First(calls) => (calls, true),
            // Going down from the newest of the first batch, whatever comes in meanwhile lies above: each call that was
            // recorded when the export began is met once.
            Next::Before(id) => (self.batch(id).await.map_err(fault::store)?, false),
            Next::Over => {
                self.course.end(ExportEnd::Whole);
                return Ok(None);
            }
        };
        let is_full = i64::try_from(calls.len()).is_ok_and(|n_calls| n_calls >= BATCH);
        if let Some(last) = calls.last().filter(|_| is_full) {
            self.next = Next::Before(last.id);
        }
        let piece = self.piece(&calls, is_first, !is_full);
        self.course.add(calls.len(), piece.len());
        Ok(Some(piece))
    }

    /// The calls before this one. Meanwhile the counting goes on, which no batch waits for; if it fails the number stays
    /// unknown.
    async fn batch(&mut self, before: CallId) -> Result<Vec<Call>, sqlx::Error> {
        let (store, course, counting) = (&self.store, &self.course, &mut self.counting);
        let mut calls = pin!(store.list_calls(&self.query, Some(before), BATCH));
        poll_fn(|context| {
            if let Some(Poll::Ready(counted)) = counting.as_mut().map(|counting| counting.poll_unpin(context)) {
                *counting = None;
                if let Ok(total) = counted {
                    course.expect(total);
                }
            }
            calls.as_mut().poll(context)
        })
        .await
    }

    /// How calls stand in the file, with its beginning and its end where they are due.
    fn piece(&self, calls: &[Call], is_first: bool, is_last: bool) -> Vec<u8> {
        let mut piece = Vec::with_capacity(BATCH_BYTES);
        match self.format {
            ExportFormat::Csv => {
                if is_first {
                    csv::head(&mut piece);
                }
                for call in calls {
                    csv::line(&mut piece, call);
                }
            }
            ExportFormat::Json => {
                let mut between: &[u8] = if is_first { b"[\n" } else { b",\n" };
                for call in calls {
                    piece.extend_from_slice(between);
                    object(&mut piece, call);
                    between = b",\n";
                }
                if is_last {
                    piece.extend_from_slice(if is_first && calls.is_empty() { b"[]\n" } else { b"\n]\n" });
                }
            }
            ExportFormat::Ndjson => {
                for call in calls {
                    object(&mut piece, call);
                    piece.push(b'\n');
                }
            }
        }
        piece
    }
}

/// A call as it stands in a list.
fn object(piece: &mut Vec<u8>, call: &Call) {
    // Plain data with string keys, into memory: it can always be written.
    let _ = serde_json::to_writer(piece, call);
}
