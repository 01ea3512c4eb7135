//! What a call holds and owes: its place among those that run, its reservations, its session.
//!
//! It is admitted once, before a provider is chosen; each attempt reserves what it may cost before it starts, and is
//! settled when it is over (docs/rules.md, Limits). What is held is given back when the account is dropped.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{
    left_out::LeftOut,
    over::{Overdrawn, over_limit},
    rates::Rates,
};
use crate::{
    clock,
    domain::{
        attempt::{Attempt, AttemptResult},
        decision::{Skip, Warm},
        id::{AttemptId, CallId, ProviderId},
        limit::{LimitMode, Limits, Subject},
        money::Usd,
        provider::Provider,
        settings::WhenAway,
    },
    hub::Hub,
    limit::{
        estimate::{Request, Reservation},
        lease::Lease,
        plan::{attempt_checks, caller_checks},
    },
    route::snapshot::{Caller, Snapshot, Upstream},
    state::{
        counters::Away,
        step::{Answer, Bind, Binding, Check, LeaseId, SessionUse, Settlement, Step, Take},
    },
    wire::{bound::Bound, rejection::Rejection},
};

/// What an attempt that would start is told.
pub enum Reserved {
    /// It may start.
    Yes,
    /// The provider is at a limit of its own, or cannot be used for another reason: another one may be free.
    ProviderLimited,
    /// What it may cost there does not fit into a limit of the caller: elsewhere it may cost less.
    TooDear(Rejection),
    /// The caller may not go on at all: nothing more is tried.
    CallerLimited(Rejection),
}

/// What a call holds and owes.
pub struct Account {
    hub: Hub,
    snapshot: Arc<Snapshot>,
    call_id: CallId,
    /// When the call began: what it costs counts then.
    began: DateTime<Utc>,
    /// Who pays; none for probes.
    caller: Option<Arc<Caller>>,
    session: Option<SessionUse>,
    /// Where the session goes.
    binding: Option<Binding>,
    request: Request,
    /// What the caller's rates have left.
    rates: Rates,
    /// What the call holds until its client has its answer.
    call: Option<Arc<Lease>>,
    /// What the running attempt holds.
    attempt: Option<Lease>,
    /// What is reserved for it, if somebody's limit is hard.
    reserved: Option<Usd>,
    /// Providers that are at a limit of their own, or cannot be used for another reason.
    pub left_out: LeftOut,
    /// The counters could not be asked: nobody waits for them a second time.
    is_away: bool,
}

impl Account {
    /// The account of a call that has begun.
    pub fn open(
        hub: &Hub,
        snapshot: &Arc<Snapshot>,
        call_id: CallId,
        began: DateTime<Utc>,
        caller: Option<Arc<Caller>>,
    ) -> Self {
        Self {
            hub: hub.clone(),
            snapshot: snapshot.clone(),
            call_id,
            began,
            caller,
            session: None,
            binding: None,
            request: Request::default(),
            rates: Rates::default(),
            call: None,
            attempt: None,
            reserved: None,
            left_out: LeftOut::default(),
            is_away: false,
        }
    }

    /// May the call begin? One step over all that limits its caller, which also tells where its session goes.
    /// `least` is what an attempt would reserve at least.
    ///
    /// # Errors
    /// The first limit that the call does not fit into; then nothing is held.
    pub async fn admit(&mut self, request: Request, session: SessionUse, least: Reservation) -> Result<(), Rejection> {
        let Some(caller) = self.caller.clone() else { return Ok(()) };
        self.request = request;
        self.session = Some(session);
        // Where the session is bound to is what the same step tells: it takes out what is cached there.
        let (now, zone, tokens) = (clock::now(), self.snapshot.zone, self.request.tokens(0));
        let asked = if self.hub.config.rate_limit {
            let spans = self.hub.calendars.at(zone, self.began, now);
            caller_checks(&caller.key, &caller.user, least, tokens, &spans)
        } else {
            Vec::new()
        };
        let one = |subject, limits: &Limits| Take {
            subject,
            reset_ms: limits.reset_ms(),
            request: true,
            session: true,
            rate: Some(tokens),
            money: 0,
        };
        let places = vec![
            one(Subject::Key(caller.key.id), &caller.key.limits),
            one(Subject::User(caller.user.id), &caller.user.limits),
        ];
        let place = Arc::new(Lease::new(self.hub.state.clone(), LeaseId(self.call_id.0)));
        let step = Step { cacheable: self.request.input_tokens(), ..self.step(&place, now, &asked, places) };
        match self.hub.state.take(step).await {
            Ok(Answer::Taken(known)) => {
                self.call = Some(place);
                self.binding = known.binding;
                self.rates = Rates::new(&asked, &known.remaining, now);
                Ok(())
            }
            Ok(Answer::Refused(refusal)) => {
                place.settled();
                let (began, caller) = (self.began, Some(&*caller));
                let overdrawn = Overdrawn { began, checks: &asked, refusal: &refusal, caller, provider: None };
                Err(Rejection::Limited(Box::new(over_limit(zone, now, &overdrawn))))
            }
            Err(Away) => {
                place.undo();
                self.go_without(&[&caller.key.limits, &caller.user.limits])
            }
        }
    }

