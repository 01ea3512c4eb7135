//! The form in which the journal holds what the ledger knows.
//!
//! A record is `MessagePack`, structs as lists: half the bytes of JSON, which are most of what a record costs. A later
//! release may add fields at the end of a struct, with a default, and still reads what an earlier one has left; the
//! tests hold it to that. Records of the first releases are JSON: their first byte tells.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::value::RawValue;

use super::entry::{Closed, Entry};
use crate::domain::{
    attempt::Attempt,
    call::{Call, CallKind, Client},
    decision::Decision,
    id::{CallId, KeyId, UserId},
    moment,
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
    Opened(Box<Opening>),
    Closed(Box<StoredEntry>),
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
    #[serde(with = "moment")]
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
    /// The one that begins, as it is to be settled if a crash cuts it; none between two.
    #[serde(default)]
    running: Option<Attempt>,
}

/// [`Opening`], borrowed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct OpeningRef<'a> {
    id: CallId,
    #[serde(with = "moment")]
    created_at: DateTime<Utc>,
    kind: CallKind,
    user_id: Option<UserId>,
    key_id: Option<KeyId>,
    session_id: Option<&'a str>,
    model: &'a str,
    stream: bool,
    client: &'a Client,
    attempts: &'a [Attempt],
    running: Option<&'a Attempt>,
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
            Stored::Opened(opening) => Self::Opened(opening),
            Stored::Closed(stored) => {
                let StoredEntry { call, cost, attempts, decision } = *stored;
                Self::Closed(Box::new(Closed { call, cost, attempts, decision }))
            }
        })
    }
}

impl<'a> RecordRef<'a> {
    /// The opening of an attempt of `story`'s call; `running` as it is to be settled if a crash cuts it. None between two
    /// attempts.
    pub fn opened(story: &'a Entry, running: Option<&'a Attempt>) -> Self {
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

    /// As the journal stores it, behind `room` bytes for the record's header. It is written over `page`.
    pub fn encode(&self, room: usize, mut page: Vec<u8>) -> Vec<u8> {
        page.clear();
        page.reserve(room + 2_048);
        page.resize(room, 0);
        let mut bytes = Bytes(page);
        // Plain data: writing it to memory cannot fail, and the reader passes over a damaged record.
        let _ = self.serialize(&mut rmp_serde::Serializer::new(&mut bytes));
        bytes.0
    }
}

/// `decision` as the database keeps it.
pub(super) fn json(decision: &Decision) -> String {
    let mut bytes = Bytes(Vec::with_capacity(1_024));
    // Plain data with string keys: it can always be written, and it is UTF-8.
    let _ = serde_json::to_writer(&mut bytes, decision);
    String::from_utf8(bytes.0).unwrap_or_default()
}

/// Bytes that are written one after the other. Most of what serializers write is a single one, for which the writer of
/// a plain `Vec` takes as long as for many.
struct Bytes(Vec<u8>);

impl Write for Bytes {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match bytes {
            [byte] => self.0.push(*byte),
            bytes => self.0.extend_from_slice(bytes),
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        attempt::{AttemptResult, Share},
        call::{CallError, Outcome},
        decision::{Candidate, Choice, Skip},
        id::{AttemptId, CredentialId, ProviderId},
        usage::{TokenSource, Usage},
    };

    /// A call of which everything is known.
    fn story() -> Entry {
        let usage = Usage {
            input: 127,
            output: 385,
            cache_write_5m: 1_024,
            cache_write_1h: 12,
            cache_read: 20_480,
            web_searches: 2,
            web_fetches: 1,
            code_executions: 3,
        };
        let candidate = Candidate {
            provider_id: ProviderId(3),
            name: "Zoë’s".to_owned(),
            priority: -1,
            weight: 1,
            skip: Some(Skip::Group),
            hold: None,
            at_limit: None,
        };
        let attempt = Attempt {
            id: AttemptId("019a9f00-0000-7000-8000-000000000002".parse().unwrap()),
            provider_id: ProviderId(3),
            provider_name: "Zoë’s".to_owned(),
            credential_id: CredentialId(4),
            model_sent: "m-sent".to_owned(),
            model_served: Some("m-served".to_owned()),
            result: AttemptResult::Completed,
            status: Some(200),
            error: Some(CallError::new("status", "why")),
            started_ms: 1,
            first_byte_ms: Some(200),
            first_token_ms: Some(70_000),
            ended_ms: 80_000,
            upstream_request_id: Some("req_1".to_owned()),
            usage,
            token_source: TokenSource::Partial,
            usage_raw: Some(serde_json::json!({"input_tokens": 127, "cache_creation": {"x": null}, "list": [-1, 2.5]})),
            unpriced: true,
            multiplier: "1.25".parse().unwrap(),
            cost_usd: "0.000000001".parse().unwrap(),
            ..Attempt::default()
        };
        let call = Call {
            id: CallId("019a9f00-0000-7000-8000-000000000001".parse().unwrap()),
            created_at: "2026-11-21T04:00:00.123456Z".parse().unwrap(),
            user_id: Some(UserId(7)),
            key_id: Some(KeyId(12)),
            session_id: Some("s".to_owned()),
            model: "m".to_owned(),
            stream: true,
            outcome: Some(Outcome::Completed),
            usage,
            n_attempts: 1,
            client: Client { user_agent: Some("cli".to_owned()), address: Some("10.0.0.1".to_owned()) },
            ..Call::default()
        };
        let choice = Choice { candidates: vec![candidate], attempt_id: Some(attempt.id), ..Choice::default() };
        let decision = Decision { groups: vec!["g".to_owned()], screened_ms: 2, choices: vec![choice] };
        Entry { attempts: vec![attempt], ..Entry::of(call, decision) }
    }

