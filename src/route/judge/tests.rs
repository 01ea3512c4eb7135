mod quoted;

use http::{HeaderName, HeaderValue};

use super::*;
use crate::upstream::failure::Deadline;

fn now() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// A failure that was an answer.
struct Answer {
    status: u16,
    kind: &'static str,
    code: Option<&'static str>,
    message: &'static str,
    model: &'static str,
    headers: HeaderMap,
}

fn answer(status: u16) -> Answer {
    let kind = match status {
        400 => "invalid_request_error",
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    };
    Answer { status, kind, code: None, message: "no", model: "claude-a", headers: HeaderMap::new() }
}

impl Answer {
    fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    fn says(mut self, message: &'static str) -> Self {
        self.message = message;
        self
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        self
    }

    fn judged_by(&self, rules: &Rules) -> Verdict {
        let (failure, headers) = (Failure::Status(self.status), Some(&self.headers));
        let (error_kind, message, model) = (Some(self.kind), Some(self.message), Some(self.model));
        let bare = Evidence::bare(&failure, now());
        judge(&Evidence { headers, error_kind, error_code: self.code, message, model, ..bare }, rules)
    }

    fn judged(&self) -> Verdict {
        self.judged_by(&[])
    }

    /// Reason and end of the hold that a provider has dated.
    fn dated(&self) -> Option<(HoldReason, Extent, i64)> {
        let plan = self.judged().hold.filter(|plan| plan.source == HoldSource::Provider)?;
        let Term::Until(until) = plan.term else { return None };
        Some((plan.reason, plan.extent, (until - now()).num_seconds()))
    }
}

fn without_answer(failure: &Failure) -> Verdict {
    judge(&Evidence::bare(failure, now()), &[])
}

#[test]
fn a_callers_mistake_is_delivered_and_holds_nothing() {
    for status in [400, 404, 405, 413, 422, 451] {
        let verdict = answer(status).with("retry-after", "30").judged();
        assert_eq!((verdict.class, verdict.blame, verdict.next), (FailureClass::Client, Blame::Caller, Next::Deliver));
        assert_eq!(verdict.hold, None, "{status}");
    }
    for words in ["prompt is too long: 210000 tokens > 200000 maximum", "Input is too long for requested model."] {
        assert_eq!(answer(400).says(words).judged().next, Next::Deliver);
    }
    // A real 5xx is never the caller's mistake, whatever it says.
    assert_eq!(answer(500).says("prompt is too long").judged().class, FailureClass::Server);
}

#[test]
fn a_signature_that_is_not_accepted_is_repaired() {
    for words in [
        "messages.1.content.0: Invalid `signature` in `thinking` block",
        "messages.1.content.0.thinking.signature: Field required",
        "messages.5: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified.",
    ] {
        let verdict = answer(400).says(words).judged();
        assert_eq!((verdict.class, verdict.next, verdict.hold), (FailureClass::Client, Next::Repair, None), "{words}");
    }
    assert_eq!(answer(500).says("Invalid `signature` in `thinking` block").judged().next, Next::Retry);
}

