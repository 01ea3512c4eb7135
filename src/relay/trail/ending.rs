//! How attempts and calls end: settled once, and written down.

use chrono::TimeDelta;
use http::Response;

use super::{Trail, charging::charge_seen};
use crate::{
    clock,
    domain::{
        attempt::{Attempt, AttemptResult},
        call::{CallError, Outcome},
        decision::HeldBy,
        id::AttemptId,
    },
    health::{self, End},
    ledger::entry::Entry,
    relay::{
        answer::{Answer, refuse},
        live::{Story, lock},
    },
    route::{judge::Verdict, snapshot::note},
    upstream::running::Running,
    wire::{rejection::Rejection, tap::Tap},
};

impl Trail {
    /// The attempt is over without an answer that can be used. It cost what `tap` saw, and nothing without one
    /// (docs/rules.md, Ledger).
    pub fn fail_attempt(&mut self, error: CallError, verdict: &Verdict, tap: Option<&mut Tap>) -> Option<AttemptId> {
        self.end_attempt(AttemptResult::Failed, Some(error), Some(verdict), tap)
    }

    /// The call goes on after an attempt that failed: from now on a crash finds that attempt as it was settled, and not
    /// as it was opened.
    pub fn go_on(&self) {
        if self.is_recorded {
            self.hub.ledger.end_attempt(&lock(&self.story));
        }
    }

    /// The answer was cut after a part of it was passed on: it cost what `tap` saw. Without a verdict it is not the
    /// provider's fault.
    pub fn interrupt_attempt(&mut self, error: CallError, verdict: Option<&Verdict>, tap: &mut Tap) {
        self.end_attempt(AttemptResult::Interrupted, Some(error), verdict, Some(tap));
    }

    /// The attempt is over and cost what `tap` saw.
    pub fn settle_attempt(&mut self, result: AttemptResult, error: Option<CallError>, tap: &mut Tap) {
        self.end_attempt(result, error, None, Some(tap));
    }

    /// The attempt that runs, if one does, is over before its answer has begun: it cost what the provider has reported, else
    /// an estimate if the provider may bill it, else nothing (docs/rules.md, Ledger).
    fn cut_attempt(&mut self, result: AttemptResult, error: Option<CallError>) {
        let mut seen = self.current.as_mut().and_then(Running::cut);
        self.end_attempt(result, error, None, seen.as_mut());
    }

    /// Tells the book of holds what an attempt has come to, and notes what is held because of it: nothing if its client has
    /// left before its answer `is_complete`, or if the provider has got another address, secret or proxy since the attempt
    /// failed by the old one. Probes tell it themselves; what is free has limits of its own and says nothing about the rest.
    fn note_health(&mut self, attempt: &Attempt, verdict: Option<&Verdict>, is_complete: bool) {
        let Some(upstream) = self.upstream.take().filter(|_| self.account.caller().is_some()) else { return };
        let message = attempt.error.as_ref().map_or("", |error| error.message.as_str());
        let end = match (attempt.result, verdict) {
            (AttemptResult::Completed, _) => End::Success,
            (AttemptResult::Abandoned, _) if is_complete => End::Success,
            (_, Some(verdict)) => End::Failure { counts: verdict.counts(), hold: verdict.hold, message },
            (_, None) => return,
        };
        if matches!(end, End::Failure { .. }) && !self.hub.snapshot.load().still_reaches(&upstream) {
            return;
        }
        let now = clock::now();
        let lasted = attempt.ended_ms.saturating_sub(attempt.started_ms);
        let outcome = health::Outcome {
            provider: &upstream.provider,
            credential_id: upstream.credential_id,
            model_sent: &attempt.model_sent,
            call_id: self.call_id,
            began: now - TimeDelta::milliseconds(lasted.into()),
            end,
        };
        let caused = note(&self.hub, &upstream, &outcome, now);
        if !caused.is_empty()
            && let Some(choice) = lock(&self.story).decision.choices.last_mut()
        {
            choice.caused = caused.iter().map(|hold| HeldBy::from(&**hold)).collect();
        }
    }

