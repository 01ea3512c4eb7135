//! What the shared counters may not know: what dead processes have not told them, and what this one settled so long ago
//! that it would not tell it again to a Redis that was emptied meanwhile.

use std::collections::{HashMap, HashSet};

use crate::{
    clock,
    domain::{
        id::{CallId, KeyId, ProviderId, UserId},
        limit::Subject,
    },
    hub::Hub,
    ledger::{entry::Closed, reader::Batch, record::Opening},
    state::{
        State,
        step::{LeaseId, Settlement},
    },
};

/// How long after its end an attempt is settled once only, in milliseconds: Redis remembers it for an hour longer. What is
/// older may be counted already, and only the sums can tell.
const KNOWN_FOR_MS: i64 = 23 * 60 * 60 * 1000;

/// Settles calls in the shared counters, which ignore what they know already. Counters in memory died with their process
/// and are filled from the ledger.
#[derive(Default)]
pub(super) struct Arrears {
    /// Calls that a crash cut, whose entries are on their way.
    cut: HashSet<CallId>,
}

/// When the limits of keys, users and providers were last reset, in milliseconds since 1970.
struct Resets {
    keys: HashMap<KeyId, i64>,
    users: HashMap<UserId, i64>,
    providers: HashMap<ProviderId, i64>,
}

impl Arrears {
    /// These calls were cut and are about to be closed through the journal.
    pub(super) fn expect(&mut self, orphans: &[Opening]) {
        self.cut.extend(orphans.iter().map(Opening::id));
    }

    /// Postgres has this batch: what the counters may not know of it is settled, or, if it is old, they are to be filled
    /// anew.
    pub(super) fn settle(&mut self, hub: &Hub, batch: &Batch) {
        if matches!(hub.state, State::Memory(_)) {
            return;
        }
        let mut resets = None;
        let mut is_too_late = false;
        let now_ms = clock::now().timestamp_millis();
        for (n, entry) in batch.entries.iter().enumerate() {
            let is_of_the_dead = self.cut.remove(&entry.call.id) || n < batch.n_of_others;
            let ended_ms = ended_ms(entry);
            if !is_of_the_dead && !hub.state.has_forgotten(ended_ms) {
                continue;
            }
            if now_ms - ended_ms > KNOWN_FOR_MS {
                is_too_late = true;
                continue;
            }
            let resets = resets.get_or_insert_with(|| Resets::of(hub));
            settlements(entry, resets, now_ms).for_each(|settlement| hub.state.settle(settlement));
        }
        if is_too_late {
            hub.state.lose();
        }
    }
}

/// When the last attempt of a call was over, in milliseconds since 1970.
fn ended_ms(entry: &Closed) -> i64 {
    let lasted_ms = entry.attempts.iter().map(|attempt| attempt.ended_ms).max().unwrap_or_default();
    entry.call.created_at.timestamp_millis() + i64::from(lasted_ms)
}

impl Resets {
    fn of(hub: &Hub) -> Self {
        let snapshot = hub.snapshot.load();
        let callers = snapshot.callers.values();
        Self {
            keys: callers.clone().map(|caller| (caller.key.id, caller.key.limits.reset_ms())).collect(),
            users: callers.map(|caller| (caller.user.id, caller.user.limits.reset_ms())).collect(),
            providers: snapshot
                .upstreams
                .iter()
                .map(|upstream| (upstream.provider.id, upstream.provider.limits.reset_ms()))
                .collect(),
        }
    }
}

/// What each attempt of a call cost. Whoever was deleted meanwhile has no counters any more.
fn settlements<'a>(entry: &'a Closed, resets: &'a Resets, now_ms: i64) -> impl Iterator<Item = Settlement> + 'a {
    let call = &entry.call;
    entry.attempts.iter().map(move |attempt| {
        let key = call.key_id.and_then(|id| Some((Subject::Key(id), *resets.keys.get(&id)?)));
        let user = call.user_id.and_then(|id| Some((Subject::User(id), *resets.users.get(&id)?)));
        let provider = resets.providers.get(&attempt.provider_id);
        let provider = provider.map(|reset_ms| (Subject::Provider(attempt.provider_id), *reset_ms));
        Settlement {
            lease: LeaseId(attempt.id.0),
            call: LeaseId(call.id.0),
            at_ms: call.created_at.timestamp_millis(),
            now_ms,
            cost: attempt.cost_usd.scaled(),
            tokens: attempt.usage.counted(),
            served: attempt.is_served(),
            subjects: [key, user, provider].into_iter().flatten().collect(),
            bind: None,
        }
    })
}
