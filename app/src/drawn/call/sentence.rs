//! The decision chain in words.

use hub::domain::{
    attempt::{Attempt, AttemptResult},
    call::{CallDetail, Outcome, Waiting},
};

use super::chain::chosen;
use crate::{
    format::{UNKNOWN, span},
    text::Text,
};

/// What happened, as sentences.
pub(super) fn sentence(text: &Text, detail: &CallDetail) -> String {
    let told = &text.told;
    let failures: Vec<String> = detail
        .attempts
        .iter()
        .filter(|attempt| attempt.result == AttemptResult::Failed && detail.call.outcome.is_some())
        .map(|attempt| (told.fell)(&attempt.provider_name, &reason(text, attempt)))
        .collect();
    let failures = failures.join(told.between);
    let join = |second: String| {
        if failures.is_empty() { second } else { [failures.as_str(), second.as_str()].join(told.between) }
    };
    let last = detail.attempts.last();
    let name = last.map_or("", |attempt| attempt.provider_name.as_str());
    if let Some(waiting) = &detail.waiting {
        return in_line(text, waiting);
    }
    match detail.call.outcome {
        None => match detail.decision.choices.last().and_then(chosen) {
            Some(chosen) => (told.answering)(&chosen.name),
            None => told.choosing.to_owned(),
        },
        Some(Outcome::Completed) if failures.is_empty() => (told.answered_first)(name),
        Some(Outcome::Completed) => (told.answered_after)(&failures, name),
        Some(Outcome::Rejected) => (told.rejected)(&why(text, detail)),
        Some(Outcome::Refused) => (told.refused)(name, &status(detail)),
        Some(Outcome::Failed) => match last {
            None => (told.rejected)(&why(text, detail)),
            Some(last) if last.result == AttemptResult::Delivered => join((told.passed_on)(name, &status(detail))),
            Some(_) => (told.nobody_left)(&failures),
        },
        Some(Outcome::Interrupted) => join((told.interrupted)(name)),
        Some(Outcome::Abandoned) if last.is_none() => told.nobody_yet.to_owned(),
        Some(Outcome::Abandoned) => join((told.abandoned)(name)),
    }
}

/// Where a call stands that waits.
fn in_line(text: &Text, waiting: &Waiting) -> String {
    let position = waiting.position;
    match waiting.expected_ms {
        None => (text.told.in_line)(position),
        Some(ms) => (text.told.in_line_for)(position, &span(ms.into())),
    }
}

/// Why an attempt failed, in a few words.
fn reason(text: &Text, attempt: &Attempt) -> String {
    match (attempt.status, &attempt.error) {
        (Some(status), _) if status >= 400 => (text.chain.http)(status),
        (_, Some(error)) => text.cause_in_words(&error.cause),
        (Some(status), None) => (text.chain.http)(status),
        (None, None) => (text.result)(attempt.result).to_owned(),
    }
}

fn why(text: &Text, detail: &CallDetail) -> String {
    detail.call.error.as_ref().map_or_else(|| UNKNOWN.to_owned(), |error| text.cause_in_words(&error.cause))
}

fn status(detail: &CallDetail) -> String {
    detail.call.status.map_or_else(String::new, |status| status.to_string())
}

#[cfg(test)]
mod tests {
    use hub::domain::{
        call::{Call, CallError},
        decision::{Candidate, Choice, Decision},
        id::ProviderId,
        price::bill::Cost,
    };

    use super::*;
    use crate::text::Language;

    fn attempt(name: &str, result: AttemptResult, status: Option<u16>) -> Attempt {
        Attempt { provider_name: name.to_owned(), result, status, ..Attempt::default() }
    }

    fn detail(call: Call, attempts: Vec<Attempt>, waiting: Option<Waiting>, decision: Decision) -> CallDetail {
        CallDetail { call, cost: Cost::default(), attempts, running: None, waiting, decision, has_messages: false }
    }

