//! What an attempt may cost, before it starts (docs/rules.md, Limits).

use crate::{
    domain::{
        limit::{LimitMode, Limits},
        money::{Multiplier, Usd},
        price::{Price, bill::WorstCase},
    },
    wire::bound::Bound,
};

/// Bytes of a request that stand for one token of an estimate.
const BYTES_PER_TOKEN: u64 = 4;

/// Output that is expected of a model without history, at most (docs/rules.md, Limits).
const OUTPUT_UNKNOWN: u64 = 1_000;

/// The context window of a model that does not say.
const CONTEXT_WINDOW: u64 = 1_000_000;

/// The longest answer of a model that does not say, to a request that does not either.
const OUTPUT_MAX: u64 = 128_000;

/// What is known of a request before it is sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request {
    /// Bytes of its body.
    pub body_bytes: u64,
    /// The most tokens it lets the model write.
    pub max_tokens: Option<u64>,
    /// What the model has lately written, in tokens.
    pub recent_output: Option<u64>,
    /// What it can cost at most; read only where somebody's limit is hard.
    pub bound: Option<Bound>,
}

/// What is reserved for an attempt, in nano-dollars, by the mode of the limit that it counts in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reservation {
    soft: i64,
    hard: i64,
}

impl Reservation {
    /// `amount` tells it for one mode. It is asked once for each mode that one of `limits` has: working it out is dear.
    pub fn of<'a>(limits: impl IntoIterator<Item = &'a Limits>, amount: impl Fn(LimitMode) -> i64) -> Self {
        let (mut soft, mut hard) = (None, None);
        for limits in limits {
            let place = if limits.limit_mode == LimitMode::Hard { &mut hard } else { &mut soft };
            place.get_or_insert_with(|| amount(limits.limit_mode));
        }
        Self { soft: soft.unwrap_or_default(), hard: hard.unwrap_or_default() }
    }

    /// In a limit of this mode; 0 if no limit had it.
    pub const fn in_mode(self, mode: LimitMode) -> i64 {
        match mode {
            LimitMode::Soft => self.soft,
            LimitMode::Hard => self.hard,
        }
    }
}

impl Request {
    /// True if the body does not bound what the request can cost.
    pub fn is_open(&self) -> bool {
        self.bound.is_some_and(|bound| bound.input_tokens.is_none())
    }

    /// Tokens of the prompt, estimated.
    pub const fn input_tokens(&self) -> u64 {
        self.body_bytes / BYTES_PER_TOKEN
    }

    /// Tokens of the answer, estimated.
    pub fn output_tokens(&self) -> u64 {
        let limit = self.max_tokens.unwrap_or(u64::MAX);
        self.recent_output.unwrap_or(OUTPUT_UNKNOWN).min(limit)
    }

    /// Tokens that count for a limit of tokens per minute, estimated.
    pub fn tokens(&self) -> u64 {
        self.input_tokens().saturating_add(self.output_tokens())
    }

    /// What is reserved for an attempt at `price`, in a limit of this mode.
    pub fn reservation(&self, mode: LimitMode, price: &Price, multiplier: Multiplier) -> Usd {
        match (mode, &self.bound) {
            (LimitMode::Soft, _) => price.estimate(self.input_tokens(), self.output_tokens(), multiplier),
            (LimitMode::Hard, bound) => {
                price.worst_case(&self.worst_case(bound.unwrap_or_default(), price), multiplier)
            }
        }
    }

    fn worst_case(&self, bound: Bound, price: &Price) -> WorstCase {
        let window = price.context_window.unwrap_or(CONTEXT_WINDOW);
        // A price file may know less of a window than its provider.
        let window_max = window.max(CONTEXT_WINDOW);
        WorstCase {
            input_tokens: bound.input_tokens.map_or(window, |tokens| tokens.min(window_max)),
            output_tokens: self.max_tokens.unwrap_or_else(|| price.max_output.unwrap_or(OUTPUT_MAX)),
            may_write_cache: bound.may_write_cache,
            may_write_cache_1h: bound.may_write_cache_1h,
            tool_uses: bound.tool_uses,
            may_be_fast: bound.is_fast,
            // An account may be bound to a region without being asked to.
            region: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn each_mode_is_worked_out_once_and_only_if_somebody_has_it() {
        let (soft, hard) = (Limits::default(), Limits { limit_mode: LimitMode::Hard, ..Limits::default() });
        for (limits, expected, n_expected) in [
            ([&soft, &soft, &soft], (5, 0), 1),
            ([&hard, &hard, &hard], (0, 50), 1),
            ([&hard, &soft, &hard], (5, 50), 2),
        ] {
            let n_asked = Cell::new(0);
            let reservation = Reservation::of(limits, |mode| {
                n_asked.set(n_asked.get() + 1);
                if mode == LimitMode::Hard { 50 } else { 5 }
            });
            let both = (reservation.in_mode(LimitMode::Soft), reservation.in_mode(LimitMode::Hard));
            assert_eq!((both, n_asked.get()), (expected, n_expected));
        }
    }
}
