//! Calls that run in this replica, and the feed of what happens.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::feed::Feed;
use crate::{
    domain::{
        attempt::RunningAttempt,
        call::{Call, CallDetail, Waiting},
        event::Event,
        id::{AttemptId, CallId},
    },
    ledger::entry::Entry,
};

/// Calls that are remembered after their end.
const ENDED_MAX: usize = 64;

/// The story of a running call, shared by its trail and the console.
pub type Story = Arc<Telling>;

/// What is told of a call: what will be recorded, and how far the attempt has come that runs.
pub struct Telling {
    entry: Mutex<Entry>,
    running: Mutex<Option<Marks>>,
    waiting: Mutex<Option<Waiting>>,
}

impl Telling {
    /// The beginning of a story.
    pub(super) fn begin(entry: Entry) -> Story {
        Arc::new(Self { entry: Mutex::new(entry), running: Mutex::default(), waiting: Mutex::default() })
    }

    /// How far the running attempt has come. Whoever wants the entry too locks that first.
    pub(super) fn running(&self) -> MutexGuard<'_, Option<Marks>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The call's place among those that wait. Whoever wants more locks this last.
    pub(super) fn waiting(&self) -> MutexGuard<'_, Option<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far an attempt has come. Milliseconds since the call began. Who it goes to stands in the call, so that nothing
/// is copied for somebody who may not look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    /// Its id.
    pub(super) id: AttemptId,
    /// When the request was handed to the network.
    pub(super) started_ms: u32,
    /// When the head of the answer came.
    pub(super) first_byte_ms: Option<u32>,
    /// When the first content came.
    pub(super) first_token_ms: Option<u32>,
}

impl Marks {
    fn attempt(self, call: &Call) -> RunningAttempt {
        RunningAttempt {
            id: self.id,
            provider_id: call.provider_id.unwrap_or_default(),
            provider_name: call.provider_name.clone().unwrap_or_default(),
            model_sent: call.model_sent.clone().unwrap_or_default(),
            started_ms: self.started_ms,
            first_byte_ms: self.first_byte_ms,
            first_token_ms: self.first_token_ms,
        }
    }
}

/// Locks a story. A panic elsewhere does not spoil it: it is plain data.
pub fn lock(story: &Story) -> MutexGuard<'_, Entry> {
    story.entry.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls that run in this replica, and the feed of what happens.
#[derive(Default)]
pub struct LiveCalls {
    calls: Mutex<HashMap<CallId, Story>>,
    /// Calls that have just ended, oldest first: the database may not have them yet.
    ended: Mutex<VecDeque<(CallId, Story)>>,
    /// What happens.
    pub feed: Feed,
}

impl LiveCalls {
    fn calls(&self) -> MutexGuard<'_, HashMap<CallId, Story>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call begins.
    pub(super) fn insert(&self, id: CallId, story: Story) {
        self.calls().insert(id, story);
    }

    /// A call is over.
    pub(super) fn remove(&self, id: CallId) {
        let Some(story) = self.calls().remove(&id) else { return };
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.len() >= ENDED_MAX {
            ended.pop_front();
        }
        ended.push_back((id, story));
    }

    /// How many calls run.
    pub fn n_active(&self) -> u32 {
        u32::try_from(self.calls().len()).unwrap_or(u32::MAX)
    }

    /// The calls that run, newest first.
    pub fn active(&self) -> Vec<Call> {
        let stories: Vec<Story> = self.calls().values().cloned().collect();
        let mut calls: Vec<Call> = stories.iter().map(|story| lock(story).call.clone()).collect();
        calls.sort_unstable_by_key(|call| std::cmp::Reverse(call.id));
        calls
    }

    /// All that is known of a call that runs or has just ended.
    pub fn find(&self, id: CallId) -> Option<CallDetail> {
        let running = self.calls().get(&id).cloned();
        let just_ended = || {
            let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
            ended.iter().rev().find(|(ended, _)| *ended == id).map(|(_, story)| story.clone())
        };
        let story = running.or_else(just_ended)?;
        let (entry, marks, waiting) = {
            let entry = lock(&story);
            (entry.clone(), *story.running(), *story.waiting())
        };
        let running = marks.map(|marks| marks.attempt(&entry.call));
        Some(CallDetail { running, waiting, ..entry.into_detail() })
    }

    /// Says how a call stands, if anybody listens.
    pub(super) fn tell(&self, story: &Story) {
        self.feed.tell(|| Event::Call { call: Box::new(lock(story).call.clone()) });
    }

    /// Says that configuration has changed.
    pub fn configuration_changed(&self) {
        self.feed.tell(|| Event::Configuration);
    }
}
