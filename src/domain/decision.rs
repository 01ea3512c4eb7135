//! Why a call went where it went.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    hold::{Hold, HoldReason},
    id::{AttemptId, ProviderId},
    limit::reached::AtLimit,
};

/// The decision chain of a call: one choice for each attempt, and a last one without when nobody was left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Decision {
    /// The groups the key may use.
    pub groups: Vec<String>,
    /// Milliseconds from the request's head until its body was read and screened.
    pub screened_ms: u32,
    /// The choices, in order.
    pub choices: Vec<Choice>,
}

/// The most bytes of a decision that are kept.
const DECISION_BYTES_MAX: usize = 16 << 10;

impl Decision {
    /// As the ledger keeps it: at most 16 KiB of what `json` makes of it. Where that is not enough, the longest lists of
    /// candidates lose those at their end, which are counted in `n_more`; at last choices in the middle go.
    pub fn bounded(&self, json: impl Fn(&Self) -> String) -> String {
        let whole = json(self);
        if whole.len() <= DECISION_BYTES_MAX {
            return whole;
        }
        let mut shorter = self.clone();
        let longest = shorter.choices.iter().map(|choice| choice.candidates.len()).max().unwrap_or_default();
        let mut most = longest / 2;
        loop {
            for choice in &mut shorter.choices {
                choice.keep_candidates(most);
            }
            let text = json(&shorter);
            if text.len() <= DECISION_BYTES_MAX {
                return text;
            }
            if most == 0 {
                let middle = shorter.choices.len() / 2;
                if shorter.choices.len() <= 1 {
                    return json(&Self { choices: Vec::new(), groups: Vec::new(), ..shorter });
                }
                shorter.choices.remove(middle);
            }
            most /= 2;
        }
    }
}

/// One choice among all providers.
#[expect(clippy::struct_excessive_bools, reason = "each is told, and read, by itself")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Choice {
    /// Milliseconds since the call began.
    pub at_ms: u32,
    /// Every provider, with its place or the reason it has none.
    pub candidates: Vec<Candidate>,
    /// Providers left out of `candidates` because the list is bounded.
    pub n_more: u32,
    /// The caller's group that the chosen provider is reached by; `*` stands for all groups.
    #[serde(default)]
    pub group: Option<String>,
    /// The lowest priority number among the eligible of that group.
    pub priority: Option<i32>,
    /// The weights of the eligible of that priority, added up.
    pub weight_total: u64,
    /// The number drawn, from 0 to `weight_total` - 1.
    pub draw: u64,
    /// True if it is the provider that was tried just before, once more: nobody else was asked.
    #[serde(default)]
    pub is_retry: bool,
    /// True if the request went without its thinking blocks, because their signatures were refused.
    #[serde(default)]
    pub is_repaired: bool,
    /// True if the call's session is bound to the provider, which went before priority and chance.
    #[serde(default)]
    pub is_sticky: bool,
    /// True if all that were left are held by the hub's own judgement, and this one is tried all the same.
    #[serde(default)]
    pub is_last_resort: bool,
    /// What is cached for the session at another provider than the chosen one, and is paid for again.
    #[serde(default)]
    pub warm: Option<Warm>,
    /// Where nobody was chosen: when the first of those that are held is free again, if its hold has an end.
    #[serde(default)]
    pub next_free: Option<DateTime<Utc>>,
    /// Who was chosen.
    pub provider_id: Option<ProviderId>,
    /// The attempt that followed.
    pub attempt_id: Option<AttemptId>,
    /// What the attempt's end meant, once it failed.
    pub verdict: Option<Verdict>,
    /// What was put on hold because of it.
    #[serde(default)]
    pub caused: Vec<HeldBy>,
}

impl Choice {
    /// Keeps at most `most` candidates: who was chosen, those that could have been, then the others.
    fn keep_candidates(&mut self, most: usize) {
        let n_before = self.candidates.len();
        if n_before <= most {
            return;
        }
        let chosen = self.provider_id;
        self.candidates.sort_by_key(|it| (Some(it.provider_id) != chosen, it.skip.is_some()));
        self.candidates.truncate(most);
        self.n_more += u32::try_from(n_before - most).unwrap_or(u32::MAX);
    }
}

