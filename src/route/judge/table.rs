//! The shipped table: what a failure looks like, what it is, and what that means (docs/rules.md, Routing).
//!
//! A provider's own lines (`failure_rules`) go before it.

use crate::domain::{
    decision::{Blame, FailureClass, Next},
    hold::{Extent, HoldPlan, HoldReason, HoldSource, Term},
};

/// What a line looks for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sign {
    /// An answer with a status from the first to the second.
    Status(u16, u16),
    /// No connection.
    Connect,
    /// A proxy that cannot be used.
    Proxy,
    /// A connection that broke.
    Reset,
    /// The call's own time ran out.
    Deadline,
    /// Time ran out.
    Timeout,
    /// An answer that is none.
    Malformed,
}

/// One line. The first that fits decides.
pub(super) struct Line {
    /// How the attempt ended.
    pub(super) sign: Sign,
    /// A glob on the error's type.
    pub(super) kind: &'static str,
    /// A glob on what the error says beside its type (`error.details.error_code`).
    pub(super) code: &'static str,
    /// A glob on the error's message, case aside.
    pub(super) message: &'static str,
    /// What the message speaks of, with nothing before it but [`OWN_WORDS`]; in lower case.
    pub(super) phrase: Option<&'static str>,
    /// What it is.
    pub(super) finding: Finding,
}

const fn line(sign: Sign, kind: &'static str, message: &'static str, finding: Finding) -> Line {
    Line { sign, kind, code: "*", message, phrase: None, finding }
}

const fn coded(sign: Sign, code: &'static str, finding: Finding) -> Line {
    Line { sign, kind: "*", code, message: "*", phrase: None, finding }
}

const fn speaking(sign: Sign, phrase: &'static str, finding: Finding) -> Line {
    Line { sign, kind: "*", code: "*", message: "*", phrase: Some(phrase), finding }
}

/// Words that say whose limit it is, which one, and that it is reached. None of them introduces what a caller has sent: no
/// model, no value, nothing for which or to which something is not allowed.
pub(super) const OWN_WORDS: &str = "a account an annual api been configured current daily denied enforced exceed exceeded \
    exceeds had has have hit hourly individual is its key limited max maximum member month monthly org organization \
    organizational over own per personal plan project reached rejected request seat set subscription team the their this \
    total usage user was week weekly workspace would year yearly you you've you’ve your";

/// The lines, the special ones first.
pub(super) const LINES: &[Line] = &[
    line(Sign::Connect, "*", "*", Finding::Unreached),
    line(Sign::Proxy, "*", "*", Finding::Proxy),
    line(Sign::Reset, "*", "*", Finding::Reset),
    line(Sign::Deadline, "*", "*", Finding::Deadline),
    line(Sign::Timeout, "*", "*", Finding::Timeout),
    line(Sign::Malformed, "*", "*", Finding::Malformed),
    line(Sign::Status(400, 400), "*", "*signature*thinking*", Finding::Thinking),
    line(Sign::Status(400, 400), "*", "*thinking.signature*", Finding::Thinking),
    line(Sign::Status(400, 400), "*", "*thinking*cannot be modified*", Finding::Thinking),
    line(Sign::Status(400, 499), "*", "*prompt is too long*", Finding::Client),
    line(Sign::Status(400, 499), "*", "*input is too long*", Finding::Client),
    // An error may quote what a caller has sent, a model's name too: what takes a secret away, for good or until more
    // is paid, must be how the message begins.
    line(Sign::Status(400, 403), "*", "this organization has been disabled*", Finding::Credential),
    line(Sign::Status(400, 403), "*", "your organization has been disabled*", Finding::Credential),
    line(Sign::Status(400, 403), "*", "oauth authentication is currently not allowed*", Finding::Credential),
    line(Sign::Status(402, 429), "*", "*extra usage*required*", Finding::Extra),
    line(Sign::Status(402, 429), "*", "*usage credits*required*", Finding::Extra),
    coded(Sign::Status(400, 429), "enforced_spend_limit_reached", Finding::SpendLimit),
    line(Sign::Status(402, 402), "*", "*", Finding::SpendLimit),
    line(Sign::Status(400, 429), "*", "you have reached your specified*api usage limits*", Finding::SpendLimit),
    line(Sign::Status(400, 429), "*", "your credit balance is too low*", Finding::SpendLimit),
    // Whose limit it is comes first here, in many ways. Mistakes in a request are told with other statuses.
    speaking(Sign::Status(403, 403), "spend limit", Finding::SpendLimit),
    speaking(Sign::Status(429, 429), "spend limit", Finding::SpendLimit),
    line(Sign::Status(400, 599), "overloaded_error", "*", Finding::Overload),
    line(Sign::Status(529, 529), "*", "*", Finding::Overload),
    // A 401 that is about what this request looks like, or about the model that it asks for: the secret is good.
    line(Sign::Status(401, 401), "*", "oauth authentication is currently not supported*", Finding::Extra),
    line(Sign::Status(401, 401), "key_model_access_denied", "*", Finding::Entitlement),
    coded(Sign::Status(401, 401), "key_model_access_denied", Finding::Entitlement),
    line(Sign::Status(401, 401), "*", "*", Finding::Credential),
    // What stands between us and the provider says 403 too, in a form of its own, about one request.
    line(Sign::Status(403, 403), "?*", "*", Finding::Entitlement),
    line(Sign::Status(403, 403), "*", "*", Finding::Malformed),
    line(Sign::Status(408, 408), "*", "*", Finding::Timeout),
    line(Sign::Status(409, 409), "*", "*", Finding::Server),
    line(Sign::Status(425, 425), "*", "*", Finding::Server),
    line(Sign::Status(429, 429), "*", "*", Finding::RateLimit),
    line(Sign::Status(400, 499), "*", "*", Finding::Client),
    line(Sign::Status(500, 599), "*", "*", Finding::Server),
    line(Sign::Status(0, u16::MAX), "*", "*", Finding::Malformed),
];

