//! What processes that are dead have not told the shared counters.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

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

/// How long Redis is waited for before the next batch.
const TOLD_WITHIN: Duration = Duration::from_secs(1);

/// Settles the calls of dead processes in the shared counters, which ignore what they know already. Counters in memory
/// died with their process and are filled from the ledger.
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

    /// Postgres has this batch: what is of dead processes in it is settled, and Redis is told, if it can be.
    pub(super) async fn settle(&mut self, hub: &Hub, batch: &Batch) {
        if batch.n_of_others == 0 && self.cut.is_empty() || matches!(hub.state, State::Memory(_)) {
            return;
        }
        let resets = Resets::of(hub);
        let now_ms = clock::now().timestamp_millis();
        for (n, entry) in batch.entries.iter().enumerate() {
            if self.cut.remove(&entry.call.id) || n < batch.n_of_others {
                settlements(entry, &resets, now_ms).for_each(|settlement| hub.state.settle(settlement));
            }
        }
        // The checkpoint that follows is behind them. While Redis is away there will be none.
        if hub.state.keeps_up() {
            hub.state.flush(TOLD_WITHIN).await;
        }
    }
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
            subjects: [key, user, provider].into_iter().flatten().collect(),
            bind: None,
        }
    })
}
