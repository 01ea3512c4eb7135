//! Reads a price file in `LiteLLM`'s form: dollars for single tokens, by model.
//!
//! Numbers are read by their own digits and never become floats. What is more exact than prices are kept is rounded
//! once, half to even.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::{
    fault::why_unread,
    money::{Multiplier, Usd},
    price::{Price, Tool, ToolFee, import::UnusableEntry},
};

/// Entries of a file.
const ENTRIES_MAX: usize = 50_000;

/// Digits of a number; a longer one is no price.
const DIGITS_MAX: usize = 30;

/// Characters of a model's name.
const MODEL_CHARS_MAX: usize = 256;

/// What is kept of what no bill uses: names, and characters of each value.
const MORE_MAX: (usize, usize) = (64, 512);

/// Explains the form, and is no model.
const EXAMPLE: &str = "sample_spec";

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct PriceFile {
    /// Prices by model.
    pub(super) prices: BTreeMap<String, Price>,
    /// Entries of text models that cannot be used.
    pub(super) unusable: Vec<UnusableEntry>,
    /// Entries that are not for text.
    pub(super) n_skipped: u32,
}

type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// Reads a file.
///
/// # Errors
/// A sentence, if it is none.
pub(super) fn read(file: &[u8]) -> Result<PriceFile, String> {
    let entries: BTreeMap<String, &RawValue> =
        serde_json::from_slice(file).map_err(|error| why_unread(&error, "must be a JSON object of models"))?;
    if entries.len() > ENTRIES_MAX {
        return Err(format!("must have at most {ENTRIES_MAX} entries"));
    }
    let mut read = PriceFile::default();
    for (model, raw) in entries {
        if model == EXAMPLE {
            continue;
        }
        let unusable = |why: String| UnusableEntry { model: model.chars().take(MODEL_CHARS_MAX).collect(), why };
        let Ok(fields) = serde_json::from_str::<Fields<'_>>(raw.get()) else {
            read.unusable.push(unusable("it is not an object".to_owned()));
            continue;
        };
        if !matches!(text(&fields, "mode").as_deref(), Some("chat" | "responses")) {
            read.n_skipped += 1;
            continue;
        }
        match entry(&model, &fields) {
            Ok(price) => _ = read.prices.insert(model, price),
            Err(why) => read.unusable.push(unusable(why)),
        }
    }
    Ok(read)
}

/// The price of one entry.
fn entry(model: &str, fields: &Fields<'_>) -> Result<Price, String> {
    let is_name = (1..=MODEL_CHARS_MAX).contains(&model.chars().count()) && !model.chars().any(char::is_control);
    if !is_name || model.trim() != model {
        return Err(format!("a model's name has 1 to {MODEL_CHARS_MAX} characters on one line"));
    }
    let input = rate(fields, "input_cost_per_token")?.ok_or("it has no input_cost_per_token")?;
    let output = rate(fields, "output_cost_per_token")?.ok_or("it has no output_cost_per_token")?;
    if input.is_zero() && output.is_zero() {
        return Err("its prices are 0; set them by hand if it is free".to_owned());
    }
    let mut published = serde_json::json!({"input": input, "output": output});
    for (field, name) in CACHE_RATES {
        if let (Some(usd), Some(published)) = (rate(fields, name)?, published.as_object_mut()) {
            published.insert(field.to_owned(), usd.to_string().into());
        }
    }
    if let Some(published) = published.as_object_mut() {
        published.insert("tiers".to_owned(), tiers(fields, input, output)?.into());
    }
    let mut price: Price = serde_json::from_value(published).map_err(|_| "its prices cannot be read".to_owned())?;
    price.request = scaled(fields, "input_cost_per_request", 9)?.map(Usd::from_scaled).unwrap_or_default();
    factors(fields, &mut price)?;
    if let Some(per_use) = dearest_search(fields)? {
        price.tools.insert(Tool::WebSearch, ToolFee { per_use, ..ToolFee::default() });
    }
    price.context_window = whole(fields, "max_input_tokens");
    price.max_output = whole(fields, "max_output_tokens").or_else(|| whole(fields, "max_tokens"));
    price.more = more(fields);
    price.check().map_err(|(field, why)| format!("{field}: {why}"))?;
    Ok(price)
}