#[test]
fn each_failure_has_its_class_and_what_follows() {
    use FailureClass as Class;
    for (status, class, blame, next) in [
        (302, Class::Malformed, Blame::Provider, Next::Switch),
        (401, Class::Credential, Blame::Credential, Next::Switch),
        (402, Class::Entitlement, Blame::Credential, Next::Switch),
        (403, Class::Entitlement, Blame::Credential, Next::Switch),
        (408, Class::Timeout, Blame::Provider, Next::Switch),
        (409, Class::Server, Blame::Provider, Next::Retry),
        (425, Class::Server, Blame::Provider, Next::Retry),
        (429, Class::RateLimit, Blame::Credential, Next::Switch),
        (500, Class::Server, Blame::Provider, Next::Retry),
        (503, Class::Server, Blame::Provider, Next::Retry),
        (529, Class::Overload, Blame::Provider, Next::Retry),
        (999, Class::Malformed, Blame::Provider, Next::Switch),
    ] {
        let verdict = answer(status).judged();
        assert_eq!((verdict.class, verdict.blame, verdict.next), (class, blame, next), "{status}");
    }
    for (failure, class, blame, next) in [
        (Failure::Connect(String::new()), Class::Network, Blame::Network, Next::Switch),
        (Failure::Reset(String::new()), Class::Network, Blame::Network, Next::Retry),
        (Failure::Proxy(String::new()), Class::Proxy, Blame::Network, Next::Switch),
        (Failure::Timeout(Deadline::Idle), Class::Timeout, Blame::Provider, Next::Switch),
        (Failure::Malformed(String::new()), Class::Malformed, Blame::Provider, Next::Switch),
    ] {
        let verdict = without_answer(&failure);
        assert_eq!((verdict.class, verdict.blame, verdict.next), (class, blame, next), "{failure:?}");
    }
    // An overload is one under any status, and a web page with status 403 is about the way, not about the account.
    assert_eq!(answer(503).kind("overloaded_error").judged().class, Class::Overload);
    let page = answer(403).kind("").judged();
    assert_eq!((page.class, page.hold), (Class::Malformed, None));
}

#[test]
fn what_no_date_is_given_for_is_held_for_as_long_as_we_think() {
    let plan = |answer: Answer| answer.judged().hold.map(|plan| (plan.reason, plan.extent, plan.source, plan.term));
    let doubling = |first_s, max_s| Term::Doubling { first_s, max_s };
    let ours = |reason, extent, term| Some((reason, extent, HoldSource::Hub, term));
    assert_eq!(plan(answer(429)), ours(HoldReason::RateLimit, Extent::Model, doubling(60, 60)));
    assert_eq!(plan(answer(529)), ours(HoldReason::Overload, Extent::Model, doubling(10, 300)));
    assert_eq!(plan(answer(401)), ours(HoldReason::Credential, Extent::Credential, Term::Open));
    assert_eq!(plan(answer(403)), ours(HoldReason::Entitlement, Extent::Model, Term::Open));
    for spent in [
        answer(402),
        answer(400).says("Your credit balance is too low to access the Anthropic API."),
        answer(429).says("This organization has reached its monthly spend limit."),
    ] {
        assert_eq!(plan(spent), ours(HoldReason::SpendLimit, Extent::Credential, doubling(1_800, 1_800)));
    }
    assert_eq!(plan(answer(500)), None);
    let proxy = without_answer(&Failure::Proxy(String::new())).hold.unwrap();
    assert_eq!((proxy.reason, proxy.extent, proxy.term), (HoldReason::Proxy, Extent::Provider, doubling(60, 300)));
}

#[test]
fn a_provider_dates_its_limits_in_many_ways() {
    use HoldReason::{Overload, QuotaWindow, RateLimit, SpendLimit};
    let limited = || answer(429);
    let rate = |seconds| Some((RateLimit, Extent::Model, seconds));
    assert_eq!(limited().with("retry-after", "30").dated(), rate(30));
    assert_eq!(limited().with("retry-after", "1.5").dated(), rate(2));
    assert_eq!(limited().with("retry-after", "Sat, 21 Nov 2026 12:02:00 GMT").dated(), rate(120));
    assert_eq!(limited().with("retry-after", "9").with("retry-after-ms", "4000").dated(), rate(4));
    for nonsense in ["soon", "-5", "", "1e9", "Sat, 21 Nov 2026 11:00:00 GMT", "0"] {
        assert_eq!(limited().with("retry-after", nonsense).dated(), None, "{nonsense}");
    }
    // Of the buckets that are empty the last one to be filled counts.
    let buckets = limited()
        .with("anthropic-ratelimit-requests-remaining", "0")
        .with("anthropic-ratelimit-requests-reset", "2026-11-21T12:00:20Z")
        .with("anthropic-ratelimit-input-tokens-remaining", "0")
        .with("anthropic-ratelimit-input-tokens-reset", "2026-11-21T12:00:45Z")
        .with("anthropic-ratelimit-output-tokens-remaining", "1000")
        .with("anthropic-ratelimit-output-tokens-reset", "2026-11-21T12:01:00Z");
    assert_eq!(buckets.dated(), rate(45));
    let reset = (now() + TimeDelta::minutes(20)).timestamp().to_string();
    let quota = limited()
        .with("anthropic-ratelimit-unified-status", "rejected")
        .with("anthropic-ratelimit-unified-5h-status", "rejected")
        .with("anthropic-ratelimit-unified-reset", &reset);
    assert_eq!(quota.dated(), Some((QuotaWindow, Extent::Credential, 1_200)));
    let spent = answer(400)
        .says("You have reached your specified API usage limits. You will regain access on 2026-12-01 at 06:30 UTC.");
    assert_eq!(spent.dated(), Some((SpendLimit, Extent::Credential, (9 * 24 + 18) * 3_600 + 30 * 60)));
    assert_eq!(answer(503).with("retry-after", "7").dated(), Some((Overload, Extent::Provider, 7)));
    assert_eq!(answer(529).with("retry-after", "7").dated(), Some((Overload, Extent::Model, 7)));
    assert_eq!(answer(401).with("retry-after", "7").dated(), None);
}

