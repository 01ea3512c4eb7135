//! What the journal holds.

use serde::{Deserialize, Serialize};

use crate::domain::{
    attempt::Attempt,
    call::{Call, CallDetail, CallError, Outcome},
    decision::Decision,
    price::Cost,
};

/// A record of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// A call begins.
    Opened(Box<Call>),
    /// A call is over.
    Closed(Box<Entry>),
}

/// The finished story of one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The call itself.
    pub call: Call,
    /// Cost of all its attempts, part by part.
    pub cost: Cost,
    /// Its attempts, in order.
    pub attempts: Vec<Attempt>,
    /// Why they went where they went.
    pub decision: Decision,
}

impl Record {
    /// As the journal stores it.
    pub fn encode(&self) -> Vec<u8> {
        // Plain data with string keys: serialising it cannot fail, and an empty record is skipped by the reader.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads what [`encode`](Self::encode) wrote.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

impl Entry {
    /// The entry of a call that a crash cut: all that is known is that it began.
    pub fn cut_by_crash(call: Call) -> Self {
        let error = CallError::new("crash", "the hub stopped while this call was running");
        let call = Call { outcome: Some(Outcome::Interrupted), error: Some(error), ..call };
        Self { call, cost: Cost::default(), attempts: Vec::new(), decision: Decision::default() }
    }

    /// As people read it.
    pub fn into_detail(self) -> CallDetail {
        let Self { call, cost, attempts, decision } = self;
        CallDetail { call, cost, attempts, decision }
    }
}
