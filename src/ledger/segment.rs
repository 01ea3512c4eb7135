//! Reads the records of the journal's segments, one after the other, and goes on behind what is damaged.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::journal::{HEADER_BYTES, PAYLOAD_BYTES_MAX, Position, path};

/// Bytes that are read from a segment at once.
const CHUNK_BYTES: usize = 1 << 20;

/// How the payload of a record begins, which finds the next one behind damage: a map of one whose name is `Opened` or
/// `Closed`. The first releases' were JSON; behind damage they are not looked for.
const BEGINNINGS: [&[u8]; 2] = [b"\x81\xa6Opened", b"\x81\xa6Closed"];

/// Bytes that are compared with zeros at once.
const ZEROS: [u8; 4096] = [0; 4096];

/// What stands at a place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A record with this payload.
    Record(Vec<u8>),
    /// So many bytes that are no record; the next one stands behind them.
    Damage(u64),
    /// Nothing more in this segment: its end, or where its process died.
    End,
}

/// Segments that are read from a place on.
pub(super) struct Segments {
    dir: PathBuf,
    /// What is read next.
    pub(super) next: Position,
    file: Option<File>,
    /// Bytes of the segment, those from `buffer_at` on not read yet.
    buffer: Vec<u8>,
    buffer_at: usize,
}

impl Segments {
    pub(super) fn new(dir: &Path, next: Position) -> Self {
        Self { dir: dir.to_owned(), next, file: None, buffer: Vec::new(), buffer_at: 0 }
    }

    /// What stands at the next place, and goes on behind it. Of the segment `available` bytes may be read.
    pub(super) fn read(&mut self, available: u64) -> io::Result<Found> {
        // After an error the file is opened again.
        self.find(available).inspect_err(|_| self.file = None)
    }

    fn find(&mut self, available: u64) -> io::Result<Found> {
        let Some(header) = self.peek(HEADER_BYTES, available)? else { return Ok(Found::End) };
        let length = length(header);
        let n_bytes = HEADER_BYTES.saturating_add(length);
        if (1..=PAYLOAD_BYTES_MAX).contains(&length)
            && let Some(payload) = self.peek(n_bytes, available)?.and_then(payload)
        {
            let payload = payload.to_vec();
            self.skip(n_bytes);
            return Ok(Found::Record(payload));
        }
        let rest = self.rest(available)?;
        let found = match next_record(&rest) {
            Some(n_bytes) => {
                self.skip(n_bytes);
                Found::Damage(bytes(n_bytes))
            }
            None if length == 0 => Found::End,
            None => {
                tracing::warn!(at = ?self.next, "the journal ends in the middle of a record: its process died there");
                Found::End
            }
        };
        Ok(found)
    }

    /// Goes on at another place.
    pub(super) fn go_to(&mut self, next: Position) {
        if next.segment != self.next.segment {
            self.file = None;
        }
        self.next = next;
        self.buffer.clear();
        self.buffer_at = 0;
    }

    fn skip(&mut self, n_bytes: usize) {
        self.buffer_at += n_bytes;
        self.next.offset += bytes(n_bytes);
    }

    /// The next `n_bytes` bytes; none if the segment, of which `available` bytes may be read, has fewer.
    fn peek(&mut self, n_bytes: usize, available: u64) -> io::Result<Option<&[u8]>> {
        if self.buffer.len() < self.buffer_at + n_bytes {
            let readable = usize::try_from(available.saturating_sub(self.next.offset)).unwrap_or(usize::MAX);
            self.buffer_at = 0;
            // Nothing stays of what could not be read.
            let buffer = std::mem::take(&mut self.buffer);
            self.buffer = self.fill(buffer, n_bytes.max(CHUNK_BYTES).min(readable))?;
        }
        Ok(self.buffer.get(self.buffer_at..self.buffer_at + n_bytes))
    }

