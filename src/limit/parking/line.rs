//! Who is next? One line for each user, in turns; whoever cannot go yet keeps its place. Pure: the time is passed in.
//!
//! One place at a time has the turn: it looks whether it can go, and then either goes or says what it waits for. News
//! make the places due that wait for it; the turn goes to the first of them. What a look finds to be full is not looked
//! at again by those behind it, until there are news of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::pace::Paces;
use crate::domain::id::{ProviderId, UserId};

/// How often a place looks again that waits for a full provider: another replica may have freed it. Milliseconds.
pub(super) const LOOK_AGAIN_MS: i64 = 1_000;

/// How long one look may take before the next in line has the turn. Milliseconds.
const TURN_MS: i64 = 1_000;

/// What a place waits for, once it has looked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// Providers that could serve it if they were free, or healed.
    pub providers: Vec<ProviderId>,
    /// Those of them that have no place free.
    pub full: Vec<ProviderId>,
    /// When the first of them is known to be free, in milliseconds since 1970.
    pub until_ms: Option<i64>,
}

/// What a waiting call can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How many calls go before it, and itself: 1 is next.
    pub position: u32,
    /// How long it will wait from now on, in milliseconds (docs/rules.md, Waiting); none if that cannot be told: nothing
    /// that it waits for has a date, and how fast places become free there was not measured lately.
    pub expected_ms: Option<u32>,
}

#[derive(Debug)]
struct Waiter {
    user_id: UserId,
    /// None until it has looked for the first time.
    wants: Option<Wants>,
    /// When it looks again without news.
    look_at_ms: Option<i64>,
    /// It must look, whatever is found by those before it.
    must_look: bool,
    /// News of what it waits for, by their number.
    heard: BTreeMap<ProviderId, u64>,
    /// It had the turn and did not use it in time: others go first until it does.
    is_slow: bool,
}

impl Waiter {
    fn is_due(&self) -> bool {
        self.must_look || !self.heard.is_empty()
    }

    /// Sets when it looks again, if nothing is heard until then.
    fn look_later(&mut self, now_ms: i64) {
        let Some(wants) = &self.wants else { return };
        // All look in the same moment, so that the first of them looks for all.
        let again = (!wants.full.is_empty()).then(|| (now_ms / LOOK_AGAIN_MS + 1) * LOOK_AGAIN_MS);
        // An end that has come and has not helped is no reason to look all the time.
        let known = wants.until_ms.map(|until| if until > now_ms { until } else { now_ms + LOOK_AGAIN_MS });
        self.look_at_ms = again.into_iter().chain(known).min();
    }
}

/// The place that looks.
#[derive(Clone, Copy, Debug)]
struct Turn {
    place: u64,
    since_ms: i64,
    /// The newest news when it began.
    n_news: u64,
}

/// The places, and whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// In the order in which they came.
    places: BTreeMap<u64, Waiter>,
    /// Users with places, whoever is next first.
    users: VecDeque<UserId>,
    turn: Option<Turn>,
    n_places: u64,
    n_news: u64,
    paces: Paces,
}

