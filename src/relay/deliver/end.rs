//! How a call is answered: with what a provider sent, or with the hub's own no.

use std::sync::Arc;

use http::Response;

use super::aim::Target;
use crate::{
    clock,
    domain::{
        attempt::AttemptResult,
        call::Outcome,
        decision::{Choice, HeldBy, Skip},
        hold::HoldReason,
        id::{AttemptId, ProviderId},
    },
    relay::{
        answer::{Answer, explain, name, pass},
        stream::StreamBody,
        trail::Trail,
    },
    route::{choose::why_none, judge::Verdict, snapshot::Upstream},
    upstream::{
        attempt::{Failed, Reply, Whole},
        failure::Failure,
    },
    wire::rejection::Rejection,
};

/// What is left of attempts that did not deliver.
#[derive(Default)]
pub(super) struct Leftovers {
    /// The last answer that a client can be shown.
    answer: Option<(Option<AttemptId>, ProviderId, Box<Whole>)>,
    /// The last failure.
    failure: Option<Failure>,
    /// The limit that kept another attempt from starting.
    pub(super) limit: Option<Rejection>,
}

impl Leftovers {
    /// Notes a failed attempt and what it means.
    pub(super) fn note(&mut self, mut failed: Failed, target: &Target, verdict: &Verdict, trail: &mut Trail) {
        let error = failed.failure.error(failed.message.as_deref());
        let attempt_id = trail.fail_attempt(error, verdict, failed.charged());
        if let Some(answer) = failed.answer {
            self.answer = Some((attempt_id, target.upstream.provider.id, answer));
        }
        self.failure = Some(failed.failure);
    }
}

/// An answer begins to go to the client: no other provider can take its place any more.
pub(super) fn commit(
    mut trail: Box<Trail>,
    upstream: Arc<Upstream>,
    reply: Reply,
    is_abandoned: bool,
) -> Response<Answer> {
    let exposed = trail.snapshot.settings.expose_provider_headers;
    let (call_id, provider_id) = (trail.call_id, upstream.provider.id);
    let rates = trail.account.rates();
    let line = trail.decision_line(Some((provider_id, reply.status())));
    let mut response = match reply {
        Reply::Whole(mut whole) => {
            let (result, outcome) = if is_abandoned {
                (AttemptResult::Abandoned, Outcome::Abandoned)
            } else {
                trail.committed(whole.status);
                (AttemptResult::Completed, Outcome::Completed)
            };
            trail.settle_attempt(result, None, &mut whole.tap);
            trail.close(outcome, None);
            pass(whole.status, &whole.headers, exposed, Answer::Whole(Some(whole.body)))
        }
        Reply::Streaming(mut streaming) => {
            if !is_abandoned {
                trail.committed(streaming.status);
            }
            let (status, headers) = (streaming.status, std::mem::take(&mut streaming.headers));
            let body = Answer::Stream(Box::new(StreamBody::new(*streaming, trail, upstream)));
            pass(status, &headers, exposed, body)
        }
    };
    rates.announce(response.headers_mut());
    name(response.headers_mut(), call_id, Some(provider_id));
    explain(response.headers_mut(), line);
    response
}

/// Nobody is left: the last answer as it came, or our own no.
pub(super) fn conclude(mut trail: Box<Trail>, model: Option<&str>, leftovers: Leftovers) -> Response<Answer> {
    let Leftovers { answer, failure, limit } = leftovers;
    if let Some((attempt_id, provider_id, whole)) = answer {
        trail.committed(whole.status);
        if let Some(attempt_id) = attempt_id {
            trail.deliver_attempt(attempt_id);
        }
        let outcome = if (400..500).contains(&whole.status) { Outcome::Refused } else { Outcome::Failed };
        trail.close(outcome, None);
        let exposed = trail.snapshot.settings.expose_provider_headers;
        let mut response = pass(whole.status, &whole.headers, exposed, Answer::Whole(Some(whole.body)));
        name(response.headers_mut(), trail.call_id, Some(provider_id));
        explain(response.headers_mut(), trail.decision_line(None));
        return response;
    }
    // A call that has reached a provider has used something, whatever keeps it from another one.
    let outcome = if failure.is_some() { Outcome::Failed } else { Outcome::Rejected };
    let rejection = limit.unwrap_or_else(|| why(&trail, model, failure));
    let line = trail.decision_line(None);
    let mut response = trail.reject(&rejection, outcome);
    explain(response.headers_mut(), line);
    response
}

/// Why the hub answers itself, when no provider has and no limit of the caller's keeps it.
fn why(trail: &Trail, model: Option<&str>, failure: Option<Failure>) -> Rejection {
    if let Some(failure) = failure {
        let timeout = matches!(failure, Failure::Timeout(_));
        return Rejection::Exhausted { why: failure.error(None).message, timeout };
    }
    let left_out = &trail.account.left_out;
    if left_out.any(Skip::LimitsAway) {
        return Rejection::LimitsAway;
    }
    if let Some(retry_after_s) = left_out.for_s() {
        return Rejection::ProvidersLimited { retry_after_s };
    }
    let last = trail.last_choice();
    if let Some(rejection) = held(&last) {
        return rejection;
    }
    if left_out.any(Skip::Unbounded) {
        return Rejection::Unbounded;
    }
    let why = why_none(&last).to_owned();
    Rejection::NoProvider { model: model.unwrap_or("this request").to_owned(), why }
}

/// What is said when providers that could serve are held, and one of them is free at a known time: a rate limit if all
/// of them are (docs/rules.md, Routing).
fn held(choice: &Choice) -> Option<Rejection> {
    let free_at = choice.next_free?;
    let is_rate =
        |held: &HeldBy| matches!(held.reason, HoldReason::RateLimit | HoldReason::QuotaWindow | HoldReason::SpendLimit);
    let mut held = choice.candidates.iter().filter(|it| it.skip == Some(Skip::Held)).filter_map(|it| it.hold.as_ref());
    let wait_s = ((free_at - clock::now()).num_milliseconds() + 999).max(1_000) / 1_000;
    let retry_after_s = u32::try_from(wait_s).unwrap_or(u32::MAX);
    Some(Rejection::ProvidersHeld { retry_after_s, by_rate: held.all(is_rate) })
}
