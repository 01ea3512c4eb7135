//! Where a call went, in one line for its client (setting `decision_header`).

use std::fmt::Write;

use super::Trail;
use crate::{
    domain::{
        attempt::{Attempt, AttemptResult},
        decision::{Choice, Next},
        id::ProviderId,
    },
    relay::live::lock,
};

/// The most attempts that are told.
const ATTEMPTS_MAX: usize = 20;

impl Trail {
    /// What happened at each provider, by its id: `3=529/retry, 3=connect/switch, 7=200/sticky`. `answers` is the
    /// provider whose answer is on its way, and its status. None unless the setting says that clients are told.
    pub fn decision_line(&self, answers: Option<(ProviderId, u16)>) -> Option<String> {
        if !self.snapshot.settings.decision_header {
            return None;
        }
        let entry = lock(&self.story);
        let mut line = String::new();
        for attempt in entry.attempts.iter().take(ATTEMPTS_MAX) {
            let choice = entry.decision.choices.iter().find(|choice| choice.attempt_id == Some(attempt.id));
            separate(&mut line);
            write_attempt(&mut line, attempt, choice);
        }
        if let Some((provider_id, status)) = answers {
            separate(&mut line);
            // Writing to a text cannot fail.
            let _ = write!(line, "{provider_id}={status}");
            mark(&mut line, entry.decision.choices.last());
        }
        if line.is_empty() {
            line.push_str("none");
        }
        Some(line)
    }
}

fn separate(line: &mut String) {
    if !line.is_empty() {
        line.push_str(", ");
    }
}

fn write_attempt(line: &mut String, attempt: &Attempt, choice: Option<&Choice>) {
    let _ = match (attempt.status, &attempt.error) {
        (Some(status), _) => write!(line, "{}={status}", attempt.provider_id),
        (None, error) => {
            write!(line, "{}={}", attempt.provider_id, error.as_ref().map_or("none", |error| error.cause.as_str()))
        }
    };
    mark(line, choice);
    if attempt.result == AttemptResult::Delivered {
        line.push_str("/deliver");
    } else if let Some(verdict) = choice.and_then(|choice| choice.verdict) {
        line.push_str(match verdict.next {
            Next::Retry => "/retry",
            Next::Repair => "/repair",
            Next::Switch => "/switch",
            Next::Deliver => "/deliver",
        });
    }
}

/// What was special about a choice.
fn mark(line: &mut String, choice: Option<&Choice>) {
    let Some(choice) = choice else { return };
    for (is_so, word) in
        [(choice.is_sticky, "/sticky"), (choice.is_last_resort, "/last_resort"), (choice.is_repaired, "/repaired")]
    {
        if is_so {
            line.push_str(word);
        }
    }
}
