//! What the ledger knows of a call.

use serde::Serialize;
use serde_json::value::RawValue;

use super::record::Opening;
use crate::domain::{
    attempt::{Attempt, AttemptResult},
    call::{Call, CallDetail, CallError, Outcome},
    decision::Decision,
    price::bill::Cost,
    usage::TokenSource,
};

/// The story of one call, while it lives and when it is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The call itself.
    pub call: Call,
    /// Cost of all its attempts, part by part.
    pub cost: Cost,
    /// Its attempts that are over, in order.
    pub attempts: Vec<Attempt>,
    /// Why they went where they went.
    pub decision: Decision,
}

/// The story of a call that is over, as it comes from the journal: its decision is the text that the database keeps.
#[derive(Clone, Debug, Serialize)]
pub struct Closed {
    /// The call itself.
    pub call: Call,
    /// Cost of all its attempts, part by part.
    pub cost: Cost,
    /// Its attempts, in order.
    pub attempts: Vec<Attempt>,
    /// A [`Decision`] in JSON.
    pub decision: Box<RawValue>,
}

impl Entry {
    /// The story of a call that has just begun.
    pub fn of(call: Call, decision: Decision) -> Self {
        Self { call, cost: Cost::default(), attempts: Vec::new(), decision }
    }

    /// An attempt is over: its tokens and its cost are the call's.
    pub fn add(&mut self, attempt: Attempt) {
        let Self { call, cost, attempts, .. } = self;
        call.usage = call.usage.plus(&attempt.usage);
        call.token_source = weakest(call.token_source, attempt.token_source);
        call.unpriced |= attempt.unpriced && attempt.usage.total() > 0;
        call.first_token_ms = call.first_token_ms.or(attempt.first_token_ms);
        call.model_served.clone_from(&attempt.model_served);
        *cost = cost.plus(&attempt.cost);
        call.cost_usd = cost.total();
        // Nearly always the only one, and large: room for four would be taken from the heap's slow end.
        attempts.reserve_exact(1);
        attempts.push(attempt);
    }

    /// The entry of a call that a crash cut: what was known when its last attempt began, which is settled by an
    /// estimate (docs/rules.md, Ledger).
    pub fn cut_by_crash(opening: Opening) -> Self {
        let (call, attempts) = opening.into_parts();
        let error = CallError::new("crash", "the hub stopped while this call was running");
        let call = Call { outcome: Some(Outcome::Interrupted), error: Some(error), ..call };
        let mut entry = Self::of(call, Decision::default());
        for attempt in attempts {
            let call = &mut entry.call;
            call.n_attempts += 1;
            call.provider_id = Some(attempt.provider_id);
            call.provider_name = Some(attempt.provider_name.clone());
            call.model_sent = Some(attempt.model_sent.clone());
            entry.add(attempt);
        }
        entry
    }

    /// As people read it.
    pub fn into_detail(self) -> CallDetail {
        let Self { call, cost, attempts, decision } = self;
        CallDetail { call, cost, attempts, running: None, waiting: None, has_messages: false, decision }
    }
}

/// An attempt that begins, as it is to be settled if a crash cuts it: `estimate` tells what it may have used.
pub fn if_cut(running: &Attempt, estimate: impl FnOnce(&mut Attempt)) -> Attempt {
    let mut attempt = Attempt {
        result: AttemptResult::Interrupted,
        error: Some(CallError::new("crash", "the hub stopped while this attempt was running")),
        ended_ms: running.started_ms,
        ..running.clone()
    };
    estimate(&mut attempt);
    attempt
}

/// The less certain of two sources.
fn weakest(a: TokenSource, b: TokenSource) -> TokenSource {
    let rank = |source| match source {
        TokenSource::None => 0,
        TokenSource::Reported => 1,
        TokenSource::Partial => 2,
        TokenSource::Estimated => 3,
    };
    if rank(b) > rank(a) { b } else { a }
}
