//! What is asked of the shared state, and what it answers. Both backends take these and mean the same by them;
//! `state::conformance` holds them to it.
//!
//! Times are milliseconds since 1970. Dollars are whole nano-dollars. Buckets are numbered from 1970 on: a minute is
//! `time / 60_000`, a quarter of an hour `time / 900_000`. What a call costs counts in the bucket in which the call
//! began, so counters and the ledger's sums are the same numbers.

use std::sync::Arc;

use uuid::Uuid;

use crate::domain::{
    decision::Warm,
    id::{CallId, KeyId, ProviderId, UserId},
    limit::{Limited, Subject},
};

/// What a running call or attempt holds: the id of the one or the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LeaseId(pub Uuid);

/// A client's conversation, scoped to its key: two keys never share one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionKey {
    /// Whose it is.
    pub key_id: KeyId,
    /// As the client names it, or the hub derived it; at most 256 characters.
    pub id: String,
}

/// A call's use of its session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionUse {
    /// Which one.
    pub session: Arc<SessionKey>,
    /// Whose key it is.
    pub user_id: UserId,
    /// How long it stays active after its last call; 0: only while a call of it runs (derived sessions).
    pub active_ms: i64,
}

/// Buckets that are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Since the last reset.
    All,
    /// Minutes from this one on.
    Minutes(i64),
    /// Quarters of an hour from this one on.
    Quarters(i64),
    /// Five hours that begin, to the minute, with the first call that is admitted after the last five ended: those in
    /// which this moment lies, in milliseconds since 1970, and what came after them. The state keeps when they began.
    FiveHoursFixed(i64),
}

/// A limit, and what it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// Dollars: refused if settled + reserved + `amount` > `limit`.
    Money {
        /// Whose limit.
        subject: Subject,
        /// Which of its windows.
        window: Limited,
        /// What is settled: the sum of these buckets.
        span: Span,
        /// The limit.
        limit: i64,
        /// What is to be reserved.
        amount: i64,
    },
    /// Calls at the same time: refused if those that run + 1 > `limit`.
    Requests {
        /// Whose limit.
        subject: Subject,
        /// The limit.
        limit: u32,
    },
    /// Sessions at the same time: refused if the step's session is not active and those that are + 1 > `limit`.
    Sessions {
        /// Whose limit.
        subject: Subject,
        /// The limit.
        limit: u32,
    },
    /// Calls of the last 60 seconds, by second: refused if they + 1 > `limit`. A second leaves when its end leaves.
    Rpm {
        /// Whose limit.
        subject: Subject,
        /// The limit.
        limit: u32,
    },
    /// Tokens of the last 60 seconds, by second, estimated ones until they are settled: refused if they + `tokens` >
    /// `limit`.
    Tpm {
        /// Whose limit.
        subject: Subject,
        /// The limit.
        limit: u64,
        /// What is to be counted.
        tokens: u64,
    },
}

/// What a step takes from one subject, if all checks pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Take {
    /// From whom.
    pub subject: Subject,
    /// When the subject's limits were last reset. A state that knows an older one forgets what calls have
    /// cost that began before it.
    pub reset_ms: i64,
    /// A place among the calls that run at the same time.
    pub request: bool,
    /// The step's session is used.
    pub session: bool,
    /// Counts as a call of this second, with so many tokens; none: not counted.
    pub rate: Option<u64>,
    /// Nano-dollars that are reserved until the lease is settled or released.
    pub money: i64,
}

/// One atomic step: all of it, or nothing. Taking a lease that is held already changes nothing and succeeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What holds it from then on.
    pub lease: LeaseId,
    /// The time.
    pub now_ms: i64,
    /// In the order in which they are looked at: the first that fails is the answer.
    pub checks: Vec<Check>,
    /// What is taken.
    pub takes: Vec<Take>,
    /// The session of the call, if it has one.
    pub session: Option<SessionUse>,
    /// Tokens of the prompt among those that are to be counted in rates, as long as nobody knows where the call goes: of
    /// them [`expect_cached`](Self::expect_cached) takes out what does not count.
    pub cacheable: u64,
}

impl Step {
    /// Takes out of all rates what the provider that the session is bound to is expected to serve from its cache: reads
    /// from a cache count in none (docs/rules.md, Limits). One token is left: a limit of 0 lets nothing pass.
    pub fn expect_cached(&mut self, binding: Option<Binding>) {
        let cached = binding.map_or(0, |binding| binding.cached_tokens.min(self.cacheable));
        if cached == 0 {
            return;
        }
        for check in &mut self.checks {
            if let Check::Tpm { tokens, .. } = check {
                *tokens = tokens.saturating_sub(cached).max(1);
            }
        }
        for take in &mut self.takes {
            take.rate = take.rate.map(|tokens| tokens.saturating_sub(cached).max(1));
        }
    }
}

