//! What a model's tokens cost, and the arithmetic from tokens to dollars.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    money::{Multiplier, Usd, divide_half_even},
    usage::Usage,
};

/// Prices are given per this many tokens.
const TOKENS_PER_PRICE: i128 = 1_000_000;

/// Dollars per million tokens, by class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Price {
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
}

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
}

impl Price {
    /// What `usage` costs under `multiplier`, each part rounded once, half to even (docs/rules.md, Ledger).
    pub fn cost(&self, usage: &Usage, multiplier: Multiplier) -> Cost {
        let part = |tokens: u64, price: Usd| {
            let exact = i128::from(tokens) * i128::from(price.scaled()) * i128::from(multiplier.scaled());
            Usd::from_scaled(divide_half_even(exact, TOKENS_PER_PRICE * i128::from(Multiplier::ONE.scaled())))
        };
        Cost {
            input: part(usage.input, self.input),
            output: part(usage.output, self.output),
            cache_write_5m: part(usage.cache_write_5m, self.cache_write_5m),
            cache_write_1h: part(usage.cache_write_1h, self.cache_write_1h),
            cache_read: part(usage.cache_read, self.cache_read),
        }
    }
}

/// Upper bound of what a request may cost.
pub struct WorstCase {
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub may_write_cache: bool,
    pub may_write_cache_1h: bool,
    pub tool_uses: u64,
    pub may_be_fast: bool,
    pub region: bool,
}

impl Price {
    pub const context_window: Option<u64> = None;
    pub const max_output: Option<u64> = None;
    pub fn worst_case(&self, w: &WorstCase, multiplier: Multiplier) -> Usd {
        let mut dear = self.input.max(self.cache_read);
        if w.may_write_cache {
            dear = dear.max(self.cache_write_5m);
        }
        if w.may_write_cache_1h {
            dear = dear.max(self.cache_write_1h);
        }
        let price = Price { input: dear, ..*self };
        price.estimate(w.input_tokens, w.output_tokens, multiplier)
    }
    pub fn estimate(&self, input_tokens: u64, output_tokens: u64, multiplier: Multiplier) -> Usd {
        self.cost(&Usage { input: input_tokens, output: output_tokens, ..Usage::default() }, multiplier).total()
    }
}

impl Cost {
    /// The sum of the parts.
    pub fn total(&self) -> Usd {
        self.input + self.output + self.cache_write_5m + self.cache_write_1h + self.cache_read
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
        }
    }
}

/// Who set a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PriceSource {
    /// Shipped with this release; a newer release may change it.
    Builtin,
    /// An operator; never overwritten by a release.
    Manual,
}

impl PriceSource {
    /// The name used in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Builtin => "builtin",
            Self::Manual => "manual",
        }
    }
}

/// The price of one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ModelPrice {
    /// The model's name as it is asked for; a dated name falls back to the undated one.
    pub model: String,
    /// Dollars per million tokens.
    #[serde(flatten)]
    pub price: Price,
    /// Who set it.
    pub source: PriceSource,
    /// When it was last set.
    pub updated_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Usd {
        text.parse().unwrap()
    }

    #[test]
    fn a_call_is_priced_to_the_last_digit() {
        let price = Price {
            input: usd("3"),
            output: usd("15"),
            cache_write_5m: usd("3.75"),
            cache_write_1h: usd("6"),
            cache_read: usd("0.3"),
        };
        let usage = Usage { input: 1_234, output: 567, cache_write_5m: 1_000, cache_write_1h: 10, cache_read: 100_001 };
        let cost = price.cost(&usage, Multiplier::ONE);
        assert_eq!(cost.input, usd("0.003702"));
        assert_eq!(cost.output, usd("0.008505"));
        assert_eq!(cost.cache_write_5m, usd("0.00375"));
        assert_eq!(cost.cache_write_1h, usd("0.00006"));
        assert_eq!(cost.cache_read, usd("0.0300003"));
        assert_eq!(cost.total(), usd("0.0460173"));
    }

    #[test]
    fn each_part_rounds_once_and_half_to_even() {
        let price = Price { input: usd("0.0005"), ..Price::default() };
        // One token at half a nano-dollar.
        let cost = |tokens| price.cost(&Usage { input: tokens, ..Usage::default() }, Multiplier::ONE).input.scaled();
        assert_eq!((cost(1), cost(2), cost(3), cost(5)), (0, 1, 2, 2));
    }

    #[test]
    fn a_multiplier_of_zero_is_free() {
        let price = Price { input: usd("3"), ..Price::default() };
        let usage = Usage { input: 1_000_000, ..Usage::default() };
        assert_eq!(price.cost(&usage, Multiplier::from_scaled(0)).total(), Usd::ZERO);
        assert_eq!(price.cost(&usage, "1.5".parse().unwrap()).total(), usd("4.5"));
    }
}