    fn end_attempt(
        &mut self,
        result: AttemptResult,
        error: Option<CallError>,
        verdict: Option<&Verdict>,
        tap: Option<&mut Tap>,
    ) -> Option<AttemptId> {
        let mut attempt = self.current.take()?.attempt;
        attempt.ended_ms = clock::ms_since(self.began);
        attempt.result = result;
        attempt.error = error;
        if let Some(verdict) = verdict
            && let Some(choice) = lock(&self.story).decision.choices.last_mut()
        {
            choice.verdict = Some(verdict.recorded());
        }
        self.note_health(&attempt, verdict, tap.as_ref().is_some_and(|tap| tap.is_complete));
        self.trial = None;
        // What is free is not priced, and nobody's counters hear of it.
        if let Some(tap) = tap.filter(|_| self.is_recorded) {
            charge_seen(&mut attempt, tap, self.body_bytes, &lock(&self.story).call.model, &self.snapshot);
        }
        if attempt.is_over_its_reservation() {
            self.hub.counters.over_reservation();
            tracing::warn!(
                call.id = %self.call_id, attempt.id = %attempt.id, cost_usd = %attempt.cost_usd,
                "an attempt cost more than was reserved for it"
            );
        }
        if self.is_recorded {
            self.account.settle(&attempt, &lock(&self.story).call.model);
        }
        let id = attempt.id;
        lock(&self.story).add(attempt);
        *self.story.running() = None;
        Some(id)
    }

    /// An attempt that failed is delivered after all, because no other was better.
    pub fn deliver_attempt(&self, id: AttemptId) {
        let mut entry = lock(&self.story);
        let Entry { call, attempts, .. } = &mut *entry;
        if let Some(attempt) = attempts.iter_mut().find(|attempt| attempt.id == id) {
            attempt.result = AttemptResult::Delivered;
            call.provider_id = Some(attempt.provider_id);
            call.provider_name = Some(attempt.provider_name.clone());
            call.model_sent = Some(attempt.model_sent.clone());
            call.error.clone_from(&attempt.error);
        }
    }

    /// The hub's own no: the call is over.
    pub fn reject(mut self, rejection: &Rejection, outcome: Outcome) -> Response<Answer> {
        if matches!(rejection, Rejection::LedgerFull) && lock(&self.story).call.n_attempts == 0 {
            return self.turn_away(rejection);
        }
        lock(&self.story).call.status.get_or_insert(rejection.status());
        if outcome == Outcome::Rejected {
            self.account.undo();
        }
        let (call_id, explains) = (self.call_id, self.snapshot.settings.explain_errors);
        self.close(outcome, Some(CallError::new(rejection.cause(), rejection.message())));
        if explains { refuse(rejection, call_id) } else { refuse(&rejection.plain(), call_id) }
    }

    /// The ledger has no room and knows nothing of the call, which is as if it had never been: refusals would fill what
    /// is left.
    fn turn_away(mut self, rejection: &Rejection) -> Response<Answer> {
        tracing::warn!(call.id = %self.call_id, "refused: the ledger has no room");
        self.is_closed = true;
        self.account.undo();
        self.hub.live.remove(self.call_id);
        refuse(rejection, self.call_id)
    }

    /// The client has left and nothing more is to come.
    pub fn abandon(mut self) -> Response<Answer> {
        self.cut_attempt(AttemptResult::Abandoned, None);
        self.close(Outcome::Abandoned, None);
        Response::new(Answer::Whole(None))
    }

    /// The call is over: its entry goes to the journal. An error that was noted before stays if none is given.
    pub fn close(&mut self, outcome: Outcome, error: Option<CallError>) {
        if std::mem::replace(&mut self.is_closed, true) || !self.is_recorded {
            return;
        }
        {
            let mut entry = lock(&self.story);
            entry.call.outcome = Some(outcome);
            entry.call.duration_ms = Some(clock::ms_since(self.began));
            if error.is_some() {
                entry.call.error = error;
            }
            self.hub.counters.call(&entry.call);
            self.hub.ledger.close_call(&entry);
        }
        self.account.release();
        *self.story.waiting() = None;
        self.hub.live.remove(self.call_id);
        self.publish();
        log(&self.story);
    }
}

impl Drop for Trail {
    /// Nobody has closed it: the client left and time ran out, the hub stops and waits no longer, or the code panicked.
    fn drop(&mut self) {
        if self.is_closed {
            return;
        }
        let (result, outcome, error) = if std::thread::panicking() {
            let error = CallError::new("panic", "the hub made a mistake");
            (AttemptResult::Failed, Outcome::Failed, Some(error))
        } else if self.hub.cutting.is_cancelled() {
            let error = CallError::new("shutdown", "the hub is stopping");
            (AttemptResult::Interrupted, Outcome::Interrupted, Some(error))
        } else {
            (AttemptResult::Abandoned, Outcome::Abandoned, None)
        };
        self.cut_attempt(result, error.clone());
        self.close(outcome, error);
    }
}

/// One line for each call, when it is over.
fn log(story: &Story) {
    let entry = lock(story);
    let call = &entry.call;
    tracing::info!(
        call.id = %call.id,
        outcome = call.outcome.map_or("", Outcome::as_str),
        status = call.status,
        model = call.model,
        provider.name = call.provider_name,
        duration_ms = call.duration_ms,
        cost_usd = %call.cost_usd,
        error = call.error.as_ref().map(|error| error.cause.as_str()),
        "call"
    );
}
