//! Plans: which limits a step looks at, and in which order. Pure.
//!
//! The first limit that is hit is the one that is told, so the order is part of what callers see (docs/rules.md, Limits).

use super::{estimate::Reservation, spans::Spans};
use crate::{
    domain::{
        key::ApiKey,
        limit::{Limited, Limits, Subject},
        provider::Provider,
        user::User,
    },
    state::step::Check,
};

/// The checks before a call begins: everything that limits its key and its user, the key's before the user's of each
/// kind. Empty, and nothing is allocated, where nothing is limited.
///
/// `amount` is what it would reserve; `tokens` is what it counts as.
pub fn caller_checks(key: &ApiKey, user: &User, amount: Reservation, tokens: u64, spans: &Spans) -> Vec<Check> {
    let mut plan = Plan { amount, tokens, spans, checks: Vec::new() };
    for limited in Limited::ALL {
        plan.ask_callers(key, user, limited);
    }
    plan.checks
}

/// The checks before an attempt starts: the money of its key and its user, if somebody called, and then everything that
/// limits its provider. Empty, and nothing is allocated, where nothing is limited.
///
/// `amount` and `tokens` as in [`caller_checks`].
pub fn attempt_checks(
    caller: Option<(&ApiKey, &User)>,
    provider: &Provider,
    amount: Reservation,
    tokens: u64,
    spans: &Spans,
) -> Vec<Check> {
    let mut plan = Plan { amount, tokens, spans, checks: Vec::new() };
    if let Some((key, user)) = caller {
        for limited in Limited::ALL.into_iter().filter(|limited| limited.is_money()) {
            plan.ask_callers(key, user, limited);
        }
    }
    for limited in Limited::ALL {
        plan.ask(Subject::Provider(provider.id), &provider.limits, limited);
    }
    plan.checks
}

/// What is asked for, and the checks so far.
struct Plan<'a> {
    amount: Reservation,
    tokens: u64,
    spans: &'a Spans,
    checks: Vec<Check>,
}

