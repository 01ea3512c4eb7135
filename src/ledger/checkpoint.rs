//! Where reading begins after a restart.

use std::{fs, io, path::Path};

use super::{
    journal::{HEADER_BYTES, Position, path, segments},
    segment::payload,
};

/// Its file, beside the segments: a line with segment and offset, and `lost` if Redis is to be filled anew; then the
/// openings that it carries, as records.
const FILE: &str = "checkpoint";

/// Everything before its place is safe in Postgres, but for the calls that it carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// Where reading begins.
    pub(super) place: Position,
    /// Something before it was not told to Redis: it must be filled from the ledger.
    pub(super) is_lost: bool,
    /// Openings of calls that have been running for so long that the place does not wait for them: whole records.
    pub(super) carried: Vec<Vec<u8>>,
}

impl Checkpoint {
    /// The one in `dir`, if it can be read and its segment is there.
    pub(super) fn read(dir: &Path) -> Option<Self> {
        let bytes = fs::read(dir.join(FILE)).ok()?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let (line, mut rest) = bytes.split_at_checked(end + 1)?;
        let mut words = std::str::from_utf8(line).ok()?.split_whitespace();
        let place = Position { segment: words.next()?.parse().ok()?, offset: words.next()?.parse().ok()? };
        let is_lost = words.next().is_some();
        let mut carried = Vec::new();
        while let Some(payload) = payload(rest) {
            let (record, more) = rest.split_at_checked(HEADER_BYTES + payload.len())?;
            carried.push(record.to_vec());
            rest = more;
        }
        // One that is damaged is none: everything that is there is read again.
        (rest.is_empty() && path(dir, place.segment).exists()).then_some(Self { place, is_lost, carried })
    }

    /// Puts it in the place of the one before, and removes the segments before its own.
    pub(super) fn write(&self, dir: &Path) -> io::Result<()> {
        let Position { segment, offset } = self.place;
        let lost = if self.is_lost { " lost" } else { "" };
        let mut bytes = format!("{segment} {offset}{lost}\n").into_bytes();
        self.carried.iter().for_each(|record| bytes.extend_from_slice(record));
        let temporary = dir.join("checkpoint.new");
        fs::write(&temporary, bytes)?;
        fs::rename(&temporary, dir.join(FILE))?;
        for earlier in segments(dir)?.into_iter().take_while(|earlier| *earlier < segment) {
            fs::remove_file(path(dir, earlier))?;
        }
        Ok(())
    }
}
