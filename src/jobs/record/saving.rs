//! When the journal lets go of what Postgres has: as soon as Redis was told as well, or when too much of it is kept.

use std::sync::atomic::Ordering;

use crate::{
    hub::Hub,
    ledger::{checkpoint::Checkpoint, reader::Reader},
};

/// A call whose opening stands so many bytes back does not keep the journal any more: the checkpoints carry its opening.
const CARRY_BEYOND: u64 = 64 << 20;

/// The checkpoints of the journal.
#[derive(Default)]
pub(super) struct Saving {
    /// One that waits until Redis was told everything before this mark.
    waiting: Option<(u64, Checkpoint)>,
    /// True if something was read since the last one was made.
    is_late: bool,
}

impl Saving {
    /// True if the last checkpoint stands behind everything that was read.
    pub(super) const fn is_saved(&self) -> bool {
        self.waiting.is_none() && !self.is_late
    }

    /// Postgres has everything that was read. The checkpoint goes as far as Redis was told; when more than half of the
    /// journal's bound is kept it goes further, and Redis is filled from the ledger as soon as it can be.
    pub(super) fn look(&mut self, hub: &Hub, reader: &mut Reader, has_read: bool) {
        self.is_late |= has_read;
        let bytes_max = hub.snapshot.load().settings.journal_bytes_max;
        let carry_beyond = CARRY_BEYOND.min(bytes_max / 4);
        loop {
            if self.waiting.is_none() && self.is_late {
                // What is settled is news for Redis before it is in the journal.
                self.waiting = Some((hub.state.mark(), reader.checkpoint(carry_beyond)));
                self.is_late = false;
            }
            match self.waiting.take() {
                Some((mark, checkpoint)) if hub.state.has_told(mark) => save(reader, checkpoint, false),
                waiting => {
                    self.waiting = waiting;
                    break;
                }
            }
            if !self.is_late {
                break;
            }
        }
        if !self.is_saved() && reader.bytes_held() > bytes_max / 2 {
            tracing::warn!("the journal keeps too much for a Redis that is away: it will be filled from the ledger");
            hub.state.lose();
            (self.waiting, self.is_late) = (None, false);
            let checkpoint = reader.checkpoint(carry_beyond);
            save(reader, checkpoint, true);
        }
        hub.ledger.bytes_held.store(reader.bytes_held(), Ordering::Relaxed);
    }
}

/// What could not be saved is with the next one.
fn save(reader: &mut Reader, checkpoint: Checkpoint, is_lost: bool) {
    if let Err(error) = reader.save(checkpoint, is_lost) {
        tracing::error!(%error, "the journal's checkpoint");
    }
}
