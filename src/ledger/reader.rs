//! The journal's reading end: follows the records, remembers which calls are open, and lets go what is safe.

use std::{
    collections::HashMap,
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::{
    entry::Closed,
    journal::{HEADER_BYTES, PAYLOAD_BYTES_MAX, Position, path, segments},
    record::{Opening, Record},
};
use crate::domain::id::CallId;

/// Bytes that one batch may hold.
const BATCH_BYTES_MAX: u64 = 8 << 20;

/// Bytes that are read from a segment at once.
const CHUNK_BYTES: usize = 1 << 20;

/// Where reading begins after a restart.
const CHECKPOINT: &str = "checkpoint";

/// Follows the journal from its checkpoint.
pub struct Reader {
    dir: PathBuf,
    /// The next record to read.
    next: Position,
    /// The first segment of the running process.
    first_own: u64,
    /// Calls that have begun and not ended, with the place of the record that opened their last attempt. Those of
    /// another process also with what was known, because nobody will close them.
    open: HashMap<CallId, (Position, Option<Box<Opening>>)>,
    file: Option<File>,
    /// Bytes of the segment, those from `buffer_at` on not read yet.
    buffer: Vec<u8>,
    buffer_at: usize,
}

/// What was read in one go.
#[derive(Debug, Default)]
pub struct Batch {
    /// Calls that are over.
    pub entries: Vec<Closed>,
    /// How many of them, from the first one on, were written by another process.
    pub n_of_others: usize,
    /// Calls of a process that died, which nobody will close.
    pub orphans: Vec<Opening>,
    /// Bytes of the journal that were read.
    pub n_bytes: u64,
}

impl Reader {
    /// Begins at the checkpoint in `dir`, or at the oldest segment.
    pub fn open(dir: &Path, first_own: u64) -> io::Result<Self> {
        let oldest = Position { segment: segments(dir)?.first().copied().unwrap_or(first_own), offset: 0 };
        let checkpoint = fs::read_to_string(dir.join(CHECKPOINT)).ok().and_then(|text| {
            let (segment, offset) = text.trim().split_once(' ')?;
            Some(Position { segment: segment.parse().ok()?, offset: offset.parse().ok()? })
        });
        let next = checkpoint.filter(|at| path(dir, at.segment).exists()).unwrap_or(oldest).max(oldest);
        Ok(Self {
            dir: dir.to_owned(),
            next,
            first_own,
            open: HashMap::new(),
            file: None,
            buffer: Vec::new(),
            buffer_at: 0,
        })
    }

    /// The next record to read.
    pub const fn position(&self) -> Position {
        self.next
    }

    /// Bytes of the journal that stand before the next record.
    pub fn bytes_before(&self) -> u64 {
        let earlier =
            segments(&self.dir).unwrap_or_default().into_iter().filter(|segment| *segment < self.next.segment);
        let sizes = earlier.filter_map(|segment| fs::metadata(path(&self.dir, segment)).ok()).map(|meta| meta.len());
        sizes.sum::<u64>() + self.next.offset
    }

    /// Reads on, up to `end`, at most `n_entries_max` entries or a bounded number of bytes.
    pub fn read(&mut self, end: Position, n_entries_max: usize) -> io::Result<Batch> {
        let mut batch = Batch::default();
        let mut n_read = 0;
        while self.next < end && batch.entries.len() < n_entries_max && n_read < BATCH_BYTES_MAX {
            let available = if self.next.segment == end.segment { end.offset } else { u64::MAX };
            match self.read_record(available)? {
                Some(payload) => {
                    n_read += bytes(payload.len());
                    self.take(&payload, &mut batch);
                }
                None => self.turn_page(&mut batch),
            }
        }
        Ok(batch)
    }

    fn take(&mut self, payload: &[u8], batch: &mut Batch) {
        let at = self.next;
        let n_bytes = bytes(HEADER_BYTES + payload.len());
        self.next.offset += n_bytes;
        batch.n_bytes += n_bytes;
        match Record::decode(payload) {
            Some(Record::Opened(opening)) => {
                let is_of_another_process = at.segment < self.first_own;
                self.open.insert(opening.id(), (at, is_of_another_process.then_some(opening)));
            }
            Some(Record::Closed(entry)) => {
                self.open.remove(&entry.call.id);
                batch.n_of_others += usize::from(at.segment < self.first_own);
                batch.entries.push(*entry);
            }
            // How the ledger tries whether the disk takes records again.
            None if payload.trim_ascii().is_empty() => {}
            None => tracing::error!(?at, "a record of the journal cannot be read"),
        }
    }

    /// Goes on to the next segment. Behind the last one of another process its open calls are orphans.
    fn turn_page(&mut self, batch: &mut Batch) {
        let left = fs::metadata(path(&self.dir, self.next.segment)).map_or(0, |meta| meta.len());
        batch.n_bytes += left.saturating_sub(self.next.offset);
        self.next = Position { segment: self.next.segment + 1, offset: 0 };
        self.file = None;
        self.buffer.clear();
        self.buffer_at = 0;
        if self.next.segment == self.first_own {
            batch.orphans.extend(self.open.drain().filter_map(|(_, (_, opening))| opening.map(|it| *it)));
        }
    }

    /// The payload of the next record; none at the end of the segment, or where it is damaged.
    fn read_record(&mut self, available: u64) -> io::Result<Option<Vec<u8>>> {
        let Some(header) = self.peek(HEADER_BYTES, available)? else { return Ok(None) };
        let Some(([l0, l1, l2, l3, c0, c1, c2, c3], _)) = header.split_first_chunk() else { return Ok(None) };
        let length = usize::try_from(u32::from_le_bytes([*l0, *l1, *l2, *l3])).unwrap_or(usize::MAX);
        let checksum = u32::from_le_bytes([*c0, *c1, *c2, *c3]);
        if length == 0 {
            return Ok(None);
        }
        let payload = match length {
            0..=PAYLOAD_BYTES_MAX => self.peek(HEADER_BYTES + length, available)?,
            _ => None,
        };
        let payload = payload.and_then(|record| record.get(HEADER_BYTES..)).map(<[u8]>::to_vec);
        let payload = payload.filter(|payload| crc32fast::hash(payload) == checksum);
        if payload.is_none() {
            tracing::warn!(at = ?self.next, "the journal ends in the middle of a record: its process died there");
        }
        self.buffer_at += payload.as_ref().map_or(0, |payload| HEADER_BYTES + payload.len());
        Ok(payload)
    }

    /// The next `n_bytes` bytes; none if the segment, of which `available` bytes may be read, has fewer.
    fn peek(&mut self, n_bytes: usize, available: u64) -> io::Result<Option<&[u8]>> {
        let Position { segment, offset } = self.next;
        if self.buffer.len() < self.buffer_at + n_bytes {
            if self.file.is_none() {
                match File::open(path(&self.dir, segment)) {
                    Ok(file) => self.file = Some(file),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                    Err(error) => return Err(error),
                }
            }
            let readable = usize::try_from(available.saturating_sub(offset)).unwrap_or(usize::MAX);
            self.buffer.resize(n_bytes.max(CHUNK_BYTES).min(readable), 0);
            self.buffer_at = 0;
            let n_read = self.file.as_ref().map_or(Ok(0), |file| fill(file, &mut self.buffer, offset))?;
            self.buffer.truncate(n_read);
        }
        Ok(self.buffer.get(self.buffer_at..self.buffer_at + n_bytes))
    }

    /// Remembers how far everything is safe in Postgres, and removes the segments before it.
    pub fn checkpoint(&self) -> io::Result<()> {
        let oldest_open = self.open.values().map(|(at, _)| *at).min();
        let safe = oldest_open.map_or(self.next, |at| at.min(self.next));
        let temporary = self.dir.join("checkpoint.new");
        fs::write(&temporary, format!("{} {}\n", safe.segment, safe.offset))?;
        fs::rename(&temporary, self.dir.join(CHECKPOINT))?;
        for segment in segments(&self.dir)?.into_iter().take_while(|segment| *segment < safe.segment) {
            fs::remove_file(path(&self.dir, segment))?;
        }
        Ok(())
    }
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
fn bytes(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock,
        domain::{
            attempt::Attempt,
            call::{Call, Outcome},
            decision::Decision,
        },
        ledger::{entry::Entry, journal::Journal, record::RecordRef},
    };

    fn call() -> Call {
        Call { id: CallId::fresh(), created_at: clock::now(), model: "m".to_owned(), ..Call::default() }
    }

    fn closed(call: &Call) -> Vec<u8> {
        let Some(Record::Opened(opening)) = Record::decode(&opened(call)[HEADER_BYTES..]) else { panic!("no opening") };
        RecordRef::closed(&Entry::cut_by_crash(*opening), "{}").encode(HEADER_BYTES, Vec::new())
    }

    fn opened(call: &Call) -> Vec<u8> {
        let story = Entry::of(call.clone(), Decision::default());
        RecordRef::opened(&story, &Attempt::default()).encode(HEADER_BYTES, Vec::new())
    }

    fn dir(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("switchyard-journal-{name}-{}", CallId::fresh()));
        fs::create_dir_all(&dir).unwrap();
        dir
    }

    #[test]
    fn what_is_appended_is_read_once_and_in_order() {
        let dir = dir("order");
        let journal = Journal::open(&dir).unwrap();
        let mut reader = Reader::open(&dir, journal.first_own_segment()).unwrap();
        let calls: Vec<Call> = (0..50).map(|_| call()).collect();
        for (n, call) in calls.iter().enumerate() {
            journal.append(&mut opened(call)).unwrap();
            journal.append(&mut closed(call)).unwrap();
            let batch = reader.read(journal.end(), 10).unwrap();
            assert_eq!(batch.entries.iter().map(|entry| entry.call.id).collect::<Vec<_>>(), [calls[n].id]);
        }
        assert_eq!(reader.read(journal.end(), 10).unwrap().entries.len(), 0);
        reader.checkpoint().unwrap();
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_dead_process_leaves_orphans_and_a_torn_record_harms_nothing() {
        let dir = dir("crash");
        let (done, cut, late) = (call(), call(), call());
        let journal = Journal::open(&dir).unwrap();
        for mut record in [opened(&done), opened(&cut), closed(&done)] {
            journal.append(&mut record).unwrap();
        }
        let torn = fs::OpenOptions::new().write(true).open(path(&dir, journal.first_own_segment())).unwrap();
        torn.write_all_at(&[9, 0, 0, 0, 1, 2], journal.end().offset).unwrap();
        drop(journal);

        let journal = Journal::open(&dir).unwrap();
        journal.append(&mut opened(&late)).unwrap();
        let mut reader = Reader::open(&dir, journal.first_own_segment()).unwrap();
        let batch = reader.read(journal.end(), 100).unwrap();
        assert_eq!(batch.entries.iter().map(|entry| entry.call.id).collect::<Vec<_>>(), [done.id]);
        assert_eq!(batch.entries[0].call.outcome, Some(Outcome::Interrupted));
        assert_eq!(batch.orphans.iter().map(Opening::id).collect::<Vec<_>>(), [cut.id]);
        assert_eq!(batch.n_bytes, journal.bytes_total());
        reader.checkpoint().unwrap();
        assert_eq!(segments(&dir).unwrap(), [journal.first_own_segment()], "the old segment is let go");

        // An open call of this process keeps its place across a restart of the reader.
        let mut again = Reader::open(&dir, journal.first_own_segment() + 1).unwrap();
        let batch = again.read(Position { segment: journal.first_own_segment() + 1, offset: 0 }, 100).unwrap();
        assert_eq!(batch.orphans.iter().map(Opening::id).collect::<Vec<_>>(), [late.id]);
        fs::remove_dir_all(dir).unwrap();
    }
}
