//! Reading a price: what is published, and what follows from it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{CacheFactors, CacheRate, Price, Rates, Tier, Tool, ToolFee};
use crate::domain::money::{Multiplier, Usd, divide_half_even};

/// The scale of a [`Multiplier`].
const MILLION: i128 = 1_000_000;

/// A price as people and files write it: what is not published is left out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Published {
    input: Usd,
    output: Usd,
    cache_write_5m: Option<Usd>,
    cache_write_1h: Option<Usd>,
    cache_read: Option<Usd>,
    #[serde(default)]
    derived: Vec<CacheRate>,
    #[serde(default)]
    cache_factors: CacheFactors,
    #[serde(default)]
    request: Usd,
    #[serde(default)]
    tiers: Vec<PublishedTier>,
    #[serde(default)]
    speeds: BTreeMap<String, Multiplier>,
    #[serde(default)]
    regions: BTreeMap<String, Multiplier>,
    #[serde(default)]
    service_tiers: BTreeMap<String, Multiplier>,
    #[serde(default)]
    tools: BTreeMap<Tool, ToolFee>,
    context_window: Option<u64>,
    max_output: Option<u64>,
    #[serde(default)]
    more: BTreeMap<String, String>,
}

/// A tier as people and files write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PublishedTier {
    above_tokens: u64,
    input: Usd,
    output: Usd,
    cache_write_5m: Option<Usd>,
    cache_write_1h: Option<Usd>,
    cache_read: Option<Usd>,
    #[serde(default)]
    derived: Vec<CacheRate>,
}

/// Rates of which some may not be published.
struct Known {
    input: Usd,
    output: Usd,
    cache_write_5m: Option<Usd>,
    cache_write_1h: Option<Usd>,
    cache_read: Option<Usd>,
    /// The cache prices that are not published, whatever stands there.
    derived: Vec<CacheRate>,
}

impl Known {
    /// All rates, and those among them that follow `factors`.
    fn complete(&self, factors: &CacheFactors) -> (Rates, Vec<CacheRate>) {
        let Self { input, output, .. } = *self;
        let mut derived = Vec::new();
        let mut or_derived = |rate: CacheRate, given: Option<Usd>| match given {
            Some(usd) if !self.derived.contains(&rate) => usd,
            _ => {
                derived.push(rate);
                factors.rate(rate, input)
            }
        };
        let rates = Rates {
            input,
            output,
            cache_write_5m: or_derived(CacheRate::Write5m, self.cache_write_5m),
            cache_write_1h: or_derived(CacheRate::Write1h, self.cache_write_1h),
            cache_read: or_derived(CacheRate::Read, self.cache_read),
        };
        (rates, derived)
    }
}

impl CacheFactors {
    /// The cache price that follows from an input price, rounded once, half to even.
    fn rate(&self, rate: CacheRate, input: Usd) -> Usd {
        let factor = match rate {
            CacheRate::Write5m => self.write_5m,
            CacheRate::Write1h => self.write_1h,
            CacheRate::Read => self.read,
        };
        Usd::from_scaled(divide_half_even(i128::from(input.scaled()) * i128::from(factor.scaled()), MILLION))
    }
}

impl Rates {
    fn cache_mut(&mut self, rate: CacheRate) -> &mut Usd {
        match rate {
            CacheRate::Write5m => &mut self.cache_write_5m,
            CacheRate::Write1h => &mut self.cache_write_1h,
            CacheRate::Read => &mut self.cache_read,
        }
    }

    /// The cache prices of `published` in the place of those that are derived here but not there.
    fn take_published(&mut self, derived: &mut Vec<CacheRate>, published: Self, derived_there: &[CacheRate]) {
        derived.retain(|rate| {
            if !derived_there.contains(rate) {
                *self.cache_mut(*rate) = *{ published }.cache_mut(*rate);
            }
            derived_there.contains(rate)
        });
    }
}

impl Price {
    /// The same with other factors: every cache price that is derived follows them.
    #[must_use]
    pub fn following(mut self, factors: CacheFactors) -> Self {
        let mut rates = self.rates();
        for rate in &self.derived {
            *rates.cache_mut(*rate) = factors.rate(*rate, rates.input);
        }
        for tier in &mut self.tiers {
            for rate in &tier.derived {
                *tier.rates.cache_mut(*rate) = factors.rate(*rate, tier.rates.input);
            }
        }
        self.cache_factors = factors;
        self.with_rates(rates)
    }

    /// The same with the cache prices that are published in `known` and not here, where the input price is the same; of
    /// the tiers too.
    #[must_use]
    pub fn with_published_of(mut self, known: &Self) -> Self {
        let mut rates = self.rates();
        if self.input == known.input {
            rates.take_published(&mut self.derived, known.rates(), &known.derived);
        }
        for tier in &mut self.tiers {
            let same = |other: &&Tier| other.above_tokens == tier.above_tokens && other.rates.input == tier.rates.input;
            if let Some(other) = known.tiers.iter().find(same) {
                tier.rates.take_published(&mut tier.derived, other.rates, &other.derived);
            }
        }
        self.with_rates(rates)
    }

    fn with_rates(self, rates: Rates) -> Self {
        let Rates { input, output, cache_write_5m, cache_write_1h, cache_read } = rates;
        Self { input, output, cache_write_5m, cache_write_1h, cache_read, ..self }
    }
}

