//! From what was used to dollars: the exact bill, its upper bound, and a guess.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Price, Rates, Tool, ToolFee, fraction::Fraction};
use crate::domain::{
    money::{Multiplier, Usd},
    usage::{Terms, Usage},
};

/// Minutes of an hour, for tools that are charged by time.
const MINUTES: i128 = 60;

/// The parts of a cost, each of which is rounded by at most half a nano-dollar.
const N_PARTS: i64 = 7;

/// One part in so many is more than a product of factors is ever rounded by.
const FACTOR_PLACES: i64 = 100_000_000_000;

/// What an attempt cost, part by part. The total is the sum of the parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Cost {
    /// Uncached prompt tokens.
    pub input: Usd,
    /// Generated tokens.
    pub output: Usd,
    /// Writes to the five-minute cache.
    pub cache_write_5m: Usd,
    /// Writes to the one-hour cache.
    pub cache_write_1h: Usd,
    /// Reads from a cache.
    pub cache_read: Usd,
    /// Tools that the provider runs itself.
    #[serde(default)]
    pub tools: Usd,
    /// The fee for the request.
    #[serde(default)]
    pub request: Usd,
}

/// What an attempt cost, and by which rates and factors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bill {
    /// The rates of its tier, before any factor.
    pub rates: Rates,
    /// The factors on the rates by speed, region and service tier together, rounded to a millionth.
    pub factor: Multiplier,
    /// Its parts.
    pub cost: Cost,
}

/// Upper bound of what a request may cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that a body may ask for by itself")]
pub struct WorstCase {
    /// Tokens of the prompt.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
    /// True if it may write to the five-minute cache.
    pub may_write_cache: bool,
    /// True if it may write to the one-hour cache.
    pub may_write_cache_1h: bool,
    /// Uses of each kind of tool that the provider runs.
    pub tool_uses: u64,
    /// True if it may be served at another speed than the usual one.
    pub may_be_fast: bool,
    /// True if it may be bound to a region.
    pub region: bool,
}

impl Price {
    /// What `usage` costs on `terms`, times the multipliers of the provider and of the group: each part is rounded
    /// once, half to even (docs/rules.md, Ledger). The tier is that of the longest prompt.
    pub fn bill(&self, usage: &Usage, terms: &Terms, provider: Multiplier, group: Multiplier) -> Bill {
        let named = |factors: &BTreeMap<String, Multiplier>, name: &Option<String>| {
            name.as_ref().and_then(|name| factors.get(name)).copied().unwrap_or(Multiplier::ONE)
        };
        let listed = Fraction::ONE
            .times(named(&self.speeds, &terms.speed))
            .times(named(&self.regions, &terms.region))
            .times(named(&self.service_tiers, &terms.service_tier));
        let (fees, tokens) = (Fraction::ONE.times(provider).times(group), listed.times(provider).times(group));
        let rates = self.rates_for(terms.longest_prompt.unwrap_or_else(|| usage.prompt()));
        let is_used = usage.total() > 0;
        let cost = Cost {
            input: tokens.tokens(usage.input, rates.input),
            output: tokens.tokens(usage.output, rates.output),
            cache_write_5m: tokens.tokens(usage.cache_write_5m, rates.cache_write_5m),
            cache_write_1h: tokens.tokens(usage.cache_write_1h, rates.cache_write_1h),
            cache_read: tokens.tokens(usage.cache_read, rates.cache_read),
            tools: fees.divided(
                self.tools.iter().map(|(tool, fee)| i128::from(usage.uses(*tool)) * fee.minutely()).sum(),
                Usd::from_scaled(1),
                MINUTES,
            ),
            request: fees.divided(i128::from(is_used), self.request, 1),
        };
        Bill { rates, factor: listed.rounded(), cost }
    }