impl Choice {
    /// How likely a candidate was to be chosen, in parts of a million.
    pub fn chance_per_million(&self, candidate: &Candidate) -> u32 {
        if self.weight_total == 0 {
            // Nothing was drawn: there was no other.
            return if self.provider_id == Some(candidate.provider_id) { 1_000_000 } else { 0 };
        }
        if candidate.skip.is_some() || Some(candidate.priority) != self.priority {
            return 0;
        }
        // When all weights are 0, each counts as 1. Others' weights are not needed: then the chosen one's is 0 too.
        let is_flat =
            self.candidates.iter().any(|other| Some(other.provider_id) == self.provider_id && other.weight == 0);
        let weight = if is_flat { 1 } else { u64::from(candidate.weight) };
        u32::try_from(weight * 1_000_000 / self.weight_total).unwrap_or_default()
    }
}

/// One provider in a choice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Candidate {
    /// Its id.
    pub provider_id: ProviderId,
    /// Its name at that time.
    pub name: String,
    /// Its priority, for those who reach it by this group.
    pub priority: i32,
    /// Its weight.
    pub weight: u32,
    /// Why it was left out; null if it was eligible.
    pub skip: Option<Skip>,
    /// What holds it back, if something does.
    #[serde(default)]
    pub hold: Option<HeldBy>,
    /// The limit of its own that it is at, where that is why it was left out; absent elsewhere, and in records from before
    /// it was kept.
    // Boxed: few have one, and choices are long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_limit: Option<Box<AtLimit>>,
}

impl From<&Hold> for HeldBy {
    fn from(hold: &Hold) -> Self {
        Self { reason: hold.reason, until: hold.until, is_absolute: hold.is_absolute() }
    }
}

/// What holds a provider back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct HeldBy {
    /// Why.
    pub reason: HoldReason,
    /// Until when; null until somebody ends it.
    pub until: Option<DateTime<Utc>>,
    /// True if it excludes; else others only go first.
    pub is_absolute: bool,
}

/// What a provider has cached for a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Warm {
    /// The provider.
    pub provider_id: ProviderId,
    /// Tokens of the session's beginning that it read from its cache last time.
    pub cached_tokens: u64,
}

/// Why a provider was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// An operator has switched it off.
    Disabled,
    /// It does not speak the caller's protocol.
    Protocol,
    /// None of the key's groups is one of its groups.
    Group,
    /// Its rules do not admit the model.
    Model,
    /// It is reached only by a prefix that the model does not have, or the model has one that is not its own.
    Prefix,
    /// Its stored secret cannot be opened.
    Secret,
    /// It is not used at this time of day.
    Hours,
    /// This call has tried it already.
    Tried,
    /// It is held back.
    Held,
    /// It is at a limit of its own, which `at_limit` names.
    Limit,
    /// Another of the caller's groups goes first.
    LowerGroup,
    /// Its next free place belongs to calls that wait.
    Awaited,
    /// It queues messages of users, and it was not this one's turn in time.
    MessagesQueued,
    /// A limit of its own is hard, and what the request asks for has no bound.
    Unbounded,
    /// Its limits cannot be counted just now, and it may not be used without.
    LimitsAway,
    /// What the call may cost there does not fit into a limit of its caller.
    CallerLimit,
}

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// The request itself is at fault: no other provider would take it.
    Client,
    /// Too many requests or tokens.
    RateLimit,
    /// The provider has more to do than it can.
    Overload,
    /// The provider refuses the secret.
    Credential,
    /// The account may not do this, or has no money left.
    Entitlement,
    /// The provider made a mistake.
    Server,
    /// The provider was not reached, or the connection broke.
    Network,
    /// Time ran out.
    Timeout,
    /// The provider's proxy cannot be used.
    Proxy,
    /// The client left first.
    ClientGone,
    /// What came back is no answer.
    Malformed,
}

