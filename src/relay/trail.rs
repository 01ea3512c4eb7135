//! The story of a call while it lives. Closing it neither waits nor fails; dropping it closes it.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use bytes::Bytes;
use http::{Response, header};
use rand::Rng;

use super::{
    account::{Account, Reserved},
    answer::{Answer, refuse},
    inbound::Inbound,
    live::{Story, lock},
};
use crate::{
    clock,
    domain::{
        attempt::{Attempt, AttemptResult},
        call::{Call, CallError, CallKind, Client, Outcome},
        decision::{Choice, Decision, Verdict},
        event::Event,
        id::{AttemptId, CallId, ProviderId},
        settings::LedgerFsync,
    },
    hub::Hub,
    ledger::entry::{Entry, if_cut},
    route::{
        choose::{Wanted, choose},
        snapshot::{Caller, Offer, Snapshot, Upstream},
    },
    wire::{operation::Operation, peek::Peek, rejection::Rejection, tap::Tap},
};

/// Characters kept of a user agent.
const USER_AGENT_CHARS_MAX: usize = 256;

/// The story of a call while it lives.
pub struct Trail {
    hub: Hub,
    /// The configuration the call began with.
    pub snapshot: Arc<Snapshot>,
    /// Its id.
    pub call_id: CallId,
    /// When it began.
    pub began: Instant,
    /// What the call holds and owes.
    pub account: Account,
    groups: Vec<String>,
    story: Story,
    /// True if it is recorded; what is free is not.
    is_recorded: bool,
    is_closed: bool,
    /// The attempt that runs.
    current: Option<Attempt>,
    /// The size of the request, for estimates.
    body_bytes: u64,
}

impl Trail {
    /// A caller's request arrives.
    pub fn begin(
        hub: &Hub,
        snapshot: Arc<Snapshot>,
        caller: Arc<Caller>,
        operation: Operation,
        inbound: &Inbound,
    ) -> Self {
        let user_agent = inbound.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let call = Call {
            user_id: Some(caller.user.id),
            user_name: Some(caller.user.name.clone()),
            key_id: Some(caller.key.id),
            key_name: Some(caller.key.name.clone()),
            client: Client {
                user_agent: user_agent.map(|agent| agent.chars().take(USER_AGENT_CHARS_MAX).collect()),
                address: Some(inbound.address.to_string()),
            },
            ..fresh_call(inbound.call_id, CallKind::Messages)
        };
        let story = fresh_story(call, caller.groups());
        Self::new(hub, snapshot, story, inbound.began, operation.is_metered().then_some(caller))
    }

    /// An operator tests a provider.
    pub fn begin_probe(hub: &Hub, model: &str) -> Self {
        let call = Call { model: model.to_owned(), ..fresh_call(CallId::fresh(), CallKind::Probe) };
        Self::new(hub, hub.snapshot.load_full(), fresh_story(call, Vec::new()), clock::instant(), None)
    }

    /// Recorded is what somebody pays for, and probes.
    fn new(hub: &Hub, snapshot: Arc<Snapshot>, story: Entry, began: Instant, payer: Option<Arc<Caller>>) -> Self {
        let is_recorded = payer.is_some() || story.call.kind == CallKind::Probe;
        let account = Account::open(hub, &snapshot, story.call.id, story.call.created_at, payer);
        let (call_id, groups) = (story.call.id, story.decision.groups.clone());
        let story = Arc::new(Mutex::new(story));
        if is_recorded {
            hub.live.insert(call_id, story.clone());
        }
        let hub = hub.clone();
        Self {
            hub,
            snapshot,
            call_id,
            began,
            account,
            groups,
            story,
            is_recorded,
            is_closed: false,
            current: None,
            body_bytes: 0,
        }
    }

