//! The story of a call while it lives. Closing it neither waits nor fails; dropping it closes it.

mod charging;
mod choosing;
mod ending;
mod line;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::header;

use self::charging::charge;
use super::{
    account::Account,
    inbound::Inbound,
    live::{Marks, Story, Telling, lock},
    probe::Asked,
};
use crate::{
    clock,
    domain::{
        attempt::Attempt,
        call::{Call, CallKind, Client, Waiting},
        decision::Decision,
        id::{AttemptId, CallId},
        money::Multiplier,
        provider::Kind,
        settings::LedgerFsync,
    },
    health::Trial,
    hub::Hub,
    ledger::entry::{Entry, if_cut},
    route::snapshot::{Caller, Snapshot, Upstream},
    upstream::running::Running,
    wire::{operation::Operation, peek::Peek, rejection::Rejection, tap::Tap},
};

/// Characters kept of a user agent.
const USER_AGENT_CHARS_MAX: usize = 256;

/// The story of a call while it lives.
pub struct Trail {
    hub: Hub,
    /// The configuration the call began with; after a wait, that of its end.
    pub snapshot: Arc<Snapshot>,
    /// Its id.
    pub call_id: CallId,
    /// When it began.
    pub began: Instant,
    /// What the call holds and owes.
    pub account: Account,
    /// The protocol that the request speaks.
    kind: Kind,
    /// The groups the caller may use.
    groups: Vec<String>,
    /// The one of them that the provider that was chosen last is reached by.
    group: Vec<String>,
    story: Story,
    /// True if it is recorded; what is free is not.
    is_recorded: bool,
    is_closed: bool,
    /// The attempt that runs.
    current: Option<Running>,
    /// Where it goes.
    upstream: Option<Arc<Upstream>>,
    /// Leave to try the provider that was chosen last.
    trial: Option<Trial>,
    /// The size of the request, for estimates.
    body_bytes: u64,
    /// True for a probe that names the model as it is sent: no redirect applies.
    is_as_sent: bool,
}

impl Trail {
    /// A caller's request arrives.
    pub fn begin(
        hub: &Hub,
        snapshot: Arc<Snapshot>,
        caller: Arc<Caller>,
        operation: Operation,
        inbound: &Inbound<'_>,
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
        let mut trail = Self::new(hub, snapshot, story, inbound.began, operation.is_metered().then_some(caller));
        trail.kind = operation.kind();
        trail
    }

    /// A provider is tested.
    pub fn begin_probe(hub: &Hub, asked: Asked<'_>) -> Self {
        let (Asked::AsAsked(model) | Asked::AsSent(model)) = asked;
        let call = Call { model: model.to_owned(), ..fresh_call(CallId::fresh(), CallKind::Probe) };
        let story = fresh_story(call, Vec::new());
        let mut trail = Self::new(hub, hub.snapshot.load_full(), story, clock::instant(), None);
        trail.is_as_sent = matches!(asked, Asked::AsSent(_));
        trail
    }