    /// May an attempt at `upstream` start? It reserves what it may cost, for everybody who pays, or nothing.
    pub async fn reserve(&mut self, id: AttemptId, upstream: &Upstream, groups: &[String], model: &str) -> Reserved {
        let caller = self.caller.clone();
        let provider = &upstream.provider;
        let callers = caller.as_deref().map(|caller| [&caller.key.limits, &caller.user.limits]);
        if self.is_away {
            return self.go_on_without(provider, callers);
        }
        if self.hub.config.rate_limit && provider.limits.is_hard() && self.request.is_open() && self.refuses_open() {
            self.left_out.add(provider.id, Skip::Unbounded);
            return Reserved::ProviderLimited;
        }
        let offer = self.snapshot.offer(upstream, groups, model);
        let may_cost = |other: Option<&str>| self.snapshot.may_cost(other, upstream.model_sent(model));
        let amount = Reservation::of(callers.iter().flatten().copied().chain([&provider.limits]), |mode| {
            self.request.reservation(mode, offer.priced.price, offer.factor(), may_cost).scaled()
        });
        let cached = self.binding.filter(|binding| binding.provider_id == provider.id);
        let tokens = self.request.tokens(cached.map_or(0, |binding| binding.cached_tokens));
        let (now, zone) = (clock::now(), self.snapshot.zone);
        let checks = if self.hub.config.rate_limit {
            let who = caller.as_deref().map(|caller| (&caller.key, &*caller.user));
            attempt_checks(who, provider, amount, tokens, &self.hub.calendars.at(zone, self.began, now))
        } else {
            Vec::new()
        };
        let pay = |subject, limits: &Limits, is_place: bool| Take {
            subject,
            reset_ms: limits.reset_ms(),
            request: is_place,
            session: is_place,
            rate: is_place.then_some(tokens),
            money: amount.in_mode(limits.limit_mode),
        };
        let mut takes = Vec::with_capacity(3);
        if let Some(caller) = &caller {
            takes.push(pay(Subject::Key(caller.key.id), &caller.key.limits, false));
            takes.push(pay(Subject::User(caller.user.id), &caller.user.limits, false));
        }
        takes.push(pay(Subject::Provider(provider.id), &provider.limits, true));
        self.reserved = None;
        let lease = Lease::new(self.hub.state.clone(), LeaseId(id.0));
        match self.hub.state.take(self.step(&lease, now, &checks, takes)).await {
            Ok(Answer::Taken(_)) => {
                self.attempt = Some(lease.freeing(self.hub.parking.clone(), provider.id));
                let is_hard = provider.limits.is_hard() || callers.iter().flatten().any(|limits| limits.is_hard());
                self.reserved = is_hard.then(|| Usd::from_scaled(amount.in_mode(LimitMode::Hard)));
                Reserved::Yes
            }
            Ok(Answer::Refused(refusal)) => {
                lease.settled();
                let (began, caller) = (self.began, caller.as_deref());
                let overdrawn =
                    Overdrawn { began, checks: &checks, refusal: &refusal, caller, provider: Some(provider) };
                let over = over_limit(zone, now, &overdrawn);
                if matches!(over.subject, Subject::Provider(_)) {
                    self.left_out.limited(provider.id, &over, now);
                    return Reserved::ProviderLimited;
                }
                self.left_out.add(provider.id, Skip::CallerLimit);
                Reserved::TooDear(Rejection::Limited(Box::new(over)))
            }
            Err(Away) => {
                lease.undo();
                self.go_on_without(provider, callers)
            }
        }
    }

    /// What is asked of the counters; nothing of it can be cached.
    fn step(&self, lease: &Lease, now: DateTime<Utc>, checks: &[Check], takes: Vec<Take>) -> Step {
        Step {
            lease: lease.id(),
            now_ms: now.timestamp_millis(),
            checks: checks.to_vec(),
            takes,
            session: self.session.clone(),
            cacheable: 0,
        }
    }

    /// The counters are away: may it go on without them? Never past a hard limit (docs/rules.md, Limits).
    fn go_without(&mut self, limits: &[&Limits]) -> Result<(), Rejection> {
        self.is_away = true;
        let is_closed = self.snapshot.settings.limits_when_away == WhenAway::FailClosed;
        let must_count = is_closed || limits.iter().any(|limits| limits.is_hard());
        if self.hub.config.rate_limit && must_count { Err(Rejection::LimitsAway) } else { Ok(()) }
    }

