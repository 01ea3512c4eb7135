//! One subject's active sessions.

use std::collections::{BTreeSet, hash_map::Entry};

use foldhash::HashMap;

use super::sessions::Name;

/// A session's calls with one subject.
#[derive(Clone, Copy, Debug)]
struct Use {
    n_in_flight: u64,
    /// Until when it stays active without a call that runs.
    until_ms: i64,
}

/// Which sessions are active, and which of them fall asleep next.
#[derive(Debug, Default)]
pub(super) struct Presence {
    uses: HashMap<Name, Use>,
    /// Those without a call that runs, by when they stop being active.
    idle: BTreeSet<(i64, Name)>,
}

impl Presence {
    /// How many are active.
    pub(super) fn len(&mut self, now_ms: i64) -> usize {
        self.purge(now_ms);
        self.uses.len()
    }

    /// True if this one is.
    pub(super) fn is_active(&mut self, session: &Name, now_ms: i64) -> bool {
        self.purge(now_ms);
        self.uses.contains_key(session)
    }

    /// All that are, with the number of their calls that run.
    pub(super) fn active(&mut self, now_ms: i64) -> impl Iterator<Item = (&Name, u64)> {
        self.purge(now_ms);
        self.uses.iter().map(|(session, used)| (session, used.n_in_flight))
    }

    /// A call of the session runs. True if the session was not active before.
    pub(super) fn enter(&mut self, session: &Name, now_ms: i64) -> bool {
        self.purge(now_ms);
        match self.uses.entry(session.clone()) {
            Entry::Vacant(place) => {
                place.insert(Use { n_in_flight: 1, until_ms: 0 });
                true
            }
            Entry::Occupied(mut place) => {
                let used = place.get_mut();
                if used.n_in_flight == 0 {
                    self.idle.remove(&(used.until_ms, session.clone()));
                }
                used.n_in_flight += 1;
                false
            }
        }
    }

    /// A call of the session runs no more. With `until_ms` the session stays active until then at least.
    pub(super) fn leave(&mut self, session: &Name, until_ms: Option<i64>, now_ms: i64) {
        let Some(used) = self.uses.get_mut(session).filter(|used| used.n_in_flight > 0) else { return };
        used.n_in_flight -= 1;
        used.until_ms = used.until_ms.max(until_ms.unwrap_or_default());
        if used.n_in_flight == 0 {
            self.idle.insert((used.until_ms, session.clone()));
        }
        self.purge(now_ms);
    }

    /// The session is active only while a call of it runs. False if it was not active.
    pub(super) fn end(&mut self, session: &Name, now_ms: i64) -> bool {
        self.purge(now_ms);
        let Some(used) = self.uses.get_mut(session) else { return false };
        if used.n_in_flight == 0 {
            self.idle.remove(&(used.until_ms, session.clone()));
            self.uses.remove(session);
        } else {
            used.until_ms = 0;
        }
        true
    }

    fn purge(&mut self, now_ms: i64) {
        while let Some((_, session)) = self.idle.first().filter(|(until_ms, _)| *until_ms <= now_ms) {
            self.uses.remove(session);
            self.idle.pop_first();
        }
    }
}
