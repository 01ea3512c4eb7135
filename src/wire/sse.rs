//! Server-sent events (WHATWG HTML, 9.2): cut anywhere by the network, put together here.
//!
//! A line ends with CR LF, LF or CR, and a blank line ends an event (WHATWG HTML, 9.2.5). A CR ends its line when it
//! comes: who waited for an LF behind it would hold the last event back where lines end with CR alone. An LF that comes
//! all the same belongs to the same end of a line, and means nothing more.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use memchr::{memchr2, memchr2_iter, memrchr2_iter};

/// What a stream may begin with, and what is no part of its first line (WHATWG HTML, 9.2.6).
const MARK: &[u8] = "\u{feff}".as_bytes();

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
            let end = last_event_end(&chunk, 0);
            let whole = chunk.split_to(end);
            self.tail.extend_from_slice(&chunk);
            return whole;
        }
        let searched = self.tail.len();
        self.tail.extend_from_slice(&chunk);
        let end = last_event_end(&self.tail, searched);
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

/// Where the last whole event ends, if not before `from`: behind its blank line; 0 if none does. A blank line that
/// `bytes` begin with is whole by itself: it may be the LF to a CR that has been passed on.
fn last_event_end(bytes: &[u8], from: usize) -> usize {
    let mut line_ends = memrchr2_iter(b'\n', b'\r', bytes.get(from..).unwrap_or_default()).map(|at| from + at);
    let is_blank = |at: &usize| matches!(before_line_end(bytes, *at), None | Some(b'\n' | b'\r'));
    line_ends.find(is_blank).map_or(0, |at| at + 1)
}

/// Where the first event ends whose last byte is not before `from`: behind its blank line; none if none does. `bytes`
/// begin where the stream does. What has come behind the CR of a blank line makes no difference: an LF there is another
/// blank line to the next search.
pub fn event_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut line_ends = memchr2_iter(b'\n', b'\r', bytes.get(from..)?).map(|at| from + at);
    line_ends.find(|at| matches!(before_line_end(bytes, *at), Some(b'\n' | b'\r'))).map(|at| at + 1)
}

/// The byte before the end of a line whose last byte is at `at`: another line's end if the line is blank; none if there
/// is nothing before it.
fn before_line_end(bytes: &[u8], at: usize) -> Option<u8> {
    let (before, end) = bytes.split_at_checked(at)?;
    let line = if end.starts_with(b"\n") { before.strip_suffix(b"\r").unwrap_or(before) } else { before };
    line.last().copied()
}

/// A stream, or its first events, without the byte order mark that it may begin with.
pub fn without_mark(stream: &[u8]) -> &[u8] {
    stream.strip_prefix(MARK).unwrap_or(stream)
}

/// One event.
#[derive(Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The `event` field; empty if there is none.
    pub name: &'a [u8],
    /// The `data` field. One line is not copied; several are joined with LF (WHATWG HTML, 9.2.6).
    pub data: Cow<'a, [u8]>,
}

/// The events in `bytes`, in order (WHATWG HTML, 9.2.6). Comments and events without data are left out; the last event
/// needs no blank line.
pub fn events(bytes: &[u8]) -> impl Iterator<Item = Event<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let mut name: &[u8] = b"";
        let mut data: Option<Cow<'_, [u8]>> = None;
        while !rest.is_empty() {
            let line = take_line(&mut rest);
            if let Some(value) = field(line, b"event") {
                name = value;
            } else if let Some(value) = field(line, b"data") {
                data = Some(joined(data, value));
            } else if line.is_empty() {
                if let Some(data) = data.take().filter(|data| !data.is_empty()) {
                    return Some(Event { name, data });
                }
                // Without data it is no event, and its name is not that of the next one.
                name = b"";
            }
        }
        data.filter(|data| !data.is_empty()).map(|data| Event { name, data })
    })
}

/// The lines of data so far, and one more.
fn joined<'a>(lines: Option<Cow<'a, [u8]>>, line: &'a [u8]) -> Cow<'a, [u8]> {
    let Some(mut lines) = lines else { return Cow::Borrowed(line) };
    let all = lines.to_mut();
    all.push(b'\n');
    all.extend_from_slice(line);
    lines
}

