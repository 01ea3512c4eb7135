//! Reading a price: what is published, and what follows from it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{CacheRate, Price, Rates, Tier, Tool, ToolFee};
use crate::domain::money::{Multiplier, Usd, divide_half_even};

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
    request: Usd,
    #[serde(default)]
    tiers: Vec<Tier>,
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
}

impl CacheRate {
    /// The cache price that follows from an input price: 1.25, 2 and 0.1 times (docs/rules.md, The Anthropic wire).
    pub fn of(self, input: Usd) -> Usd {
        let (by, per) = match self {
            Self::Write5m => (5, 4),
            Self::Write1h => (2, 1),
            Self::Read => (1, 10),
        };
        Usd::from_scaled(divide_half_even(i128::from(input.scaled()) * by, per))
    }
}

impl From<Published> for Price {
    fn from(published: Published) -> Self {
        let mut derived = Vec::new();
        let mut cache = |rate: CacheRate, given: Option<Usd>| match given {
            Some(usd) if !published.derived.contains(&rate) => usd,
            _ => {
                derived.push(rate);
                rate.of(published.input)
            }
        };
        let short = cache(CacheRate::Write5m, published.cache_write_5m);
        let long = cache(CacheRate::Write1h, published.cache_write_1h);
        let read = cache(CacheRate::Read, published.cache_read);
        let mut tiers = published.tiers;
        tiers.sort_by_key(|tier| tier.above_tokens);
        Self {
            input: published.input,
            output: published.output,
            cache_write_5m: short,
            cache_write_1h: long,
            cache_read: read,
            derived,
            request: published.request,
            tiers,
            speeds: published.speeds,
            regions: published.regions,
            service_tiers: published.service_tiers,
            tools: published.tools,
            context_window: published.context_window,
            max_output: published.max_output,
            more: published.more,
        }
    }
}

impl From<PublishedTier> for Tier {
    fn from(published: PublishedTier) -> Self {
        let PublishedTier { above_tokens, input, output, cache_write_5m, cache_write_1h, cache_read } = published;
        let rates = Rates {
            input,
            output,
            cache_write_5m: cache_write_5m.unwrap_or_else(|| CacheRate::Write5m.of(input)),
            cache_write_1h: cache_write_1h.unwrap_or_else(|| CacheRate::Write1h.of(input)),
            cache_read: cache_read.unwrap_or_else(|| CacheRate::Read.of(input)),
        };
        Self { above_tokens, rates }
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
        assert!(price.derived.is_empty());
        let again: Price = serde_json::from_value(serde_json::to_value(&price).unwrap()).unwrap();
        assert_eq!(again, price);
        for wrong in [
            r#"{"input":"1"}"#,
            r#"{"input":"1","output":"2","speed":"3"}"#,
            r#"{"input":"1","output":"2","tiers":[{"above_tokens":1,"input":"1","output":"1","read":"1"}]}"#,
        ] {
            assert!(serde_json::from_str::<Price>(wrong).is_err(), "{wrong}");
        }
    }
}
