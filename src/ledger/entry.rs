//! What the journal holds.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::{
    attempt::Attempt,
    call::{Call, CallDetail, CallError, CallKind, Client, Outcome},
    decision::Decision,
    id::{CallId, KeyId, UserId},
    price::bill::Cost,
};

/// A record of the journal, as it is read.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub enum Record {
    /// A call begins.
    Opened(Opening),
    /// A call is over.
    Closed(Box<Entry>),
}

/// A record of the journal, as it is written: nothing is copied for it.
#[derive(Clone, Copy, Debug, Serialize)]
pub enum RecordRef<'a> {
    /// A call begins.
    Opened(OpeningRef<'a>),
    /// A call is over.
    Closed(&'a Entry),
}

/// What is known of a call that begins: enough to close it if nobody else does.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Opening {
    id: CallId,
    created_at: DateTime<Utc>,
    kind: CallKind,
    user_id: Option<UserId>,
    key_id: Option<KeyId>,
    session_id: Option<String>,
    model: String,
    stream: bool,
    client: Client,
}

/// [`Opening`], borrowed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct OpeningRef<'a> {
    id: CallId,
    created_at: DateTime<Utc>,
    kind: CallKind,
    user_id: Option<UserId>,
    key_id: Option<KeyId>,
    session_id: Option<&'a str>,
    model: &'a str,
    stream: bool,
    client: &'a Client,
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
    /// Reads what [`RecordRef::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

impl<'a> RecordRef<'a> {
    /// The opening of a call.
    pub fn opened(call: &'a Call) -> Self {
        Self::Opened(OpeningRef {
            id: call.id,
            created_at: call.created_at,
            kind: call.kind,
            user_id: call.user_id,
            key_id: call.key_id,
            session_id: call.session_id.as_deref(),
            model: &call.model,
            stream: call.stream,
            client: &call.client,
        })
    }

    /// As the journal stores it, behind `room` bytes for the record's header.
    pub fn encode(&self, room: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(room + 2_048);
        bytes.resize(room, 0);
        // Plain data with string keys: writing it to memory cannot fail, and the reader passes over a damaged record.
        let _ = serde_json::to_writer(&mut bytes, self);
        bytes
    }
}

impl Opening {
    /// The call that it opened.
    pub const fn id(&self) -> CallId {
        self.id
    }
}

impl Entry {
    /// The entry of a call that a crash cut: all that is known is that it began.
    pub fn cut_by_crash(opening: &Opening) -> Self {
        let call = Call {
            id: opening.id,
            created_at: opening.created_at,
            kind: opening.kind,
            user_id: opening.user_id,
            key_id: opening.key_id,
            session_id: opening.session_id.clone(),
            model: opening.model.clone(),
            stream: opening.stream,
            client: opening.client.clone(),
            outcome: Some(Outcome::Interrupted),
            error: Some(CallError::new("crash", "the hub stopped while this call was running")),
            ..Call::default()
        };
        Self { call, cost: Cost::default(), attempts: Vec::new(), decision: Decision::default() }
    }

    /// As people read it.
    pub fn into_detail(self) -> CallDetail {
        let Self { call, cost, attempts, decision } = self;
        CallDetail { call, cost, attempts, decision }
    }
}