    fn go_on_without(&mut self, provider: &Provider, callers: Option<[&Limits; 2]>) -> Reserved {
        if let Err(rejection) = self.go_without(callers.as_ref().map_or(&[], |callers| callers)) {
            return Reserved::CallerLimited(rejection);
        }
        if self.go_without(&[&provider.limits]).is_err() {
            self.left_out.add(provider.id, Skip::LimitsAway);
            return Reserved::ProviderLimited;
        }
        Reserved::Yes
    }

    /// True if what a request's body does not bound is refused.
    fn refuses_open(&self) -> bool {
        self.snapshot.settings.refuse_unbounded
    }

    /// The call goes on with another configuration, and its caller as that has it. Nothing of it runs.
    pub fn follow(&mut self, snapshot: &Arc<Snapshot>, caller: &Arc<Caller>) {
        (self.snapshot, self.caller) = (snapshot.clone(), Some(caller.clone()));
    }

    /// What the request can cost at most is read where somebody's limit is hard now that was not when it was admitted.
    pub fn read_bound(&mut self, body: &[u8]) {
        if self.snapshot.has_hard_limits && self.request.bound.is_none() {
            self.request.bound = Some(Bound::read(body));
        }
    }

    /// A probe asks for this.
    pub fn weigh(&mut self, request: Request) {
        self.request = request;
    }

    /// True if the counters could not be asked: whatever else lives there is not asked for either.
    pub const fn is_away(&self) -> bool {
        self.is_away
    }

    /// What lives with the counters could not be asked: they are not asked either.
    pub const fn note_away(&mut self) {
        self.is_away = true;
    }

    /// The running attempt is over: what it cost takes the place of what it had reserved. A success binds the session,
    /// and tells how much `model`, as it was asked for, writes.
    pub fn settle(&mut self, attempt: &Attempt, model: &str) {
        let reset = |limits: &Limits| limits.reset_ms();
        let upstream = self.snapshot.upstream(attempt.provider_id);
        let mut subjects = Vec::with_capacity(3);
        if let Some(caller) = &self.caller {
            subjects.push((Subject::Key(caller.key.id), reset(&caller.key.limits)));
            subjects.push((Subject::User(caller.user.id), reset(&caller.user.limits)));
        }
        subjects.extend(upstream.map(|it| (Subject::Provider(it.provider.id), reset(&it.provider.limits))));
        let is_success = attempt.result == AttemptResult::Completed;
        if is_success {
            self.hub.recent_output.note(model, attempt.usage.output);
        }
        let ttl_ms = self.hub.config.session_ttl_ms;
        let bind = self.session.as_ref().filter(|_| is_success).map(|used| Bind {
            session: used.session.clone(),
            binding: Binding {
                provider_id: attempt.provider_id,
                call_id: self.call_id,
                // Each round reads the same beginning again: no more is cached than one of them has used.
                cached_tokens: attempt.most_cached.unwrap_or_else(|| attempt.usage.cached()),
            },
            ttl_ms,
        });
        self.hub.state.settle(Settlement {
            lease: LeaseId(attempt.id.0),
            call: LeaseId(self.call_id.0),
            at_ms: self.began.timestamp_millis(),
            now_ms: clock::now().timestamp_millis(),
            cost: attempt.cost_usd.scaled(),
            tokens: attempt.usage.counted(),
            served: attempt.is_served(),
            subjects,
            bind,
        });
        if let Some(lease) = self.attempt.take() {
            lease.settled();
        }
    }

    /// Who pays; none for probes and for what costs nothing.
    pub fn caller(&self) -> Option<Arc<Caller>> {
        self.caller.clone()
    }

    /// What is reserved for the attempt that is about to start; none unless somebody's limit is hard.
    pub const fn reserved(&self) -> Option<Usd> {
        self.reserved
    }

    /// The provider that the call's session is bound to.
    pub fn bound(&self) -> Option<ProviderId> {
        self.binding.map(|binding| binding.provider_id)
    }

    /// What that provider has cached of the session: a move away from it costs as much.
    pub fn warm(&self) -> Option<Warm> {
        self.binding.and_then(Binding::warm)
    }

    /// What the call holds, for whoever sees its client leave: the caller's place is free at once.
    pub fn place(&self) -> Option<Arc<Lease>> {
        self.call.clone()
    }

    /// The client has its answer, or has left: the caller's place is free.
    pub fn release(&self) {
        if let Some(lease) = &self.call {
            lease.release();
        }
    }

    /// The call is rejected: it has used nothing.
    pub fn undo(&self) {
        if let Some(lease) = &self.call {
            lease.undo();
        }
    }

    /// What the caller's rates have left.
    pub fn rates(&self) -> Rates {
        self.rates.clone()
    }
}

impl Drop for Account {
    /// Others may hold the call's lease as well, so it does not go with the last of them but now.
    fn drop(&mut self) {
        self.release();
    }
}
