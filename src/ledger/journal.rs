//! The write-ahead journal: checksummed records in numbered segment files.
//!
//! A record is its length (4 bytes, little-endian), the CRC-32 of its payload (4 bytes), and the payload. A process
//! only appends to segments it has begun itself; a torn record at the end of an older segment is where that process
//! died.
//!
//! A segment has its full size from the beginning, filled with zeros: a record that is written does not make the file
//! longer, so it does not wait for the file system's own journal. A header of zeros is where a segment's records end.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Context;
use rustix::{
    fs::{FallocateFlags, fallocate},
    io::Errno,
};

/// A segment is closed and the next begun at this size.
pub(super) const SEGMENT_BYTES_MAX: u64 = 32 << 20;

/// Bytes in front of each payload.
pub(super) const HEADER_BYTES: usize = 8;

/// A payload longer than this is damage.
pub(super) const PAYLOAD_BYTES_MAX: usize = 64 << 20;

/// A place in the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The segment's number.
    pub segment: u64,
    /// Bytes from its beginning.
    pub offset: u64,
}

/// The journal's writing end.
pub struct Journal {
    dir: PathBuf,
    tail: Mutex<Tail>,
    /// The first segment of this process: everything before it was written by another one.
    first_own: u64,
    /// Bytes in the journal at the start plus bytes written since.
    bytes_total: AtomicU64,
}

struct Tail {
    file: Arc<File>,
    position: Position,
    /// Files with bytes that have not been synced.
    unsynced: Vec<Arc<File>>,
}

impl Journal {
    /// Opens the journal in `dir`, and begins a new segment behind those it finds.
    pub fn open(dir: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let segments = segments(dir)?;
        let first_own = segments.last().map_or(1, |last| last + 1);
        let bytes = segments.iter().filter_map(|number| fs::metadata(path(dir, *number)).ok()).map(|meta| meta.len());
        let bytes_total = AtomicU64::new(bytes.sum());
        let file = Arc::new(create(dir, first_own).with_context(|| format!("cannot write to {}", dir.display()))?);
        let position = Position { segment: first_own, offset: 0 };
        let tail = Mutex::new(Tail { file, position, unsynced: Vec::new() });
        Ok(Self { dir: dir.to_owned(), tail, first_own, bytes_total })
    }

    /// Appends a record: [`HEADER_BYTES`] bytes of room, then its payload. When it returns, the record survives the
    /// death of this process.
    ///
    /// # Errors
    /// What the file system says; nothing of the record stays then.
    pub fn append(&self, record: &mut [u8]) -> io::Result<Position> {
        let n_bytes = u64::try_from(record.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let (header, payload) = record.split_first_chunk_mut::<HEADER_BYTES>().ok_or(io::ErrorKind::InvalidInput)?;
        let length = u32::try_from(payload.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let (for_length, for_checksum) = header.split_at_mut(4);
        for_length.copy_from_slice(&length.to_le_bytes());
        for_checksum.copy_from_slice(&crc32fast::hash(payload).to_le_bytes());

        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        if tail.position.offset > 0 && tail.position.offset + n_bytes > SEGMENT_BYTES_MAX {
            let segment = tail.position.segment + 1;
            let next = Arc::new(create(&self.dir, segment)?);
            tail.file.set_len(tail.position.offset)?;
            tail.file = next;
            tail.position = Position { segment, offset: 0 };
        }
        // What a failed write leaves is no record: its checksum is wrong, and the next one takes its place.
        tail.file.write_all_at(record, tail.position.offset)?;
        if tail.unsynced.last().is_none_or(|file| !Arc::ptr_eq(file, &tail.file)) {
            let file = tail.file.clone();
            tail.unsynced.push(file);
        }
        let at = tail.position;
        tail.position.offset += n_bytes;
        self.bytes_total.fetch_add(n_bytes, Ordering::Relaxed);
        Ok(at)
    }

    /// Makes everything that was appended survive the death of the machine, too. Blocks on the disk.
    ///
    /// # Errors
    /// What the file system says; what is not with the disk then is synced with the next call.
    pub fn sync(&self) -> io::Result<()> {
        let mut files = std::mem::take(&mut self.tail.lock().unwrap_or_else(PoisonError::into_inner).unsynced);
        let mut failure = None;
        files.retain(|file| match file.sync_data() {
            Ok(()) => false,
            Err(error) => {
                failure = Some(error);
                true
            }
        });
        if !files.is_empty() {
            let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
            // A file may have been written to meanwhile.
            let since = std::mem::take(&mut tail.unsynced);
            files.retain(|file| !since.iter().any(|other| Arc::ptr_eq(file, other)));
            files.extend(since);
            tail.unsynced = files;
        }
        failure.map_or(Ok(()), Err)
    }

    /// Writes to another file from now on, to see what happens when it cannot be written.
    #[cfg(test)]
    pub(super) fn write_to(&self, file: File) {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner).file = Arc::new(file);
    }

    /// Where the next record will stand.
    pub fn end(&self) -> Position {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner).position
    }

    /// The first segment of this process.
    pub const fn first_own_segment(&self) -> u64 {
        self.first_own
    }

    /// Bytes in the journal at the start plus bytes written since.
    pub fn bytes_total(&self) -> u64 {
        self.bytes_total.load(Ordering::Relaxed)
    }

    /// Where the journal is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

/// The file of a segment.
pub(crate) fn path(dir: &Path, segment: u64) -> PathBuf {
    dir.join(format!("{segment:012}.journal"))
}

/// The numbers of the segments in `dir`, in order.
pub(crate) fn segments(dir: &Path) -> io::Result<Vec<u64>> {
    let mut found: Vec<u64> = fs::read_dir(dir)?
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".journal")?.parse().ok())
        .collect();
    found.sort_unstable();
    Ok(found)
}

/// Begins a segment. An attempt that failed before, for want of space, has left nothing but its name.
fn create(dir: &Path, segment: u64) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path(dir, segment))?;
    match fallocate(&file, FallocateFlags::empty(), 0, SEGMENT_BYTES_MAX) {
        // A file system that cannot reserve space is used as it is.
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(file),
        Err(error) => Err(error.into()),
    }
}
