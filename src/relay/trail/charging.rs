//! What an attempt cost: at the price of the model that was sent, and at those of others that have worked on its answer
//! (docs/rules.md, Prices).

use crate::{
    domain::{
        attempt::{Attempt, Share},
        money::Usd,
        price::{Price, bill::Cost},
        settings::BillBy,
        usage::{Terms, TokenSource, Usage},
    },
    route::snapshot::{Priced, Snapshot},
    wire::{
        rounds::{ByModel, UsedModel},
        tap::Tap,
    },
};

/// Writes into an attempt what it cost at `price`.
pub(super) fn charge(attempt: &mut Attempt, price: &Price) {
    let bill = price.bill(&attempt.usage, &attempt.terms, attempt.multiplier, attempt.group_multiplier);
    (attempt.price, attempt.price_factor, attempt.cost) = (bill.rates, bill.factor, bill.cost);
    attempt.cost_usd = attempt.cost.total();
}

/// Writes into an attempt what `tap` has seen of its answer, and what that cost. The caller has asked for the model
/// `asked`, with a body of so many bytes.
pub(super) fn charge_seen(attempt: &mut Attempt, tap: &mut Tap, body_bytes: u64, asked: &str, snapshot: &Snapshot) {
    (attempt.usage, attempt.token_source) = tap.settle(body_bytes);
    attempt.model_served = tap.model_served.take();
    // Who pays by the model that was asked for pays by it whatever has taken its place.
    let by_model = tap.by_model(&attempt.model_sent, snapshot.settings.bill_by == BillBy::Sent);
    attempt.terms = Terms { longest_prompt: by_model.longest_prompt, ..tap.terms() };
    attempt.most_cached = by_model.most_cached;
    attempt.usage_raw = tap.take_raw();
    // Looked up again: the snapshot of a call never changes.
    let priced = snapshot.charged(asked, &attempt.model_sent);
    if by_model.others.is_empty() {
        charge(attempt, priced.price);
    } else {
        charge_each(attempt, by_model, priced, snapshot);
    }
}

/// The same where several models have worked on the answer; `priced` is the price of the one that was sent.
fn charge_each(attempt: &mut Attempt, by_model: ByModel, priced: Priced<'_>, snapshot: &Snapshot) {
    let ByModel { mut own, others, .. } = by_model;
    let of_others = others.iter().fold(Usage::default(), |sum, other| sum.plus(&other.usage));
    // Of an answer that was cut more may have been written than was reported.
    if attempt.token_source == TokenSource::Partial {
        own.output += attempt.usage.output.saturating_sub(own.plus(&of_others).output);
    }
    let own = share(attempt, (attempt.model_sent.clone(), own), &attempt.terms, priced);
    let others = others.into_iter().map(|UsedModel { model, usage, longest_prompt }| {
        let terms = Terms { longest_prompt: Some(longest_prompt), ..attempt.terms.clone() };
        let priced = snapshot.price(&model);
        share(attempt, (model, usage), &terms, priced)
    });
    let mut shares = vec![own];
    shares.extend(others);
    if let Some(own) = shares.first() {
        (attempt.price, attempt.price_factor) = (own.price, own.price_factor);
    }
    // The model that was sent may have done nothing of it.
    shares.retain(|share| share.usage != Usage::default());
    charge_request_once(&mut shares);
    attempt.usage = shares.iter().fold(Usage::default(), |sum, share| sum.plus(&share.usage));
    attempt.cost = shares.iter().fold(Cost::default(), |sum, share| sum.plus(&share.cost));
    attempt.cost_usd = attempt.cost.total();
    attempt.unpriced = shares.iter().any(|share| share.unpriced);
    attempt.shares = shares;
}

/// The fee for the request is one for the whole answer: that of the first model that has used tokens of it.
fn charge_request_once(shares: &mut [Share]) {
    let used = shares.iter_mut().filter(|share| share.usage.total() > 0);
    used.skip(1).for_each(|share| share.cost.request = Usd::ZERO);
}

