//! Server-sent events (WHATWG HTML, 9.2): cut anywhere by the network, put together here.

use bytes::{Bytes, BytesMut};
use memchr::{memchr, memchr_iter, memrchr_iter};

/// An unfinished event longer than this is passed on as it is: the bytes go on, its meaning is lost.
const EVENT_BYTES_MAX: usize = 1 << 20;

/// Cuts a stream after whole events, so that a client is never left with half of one.
#[derive(Debug, Default)]
pub struct Cutter {
    /// The beginning of an event whose end has not come yet.
    tail: BytesMut,
}

impl Cutter {
    /// Takes the next bytes and gives back all that forms whole events, possibly nothing. Nothing is copied when the
    /// network's pieces end where events end.
    pub fn push(&mut self, mut chunk: Bytes) -> Bytes {
        if self.tail.is_empty() {
            let end = last_event_end(&chunk);
            let whole = chunk.split_to(end);
            self.tail.extend_from_slice(&chunk);
            return whole;
        }
        self.tail.extend_from_slice(&chunk);
        let end = last_event_end(&self.tail);
        if end == 0 && self.tail.len() > EVENT_BYTES_MAX {
            return self.rest();
        }
        self.tail.split_to(end).freeze()
    }

    /// What is left at the end of the stream: an event without the blank line that would end it.
    pub fn rest(&mut self) -> Bytes {
        self.tail.split().freeze()
    }
}

/// Where the last whole event ends: behind its blank line; 0 if none does.
fn last_event_end(bytes: &[u8]) -> usize {
    memrchr_iter(b'\n', bytes).find(|newline| ends_event(bytes, *newline)).map_or(0, |newline| newline + 1)
}

/// Where the first event ends whose end lies behind `from`: behind its blank line. `bytes` begin where an event does.
pub fn event_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut newlines = memchr_iter(b'\n', bytes.get(from..)?).map(|newline| from + newline);
    newlines.find(|newline| ends_event(bytes, *newline)).map(|newline| newline + 1)
}

/// True if the line that ends here is blank.
fn ends_event(bytes: &[u8], newline: usize) -> bool {
    let before = bytes.get(..newline).unwrap_or_default();
    before.ends_with(b"\n") || before.ends_with(b"\n\r")
}

/// One event.
#[derive(Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The `event` field; empty if there is none.
    pub name: &'a [u8],
    /// The `data` field. Of several lines only the first is kept: no wire here sends more.
    pub data: &'a [u8],
}

/// The events in `bytes`, in order. Comments and events without data are left out.
pub fn events(bytes: &[u8]) -> impl Iterator<Item = Event<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let mut event = Event { name: b"", data: b"" };
        while !rest.is_empty() {
            let line = take_line(&mut rest);
            if let Some(value) = field(line, b"event") {
                event.name = value;
            } else if let Some(value) = field(line, b"data") {
                if event.data.is_empty() {
                    event.data = value;
                }
            } else if line.is_empty() {
                if !event.data.is_empty() {
                    return Some(event);
                }
                // Without data it is no event, and its name is not that of the next one.
                event.name = b"";
            }
        }
        (!event.data.is_empty()).then_some(event)
    })
}

/// Takes the first line off `rest`, without its end.
fn take_line<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let (line, after) = memchr(b'\n', rest).and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, b""));
    *rest = after.get(1..).unwrap_or_default();
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The value of `line` if it is the field `name`.
fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let value = line.strip_prefix(name)?.strip_prefix(b":")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Lines, ends of lines and bytes as no server would send them, in any order.
    fn any_stream() -> impl Strategy<Value = Vec<u8>> {
        let known = prop::sample::select(
            &[
                "event: a\n",
                "event:b\r\n",
                "event: error\n",
                "data: 1\n",
                "data:{\"type\":\"ping\"}\r\n",
                "data:\n",
                "data",
                ": comment\n",
                "id: 7\n",
                "retry: 10\n",
                "\n",
                "\r\n",
                "\r",
                "\u{feff}",
                "日本",
            ][..],
        );
        let piece = prop_oneof![
            6 => known.prop_map(|text| text.as_bytes().to_vec()),
            1 => prop::collection::vec(any::<u8>(), 0..4),
        ];
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    /// `stream` in pieces that end anywhere.
    pub(crate) fn cut(stream: &[u8], cuts: &[prop::sample::Index]) -> Vec<Bytes> {
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        ends.push(stream.len());
        ends.sort_unstable();
        let mut start = 0;
        ends.into_iter().map(|end| Bytes::copy_from_slice(&stream[std::mem::replace(&mut start, end)..end])).collect()
    }

    /// The events of `bytes`, as owned values.
    fn read(bytes: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        events(bytes).map(|event| (event.name.to_vec(), event.data.to_vec())).collect()
    }

    proptest! {
        #[test]
        fn bytes_and_events_do_not_depend_on_where_the_network_cuts(
            stream in any_stream(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let mut cutter = Cutter::default();
            let (mut out, mut found) = (Vec::new(), Vec::new());
            for piece in cut(&stream, &cuts) {
                let whole = cutter.push(piece);
                prop_assert!(whole.is_empty() || whole.ends_with(b"\n\n") || whole.ends_with(b"\n\r\n"), "{:?}", whole);
                found.extend(read(&whole));
                out.extend_from_slice(&whole);
            }
            let rest = cutter.rest();
            found.extend(read(&rest));
            out.extend_from_slice(&rest);
            prop_assert_eq!(&out, &stream);
            prop_assert_eq!(found, read(&stream));
        }

        #[test]
        fn an_event_has_data_and_stands_in_the_stream(stream in prop::collection::vec(any::<u8>(), 0..400)) {
            for (_, data) in read(&stream) {
                prop_assert!(!data.is_empty() && stream.windows(data.len()).any(|window| window == data));
            }
        }
    }

    #[test]
    fn a_name_without_data_is_not_that_of_the_next_event() {
        assert_eq!(read(b"event: error\n\ndata: 1\n\n"), [(Vec::new(), b"1".to_vec())]);
    }

    const STREAM: &[u8] = b"event: a\ndata: 1\n\n: comment\r\ndata:2\r\n\r\nevent: c\ndata: 3\n\ndata: half";

    #[test]
    fn any_cutting_gives_the_same_bytes_in_whole_events() {
        for width in 1..=STREAM.len() {
            let mut cutter = Cutter::default();
            let mut out = Vec::new();
            for chunk in STREAM.chunks(width) {
                let whole = cutter.push(Bytes::copy_from_slice(chunk));
                assert!(whole.is_empty() || whole.ends_with(b"\n\n") || whole.ends_with(b"\n\r\n"), "{whole:?}");
                out.extend_from_slice(&whole);
            }
            assert!(out.ends_with(b"data: 3\n\n"));
            out.extend_from_slice(&cutter.rest());
            assert_eq!(out, STREAM, "cut every {width} bytes");
        }
    }

    #[test]
    fn fields_are_read_with_and_without_a_space() {
        let text = |name: &str, data: &str| (name.as_bytes().to_vec(), data.as_bytes().to_vec());
        assert_eq!(read(STREAM), [text("a", "1"), text("", "2"), text("c", "3"), text("", "half")]);
    }

    #[test]
    fn an_endless_event_is_passed_on() {
        let mut cutter = Cutter::default();
        let long = Bytes::from(vec![b'x'; EVENT_BYTES_MAX]);
        assert!(cutter.push(long.clone()).is_empty());
        assert_eq!(cutter.push(long).len(), 2 * EVENT_BYTES_MAX);
    }
}
