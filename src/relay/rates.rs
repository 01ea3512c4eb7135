//! What a caller's rates have left, as the Anthropic wire says it in headers (platform.claude.com, rate limits).

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::state::step::Check;

/// The window of a rate.
const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// The headers of a limit: the limit, what is left of it, when all of it is there again.
const REQUESTS: [HeaderName; 3] = [
    HeaderName::from_static("anthropic-ratelimit-requests-limit"),
    HeaderName::from_static("anthropic-ratelimit-requests-remaining"),
    HeaderName::from_static("anthropic-ratelimit-requests-reset"),
];
const TOKENS: [HeaderName; 3] = [
    HeaderName::from_static("anthropic-ratelimit-tokens-limit"),
    HeaderName::from_static("anthropic-ratelimit-tokens-remaining"),
    HeaderName::from_static("anthropic-ratelimit-tokens-reset"),
];

/// A limit and what is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Left {
    limit: u64,
    remaining: u64,
}

/// What a caller's rates have left; nothing where they have no limit. Of a key's and its user's the tighter one.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    requests: Option<Left>,
    tokens: Option<Left>,
    /// When all of it will be there again at the latest.
    resets_at: Option<DateTime<Utc>>,
}

impl Rates {
    /// From the checks that a step passed, and what they had `remaining`, in the same order.
    pub fn new(checks: &[Check], remaining: &[u64], now: DateTime<Utc>) -> Self {
        let mut rates = Self { resets_at: Some(now + MINUTE), ..Self::default() };
        let limits = checks.iter().filter_map(|check| match check {
            Check::Rpm { limit, .. } => Some((true, u64::from(*limit))),
            Check::Tpm { limit, .. } => Some((false, *limit)),
            _ => None,
        });
        for ((is_requests, limit), remaining) in limits.zip(remaining.iter().copied()) {
            let place = if is_requests { &mut rates.requests } else { &mut rates.tokens };
            if place.is_none_or(|tightest| remaining < tightest.remaining) {
                *place = Some(Left { limit, remaining });
            }
        }
        rates
    }

    /// Writes them into an answer's headers, over what the provider said of its own.
    pub fn announce(&self, headers: &mut HeaderMap) {
        let Some(resets_at) = self.resets_at.filter(|_| self.requests.is_some() || self.tokens.is_some()) else {
            return;
        };
        let reset = HeaderValue::from_str(&resets_at.to_rfc3339_opts(SecondsFormat::Secs, true)).ok();
        let mut say = |left: Option<Left>, [limit, remaining, at]: [HeaderName; 3]| {
            if let Some(left) = left {
                headers.insert(limit, left.limit.into());
                headers.insert(remaining, left.remaining.into());
                headers.extend(reset.clone().map(|reset| (at, reset)));
            }
        };
        say(self.requests, REQUESTS);
        say(self.tokens, TOKENS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        id::{KeyId, UserId},
        limit::Subject,
    };

    #[test]
    fn the_tighter_of_key_and_user_is_told() {
        let (key, user) = (Subject::Key(KeyId(1)), Subject::User(UserId(2)));
        let checks = [
            Check::Requests { subject: key, limit: 9 },
            Check::Rpm { subject: key, limit: 10 },
            Check::Rpm { subject: user, limit: 100 },
            Check::Tpm { subject: user, limit: 1_000, tokens: 5 },
        ];
        let mut headers = HeaderMap::new();
        headers.insert("anthropic-ratelimit-requests-limit", 4_000.into());
        Rates::new(&checks, &[7, 3, 995], DateTime::UNIX_EPOCH).announce(&mut headers);
        let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert_eq!(said("anthropic-ratelimit-requests-limit"), "100");
        assert_eq!(said("anthropic-ratelimit-requests-remaining"), "3");
        assert_eq!(said("anthropic-ratelimit-tokens-remaining"), "995");
        assert_eq!(said("anthropic-ratelimit-tokens-reset"), "1970-01-01T00:01:00Z");
        let mut untouched = HeaderMap::new();
        Rates::new(&checks[..1], &[], DateTime::UNIX_EPOCH).announce(&mut untouched);
        assert!(untouched.is_empty());
    }
}
