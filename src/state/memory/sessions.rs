//! What is known of each session beside who uses it: where it is bound, since when, and when it was ended.

use std::{
    cmp::Ordering,
    collections::{BTreeSet, HashMap},
    hash::{Hash, Hasher},
    sync::Arc,
};

use crate::{
    domain::id::UserId,
    state::{
        counters::END_REMEMBERED_MS,
        step::{ActiveSession, Bind, Binding, SessionKey},
    },
};

/// A session that is known: its key, and a number by which it is found and told from others, which takes no look at a
/// text that a client has chosen. Numbers are not used twice.
#[derive(Clone, Debug)]
pub(super) struct Name {
    number: u64,
    key: Arc<SessionKey>,
}

impl Name {
    /// Whose it is and what it is called.
    pub(super) fn key(&self) -> &SessionKey {
        &self.key
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        self.number.cmp(&other.number)
    }
}

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
    /// The only map whose keys clients choose: its hash is the strong one.
    names: HashMap<Arc<SessionKey>, Name>,
    known: foldhash::HashMap<Name, Session>,
    n_named: u64,
    /// When to look whether one can be forgotten.
    due: BTreeSet<(i64, Name)>,
}

impl Sessions {
    /// The name of a session; it is known from then on.
    pub(super) fn intern(&mut self, session: &Arc<SessionKey>, now_ms: i64) -> Name {
        if let Some(name) = self.name(session) {
            return name;
        }
        self.n_named += 1;
        let name = Name { number: self.n_named, key: Arc::clone(session) };
        self.names.insert(Arc::clone(session), name.clone());
        self.known.insert(name.clone(), Session::default());
        self.due.insert((now_ms + END_REMEMBERED_MS, name.clone()));
        name
    }

    /// The name of a session, if it is known.
    pub(super) fn name(&self, session: &SessionKey) -> Option<Name> {
        self.names.get(session).cloned()
    }

    /// A lease of it is held.
    pub(super) fn hold(&mut self, name: &Name) {
        if let Some(session) = self.known.get_mut(name) {
            session.n_held += 1;
        }
    }

    /// A lease of it is held no more.
    pub(super) fn let_go(&mut self, name: &Name) {
        if let Some(session) = self.known.get_mut(name) {
            session.n_held = session.n_held.saturating_sub(1);
        }
    }

    /// A call of it begins; with `is_fresh` it becomes active with this one.
    pub(super) fn begin(&mut self, name: &Name, user_id: UserId, is_fresh: bool, now_ms: i64) {
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
    pub(super) fn end_call(&mut self, name: &Name, taken_ms: i64, active_ms: i64, now_ms: i64) -> Option<i64> {
        let session = self.known.get_mut(name)?;
        if taken_ms <= session.ended_ms {
            return None;
        }
        session.seen_ms = session.seen_ms.max(now_ms);
        session.until_ms = session.until_ms.max(now_ms + active_ms);
        Some(now_ms + active_ms)
    }

    /// A call of it is to be as if it had never been.
    pub(super) fn undo_call(&mut self, name: &Name) {
        if let Some(session) = self.known.get_mut(name) {
            session.n_calls = session.n_calls.saturating_sub(1);
        }
    }

    /// Where it goes, for who only looks.
    pub(super) fn bound(&self, name: &Name, now_ms: i64) -> Option<Binding> {
        let bound = self.known.get(name)?.bound.filter(|bound| bound.until_ms > now_ms)?;
        Some(bound.binding)
    }

    /// Where it goes. Looking keeps it bound for another while.
    pub(super) fn binding(&mut self, name: &Name, now_ms: i64) -> Option<Binding> {
        let bound = self.known.get_mut(name)?.bound.as_mut().filter(|bound| bound.until_ms > now_ms)?;
        bound.until_ms = bound.until_ms.max(now_ms + bound.ttl_ms);
        Some(bound.binding)
    }

    /// Binds it, unless a later call has, or it was ended after this one began at `at_ms`.
    pub(super) fn bind(&mut self, bind: &Bind, at_ms: i64, now_ms: i64) {
        let name = self.intern(&bind.session, now_ms);
        let Some(session) = self.known.get_mut(&name) else { return };
        let is_newer =
            session.bound.is_some_and(|bound| bound.until_ms > now_ms && bound.binding.call_id > bind.binding.call_id);
        if at_ms > session.ended_ms && !is_newer {
            session.bound = Some(Bound { binding: bind.binding, ttl_ms: bind.ttl_ms, until_ms: now_ms + bind.ttl_ms });
        }
    }

    /// Ends it, if it was active or is bound. False if there was nothing to end.
    pub(super) fn end(&mut self, name: &Name, was_active: bool, now_ms: i64) -> bool {
        let Some(session) = self.known.get_mut(name) else { return false };
        let was_there = was_active || session.bound.is_some_and(|bound| bound.until_ms > now_ms);
        if was_there {
            session.ended_ms = now_ms;
            session.bound = None;
        }
        was_there
    }

    /// As an operator sees it.
    pub(super) fn show(&self, name: &Name, in_flight: u64, now_ms: i64) -> Option<ActiveSession> {
        let session = self.known.get(name)?;
        Some(ActiveSession {
            session: name.key().clone(),
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
                self.names.remove(name.key());
            } else {
                self.due.insert((needed_ms.max(now_ms + END_REMEMBERED_MS), name));
            }
        }
    }
}
