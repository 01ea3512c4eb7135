//! A test call: one small real request to one provider.

use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use http::{HeaderMap, HeaderValue, Method, header, uri::PathAndQuery};
use serde_json::{Value, json};

use super::{account::Reserved, trail::Trail};
use crate::{
    clock,
    domain::{
        attempt::AttemptResult,
        call::{CallError, Outcome},
        decision::{Candidate, Choice, FailureClass},
        fault::Fault,
        hold::HoldReason,
        id::{AttemptId, ProviderId},
        provider::{Provider, ProviderTestResult},
        settings::Settings,
    },
    health::{self, End},
    hub::Hub,
    limit::estimate::Request,
    route::{
        judge::{Evidence, Verdict, judge},
        snapshot::{Upstream, note},
    },
    upstream::{
        attempt::{Ask, Failed, Reply, Whole, attempt},
        failure::Failure,
        request::{self, Outgoing},
    },
    wire::{bound::Bound, tap::Tap},
};

/// The longest answer that is asked for.
const TOKENS_MAX: u64 = 16;

/// Characters of an answer that are shown.
const ANSWER_CHARS_MAX: usize = 2_000;

/// How late the next probe may begin.
const LATE: TimeDelta = TimeDelta::seconds(1);

/// What a provider is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Asked<'a> {
    /// A model as a caller would ask for it: redirects apply.
    AsAsked(&'a str),
    /// A model as it is sent there.
    AsSent(&'a str),
}

/// Asks a provider for a few words, for at most as long as `patience` says. The call is recorded as a probe: it counts
/// for the provider only.
pub async fn probe(
    hub: &Hub,
    provider_id: ProviderId,
    asked: Asked<'_>,
    patience: Duration,
) -> Result<ProviderTestResult, Fault> {
    let snapshot = hub.snapshot.load_full();
    let upstream = snapshot.upstream(provider_id).ok_or_else(|| Fault::not_found("provider"))?;
    let (model, model_sent) = match asked {
        Asked::AsAsked(model) => (model, upstream.model_sent(model)),
        Asked::AsSent(model) => (model, model),
    };
    let body = json!({"model": model_sent, "max_tokens": TOKENS_MAX, "messages": [{"role": "user", "content": "Answer with OK."}]});
    let body = Bytes::from(body.to_string());

    let mut trail = Trail::begin_probe(hub, asked);
    if trail.open(&body).is_err() {
        return Err(busy(trail));
    }
    trail.note_choice(only(upstream));
    let id = AttemptId::fresh();
    trail.account.weigh(weigh(&body));
    if !matches!(trail.reserve(id, upstream, model).await, Reserved::Yes) {
        return Err(limited(trail));
    }
    let headers = headers(upstream);
    let ask = Ask {
        outgoing: Outgoing {
            method: &Method::POST,
            target: &PathAndQuery::from_static("/v1/messages"),
            headers: &headers,
        },
        body,
        wants_stream: false,
        is_message: true,
        gate: Duration::ZERO,
        began: trail.began,
        deadline: trail.began + patience,
    };
    let began = clock::now();
    let _trial = hub.health.admit(&upstream.provider, began);
    let result = match trail.begin_attempt(id, upstream, model, Duration::ZERO) {
        Ok((current, on_head)) => Some(attempt(upstream, ask, current, on_head).await),
        Err(_) => None,
    };
    let Some(result) = result else { return Err(busy(trail)) };
    let outcome = health::Outcome {
        provider: &upstream.provider,
        credential_id: upstream.credential_id,
        model_sent,
        call_id: trail.call_id,
        began,
        end: End::Success,
    };
    let verdict = match &result {
        Ok(_) => {
            hub.health.answered(&outcome, clock::now());
            None
        }
        Err(failed) => {
            let next = next(&snapshot.settings, &upstream.provider, patience);
            Some(note_failure((hub, upstream), &outcome, failed, next))
        }
    };
    Ok(report(trail, model_sent, result, verdict.as_ref()))
}

/// After how long another probe will be over, if there will be one.
fn next(settings: &Settings, provider: &Provider, patience: Duration) -> Option<TimeDelta> {
    let interval = TimeDelta::seconds(settings.probe_interval_s.into());
    let goes_on = !interval.is_zero() && provider.enabled && provider.probe;
    goes_on.then(|| interval + TimeDelta::from_std(patience).unwrap_or_default() + LATE)
}

/// Tells the book of holds how a probe has failed, and returns what that means. `next` is after how long another one will
/// be over, if there will be one. What has failed as the provider is no longer reached says nothing about it.
fn note_failure(
    (hub, upstream): (&Hub, &Upstream),
    outcome: &health::Outcome<'_>,
    failed: &Failed,
    next: Option<TimeDelta>,
) -> Verdict {
    let now = clock::now();
    let evidence = Evidence::of(failed, Some(outcome.model_sent), now);
    let verdict = judge(&evidence, &outcome.provider.failure_rules);
    let error = failed.failure.error(failed.message.as_deref());
    let hold = verdict.hold.filter(|plan| may_hold(plan.reason));
    let end = End::Failure { counts: verdict.counts(), hold, message: &error.message };
    let outcome = health::Outcome { end, ..*outcome };
    if !hub.snapshot.load().still_reaches(upstream) {
        return verdict;
    }
    if verdict.class == FailureClass::Client {
        // It does not know the model, perhaps, but it is there.
        hub.health.reached(&outcome, now);
        if takes_secret(failed) {
            hub.health.accepted(&outcome, now);
        }
        return verdict;
    }
    note(hub, upstream, &outcome, now);
    if let Some(next) = next.filter(|_| is_still_down(&failed.failure, verdict.class)) {
        hub.health.prolong(outcome.provider, next, now);
    }
    verdict
}

/// True if a probe's failure may put something on hold. What a provider says about the secret and the account it may say
/// about the probe alone, which does not look like what clients send: the first of their calls finds out. A hold that
/// there is already has no end, and stays.
const fn may_hold(reason: HoldReason) -> bool {
    !matches!(reason, HoldReason::Credential | HoldReason::Entitlement)
}

/// True if an answer that blames the request shows that the secret was taken: an error of the wire, with a status that
/// is only given to whoever is known.
fn takes_secret(failed: &Failed) -> bool {
    matches!(failed.failure, Failure::Status(400 | 404 | 422)) && failed.kind.is_some()
}

/// True if a probe has failed as any call would, in time or not. One that was turned away says nothing: a client's call
/// might be let through.
const fn is_still_down(failure: &Failure, class: FailureClass) -> bool {
    let is_turned_away = matches!(failure, Failure::Status(400..=499));
    let is_broken = matches!(
        class,
        FailureClass::Server
            | FailureClass::Network
            | FailureClass::Timeout
            | FailureClass::Malformed
            | FailureClass::Overload
            | FailureClass::Proxy
    );
    is_broken && !is_turned_away
}

/// What a test can cost: little.
fn weigh(body: &Bytes) -> Request {
    Request {
        body_bytes: u64::try_from(body.len()).unwrap_or(u64::MAX),
        max_tokens: Some(TOKENS_MAX),
        recent_output: Some(TOKENS_MAX),
        bound: Some(Bound::read(body)),
    }
}

/// The provider is at a limit of its own, which counts for tests too.
fn limited(mut trail: Trail) -> Fault {
    let why = "is at a limit of its own";
    trail.close(Outcome::Rejected, Some(CallError::new("providers_limited", format!("the provider {why}"))));
    Fault::Conflict { field: "provider".to_owned(), why: why.to_owned() }
}

/// The test cannot be recorded.
fn busy(mut trail: Trail) -> Fault {
    trail.close(Outcome::Rejected, Some(CallError::new("ledger_full", "the hub cannot record calls just now")));
    Fault::Busy
}

/// The choice of a test: there is none.
fn only(upstream: &Upstream) -> Choice {
    let provider = &upstream.provider;
    let candidate = Candidate {
        provider_id: provider.id,
        name: provider.name.clone(),
        priority: provider.priority,
        weight: provider.weight,
        skip: None,
        hold: None,
        at_limit: None,
    };
    Choice { candidates: vec![candidate], provider_id: Some(provider.id), ..Choice::default() }
}

fn headers(upstream: &Upstream) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("switchyard/", env!("CARGO_PKG_VERSION"))));
    if upstream.secret.as_ref().is_some_and(request::is_token) {
        // Without it a token is refused, however good it is; clients that use one send it themselves.
        headers.insert("anthropic-beta", HeaderValue::from_static("oauth-2025-04-20"));
    }
    headers
}

