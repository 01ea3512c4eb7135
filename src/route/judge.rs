//! The one place that decides what a failed attempt means. Pure; its table is data (`judge/table.rs`).

mod date;
mod table;

use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderMap;

use self::table::{Finding, LINES, Line, OWN_WORDS, Sign};
use crate::{
    domain::{
        decision::{self, Blame, FailureClass, Next},
        hold::{Extent, HoldPlan, HoldReason, HoldSource, Term},
        rule::FailureRule,
    },
    upstream::{
        attempt::Failed,
        failure::{Deadline, Failure},
    },
};

/// A hold that a provider dates is believed for so long; one of a spend limit without bound (docs/rules.md, Holds).
const DATED_MAX: TimeDelta = TimeDelta::minutes(30);

/// Bytes of an error's message that are looked at.
const MESSAGE_BYTES_MAX: usize = 4_096;

/// Stands in a message where the model was named.
const NAMED: &str = "…";

/// A provider's own lines, which go before the shipped ones. The first that matches decides.
pub type Rules = [FailureRule];

/// All that is known of a failed attempt.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Why it did not deliver.
    pub failure: &'a Failure,
    /// The status of the answer, or the one that its error stands for.
    pub status: Option<u16>,
    /// The headers of the answer.
    pub headers: Option<&'a HeaderMap>,
    /// The type of the error that it carries.
    pub error_kind: Option<&'a str>,
    /// What the error says beside that (`error.details.error_code`).
    pub error_code: Option<&'a str>,
    /// The error's message.
    pub message: Option<&'a str>,
    /// The model that was asked for, as it was sent: messages quote it, and callers choose it.
    pub model: Option<&'a str>,
    /// When it is looked at.
    pub now: DateTime<Utc>,
}

impl<'a> Evidence<'a> {
    /// A failure of which nothing else is known than, where it has one, its status.
    pub const fn bare(failure: &'a Failure, now: DateTime<Utc>) -> Self {
        let status = if let Failure::Status(status) = failure { Some(*status) } else { None };
        Self { failure, status, headers: None, error_kind: None, error_code: None, message: None, model: None, now }
    }

    /// What a failed attempt has left behind that asked for this model.
    pub fn of(failed: &'a Failed, model: Option<&'a str>, now: DateTime<Utc>) -> Self {
        Self {
            headers: failed.answer.as_ref().map(|whole| &whole.headers),
            error_kind: failed.kind.as_deref(),
            error_code: failed.code.as_deref(),
            message: failed.message.as_deref(),
            model,
            ..Self::bare(&failed.failure, now)
        }
    }

    /// The beginning of the message in lower case, without the model's name. Providers quote it without the spaces that a
    /// caller may have put around it.
    fn said(&self) -> String {
        let message = self.message.unwrap_or_default();
        let beginning = message.get(..message.floor_char_boundary(MESSAGE_BYTES_MAX)).unwrap_or_default();
        let said = beginning.to_ascii_lowercase();
        match self.model.map(str::trim).filter(|model| !model.is_empty()) {
            Some(model) => said.replace(&model.to_ascii_lowercase(), NAMED),
            None => said,
        }
    }
}

/// What a failed attempt means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What kind of failure it was.
    pub class: FailureClass,
    /// Whom it is charged to.
    pub blame: Blame,
    /// What follows.
    pub next: Next,
    /// Milliseconds after which the provider wants to be asked again, if it said so.
    pub retry_after_ms: Option<u64>,
    /// What is put on hold.
    pub hold: Option<HoldPlan>,
}

impl Verdict {
    /// True if the provider's breaker counts it: something went wrong there, or on the way (docs/rules.md, Holds).
    pub const fn counts(&self) -> bool {
        let is_of_breaker = matches!(
            self.class,
            FailureClass::Server | FailureClass::Network | FailureClass::Timeout | FailureClass::Malformed
        );
        is_of_breaker && matches!(self.blame, Blame::Provider | Blame::Network)
    }

    /// As the decision chain keeps it.
    pub const fn recorded(&self) -> decision::Verdict {
        decision::Verdict {
            blame: self.blame,
            next: self.next,
            class: Some(self.class),
            retry_after_ms: self.retry_after_ms,
        }
    }
}

/// What a failure means, whom it is charged to, and what follows (docs/rules.md, Routing and Holds). `rules` are the
/// provider's own.
pub fn judge(evidence: &Evidence<'_>, rules: &Rules) -> Verdict {
    let said = evidence.said();
    let finding = find_own(evidence, rules).unwrap_or_else(|| find(evidence, &said));
    let meaning = finding.meaning();
    let forbids_retry = header(evidence, "x-should-retry") == Some("false");
    Verdict {
        class: meaning.class,
        blame: meaning.blame,
        next: if forbids_retry && meaning.next == Next::Retry { Next::Switch } else { meaning.next },
        retry_after_ms: date::retry_after(evidence)
            .map(|after| u64::try_from(after.num_milliseconds()).unwrap_or_default()),
        hold: plan(&Evidence { message: Some(&said), ..*evidence }, finding),
    }
}