/// A cache price here, and there.
const CACHE_RATES: [(&str, &str); 3] = [
    ("cache_write_5m", "cache_creation_input_token_cost"),
    ("cache_write_1h", "cache_creation_input_token_cost_above_1hr"),
    ("cache_read", "cache_read_input_token_cost"),
];

/// Rates above a number of tokens, as a price has them: the number is in the names, as in
/// `input_cost_per_token_above_200k_tokens`. The rates below it stand in for one that a tier does not name.
fn tiers(fields: &Fields<'_>, input_below: Usd, output_below: Usd) -> Result<Vec<serde_json::Value>, String> {
    let threshold = |name: &String| {
        let (_, rest) = name.rsplit_once("_above_")?;
        rest.strip_suffix("k_tokens")?.parse::<u64>().ok()
    };
    let mut thresholds: Vec<u64> = fields.keys().filter_map(threshold).collect();
    thresholds.sort_unstable();
    thresholds.dedup();
    let mut tiers = Vec::new();
    for thousands in thresholds {
        let above = |name: &str| rate(fields, &format!("{name}_above_{thousands}k_tokens"));
        let (input, output) = (above("input_cost_per_token")?, above("output_cost_per_token")?);
        let mut tier = serde_json::json!({
            "above_tokens": thousands.saturating_mul(1_000),
            "input": input.unwrap_or(input_below), "output": output.unwrap_or(output_below),
        });
        for (field, name) in CACHE_RATES {
            if let (Some(usd), Some(tier)) = (above(name)?, tier.as_object_mut()) {
                tier.insert(field.to_owned(), usd.to_string().into());
            }
        }
        tiers.push(tier);
    }
    Ok(tiers)
}

/// Factors by speed and region.
fn factors(fields: &Fields<'_>, price: &mut Price) -> Result<(), String> {
    if let Some(own) = object(fields, "provider_specific_entry") {
        for name in own.keys() {
            let Some(factor) = scaled(&own, name, 6).ok().flatten().map(Multiplier::from_scaled) else { continue };
            let is_region = name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_lowercase());
            if is_region {
                price.regions.insert(name.clone(), factor);
            } else if name == "fast" {
                price.speeds.insert(name.clone(), factor);
            }
        }
    }
    for name in fields.keys() {
        if let Some(region) = name.strip_prefix("regional_processing_uplift_multiplier_")
            && let Some(factor) = scaled(fields, name, 6)?
        {
            price.regions.insert(region.to_owned(), Multiplier::from_scaled(factor));
        }
    }
    Ok(())
}

/// What a search of the web costs: the dearest of its sizes.
fn dearest_search(fields: &Fields<'_>) -> Result<Option<Usd>, String> {
    let Some(sizes) = object(fields, "search_context_cost_per_query") else { return Ok(None) };
    let mut dearest = None;
    for name in sizes.keys() {
        dearest = dearest.max(scaled(&sizes, name, 9)?.map(Usd::from_scaled));
    }
    Ok(dearest.filter(|usd| !usd.is_zero()))
}

/// Costs that no bill uses yet, as they are written, so that nothing a vendor charges for is lost from sight.
fn more(fields: &Fields<'_>) -> BTreeMap<String, String> {
    let (names_max, chars_max) = MORE_MAX;
    let is_read = |name: &str| {
        let base =
            name.rsplit_once("_above_").filter(|(_, rest)| rest.ends_with("k_tokens")).map_or(name, |(base, _)| base);
        ["input_cost_per_token", "output_cost_per_token", "input_cost_per_request"].contains(&base)
            || CACHE_RATES.iter().any(|(_, known)| *known == base)
            || base == "search_context_cost_per_query"
    };
    let is_kept = |name: &str| {
        name == "litellm_provider" || name == "deprecation_date" || name.contains("cost") || name == "tiered_pricing"
    };
    fields
        .iter()
        .filter(|(name, value)| is_kept(name) && !is_read(name) && value.get() != "null")
        .take(names_max)
        .map(|(name, value)| {
            let text = serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| value.get().to_owned());
            (name.chars().take(chars_max).collect(), text.chars().filter(|c| *c != '\0').take(chars_max).collect())
        })
        .collect()
}

