//! What an attempt may cost, before it starts (docs/rules.md, Limits).

use std::borrow::Cow;

use crate::{
    domain::{
        limit::{LimitMode, Limits},
        money::{Multiplier, Usd},
        price::{Price, bill::WorstCase},
    },
    wire::bound::{Bound, Writes},
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
#[derive(Clone, Debug, Default)]
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
        self.bound.as_ref().is_some_and(|bound| bound.input_tokens.is_none())
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
    /// session in its cache: what it reads from there does not count. At least one: a limit of 0 lets nothing pass.
    pub fn tokens(&self, cached: u64) -> u64 {
        self.input_tokens().saturating_sub(cached).saturating_add(self.output_tokens()).max(1)
    }

    /// What is reserved for an attempt at `price`, in a limit of this mode. `may_cost` knows the prices that another model
    /// may be charged at, by its name in the body.
    pub fn reservation<'p>(
        &self,
        mode: LimitMode,
        price: &'p Price,
        multiplier: Multiplier,
        may_cost: impl Fn(Option<&str>) -> Vec<&'p Price>,
    ) -> Usd {
        if mode == LimitMode::Soft {
            return price.estimate(self.input_tokens(), self.output_tokens(), multiplier);
        }
        let bound = self.bound.as_ref().map_or_else(|| Cow::Owned(Bound::unread()), Cow::Borrowed);
        let mut prices = vec![price];
        for other in &bound.others {
            prices.extend(may_cost(other.model.as_deref()));
        }
        prices.sort_unstable_by_key(|price| std::ptr::from_ref::<Price>(price).addr());
        prices.dedup_by_key(|price| std::ptr::from_ref::<Price>(price).addr());
        self.dearest(&bound, &prices, multiplier)
    }

    /// What all parts of the work cost if each is done at the dearest of `prices`: servers have names of their own for
    /// models, so nobody knows which price is whose.
    fn dearest(&self, bound: &Bound, prices: &[&Price], multiplier: Multiplier) -> Usd {
        let parts = self.parts(bound, prices);
        // Where several have a share, what one has written is read by the next.
        let n_written = if bound.others.is_empty() { 0 } else { sum(parts.iter().map(|part| part.output_tokens)) };
        let cost = |part: &Part, price: &Price| {
            let prompt = self.prompt(bound, price, n_written);
            let worst = WorstCase {
                input_tokens: prompt.saturating_mul(part.n_prompts),
                output_tokens: part.output_tokens,
                may_write_cache: bound.may_write_cache,
                may_write_cache_1h: bound.may_write_cache_1h,
                tool_uses: part.tool_uses,
                may_be_fast: bound.is_fast,
                // An account may be bound to a region without being asked to.
                region: true,
            };
            price.worst_case(&worst, multiplier)
        };
        parts.iter().fold(Usd::ZERO, |total, part| {
            total + prices.iter().map(|price| cost(part, price)).max().unwrap_or(Usd::ZERO)
        })
    }

    /// What the model that is sent does, and what each of the others.
    fn parts(&self, bound: &Bound, prices: &[&Price]) -> Vec<Part> {
        let output_max = prices.iter().map(|price| price.max_output.unwrap_or(OUTPUT_MAX)).max().unwrap_or(OUTPUT_MAX);
        let asked = self.max_tokens.unwrap_or(output_max);
        // A summary is written in a round of its own, which reads the whole prompt; what follows reads no more than that.
        let (n_prompts, summary) = if bound.may_compact { (2_u64, output_max) } else { (1, 0) };
        let n_consulted = sum(bound.others.iter().filter(|other| other.is_advisor).map(|other| other.n_rounds));
        let own = Part {
            n_prompts: n_prompts.saturating_add(n_consulted),
            output_tokens: asked.saturating_add(summary),
            tool_uses: bound.tool_uses,
        };
        let others = bound.others.iter().map(|other| {
            let written = match other.writes {
                Writes::AsAsked => asked,
                Writes::AtMost(tokens) => tokens,
                Writes::All => output_max,
            };
            // Whoever gives advice is shown the conversation as it is.
            let (n_prompts, summary) = if other.is_advisor { (1, 0) } else { (n_prompts, summary) };
            Part {
                n_prompts: n_prompts.saturating_mul(other.n_rounds),
                output_tokens: written.saturating_add(summary).saturating_mul(other.n_rounds),
                tool_uses: 0,
            }
        });
        std::iter::once(own).chain(others).collect()
    }

    /// Tokens that a model at `price` reads at once, at most, if so many are written before.
    fn prompt(&self, bound: &Bound, price: &Price, n_written: u64) -> u64 {
        let (window, window_max) = windows(price);
        // What comes from elsewhere comes on top of the body, and only the window ends it.
        let open = || window.max(self.body_bytes.min(window_max));
        bound.input_tokens.map_or_else(open, |tokens| tokens.saturating_add(n_written).min(window_max))
    }
}

/// What one model does of an answer, at most.
#[derive(Clone, Copy, Debug)]
struct Part {
    /// How often it reads the whole prompt.
    n_prompts: u64,
    /// What it writes.
    output_tokens: u64,
    /// Uses of each kind of server tool.
    tool_uses: u64,
}

