//! Calls that wait because nobody can serve them just now (docs/rules.md, Waiting).

mod line;
mod pace;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

use self::line::{LOOK_AGAIN_MS, Line};
pub use self::line::{Standing, Wants};
use crate::{
    clock,
    domain::id::{ProviderId, UserId},
};

/// Calls that wait, in a bounded and fair line. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Parking(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    lined_up: Mutex<LinedUp>,
    /// How many wait: nobody locks anything while it is 0.
    n_waiting: AtomicUsize,
}

#[derive(Debug, Default)]
struct LinedUp {
    line: Line,
    /// Told when its place has the turn.
    bells: HashMap<u64, Arc<Notify>>,
}

impl LinedUp {
    /// Rings for whoever has the turn now.
    fn pass_on(&mut self) {
        let turn = self.line.next_turn(now_ms());
        if let Some(bell) = turn.and_then(|place| self.bells.get(&place)) {
            bell.notify_one();
        }
    }
}

fn now_ms() -> i64 {
    clock::now().timestamp_millis()
}

impl Parking {
    fn lock(&self) -> MutexGuard<'_, LinedUp> {
        self.0.lined_up.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.0.n_waiting.load(Ordering::Acquire)
    }

    /// True if nobody waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A provider has become free or has healed, or, without one, anything may have changed: whoever waits for it looks,
    /// one after the other in their order. Costs nothing while nobody waits.
    pub fn wake(&self, provider_id: Option<ProviderId>) {
        if self.is_empty() {
            return;
        }
        let mut lined_up = self.lock();
        lined_up.line.wake(provider_id);
        lined_up.pass_on();
    }

    /// Providers whose next free place belongs to somebody who waits: a call that has just come does not overtake them.
    pub fn awaited(&self) -> Vec<ProviderId> {
        if self.is_empty() { Vec::new() } else { self.lock().line.awaited() }
    }

    /// Lines up behind the other calls of `user_id`; none if `max` calls wait already. Whoever has lined up must look
    /// once more: what happened between its first look and now was told to nobody.
    pub fn enter(&self, user_id: UserId, max: usize) -> Option<Place> {
        let bell = Arc::new(Notify::new());
        let mut lined_up = self.lock();
        let id = lined_up.line.enter(user_id, max)?;
        lined_up.bells.insert(id, bell.clone());
        self.0.n_waiting.store(lined_up.line.len(), Ordering::Release);
        lined_up.pass_on();
        drop(lined_up);
        Some(Place { parking: self.clone(), id, bell })
    }
}

/// A place in the line. Given up when it is dropped.
#[derive(Debug)]
pub struct Place {
    parking: Parking,
    id: u64,
    bell: Arc<Notify>,
}

impl Place {
    /// Waits until this place has the turn, at most for a second. True if it has: it must look then, and go, or say what
    /// it waits for.
    pub async fn turn(&self) -> bool {
        let pause = {
            let lined_up = self.parking.lock();
            if lined_up.line.has_turn(self.id) {
                return true;
            }
            let look_at_ms = lined_up.line.look_at_ms(self.id).unwrap_or(i64::MAX);
            u64::try_from((look_at_ms - now_ms()).clamp(0, LOOK_AGAIN_MS)).unwrap_or_default()
        };
        // A bell that rings too early is heard, and only makes it look who has the turn.
        let _out_of_time = tokio::time::timeout(Duration::from_millis(pause), self.bell.notified()).await;
        let mut lined_up = self.parking.lock();
        lined_up.line.tick(now_ms());
        lined_up.pass_on();
        lined_up.line.has_turn(self.id)
    }

    /// It has looked and cannot go: the next one looks.
    pub fn stay(&self, wants: Wants) {
        let mut lined_up = self.parking.lock();
        lined_up.line.stay(self.id, wants, now_ms());
        lined_up.pass_on();
    }

    /// It goes to this provider.
    pub fn serve(self, provider_id: ProviderId) {
        self.parking.lock().line.serve(self.id, provider_id, now_ms());
    }

    /// Where it stands.
    pub fn standing(&self) -> Option<Standing> {
        self.parking.lock().line.standing(self.id, now_ms())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut lined_up = self.parking.lock();
        lined_up.line.leave(self.id);
        lined_up.bells.remove(&self.id);
        self.parking.0.n_waiting.store(lined_up.line.len(), Ordering::Release);
        lined_up.pass_on();
    }
}
