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

    /// Tokens that count for a limit of tokens per minute, estimated, where the provider has `cached` tokens of the
    /// session in its cache: what it reads from there does not count.
    pub fn tokens(&self, cached: u64) -> u64 {
        self.input_tokens().saturating_sub(cached).saturating_add(self.output_tokens())
    }

    /// What is reserved for an attempt at `price`, in a limit of this mode.
    pub fn reservation(&self, mode: LimitMode, price: &Price, multiplier: Multiplier) -> Usd {
        match (mode, &self.bound) {
            (LimitMode::Soft, _) => price.estimate(self.input_tokens(), self.output_tokens(), multiplier),
            (LimitMode::Hard, bound) => {
                price.worst_case(&self.worst_case(bound.unwrap_or(Bound::DEAREST), price), multiplier)
            }
        }
    }

    fn worst_case(&self, bound: Bound, price: &Price) -> WorstCase {
        let (window, window_max) = windows(price);
        // What comes from elsewhere comes on top of the body, and only the window ends it.
        let open = || window.max(self.body_bytes.min(window_max));
        let input_tokens = bound.input_tokens.map_or_else(open, |tokens| tokens.min(window_max));
        let output_max = price.max_output.unwrap_or(OUTPUT_MAX);
        let output_tokens = self.max_tokens.unwrap_or(output_max);
        // A summary is written in a round of its own, which reads the whole prompt; what follows reads no more than that.
        let (n_rounds, summary) = if bound.may_compact { (2, output_max) } else { (1, 0) };
        WorstCase {
            input_tokens: input_tokens.saturating_mul(n_rounds),
            output_tokens: output_tokens.saturating_add(summary),
            may_write_cache: bound.may_write_cache,
            may_write_cache_1h: bound.may_write_cache_1h,
            tool_uses: bound.tool_uses,
            may_be_fast: bound.is_fast,
            // An account may be bound to a region without being asked to.
            region: true,
        }
    }
}

/// The context window of a model, and the largest that it may have: a price file may know less of it than its provider.
/// Rates for prompts that would not fit into the window say that it is larger than the price says.
fn windows(price: &Price) -> (u64, u64) {
    let said = price.context_window.unwrap_or(CONTEXT_WINDOW);
    let beyond = price.tiers.iter().map(|tier| tier.above_tokens.saturating_add(1)).filter(|least| *least > said).max();
    let window_max = said.max(CONTEXT_WINDOW).max(beyond.unwrap_or_default());
    (if beyond.is_some() { window_max } else { said }, window_max)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::domain::usage::{Terms, Usage};

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

    #[test]
    fn what_is_read_from_a_cache_counts_in_no_rate() {
        let request = Request { body_bytes: 4_000, max_tokens: Some(10), ..Request::default() };
        assert_eq!([0, 400, 1_000, 9_999].map(|cached| request.tokens(cached)), [1_010, 610, 10, 10]);
    }

    #[test]
    fn what_a_body_does_not_bound_reserves_all_that_it_may_become() {
        let price = |json: &str| serde_json::from_str::<Price>(json).unwrap();
        let open = Request { bound: Some(Bound::default()), max_tokens: Some(1_000), ..Request::default() };
        let reserved = |request: &Request, price: &Price| request.reservation(LimitMode::Hard, price, Multiplier::ONE);
        let billed = |input, price: &Price| {
            let usage = Usage { input, output: 1_000, ..Usage::default() };
            price.bill(&usage, &Terms::default(), Multiplier::ONE, Multiplier::ONE).cost.total()
        };
        // A file that knows the window without the dearer half of it, but its price.
        let tiered = price(
            r#"{"input":"3","output":"15","context_window":200000,
            "tiers":[{"above_tokens":200000,"input":"6","output":"22.5"}]}"#,
        );
        for tokens in [200_000, 200_001, 250_000, 1_000_000] {
            assert!(reserved(&open, &tiered) >= billed(tokens, &tiered), "{tokens}");
        }
        // A tier that lies within the window.
        let within = price(
            r#"{"input":"3","output":"15","context_window":300000,
            "tiers":[{"above_tokens":200000,"input":"6","output":"22.5"}]}"#,
        );
        assert!(reserved(&open, &within) >= billed(300_000, &within));
        assert!(reserved(&open, &within) < billed(310_000, &within), "the window is what is reserved");
        // A body that is larger than the window by itself.
        let flat = price(r#"{"input":"3","output":"15","context_window":200000}"#);
        let large = Request { body_bytes: 700_000, ..open };
        assert!(reserved(&open, &flat) >= billed(200_000, &flat) && reserved(&open, &flat) < billed(210_000, &flat));
        assert!(reserved(&large, &flat) >= billed(700_000, &flat));
        // A summary before it: both rounds, and what they write.
        let compacts = |bound: Bound| Request { bound: Some(Bound { may_compact: true, ..bound }), ..open };
        let bounded = compacts(Bound { input_tokens: Some(150_000), ..Bound::default() });
        let usage = Usage { input: 300_000, output: 1_000 + 64_000, ..Usage::default() };
        let both = Price { max_output: Some(64_000), ..flat.clone() };
        let bill = both.bill(&usage, &Terms::default(), Multiplier::ONE, Multiplier::ONE);
        assert!(reserved(&bounded, &both) >= bill.cost.total());
        // What was not read may be anything.
        let dearest = Request { bound: Some(Bound::DEAREST), ..open };
        let unread = Request { bound: None, ..open };
        assert_eq!(reserved(&unread, &tiered), reserved(&dearest, &tiered));
        assert!(reserved(&unread, &tiered) > reserved(&open, &tiered));
        // And one that has a bound is never worth more than it.
        let bound = Some(Bound { input_tokens: Some(700_000), ..Bound::default() });
        assert!(reserved(&Request { bound, ..open }, &tiered) >= billed(700_000, &tiered));
    }
}
