//! One subject's last minute: calls and tokens, by second.

use std::collections::BTreeMap;

use crate::state::bucket;

/// What happened in a second.
#[derive(Clone, Copy, Debug, Default)]
struct Second {
    n_calls: u64,
    n_tokens: u64,
}

/// The seconds of the last minute and their sums.
#[derive(Debug, Default)]
pub(super) struct Rates {
    seconds: BTreeMap<i64, Second>,
    n_calls: u64,
    n_tokens: u64,
}

impl Rates {
    /// Calls of the last minute.
    pub(super) fn calls(&mut self, now_ms: i64) -> u64 {
        self.prune(now_ms);
        self.n_calls
    }

    /// Tokens of the last minute.
    pub(super) fn tokens(&mut self, now_ms: i64) -> u64 {
        self.prune(now_ms);
        self.n_tokens
    }

    /// When the first second with calls leaves.
    pub(super) fn calls_leave_ms(&self) -> Option<i64> {
        self.seconds.iter().find(|(_, second)| second.n_calls > 0).map(|(at, _)| bucket::second_leaves_ms(*at))
    }

    /// When the first second with tokens leaves.
    pub(super) fn tokens_leave_ms(&self) -> Option<i64> {
        self.seconds.iter().find(|(_, second)| second.n_tokens > 0).map(|(at, _)| bucket::second_leaves_ms(*at))
    }

    /// Counts a call now, with its tokens.
    pub(super) fn add(&mut self, n_tokens: u64, now_ms: i64) {
        let second = self.seconds.entry(bucket::second(now_ms)).or_default();
        second.n_calls += 1;
        second.n_tokens = second.n_tokens.saturating_add(n_tokens);
        self.n_calls += 1;
        self.n_tokens = self.n_tokens.saturating_add(n_tokens);
        self.prune(now_ms);
    }

    /// Takes a call of the second `at` back, with its tokens, if it still counts.
    pub(super) fn undo(&mut self, at: i64, n_tokens: u64) {
        if let Some(second) = self.seconds.get_mut(&at) {
            let n_calls = second.n_calls.min(1);
            second.n_calls -= n_calls;
            self.n_calls = self.n_calls.saturating_sub(n_calls);
        }
        self.correct(at, n_tokens, 0);
    }

    /// Replaces tokens of the second `at` that were estimated by those that were used, if it still counts.
    pub(super) fn correct(&mut self, at: i64, estimated: u64, used: u64) {
        if let Some(second) = self.seconds.get_mut(&at) {
            let before = second.n_tokens;
            second.n_tokens = before.saturating_add(used).saturating_sub(estimated);
            self.n_tokens = self.n_tokens.saturating_add(second.n_tokens).saturating_sub(before);
        }
    }

    fn prune(&mut self, now_ms: i64) {
        let first = bucket::first_second(now_ms);
        while let Some(oldest) = self.seconds.first_entry().filter(|oldest| *oldest.key() < first) {
            let gone = oldest.remove();
            self.n_calls = self.n_calls.saturating_sub(gone.n_calls);
            self.n_tokens = self.n_tokens.saturating_sub(gone.n_tokens);
        }
    }
}