fn sum(numbers: impl Iterator<Item = u64>) -> u64 {
    numbers.fold(0, u64::saturating_add)
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
    use crate::{
        domain::usage::{Terms, Usage},
        wire::bound::PossibleModel,
    };

    fn price(json: &str) -> Price {
        serde_json::from_str(json).unwrap()
    }

    /// What a hard limit reserves where no other model may work on the answer.
    fn reserved(request: &Request, price: &Price) -> Usd {
        request.reservation(LimitMode::Hard, price, Multiplier::ONE, |_| Vec::new())
    }

    /// What a share of an answer costs whose longest prompt is this.
    fn share(price: &Price, (input, output): (u64, u64), longest_prompt: u64, speed: Option<&str>) -> Usd {
        let usage = Usage { input, output, ..Usage::default() };
        let terms = Terms { longest_prompt: Some(longest_prompt), speed: speed.map(str::to_owned), ..Terms::default() };
        price.bill(&usage, &terms, Multiplier::ONE, Multiplier::ONE).cost.total()
    }

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
        // A limit of 0 lets nothing pass, however little it is.
        let nothing = Request { max_tokens: Some(0), ..request };
        assert_eq!([nothing.tokens(0), nothing.tokens(1_000), Request::default().tokens(0)], [1_000, 1, 1_000]);
        assert_eq!(Request { max_tokens: Some(0), ..Request::default() }.tokens(0), 1);
    }

    #[test]
    fn what_a_body_does_not_bound_reserves_all_that_it_may_become() {
        let open = Request { bound: Some(Bound::default()), max_tokens: Some(1_000), ..Request::default() };
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
        let large = Request { body_bytes: 700_000, ..open.clone() };
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
        let dearest = Request { bound: Some(Bound::unread()), ..open };
        let unread = Request { bound: None, ..open };
        assert_eq!(reserved(&unread, &tiered), reserved(&dearest, &tiered));
        assert!(reserved(&unread, &tiered) > reserved(&open, &tiered));
        // And one that has a bound is never worth more than it.
        let bound = Some(Bound { input_tokens: Some(700_000), ..Bound::default() });
        assert!(reserved(&Request { bound, ..open }, &tiered) >= billed(700_000, &tiered));
    }

    #[test]
    fn other_models_are_reserved_for_at_the_dearest_price_that_may_be_theirs() {
        let own = price(r#"{"input":"1","output":"5","max_output":8000}"#);
        let dear = price(
            r#"{"input":"10","output":"50","max_output":64000,"speeds":{"fast":"2"},
            "tiers":[{"above_tokens":5000,"input":"20","output":"75"}]}"#,
        );
        let default = price(r#"{"input":"3","output":"9"}"#);
        let may_cost = |model: Option<&str>| match model {
            Some("own") => vec![&own, &default],
            _ => vec![&dear, &default],
        };
        let reserved = |others: Vec<PossibleModel>, is_fast: bool| {
            let bound = Some(Bound { input_tokens: Some(4_000), is_fast, others, ..Bound::default() });
            let request = Request { bound, body_bytes: 4_000, max_tokens: Some(1_000), ..Request::default() };
            request.reservation(LimitMode::Hard, &own, Multiplier::ONE, may_cost)
        };
        let takes_over = |model: &str, writes| PossibleModel {
            model: Some(model.to_owned()),
            n_rounds: 1,
            writes,
            is_advisor: false,
        };
        let alone = reserved(vec![], false);
        assert_eq!(
            alone,
            own.worst_case(
                &WorstCase { input_tokens: 4_000, output_tokens: 1_000, region: true, ..WorstCase::default() },
                Multiplier::ONE
            )
        );
        // The first one declines at the end of its answer; the next one reads that, and writes more.
        let both = share(&own, (4_000, 1_000), 4_000, None) + share(&dear, (5_000, 2_000), 5_000, None);
        assert!(reserved(vec![takes_over("dear", Writes::AtMost(2_000))], false) >= both);
        assert!(alone < both);
        // One that serves at another speed makes the whole answer dear, and beyond a tier all of it is.
        let fast =
            share(&dear, (5_000, 1_000), 5_000, Some("fast")) + share(&dear, (6_000, 1_000), 6_000, Some("fast"));
        let twice = vec![takes_over("dear", Writes::AsAsked), takes_over("dear", Writes::AsAsked)];
        assert!(reserved(twice, true) >= fast);
        // A name that the server alone knows is charged at the default price.
        let unknown = share(&default, (4_000, 1_000), 4_000, None) + share(&default, (5_000, 1_000), 5_000, None);
        assert!(reserved(vec![takes_over("own", Writes::AsAsked)], false) >= unknown);
        // Two consultations: each reads all there is, and so does the model that goes on afterwards.
        let advisor =
            PossibleModel { model: Some("dear".to_owned()), n_rounds: 2, writes: Writes::All, is_advisor: true };
        let longest = 4_000 + 1_000 + 2 * 64_000;
        let advised =
            share(&dear, (2 * longest, 2 * 64_000), longest, None) + share(&own, (3 * longest, 1_000), longest, None);
        assert!(reserved(vec![advisor], false) >= advised);
        // The provider chooses.
        let unnamed = PossibleModel { model: None, n_rounds: 3, writes: Writes::AsAsked, is_advisor: false };
        assert!(reserved(vec![unnamed], false) >= share(&dear, (3 * 5_000, 3_000), 5_001, None));
    }
}