fn text(fields: &Fields<'_>, name: &str) -> Option<String> {
    fields.get(name).and_then(|raw| String::deserialize(*raw).ok())
}

fn object<'a>(fields: &Fields<'a>, name: &str) -> Option<Fields<'a>> {
    fields.get(name).and_then(|raw| serde_json::from_str(raw.get()).ok())
}

fn whole(fields: &Fields<'_>, name: &str) -> Option<u64> {
    let digits = text(fields, name).or_else(|| fields.get(name).map(|raw| raw.get().to_owned()))?;
    digits.parse().ok().filter(|tokens| *tokens > 0)
}

/// Dollars for one token, as dollars per million.
fn rate(fields: &Fields<'_>, name: &str) -> Result<Option<Usd>, String> {
    Ok(scaled(fields, name, 15)?.map(Usd::from_scaled))
}

/// A number as a whole number of `10^-places`; none if it is absent or null.
fn scaled(fields: &Fields<'_>, name: &str, places: i32) -> Result<Option<i64>, String> {
    let Some(raw) = fields.get(name).filter(|raw| raw.get() != "null") else { return Ok(None) };
    let digits = text(fields, name).unwrap_or_else(|| raw.get().to_owned());
    decimal(&digits, places).map(Some).ok_or_else(|| format!("{name} is no price"))
}

