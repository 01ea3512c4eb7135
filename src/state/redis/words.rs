//! Steps as the scripts read them, and answers as they give them: flat lists of words.

use std::{fmt::Write, str::FromStr, vec::IntoIter};

use uuid::Uuid;

use super::outbox::{Held, Told};
use crate::{
    domain::{
        id::{CallId, KeyId, ProviderId, UserId},
        limit::{Limited, Subject},
    },
    state::step::{
        ActiveSession, Answer, Bind, Binding, Check, Refusal, SessionKey, SessionUse, Settlement, Span, Step, Sums,
        Take, Taken, Usage,
    },
};

/// Numbers in Lua are exact below 2^53: about nine million dollars (docs/rules.md, Limits).
const EXACT_MAX: i64 = 9_000_000_000_000_000;

/// What a step is answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Redis was emptied, or is being filled.
    Emptied,
    /// The generation, and the answer.
    Answer(String, Answer),
}

/// A number that Lua can count with.
pub(super) fn number(n: i64) -> String {
    n.clamp(-EXACT_MAX, EXACT_MAX).to_string()
}

fn count(n: u64) -> String {
    number(i64::try_from(n).unwrap_or(EXACT_MAX))
}

fn flag(is_set: bool) -> &'static str {
    if is_set { "1" } else { "0" }
}

/// `17:the-clients-name`.
pub(super) fn session(session: &SessionKey) -> String {
    format!("{}:{}", session.key_id, session.id)
}

/// `all`, `m:17`, `q:3`, or `five:` and a moment in them.
pub(super) fn span(span: Span) -> String {
    match span {
        Span::All => "all".to_owned(),
        Span::Minutes(from) => format!("m:{from}"),
        Span::Quarters(from) => format!("q:{from}"),
        Span::FiveHoursFixed(at_ms) => format!("five:{at_ms}"),
    }
}

/// The name of a window's cached sum.
const fn window(window: Limited) -> &'static str {
    match window {
        Limited::FiveHours => "5h",
        Limited::Daily => "daily",
        Limited::Weekly => "weekly",
        Limited::Monthly => "monthly",
        Limited::Total | Limited::ConcurrentRequests | Limited::ConcurrentSessions | Limited::Rpm | Limited::Tpm => {
            "total"
        }
    }
}

fn takes(takes: &[Take]) -> String {
    let mut text = String::new();
    for take in takes {
        let rate = take.rate.map_or_else(|| "-".to_owned(), count);
        let (request, session) = (flag(take.request), flag(take.session));
        // Writing to a string cannot fail.
        let _ = write!(text, "{} {} {request} {session} {rate} {} ", take.subject, take.reset_ms, number(take.money));
    }
    text
}

/// Session, user and how long it stays active.
fn session_use(used: Option<&SessionUse>) -> [String; 3] {
    used.map_or_else(
        || [String::new(), "0".to_owned(), "0".to_owned()],
        |used| [session(&used.session), used.user_id.to_string(), number(used.active_ms)],
    )
}

/// The words of `take.lua`. The lease lapses at `expires_ms` unless it is renewed.
pub(super) fn step(step: &Step, expires_ms: i64) -> Vec<String> {
    let mut words = vec![step.lease.0.to_string(), step.now_ms.to_string(), expires_ms.to_string()];
    words.extend(session_use(step.session.as_ref()));
    words.push(takes(&step.takes));
    words.push(count(step.cacheable));
    for check in &step.checks {
        let nothing = || "0".to_owned();
        let (kind, subject, limit, amount, extra) = match check {
            Check::Money { subject, window: limited, span: of, limit, amount } => {
                let extra = format!("{} {}", window(*limited), span(*of));
                ("money", subject, number(*limit), number(*amount), extra)
            }
            Check::Requests { subject, limit } => ("requests", subject, limit.to_string(), nothing(), String::new()),
            Check::Sessions { subject, limit } => ("sessions", subject, limit.to_string(), nothing(), String::new()),
            Check::Rpm { subject, limit } => ("rpm", subject, limit.to_string(), nothing(), String::new()),
            Check::Tpm { subject, limit, tokens } => ("tpm", subject, count(*limit), count(*tokens), String::new()),
        };
        words.extend([kind.to_owned(), subject.to_string(), limit, amount, extra]);
    }
    words
}

/// The words of `tell.lua` for one piece of news. Leases that are held again lapse at `expires_ms`.
pub(super) fn told(told: &Told, expires_ms: i64) -> Vec<String> {
    match told {
        Told::Settle(settlement) => settlement_words(settlement),
        Told::Release(release) => vec![
            "release".to_owned(),
            release.lease.0.to_string(),
            release.now_ms.to_string(),
            flag(release.undo).to_owned(),
        ],
        Told::Hold { lease, held, with_rates } => {
            let Held { takes: taken, session, taken_ms } = held.as_ref();
            let mut words = vec!["hold".to_owned(), lease.0.to_string(), taken_ms.to_string(), taken_ms.to_string()];
            words.push(expires_ms.to_string());
            words.push(takes(taken));
            words.extend(session_use(session.as_ref()));
            words.push(flag(*with_rates).to_owned());
            words
        }
    }
}