    /// Recorded is what somebody pays for, and probes.
    fn new(hub: &Hub, snapshot: Arc<Snapshot>, story: Entry, began: Instant, payer: Option<Arc<Caller>>) -> Self {
        let is_recorded = payer.is_some() || story.call.kind == CallKind::Probe;
        let account = Account::open(hub, &snapshot, story.call.id, story.call.created_at, payer);
        let (call_id, groups) = (story.call.id, story.decision.groups.clone());
        let story = Telling::begin(story);
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
            kind: Kind::default(),
            groups,
            group: Vec::new(),
            story,
            is_recorded,
            is_closed: false,
            current: None,
            upstream: None,
            trial: None,
            body_bytes: 0,
            is_as_sent: false,
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

    /// When the head of the running attempt's answer came.
    pub fn current_first_byte_ms(&self) -> Option<u32> {
        self.current.as_ref().and_then(|running| running.attempt.first_byte_ms)
    }

    /// The model that the running attempt has sent; none while none runs.
    pub fn model_sent(&self) -> Option<&str> {
        self.current.as_ref().map(|running| running.attempt.model_sent.as_str())
    }

    /// An attempt begins, after the call has `waited` for it: its opening goes to the journal before anything is sent.
    /// Its times and the upstream's words about itself are written into the first of what is returned; the second is
    /// told when, in milliseconds since the call began, the head of the answer came.
    ///
    /// # Errors
    /// The journal cannot take it: the attempt must not start.
    pub fn begin_attempt<'a>(
        &'a mut self,
        id: AttemptId,
        upstream: &Arc<Upstream>,
        model: &str,
        waited: Duration,
    ) -> Result<(&'a mut Running, impl FnOnce(u32) + use<'a>), Rejection> {
        let model_sent = if self.is_as_sent { model } else { upstream.model_sent(model) };
        let offer = self.snapshot.offer_as(upstream, &self.group, (model, model_sent));
        let attempt = Attempt {
            id,
            provider_id: upstream.provider.id,
            provider_name: upstream.provider.name.clone(),
            credential_id: upstream.credential_id,
            model_sent: model_sent.to_owned(),
            started_ms: clock::ms_since(self.began),
            price: offer.priced.price.rates(),
            price_version: offer.priced.version,
            price_factor: Multiplier::ONE,
            unpriced: offer.priced.is_default(),
            multiplier: offer.multiplier,
            group_multiplier: offer.group_multiplier,
            reserved_usd: self.account.reserved(),
            queue_ms: u32::try_from(waited.as_millis()).ok().filter(|ms| *ms > 0),
            ..Attempt::default()
        };
        {
            let mut entry = lock(&self.story);
            if self.is_recorded {
                let cut = if_cut(&attempt, |attempt| {
                    (attempt.usage, attempt.token_source) = Tap::default().settle(self.body_bytes);
                    charge(attempt, offer.priced.price);
                });
                self.hub.ledger.open_attempt(&entry, &cut).map_err(|_| Rejection::LedgerFull)?;
            }
            if let Some(choice) = entry.decision.choices.last_mut() {
                choice.attempt_id = Some(attempt.id);
            }
            entry.call.provider_id = Some(attempt.provider_id);
            entry.call.provider_name = Some(attempt.provider_name.clone());
            entry.call.model_sent = Some(attempt.model_sent.clone());
            entry.call.n_attempts += 1;
            let (id, started_ms) = (attempt.id, attempt.started_ms);
            *self.story.running() = Some(Marks { id, started_ms, first_byte_ms: None, first_token_ms: None });
        }
        self.publish();
        self.upstream = Some(upstream.clone());
        let Self { hub, story, is_recorded, current, .. } = self;
        let on_head = |at_ms| {
            if let Some(marks) = &mut *story.running() {
                marks.first_byte_ms = Some(at_ms);
            }
            if *is_recorded {
                hub.live.tell(story);
            }
        };
        Ok((current.insert(Running::new(attempt)), on_head))
    }

    /// The first content came.
    pub fn first_token(&mut self) {
        let ms = clock::ms_since(self.began);
        if let Some(running) = &mut self.current {
            running.attempt.first_token_ms.get_or_insert(ms);
        }
        self.mark_token();
        self.publish();
    }

    /// What is known of the first content is known to the console too.
    fn mark_token(&self) {
        if let Some(marks) = &mut *self.story.running() {
            marks.first_token_ms = self.first_token_ms();
        }
    }

    /// When the first content of the running attempt came.
    fn first_token_ms(&self) -> Option<u32> {
        self.current.as_ref().and_then(|running| running.attempt.first_token_ms)
    }

    /// The answer begins to go to the client.
    pub fn committed(&mut self, status: u16) {
        {
            let mut entry = lock(&self.story);
            // A client that was kept alive while it waited has its status.
            entry.call.status.get_or_insert(status);
            let ms = clock::ms_since(self.began);
            entry.call.first_byte_ms = Some(ms);
            // What the answer's beginning was held back for came to the hub before, and to the client only now.
            entry.call.first_token_ms = self.first_token_ms().map(|came| came.max(ms));
        }
        self.mark_token();
        self.publish();
    }

    /// The hub whose disk the answer's end must wait for, once the call is closed; none if it need not (setting
    /// `ledger_fsync`).
    pub fn must_sync(&self) -> Option<Hub> {
        let must = self.is_recorded && self.snapshot.settings.ledger_fsync == LedgerFsync::Always;
        must.then(|| self.hub.clone())
    }

    /// The call's place among those that wait, or none from now on.
    pub fn waits(&mut self, waiting: Option<Waiting>) {
        if *self.story.waiting() != waiting {
            *self.story.waiting() = waiting;
            self.publish();
        }
    }

    fn publish(&self) {
        if self.is_recorded {
            self.hub.live.tell(&self.story);
        }
    }

    /// The hub, for what outlives the trail.
    pub const fn hub(&self) -> &Hub {
        &self.hub
    }
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