#[test]
fn a_used_up_quota_holds_the_secret_only_if_it_is_that_of_all_models() {
    let quota = |windows: [&str; 2]| {
        let [hours, week] = windows;
        let rejected = answer(429).with("anthropic-ratelimit-unified-status", "rejected").with("retry-after", "60");
        let rejected = rejected.with("anthropic-ratelimit-unified-5h-status", hours);
        let plan = rejected.with("anthropic-ratelimit-unified-7d-status", week).dated().unwrap();
        (plan.0, plan.1)
    };
    assert_eq!(quota(["rejected", "allowed"]), (HoldReason::QuotaWindow, Extent::Credential));
    assert_eq!(quota(["allowed", "rejected"]), (HoldReason::QuotaWindow, Extent::Credential));
    assert_eq!(quota(["allowed_warning", "allowed"]), (HoldReason::QuotaWindow, Extent::Model));
    let untold = answer(429).with("anthropic-ratelimit-unified-status", "rejected").with("retry-after", "60");
    assert_eq!(untold.dated(), Some((HoldReason::QuotaWindow, Extent::Model, 60)));
}

#[test]
fn what_one_request_asked_for_beyond_the_usual_holds_nothing_for_the_others() {
    let fast = || answer(429).with("anthropic-fast-input-tokens-remaining", "0").with("retry-after", "20");
    let verdict = fast().judged();
    assert_eq!((verdict.class, verdict.next), (FailureClass::RateLimit, Next::Switch));
    assert_eq!((verdict.hold, verdict.retry_after_ms), (None, Some(20_000)));
    // A limit of all speeds may be told together with those of fast mode.
    let bucket = fast()
        .with("anthropic-ratelimit-requests-remaining", "0")
        .with("anthropic-ratelimit-requests-reset", "2026-11-21T12:00:20Z");
    assert_eq!(bucket.dated(), Some((HoldReason::RateLimit, Extent::Model, 20)));
    let quota = fast().with("anthropic-ratelimit-unified-status", "rejected");
    assert_eq!(quota.dated(), Some((HoldReason::QuotaWindow, Extent::Model, 20)));
    for (status, words) in [
        (429, "Extra usage is required for long context requests."),
        (429, "Extra usage is required for 1M context"),
        (402, "Usage credits required for 1M context"),
    ] {
        let verdict = answer(status).says(words).with("retry-after", "30").judged();
        assert_eq!((verdict.class, verdict.next), (FailureClass::Entitlement, Next::Switch), "{words}");
        assert_eq!(verdict.hold, None, "{words}");
    }
}

#[test]
fn a_spend_limit_is_known_by_its_code() {
    let spent = Answer { code: Some("enforced_spend_limit_reached"), ..answer(429) };
    assert_eq!(spent.judged().class, FailureClass::Entitlement);
    let spent = spent.says("Your organization has crossed its monthly usage. You will regain access on 2026-12-01.");
    assert_eq!(spent.dated(), Some((HoldReason::SpendLimit, Extent::Credential, (9 * 24 + 12) * 3_600)));
    let other = Answer { code: Some("another"), ..answer(429) };
    assert_eq!(other.judged().class, FailureClass::RateLimit);
    let workspace = answer(400).says("You have reached your specified workspace API usage limits.");
    assert_eq!(workspace.judged().class, FailureClass::Entitlement);
}

