//! What an attempt cost: at the price of the model that was sent, and at those of others that have worked on its answer
//! (docs/rules.md, Prices).

use crate::{
    domain::{
        attempt::{Attempt, Share},
        price::{Price, bill::Cost},
        settings::BillBy,
        usage::{Terms, Usage},
    },
    route::snapshot::{Priced, Snapshot},
    wire::{
        rounds::{ByModel, Other},
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
    own.output += attempt.usage.output.saturating_sub(own.plus(&of_others).output);
    let own = share(attempt, (attempt.model_sent.clone(), own), &attempt.terms, priced);
    let others = others.into_iter().map(|Other { model, usage, longest_prompt }| {
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
    attempt.usage = shares.iter().fold(Usage::default(), |sum, share| sum.plus(&share.usage));
    attempt.cost = shares.iter().fold(Cost::default(), |sum, share| sum.plus(&share.cost));
    attempt.cost_usd = attempt.cost.total();
    attempt.unpriced = shares.iter().any(|share| share.unpriced);
    attempt.shares = shares;
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
