//! The journal's reading end: follows the records, remembers which calls are open, and lets go what is safe.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    checkpoint::Checkpoint,
    entry::Closed,
    journal::{HEADER_BYTES, Position, SEGMENT_BYTES_MAX, path, segments},
    record::{Opening, Record},
    segment::{Found, Segments, bytes, payload, record_at},
};
use crate::domain::id::CallId;

/// Bytes that one batch may hold.
const BATCH_BYTES_MAX: u64 = 8 << 20;

/// Follows the journal from its checkpoint.
pub struct Reader {
    dir: PathBuf,
    segments: Segments,
    /// The first segment of the running process.
    first_own: u64,
    /// Calls that have begun and not ended.
    open: HashMap<CallId, Open>,
    /// The place of the checkpoint that was written last, or of the first record if there was none.
    saved: Position,
    is_lost: bool,
}

/// A call that has begun and not ended.
struct Open {
    /// The place of the record that opened its last attempt.
    at: Position,
    /// What was known then, of a call of another process: nobody will close it.
    opening: Option<Box<Opening>>,
    /// That record, if checkpoints carry it.
    carried: Option<Vec<u8>>,
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
    /// Places where something stood that is no record, and behind which others follow.
    pub n_damaged: u64,
}

impl Reader {
    /// Begins at the checkpoint in `dir`, or at the oldest segment.
    pub fn open(dir: &Path, first_own: u64) -> io::Result<Self> {
        let oldest = Position { segment: segments(dir)?.first().copied().unwrap_or(first_own), offset: 0 };
        let Checkpoint { place, is_lost, carried } =
            Checkpoint::read(dir).unwrap_or_else(|| Checkpoint { place: oldest, ..Checkpoint::default() });
        let place = place.max(oldest);
        let mut open = HashMap::new();
        for record in carried {
            if let Some(Record::Opened(opening)) = payload(&record).and_then(Record::decode) {
                open.insert(opening.id(), Open { at: place, opening: Some(opening), carried: Some(record) });
            }
        }
        let segments = Segments::new(dir, place);
        Ok(Self { dir: dir.to_owned(), segments, first_own, open, saved: place, is_lost })
    }

    /// The next record to read.
    pub const fn position(&self) -> Position {
        self.segments.next
    }

    /// True if Redis was not told something that stands before the checkpoint.
    pub const fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Bytes of the journal that stand before the next record.
    pub fn bytes_before(&self) -> u64 {
        let Position { segment, offset } = self.position();
        let earlier = segments(&self.dir).unwrap_or_default().into_iter().filter(|earlier| *earlier < segment);
        let sizes = earlier.filter_map(|segment| fs::metadata(path(&self.dir, segment)).ok()).map(|meta| meta.len());
        sizes.sum::<u64>() + offset
    }

    /// Bytes that were read and are not let go yet.
    pub fn bytes_held(&self) -> u64 {
        self.bytes_since(self.saved)
    }

    /// Bytes from a place to the next record: at most so many, for segments may be shorter.
    fn bytes_since(&self, at: Position) -> u64 {
        let Position { segment, offset } = self.position();
        (segment.saturating_sub(at.segment) * SEGMENT_BYTES_MAX + offset).saturating_sub(at.offset)
    }

    /// Reads on, up to `end`, at most `n_entries_max` entries or a bounded number of bytes.
    ///
    /// # Errors
    /// What the file system says; the next try begins at the same place.
    pub fn read(&mut self, end: Position, n_entries_max: usize) -> io::Result<Batch> {
        let mut batch = Batch::default();
        let mut n_read = 0;
        self.find_orphans(&mut batch);
        while self.position() < end && batch.entries.len() < n_entries_max && n_read < BATCH_BYTES_MAX {
            let at = self.position();
            let is_last = at.segment == end.segment;
            let found = match self.segments.read(if is_last { end.offset } else { u64::MAX }) {
                Ok(found) => found,
                // What was read is not to be lost; the next try meets the error again.
                Err(_) if batch.n_bytes > 0 || !batch.orphans.is_empty() => break,
                Err(error) => return Err(error),
            };
            match found {
                Found::Record(payload) => {
                    n_read += bytes(payload.len());
                    self.take(at, &payload, &mut batch);
                }
                Found::Damage(n_bytes) => damaged(at, n_bytes, &mut batch),
                // More will be written behind it.
                Found::End if is_last => {
                    self.segments.go_to(end);
                    damaged(at, end.offset - at.offset, &mut batch);
                }
                Found::End => self.turn_page(&mut batch),
            }
        }
        Ok(batch)
    }