    fn said(outcome: Option<Outcome>, status: Option<u16>, attempts: Vec<Attempt>) -> String {
        said_in(Language::En, outcome, status, attempts)
    }

    fn said_in(language: Language, outcome: Option<Outcome>, status: Option<u16>, attempts: Vec<Attempt>) -> String {
        let error = Some(CallError::new("no_provider", "nobody serves it."));
        let call = Call { outcome, status, error, ..Call::default() };
        let candidate = Candidate {
            provider_id: ProviderId(7),
            name: "late".into(),
            priority: 0,
            weight: 1,
            skip: None,
            hold: None,
            at_limit: None,
        };
        let choice = Choice { provider_id: Some(ProviderId(7)), candidates: vec![candidate], ..Choice::default() };
        let decision = Decision { choices: vec![choice], ..Decision::default() };
        sentence(language.text(), &detail(call, attempts, None, decision))
    }

    #[test]
    fn the_chain_reads_as_a_sentence() {
        let failed = || attempt("a", AttemptResult::Failed, Some(529));
        let done = attempt("b", AttemptResult::Completed, Some(200));
        let completed = Some(Outcome::Completed);
        assert_eq!(said(completed, Some(200), vec![done.clone()]), "b answered at the first try.");
        assert_eq!(said(completed, Some(200), vec![failed(), done]), "a failed (status 529). b answered.");
        assert_eq!(said(Some(Outcome::Rejected), Some(404), vec![]), "The hub refused the call: no provider.");
        assert_eq!(
            said(Some(Outcome::Failed), Some(503), vec![failed(), attempt("b", AttemptResult::Delivered, Some(503))]),
            "a failed (status 529). b answered 503; nobody else was left, so its answer was passed on."
        );
        assert_eq!(
            said(Some(Outcome::Failed), Some(502), vec![failed()]),
            "a failed (status 529). Nobody else was left to try."
        );
        assert_eq!(said(None, None, vec![failed()]), "late is at work.");
    }

    #[test]
    fn what_went_wrong_is_said_in_the_readers_language() {
        let gone = Attempt {
            error: Some(CallError::new("connect", "connection refused (os error 111)")),
            ..attempt("a", AttemptResult::Failed, None)
        };
        let failed = |language| said_in(language, Some(Outcome::Failed), Some(502), vec![gone.clone()]);
        assert_eq!(failed(Language::En), "a failed (no connection). Nobody else was left to try.");
        assert_eq!(failed(Language::Zh), "a 失败（无法连接）。没有其他供应商可用。");
        let rejected = said_in(Language::Zh, Some(Outcome::Rejected), Some(404), vec![]);
        assert_eq!(rejected, "中转站拒绝了该调用：没有可用的供应商。");
    }

    #[test]
    fn sentences_follow_each_other_as_the_language_writes_them() {
        let failed = || attempt("a", AttemptResult::Failed, Some(529));
        let cut = attempt("b", AttemptResult::Interrupted, Some(200));
        let said =
            |language| said_in(language, Some(Outcome::Interrupted), Some(200), vec![failed(), failed(), cut.clone()]);
        let en =
            "a failed (status 529). a failed (status 529). The answer of b was cut off after a part was delivered.";
        assert_eq!(said(Language::En), en);
        let zh = "a 失败（状态码\u{a0}529）。a 失败（状态码\u{a0}529）。b 的应答在部分转交后中断。";
        assert_eq!(said(Language::Zh), zh);
    }

    #[test]
    fn a_call_that_waits_says_where_it_stands() {
        let said = |expected_ms| {
            let (call, decision) = (Call::default(), Decision::default());
            let waiting = Some(Waiting { position: 3, since_ms: 0, expected_ms });
            sentence(Language::En.text(), &detail(call, vec![], waiting, decision))
        };
        assert_eq!(said(None), "Nobody is free: number 3 in the line.");
        assert!(said(Some(4_000)).starts_with("Nobody is free: number 3 in the line, for about 4"));
    }
}