/// Takes the first line off `rest`, without its end.
fn take_line<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let (line, after) = memchr2(b'\n', b'\r', rest).and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, b""));
    *rest = after.strip_prefix(b"\r\n").or_else(|| after.get(1..)).unwrap_or_default();
    line
}

/// The value of `line` if it is the field `name`: an empty one if it has no colon.
fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let rest = line.strip_prefix(name)?;
    if rest.is_empty() {
        return Some(rest);
    }
    let value = rest.strip_prefix(b":")?;
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
                "event: c\r",
                "event\n",
                "data: 1\n",
                "data:{\"type\":\"ping\"}\r\n",
                "data: 2\r",
                "data:  3\ndata:4\r\ndata\rdata: 5\n\n",
                "data:\n",
                "data",
                ": comment\n",
                "id: 7\n",
                "retry: 10\n",
                "\n",
                "\n\n",
                "\r\n",
                "\r\n\r\n",
                "\r",
                "\r\r",
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

    /// The name and the data of an event.
    type Owned = (Vec<u8>, Vec<u8>);

    /// The events of `bytes`, as owned values.
    fn read(bytes: &[u8]) -> Vec<Owned> {
        events(bytes).map(|event| (event.name.to_vec(), event.data.into_owned())).collect()
    }

    /// The events of a stream as the standard has them read, line by line (WHATWG HTML, 9.2.5 and 9.2.6), but that none
    /// has empty data and that the last one ends with the stream.
    fn naive(stream: &[u8]) -> Vec<Owned> {
        let mut lines = vec![Vec::new()];
        let mut is_behind_cr = false;
        for byte in without_mark(stream) {
            match byte {
                b'\n' if is_behind_cr => {}
                b'\n' | b'\r' => lines.push(Vec::new()),
                byte => lines.last_mut().unwrap().push(*byte),
            }
            is_behind_cr = *byte == b'\r';
        }
        lines.push(Vec::new());
        let (mut found, mut name, mut data) = (Vec::new(), Vec::new(), Vec::new());
        for line in lines {
            let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
            let value = line.get(colon + 1..).unwrap_or_default();
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match &line[..colon] {
                b"event" => name = value.to_vec(),
                b"data" => data.extend([value, b"\n"].concat()),
                b"" if line.is_empty() => {
                    data.pop();
                    let event = (std::mem::take(&mut name), std::mem::take(&mut data));
                    found.extend(Some(event).filter(|(_, data)| !data.is_empty()));
                }
                _ => {}
            }
        }
        found
    }

    /// True if a piece ends with a blank line, or is nothing.
    fn is_whole(piece: &[u8]) -> bool {
        let line = [&b"\r\n"[..], b"\n", b"\r"].iter().find_map(|end| piece.strip_suffix(*end));
        piece.is_empty() || line.is_some_and(|line| matches!(line.last(), None | Some(b'\n' | b'\r')))
    }

    /// What is passed on of a stream that comes in these pieces, and the events in it; at the end also what is left.
    fn passed(pieces: impl IntoIterator<Item = Bytes>) -> (Vec<u8>, Vec<Owned>) {
        let mut cutter = Cutter::default();
        let (mut out, mut found) = (Vec::new(), Vec::new());
        for piece in pieces {
            let whole = cutter.push(piece);
            assert!(is_whole(&whole), "{whole:?}");
            assert_eq!(last_event_end(&cutter.tail, 0), 0, "an event is kept: {:?}", cutter.tail);
            found.extend(read(if out.is_empty() { without_mark(&whole) } else { &whole[..] }));
            out.extend_from_slice(&whole);
        }
        let rest = cutter.rest();
        found.extend(read(if out.is_empty() { without_mark(&rest) } else { &rest[..] }));
        out.extend_from_slice(&rest);
        (out, found)
    }

    proptest! {
        #[test]
        fn bytes_and_events_do_not_depend_on_where_the_network_cuts(
            has_mark in any::<bool>(),
            stream in any_stream(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let mark = if has_mark { MARK } else { &b""[..] };
            let stream = [mark, &stream].concat();
            let events = naive(&stream);
            let bytes: Vec<Bytes> = stream.chunks(1).map(Bytes::copy_from_slice).collect();
            for pieces in [cut(&stream, &cuts), cut(&stream, &[]), bytes] {
                let (out, found) = passed(pieces);
                prop_assert_eq!(&out, &stream);
                prop_assert_eq!(&found, &events);
            }
        }

        #[test]
        fn a_search_by_steps_finds_the_ends_that_a_cutter_finds(stream in any_stream()) {
            let mut at = 0;
            while let Some(end) = event_end(&stream, at) {
                prop_assert!(end > at && last_event_end(&stream[..end], at) == end);
                // It would have been found as early if no more had come.
                prop_assert_eq!(event_end(&stream[..end], at), Some(end));
                at = end;
            }
            prop_assert!(last_event_end(&stream[at..], 0) == 0 || at == 0);
        }
    }

    #[test]
    fn a_name_without_data_is_not_that_of_the_next_event() {
        assert_eq!(read(b"event: error\n\ndata: 1\n\n"), [(Vec::new(), b"1".to_vec())]);
    }

    #[test]
    fn data_in_several_lines_is_joined_and_one_line_is_not_copied() {
        let lines = b"data: {\"a\":\nid: 7\ndata:1,\r\ndata\rdata:  \"b\":2}\n\ndata: 3\n\n";
        let found: Vec<Event<'_>> = events(lines).collect();
        assert_eq!(found[0].data, &b"{\"a\":\n1,\n\n \"b\":2}"[..]);
        assert!(found.len() == 2 && matches!(found[1].data, Cow::Borrowed(b"3")), "{found:?}");
        assert!(read(b"data:\n\ndata\n\n").is_empty());
    }

    #[test]
    fn a_mark_is_taken_off_the_beginning_only() {
        let marked = "\u{feff}data: 1\n\n\u{feff}data: 2\n\n".as_bytes();
        assert_eq!(read(without_mark(marked)), [(Vec::new(), b"1".to_vec())]);
    }

    const STREAM: &str = "event: a\ndata: 1\n\n: comment\r\ndata:2\r\n\r\nevent: c\ndata: 3\n\ndata: half";

    #[test]
    fn any_cutting_gives_the_same_bytes_in_whole_events() {
        let plain = STREAM.replace("\r\n", "\n");
        for stream in [STREAM.to_owned(), plain.replace('\n', "\r"), plain.replace('\n', "\r\n"), plain] {
            for width in 1..=stream.len() {
                let (out, found) = passed(stream.as_bytes().chunks(width).map(Bytes::copy_from_slice));
                assert_eq!(out, stream.as_bytes(), "cut every {width} bytes");
                assert_eq!(found, read(STREAM.as_bytes()), "cut every {width} bytes");
            }
        }
    }

    #[test]
    fn a_cr_ends_an_event_at_once_and_an_lf_behind_it_is_passed_on_at_once() {
        let mut cutter = Cutter::default();
        for (piece, whole) in [
            ("data: 1\r\r", "data: 1\r\r"),
            ("\n", "\n"),
            ("data: 2\r", ""),
            // The second half of an end of a line, not a blank line.
            ("\n", ""),
            ("\r", "data: 2\r\n\r"),
            ("\ndata: 3\r\n", "\n"),
            ("\r\ndata: 4", "data: 3\r\n\r\n"),
            ("\n\r\n\r", "data: 4\n\r\n\r"),
        ] {
            assert_eq!(cutter.push(Bytes::from(piece)), whole, "{piece:?}");
        }
        assert!(cutter.rest().is_empty());
    }

    #[test]
    fn fields_are_read_with_and_without_a_space() {
        let text = |name: &str, data: &str| (name.as_bytes().to_vec(), data.as_bytes().to_vec());
        let events = [text("a", "1"), text("", "2"), text("c", "3"), text("", "half")];
        assert_eq!(read(STREAM.as_bytes()), events);
    }

    #[test]
    fn an_endless_event_is_passed_on() {
        let mut cutter = Cutter::default();
        let long = Bytes::from(vec![b'x'; EVENT_BYTES_MAX]);
        assert!(cutter.push(long.clone()).is_empty());
        assert_eq!(cutter.push(long).len(), 2 * EVENT_BYTES_MAX);
    }
}