impl From<Published> for Price {
    fn from(published: Published) -> Self {
        let Published { input, output, cache_write_5m, cache_write_1h, cache_read, derived, .. } = published;
        let factors = published.cache_factors;
        let known = Known { input, output, cache_write_5m, cache_write_1h, cache_read, derived };
        let (rates, derived) = known.complete(&factors);
        let mut tiers: Vec<Tier> = published.tiers.into_iter().map(|tier| tier.complete(&factors)).collect();
        tiers.sort_by_key(|tier| tier.above_tokens);
        let price = Self {
            derived,
            cache_factors: factors,
            request: published.request,
            tiers,
            speeds: published.speeds,
            regions: published.regions,
            service_tiers: published.service_tiers,
            tools: published.tools,
            context_window: published.context_window,
            max_output: published.max_output,
            more: published.more,
            ..Self::default()
        };
        price.with_rates(rates)
    }
}

impl PublishedTier {
    fn complete(self, factors: &CacheFactors) -> Tier {
        let Self { above_tokens, input, output, cache_write_5m, cache_write_1h, cache_read, derived } = self;
        let known = Known { input, output, cache_write_5m, cache_write_1h, cache_read, derived };
        let (rates, derived) = known.complete(factors);
        Tier { above_tokens, rates, derived }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_cache_price_follows_the_published_factors_and_says_so() {
        let price: Price = serde_json::from_str(r#"{"input": "3", "output": 15, "cache_read": "0.5"}"#).unwrap();
        let shown = serde_json::to_value(&price).unwrap();
        assert_eq!(
            shown,
            serde_json::json!({"input": "3", "output": "15", "cache_write_5m": "3.75", "cache_write_1h": "6",
                "cache_read": "0.5", "derived": ["cache_write_5m", "cache_write_1h"]})
        );
        // What is shown reads back as the same; what is derived follows when its input changes.
        assert_eq!(serde_json::from_value::<Price>(shown.clone()).unwrap(), price);
        let mut dearer = shown;
        dearer["input"] = "4".into();
        let dearer: Price = serde_json::from_value(dearer).unwrap();
        assert_eq!((dearer.cache_write_5m, dearer.cache_read), ("5".parse().unwrap(), "0.5".parse().unwrap()));
    }

    #[test]
    fn a_price_reads_back_with_everything_it_may_have() {
        let text = r#"{"input":"3","output":"15","cache_write_5m":"3.75","cache_write_1h":"6","cache_read":"0.3",
            "request":"0.01","tiers":[{"above_tokens":500000,"input":"9","output":"30"},
            {"above_tokens":200000,"input":"6","output":"22.5","cache_write_5m":"7.5","cache_write_1h":"12",
            "cache_read":"0.6"}],"speeds":{"fast":"2"},"regions":{"us":"1.1"},"service_tiers":{"batch":"0.5"},
            "tools":{"web_search":{"per_use":"0.01"},"code_execution":{"per_hour":"0.05","minutes_min":5,"hours_free":1550}},
            "context_window":1000000,"max_output":64000,"more":{"vendor":"x"}}"#;
        let price: Price = serde_json::from_str(text).unwrap();
        assert_eq!(price.tiers.iter().map(|tier| tier.above_tokens).collect::<Vec<_>>(), [200_000, 500_000]);
        assert_eq!(price.tiers[1].rates.cache_write_1h, "18".parse().unwrap());
        assert_eq!((price.derived.len(), price.tiers[0].derived.len(), price.tiers[1].derived.len()), (0, 0, 3));
        let again: Price = serde_json::from_value(serde_json::to_value(&price).unwrap()).unwrap();
        assert_eq!(again, price);
        for wrong in [
            r#"{"input":"1"}"#,
            r#"{"input":"1","output":"2","speed":"3"}"#,
            r#"{"input":"1","output":"2","cache_factors":{"reads":"3"}}"#,
            r#"{"input":"1","output":"2","tiers":[{"above_tokens":1,"input":"1","output":"1","read":"1"}]}"#,
        ] {
            assert!(serde_json::from_str::<Price>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn derived_prices_follow_the_factors_of_the_row_in_its_tiers_too() {
        let usd = |text: &str| text.parse::<Usd>().unwrap();
        let text = r#"{"input":"4","output":"20","cache_factors":{"read":"0.05"},
            "tiers":[{"above_tokens":10,"input":"8","output":"20","cache_write_5m":"11"}]}"#;
        let price: Price = serde_json::from_str(text).unwrap();
        assert_eq!((price.cache_write_5m, price.cache_write_1h, price.cache_read), (usd("5"), usd("8"), usd("0.2")));
        let tier = &price.tiers[0];
        assert_eq!((tier.rates.cache_write_5m, tier.rates.cache_read), (usd("11"), usd("0.4")));
        assert_eq!(tier.derived, [CacheRate::Write1h, CacheRate::Read]);
        let shown = serde_json::to_value(&price).unwrap();
        assert_eq!(shown["cache_factors"], serde_json::json!({"write_5m": "1.25", "write_1h": "2", "read": "0.05"}));
        assert_eq!(serde_json::from_value::<Price>(shown).unwrap(), price);
        // Other factors: what is published stays.
        let factors =
            CacheFactors { write_5m: "3".parse().unwrap(), read: "0.025".parse().unwrap(), ..CacheFactors::USUAL };
        let other = price.following(factors);
        assert_eq!((other.cache_write_5m, other.cache_read), (usd("12"), usd("0.1")));
        assert_eq!((other.tiers[0].rates.cache_write_5m, other.tiers[0].rates.cache_read), (usd("11"), usd("0.2")));
    }
}