#[test]
fn what_a_caller_can_make_a_provider_say_uses_up_no_money() {
    for (status, words) in [
        (404, "model: x spend limit 2027-09-01"),
        (404, "model: you have reached your specified api usage limits. you will regain access on 2027-09-01"),
        (400, "messages: Unexpected role \"your credit balance is too low\"."),
    ] {
        let verdict = answer(status).says(words).judged();
        assert_eq!((verdict.class, verdict.hold), (FailureClass::Client, None), "{status} {words}");
    }
    // Nor does it date what is used up.
    assert_eq!(answer(402).says("No money for claude-2027-09-01 or 2027-09-01.").dated(), None);
}

#[test]
fn a_401_about_one_request_or_one_model_takes_no_secret_away() {
    let verdict = answer(401).says("OAuth authentication is currently not supported.").judged();
    assert_eq!((verdict.class, verdict.next, verdict.hold), (FailureClass::Entitlement, Next::Switch, None));
    let denied = "key_model_access_denied";
    for answer in [answer(401).kind(denied), Answer { code: Some(denied), ..answer(401) }] {
        let held = answer.judged().hold.map(|plan| (plan.reason, plan.extent));
        assert_eq!(held, Some((HoldReason::Entitlement, Extent::Model)));
    }
}

#[test]
fn what_is_over_already_is_no_date() {
    for past in ["0", "Sat, 21 Nov 2026 11:00:00 GMT"] {
        let limited = answer(429).with("retry-after", past);
        assert_eq!(limited.judged().hold, answer(429).judged().hold, "{past}");
        let bucket = limited
            .with("anthropic-ratelimit-requests-remaining", "0")
            .with("anthropic-ratelimit-requests-reset", "2026-11-21T12:00:20Z");
        assert_eq!(bucket.dated(), Some((HoldReason::RateLimit, Extent::Model, 20)), "{past}");
    }
}

#[test]
fn an_account_that_was_closed_is_a_refused_secret_under_any_status() {
    for (status, words) in [
        (400, "This organization has been disabled."),
        (403, "This organization has been disabled."),
        (403, "Your organization has been disabled"),
        (403, "OAuth authentication is currently not allowed for this organization."),
    ] {
        let verdict = answer(status).says(words).judged();
        assert_eq!((verdict.class, verdict.next), (FailureClass::Credential, Next::Switch), "{status} {words}");
        let held = verdict.hold.map(|plan| (plan.reason, plan.extent));
        assert_eq!(held, Some((HoldReason::Credential, Extent::Credential)));
    }
    // What a caller can make a provider say takes no secret away.
    let quoted = answer(400).says("messages: Unexpected role \"this organization has been disabled\".");
    assert_eq!((quoted.judged().class, quoted.judged().hold), (FailureClass::Client, None));
}

#[test]
fn a_date_is_believed_for_half_an_hour_unless_money_is_used_up() {
    assert_eq!(answer(429).with("retry-after", "86400").dated().unwrap().2, 1_800);
    assert_eq!(answer(402).with("retry-after", "86400").dated().unwrap().2, 86_400);
    let too_far = answer(402).says("You will regain access on 9999-12-31.");
    assert_eq!(too_far.dated(), None);
}

#[test]
fn the_provider_may_forbid_a_retry_and_say_when_to_come_back() {
    assert_eq!(answer(500).with("x-should-retry", "false").judged().next, Next::Switch);
    assert_eq!(answer(500).with("x-should-retry", "true").judged().next, Next::Retry);
    assert_eq!(answer(400).with("x-should-retry", "true").judged().next, Next::Deliver);
    assert_eq!(answer(529).with("retry-after", "2").judged().retry_after_ms, Some(2_000));
    assert_eq!(answer(529).judged().retry_after_ms, None);
}