/// What a step answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Taken.
    Taken(Taken),
    /// Nothing was taken.
    Refused(Refusal),
}

/// What is known after a step was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The provider that the step's session is bound to.
    pub binding: Option<Binding>,
    /// For each [`Check::Rpm`] and [`Check::Tpm`] in its order: what is left of it after this step.
    pub remaining: Vec<u64>,
}

/// The first check that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its place in [`Step::checks`].
    pub check: usize,
    /// What is settled, or counted: nano-dollars, calls, tokens or sessions.
    pub used: i64,
    /// What is reserved, in nano-dollars; 0 for what is not money.
    pub reserved: i64,
    /// When the first part of what is used leaves: the end of a fixed window of five hours, the end of a second for
    /// rates. None where the state does not know: the caller knows the ends of the other windows.
    pub frees_at_ms: Option<i64>,
    /// Of money counted in minutes, which may be a window that rolls: when its first bucket that is not empty begins.
    pub oldest_ms: Option<i64>,
}

/// Where a session goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The provider.
    pub provider_id: ProviderId,
    /// The call that bound it last.
    pub call_id: CallId,
    /// Tokens of its prompt that the provider had in its cache after that call.
    pub cached_tokens: u64,
}

impl Binding {
    /// What the provider has cached of the session, if it has anything: a move away from it costs as much.
    pub fn warm(self) -> Option<Warm> {
        let Self { provider_id, cached_tokens, .. } = self;
        (cached_tokens > 0).then_some(Warm { provider_id, cached_tokens })
    }
}

/// The end of an attempt: what it cost. Settling the same lease again changes nothing, also after a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The attempt.
    pub lease: LeaseId,
    /// The call's lease, whose tokens were estimated.
    pub call: LeaseId,
    /// When the call began: the bucket it counts in.
    pub at_ms: i64,
    /// The time.
    pub now_ms: i64,
    /// Nano-dollars.
    pub cost: i64,
    /// Tokens for rates: input, cache writes and output.
    pub tokens: u64,
    /// True if the provider has served it, wholly or in part: its session stays active for a while. What did not serve
    /// leaves the session active only where and as long as it is so without this attempt.
    pub served: bool,
    /// Who pays: subject and when its limits were last reset. A call from before the reset is not counted.
    pub subjects: Vec<(Subject, i64)>,
    /// A success binds its session to the provider, unless a later call has bound it already.
    pub bind: Option<Bind>,
}

/// A session that goes to a provider from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    /// Which one.
    pub session: Arc<SessionKey>,
    /// Where it goes.
    pub binding: Binding,
    /// How long, from now on.
    pub ttl_ms: i64,
}

/// A lease ends that has nothing (more) to settle: its places and reservations are free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// Which one.
    pub lease: LeaseId,
    /// The time.
    pub now_ms: i64,
    /// True if it is to be as if it had never been taken: rates are given back too.
    pub undo: bool,
}

/// How much of everything a subject has used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Nano-dollars that calls which run have reserved.
    pub reserved: i64,
    /// Nano-dollars that are settled, for each span that was asked for.
    pub settled: Vec<i64>,
    /// For each span that was asked for, the first bucket in it that is not empty, as the time it begins.
    pub oldest_ms: Vec<Option<i64>>,
    /// When a fixed window of five hours began, if one runs.
    pub five_hours_ms: Option<i64>,
    /// Calls that run.
    pub requests: u64,
    /// Sessions that are active.
    pub sessions: u64,
    /// Calls of the last minute.
    pub rpm: u64,
    /// Tokens of the last minute.
    pub tpm: u64,
    /// When the first of these calls is no longer of the last minute.
    pub rpm_leaves_ms: Option<i64>,
    /// When the first of these tokens are no longer of the last minute.
    pub tpm_leaves_ms: Option<i64>,
}

/// An active session, as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveSession {
    /// Which one.
    pub session: SessionKey,
    /// Whose key it is.
    pub user_id: UserId,
    /// Where it goes.
    pub binding: Option<Binding>,
    /// Its first call since it became active.
    pub began_ms: i64,
    /// Its last call.
    pub seen_ms: i64,
    /// How many of its calls run.
    pub in_flight: u64,
    /// How many calls it has made since it became active.
    pub calls: u64,
}

/// What the ledger says a subject has spent since its last reset: what a state that was emptied is filled with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Nano-dollars at all.
    pub total: i64,
    /// Nano-dollars by minute, of at least the last 26 hours.
    pub minutes: Vec<(i64, i64)>,
    /// Nano-dollars by quarter of an hour, of at least the last 32 days.
    pub quarters: Vec<(i64, i64)>,
    /// When a fixed window of five hours began, if one runs.
    pub five_hours_ms: Option<i64>,
    /// When its limits were last reset.
    pub reset_ms: i64,
}
