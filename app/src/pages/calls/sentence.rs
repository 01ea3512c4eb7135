//! The decision chain in words.

use hub::domain::{
    attempt::{Attempt, AttemptResult},
    call::Outcome,
};

use crate::{api::calls::Detail, text::Text};

/// What happened, as sentences.
pub(super) fn sentence(text: &Text, detail: &Detail) -> String {
    let chain = &text.chain;
    let failures: Vec<String> = detail
        .attempts
        .iter()
        .filter(|attempt| attempt.result == AttemptResult::Failed && detail.call.outcome.is_some())
        .map(|attempt| (chain.fell)(&attempt.provider_name, &reason(text, attempt)))
        .collect();
    let failures = failures.join(" ");
    let last = detail.attempts.last();
    let name = last.map_or("", |attempt| attempt.provider_name.as_str());
    match detail.call.outcome {
        None if last.is_none() => chain.choosing.to_owned(),
        None => (chain.answering)(name),
        Some(Outcome::Completed) if failures.is_empty() => (chain.answered_first)(name),
        Some(Outcome::Completed) => (chain.answered_after)(&failures, name),
        Some(Outcome::Rejected) => (chain.rejected)(&why(detail)),
        Some(Outcome::Refused) => (chain.refused)(name, &status(detail)),
        Some(Outcome::Failed) => match last {
            None => (chain.rejected)(&why(detail)),
            Some(last) if last.result == AttemptResult::Delivered => {
                join(&failures, &(chain.passed_on)(name, &status(detail)))
            }
            Some(_) => (chain.nobody_left)(&failures),
        },
        Some(Outcome::Interrupted) => join(&failures, &(chain.interrupted)(name)),
        Some(Outcome::Abandoned) if last.is_none() => join(&failures, &why(detail)),
        Some(Outcome::Abandoned) => join(&failures, &(chain.abandoned)(name)),
    }
}

/// Why an attempt failed, in a few words.
fn reason(text: &Text, attempt: &Attempt) -> String {
    match (attempt.status, &attempt.error) {
        (Some(status), _) if status >= 400 => (text.chain.http)(status),
        (_, Some(error)) if !error.message.is_empty() => error.message.trim_end_matches('.').to_owned(),
        (_, Some(error)) => error.cause.clone(),
        (Some(status), None) => (text.chain.http)(status),
        (None, None) => (text.result)(attempt.result).to_owned(),
    }
}

fn why(detail: &Detail) -> String {
    detail.call.error.as_ref().map_or_else(String::new, |error| error.message.trim_end_matches('.').to_owned())
}

fn status(detail: &Detail) -> String {
    detail.call.status.map_or_else(String::new, |status| status.to_string())
}

fn join(first: &str, second: &str) -> String {
    if first.is_empty() { second.to_owned() } else { format!("{first} {second}") }
}
