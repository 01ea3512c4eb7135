//! All accounts of this process, and the steps on them.

use foldhash::{HashMap, HashSet};
use uuid::Uuid;

use super::{
    leases::{Estimate, Lease, Leases, Settled},
    money::Money,
    presence::Presence,
    rates::Rates,
    sessions::{Name, Sessions},
};
use crate::{
    domain::limit::Subject,
    state::{
        bucket,
        counters::SESSIONS_LISTED,
        source::Ledgered,
        step::{
            ActiveSession, Answer, Check, LeaseId, Refusal, Release, SessionKey, Settlement, Span, Step, Sums, Taken,
            Usage,
        },
    },
};

/// Settlements that are noted at once while the ledger is asked what was spent.
const LATE_MAX: usize = 100_000;

/// What one subject has used and uses.
#[derive(Debug, Default)]
struct Account {
    money: Money,
    rates: Rates,
    presence: Presence,
    n_requests: u64,
}

/// How a lease ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Settled,
    /// Settled, but it has not served: its session does not stay because of it.
    Unserved,
    Released,
    Undone,
}

/// The state of a hub that is alone.
#[derive(Debug, Default)]
pub(super) struct Book {
    accounts: HashMap<Subject, Account>,
    leases: Leases,
    settled: Settled,
    sessions: Sessions,
    /// What is settled while the ledger is asked what was spent; none while it is not, or if it became too much.
    late: Option<Vec<Settlement>>,
}

impl Book {
    /// One step: all of it, or nothing.
    pub(super) fn take(&mut self, mut step: Step) -> Answer {
        for take in &step.takes {
            self.account(take.subject).money.reset(take.reset_ms);
        }
        let now_ms = step.now_ms;
        let is_held = self.leases.holds(step.lease);
        let name = step.session.as_ref().and_then(|used| self.sessions.name(&used.session));
        if step.cacheable > 0 {
            step.expect_cached(name.as_ref().and_then(|name| self.sessions.bound(name, now_ms)));
        }
        if !is_held && let Some(refusal) = self.refuse(&step, name.as_ref()) {
            return Answer::Refused(refusal);
        }
        let binding = name.as_ref().and_then(|name| self.sessions.binding(name, now_ms));
        let checks = if is_held { step.checks } else { self.apply(step, name) };
        Answer::Taken(Taken { binding, remaining: self.remaining(&checks, now_ms) })
    }

    /// The first check that fails.
    fn refuse(&mut self, step: &Step, session: Option<&Name>) -> Option<Refusal> {
        let now_ms = step.now_ms;
        step.checks.iter().enumerate().find_map(|(check_idx, check)| {
            let (used, reserved, frees_at_ms) = self.look(check, session, now_ms)?;
            let oldest_ms = match check {
                Check::Money { subject, span: span @ Span::Minutes(_), .. } => {
                    self.account(*subject).money.look(*span).1
                }
                _ => None,
            };
            Some(Refusal { check: check_idx, used, reserved, frees_at_ms, oldest_ms })
        })
    }

    /// Used, reserved and when it gets better, if the check fails.
    fn look(&mut self, check: &Check, session: Option<&Name>, now_ms: i64) -> Option<(i64, i64, Option<i64>)> {
        match check {
            Check::Money { subject, window, span, limit, amount } => {
                let money = &mut self.account(*subject).money;
                let settled = money.settled(*window, *span);
                let is_over = settled.saturating_add(money.reserved).saturating_add(*amount) > *limit;
                let frees_at_ms = match span {
                    Span::FiveHoursFixed(at_ms) => money.five_hours_end(*at_ms),
                    Span::All | Span::Minutes(_) | Span::Quarters(_) => None,
                };
                is_over.then_some((settled, money.reserved, frees_at_ms))
            }
            Check::Requests { subject, limit } => {
                let n_requests = self.account(*subject).n_requests;
                (n_requests + 1 > u64::from(*limit)).then_some((signed(n_requests), 0, None))
            }
            Check::Sessions { subject, limit } => {
                let presence = &mut self.account(*subject).presence;
                let is_active = session.is_some_and(|session| presence.is_active(session, now_ms));
                let n_active = u64::try_from(presence.len(now_ms)).unwrap_or(u64::MAX);
                (!is_active && n_active + 1 > u64::from(*limit)).then_some((signed(n_active), 0, None))
            }
            Check::Rpm { subject, limit } => {
                let rates = &mut self.account(*subject).rates;
                let n_calls = rates.calls(now_ms);
                (n_calls + 1 > u64::from(*limit)).then(|| (signed(n_calls), 0, rates.calls_leave_ms()))
            }
            Check::Tpm { subject, limit, tokens } => {
                let rates = &mut self.account(*subject).rates;
                let n_tokens = rates.tokens(now_ms);
                (n_tokens.saturating_add(*tokens) > *limit).then(|| (signed(n_tokens), 0, rates.tokens_leave_ms()))
            }
        }
    }