/// The first of the provider's own lines that matches.
fn find_own(evidence: &Evidence<'_>, rules: &Rules) -> Option<Finding> {
    let own = rules.iter().find(|rule| {
        rule.cause.as_deref().is_none_or(|cause| evidence.failure.cause() == cause)
            && rule.status.is_none_or(|status| evidence.status == Some(status))
            && rule.kind.as_deref().is_none_or(|kind| evidence.error_kind == Some(kind))
            && rule.message.as_deref().is_none_or(|glob| evidence.message.is_some_and(|text| matches(glob, text)))
    });
    own.map(|rule| Finding::from(rule.class))
}

/// The first of the shipped lines that matches. `said` is the message without the model's name.
fn find(evidence: &Evidence<'_>, said: &str) -> Finding {
    // The table ends with a line for every status.
    LINES.iter().find(|line| line.fits(evidence, said)).map_or(Finding::Malformed, |line| line.finding)
}

impl Line {
    fn fits(&self, evidence: &Evidence<'_>, said: &str) -> bool {
        let is_sign = match (self.sign, evidence.failure) {
            (Sign::Status(low, high), _) => evidence.status.is_some_and(|status| (low..=high).contains(&status)),
            (Sign::Connect, Failure::Connect(_))
            | (Sign::Proxy, Failure::Proxy(_))
            | (Sign::Reset, Failure::Reset(_))
            | (Sign::Deadline, Failure::Timeout(Deadline::Call))
            | (Sign::Timeout, Failure::Timeout(_))
            | (Sign::Malformed, Failure::Malformed(_)) => true,
            _ => false,
        };
        // What a caller calls a model neither makes a hold, nor makes what holds nothing look like something else.
        let message = if self.finding.hold().is_some() { said } else { evidence.message.unwrap_or_default() };
        is_sign
            && matches(self.kind, evidence.error_kind.unwrap_or_default())
            && matches(self.code, evidence.error_code.unwrap_or_default())
            && matches(self.message, message)
            && self.phrase.is_none_or(|phrase| speaks_of(phrase, message))
    }
}

/// The hold that a finding asks for: dated by the provider if it gave a date, else by us.
fn plan(evidence: &Evidence<'_>, finding: Finding) -> Option<HoldPlan> {
    let ours = finding.hold();
    if matches!(finding, Finding::Credential | Finding::Entitlement | Finding::Proxy) {
        return ours;
    }
    let (reason, extent, until) = match finding {
        Finding::RateLimit if date::is_of_fast_mode(evidence) => return None,
        Finding::RateLimit => match date::quota_reset(evidence) {
            Some((extent, until)) => (HoldReason::QuotaWindow, extent, Some(until)),
            None => (HoldReason::RateLimit, Extent::Model, date::rate_reset(evidence)),
        },
        Finding::SpendLimit => (HoldReason::SpendLimit, Extent::Credential, date::named_in_text(evidence)),
        Finding::Overload => (HoldReason::Overload, Extent::Model, date::asked_again(evidence)),
        Finding::Server => (HoldReason::Overload, Extent::Provider, date::asked_again(evidence)),
        _ => return ours,
    };
    // What is over already is no date: the provider still says that there is not enough of something.
    let Some(until) = until.filter(|until| *until > evidence.now) else { return ours };
    let until = if reason == HoldReason::SpendLimit { until } else { until.min(evidence.now + DATED_MAX) };
    Some(HoldPlan { extent, reason, source: HoldSource::Provider, term: Term::Until(until) })
}

/// A header of the answer, as text.
fn header<'a>(evidence: &Evidence<'a>, name: &str) -> Option<&'a str> {
    evidence.headers?.get(name)?.to_str().ok().map(str::trim)
}

/// True if a message speaks of this, and nothing stands before that but words of the provider's own. What it quotes from a
/// request, whatever that is, comes behind a word that says so.
fn speaks_of(phrase: &str, message: &str) -> bool {
    let Some((before, _)) = message.split_once(phrase) else { return false };
    let words = before.split(|c: char| c.is_ascii_whitespace() || c == '-').filter(|word| !word.is_empty());
    let mut bare = words.map(|word| {
        let word = word.trim_end_matches([',', '.', '!']);
        word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word)
    });
    bare.all(|word| OWN_WORDS.split(' ').any(|own| own == word))
}

/// True if `text` is what the glob says, case aside: `*` stands for any run of characters, `?` for one byte. Only the
/// beginning of a long text is looked at.
fn matches(glob: &str, text: &str) -> bool {
    let text = text.as_bytes();
    let (mut glob, mut text) = (glob.as_bytes(), text.get(..MESSAGE_BYTES_MAX).unwrap_or(text));
    // Where to go on if what follows the last star does not fit.
    let mut resume: Option<(&[u8], &[u8])> = None;
    loop {
        match (glob.split_first(), text.split_first()) {
            (Some((b'*', rest)), _) => {
                resume = Some((rest, text));
                glob = rest;
            }
            (Some((one, rest)), Some((byte, left))) if *one == b'?' || one.eq_ignore_ascii_case(byte) => {
                (glob, text) = (rest, left);
            }
            (None, None) => return true,
            _ => {
                let Some((after_star, from)) = resume else { return false };
                let Some((_, left)) = from.split_first() else { return false };
                resume = Some((after_star, left));
                (glob, text) = (after_star, left);
            }
        }
    }
}

#[cfg(test)]
mod tests;