    /// The most that a request within `worst` may cost: the dearest class of the dearest tier it can reach, rounded up.
    pub fn worst_case(&self, worst: &WorstCase, multiplier: Multiplier) -> Usd {
        let reached = self.tiers.iter().filter(|tier| tier.above_tokens < worst.input_tokens).map(|tier| tier.rates);
        let dearest = std::iter::once(self.rates()).chain(reached);
        let (input, output) = dearest.fold((Usd::ZERO, Usd::ZERO), |(input, output), rates| {
            let short = if worst.may_write_cache { rates.cache_write_5m } else { Usd::ZERO };
            let long = if worst.may_write_cache_1h { rates.cache_write_1h } else { Usd::ZERO };
            (input.max(rates.input).max(rates.cache_read).max(short).max(long), output.max(rates.output))
        });
        let top = |factors: &BTreeMap<String, Multiplier>, may: bool| {
            factors.values().filter(|_| may).copied().fold(Multiplier::ONE, Multiplier::max)
        };
        let tokens = Fraction::ONE
            .times(top(&self.speeds, worst.may_be_fast))
            .times(top(&self.regions, worst.region))
            .times(top(&self.service_tiers, true))
            .times(multiplier);
        let fees = Fraction::ONE.times(multiplier);
        let tool_fees: i128 = self.tools.values().map(ToolFee::minutely).sum();
        let bound = tokens.tokens(worst.input_tokens, input)
            + tokens.tokens(worst.output_tokens, output)
            + fees.divided(i128::from(worst.tool_uses) * tool_fees, Usd::from_scaled(1), MINUTES)
            + fees.divided(1, self.request, 1);
        let is_free = [input, output, self.request].iter().all(Usd::is_zero) && tool_fees == 0;
        if is_free || multiplier.scaled() <= 0 {
            return Usd::ZERO;
        }
        // Every part of a bill may be rounded up where this was rounded down, and so may a long product of factors.
        bound + Usd::from_scaled(N_PARTS + bound.scaled() / FACTOR_PLACES)
    }

    /// What a request of this size probably costs: nothing cached, nothing special.
    pub fn estimate(&self, input_tokens: u64, output_tokens: u64, multiplier: Multiplier) -> Usd {
        let usage = Usage { input: input_tokens, output: output_tokens, ..Usage::default() };
        self.bill(&usage, &Terms::default(), multiplier, Multiplier::ONE).cost.total()
    }

    /// The rates of a request whose prompt has `prompt` tokens: those of the highest tier that it is above.
    fn rates_for(&self, prompt: u64) -> Rates {
        let reached = self.tiers.iter().filter(|tier| prompt > tier.above_tokens);
        reached.max_by_key(|tier| tier.above_tokens).map_or_else(|| self.rates(), |tier| tier.rates)
    }
}

impl ToolFee {
    /// Nano-dollars for sixty uses: a whole number, also for what is charged by the minute.
    fn minutely(&self) -> i128 {
        let time = if self.hours_free > 0 { 0 } else { i128::from(self.per_hour.scaled()) };
        i128::from(self.per_use.scaled()) * MINUTES + time * i128::from(self.minutes_min)
    }
}

impl Usage {
    /// How often a tool was used.
    pub const fn uses(&self, tool: Tool) -> u64 {
        match tool {
            Tool::WebSearch => self.web_searches,
            Tool::WebFetch => self.web_fetches,
            Tool::CodeExecution => self.code_executions,
        }
    }
}

impl Cost {
    /// The sum of the parts.
    pub fn total(&self) -> Usd {
        self.input
            + self.output
            + self.cache_write_5m
            + self.cache_write_1h
            + self.cache_read
            + self.tools
            + self.request
    }

    /// The sum, part by part.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            input: self.input + other.input,
            output: self.output + other.output,
            cache_write_5m: self.cache_write_5m + other.cache_write_5m,
            cache_write_1h: self.cache_write_1h + other.cache_write_1h,
            cache_read: self.cache_read + other.cache_read,
            tools: self.tools + other.tools,
            request: self.request + other.request,
        }
    }
}
