//! A limit that a call does not fit into, in words and in headers.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::domain::limit::{Amount, Limited, Subject};

/// The limit that a call does not fit into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverLimit {
    /// Whose limit.
    pub subject: Subject,
    /// Which one.
    pub limited: Limited,
    /// What is used.
    pub used: Amount,
    /// What running calls have reserved beside it; none for what is not money.
    pub reserved: Option<Amount>,
    /// The limit.
    pub limit: Amount,
    /// When it is free again, or a part of it; none if only an operator can change that.
    pub resets_at: Option<DateTime<Utc>>,
    /// True if nothing is in the way but what running calls have reserved: it is free again as they end.
    pub frees_with_calls: bool,
    /// Seconds after which trying again may help.
    pub retry_after_s: u32,
}

impl OverLimit {
    /// The status that says it: money is 402, everything else passes with time (docs/rules.md, Limits).
    pub const fn status(&self) -> u16 {
        if self.limited.is_money() { 402 } else { 429 }
    }

    /// One word for machines.
    pub const fn cause(&self) -> &'static str {
        match self.limited {
            Limited::Total => "limit_total",
            Limited::ConcurrentRequests => "limit_concurrent_requests",
            Limited::ConcurrentSessions => "limit_concurrent_sessions",
            Limited::Rpm => "limit_rpm",
            Limited::Tpm => "limit_tpm",
            Limited::FiveHours => "limit_5h",
            Limited::Daily => "limit_daily",
            Limited::Weekly => "limit_weekly",
            Limited::Monthly => "limit_monthly",
        }
    }

    /// A sentence for people: whose limit, what was used, the limit, and when it resets.
    pub fn message(&self) -> String {
        let whose = match self.subject {
            Subject::Key(_) => "this key",
            Subject::User(_) => "the user of this key",
            Subject::Provider(_) => "the provider",
        };
        let of_what = match self.limited {
            Limited::Total => "in total",
            Limited::ConcurrentRequests => "calls at the same time",
            Limited::ConcurrentSessions => "sessions at the same time",
            Limited::Rpm => "calls in a minute",
            Limited::Tpm => "tokens in a minute",
            Limited::FiveHours => "in five hours",
            Limited::Daily => "in a day",
            Limited::Weekly => "in a week",
            Limited::Monthly => "in a month",
        };
        let reserved = self.reserved.map(|reserved| format!(" and reserved {reserved}")).unwrap_or_default();
        let then = match (self.limited, self.resets_at) {
            (Limited::ConcurrentRequests | Limited::ConcurrentSessions, _) => "try again when one has ended".to_owned(),
            _ if self.frees_with_calls => "what is reserved is free again when running calls have ended".to_owned(),
            (_, Some(at)) => format!("it resets at {}", at.to_rfc3339_opts(SecondsFormat::Secs, true)),
            (_, None) => "ask the hub's operator".to_owned(),
        };
        format!(
            "{}: {whose} has used {}{reserved} of {} {of_what}; {then}",
            self.limited.field(),
            self.used,
            self.limit
        )
    }

    /// What the Anthropic wire says of it in headers (platform.claude.com, rate limits): for rates only.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let names = match self.limited {
            Limited::Rpm => [
                "anthropic-ratelimit-requests-limit",
                "anthropic-ratelimit-requests-remaining",
                "anthropic-ratelimit-requests-reset",
            ],
            Limited::Tpm => [
                "anthropic-ratelimit-tokens-limit",
                "anthropic-ratelimit-tokens-remaining",
                "anthropic-ratelimit-tokens-reset",
            ],
            _ => return Vec::new(),
        };
        let left = match (self.limit, self.used) {
            (Amount::Count(limit), Amount::Count(used)) => limit.saturating_sub(used),
            _ => 0,
        };
        let reset = self.resets_at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)).unwrap_or_default();
        names.into_iter().zip([self.limit.to_string(), left.to_string(), reset]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::KeyId;

    #[test]
    fn a_limit_is_named_with_what_is_used_and_when_it_resets() {
        let over = OverLimit {
            subject: Subject::Key(KeyId(1)),
            limited: Limited::Daily,
            used: Amount::Usd("4.9".parse().unwrap()),
            reserved: Some(Amount::Usd("0.2".parse().unwrap())),
            limit: Amount::Usd("5".parse().unwrap()),
            resets_at: DateTime::from_timestamp(1_700_000_000, 0),
            frees_with_calls: false,
            retry_after_s: 10,
        };
        assert_eq!(
            over.message(),
            "limit_daily_usd: this key has used 4.9 USD and reserved 0.2 USD of 5 USD in a day; it resets at 2023-11-14T22:13:20Z"
        );
        assert_eq!((over.status(), over.headers()), (402, Vec::new()));
        let reserved = OverLimit { limited: Limited::Total, resets_at: None, frees_with_calls: true, ..over.clone() };
        assert_eq!(
            reserved.message(),
            "limit_total_usd: this key has used 4.9 USD and reserved 0.2 USD of 5 USD in total; what is reserved is free again when running calls have ended"
        );
        let over = OverLimit { limited: Limited::Rpm, used: Amount::Count(7), limit: Amount::Count(7), ..over };
        assert_eq!(over.status(), 429);
        assert_eq!(over.headers()[1], ("anthropic-ratelimit-requests-remaining", "0".to_owned()));
    }
}
