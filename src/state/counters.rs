//! What both backends can do.

use std::future::Future;

use super::step::{ActiveSession, Answer, Release, SessionKey, Settlement, Span, Step, Usage};
use crate::domain::limit::Subject;

/// The state cannot be asked just now. What is refused then and what is let through is a setting, not the state's
/// business (docs/rules.md, Limits).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the shared state is away")]
pub struct Away;

/// Counters of limits, and sessions. [`super::step`] says what the words mean.
pub trait Counters {
    /// Looks at all checks and takes everything, or nothing. Times are the caller's; taking a held lease again changes
    /// nothing and succeeds.
    fn take(&self, step: Step) -> impl Future<Output = Result<Answer, Away>> + Send;

    /// Settles an attempt, once, and releases it. Never waits; what cannot be reached is told later.
    fn settle(&self, settlement: Settlement);

    /// Releases a lease. One that is not held changes nothing. Never waits; what cannot be reached is told later.
    fn release(&self, release: Release);

    /// Forgets what calls have cost `subject` that began before `reset_ms`, if its last known reset is an older one. A
    /// step's takes do so too.
    fn reset(&self, subject: Subject, reset_ms: i64) -> impl Future<Output = Result<(), Away>> + Send;

    /// What `subject` has used; money for each of `spans`, in nano-dollars.
    fn usage(&self, subject: Subject, spans: &[Span], now_ms: i64) -> impl Future<Output = Result<Usage, Away>> + Send;

    /// The sessions that are active: those that began last go first, at most [`SESSIONS_LISTED`].
    fn sessions(&self, now_ms: i64) -> impl Future<Output = Result<Vec<ActiveSession>, Away>> + Send;

    /// Ends a session: it is bound to nobody and no longer active. Its calls that run go on, and count until they end.
    /// False if there is no such session.
    fn end_session(&self, session: &SessionKey, now_ms: i64) -> impl Future<Output = Result<bool, Away>> + Send;
}

/// Sessions in one listing.
pub const SESSIONS_LISTED: usize = 10_000;

/// How long the end of a session is remembered, so that calls from before it do not bind it again. Longer than calls
/// are allowed to run.
pub(super) const END_REMEMBERED_MS: i64 = 2 * 60 * 60 * 1000;