/// Settles the test and says what came back.
fn report(
    mut trail: Trail,
    model: &str,
    result: Result<Reply, Failed>,
    verdict: Option<&Verdict>,
) -> ProviderTestResult {
    let mut shown = ProviderTestResult {
        call_id: trail.call_id,
        ok: false,
        status: None,
        model: model.to_owned(),
        answer: String::new(),
        cause: None,
        error: None,
        usage: crate::domain::usage::Usage::default(),
        first_byte_ms: None,
        duration_ms: 0,
    };
    match result {
        Ok(Reply::Whole(mut whole)) => {
            shown.ok = true;
            shown.answer = answer(&whole);
            succeed(&mut trail, &mut shown, whole.status, &mut whole.tap);
        }
        Ok(Reply::Streaming(mut streaming)) => {
            shown.cause = Some("malformed".to_owned());
            shown.error = Some("the provider streamed an answer that was not asked for as a stream".to_owned());
            succeed(&mut trail, &mut shown, streaming.status, &mut streaming.tap);
        }
        Err(mut failed) => {
            let error = failed.failure.error(failed.message.as_deref());
            shown.status = failed.answer.as_ref().map(|whole| whole.status);
            shown.answer = failed.answer.as_deref().map(answer).unwrap_or_default();
            shown.cause = Some(error.cause.clone());
            shown.error = Some(error.message.clone());
            shown.first_byte_ms = trail.current_first_byte_ms();
            if let Some(verdict) = verdict {
                trail.fail_attempt(error.clone(), verdict, failed.charged());
            }
            if let Some(status) = shown.status {
                trail.committed(status);
            }
            trail.close(Outcome::Failed, Some(error));
        }
    }
    shown.duration_ms = clock::ms_since(trail.began);
    shown
}

