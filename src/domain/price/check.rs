//! What a price may be.

use super::{CacheFactors, Price, Rates};
use crate::domain::money::{Multiplier, Usd};

/// The dearest price that is believed: a million dollars per million tokens. Sums stay far from overflowing.
const PRICE_MAX: Usd = Usd::from_scaled(1_000_000_000_000_000);

/// The dearest fee for one request, or for one use or hour of a tool: a thousand dollars.
const FEE_MAX: Usd = Usd::from_scaled(1_000_000_000_000);

/// The largest factor.
const FACTOR_MAX: Multiplier = Multiplier::from_scaled(1_000_000_000);

/// Tiers, and factors of one kind, of one price.
const RULES_MAX: usize = 32;

/// What else may be kept of a price: entries, and characters of each.
const MORE_MAX: (usize, usize) = (64, 1_024);

/// The most tokens that a model is believed to take or give.
const TOKENS_MAX: u64 = 1_000_000_000;

impl Price {
    /// Holds each part to its bounds.
    ///
    /// # Errors
    /// The field, and what would be right.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let CacheFactors { write_5m, write_1h, read } = &self.cache_factors;
        for factor in [write_5m, write_1h, read] {
            within("cache_factors", &Multiplier::from_scaled(0), factor, &FACTOR_MAX)?;
        }
        check_rates(&self.rates())?;
        within("request", &Usd::ZERO, &self.request, &FEE_MAX)?;
        if self.tiers.len() > RULES_MAX {
            return Err(("tiers", format!("must be at most {RULES_MAX}")));
        }
        let doubled = self.tiers.windows(2).any(|pair| matches!(pair, [a, b] if a.above_tokens == b.above_tokens));
        if doubled || self.tiers.iter().any(|tier| tier.above_tokens > TOKENS_MAX) {
            return Err(("tiers", format!("each must begin above another number of tokens, of at most {TOKENS_MAX}")));
        }
        for tier in &self.tiers {
            check_rates(&tier.rates).map_err(|(field, why)| ("tiers", format!("{field}: {why}")))?;
        }
        for (field, factors) in
            [("speeds", &self.speeds), ("regions", &self.regions), ("service_tiers", &self.service_tiers)]
        {
            if factors.len() > RULES_MAX || factors.keys().any(|name| name.is_empty() || name.len() > 64) {
                return Err((field, format!("must be at most {RULES_MAX} names of 1 to 64 characters")));
            }
            for factor in factors.values() {
                within(field, &Multiplier::from_scaled(0), factor, &FACTOR_MAX)?;
            }
        }
        for fee in self.tools.values() {
            within("tools", &Usd::ZERO, &fee.per_use, &FEE_MAX)?;
            within("tools", &Usd::ZERO, &fee.per_hour, &FEE_MAX)?;
            within("tools", &0, &fee.minutes_min, &1_440)?;
        }
        for (field, tokens) in [("context_window", self.context_window), ("max_output", self.max_output)] {
            within(field, &1, &tokens.unwrap_or(1), &TOKENS_MAX)?;
        }
        let (entries, chars) = MORE_MAX;
        let is_long = |text: &str| text.chars().count() > chars || text.contains('\0');
        if self.more.len() > entries || self.more.iter().any(|(name, value)| is_long(name) || is_long(value)) {
            return Err(("more", format!("must be at most {entries} texts of at most {chars} characters")));
        }
        Ok(())
    }
}

fn check_rates(rates: &Rates) -> Result<(), (&'static str, String)> {
    let Rates { input, output, cache_write_5m, cache_write_1h, cache_read } = rates;
    for (field, rate) in [
        ("input", input),
        ("output", output),
        ("cache_write_5m", cache_write_5m),
        ("cache_write_1h", cache_write_1h),
        ("cache_read", cache_read),
    ] {
        within(field, &Usd::ZERO, rate, &PRICE_MAX)?;
    }
    Ok(())
}

fn within<T: PartialOrd + std::fmt::Display>(
    field: &'static str,
    low: &T,
    value: &T,
    high: &T,
) -> Result<(), (&'static str, String)> {
    if value < low || value > high { Err((field, format!("must be from {low} to {high}"))) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_neither_negative_nor_absurd() {
        assert_eq!(Price::default().check(), Ok(()));
        let wrong = |json: &str| {
            let text = format!(r#"{{"input":"1","output":"2",{json}}}"#);
            serde_json::from_str::<Price>(&text).unwrap().check().map_err(|(field, _)| field)
        };
        for (json, field) in [
            (r#""cache_read":"-0.1""#, "cache_read"),
            (r#""cache_write_1h":"1000000.1""#, "cache_write_1h"),
            (r#""request":"1001""#, "request"),
            (r#""tiers":[{"above_tokens":1,"input":"-1","output":"1"}]"#, "tiers"),
            (
                r#""tiers":[{"above_tokens":1,"input":"1","output":"1"},{"above_tokens":1,"input":"1","output":"1"}]"#,
                "tiers",
            ),
            (r#""speeds":{"fast":"1001"}"#, "speeds"),
            (r#""regions":{"":"1"}"#, "regions"),
            (r#""service_tiers":{"batch":"-1"}"#, "service_tiers"),
            (r#""cache_factors":{"read":"-0.1"}"#, "cache_factors"),
            (r#""tools":{"web_search":{"per_use":"-1"}}"#, "tools"),
            (r#""max_output":0"#, "max_output"),
            (r#""more":{"a":"\u0000"}"#, "more"),
        ] {
            assert_eq!(wrong(json), Err(field), "{json}");
        }
    }
}
