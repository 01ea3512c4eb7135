//! The form of a price.

use hub::domain::{
    fault::{Fault, why_unread},
    money::Usd,
    price::Price,
};
use serde_json::{Map, Value};

use super::number;
use crate::{api::prices::PriceForm, ui::field::MISSING};

/// What can stand among the rules of a price, and how each is written.
const RULES: [(&str, &str); 10] = [
    ("tiers", r#"[{"above_tokens": 200000, "input": "6", "output": "22.5"}]"#),
    ("speeds", r#"{"fast": "2"}"#),
    ("regions", r#"{"us": "1.1"}"#),
    ("service_tiers", r#"{"batch": "0.5"}"#),
    ("tools", r#"{"web_search": {"per_use": "0.01"}}"#),
    ("request", r#""0.01""#),
    ("cache_factors", r#"{"write_5m": "1.25", "write_1h": "2", "read": "0.05"}"#),
    ("context_window", "200000"),
    ("max_output", "64000"),
    ("more", r#"{"vendor": "house"}"#),
];

/// What is said of rules that are JSON, but not by their names.
const NO_RULES: &str = r#"must be a JSON object such as {"speeds": {"fast": "2"}}"#;

/// The price of a model. An empty cache price follows from the input price.
pub(crate) fn price(form: &PriceForm) -> Result<(String, Price), Fault> {
    let rules = if form.rules.trim().is_empty() { "{}" } else { form.rules.as_str() };
    let mut rules: Map<String, Value> =
        serde_json::from_str(rules).map_err(|error| Fault::invalid("rules", why_unread(&error, NO_RULES)))?;
    if let Some(why) = rules.iter().find_map(wrong_rule) {
        return Err(Fault::invalid("rules", why));
    }
    for (field, text) in [
        ("input", &form.input),
        ("output", &form.output),
        ("cache_write_5m", &form.cache_write_5m),
        ("cache_write_1h", &form.cache_write_1h),
        ("cache_read", &form.cache_read),
    ] {
        let given: Option<Usd> = number(field, text)?;
        match given {
            Some(amount) => rules.insert(field.to_owned(), amount.to_string().into()),
            // What is free is said to be: a field that was left out is no price.
            None if field == "input" || field == "output" => return Err(Fault::invalid(field, MISSING)),
            None => rules.remove(field),
        };
    }
    let price = serde_json::from_value(rules.into()).map_err(|_| Fault::invalid("rules", NO_RULES))?;
    Ok((form.model.trim().to_owned(), price))
}

/// What is wrong with one of the rules of a price; none if it can be read.
fn wrong_rule((name, value): (&String, &Value)) -> Option<String> {
    let free = |rate: &str| (rate.to_owned(), "0".into());
    let alone = Map::from_iter([free("input"), free("output"), (name.clone(), value.clone())]);
    if serde_json::from_value::<Price>(alone.into()).is_ok() {
        return None;
    }
    Some(match RULES.iter().find(|(known, _)| *known == name.as_str()) {
        Some((_, example)) => format!("`{name}` must look like {example}"),
        None => format!("`{name}` is no rule: there are {}", RULES.map(|(known, _)| known).join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_a_price_is_known_and_shown_as_it_is_written() {
        for (name, example) in RULES {
            assert_eq!(wrong_rule((&name.to_owned(), &serde_json::from_str(example).unwrap())), None, "{name}");
        }
        let rates = ["input", "output", "cache_write_5m", "cache_write_1h", "cache_read", "derived"];
        let all = serde_json::from_str::<Price>("{\"?\":0}").unwrap_err().to_string();
        let mut others: Vec<&str> = all.split('`').skip(3).step_by(2).filter(|name| !rates.contains(name)).collect();
        let mut known = RULES.map(|(name, _)| name);
        others.sort_unstable();
        known.sort_unstable();
        assert_eq!(others, known);
    }

    #[test]
    fn what_is_wrong_with_the_rules_of_a_price_is_said_in_words_of_our_own() {
        let of = |rules: &str| {
            let free = || "0".to_owned();
            let form = PriceForm { input: free(), output: free(), rules: rules.to_owned(), ..PriceForm::default() };
            price(&form).unwrap_err().to_string()
        };
        assert_eq!(of("{\"speeds\":\n x}"), "rules: is no JSON from line 2, column 2 on");
        assert_eq!(of("{\"speeds\""), "rules: is no JSON: it ends too early");
        assert_eq!(of("[]"), format!("rules: {NO_RULES}"));
        assert_eq!(of("{\"speeds\":{\"fast\":\"x\"}}"), "rules: `speeds` must look like {\"fast\": \"2\"}");
        assert!(of("{\"speed\":{}}").starts_with("rules: `speed` is no rule: there are tiers, speeds, "));
    }

    #[test]
    fn a_mistake_names_its_field() {
        let form = PriceForm { input: "4".to_owned(), output: "1,5".to_owned(), ..PriceForm::default() };
        assert_eq!(price(&form).unwrap_err().field(), Some("output"));
        for (input, output, field) in [("", "0", "input"), ("0", " ", "output")] {
            let form = PriceForm { input: input.to_owned(), output: output.to_owned(), ..PriceForm::default() };
            assert_eq!(price(&form).unwrap_err().field(), Some(field), "nothing is free because it was left out");
        }
        let form = PriceForm { output: "0".to_owned(), rules: "{\"speeds\":7}".to_owned(), ..form };
        assert_eq!(price(&form).unwrap_err().field(), Some("rules"));
        let form = PriceForm { rules: "{\"speeds\":{\"fast\":\"2\"}}".to_owned(), ..form };
        let price = price(&form).unwrap().1;
        assert_eq!((price.cache_write_5m, price.speeds.len(), price.derived.len()), ("5".parse().unwrap(), 1, 3));
    }
}