impl Line {
    /// A call lines up, unless `max` wait already. It looks as soon as it has the turn.
    pub(super) fn enter(&mut self, user_id: UserId, max: usize) -> Option<u64> {
        if self.places.len() >= max {
            return None;
        }
        if !self.users.contains(&user_id) {
            self.users.push_back(user_id);
        }
        self.n_places += 1;
        let waiter =
            Waiter { user_id, wants: None, look_at_ms: None, must_look: true, heard: BTreeMap::new(), is_slow: false };
        self.places.insert(self.n_places, waiter);
        Some(self.n_places)
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Providers whose next free place belongs to somebody in the line.
    pub(super) fn awaited(&self) -> Vec<ProviderId> {
        let full = self.places.values().filter_map(|waiter| waiter.wants.as_ref()).flat_map(|wants| &wants.full);
        full.copied().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// All places in the order in which they go: the first of each user, then the second of each …
    pub(super) fn order(&self) -> Vec<u64> {
        let mut order: Vec<(usize, usize, u64)> = Vec::with_capacity(self.places.len());
        for (turn, user_id) in self.users.iter().enumerate() {
            let own = self.places.iter().filter(|(_, waiter)| waiter.user_id == *user_id);
            order.extend(own.enumerate().map(|(nth, (place, _))| (nth, turn, *place)));
        }
        order.sort_unstable();
        order.into_iter().map(|(_, _, place)| place).collect()
    }

    /// Where a place stands.
    pub(super) fn standing(&self, place: u64, now_ms: i64) -> Option<Standing> {
        let waiter = self.places.get(&place)?;
        let mut before = self.order();
        before.truncate(before.iter().position(|known| *known == place)?);
        let position = u32::try_from(before.len() + 1).unwrap_or(u32::MAX);
        let expected_ms = waiter.wants.as_ref().and_then(|wants| self.expected_ms(wants, &before, now_ms));
        Some(Standing { position, expected_ms: expected_ms.map(|ms| u32::try_from(ms).unwrap_or(u32::MAX)) })
    }

    /// After how many milliseconds a place goes that wants this, with those `before` it: when places have become free for
    /// all of them that want one at the same providers, or on the date that is known, whichever is first.
    fn expected_ms(&self, wants: &Wants, before: &[u64], now_ms: i64) -> Option<i64> {
        let competes = |place: &&u64| {
            let other = self.places.get(*place).and_then(|waiter| waiter.wants.as_ref());
            // Whoever has not looked yet may want anything.
            other.is_none_or(|other| other.full.iter().any(|provider_id| wants.full.contains(provider_id)))
        };
        let n = i64::try_from(before.iter().filter(competes).count() + 1).unwrap_or(i64::MAX);
        let by_pace = self.paces.expected_ms(&wants.full, n, now_ms);
        // A date that has come and has not helped says nothing.
        let by_date = wants.until_ms.map(|until| until - now_ms).filter(|left| *left > 0);
        by_pace.into_iter().chain(by_date).min()
    }

    /// There are news of a provider, or of anything.
    pub(super) fn wake(&mut self, provider_id: Option<ProviderId>) {
        self.n_news += 1;
        let (n_news, looking) = (self.n_news, self.turn.map(|turn| turn.place));
        for (place, waiter) in &mut self.places {
            let known = waiter.wants.as_ref().filter(|_| looking != Some(*place));
            match (provider_id, known) {
                (Some(provider_id), Some(wants)) => {
                    if wants.providers.contains(&provider_id) {
                        waiter.heard.insert(provider_id, n_news);
                    }
                }
                // What it waits for now is not known yet, or this concerns everybody.
                _ => waiter.must_look = true,
            }
        }
    }

    /// Time goes on: what was to be looked at by now is due, and a look that takes too long loses the turn.
    pub(super) fn tick(&mut self, now_ms: i64) {
        if let Some(turn) = self.turn.take_if(|turn| now_ms - turn.since_ms >= TURN_MS)
            && let Some(waiter) = self.places.get_mut(&turn.place)
        {
            (waiter.must_look, waiter.is_slow) = (true, true);
        }
        let mut due = BTreeSet::new();
        for waiter in self.places.values_mut() {
            if waiter.look_at_ms.is_some_and(|at| at <= now_ms) {
                due.extend(waiter.wants.iter().flat_map(|wants| wants.providers.iter().copied()));
                waiter.look_later(now_ms);
            }
        }
        for provider_id in due {
            self.wake(Some(provider_id));
        }
    }

    /// Gives the turn to the first place that is due, unless somebody has it.
    pub(super) fn next_turn(&mut self, now_ms: i64) -> Option<u64> {
        if self.turn.is_some() {
            return None;
        }
        let due = |place: &u64| self.places.get(place).filter(|waiter| waiter.is_due());
        let order = self.order().into_iter();
        let mut due: Vec<(bool, u64)> = order.filter_map(|place| Some((due(&place)?.is_slow, place))).collect();
        // The order stays as it is among the quick ones.
        due.sort_by_key(|(is_slow, _)| *is_slow);
        let (_, place) = due.into_iter().next()?;
        let waiter = self.places.get_mut(&place)?;
        waiter.must_look = false;
        waiter.heard.clear();
        self.turn = Some(Turn { place, since_ms: now_ms, n_news: self.n_news });
        Some(place)
    }

    /// True if it is this place that may look.
    pub(super) fn has_turn(&self, place: u64) -> bool {
        self.turn.is_some_and(|turn| turn.place == place)
    }

    /// When somebody looks again without news.
    pub(super) fn look_at_ms(&self, place: u64) -> Option<i64> {
        self.places.get(&place).and_then(|waiter| waiter.look_at_ms)
    }

    /// A place has looked and cannot go. Those behind it need not look at what it found to be full.
    pub(super) fn stay(&mut self, place: u64, wants: Wants, now_ms: i64) {
        if let Some(turn) = self.turn.take_if(|turn| turn.place == place) {
            for waiter in self.places.values_mut() {
                waiter.heard.retain(|provider_id, news| *news > turn.n_news || !wants.full.contains(provider_id));
            }
        }
        let awaited = self.awaited();
        if let Some(waiter) = self.places.get_mut(&place) {
            for provider_id in wants.full.iter().filter(|provider_id| !awaited.contains(provider_id)) {
                self.paces.begin(*provider_id, now_ms);
            }
            waiter.wants = Some(wants);
            waiter.is_slow = false;
            waiter.look_later(now_ms);
        }
    }

    /// A place goes to a provider: its user's next one goes after everybody else's first, and whoever waits for the
    /// same provider looks whether there is more room.
    pub(super) fn serve(&mut self, place: u64, provider_id: ProviderId, now_ms: i64) {
        let Some(waiter) = self.places.get(&place) else { return };
        let user_id = waiter.user_id;
        // Whoever takes it: with nobody waiting for a place there, it was not a place that became free.
        if self.awaited().contains(&provider_id) {
            self.paces.taken(provider_id, now_ms);
        }
        self.leave(place);
        if let Some(turn) = self.users.iter().position(|known| *known == user_id)
            && let Some(user_id) = self.users.remove(turn)
        {
            self.users.push_back(user_id);
        }
        self.wake(Some(provider_id));
    }

    /// A place is given up.
    pub(super) fn leave(&mut self, place: u64) {
        self.turn = self.turn.filter(|turn| turn.place != place);
        let Some(waiter) = self.places.remove(&place) else { return };
        if self.places.values().all(|other| other.user_id != waiter.user_id) {
            self.users.retain(|user_id| *user_id != waiter.user_id);
        }
    }
}
