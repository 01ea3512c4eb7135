//! Choose, try, judge; until an answer is committed to or nobody is left.

mod aim;
mod end;

use std::time::Duration;

use http::Response;
use tokio_util::sync::CancellationToken;

use self::{
    aim::{Aim, Target},
    end::{Leftovers, commit, conclude},
};
use super::{
    account::Reserved,
    answer::{Answer, refuse},
    course::Step,
    screen::Screened,
    trail::Trail,
    wait::{
        Wait,
        keep_alive::KeepAlive,
        messages::{self, Message, MessageTurn},
    },
};
use crate::{
    clock,
    domain::{decision::Skip, id::AttemptId, provider::OnClientGone},
    upstream::{
        attempt::{Ask, Failed, Reply, attempt},
        request::Outgoing,
    },
    wire::{operation::Operation, rejection::Rejection},
};

/// Finds a provider that answers. `left` tells when the client has gone, `keep_alive` is told when it waits for long.
pub async fn deliver(
    screened: Box<Screened>,
    mut trail: Box<Trail>,
    left: CancellationToken,
    keep_alive: KeepAlive,
) -> Response<Answer> {
    let (must_sync, call_id) = (trail.must_sync(), trail.call_id);
    let wants_stream = screened.peek.as_ref().is_some_and(|peek| peek.stream);
    let wait = Wait::new(&mut trail, &screened.headers, wants_stream, keep_alive);
    let response = find(screened, trail, left, wait).await;
    // A stream sees to that itself, at its end.
    let is_whole = matches!(response.body(), Answer::Whole(_));
    if let Some(hub) = must_sync.filter(|_| is_whole)
        && !hub.ledger.synced().await
    {
        // What may be lost is not passed on.
        return refuse(&Rejection::LedgerFull, call_id);
    }
    response
}

async fn find(screened: Box<Screened>, mut trail: Box<Trail>, left: CancellationToken, wait: Wait) -> Response<Answer> {
    let mut aim = Aim::new(&screened, &trail, wait);
    let model = screened.peek.as_ref().map(|peek| peek.model.as_str());
    let mut leftovers = Leftovers::default();
    let mut step = Step::Other;
    // How long it has stood in queues of messages since the last attempt.
    let mut queued = Duration::ZERO;
    while let Some(target) = aim.next(step, &mut trail, &left).await {
        let id = AttemptId::fresh();
        let asked = clock::instant();
        let message = Message { provider: &target.upstream.provider, screened: &screened, id };
        let turn = MessageTurn::wait(message, &mut trail, aim.waiting(), &left).await;
        queued += asked.elapsed();
        let Ok(turn) = turn else {
            trail.unchoose();
            trail.account.left_out.add(target.upstream.provider.id, Skip::MessagesQueued);
            leftovers.limit = Some(Rejection::MessagesQueued);
            step = Step::Other;
            continue;
        };
        if left.is_cancelled() {
            break;
        }
        step = match trail.reserve(id, &target.upstream, model.unwrap_or_default()).await {
            Reserved::ProviderLimited => Step::Other,
            Reserved::TooDear(rejection) => {
                leftovers.limit = Some(rejection);
                Step::Other
            }
            Reserved::CallerLimited(rejection) => {
                leftovers.limit = Some(rejection);
                break;
            }
            Reserved::Yes => {
                let target = Target { waited: target.waited + std::mem::take(&mut queued), ..target };
                aim.begin(&target, &mut trail);
                leftovers.limit = None;
                match try_one((id, turn), &target, &screened, &mut trail, &left).await {
                    Err(rejection) => {
                        leftovers.limit = Some(rejection);
                        break;
                    }
                    Ok(None) => break,
                    Ok(Some(Ok(reply))) => return commit(trail, target.upstream, reply, left.is_cancelled()),
                    Ok(Some(Err(failed))) => {
                        let verdict = aim.judge(&target, &failed);
                        leftovers.note(failed, &target, &verdict, &mut trail);
                        let step = aim.failed(&target, &verdict, &trail);
                        if step != Step::Deliver {
                            trail.go_on();
                        }
                        step
                    }
                }
            }
        };
    }
    if left.is_cancelled() {
        return trail.abandon();
    }
    // Where it would fit into the caller's limits it will be free again: then that is what is said. A call that was
    // admitted fits somewhere: if nowhere that is free, then where a hold ends.
    let will_be_free = trail.account.left_out.for_s().is_some() || trail.last_choice().next_free.is_some();
    let limit = leftovers.limit.take().filter(|limit| !will_be_free || !matches!(limit, Rejection::Limited(_)));
    leftovers.limit = aim.refusal().or(limit);
    conclude(trail, model, leftovers)
}

/// One attempt; none if the client has left and its provider is not to be read on.
///
/// # Errors
/// The attempt could not be written down: it has not started.
async fn try_one(
    (id, turn): (AttemptId, Option<MessageTurn>),
    target: &Target,
    screened: &Screened,
    trail: &mut Trail,
    left: &CancellationToken,
) -> Result<Option<Result<Reply, Failed>>, Rejection> {
    let settings = &trail.snapshot.settings;
    let (gate, patience) = (settings.gate_ms, settings.call_deadline_ms);
    let ask = Ask {
        outgoing: Outgoing { method: &screened.method, target: &screened.target, headers: &screened.headers },
        body: target.body(screened),
        wants_stream: screened.peek.as_ref().is_some_and(|peek| peek.stream),
        is_message: screened.operation == Operation::Messages,
        gate: Duration::from_millis(gate),
        began: trail.began,
        deadline: trail.began + Duration::from_millis(patience),
    };
    let model = screened.peek.as_ref().map_or("", |peek| peek.model.as_str());
    let may_stop = target.upstream.provider.on_client_gone == OnClientGone::Stop;
    let (current, note_head) = trail.begin_attempt(id, &target.upstream, model, target.waited)?;
    turn.iter().for_each(MessageTurn::sent);
    let on_head = |at_ms| {
        turn.iter().for_each(MessageTurn::answered);
        note_head(at_ms);
    };
    // Large, and wrapped several times on its way: it is not copied there.
    let trying = Box::pin(attempt(&target.upstream, ask, current, on_head));
    tokio::select! {
        biased;
        result = messages::hold(turn.as_ref(), trying) => Ok(Some(result)),
        () = left.cancelled(), if may_stop => Ok(None),
    }
}