fn settlement_words(settlement: &Settlement) -> Vec<String> {
    let mut subjects = String::new();
    for (subject, reset_ms) in &settlement.subjects {
        let _ = write!(subjects, "{subject} {reset_ms} ");
    }
    let bind = settlement.bind.as_ref().map_or_else(
        || [String::new(), String::new(), String::new(), "0".to_owned()],
        |Bind { session: bound, binding, ttl_ms }| {
            let provider = format!("{}/{}", binding.provider_id, binding.cached_tokens);
            [session(bound), provider, binding.call_id.to_string(), number(*ttl_ms)]
        },
    );
    let mut words = vec![
        "settle".to_owned(),
        settlement.lease.0.to_string(),
        settlement.call.0.to_string(),
        settlement.at_ms.to_string(),
        settlement.now_ms.to_string(),
        number(settlement.cost),
        count(settlement.tokens),
        flag(settlement.served).to_owned(),
        subjects,
    ];
    words.extend(bind);
    words
}

/// The words of `load.lua`.
pub(super) fn sums(generation: &str, subject: Subject, sums: &Sums) -> Vec<String> {
    let mut words = vec![
        generation.to_owned(),
        subject.to_string(),
        sums.reset_ms.to_string(),
        number(sums.total),
        sums.five_hours_ms.map_or_else(String::new, |ms| ms.to_string()),
    ];
    for (unit, buckets) in [("m", &sums.minutes), ("q", &sums.quarters)] {
        for (bucket, nanos) in buckets {
            words.extend([unit.to_owned(), bucket.to_string(), number(*nanos)]);
        }
    }
    words
}

/// A word is missing, or is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Words that are read one after the other.
pub(super) struct Words(IntoIter<String>);

impl Words {
    pub(super) fn new(words: Vec<String>) -> Self {
        Self(words.into_iter())
    }

    fn text(&mut self) -> Result<String, Malformed> {
        self.0.next().ok_or(Malformed)
    }

    fn parsed<T: FromStr>(&mut self) -> Result<T, Malformed> {
        self.text()?.parse().map_err(|_| Malformed)
    }

    /// A value, or nothing.
    fn maybe<T: FromStr>(&mut self) -> Result<Option<T>, Malformed> {
        let word = self.text()?;
        if word.is_empty() { Ok(None) } else { word.parse().map(Some).map_err(|_| Malformed) }
    }

    /// A binding: the provider with the tokens that it has cached, and the call; or nothing twice.
    fn binding(&mut self) -> Result<Option<Binding>, Malformed> {
        let (provider, call) = (self.text()?, self.maybe::<Uuid>()?);
        let Some(call) = call.filter(|_| !provider.is_empty()) else { return Ok(None) };
        // An earlier release did not keep the tokens.
        let (id, cached) = provider.split_once('/').unwrap_or((&provider, "0"));
        Ok(Some(Binding {
            provider_id: ProviderId(id.parse().map_err(|_| Malformed)?),
            call_id: CallId(call),
            cached_tokens: cached.parse().map_err(|_| Malformed)?,
        }))
    }

    /// What `take.lua` answers.
    pub(super) fn heard(mut self) -> Result<Heard, Malformed> {
        let kind = self.text()?;
        if kind == "E" {
            return Ok(Heard::Emptied);
        }
        let generation = self.text()?;
        let answer = if kind == "T" {
            let binding = self.binding()?;
            let remaining = self.0.map(|word| word.parse().map_err(|_| Malformed)).collect::<Result<_, _>>()?;
            Answer::Taken(Taken { binding, remaining })
        } else {
            let (check, used, reserved) = (self.parsed()?, self.parsed()?, self.parsed()?);
            Answer::Refused(Refusal { check, used, reserved, frees_at_ms: self.maybe()?, oldest_ms: self.maybe()? })
        };
        Ok(Heard::Answer(generation, answer))
    }

    /// What `usage.lua` answers.
    pub(super) fn usage(mut self) -> Result<Usage, Malformed> {
        let mut usage = Usage {
            reserved: self.parsed()?,
            five_hours_ms: self.maybe()?,
            requests: self.parsed()?,
            sessions: self.parsed()?,
            rpm: self.parsed()?,
            tpm: self.parsed()?,
            rpm_leaves_ms: self.maybe()?,
            tpm_leaves_ms: self.maybe()?,
            ..Usage::default()
        };
        while self.0.len() > 0 {
            usage.settled.push(self.parsed()?);
            usage.oldest_ms.push(self.maybe()?);
        }
        Ok(usage)
    }

    /// What `sessions.lua` answers.
    pub(super) fn sessions(mut self) -> Result<Vec<ActiveSession>, Malformed> {
        let mut active = Vec::new();
        while self.0.len() > 0 {
            let name = self.text()?;
            let (key_id, id) = name.split_once(':').ok_or(Malformed)?;
            active.push(ActiveSession {
                session: SessionKey { key_id: KeyId(key_id.parse().map_err(|_| Malformed)?), id: id.to_owned() },
                user_id: UserId(self.parsed()?),
                began_ms: self.parsed()?,
                seen_ms: self.parsed()?,
                calls: self.parsed()?,
                in_flight: self.parsed()?,
                binding: self.binding()?,
            });
        }
        Ok(active)
    }
}
