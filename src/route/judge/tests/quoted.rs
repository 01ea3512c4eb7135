//! What a caller can make a provider say: it takes the provider away from nobody else.

use super::{Answer, answer};
use crate::domain::{
    decision::FailureClass,
    hold::{Extent, HoldReason},
    rule::FailureRule,
};

/// An error to a request for this model.
fn about(model: &'static str, status: u16, words: &'static str) -> Answer {
    Answer { model, ..answer(status).says(words) }
}

/// Why something is held, and what.
fn held(answer: &Answer) -> Option<(HoldReason, Extent)> {
    answer.judged().hold.map(|plan| (plan.reason, plan.extent))
}

#[test]
fn a_model_may_be_called_as_anybody_likes() {
    let spent = "your organization has reached its monthly spend limit";
    let low = "Your credit balance is too low";
    let closed = "This organization has been disabled";
    for (model, status, words) in [
        ("spend limit x", 403, "model \"spend limit x\" is not allowed"),
        ("spend limit", 403, "Your organization has spend limit disabled."),
        (spent, 403, "your organization has reached its monthly spend limit is not in your plan"),
        ("Spend Limit", 429, "No deployments available for selected model. Passed model=spend limit"),
        ("over its spend limit", 429, "Your key is over its spend limit limited."),
        (low, 400, "Your credit balance is too low is not a valid model ID"),
        (closed, 403, "this organization has been disabled: no such model"),
        // Spaces around it are not quoted with it.
        ("  spend limit\t", 403, "Your organization has spend limit disabled."),
        (" over its spend limit ", 429, "Your key is over its spend limit limited."),
    ] {
        let held = held(&about(model, status, words));
        assert!(held.is_none_or(|(_, extent)| extent == Extent::Model), "{status} {words}: {held:?}");
    }
    // Nor does it say until when money is used up.
    assert_eq!(about("regain access on 2027-09-01", 402, "No money for regain access on 2027-09-01.").dated(), None);
}

#[test]
fn whatever_else_is_quoted_comes_behind_other_words() {
    for (status, words) in [
        (403, "model \"spend limit x\" is not allowed"),
        (403, "Your key may not use \"spend limit\"."),
        (403, "Client spend limit/1.0 is not allowed."),
        (403, "anthropic-beta: spend limit is not supported for this organization"),
        (429, "Too many calls of agent spend limit."),
    ] {
        let held = held(&answer(status).says(words));
        assert!(held.is_some_and(|(_, extent)| extent == Extent::Model), "{status} {words}: {held:?}");
    }
}

#[test]
fn a_spend_limit_is_known_whoever_has_it() {
    for words in [
        "This organization has reached its monthly spend limit.",
        "Your workspace's spend limit has been reached",
        "You’ve hit your team’s weekly spend limit for claude-a.",
        "This request would exceed your organization's annual spend limit.",
        "This request was rejected. Your API key is over its spend limit.",
        "Your per-user spend limit is reached.",
        "Spend limit exceeded",
    ] {
        for status in [403, 429] {
            let spent = held(&answer(status).says(words));
            assert_eq!(spent, Some((HoldReason::SpendLimit, Extent::Credential)), "{status} {words}");
        }
    }
}

#[test]
fn a_models_name_hides_nothing_that_holds_nothing() {
    for (model, status, words) in [
        ("oauth", 401, "OAuth authentication is currently not supported."),
        ("usage", 402, "Usage credits required for 1M context"),
        ("extra", 429, "Extra usage is required for long context requests."),
    ] {
        assert_eq!(held(&about(model, status, words)), None, "{words}");
    }
    // A model without a name is in every text.
    assert_eq!(held(&about("", 403, "Spend limit exceeded")), Some((HoldReason::SpendLimit, Extent::Credential)));
}

#[test]
fn a_providers_own_lines_may_look_for_a_model() {
    let rule = FailureRule {
        cause: None,
        status: None,
        kind: None,
        message: Some("*claude-a is not*".to_owned()),
        class: FailureClass::Entitlement,
    };
    let unknown = answer(400).says("The model Claude-A is not in your plan.");
    assert_eq!(
        (unknown.judged().class, unknown.judged_by(&[rule]).class),
        (FailureClass::Client, FailureClass::Entitlement)
    );
}