#[test]
fn a_providers_own_lines_go_first() {
    let rule = |status, kind: Option<&str>, message: Option<&str>, class| FailureRule {
        cause: None,
        status,
        kind: kind.map(str::to_owned),
        message: message.map(str::to_owned),
        class,
    };
    let rules = [
        rule(Some(404), None, Some("*NO account*"), FailureClass::Entitlement),
        rule(None, Some("quota_error"), None, FailureClass::RateLimit),
        rule(Some(500), None, None, FailureClass::Client),
    ];
    let class = |answer: Answer| answer.judged_by(&rules).class;
    assert_eq!(class(answer(404).says("no Account in this group")), FailureClass::Entitlement);
    assert_eq!(class(answer(404)), FailureClass::Client);
    assert_eq!(class(answer(400).kind("quota_error")), FailureClass::RateLimit);
    assert_eq!(class(answer(500)), FailureClass::Client);
    assert_eq!(class(answer(502)), FailureClass::Server);
}

#[test]
fn a_line_may_name_how_an_attempt_failed_where_there_was_no_answer() {
    let rule = |cause: &str, class| FailureRule {
        cause: Some(cause.to_owned()),
        status: None,
        kind: None,
        message: None,
        class,
    };
    let rules = [
        rule("first_byte_timeout", FailureClass::Overload),
        rule("malformed", FailureClass::RateLimit),
        rule("call_deadline", FailureClass::Timeout),
    ];
    let judged = |failure: &Failure, rules: &Rules| judge(&Evidence::bare(failure, now()), rules);
    let late = Failure::Timeout(Deadline::FirstByte);
    assert_eq!(
        (judged(&late, &rules).class, judged(&late, &[]).class),
        (FailureClass::Overload, FailureClass::Timeout)
    );
    let page = Failure::Malformed("a web page instead of an answer".to_owned());
    assert_eq!(judged(&page, &rules).class, FailureClass::RateLimit);
    assert_eq!(judged(&Failure::Timeout(Deadline::Idle), &rules), judged(&Failure::Timeout(Deadline::Idle), &[]));
    let reset = Failure::Reset("no".to_owned());
    assert_eq!(judged(&reset, &rules), judged(&reset, &[]));
    // A status goes with `status` alone.
    assert_eq!(answer(500).judged_by(&[rule("malformed", FailureClass::Client)]).class, FailureClass::Server);
    assert_eq!(answer(500).judged_by(&[rule("status", FailureClass::Client)]).class, FailureClass::Client);
    // An operator may charge the provider with a call's own time.
    let deadline = Failure::Timeout(Deadline::Call);
    assert!(judged(&deadline, &rules).counts() && !judged(&deadline, &[]).counts());
}

#[test]
fn a_calls_own_time_is_charged_to_no_provider() {
    let judged = |deadline| judge(&Evidence::bare(&Failure::Timeout(deadline), now()), &[]);
    let late = judged(Deadline::Call);
    assert_eq!((late.class, late.blame, late.next), (FailureClass::Timeout, Blame::Caller, Next::Deliver));
    assert!(!late.counts());
    for deadline in [Deadline::FirstByte, Deadline::Idle, Deadline::Total] {
        assert!(judged(deadline).counts(), "{deadline:?}");
    }
}

#[test]
fn globs_match_whole_texts_case_aside() {
    for (glob, text) in [("*", ""), ("", ""), ("a*c", "aXXc"), ("a?c", "abc"), ("*b*b*", "abcb"), ("*aab", "aaaab")] {
        assert!(matches(glob, text), "{glob} {text}");
    }
    for (glob, text) in [("", "a"), ("?", ""), ("a*c", "aXXd"), ("a", "ab"), ("*b*b*", "abc"), ("?*", "")] {
        assert!(!matches(glob, text), "{glob} {text}");
    }
    assert!(matches("*PROMPT is*", "the prompt IS long"));
    // Only the beginning of a long text is looked at, so that no text makes it slow.
    assert!(!matches("*end*", &format!("{}end", "a".repeat(MESSAGE_BYTES_MAX))));
}