impl Plan<'_> {
    /// The key before its user.
    fn ask_callers(&mut self, key: &ApiKey, user: &User, limited: Limited) {
        self.ask(Subject::Key(key.id), &key.limits, limited);
        self.ask(Subject::User(user.id), &user.limits, limited);
    }

    /// Adds the check of one limit, if there is such a limit.
    fn ask(&mut self, subject: Subject, limits: &Limits, limited: Limited) {
        let Some(check) = self.check(subject, limits, limited) else { return };
        if self.checks.is_empty() {
            // Who is limited at all is mostly limited in several ways.
            self.checks.reserve(2 * Limited::ALL.len());
        }
        self.checks.push(check);
    }

    fn check(&self, subject: Subject, limits: &Limits, limited: Limited) -> Option<Check> {
        match limited {
            Limited::ConcurrentRequests => {
                limits.limit_concurrent_requests.map(|limit| Check::Requests { subject, limit })
            }
            Limited::ConcurrentSessions => {
                limits.limit_concurrent_sessions.map(|limit| Check::Sessions { subject, limit })
            }
            Limited::Rpm => limits.limit_rpm.map(|limit| Check::Rpm { subject, limit }),
            Limited::Tpm => limits.limit_tpm.map(|limit| Check::Tpm { subject, limit, tokens: self.tokens }),
            Limited::Total | Limited::FiveHours | Limited::Daily | Limited::Weekly | Limited::Monthly => {
                Some(Check::Money {
                    subject,
                    window: limited,
                    limit: limits.money(limited)?.scaled(),
                    span: self.spans.of(limited, limits)?,
                    amount: self.amount.in_mode(limits.limit_mode),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use serde_json::json;

    use super::*;
    use crate::{
        domain::{limit::LimitMode, money::Usd},
        limit::spans::Calendars,
    };

    /// Limited in every way.
    fn full(limit_mode: LimitMode) -> Limits {
        let usd = Some(Usd::from_scaled(100));
        Limits {
            limit_rpm: Some(1),
            limit_tpm: Some(2),
            limit_5h_usd: usd,
            limit_daily_usd: usd,
            limit_weekly_usd: usd,
            limit_monthly_usd: usd,
            limit_total_usd: usd,
            limit_concurrent_requests: Some(3),
            limit_concurrent_sessions: Some(4),
            limit_mode,
            ..Limits::default()
        }
    }

    /// A key, a user and a provider with these limits.
    fn parts(key: &Limits, user: &Limits, provider: &Limits) -> (ApiKey, User, Provider) {
        let at = "2026-11-21T10:00:00Z";
        let shared = json!({"id": "1", "name": "a", "enabled": true, "group": [], "created_at": at});
        let with = |limits: &Limits, own: serde_json::Value| {
            let parts = [shared.clone(), serde_json::to_value(limits).unwrap(), own];
            parts.into_iter().flat_map(|part| part.as_object().unwrap().clone()).collect::<serde_json::Value>()
        };
        let provider = with(
            provider,
            json!({"kind": "anthropic", "base_url": "https://a.example", "secret_preview": "", "weight": 1,
                "priority": 0, "cost_multiplier": "1", "models": [], "redirects": [], "on_client_gone": "drain",
                "headers": {}, "group_priorities": {}, "probe": true, "message_queue": false, "failure_rules": [],
                "updated_at": at}),
        );
        (
            serde_json::from_value(with(
                key,
                json!({"user_id": "1", "preview": "", "models": [], "clients": [], "addresses": []}),
            ))
            .unwrap(),
            serde_json::from_value(with(user, json!({"note": "", "role": "user", "tags": [], "has_password": false})))
                .unwrap(),
            serde_json::from_value(provider).unwrap(),
        )
    }

    /// What is reserved in these tests.
    fn amount() -> Reservation {
        let both = [Limits::default(), Limits { limit_mode: LimitMode::Hard, ..Limits::default() }];
        Reservation::of(&both, |mode| if mode == LimitMode::Hard { 50 } else { 5 })
    }

    fn spans() -> Spans {
        let now = "2026-11-21T10:00:00Z".parse().unwrap();
        Calendars::default().at(Tz::UTC, now, now)
    }

    /// Whose limit a check is, and what it counts.
    fn named(check: &Check) -> (&'static str, Limited) {
        match check {
            Check::Money { subject, window, .. } => (subject.kind(), *window),
            Check::Requests { subject, .. } => (subject.kind(), Limited::ConcurrentRequests),
            Check::Sessions { subject, .. } => (subject.kind(), Limited::ConcurrentSessions),
            Check::Rpm { subject, .. } => (subject.kind(), Limited::Rpm),
            Check::Tpm { subject, .. } => (subject.kind(), Limited::Tpm),
        }
    }

    #[test]
    fn callers_are_checked_kind_by_kind_the_key_before_its_user() {
        let (key, user, _) = parts(&full(LimitMode::Soft), &full(LimitMode::Hard), &Limits::default());
        let checks = caller_checks(&key, &user, amount(), 7, &spans());
        let order: Vec<_> = checks.iter().map(named).collect();
        let expected: Vec<_> =
            Limited::ALL.iter().flat_map(|limited| [("key", *limited), ("user", *limited)]).collect();
        assert_eq!(order, expected);
        for check in checks {
            match check {
                Check::Money { subject: Subject::Key(_), amount, .. } => assert_eq!(amount, 5),
                Check::Money { amount, limit, .. } => assert_eq!((amount, limit), (50, 100)),
                Check::Tpm { limit, tokens, .. } => assert_eq!((limit, tokens), (2, 7)),
                Check::Requests { limit, .. } => assert_eq!(limit, 3),
                Check::Sessions { limit, .. } => assert_eq!(limit, 4),
                Check::Rpm { limit, .. } => assert_eq!(limit, 1),
            }
        }
    }

    #[test]
    fn attempts_are_checked_for_the_callers_money_and_then_the_provider() {
        let soft = full(LimitMode::Soft);
        let (key, user, provider) = parts(&soft, &soft, &soft);
        let checks = attempt_checks(Some((&key, &user)), &provider, amount(), 7, &spans());
        let order: Vec<_> = checks.iter().map(named).collect();
        let money = Limited::ALL.iter().filter(|limited| limited.is_money());
        let mut expected: Vec<_> = money.flat_map(|limited| [("key", *limited), ("user", *limited)]).collect();
        expected.extend(Limited::ALL.map(|limited| ("provider", limited)));
        assert_eq!(order, expected);
        let probe = attempt_checks(None, &provider, amount(), 7, &spans());
        assert_eq!(probe.iter().map(named).collect::<Vec<_>>(), Limited::ALL.map(|limited| ("provider", limited)));
    }

    #[test]
    fn where_nothing_is_limited_nothing_is_checked() {
        let none = Limits::default();
        let (key, user, provider) = parts(&none, &none, &none);
        let checks = caller_checks(&key, &user, amount(), 7, &spans());
        assert_eq!((checks.len(), checks.capacity()), (0, 0));
        let checks = attempt_checks(Some((&key, &user)), &provider, amount(), 7, &spans());
        assert_eq!((checks.len(), checks.capacity()), (0, 0));
        // 0 is a limit.
        let (key, user, _) = parts(&Limits { limit_rpm: Some(0), ..Limits::default() }, &none, &none);
        assert_eq!(caller_checks(&key, &user, amount(), 7, &spans()).len(), 1);
    }
}