    fn take(&mut self, at: Position, payload: &[u8], batch: &mut Batch) {
        batch.n_bytes += bytes(HEADER_BYTES + payload.len());
        match Record::decode(payload) {
            Some(Record::Opened(opening)) => {
                let is_of_another_process = at.segment < self.first_own;
                let (id, opening) = (opening.id(), is_of_another_process.then_some(opening));
                self.open.insert(id, Open { at, opening, carried: None });
            }
            Some(Record::Closed(entry)) => {
                self.open.remove(&entry.call.id);
                batch.n_of_others += usize::from(at.segment < self.first_own);
                batch.entries.push(*entry);
            }
            // How the ledger tries whether the disk takes records again.
            None if payload.trim_ascii().is_empty() => {}
            None => {
                tracing::error!(?at, "a record of the journal cannot be read");
                batch.n_damaged += 1;
            }
        }
    }

    /// Goes on to the next segment.
    fn turn_page(&mut self, batch: &mut Batch) {
        let Position { segment, offset } = self.position();
        let size = fs::metadata(path(&self.dir, segment)).map_or(0, |meta| meta.len());
        batch.n_bytes += size.saturating_sub(offset);
        self.segments.go_to(Position { segment: segment + 1, offset: 0 });
        self.find_orphans(batch);
    }

    /// Behind the last segment of another process its open calls are orphans.
    fn find_orphans(&mut self, batch: &mut Batch) {
        if self.position() == (Position { segment: self.first_own, offset: 0 }) {
            batch.orphans.extend(self.open.drain().filter_map(|(_, open)| open.opening.map(|it| *it)));
        }
    }

    /// A checkpoint behind everything that was read so far. It does not wait for open calls whose openings stand more
    /// than `carry_beyond` bytes before, but carries them.
    pub fn checkpoint(&mut self, carry_beyond: u64) -> Checkpoint {
        let next = self.position();
        let place_of_old = |open: &Open| self.bytes_since(open.at) > carry_beyond && open.carried.is_none();
        let old: Vec<CallId> = self.open.iter().filter(|(_, open)| place_of_old(open)).map(|(id, _)| *id).collect();
        for id in old {
            let Some(open) = self.open.get_mut(&id) else { continue };
            match record_at(&self.dir, open.at) {
                Ok(record) => open.carried = record,
                Err(error) => tracing::warn!(%error, call.id = %id, "an opening cannot be read again"),
            }
        }
        let oldest = self.open.values().filter(|open| open.carried.is_none()).map(|open| open.at).min();
        let carried = self.open.values().filter_map(|open| open.carried.clone()).collect();
        Checkpoint { place: oldest.map_or(next, |at| at.min(next)), is_lost: false, carried }
    }

    /// Remembers the checkpoint: everything before it is safe in Postgres. `is_lost`: Redis was not told all of it.
    pub fn save(&mut self, checkpoint: Checkpoint, is_lost: bool) -> io::Result<()> {
        let checkpoint = Checkpoint { is_lost, ..checkpoint };
        checkpoint.write(&self.dir)?;
        self.saved = checkpoint.place;
        Ok(())
    }
}

fn damaged(at: Position, n_bytes: u64, batch: &mut Batch) {
    tracing::error!(?at, n_bytes, "the journal is damaged: what stood there is lost");
    batch.n_damaged += 1;
    batch.n_bytes += n_bytes;
}

#[cfg(test)]
mod tests;