fn succeed(trail: &mut Trail, shown: &mut ProviderTestResult, status: u16, tap: &mut Tap) {
    shown.status = Some(status);
    shown.first_byte_ms = trail.current_first_byte_ms();
    shown.usage = tap.settle(0).0;
    trail.committed(status);
    trail.settle_attempt(AttemptResult::Completed, None, tap);
    trail.close(Outcome::Completed, None);
}

/// The text of an answer, or its beginning as it is.
fn answer(whole: &Whole) -> String {
    let text = serde_json::from_slice::<Value>(&whole.body).ok().and_then(|message| {
        let blocks = message.get("content")?.as_array()?;
        let texts: Vec<&str> = blocks.iter().filter_map(|block| block.get("text")?.as_str()).collect();
        Some(texts.join("\n"))
    });
    let text = text.unwrap_or_else(|| String::from_utf8_lossy(&whole.body).into_owned());
    text.chars().take(ANSWER_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::failure::Deadline;

    #[test]
    fn a_provider_is_still_down_if_a_probe_fails_or_has_no_time_left_but_not_if_it_is_turned_away() {
        let is_down = |failure: Failure| {
            let class = judge(&Evidence::bare(&failure, clock::now()), &[]).class;
            is_still_down(&failure, class)
        };
        for deadline in [Deadline::FirstByte, Deadline::Idle, Deadline::Total, Deadline::Call] {
            assert!(is_down(Failure::Timeout(deadline)), "{deadline:?}");
        }
        for status in [500, 502, 503, 529] {
            assert!(is_down(Failure::Status(status)), "{status}");
        }
        assert!(is_down(Failure::Connect(String::new())) && is_down(Failure::Malformed(String::new())));
        for status in [400, 401, 402, 403, 404, 429] {
            assert!(!is_down(Failure::Status(status)), "{status}");
        }
    }

    #[test]
    fn only_an_error_of_the_wire_shows_that_the_secret_was_taken() {
        let takes = |status, kind: Option<&str>| {
            let mut failed = Failed::from(Failure::Status(status));
            failed.kind = kind.map(str::to_owned);
            takes_secret(&failed)
        };
        assert!(takes(404, Some("not_found_error")) && takes(400, Some("invalid_request_error")));
        assert!(!takes(404, None) && !takes(405, Some("api_error")) && !takes(413, Some("request_too_large")));
    }

    #[test]
    fn a_probe_takes_no_secret_and_no_model_out_of_use() {
        let ours = |status| judge(&Evidence::bare(&Failure::Status(status), clock::now()), &[]).hold;
        let held = |status| ours(status).is_some_and(|plan| may_hold(plan.reason));
        assert!(ours(401).is_some() && !held(401));
        assert!(held(429) && held(529));
    }
}
