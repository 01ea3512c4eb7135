//! The one place that decides what a failed attempt means. Pure, so the table below is its specification.

use crate::{
    domain::decision::{Blame, Next, Verdict},
    upstream::failure::Failure,
};

/// Whom a failure is charged to, and what follows (docs/rules.md, Routing).
pub const fn judge(failure: &Failure) -> Verdict {
    let (blame, next) = match failure {
        Failure::Connect(_) | Failure::Proxy(_) | Failure::Reset(_) => (Blame::Network, Next::Switch),
        Failure::Timeout(_) | Failure::Malformed(_) => (Blame::Provider, Next::Switch),
        Failure::Status(status) => of_status(*status),
    };
    Verdict { blame, next }
}

const fn of_status(status: u16) -> (Blame, Next) {
    match status {
        401 | 402 | 403 | 429 => (Blame::Credential, Next::Switch),
        0..=399 | 408 | 409 | 425 | 500.. => (Blame::Provider, Next::Switch),
        400..=499 => (Blame::Caller, Next::Deliver),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(failure: &Failure, blame: Blame, next: Next) {
        assert_eq!(judge(failure), Verdict { blame, next }, "{failure:?}");
    }

    #[test]
    fn a_callers_mistake_is_delivered_and_charged_to_nobody_else() {
        for status in [400, 404, 413, 422] {
            check(&Failure::Status(status), Blame::Caller, Next::Deliver);
        }
    }

    #[test]
    fn a_refused_credential_moves_on_and_is_not_the_providers_fault() {
        for status in [401, 402, 403, 429] {
            check(&Failure::Status(status), Blame::Credential, Next::Switch);
        }
    }

    #[test]
    fn everything_else_moves_on() {
        for status in [500, 502, 503, 504, 529, 302] {
            check(&Failure::Status(status), Blame::Provider, Next::Switch);
        }
        check(&Failure::Connect(String::new()), Blame::Network, Next::Switch);
        check(&Failure::Proxy(String::new()), Blame::Network, Next::Switch);
        check(&Failure::Reset(String::new()), Blame::Network, Next::Switch);
        check(&Failure::Malformed(String::new()), Blame::Provider, Next::Switch);
    }
}