/// What a failure is: finer than its class where the same class means different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// The request is at fault.
    Client,
    /// A signature of a thinking block is not accepted: another provider's, perhaps.
    Thinking,
    /// Too much in a short time.
    RateLimit,
    /// No money left.
    SpendLimit,
    /// This one request asks for what the account does not pay for, or in a way that it may not; others go on as
    /// before.
    Extra,
    /// The provider has more to do than it can.
    Overload,
    /// The secret is refused.
    Credential,
    /// The account may not do this.
    Entitlement,
    /// The provider made a mistake.
    Server,
    /// There was no connection.
    Unreached,
    /// The connection broke.
    Reset,
    /// The call's own time ran out before the provider's did.
    Deadline,
    /// Time ran out.
    Timeout,
    /// The proxy cannot be used.
    Proxy,
    /// The client left.
    ClientGone,
    /// What came back is no answer.
    Malformed,
}

impl From<FailureClass> for Finding {
    fn from(class: FailureClass) -> Self {
        match class {
            FailureClass::Client => Self::Client,
            FailureClass::RateLimit => Self::RateLimit,
            FailureClass::Overload => Self::Overload,
            FailureClass::Credential => Self::Credential,
            FailureClass::Entitlement => Self::Entitlement,
            FailureClass::Server => Self::Server,
            FailureClass::Network => Self::Unreached,
            FailureClass::Timeout => Self::Timeout,
            FailureClass::Proxy => Self::Proxy,
            FailureClass::ClientGone => Self::ClientGone,
            FailureClass::Malformed => Self::Malformed,
        }
    }
}

/// What a finding means.
pub(super) struct Meaning {
    /// Its class.
    pub(super) class: FailureClass,
    /// Whom it is charged to.
    pub(super) blame: Blame,
    /// What follows.
    pub(super) next: Next,
}

const fn meaning(class: FailureClass, blame: Blame, next: Next) -> Meaning {
    Meaning { class, blame, next }
}

impl Finding {
    /// Its class, whom it is charged to, what follows.
    pub(super) const fn meaning(self) -> Meaning {
        match self {
            Self::Client => meaning(FailureClass::Client, Blame::Caller, Next::Deliver),
            Self::Thinking => meaning(FailureClass::Client, Blame::Caller, Next::Repair),
            Self::RateLimit => meaning(FailureClass::RateLimit, Blame::Credential, Next::Switch),
            Self::Overload => meaning(FailureClass::Overload, Blame::Provider, Next::Retry),
            Self::Credential => meaning(FailureClass::Credential, Blame::Credential, Next::Switch),
            Self::SpendLimit | Self::Extra | Self::Entitlement => {
                meaning(FailureClass::Entitlement, Blame::Credential, Next::Switch)
            }
            Self::Server => meaning(FailureClass::Server, Blame::Provider, Next::Retry),
            Self::Unreached => meaning(FailureClass::Network, Blame::Network, Next::Switch),
            Self::Reset => meaning(FailureClass::Network, Blame::Network, Next::Retry),
            // Nobody else has any time left either.
            Self::Deadline => meaning(FailureClass::Timeout, Blame::Caller, Next::Deliver),
            Self::Timeout => meaning(FailureClass::Timeout, Blame::Provider, Next::Switch),
            Self::Proxy => meaning(FailureClass::Proxy, Blame::Network, Next::Switch),
            Self::ClientGone => meaning(FailureClass::ClientGone, Blame::Caller, Next::Deliver),
            Self::Malformed => meaning(FailureClass::Malformed, Blame::Provider, Next::Switch),
        }
    }

    /// What is put on hold, and for how long if the provider names no date (docs/rules.md, Holds).
    pub(super) const fn hold(self) -> Option<HoldPlan> {
        let (reason, extent, term) = match self {
            Self::RateLimit => (HoldReason::RateLimit, Extent::Model, seconds(60)),
            Self::SpendLimit => (HoldReason::SpendLimit, Extent::Credential, seconds(1_800)),
            Self::Overload => (HoldReason::Overload, Extent::Model, Term::Doubling { first_s: 10, max_s: 300 }),
            Self::Credential => (HoldReason::Credential, Extent::Credential, Term::Open),
            Self::Entitlement => (HoldReason::Entitlement, Extent::Model, Term::Open),
            Self::Proxy => (HoldReason::Proxy, Extent::Provider, Term::Doubling { first_s: 60, max_s: 300 }),
            Self::Client
            | Self::Thinking
            | Self::Extra
            | Self::Server
            | Self::Unreached
            | Self::Reset
            | Self::Deadline
            | Self::Timeout
            | Self::ClientGone
            | Self::Malformed => return None,
        };
        Some(HoldPlan { extent, reason, source: HoldSource::Hub, term })
    }
}

/// Always as long.
const fn seconds(seconds: u32) -> Term {
    Term::Doubling { first_s: seconds, max_s: seconds }
}
