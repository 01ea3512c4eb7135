//! Watches an answer pass: usage, first content, the end, an error, the model that served. Changes nothing.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    anthropic::{ErrorObject, Report},
    rounds::ByModel,
    sse::{Event, events, without_mark},
};
use crate::domain::usage::{Terms, TokenSource, Usage};

/// Bytes of text that stand for one token where nobody has counted (a rough figure for English and code).
const BYTES_PER_TOKEN: u64 = 4;

/// What surrounds the text of a delta event.
const DELTA_FRAME_BYTES: u64 = 90;

/// What has been seen of an answer so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tap {
    report: Report,
    /// The model that the answer names.
    pub model_served: Option<String>,
    /// True once content, or the frame of some, was seen.
    pub has_content: bool,
    /// True once the terminal event was seen.
    pub is_complete: bool,
    /// The error event that was seen.
    pub error: Option<ErrorObject>,
    /// Its data, as it came.
    pub error_data: Vec<u8>,
    /// How many events were seen.
    pub n_events: u32,
    /// True once a byte of the stream was seen.
    has_begun: bool,
    /// Bytes of content deltas.
    delta_bytes: u64,
}

#[derive(Deserialize)]
struct Start {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    model: Option<String>,
    usage: Option<Map<String, Value>>,
    /// In the place of a message, where a server sends an error as a success.
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Delta {
    usage: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Typed {
    #[serde(rename = "type")]
    kind: String,
}

impl Tap {
    /// Watches whole events of a stream, from its beginning on.
    pub fn observe(&mut self, whole_events: &[u8]) {
        let unmarked = if self.has_begun { whole_events } else { without_mark(whole_events) };
        self.has_begun |= !whole_events.is_empty();
        for event in events(unmarked) {
            self.observe_event(&event);
        }
    }

    fn observe_event(&mut self, event: &Event<'_>) {
        self.n_events = self.n_events.saturating_add(1);
        let unnamed = if event.name.is_empty() {
            serde_json::from_slice::<Typed>(&event.data).map(|typed| typed.kind).unwrap_or_default()
        } else {
            String::new()
        };
        let name = if unnamed.is_empty() { event.name } else { unnamed.as_bytes() };
        match name {
            b"content_block_delta" => {
                self.has_content = true;
                let bytes = u64::try_from(event.data.len()).unwrap_or_default();
                self.delta_bytes += bytes.saturating_sub(DELTA_FRAME_BYTES);
            }
            b"content_block_start" => self.has_content = true,
            b"message_start" => {
                if let Ok(Start { message }) = serde_json::from_slice(&event.data) {
                    self.observe_message(message);
                }
            }
            b"message_delta" => {
                self.has_content = true;
                if let Ok(Delta { usage: Some(usage) }) = serde_json::from_slice(&event.data) {
                    self.report.take(usage);
                }
            }
            b"message_stop" => self.is_complete = true,
            b"error" => {
                let unreadable = || ErrorObject { kind: "api_error".to_owned(), ..ErrorObject::default() };
                self.error_data = event.data.to_vec();
                self.error = Some(ErrorObject::read(&event.data).unwrap_or_else(unreadable));
            }
            _ => {}
        }
    }

    /// Watches a whole answer that is not streamed. True if it is a message of this wire; an error is noted as one.
    pub fn observe_body(&mut self, body: &[u8]) -> bool {
        let Ok(message) = serde_json::from_slice::<Message>(body) else { return false };
        self.error = message.error.as_ref().and_then(ErrorObject::of);
        let is_message = message.usage.is_some() || message.model.is_some();
        self.observe_message(message);
        if self.report.is_empty() {
            self.delta_bytes = u64::try_from(body.len()).unwrap_or_default();
        }
        self.has_content = is_message;
        self.is_complete = is_message;
        is_message
    }

    /// Watches bytes that cannot be read because they are compressed: their number stands for that of the text's bytes.
    pub fn observe_encoded(&mut self, n_bytes: usize) {
        self.has_content |= n_bytes > 0;
        self.delta_bytes += u64::try_from(n_bytes).unwrap_or_default();
    }

    fn observe_message(&mut self, message: Message) {
        self.model_served = message.model.map(|model| model.chars().filter(|c| !c.is_control()).take(256).collect());
        if let Some(usage) = message.usage {
            self.report.take(usage);
        }
    }

    /// True if the provider has said what was used so far.
    pub fn has_report(&self) -> bool {
        !self.report.is_empty()
    }

    /// The counts to settle, and where they come from. `body_bytes` is the size of the request.
    pub fn settle(&self, body_bytes: u64) -> (Usage, TokenSource) {
        let estimate = self.delta_bytes / BYTES_PER_TOKEN;
        if self.report.is_empty() {
            let usage = Usage { input: body_bytes / BYTES_PER_TOKEN, output: estimate, ..Usage::default() };
            return (usage, TokenSource::Estimated);
        }
        let reported = self.report.usage();
        if self.is_complete {
            return (reported, TokenSource::Reported);
        }
        (Usage { output: reported.output.max(estimate), ..reported }, TokenSource::Partial)
    }

    /// What each model has used that has worked on the answer, as far as it was reported.
    pub fn by_model(&self, sent: &str, knows_fallbacks: bool) -> ByModel {
        self.report.by_model(sent, knows_fallbacks)
    }

    /// On what terms the answer was served, as far as it says so.
    pub fn terms(&self) -> Terms {
        self.report.terms()
    }

    /// The usage object as the ledger keeps it.
    pub fn take_raw(&mut self) -> Option<Value> {
        std::mem::take(&mut self.report).into_raw()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::wire::sse::{Cutter, tests::cut};

    pub(in crate::wire) const STREAM: &str = concat!(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"m-1\",\"usage\":{\"input_tokens\":12,\"output_tokens\":1}}}\n\n",
        "event: ping\ndata: {\"type\":\"ping\"}\n\n",
        "data: {\"type\":\"content_block_start\",\"index\":0}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello, this is a text of some length, so that it counts for something\"}}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":7}}\n\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    );

    #[test]
    fn usage_does_not_depend_on_how_the_stream_was_cut_or_written() {
        let in_lines = STREAM.replace(",\"", ",\ndata: \"");
        assert!(in_lines.contains("\ndata: \"usage\""), "{in_lines}");
        for stream in [
            STREAM.to_owned(),
            STREAM.replace('\n', "\r"),
            STREAM.replace('\n', "\r\n"),
            in_lines.replace('\n', "\r"),
            format!("\u{feff}{in_lines}"),
        ] {
            for width in 1..=stream.len() {
                let (mut cutter, mut tap) = (Cutter::default(), Tap::default());
                for chunk in stream.as_bytes().chunks(width) {
                    tap.observe(&cutter.push(Bytes::copy_from_slice(chunk)));
                }
                let usage = Usage { input: 12, output: 7, ..Usage::default() };
                assert_eq!(tap.settle(1_000), (usage, TokenSource::Reported), "cut every {width} bytes: {stream:?}");
                assert_eq!((tap.model_served.as_deref(), tap.n_events), (Some("m-1"), 6));
                assert!(tap.is_complete && tap.has_content);
            }
        }
    }

    #[test]
    fn a_mark_in_the_middle_of_a_stream_is_none() {
        let mut tap = Tap::default();
        for piece in ["data: {}\n\n", "\u{feff}data: {\"type\":\"message_stop\"}\n\n"] {
            tap.observe(piece.as_bytes());
        }
        assert!(!tap.is_complete && tap.n_events == 1);
    }

    #[test]
    fn a_cut_answer_is_settled_by_what_was_reported_and_an_estimate_of_the_rest() {
        let mut tap = Tap::default();
        assert_eq!(tap.settle(400), (Usage { input: 100, ..Usage::default() }, TokenSource::Estimated));
        let cut = STREAM.find("event: message_delta").unwrap();
        tap.observe(&STREAM.as_bytes()[..cut]);
        let (usage, source) = tap.settle(400);
        assert_eq!((usage.input, source), (12, TokenSource::Partial));
        assert!((5..40).contains(&usage.output), "{}", usage.output);
    }

    #[test]
    fn a_whole_message_is_told_from_other_bodies() {
        let mut tap = Tap::default();
        assert!(tap.observe_body(
            br#"{"type":"message","model":"m","content":[],"usage":{"input_tokens":3,"output_tokens":4}}"#
        ));
        assert_eq!(tap.settle(0), (Usage { input: 3, output: 4, ..Usage::default() }, TokenSource::Reported));
        for usage in [r#"{"input_tokens":null,"output_tokens":"7"}"#, r#"{"input_tokens":-1,"output_tokens":2.5}"#] {
            let mut tap = Tap::default();
            assert!(tap.observe_body(format!(r#"{{"model":"m","usage":{usage}}}"#).as_bytes()));
            let (used, source) = tap.settle(4_000);
            assert!(source == TokenSource::Estimated && used.input > 0, "what nobody can read is not free: {usage}");
        }
        let mut tap = Tap::default();
        assert!(tap.observe_body(br#"{"model":"m","usage":{"input_tokens":0,"output_tokens":0}}"#));
        assert_eq!(tap.settle(4_000), (Usage::default(), TokenSource::Reported));
        for body in [&b"<html>"[..], b"", b"{}", b"[]", br#"{"error":{"type":"x"}}"#] {
            assert!(!Tap::default().observe_body(body), "{body:?}");
        }
    }

    /// Events of this wire in any order, some damaged, some with ends of lines of another kind.
    pub(in crate::wire) fn any_events() -> impl Strategy<Value = Vec<u8>> {
        let mut known: Vec<Vec<u8>> = STREAM.split_inclusive("\n\n").map(|event| event.as_bytes().to_vec()).collect();
        known.extend(
            [
                "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"no\"}}\n\n",
                "event: error\ndata: not json\n\n",
                "event: message_start\ndata: {\"message\":{\"usage\":{\"input_tokens\":99999999999999999999}}}\n\n",
                "event: message_delta\r\ndata: {\"usage\":{\"output_tokens\":-1,\"iterations\":7}}\r\n\r\n",
                "event: message_delta\rdata: {\"usage\":\rdata: {\"output_tokens\":9}}\r\r",
                "data: {\"type\":\ndata: \"message_delta\",\r\ndata:\"usage\":{\"output_tokens\":8}}\r\n\r\n",
                "\u{feff}data: {\"type\":\"ping\"}\n\n",
                "event: message_stop\n",
                "\n",
                "\r",
            ]
            .map(|text| text.as_bytes().to_vec()),
        );
        let piece = prop_oneof![
            8 => prop::sample::select(known.clone()),
            2 => (prop::sample::select(known), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut event, at, byte)| {
                let at = at.index(event.len());
                event[at] = byte;
                event
            }),
            1 => prop::collection::vec(any::<u8>(), 0..12),
        ];
        prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn what_is_seen_does_not_depend_on_where_the_network_cuts(
            stream in any_events(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let mut whole = Tap::default();
            whole.observe(&stream);
            let (mut cutter, mut tap) = (Cutter::default(), Tap::default());
            for piece in cut(&stream, &cuts) {
                tap.observe(&cutter.push(piece));
            }
            tap.observe(&cutter.rest());
            prop_assert_eq!(&tap, &whole);
            prop_assert_eq!(tap.settle(1_000), whole.settle(1_000));
        }

        #[test]
        fn no_body_is_too_odd_to_look_at(body in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut tap = Tap::default();
            let is_message = tap.observe_body(&body);
            prop_assert_eq!(tap.is_complete, is_message);
        }
    }
}