/// Reads digits with a point and an exponent, as JSON writes numbers. None if it is negative, too long or none.
fn decimal(text: &str, places: i32) -> Option<i64> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().ok().filter(|exponent: &i32| exponent.abs() < 100)?;
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{before}{after}");
    let is_number =
        !digits.is_empty() && digits.len() <= DIGITS_MAX && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number {
        return None;
    }
    let value: i128 = digits.parse().ok()?;
    let shift = exponent - i32::try_from(after.len()).ok()? + places;
    let power = |by: i32| u32::try_from(by).ok().and_then(|by| 10_i128.checked_pow(by));
    if shift >= 0 {
        return value.checked_mul(power(shift)?).and_then(|value| i64::try_from(value).ok());
    }
    // A divisor beyond every number of so many digits leaves nothing of it.
    let Some(divisor) = power(-shift) else { return Some(0) };
    let (quotient, rest) = (value / divisor, value % divisor);
    let half = (rest * 2).cmp(&divisor);
    let is_up = half == std::cmp::Ordering::Greater || (half == std::cmp::Ordering::Equal && quotient % 2 == 1);
    i64::try_from(quotient + i128::from(is_up)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::price::CacheRate;

    fn usd(text: &str) -> Usd {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_are_read_by_their_digits() {
        for (text, nano) in [
            ("3e-06", Some(3_000_000_000)),
            ("3E-6", Some(3_000_000_000)),
            ("0.000015", Some(15_000_000_000)),
            ("1.25e-7", Some(125_000_000)),
            ("2.9999999999999997e-06", Some(3_000_000_000)),
            ("1.2345678905e-12", Some(1_235)),
            ("0", Some(0)),
            ("0.0", Some(0)),
            ("1e-99", Some(0)),
            ("1", Some(1_000_000_000_000_000)),
            ("1e9", None),
            ("-1e-6", None),
            ("NaN", None),
            ("1e", None),
            (".", None),
            ("", None),
        ] {
            assert_eq!(decimal(text, 15), nano, "{text}");
        }
        // Halves go to the even neighbour.
        assert_eq!([decimal("0.5", 0), decimal("1.5", 0), decimal("2.5", 0)], [Some(0), Some(2), Some(2)]);
    }

    #[test]
    fn an_entry_becomes_a_price_with_its_rules() {
        let file = br#"{
            "sample_spec": {"mode": "chat, completion or embedding", "input_cost_per_token": 0},
            "house-sonnet": {
                "mode": "chat", "litellm_provider": "house", "max_input_tokens": 1000000, "max_output_tokens": 64000,
                "max_tokens": 9, "input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05,
                "cache_creation_input_token_cost": 3.75e-06, "cache_read_input_token_cost": 3e-07,
                "input_cost_per_token_above_200k_tokens": 6e-06, "output_cost_per_token_above_200k_tokens": 2.25e-05,
                "cache_creation_input_token_cost_above_200k_tokens": 7.5e-06,
                "cache_read_input_token_cost_above_200k_tokens": 6e-07,
                "cache_creation_input_token_cost_above_1hr_above_200k_tokens": 1.2e-05,
                "input_cost_per_token_batches": 1.5e-06, "search_context_cost_per_query":
                    {"search_context_size_low": 0.01, "search_context_size_medium": 0.01, "search_context_size_high": 0.02},
                "provider_specific_entry": {"us": 1.1, "fast": 6.0, "odd": "x"}, "supports_vision": true}
        }"#;
        let read = read(file).unwrap();
        assert!(read.unusable.is_empty() && read.prices.len() == 1, "{read:?}");
        let price = &read.prices["house-sonnet"];
        assert_eq!((price.input, price.output, price.cache_write_5m), (usd("3"), usd("15"), usd("3.75")));
        assert_eq!((price.cache_write_1h, &price.derived), (usd("6"), &vec![CacheRate::Write1h]));
        let tier = &price.tiers[0];
        assert_eq!((price.tiers.len(), tier.above_tokens), (1, 200_000));
        assert_eq!((tier.rates.input, tier.rates.output), (usd("6"), usd("22.5")));
        assert_eq!((tier.rates.cache_write_1h, tier.rates.cache_read), (usd("12"), usd("0.6")));
        assert_eq!(price.tools[&Tool::WebSearch].per_use, usd("0.02"));
        assert_eq!((price.regions["us"], price.speeds["fast"]), ("1.1".parse().unwrap(), "6".parse().unwrap()));
        assert_eq!((price.context_window, price.max_output), (Some(1_000_000), Some(64_000)));
        assert_eq!(price.more["litellm_provider"], "house");
        assert_eq!(price.more["input_cost_per_token_batches"], "1.5e-06");
    }

    #[test]
    fn what_cannot_be_used_says_why_and_the_rest_stays() {
        let file = br#"{
            "a": {"mode": "chat", "input_cost_per_token": 1e-6, "output_cost_per_token": "2e-6"},
            "b": {"mode": "chat", "input_cost_per_token": 1e-6}, "c": {"mode": "responses", "output_cost_per_token": 1},
            "d": {"mode": "embedding", "input_cost_per_token": 1e-6}, "e": 7, "f": {},
            "g": {"mode": "chat", "input_cost_per_token": 0.0, "output_cost_per_token": 0},
            "h": {"mode": "chat", "input_cost_per_token": -1e-6, "output_cost_per_token": 1e-6},
            "i": {"mode": "chat", "input_cost_per_token": true, "output_cost_per_token": 1e-6},
            "j": {"mode": "chat", "input_cost_per_token": 2, "output_cost_per_token": 1e-6},
            "k\n": {"mode": "chat", "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6}
        }"#;
        let read = read(file).unwrap();
        assert_eq!(read.prices.keys().collect::<Vec<_>>(), ["a"]);
        assert_eq!(read.prices["a"].output, usd("2"));
        let unusable: Vec<&str> = read.unusable.iter().map(|entry| entry.model.as_str()).collect();
        assert_eq!((unusable, read.n_skipped), (vec!["b", "c", "e", "g", "h", "i", "j", "k\n"], 2));
        for file in ["", "[]", "{\"a\":", "7", "\"x\"", "{\"a\": {}} x"] {
            assert!(super::read(file.as_bytes()).is_err(), "{file}");
        }
        assert_eq!(super::read(b"{\"a\": {}} x").unwrap_err(), "is no JSON from line 1, column 11 on");
    }
}
