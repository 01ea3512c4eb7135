//! Choose, try, judge; until an answer is committed to or nobody is left.

use std::{sync::Arc, time::Duration};

use http::Response;
use tokio_util::sync::CancellationToken;

use super::{
    account::Reserved,
    answer::{Answer, name, pass},
    screen::Screened,
    stream::StreamBody,
    trail::Trail,
};
use crate::{
    clock,
    domain::{
        attempt::AttemptResult,
        call::Outcome,
        decision::Next,
        id::{AttemptId, ProviderId},
        provider::OnClientGone,
    },
    health::End,
    route::{
        choose::why_none,
        judge::{Evidence, judge},
        snapshot::Upstream,
    },
    upstream::{
        attempt::{Ask, Failed, Reply, Whole, attempt},
        failure::Failure,
        request::Outgoing,
    },
    wire::{edit::rename_model, operation::Operation, rejection::Rejection},
};

/// What is left of attempts that did not deliver.
#[derive(Default)]
struct Leftovers {
    /// The last answer that a client can be shown.
    answer: Option<(Option<AttemptId>, ProviderId, Box<Whole>)>,
    /// The last failure.
    failure: Option<Failure>,
    /// The limit that kept another attempt from starting.
    limit: Option<Rejection>,
}

/// Finds a provider that answers. `left` tells when the client has gone.
pub async fn deliver(screened: Screened, trail: Trail, left: CancellationToken) -> Response<Answer> {
    let must_sync = trail.must_sync();
    let response = find(screened, trail, left).await;
    // A stream sees to that itself, at its end.
    let is_whole = matches!(response.body(), Answer::Whole(_));
    if let Some(hub) = must_sync.filter(|_| is_whole) {
        hub.ledger.synced().await;
    }
    response
}

async fn find(screened: Screened, mut trail: Trail, left: CancellationToken) -> Response<Answer> {
    let attempts_max = usize::try_from(trail.snapshot.settings.attempts_max).unwrap_or(usize::MAX);
    let model = screened.peek.as_ref().map(|peek| peek.model.as_str());
    let mut tried = Vec::new();
    let mut leftovers = Leftovers::default();
    while tried.len() < attempts_max && !left.is_cancelled() {
        let Some(upstream) = trail.choose(model, &tried) else { break };
        let id = AttemptId::fresh();
        match trail.reserve(id, &upstream, model.unwrap_or_default()).await {
            Reserved::Yes => tried.push(upstream.provider.id),
            Reserved::ProviderLimited => continue,
            Reserved::CallerLimited(rejection) => {
                leftovers.limit = Some(rejection);
                break;
            }
        }
        let _trial = trail.hub().health.admit(&upstream.provider, clock::now());
        match try_one(id, &upstream, &screened, &mut trail, &left).await {
            Err(rejection) => {
                leftovers.limit = Some(rejection);
                break;
            }
            Ok(None) => break,
            Ok(Some(Ok(reply))) => return commit(trail, upstream, reply, left.is_cancelled()),
            Ok(Some(Err(failed))) => {
                if note(failed, &upstream, &mut trail, &mut leftovers) == Next::Deliver {
                    break;
                }
            }
        }
    }
    if left.is_cancelled() {
        return trail.abandon();
    }
    conclude(trail, model, leftovers)
}

/// One attempt; none if the client has left and its provider is not to be read on.
///
/// # Errors
/// The attempt could not be written down: it has not started.
async fn try_one(
    id: AttemptId,
    upstream: &Arc<Upstream>,
    screened: &Screened,
    trail: &mut Trail,
    left: &CancellationToken,
) -> Result<Option<Result<Reply, Failed>>, Rejection> {
    let settings = &trail.snapshot.settings;
    let (gate, patience) = (settings.gate_ms, settings.call_deadline_ms);
    let peek = screened.peek.as_ref();
    let model = peek.map_or("", |peek| peek.model.as_str());
    let model_sent = upstream.model_sent(model);
    let ask = Ask {
        outgoing: Outgoing { method: &screened.method, target: &screened.target, headers: &screened.headers },
        body: peek.map_or_else(|| screened.body.clone(), |peek| rename_model(&screened.body, peek, model_sent)),
        wants_stream: peek.is_some_and(|peek| peek.stream),
        is_message: screened.operation == Operation::Messages,
        gate: Duration::from_millis(gate),
        began: trail.began,
        deadline: trail.began + Duration::from_millis(patience),
    };
    let may_stop = upstream.provider.on_client_gone == OnClientGone::Stop;
    let (current, on_head) = trail.begin_attempt(id, upstream, model)?;
    tokio::select! {
        biased;
        result = attempt(upstream, ask, current, on_head) => Ok(Some(result)),
        () = left.cancelled(), if may_stop => Ok(None),
    }
}

/// Notes a failed attempt and what follows from it.
fn note(mut failed: Failed, upstream: &Upstream, trail: &mut Trail, leftovers: &mut Leftovers) -> Next {
    let mut verdict = judge(&Evidence::of(&failed, clock::now()), &upstream.provider.failure_rules);
    // A call tries a provider once, and repairs nothing.
    verdict.next = match verdict.next {
        Next::Retry => Next::Switch,
        Next::Repair => Next::Deliver,
        next => next,
    };
    let error = failed.failure.error(failed.message.as_deref());
    let end = End::Failure { class: verdict.class, hold: verdict.hold, message: &error.message };
    trail.note_health(upstream, end);
    let attempt_id = trail.fail_attempt(error, verdict.recorded(), failed.tap_mut());
    if let Some(answer) = failed.answer {
        leftovers.answer = Some((attempt_id, upstream.provider.id, answer));
    }
    leftovers.failure = Some(failed.failure);
    verdict.next
}

/// An answer begins to go to the client: no other provider can take its place any more.
fn commit(mut trail: Trail, upstream: Arc<Upstream>, reply: Reply, is_abandoned: bool) -> Response<Answer> {
    trail.note_health(&upstream, End::Success);
    let exposed = trail.snapshot.settings.expose_provider_headers;
    let (call_id, provider_id) = (trail.call_id, upstream.provider.id);
    let rates = trail.account.rates();
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
    response
}

/// Nobody is left: the last answer as it came, or our own no.
fn conclude(mut trail: Trail, model: Option<&str>, leftovers: Leftovers) -> Response<Answer> {
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
        return response;
    }
    if let Some(limit) = limit {
        // A call that has reached a provider has used something, whatever keeps it from another one.
        let outcome = if failure.is_some() { Outcome::Failed } else { Outcome::Rejected };
        return trail.reject(&limit, outcome);
    }
    if let Some(failure) = failure {
        let timeout = matches!(failure, Failure::Timeout(_));
        let why = failure.error(None).message;
        return trail.reject(&Rejection::Exhausted { why, timeout }, Outcome::Failed);
    }
    if trail.account.is_in_the_dark() {
        return trail.reject(&Rejection::LimitsAway, Outcome::Rejected);
    }
    if let Some(retry_after_s) = trail.account.limited_for_s() {
        return trail.reject(&Rejection::ProvidersLimited { retry_after_s }, Outcome::Rejected);
    }
    let why = why_none(&trail.last_choice()).to_owned();
    let model = model.unwrap_or("this request").to_owned();
    trail.reject(&Rejection::NoProvider { model, why }, Outcome::Rejected)
}