    /// Takes all; `name` is the session's, if it has one. Gives the checks back.
    fn apply(&mut self, step: Step, name: Option<Name>) -> Vec<Check> {
        let Step { lease, now_ms, checks, takes, session, .. } = step;
        let used = session.map(|used| {
            let name = name.unwrap_or_else(|| self.sessions.intern(&used.session, now_ms));
            (name, used.user_id, used.active_ms)
        });
        for take in &takes {
            let account = self.accounts.entry(take.subject).or_default();
            account.money.reserve(take.money, now_ms);
            account.n_requests += u64::from(take.request);
            if let Some(tokens) = take.rate {
                account.rates.add(tokens, now_ms);
            }
            if let Some((name, user_id, _)) = used.as_ref().filter(|_| take.session) {
                let is_fresh = account.presence.enter(name, now_ms);
                if take.subject == Subject::Key(name.key().key_id) {
                    self.sessions.begin(name, *user_id, is_fresh, now_ms);
                }
            }
        }
        let session = used.map(|(name, _, active_ms)| (name, active_ms));
        if let Some((name, _)) = &session {
            self.sessions.hold(name);
        }
        self.leases.hold(lease, Lease { takes, session, taken_ms: now_ms, estimate: Estimate::Counts });
        self.sessions.prune(now_ms);
        checks
    }

    /// What is left of the rates that were looked at.
    fn remaining(&mut self, checks: &[Check], now_ms: i64) -> Vec<u64> {
        let mut remaining = Vec::new();
        for check in checks {
            match check {
                Check::Rpm { subject, limit } => {
                    let n_calls = self.account(*subject).rates.calls(now_ms);
                    remaining.push(u64::from(*limit).saturating_sub(n_calls));
                }
                Check::Tpm { subject, limit, .. } => {
                    let n_tokens = self.account(*subject).rates.tokens(now_ms);
                    remaining.push(limit.saturating_sub(n_tokens));
                }
                Check::Money { .. } | Check::Requests { .. } | Check::Sessions { .. } => {}
            }
        }
        remaining
    }

    /// Settles an attempt once.
    pub(super) fn settle(&mut self, settlement: Settlement) {
        if !self.settled.insert(settlement.lease, settlement.now_ms) {
            return;
        }
        self.count(&settlement);
        self.note_late(&settlement);
        let Settlement { lease, call, at_ms, now_ms, tokens, served, bind, .. } = settlement;
        if let Some(held) = self.leases.remove(lease) {
            self.give_back(&held, if served { End::Settled } else { End::Unserved }, now_ms);
            correct(&mut self.accounts, &held, held.estimate, tokens);
        }
        self.correct_call(call, tokens);
        if let Some(bind) = bind {
            self.sessions.bind(&bind, at_ms, now_ms);
        }
    }

    /// Counts what an attempt has cost.
    fn count(&mut self, settlement: &Settlement) {
        for (subject, reset_ms) in &settlement.subjects {
            let money = &mut self.account(*subject).money;
            money.reset(*reset_ms);
            money.settle(settlement.cost, settlement.at_ms, settlement.now_ms);
        }
    }

    fn note_late(&mut self, settlement: &Settlement) {
        let Some(late) = &mut self.late else { return };
        if late.len() < LATE_MAX {
            late.push(settlement.clone());
        } else {
            self.late = None;
        }
    }

    /// The ledger is about to be asked what was spent.
    pub(super) fn begin_fill(&mut self) {
        self.late = Some(Vec::new());
    }

    /// Replaces what was settled by what the ledger says, and what was settled since it was asked, each attempt once.
    /// False if too much was settled meanwhile.
    pub(super) fn fill(&mut self, ledgered: Ledgered<Vec<Uuid>>) -> bool {
        let Some(late) = self.late.take() else { return false };
        for account in self.accounts.values_mut() {
            account.money.forget();
        }
        self.load(ledgered.sums);
        let recorded: HashSet<Uuid> = ledgered.recorded.into_iter().collect();
        for settlement in late.iter().filter(|settlement| !recorded.contains(&settlement.lease.0)) {
            self.count(settlement);
        }
        true
    }

    /// Lets a lease go.
    pub(super) fn release(&mut self, release: Release) {
        let Release { lease, now_ms, undo } = release;
        let Some(mut held) = self.leases.remove(lease) else { return };
        self.give_back(&held, if undo { End::Undone } else { End::Released }, now_ms);
        if undo {
            return;
        }
        if held.estimate == Estimate::InDoubt {
            correct(&mut self.accounts, &held, Estimate::InDoubt, 0);
            held.estimate = Estimate::Replaced;
        }
        if held.estimate == Estimate::Counts && held.takes.iter().any(|take| take.rate.is_some()) {
            self.leases.close(lease, held, now_ms);
        }
    }

