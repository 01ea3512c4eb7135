//! What a provider says of its own routing, checked.

use std::collections::BTreeMap;

use crate::{
    admin::check,
    domain::{
        decision::FailureClass,
        fault::Fault,
        group::DEFAULT_GROUP,
        provider::Provider,
        rule::{CAUSES, FailureRule},
    },
    route::rules::Matcher,
};

/// Characters of a prefix.
const PREFIX_CHARS_MAX: usize = 64;

/// Attempts of one call at one provider.
const ATTEMPTS_MAX: u32 = 10;

/// Failures in a row that open a breaker.
const BREAKER_FAILURES_MAX: u32 = 1_000;

/// Seconds that a breaker stays open.
const BREAKER_OPEN_S_MAX: u32 = 86_400;

/// Successes that close a breaker.
const BREAKER_SUCCESSES_MAX: u32 = 100;

/// Rules on failures of one provider.
const FAILURE_RULES_MAX: usize = 100;

/// Characters of an error's type.
const ERROR_KIND_CHARS_MAX: usize = 100;

/// Checks the fields that are kept as they are given.
pub(super) fn check(provider: &Provider) -> Result<(), Fault> {
    check::within("max_attempts", provider.max_attempts, 1, ATTEMPTS_MAX)?;
    check::within("breaker_failures", provider.breaker_failures, 0, BREAKER_FAILURES_MAX)?;
    check::within("breaker_open_s", provider.breaker_open_s, 1, BREAKER_OPEN_S_MAX)?;
    check::within("breaker_successes", provider.breaker_successes, 1, BREAKER_SUCCESSES_MAX)?;
    match (provider.active_from, provider.active_to) {
        (Some(_), None) => return Err(Fault::invalid("active_to", "must be given: a beginning needs an end")),
        (None, Some(_)) => return Err(Fault::invalid("active_from", "must be given: an end needs a beginning")),
        (Some(from), Some(to)) if from == to => {
            return Err(Fault::invalid(
                "active_to",
                "must differ from the beginning; leave out both for the whole day",
            ));
        }
        _ => {}
    }
    if provider.failure_rules.len() > FAILURE_RULES_MAX {
        return Err(Fault::invalid("failure_rules", format!("must be at most {FAILURE_RULES_MAX} rules")));
    }
    provider.failure_rules.iter().try_for_each(failure_rule)
}

fn failure_rule(rule: &FailureRule) -> Result<(), Fault> {
    let wrong = |why: String| Fault::invalid("failure_rules", why);
    if rule.cause.is_none() && rule.status.is_none() && rule.kind.is_none() && rule.message.is_none() {
        return Err(wrong("a rule needs `cause`, `status`, `kind` or `message`".to_owned()));
    }
    if rule.cause.as_deref().is_some_and(|cause| !CAUSES.contains(&cause)) {
        return Err(wrong(format!("`cause` must be one of {}", CAUSES.join(", "))));
    }
    if rule.class == FailureClass::ClientGone {
        return Err(wrong("`class` must not be `client_gone`: no provider causes that".to_owned()));
    }
    if rule.status.is_some_and(|status| !(100..=599).contains(&status)) {
        return Err(wrong("`status` must be from 100 to 599".to_owned()));
    }
    if let Some(kind) = &rule.kind {
        check::line("failure_rules", kind, ERROR_KIND_CHARS_MAX)?;
    }
    rule.message.as_deref().map_or(Ok(()), |glob| Matcher::of_text(glob).map(|_| ()).map_err(wrong))
}

/// What stands before the comma in a model's name.
pub(super) fn prefix(prefix: Option<String>) -> Result<Option<String>, Fault> {
    let Some(prefix) = prefix else { return Ok(None) };
    let prefix = check::line("prefix", &prefix, PREFIX_CHARS_MAX)?;
    if prefix.contains(|c: char| c == ',' || c.is_whitespace()) {
        return Err(Fault::invalid("prefix", "must have neither commas nor spaces"));
    }
    Ok(Some(prefix))
}

/// Priorities for some of a provider's groups. A priority for another group would never count.
pub(super) fn group_priorities(
    priorities: BTreeMap<String, i32>,
    groups: &[String],
) -> Result<BTreeMap<String, i32>, Fault> {
    let is_own = |name: &String| groups.contains(name) || groups.is_empty() && name == DEFAULT_GROUP;
    match priorities.keys().find(|name| !is_own(name)) {
        Some(name) => Err(Fault::invalid("group_priorities", format!("`{name}` is none of the provider's groups"))),
        None => Ok(priorities),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_has_neither_comma_nor_space() {
        assert_eq!(prefix(Some(" ccr ".to_owned())), Ok(Some("ccr".to_owned())));
        assert_eq!(prefix(None), Ok(None));
        for wrong in ["", "a,b", "a b", &"a".repeat(65)] {
            assert_eq!(prefix(Some(wrong.to_owned())).unwrap_err().field(), Some("prefix"), "{wrong}");
        }
    }

    #[test]
    fn a_priority_is_for_a_group_of_ones_own() {
        let of = |name: &str| BTreeMap::from([(name.to_owned(), 3)]);
        assert_eq!(group_priorities(of("a"), &["a".to_owned()]), Ok(of("a")));
        assert_eq!(group_priorities(of("default"), &[]), Ok(of("default")));
        let wrong = group_priorities(of("default"), &["a".to_owned()]).unwrap_err();
        assert_eq!(wrong.field(), Some("group_priorities"));
    }
}
