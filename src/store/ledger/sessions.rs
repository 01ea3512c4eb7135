//! Calls of a batch by the session they belong to: what is added to the sums of sessions.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    domain::{
        call::{Call, Outcome},
        id::KeyId,
    },
    ledger::entry::Closed,
};

/// A row of `sessions`.
#[derive(Serialize)]
struct SessionRow<'a> {
    key_id: i64,
    session_id: &'a str,
    user_id: i64,
    first_at: DateTime<Utc>,
    last_at: DateTime<Utc>,
    last_call: Uuid,
    provider_id: Option<i64>,
    user_agent: Option<&'a str>,
    models: BTreeSet<&'a str>,
    calls: u64,
    failed: u64,
    input: u64,
    output: u64,
    cache_write_5m: u64,
    cache_write_1h: u64,
    cache_read: u64,
    cost: i64,
}

impl<'a> SessionRow<'a> {
    /// What one call adds.
    fn of(call: &'a Call, key: KeyId, session_id: &'a str) -> Option<Self> {
        let usage = &call.usage;
        Some(Self {
            key_id: key.0,
            session_id,
            user_id: call.user_id?.0,
            first_at: call.created_at,
            last_at: call.created_at,
            last_call: call.id.0,
            provider_id: call.provider_id.map(|id| id.0),
            user_agent: call.client.user_agent.as_deref(),
            models: BTreeSet::from([call.model.as_str()]),
            calls: 1,
            failed: matches!(call.outcome, Some(Outcome::Failed | Outcome::Interrupted)).into(),
            input: usage.input,
            output: usage.output,
            cache_write_5m: usage.cache_write_5m,
            cache_write_1h: usage.cache_write_1h,
            cache_read: usage.cache_read,
            cost: call.cost_usd.scaled(),
        })
    }

    /// Takes in another row of the same session.
    fn add(&mut self, other: Self) {
        if other.last_call > self.last_call {
            self.provider_id = other.provider_id.or(self.provider_id);
            self.user_agent = other.user_agent;
        } else {
            self.provider_id = self.provider_id.or(other.provider_id);
        }
        self.first_at = self.first_at.min(other.first_at);
        self.last_at = self.last_at.max(other.last_at);
        self.last_call = self.last_call.max(other.last_call);
        self.models.extend(other.models);
        self.calls += other.calls;
        self.failed += other.failed;
        self.input += other.input;
        self.output += other.output;
        self.cache_write_5m += other.cache_write_5m;
        self.cache_write_1h += other.cache_write_1h;
        self.cache_read += other.cache_read;
        self.cost = self.cost.saturating_add(other.cost);
    }
}

/// The sessions of these calls, as a JSON list of rows in the order of their keys, so that replicas lock them in the
/// same order; none if no call has one.
pub(super) fn rows(entries: &[&Closed]) -> Option<String> {
    let mut sessions: BTreeMap<(KeyId, &str), SessionRow<'_>> = BTreeMap::new();
    for call in entries.iter().map(|entry| &entry.call) {
        let (Some(key), Some(session_id)) = (call.key_id, call.session_id.as_deref()) else { continue };
        let Some(row) = SessionRow::of(call, key, session_id) else { continue };
        match sessions.get_mut(&(key, session_id)) {
            Some(known) => known.add(row),
            None => _ = sessions.insert((key, session_id), row),
        }
    }
    let rows: Vec<_> = sessions.into_values().collect();
    (!rows.is_empty()).then(|| serde_json::to_string(&rows).unwrap_or_default())
}