/// What a model has used on these terms, at its price.
fn share(attempt: &Attempt, (model, usage): (String, Usage), terms: &Terms, priced: Priced<'_>) -> Share {
    let bill = priced.price.bill(&usage, terms, attempt.multiplier, attempt.group_multiplier);
    Share {
        model,
        usage,
        price: bill.rates,
        price_version: priced.version,
        price_factor: bill.factor,
        unpriced: priced.is_default(),
        cost: bill.cost,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::money::Multiplier;

    /// Two models that cost as much for each token of prompt and answer, and a fee for each answer.
    fn snapshot() -> Snapshot {
        let price = |rate: &str, request: &str| {
            let (input, request) = (rate.parse().unwrap(), request.parse().unwrap());
            Price { input, output: input, request, ..Price::default() }
        };
        let prices = [("sent", (price("10", "0.5"), 1)), ("other", (price("4", "0.25"), 2))];
        Snapshot { prices: prices.map(|(model, price)| (model.to_owned(), price)).into(), ..Snapshot::default() }
    }

    fn charged(mut tap: Tap) -> Attempt {
        let (multiplier, group_multiplier) = (Multiplier::ONE, Multiplier::ONE);
        let mut attempt = Attempt { model_sent: "sent".to_owned(), multiplier, group_multiplier, ..Attempt::default() };
        charge_seen(&mut attempt, &mut tap, 100, "sent", &snapshot());
        attempt
    }

    fn whole(usage: &Value) -> Attempt {
        let mut tap = Tap::default();
        assert!(tap.observe_body(json!({"model": "sent", "usage": usage}).to_string().as_bytes()));
        charged(tap)
    }

    fn round(kind: &str, model: &str, (input, output): (u64, u64)) -> Value {
        json!({"type": kind, "model": model, "input_tokens": input, "output_tokens": output})
    }

    #[test]
    fn the_fee_of_an_answer_is_charged_once_however_many_models_have_worked_on_it() {
        let fees = |sent: (u64, u64), tools: u64| {
            let rounds = [round("message", "sent", sent), round("fallback_message", "other", (60, 5))];
            let tools = json!({"web_search_requests": tools});
            let attempt = whole(&json!({"input_tokens": 50, "server_tool_use": tools, "iterations": rounds}));
            let fees: Vec<_> = attempt.shares.iter().map(|share| share.cost.request.to_string()).collect();
            assert_eq!(attempt.cost_usd, attempt.shares.iter().map(|share| share.cost.total()).sum::<Usd>());
            (attempt.cost.request.to_string(), fees)
        };
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(fees((100, 10), 0), ("0.5".to_owned(), texts(&["0.5", "0"])));
        assert_eq!(fees((100, 0), 0), ("0.25".to_owned(), texts(&["0.25"])));
        // Of what has used no tokens there is no fee.
        assert_eq!(fees((100, 0), 2), ("0.25".to_owned(), texts(&["0", "0.25"])));
    }

    #[test]
    fn only_of_an_answer_that_was_cut_more_may_have_been_written_than_was_reported() {
        // All that is there is charged, and no more, although the counts at the top are of other classes.
        let rounds = [round("advisor_message", "other", (30, 2))];
        let attempt = whole(&json!({"input_tokens": 5, "output_tokens": 60, "iterations": rounds}));
        assert_eq!((attempt.usage.input, attempt.usage.output), (30, 35));
        let rounds = [round("message", "sent", (100, 10)), round("fallback_message", "other", (50, 5))];
        let usage = json!({"usage": {"input_tokens": 50, "output_tokens": 5, "iterations": rounds}});
        let mut tap = Tap::default();
        tap.observe(format!("event: content_block_delta\ndata: {}\n\n", "x".repeat(490)).as_bytes());
        tap.observe(format!("event: message_delta\ndata: {usage}\n\n").as_bytes());
        // 400 bytes of text are a hundred tokens.
        let attempt = charged(tap);
        let shares: Vec<_> = attempt.shares.iter().map(|share| (share.usage.input, share.usage.output)).collect();
        assert_eq!((attempt.usage.output, shares), (100, vec![(100, 95), (50, 5)]));
        assert_eq!(attempt.token_source, TokenSource::Partial);
    }

    #[test]
    fn what_one_round_has_cached_is_known_of_an_answer_that_took_several() {
        let cached = |read: u64| json!({"type": "message", "cache_read_input_tokens": read, "output_tokens": 1});
        let usage = json!({"output_tokens": 1, "iterations": [cached(70), cached(90)]});
        let attempt = whole(&usage);
        assert_eq!((attempt.usage.cached(), attempt.most_cached), (160, Some(90)));
        assert_eq!(whole(&json!({"input_tokens": 5})).most_cached, None);
    }
}