    /// Everything from the next place to the end of the segment, without the zeros that follow its records.
    fn rest(&mut self, available: u64) -> io::Result<Vec<u8>> {
        let size = self.file.as_ref().map_or(Ok(0), |file| file.metadata().map(|meta| meta.len()))?;
        let readable = size.min(available).saturating_sub(self.next.offset);
        let mut rest = self.fill(Vec::new(), usize::try_from(readable).unwrap_or(usize::MAX))?;
        while rest.len() >= ZEROS.len() && rest.ends_with(&ZEROS) {
            rest.truncate(rest.len() - ZEROS.len());
        }
        Ok(rest)
    }

    /// At most `n_bytes` bytes from the next place on, written over `buffer`.
    fn fill(&mut self, mut buffer: Vec<u8>, n_bytes: usize) -> io::Result<Vec<u8>> {
        let Position { segment, offset } = self.next;
        buffer.clear();
        if self.file.is_none() {
            match File::open(path(&self.dir, segment)) {
                Ok(file) => self.file = Some(file),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(buffer),
                Err(error) => return Err(error),
            }
        }
        buffer.resize(n_bytes, 0);
        let n_read = self.file.as_ref().map_or(Ok(0), |file| fill(file, &mut buffer, offset))?;
        buffer.truncate(n_read);
        Ok(buffer)
    }
}

/// The record at a place, header and all; none if there is no whole one.
pub(super) fn record_at(dir: &Path, at: Position) -> io::Result<Option<Vec<u8>>> {
    let mut segments = Segments::new(dir, at);
    let Some(header) = segments.peek(HEADER_BYTES, u64::MAX)? else { return Ok(None) };
    let n_bytes = HEADER_BYTES + length(header).min(PAYLOAD_BYTES_MAX);
    let record = segments.peek(n_bytes, u64::MAX)?.filter(|record| payload(record).is_some());
    Ok(record.map(<[u8]>::to_vec))
}

/// The length that a header names.
fn length(header: &[u8]) -> usize {
    let length = header.first_chunk().map_or(0, |length| u32::from_le_bytes(*length));
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// The payload of the record that `bytes` begin with, if it is whole.
pub(super) fn payload(bytes: &[u8]) -> Option<&[u8]> {
    let length = Some(length(bytes)).filter(|length| (1..=PAYLOAD_BYTES_MAX).contains(length))?;
    let (_, checksum) = bytes.get(..HEADER_BYTES)?.split_last_chunk()?;
    let payload = bytes.get(HEADER_BYTES..HEADER_BYTES + length)?;
    (crc32fast::hash(payload) == u32::from_le_bytes(*checksum)).then_some(payload)
}

/// Where the next whole record begins behind the damage that `bytes` begin with.
fn next_record(bytes: &[u8]) -> Option<usize> {
    let is_record = |at: &usize| bytes.get(*at..).is_some_and(|bytes| payload(bytes).is_some());
    // Nearly always the length is right and the payload is not.
    let behind = HEADER_BYTES + length(bytes);
    if behind > HEADER_BYTES && is_record(&behind) {
        return Some(behind);
    }
    let beginnings = bytes.iter().enumerate().skip(HEADER_BYTES + 1).filter(|(at, byte)| {
        **byte == 0x81 && bytes.get(*at..).is_some_and(|bytes| BEGINNINGS.iter().any(|it| bytes.starts_with(it)))
    });
    beginnings.map(|(at, _)| at - HEADER_BYTES).find(is_record)
}

/// Reads from `offset` on until `buffer` is full or the file ends; gives the bytes read.
fn fill(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let (mut n_read, mut at) = (0, offset);
    while let Some(rest) = buffer.get_mut(n_read..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, at) {
            Ok(0) => break,
            Ok(n_bytes) => (n_read, at) = (n_read + n_bytes, at + bytes(n_bytes)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(n_read)
}

/// A length as the journal counts it.
pub(super) fn bytes(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