    /// The body was read and understood.
    pub fn screened(&self, peek: Option<&Peek>, session_id: Option<String>) {
        let mut entry = lock(&self.story);
        entry.decision.screened_ms = clock::ms_since(self.began);
        entry.call.session_id = session_id;
        if let Some(peek) = peek {
            entry.call.model.clone_from(&peek.model);
            entry.call.stream = peek.stream;
        }
    }

    /// The call is about to cost something: it must be possible to record that.
    pub fn open(&mut self, body: &Bytes) -> Result<(), Rejection> {
        self.body_bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
        if !self.is_recorded {
            return Ok(());
        }
        let bytes_max = self.snapshot.settings.journal_bytes_max;
        self.hub.ledger.has_room(bytes_max).map_err(|_| Rejection::LedgerFull)?;
        self.publish();
        Ok(())
    }

    /// What a choice depends on.
    pub fn wanted<'a>(&'a self, model: Option<&'a str>, tried: &'a [ProviderId]) -> Wanted<'a> {
        let (limited, bound) = (self.account.limited(), self.account.bound());
        Wanted { groups: &self.groups, model, tried, limited, bound }
    }

    /// Chooses the next provider, and notes why.
    pub fn choose(&self, model: Option<&str>, tried: &[ProviderId]) -> Option<Arc<Upstream>> {
        let wanted = self.wanted(model, tried);
        let (choice, chosen) = choose(&self.snapshot, &wanted, |total| rand::rng().random_range(0..total));
        self.note_choice(choice);
        chosen
    }

    /// Notes a choice.
    pub fn note_choice(&self, choice: Choice) {
        let choice = Choice { at_ms: clock::ms_since(self.began), ..choice };
        lock(&self.story).decision.choices.push(choice);
    }

    /// Reserves what an attempt at `upstream` may cost. A provider that is at a limit of its own was no choice.
    pub async fn reserve(&mut self, id: AttemptId, upstream: &Upstream, model: &str) -> Reserved {
        let reserved = self.account.reserve(id, upstream, model).await;
        if matches!(reserved, Reserved::ProviderLimited) {
            lock(&self.story).decision.choices.pop();
        }
        reserved
    }

    /// When the head of the running attempt's answer came.
    pub fn current_first_byte_ms(&self) -> Option<u32> {
        self.current.as_ref().and_then(|attempt| attempt.first_byte_ms)
    }

    /// The last choice that was made.
    pub fn last_choice(&self) -> Choice {
        lock(&self.story).decision.choices.last().cloned().unwrap_or_default()
    }

    /// An attempt begins: its opening goes to the journal before anything is sent. Its times and the upstream's words
    /// about itself are written into what is returned.
    ///
    /// # Errors
    /// The journal cannot take it: the attempt must not start.
    pub fn begin_attempt(
        &mut self,
        id: AttemptId,
        upstream: &Upstream,
        model: &str,
    ) -> Result<&mut Attempt, Rejection> {
        let Offer { price, unpriced, multiplier } = self.snapshot.offer(upstream, model);
        let attempt = Attempt {
            id,
            provider_id: upstream.provider.id,
            provider_name: upstream.provider.name.clone(),
            credential_id: upstream.credential_id,
            model_sent: upstream.model_sent(model).to_owned(),
            started_ms: clock::ms_since(self.began),
            price,
            unpriced,
            multiplier,
            ..Attempt::default()
        };
        {
            let mut entry = lock(&self.story);
            if self.is_recorded {
                let (used, source) = Tap::default().settle(self.body_bytes);
                let cut = if_cut(&attempt, |attempt| attempt.charge(used, source));
                self.hub.ledger.open_attempt(&entry, &cut).map_err(|_| Rejection::LedgerFull)?;
            }
            if let Some(choice) = entry.decision.choices.last_mut() {
                choice.attempt_id = Some(attempt.id);
            }
            entry.call.provider_id = Some(attempt.provider_id);
            entry.call.provider_name = Some(attempt.provider_name.clone());
            entry.call.model_sent = Some(attempt.model_sent.clone());
            entry.call.n_attempts += 1;
        }
        self.publish();
        Ok(self.current.insert(attempt))
    }

    /// The first content came.
    pub fn first_token(&mut self) {
        let ms = clock::ms_since(self.began);
        if let Some(attempt) = &mut self.current {
            attempt.first_token_ms.get_or_insert(ms);
        }
    }

    /// The answer begins to go to the client.
    pub fn committed(&mut self, status: u16) {
        {
            let mut entry = lock(&self.story);
            entry.call.status = Some(status);
            entry.call.first_byte_ms = Some(clock::ms_since(self.began));
            entry.call.first_token_ms = self.current.as_ref().and_then(|attempt| attempt.first_token_ms);
        }
        self.publish();
    }

    /// The attempt is over without an answer that can be used. It cost what the provider reported before it failed, if
    /// it did, and else nothing (docs/rules.md, Ledger).
    pub fn fail_attempt(&mut self, error: CallError, verdict: Verdict, tap: Option<&mut Tap>) -> Option<AttemptId> {
        if let Some(choice) = lock(&self.story).decision.choices.last_mut() {
            choice.verdict = Some(verdict);
        }
        self.end_attempt(AttemptResult::Failed, Some(error), tap.filter(|tap| tap.has_report()))
    }

    /// The attempt is over and cost what `tap` saw.
    pub fn settle_attempt(&mut self, result: AttemptResult, error: Option<CallError>, tap: &mut Tap) {
        self.end_attempt(result, error, Some(tap));
    }

    fn end_attempt(
        &mut self,
        result: AttemptResult,
        error: Option<CallError>,
        tap: Option<&mut Tap>,
    ) -> Option<AttemptId> {
        let mut attempt = self.current.take()?;
        attempt.ended_ms = clock::ms_since(self.began);
        attempt.result = result;
        attempt.error = error;
        if let Some(tap) = tap {
            let (used, source) = tap.settle(self.body_bytes);
            attempt.charge(used, source);
            attempt.model_served = tap.model_served.take();
            attempt.usage_raw = tap.take_raw();
        }
        self.account.settle(&attempt);
        let id = attempt.id;
        lock(&self.story).add(attempt);
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
        lock(&self.story).call.status = Some(rejection.status());
        if outcome == Outcome::Rejected {
            self.account.undo();
        }
        self.close(outcome, Some(CallError::new(rejection.cause(), rejection.message())));
        refuse(rejection, self.call_id)
    }

    /// The client has left and nothing more is to come: the attempt that ran, if one did, is settled by an estimate.
    pub fn abandon(mut self) -> Response<Answer> {
        self.settle_attempt(AttemptResult::Abandoned, None, &mut Tap::default());
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
        self.hub.live.remove(self.call_id);
        self.publish();
        log(&self.story);
    }

    /// The hub whose disk the answer's end must wait for, once the call is closed; none if it need not (setting
    /// `ledger_fsync`).
    pub fn must_sync(&self) -> Option<Hub> {
        let must = self.is_recorded && self.snapshot.settings.ledger_fsync == LedgerFsync::Always;
        must.then(|| self.hub.clone())
    }

    fn publish(&self) {
        if self.is_recorded {
            self.hub.live.publish(|| Event::Call { call: Box::new(lock(&self.story).call.clone()) });
        }
    }

    /// The hub, for what outlives the trail.
    pub const fn hub(&self) -> &Hub {
        &self.hub
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
        self.settle_attempt(result, error.clone(), &mut Tap::default());
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

/// A call of which nothing is known yet.
fn fresh_call(id: CallId, kind: CallKind) -> Call {
    Call { id, kind, created_at: clock::now(), ..Call::default() }
}

/// The story of a call that has just begun.
fn fresh_story(call: Call, groups: Vec<String>) -> Entry {
    let decision = Decision { groups, ..Decision::default() };
    Entry::of(call, decision)
}
