//! The beginning of a stream is held back until it is known what it is.
//!
//! Events are looked at one by one, and the first that decides is the last that is looked at: what comes of a stream
//! depends on its bytes, not on where the network cuts them.

use bytes::{Bytes, BytesMut};

use super::{anthropic::ErrorObject, sse::event_end, tap::Tap};

/// The most of a stream's beginning that is held back: what lies beyond decides nothing.
const BYTES_MAX: usize = 256 << 10;

/// The most events of it.
const EVENTS_MAX: u32 = 256;

/// What a stream has turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// An answer, or too much to be held back: it is passed on.
    Answer,
    /// An error that came before any content.
    Error(ErrorObject),
}

/// Holds the beginning of a stream back.
#[derive(Debug, Default)]
pub struct Gate {
    /// All that has come.
    bytes: BytesMut,
    /// How far it was looked at: after a whole event.
    seen: usize,
    /// Up to here no other event ends.
    searched: usize,
    /// What was seen.
    pub tap: Tap,
}

impl Gate {
    /// Takes the next bytes. None as long as it is not known what the stream is.
    pub fn push(&mut self, piece: &[u8]) -> Option<Opening> {
        self.bytes.extend_from_slice(piece);
        while let Some(end) = event_end(&self.bytes, self.searched).filter(|end| *end <= BYTES_MAX) {
            self.tap.observe(self.bytes.get(self.seen..end).unwrap_or_default());
            (self.seen, self.searched) = (end, end);
            if let Some(error) = self.tap.error.take() {
                return Some(Opening::Error(error));
            }
            if self.tap.has_content || self.tap.is_complete || self.tap.n_events >= EVENTS_MAX {
                return Some(Opening::Answer);
            }
        }
        self.searched = self.bytes.len();
        (self.bytes.len() > BYTES_MAX).then_some(Opening::Answer)
    }

    /// True if no whole event has come.
    pub const fn is_empty(&self) -> bool {
        self.seen == 0
    }