impl FailureClass {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Client,
        Self::RateLimit,
        Self::Overload,
        Self::Credential,
        Self::Entitlement,
        Self::Server,
        Self::Network,
        Self::Timeout,
        Self::Proxy,
        Self::ClientGone,
        Self::Malformed,
    ];

    /// The name used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::RateLimit => "rate_limit",
            Self::Overload => "overload",
            Self::Credential => "credential",
            Self::Entitlement => "entitlement",
            Self::Server => "server",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Proxy => "proxy",
            Self::ClientGone => "client_gone",
            Self::Malformed => "malformed",
        }
    }
}

/// Whom a failed attempt is charged to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// The request itself.
    Caller,
    /// The provider's secret or its limits.
    Credential,
    /// The provider.
    Provider,
    /// The way to the provider.
    Network,
}

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// The same provider once more, if it may be tried again; else another one.
    Retry,
    /// The same provider once more with a request that is repaired, if the settings allow it; else it is delivered.
    Repair,
    /// Another provider, if one is left.
    Switch,
    /// The provider's answer goes to the client as it is.
    Deliver,
}

/// What a failed attempt means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Verdict {
    /// Whom it is charged to.
    pub blame: Blame,
    /// What follows.
    pub next: Next,
    /// What kind of failure it was; null in records from before it was kept.
    #[serde(default)]
    pub class: Option<FailureClass>,
    /// Milliseconds after which the provider wants to be asked again, if it said so.
    #[serde(default)]
    pub retry_after_ms: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::limit::{Amount, Limited, reached::LimitField};

    /// A place that is taken.
    const AT_LIMIT: AtLimit = AtLimit {
        field: LimitField(Limited::ConcurrentRequests),
        used: Amount::Count(1),
        reserved: None,
        limit: Amount::Count(1),
        resets_at: None,
    };

    #[test]
    fn a_limit_is_named_and_records_from_before_that_are_read() {
        let before = r#"{"provider_id":"1","name":"a","priority":0,"weight":1,"skip":"limit","hold":null}"#;
        let read: Candidate = serde_json::from_str(before).unwrap();
        assert_eq!((read.skip, &read.at_limit), (Some(Skip::Limit), &None));
        assert_eq!(serde_json::to_string(&read).unwrap(), before);
        let named = Candidate { at_limit: Some(Box::new(AT_LIMIT)), ..read };
        let json = serde_json::to_string(&named).unwrap();
        let at_limit = r#""at_limit":{"field":"limit_concurrent_requests","used":1,"limit":1,"resets_at":null}"#;
        assert!(json.contains(at_limit), "{json}");
        assert_eq!(serde_json::from_str::<Candidate>(&json).unwrap(), named);
    }

    #[test]
    fn a_long_decision_is_cut_to_its_bound_and_says_so() {
        let json = |decision: &Decision| serde_json::to_string(decision).unwrap();
        let candidate = |n: i64| Candidate {
            provider_id: ProviderId(n),
            name: "a provider with quite a long name".to_owned(),
            skip: (n != 60).then_some(Skip::Limit),
            at_limit: (n != 60).then(|| Box::new(AT_LIMIT)),
            ..Candidate::default()
        };
        let choice = Choice {
            candidates: (1..=64).map(candidate).collect(),
            provider_id: Some(ProviderId(60)),
            ..Choice::default()
        };
        let short = Decision { choices: vec![choice.clone()], ..Decision::default() };
        assert_eq!(short.bounded(json), serde_json::to_string(&short).unwrap());
        for n in [6, 200] {
            let long = Decision { choices: vec![choice.clone(); n], ..Decision::default() }.bounded(json);
            assert!(long.len() <= DECISION_BYTES_MAX, "{}", long.len());
            let read: Decision = serde_json::from_str(&long).unwrap();
            assert!(!read.choices.is_empty());
            for choice in read.choices {
                assert_eq!(usize::try_from(choice.n_more).unwrap() + choice.candidates.len(), 64);
                assert!(choice.candidates.first().is_none_or(|first| first.provider_id == ProviderId(60)));
            }
        }
    }
}
