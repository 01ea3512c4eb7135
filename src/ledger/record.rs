//! The form in which the journal holds what the ledger knows.
//!
//! A record is MessagePack with the names of fields, so a later release may add fields (with a default) and still read
//! what an earlier one has left. Records of the first releases are JSON: their first byte tells.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::value::RawValue;

use super::entry::{Closed, Entry};
use crate::domain::{
    attempt::Attempt,
    call::{Call, CallKind, Client},
    id::{CallId, KeyId, UserId},
    price::bill::Cost,
};

/// A record of the journal, as it is read.
#[derive(Clone, Debug)]
pub enum Record {
    /// An attempt of a call begins.
    Opened(Box<Opening>),
    /// A call is over.
    Closed(Box<Closed>),
}

#[derive(Deserialize)]
enum Stored {
    Opened(Opening),
    Closed(StoredEntry),
}

/// A record of the journal, as it is written: nothing is copied for it.
#[derive(Clone, Copy, Debug, Serialize)]
pub enum RecordRef<'a> {
    /// An attempt of a call begins.
    Opened(OpeningRef<'a>),
    /// A call is over.
    Closed(EntryRef<'a>),
}

/// What is known of a call when an attempt begins: enough to close it if nobody else does.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
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
    /// Attempts that are over.
    #[serde(default)]
    attempts: Vec<Attempt>,
    /// The one that begins, as it is to be settled if a crash cuts it.
    #[serde(default)]
    running: Option<Attempt>,
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
    #[serde(skip_serializing_if = "<[Attempt]>::is_empty")]
    attempts: &'a [Attempt],
    running: &'a Attempt,
}

/// [`Closed`] as it is stored.
#[derive(Deserialize)]
struct StoredEntry {
    call: Call,
    cost: Cost,
    attempts: Vec<Attempt>,
    #[serde(deserialize_with = "text_of_json")]
    decision: Box<RawValue>,
}

/// The same, borrowed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct EntryRef<'a> {
    call: &'a Call,
    cost: &'a Cost,
    attempts: &'a [Attempt],
    decision: &'a str,
}

impl Record {
    /// Reads what [`RecordRef::encode`] wrote, in this release or an earlier one. None if it is neither.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let stored = match bytes.first()? {
            b'{' => serde_json::from_slice(bytes).ok()?,
            _ => rmp_serde::from_slice(bytes).ok()?,
        };
        Some(match stored {
            Stored::Opened(opening) => Self::Opened(Box::new(opening)),
            Stored::Closed(StoredEntry { call, cost, attempts, decision }) => {
                Self::Closed(Box::new(Closed { call, cost, attempts, decision }))
            }
        })
    }
}

impl<'a> RecordRef<'a> {
    /// The opening of an attempt of `story`'s call; `running` as it is to be settled if a crash cuts it.
    pub fn opened(story: &'a Entry, running: &'a Attempt) -> Self {
        let call = &story.call;
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
            attempts: &story.attempts,
            running,
        })
    }

    /// The end of a call; `decision` is its decision in JSON, as the database keeps it.
    pub fn closed(story: &'a Entry, decision: &'a str) -> Self {
        Self::Closed(EntryRef { call: &story.call, cost: &story.cost, attempts: &story.attempts, decision })
    }

    /// As the journal stores it, behind `room` bytes for the record's header.
    pub fn encode(&self, room: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(room + 4_096);
        bytes.resize(room, 0);
        // Plain data: writing it to memory cannot fail, and the reader passes over a damaged record.
        let _ = self.serialize(&mut rmp_serde::Serializer::new(&mut bytes).with_struct_map());
        bytes
    }
}

impl Opening {
    /// The call that it opened.
    pub const fn id(&self) -> CallId {
        self.id
    }

    /// The call, and its attempts so far, the last one as a crash has cut it.
    pub(super) fn into_parts(self) -> (Call, Vec<Attempt>) {
        let Self { id, created_at, kind, user_id, key_id, session_id, model, stream, client, attempts, running } = self;
        let call = Call { id, created_at, kind, user_id, key_id, session_id, model, stream, client, ..Call::default() };
        (call, attempts.into_iter().chain(running).collect())
    }
}

/// Reads JSON that is stored as a text, or, in a record that is JSON itself, as what it is.
fn text_of_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<RawValue>, D::Error> {
    if deserializer.is_human_readable() {
        return <Box<RawValue>>::deserialize(deserializer);
    }
    RawValue::from_string(String::deserialize(deserializer)?).map_err(D::Error::custom)
}