    /// The events that were looked at, and what came behind them.
    pub fn open(mut self) -> (Bytes, Bytes, Tap) {
        let held = self.bytes.split_to(self.seen).freeze();
        (held, self.bytes.freeze(), self.tap)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::{
        sse::tests::cut,
        tap::tests::{STREAM, any_events},
    };

    const START: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"m\",\"usage\":{\"input_tokens\":1}}}\n\n";
    const PING: &str = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
    const BLOCK: &str = "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0}\n\n";
    const STOP: &str = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    const ERROR: &str =
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"no\"}}\n\n";

    /// What a stream turns out to be that comes in these pieces, what is held, what is left, and what was seen.
    fn played(pieces: &[Bytes]) -> (Option<Opening>, Vec<u8>, Vec<u8>, Tap) {
        let mut gate = Gate::default();
        let mut pieces = pieces.iter();
        let opening = pieces.find_map(|piece| gate.push(piece));
        let (held, rest, tap) = gate.open();
        let rest = pieces.fold(rest.to_vec(), |rest, piece| [&rest[..], &piece[..]].concat());
        (opening, held.to_vec(), rest, tap)
    }

    fn of(stream: &str) -> (Option<Opening>, Vec<u8>, Vec<u8>, Tap) {
        played(&[Bytes::copy_from_slice(stream.as_bytes())])
    }

    /// The events of `stream` up to the one with which it opens; none if it does not.
    #[track_caller]
    fn opens_after(stream: &[&str], n_held: usize) {
        let (opening, held, rest, _) = of(&stream.concat());
        assert_eq!(opening, Some(Opening::Answer));
        assert_eq!(String::from_utf8(held).unwrap(), stream[..n_held].concat());
        assert_eq!(String::from_utf8(rest).unwrap(), stream[n_held..].concat());
    }

    #[test]
    fn an_error_before_content_is_seen_and_one_after_it_is_not() {
        for before in [&[][..], &[START], &[START, PING]] {
            let (opening, held, ..) = of(&[before, &[ERROR]].concat().concat());
            let Some(Opening::Error(error)) = &opening else { panic!("{opening:?}") };
            assert_eq!((error.status(), held.len()), (529, before.concat().len() + ERROR.len()));
        }
        opens_after(&[START, PING, BLOCK, ERROR], 3);
        opens_after(&[START, STOP, ERROR], 2);
    }

    #[test]
    fn ends_of_lines_of_another_kind_are_as_good() {
        let with = |end: &str, events: &[&str]| events.concat().replace('\n', end);
        for end in ["\r", "\r\n"] {
            let (opening, ..) = of(&with(end, &[START, ERROR]));
            assert!(matches!(opening, Some(Opening::Error(_))), "{end:?}: {opening:?}");
            let stream = with(end, &[START, PING, BLOCK, ERROR]);
            let (opening, held, rest, _) = of(&stream);
            // An LF behind the CR that decides would not have been waited for.
            let n_held = with(end, &[START, PING, BLOCK]).trim_end_matches('\n').len();
            assert_eq!((opening, held.len()), (Some(Opening::Answer), n_held), "{end:?}");
            assert_eq!(rest, &stream.as_bytes()[n_held..]);
        }
    }

    #[test]
    fn what_has_no_text_is_an_answer_too() {
        let delta = |stop_reason: &str| {
            format!(
                "event: message_delta\ndata: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"{stop_reason}\"}},\"usage\":{{\"output_tokens\":1}}}}\n\n"
            )
        };
        // A turn without content, a refusal, a stop by safety.
        for stop_reason in ["end_turn", "refusal", "safety", "max_tokens", "pause_turn"] {
            opens_after(&[START, PING, &delta(stop_reason), STOP], 3);
        }
        // Nothing but the end.
        opens_after(&[START, STOP], 2);
        // A call of a tool with empty arguments; thinking that is not shown.
        for block in [
            r#"{"type":"tool_use","id":"toolu_1","name":"list_files","input":{}}"#,
            r#"{"type":"thinking","thinking":"","signature":""}"#,
            r#"{"type":"text","text":""}"#,
        ] {
            let start = format!(
                "event: content_block_start\ndata: {{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{block}}}\n\n"
            );
            opens_after(
                &[START, &start, "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"],
                2,
            );
        }
    }

    #[test]
    fn it_opens_after_so_many_events() {
        let most = usize::try_from(EVENTS_MAX).unwrap();
        let (opening, ..) = of(&PING.repeat(most - 1));
        assert_eq!(opening, None);
        let (opening, held, rest, _) = of(&format!("{}{ERROR}", PING.repeat(most)));
        assert_eq!((opening, held.len(), rest), (Some(Opening::Answer), PING.len() * most, ERROR.into()));
        let (opening, ..) = of(&format!("{}{ERROR}", PING.repeat(most - 1)));
        assert!(matches!(opening, Some(Opening::Error(_))), "the last that is held back may still be an error");
    }

    #[test]
    fn it_opens_after_so_many_bytes() {
        // A comment is no event, but it takes room.
        let comment = |n: usize| format!(":{}\n\n", "x".repeat(n - 3));
        let fits = comment(BYTES_MAX - ERROR.len());
        let (opening, ..) = of(&format!("{fits}{ERROR}"));
        assert!(matches!(opening, Some(Opening::Error(_))), "{opening:?}");
        let too_long = comment(BYTES_MAX - ERROR.len() + 1);
        let (opening, held, rest, _) = of(&format!("{too_long}{ERROR}"));
        assert_eq!((opening, held.len(), rest), (Some(Opening::Answer), too_long.len(), ERROR.into()));
        assert_eq!(of(&comment(BYTES_MAX)).0, None);
        // An event without an end.
        let (opening, held, rest, _) = of(&"y".repeat(BYTES_MAX + 1));
        assert_eq!((opening, held.len(), rest.len()), (Some(Opening::Answer), 0, BYTES_MAX + 1));
    }

    proptest! {
        #[test]
        fn what_a_stream_is_does_not_depend_on_where_the_network_cuts(
            stream in prop_oneof![any_events(), Just(STREAM.as_bytes().to_vec())],
            error_at in prop::option::of(any::<prop::sample::Index>()),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let mut stream = stream;
            if let Some(at) = error_at {
                let at = at.index(stream.len() + 1);
                drop(stream.splice(at..at, ERROR.bytes()));
            }
            let whole = played(&[Bytes::copy_from_slice(&stream)]);
            let bytes: Vec<Bytes> = stream.chunks(1).map(Bytes::copy_from_slice).collect();
            for pieces in [cut(&stream, &cuts), bytes] {
                let (opening, held, rest, tap) = played(&pieces);
                prop_assert_eq!(&opening, &whole.0);
                prop_assert_eq!([&held[..], &rest].concat(), &stream[..]);
                prop_assert_eq!(&held, &whole.1);
                prop_assert_eq!(&tap, &whole.3);
            }
        }
    }
}