    #[track_caller]
    fn read_closed(bytes: &[u8]) -> Entry {
        let Some(Record::Closed(closed)) = Record::decode(bytes) else { panic!("no closing record") };
        let Closed { call, cost, attempts, decision } = *closed;
        Entry { call, cost, attempts, decision: serde_json::from_str(decision.get()).unwrap() }
    }

    #[test]
    fn what_is_written_is_read() {
        let story = story();
        let decision = serde_json::to_string(&story.decision).unwrap();
        assert_eq!(read_closed(&RecordRef::closed(&story, &decision).encode(0, Vec::new())), story);
        let empty = Entry::of(Call::default(), Decision::default());
        assert_eq!(
            read_closed(
                &RecordRef::closed(&empty, "{\"groups\":[],\"screened_ms\":0,\"choices\":[]}").encode(0, Vec::new())
            ),
            empty
        );
        assert!(Record::decode(b"").is_none() && Record::decode(b"        ").is_none());
    }

    #[test]
    fn what_several_models_have_used_of_an_answer_is_read_as_well() {
        let mut story = story();
        let usage = story.attempts[0].usage;
        let sent = Share { model: "m-sent".to_owned(), usage, price_version: Some(3), ..Share::default() };
        let other = Share { model: "m-other".to_owned(), usage, unpriced: true, ..Share::default() };
        story.attempts[0].shares = vec![sent, other];
        let decision = serde_json::to_string(&story.decision).unwrap();
        assert_eq!(read_closed(&RecordRef::closed(&story, &decision).encode(0, Vec::new())), story);
    }

    /// A field that a later release adds would be read in the place of one that is left out.
    #[test]
    fn every_field_of_an_attempt_has_its_place_also_where_it_is_empty() {
        let written = |attempt: &Attempt| rmp_serde::to_vec(attempt).unwrap();
        let n_fields = |bytes: &[u8]| u16::from_be_bytes([bytes[1], bytes[2]]);
        let without = story().attempts.remove(0);
        let with = Attempt { shares: vec![Share::default()], ..without.clone() };
        let mut bytes = written(&without);
        // A list whose length has two bytes; the last of it is an empty list.
        assert_eq!((bytes[0], bytes.last()), (0xdc, Some(&0x90)));
        assert_eq!(n_fields(&bytes), n_fields(&written(&with)));
        // The releases before this one end without it.
        let n_before = n_fields(&bytes) - 1;
        bytes.pop();
        bytes[1..3].copy_from_slice(&n_before.to_be_bytes());
        assert_eq!(rmp_serde::from_slice::<Attempt>(&bytes).unwrap(), without);
    }

    #[test]
    fn an_opening_tells_what_was_known_when_its_attempt_began() {
        let (story, running) = (story(), Attempt { model_sent: "second".to_owned(), ..Attempt::default() });
        let Some(Record::Opened(opening)) =
            Record::decode(&RecordRef::opened(&story, Some(&running)).encode(0, Vec::new()))
        else {
            panic!("no opening")
        };
        let entry = Entry::cut_by_crash(*opening);
        assert_eq!(entry.attempts, [story.attempts[0].clone(), running]);
        assert_eq!((entry.call.outcome, entry.call.n_attempts), (Some(Outcome::Interrupted), 2));
        assert_eq!((entry.call.usage, entry.call.token_source), (story.attempts[0].usage, TokenSource::Partial));
        assert_eq!((entry.call.model_sent.as_deref(), entry.call.key_id), (Some("second"), Some(KeyId(12))));

        let Some(Record::Opened(between)) = Record::decode(&RecordRef::opened(&story, None).encode(0, Vec::new()))
        else {
            panic!("no opening")
        };
        let entry = Entry::cut_by_crash(*between);
        assert_eq!((&entry.attempts, entry.call.n_attempts), (&story.attempts, 1));
        assert_eq!((entry.call.cost_usd, entry.call.token_source), (entry.cost.total(), TokenSource::Partial));
    }

    /// If this fails, records that an earlier release has left are not read any more: add fields at the end of a
    /// struct, with a default, and keep this record as it is.
    #[test]
    fn records_of_an_earlier_release_are_read() {
        let earlier = include_bytes!("record/closed.msgpack");
        assert_eq!(read_closed(earlier), story());
    }

    #[test]
    fn records_of_the_first_release_are_read() {
        let closed = read_closed(include_bytes!("record/first_closed.json"));
        assert_eq!((closed.call.key_id, closed.attempts.len()), (Some(KeyId(12)), 1));
        assert_eq!(closed.attempts[0].usage_raw.as_ref().unwrap()["output_tokens"], 385);
        assert_eq!((closed.attempts[0].multiplier.scaled(), closed.cost.total().scaled()), (1_250_000, 20_265_000));
        assert_eq!(closed.decision.choices[0].candidates.len(), 1);
        let Some(Record::Opened(opening)) = Record::decode(include_bytes!("record/first_opened.json")) else {
            panic!("no opening")
        };
        let cut = Entry::cut_by_crash(*opening);
        assert_eq!(
            (cut.call.key_id, cut.call.outcome, cut.attempts.len()),
            (Some(KeyId(12)), Some(Outcome::Interrupted), 0)
        );
    }
}
