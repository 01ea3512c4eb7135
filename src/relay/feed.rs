//! The feed of what happens. What was told is kept for a short while, so that a reader whose connection broke, or who
//! looked away, goes on where it was.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::broadcast::{Receiver, Sender};
use uuid::Uuid;

use crate::{clock, domain::event::Event};

/// Events that are kept, and that a slow reader may be behind before it is told that it missed some.
const EVENTS_MAX: usize = 1_024;

/// How long events are kept on after the last reader has gone.
const ATTENDED: Duration = Duration::from_mins(1);

/// One thing that was told, and its number.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its number, by which a reader goes on.
    pub number: u64,
    /// What happened.
    pub event: Arc<Event>,
}

/// The feed of one replica, from its start to its end.
pub struct Feed {
    /// Another one with each start: numbers of another process mean nothing here.
    run: Uuid,
    sender: Sender<Told>,
    /// False while nobody has listened for long: then nothing is told, and nothing is made to be told.
    is_attended: AtomicBool,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// The number of what was told last.
    newest: u64,
    told: VecDeque<Told>,
    /// Since when nobody listens.
    left_at: Option<Instant>,
}

/// What a reader is given: what it has missed and what follows.
pub struct Reading {
    /// What was told since it was cut off; none: that is not known any more.
    pub missed: Option<Vec<Told>>,
    /// The number of what was told last.
    pub newest: u64,
    /// What follows.
    pub receiver: Receiver<Told>,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            run: Uuid::now_v7(),
            sender: Sender::new(EVENTS_MAX),
            is_attended: AtomicBool::new(false),
            kept: Mutex::default(),
        }
    }
}

impl Feed {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the feed stands, as a reader names it that wants to go on from here. What happens is kept from now on, for
    /// as long as a reader may take to come.
    pub fn position(&self) -> String {
        let mut kept = self.kept();
        self.attend(&mut kept);
        self.place(kept.newest)
    }

    /// How a reader names the place behind that number.
    pub fn place(&self, number: u64) -> String {
        format!("{}-{number}", self.run.simple())
    }

    /// Listens, from `after` on if that is a place in this feed that is still kept.
    pub fn read(&self, after: Option<&str>) -> Reading {
        let mut kept = self.kept();
        self.attend(&mut kept);
        let receiver = self.sender.subscribe();
        let missed = match after {
            None => Some(Vec::new()),
            Some(after) => self.number(after).and_then(|number| kept.since(number)),
        };
        Reading { missed, newest: kept.newest, receiver }
    }

    fn attend(&self, kept: &mut Kept) {
        self.is_attended.store(true, Ordering::Release);
        kept.left_at = (self.sender.receiver_count() == 0).then(clock::instant);
    }

    /// The number in a place of this feed.
    fn number(&self, place: &str) -> Option<u64> {
        let (run, number) = place.split_once('-')?;
        (run.parse() == Ok(self.run)).then(|| number.parse().ok())?
    }

    /// Tells what has happened, if anybody listens or has just listened.
    pub fn tell(&self, event: impl FnOnce() -> Event) {
        if self.is_attended.load(Ordering::Acquire) {
            self.tell_attended(event);
        }
    }

    #[cold]
    fn tell_attended(&self, event: impl FnOnce() -> Event) {
        // Made before the lock: it may want locks of its own.
        let event = Arc::new(event());
        let mut kept = self.kept();
        if self.sender.receiver_count() == 0 {
            let now = clock::instant();
            if now.duration_since(*kept.left_at.get_or_insert(now)) > ATTENDED {
                self.is_attended.store(false, Ordering::Release);
                // Whoever comes back finds a gap.
                kept.newest += 1;
                kept.told.clear();
                return;
            }
        } else {
            kept.left_at = None;
        }
        kept.newest += 1;
        let told = Told { number: kept.newest, event };
        if kept.told.len() >= EVENTS_MAX {
            kept.told.pop_front();
        }
        kept.told.push_back(told.clone());
        // An error says that the last listener has just left.
        let _ = self.sender.send(told);
    }
}

impl Kept {
    /// What was told after that number; none if some of it is not kept any more, or was never told.
    fn since(&self, number: u64) -> Option<Vec<Told>> {
        let oldest = self.told.front().map_or(self.newest + 1, |told| told.number);
        (number <= self.newest && number + 1 >= oldest)
            .then(|| self.told.iter().filter(|told| told.number > number).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(reading: &Reading) -> Option<Vec<u64>> {
        reading.missed.as_ref().map(|missed| missed.iter().map(|told| told.number).collect())
    }

    #[test]
    fn a_reader_goes_on_where_it_was() {
        let feed = Feed::default();
        feed.tell(|| panic!("nobody listens"));
        let place = feed.position();
        for _ in 0..3 {
            feed.tell(|| Event::Holds);
        }
        assert_eq!(numbers(&feed.read(Some(&place))), Some(vec![1, 2, 3]));
        assert_eq!(numbers(&feed.read(Some(&feed.place(2)))), Some(vec![3]));
        assert_eq!(numbers(&feed.read(Some(&feed.place(3)))), Some(vec![]));
        assert_eq!(numbers(&feed.read(None)), Some(vec![]));
        for unknown in [&feed.place(4), &Feed::default().place(2), "", "x-1", "-", &format!("{}-", feed.run)] {
            assert_eq!(numbers(&feed.read(Some(unknown))), None, "{unknown}");
        }
    }

    #[test]
    fn what_is_no_longer_kept_is_missed() {
        let feed = Feed::default();
        let place = feed.position();
        for _ in 0..=EVENTS_MAX {
            feed.tell(|| Event::Holds);
        }
        assert_eq!(numbers(&feed.read(Some(&place))), None);
        assert_eq!(numbers(&feed.read(Some(&feed.place(1)))).map(|numbers| numbers.len()), Some(EVENTS_MAX));
    }

    #[tokio::test]
    async fn a_reader_hears_all_that_follows_once() {
        let feed = Feed::default();
        let place = feed.position();
        feed.tell(|| Event::Holds);
        let mut reading = feed.read(Some(&place));
        feed.tell(|| Event::Configuration);
        assert_eq!((numbers(&reading), reading.newest), (Some(vec![1]), 1));
        let told = reading.receiver.recv().await.unwrap();
        assert_eq!((told.number, &*told.event), (2, &Event::Configuration));
        assert!(reading.receiver.try_recv().is_err());
    }
}
