//! What is known of each session beside who uses it: where it is bound, since when, and when it was ended.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use crate::{
    domain::id::UserId,
    state::{
        counters::END_REMEMBERED_MS,
        step::{ActiveSession, Bind, Binding, SessionKey, SessionUse},
    },
};

#[derive(Debug, Default)]
struct Session {
    user_id: UserId,
    began_ms: i64,
    seen_ms: i64,
    ended_ms: i64,
    n_calls: u64,
    /// Leases of it that are held, and until when it stays active without one.
    n_held: u64,
    until_ms: i64,
    bound: Option<Bound>,
}

#[derive(Clone, Copy, Debug)]
struct Bound {
    binding: Binding,
    ttl_ms: i64,
    until_ms: i64,
}

/// All sessions of this process.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    known: HashMap<Arc<SessionKey>, Session>,
    /// When to look whether one can be forgotten.
    due: BTreeSet<(i64, Arc<SessionKey>)>,
}

impl Sessions {
    /// The shared name of a session; it is known from then on.
    pub(super) fn intern(&mut self, session: SessionKey, now_ms: i64) -> Arc<SessionKey> {
        if let Some((name, _)) = self.known.get_key_value(&session) {
            return Arc::clone(name);
        }
        let name = Arc::new(session);
        self.known.insert(Arc::clone(&name), Session::default());
        self.due.insert((now_ms + END_REMEMBERED_MS, Arc::clone(&name)));
        name
    }

    /// The shared name of a session, if it is known.
    pub(super) fn name(&self, session: &SessionKey) -> Option<Arc<SessionKey>> {
        self.known.get_key_value(session).map(|(name, _)| Arc::clone(name))
    }

    /// A lease of it is held.
    pub(super) fn hold(&mut self, name: &SessionKey) {
        if let Some(session) = self.known.get_mut(name) {
            session.n_held += 1;
        }
    }

    /// A lease of it is held no more.
    pub(super) fn let_go(&mut self, name: &SessionKey) {
        if let Some(session) = self.known.get_mut(name) {
            session.n_held = session.n_held.saturating_sub(1);
        }
    }

    /// A call of it begins; with `is_fresh` it becomes active with this one.
    pub(super) fn begin(&mut self, name: &Arc<SessionKey>, user_id: UserId, is_fresh: bool, now_ms: i64) {
        let Some(session) = self.known.get_mut(name) else { return };
        if is_fresh {
            session.began_ms = now_ms;
            session.n_calls = 0;
        }
        session.user_id = user_id;
        session.seen_ms = session.seen_ms.max(now_ms);
        session.n_calls += 1;
    }

    /// A call of it has ended that was taken at `taken_ms`. Gives until when the session stays active; none if it was
    /// ended since.
    pub(super) fn end_call(&mut self, name: &SessionKey, taken_ms: i64, active_ms: i64, now_ms: i64) -> Option<i64> {
        let session = self.known.get_mut(name)?;
        if taken_ms <= session.ended_ms {
            return None;
        }
        session.seen_ms = session.seen_ms.max(now_ms);
        session.until_ms = session.until_ms.max(now_ms + active_ms);
        Some(now_ms + active_ms)
    }

    /// A call of it is to be as if it had never been.
    pub(super) fn undo_call(&mut self, name: &SessionKey) {
        if let Some(session) = self.known.get_mut(name) {
            session.n_calls = session.n_calls.saturating_sub(1);
        }
    }

    /// Where it goes. Looking keeps it bound for another while.
    pub(super) fn binding(&mut self, used: Option<&SessionUse>, now_ms: i64) -> Option<Binding> {
        let bound = self.known.get_mut(&used?.session)?.bound.as_mut().filter(|bound| bound.until_ms > now_ms)?;
        bound.until_ms = bound.until_ms.max(now_ms + bound.ttl_ms);
        Some(bound.binding)
    }

    /// Binds it, unless a later call has, or it was ended after this one began at `at_ms`.
    pub(super) fn bind(&mut self, bind: Bind, at_ms: i64, now_ms: i64) {
        let name = self.intern(bind.session, now_ms);
        let Some(session) = self.known.get_mut(&name) else { return };
        let is_newer =
            session.bound.is_some_and(|bound| bound.until_ms > now_ms && bound.binding.call_id > bind.binding.call_id);
        if at_ms > session.ended_ms && !is_newer {
            session.bound = Some(Bound { binding: bind.binding, ttl_ms: bind.ttl_ms, until_ms: now_ms + bind.ttl_ms });
        }
    }

    /// Ends it, if it was active or is bound. False if there was nothing to end.
    pub(super) fn end(&mut self, name: &SessionKey, was_active: bool, now_ms: i64) -> bool {
        let Some(session) = self.known.get_mut(name) else { return false };
        let was_there = was_active || session.bound.is_some_and(|bound| bound.until_ms > now_ms);
        if was_there {
            session.ended_ms = now_ms;
            session.bound = None;
        }
        was_there
    }

    /// As an operator sees it.
    pub(super) fn show(&self, name: &SessionKey, in_flight: u64, now_ms: i64) -> Option<ActiveSession> {
        let session = self.known.get(name)?;
        Some(ActiveSession {
            session: name.clone(),
            user_id: session.user_id,
            binding: session.bound.filter(|bound| bound.until_ms > now_ms).map(|bound| bound.binding),
            began_ms: session.began_ms,
            seen_ms: session.seen_ms,
            in_flight,
            calls: session.n_calls,
        })
    }

    /// Forgets a few that have neither a binding nor an end to be remembered, and are not active.
    pub(super) fn prune(&mut self, now_ms: i64) {
        for _ in 0..2 {
            let Some((_, name)) = self.due.first().filter(|(due_ms, _)| *due_ms <= now_ms).cloned() else { return };
            self.due.pop_first();
            let Some(session) = self.known.get(&name) else { continue };
            let ended_ms = if session.ended_ms > 0 { session.ended_ms + END_REMEMBERED_MS } else { 0 };
            let needed_ms = ended_ms.max(session.until_ms).max(session.bound.map_or(0, |bound| bound.until_ms));
            if needed_ms <= now_ms && session.n_held == 0 {
                self.known.remove(&name);
            } else {
                self.due.insert((needed_ms.max(now_ms + END_REMEMBERED_MS), name));
            }
        }
    }
}