    /// Frees places and reservations.
    fn give_back(&mut self, lease: &Lease, end: End, now_ms: i64) {
        if let Some((name, _)) = &lease.session {
            self.sessions.let_go(name);
        }
        for take in &lease.takes {
            let account = self.accounts.entry(take.subject).or_default();
            account.money.reserved = account.money.reserved.saturating_sub(take.money.max(0));
            account.n_requests = account.n_requests.saturating_sub(u64::from(take.request));
            if let (End::Undone, Some(tokens)) = (end, take.rate) {
                let counts = lease.estimate != Estimate::Replaced;
                account.rates.undo(second(lease), if counts { tokens } else { 0 });
            }
            let Some((name, active_ms)) = lease.session.as_ref().filter(|_| take.session) else { continue };
            let until_ms = match end {
                End::Settled | End::Released => self.sessions.end_call(name, lease.taken_ms, *active_ms, now_ms),
                End::Unserved | End::Undone => None,
            };
            account.presence.leave(name, until_ms, now_ms);
            if end == End::Undone && take.subject == Subject::Key(name.key().key_id) {
                self.sessions.undo_call(name);
            }
        }
    }

    /// Tells the call what an attempt has used. An attempt that has used nothing leaves the estimate to the next one.
    fn correct_call(&mut self, call: LeaseId, tokens: u64) {
        let Self { leases, accounts, .. } = self;
        let Some((lease, is_held)) = leases.call(call) else { return };
        let before = lease.estimate;
        if tokens == 0 && is_held {
            if before == Estimate::Counts {
                lease.estimate = Estimate::InDoubt;
            }
            return;
        }
        lease.estimate = Estimate::Replaced;
        correct(accounts, lease, before, tokens);
    }

    /// Forgets what calls have cost that began before `reset_ms`.
    pub(super) fn reset(&mut self, subject: Subject, reset_ms: i64) {
        self.account(subject).money.reset(reset_ms);
    }

    /// Takes over what the ledger says.
    pub(super) fn load(&mut self, sums: Vec<(Subject, Sums)>) {
        for (subject, sums) in sums {
            self.account(subject).money.load(sums);
        }
    }

    /// How much of everything a subject has used.
    pub(super) fn usage(&mut self, subject: Subject, spans: &[Span], now_ms: i64) -> Usage {
        let Some(account) = self.accounts.get_mut(&subject) else {
            return Usage { settled: vec![0; spans.len()], oldest_ms: vec![None; spans.len()], ..Usage::default() };
        };
        let (settled, oldest_ms) = spans.iter().map(|span| account.money.look(*span)).unzip();
        Usage {
            reserved: account.money.reserved,
            settled,
            oldest_ms,
            five_hours_ms: account.money.five_hours(now_ms),
            requests: account.n_requests,
            sessions: u64::try_from(account.presence.len(now_ms)).unwrap_or(u64::MAX),
            rpm: account.rates.calls(now_ms),
            tpm: account.rates.tokens(now_ms),
            rpm_leaves_ms: account.rates.calls_leave_ms(),
            tpm_leaves_ms: account.rates.tokens_leave_ms(),
        }
    }

    /// The sessions that are active.
    pub(super) fn sessions(&mut self, now_ms: i64) -> Vec<ActiveSession> {
        let mut active = Vec::new();
        for (subject, account) in &mut self.accounts {
            let Subject::Key(key_id) = *subject else { continue };
            let of_key = account.presence.active(now_ms).filter(|(name, _)| name.key().key_id == key_id);
            active.extend(of_key.filter_map(|(name, n)| self.sessions.show(name, n, now_ms)));
        }
        active.sort_by(|a, b| (b.began_ms, &b.session).cmp(&(a.began_ms, &a.session)));
        active.truncate(SESSIONS_LISTED);
        active
    }

    /// Ends a session.
    pub(super) fn end_session(&mut self, session: &SessionKey, now_ms: i64) -> bool {
        let Some(name) = self.sessions.name(session) else { return false };
        let mut was_active = false;
        for account in self.accounts.values_mut() {
            was_active |= account.presence.end(&name, now_ms);
        }
        self.sessions.end(&name, was_active, now_ms)
    }

    fn account(&mut self, subject: Subject) -> &mut Account {
        self.accounts.entry(subject).or_default()
    }
}

/// Replaces the tokens that a lease was estimated to use by those that were used.
fn correct(accounts: &mut HashMap<Subject, Account>, lease: &Lease, estimate: Estimate, tokens: u64) {
    for take in &lease.takes {
        let Some(estimated) = take.rate else { continue };
        let estimated = if estimate == Estimate::Replaced { 0 } else { estimated };
        accounts.entry(take.subject).or_default().rates.correct(second(lease), estimated, tokens);
    }
}

/// The second in which a lease was taken.
fn second(lease: &Lease) -> i64 {
    bucket::second(lease.taken_ms)
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
