//! The naive model: it keeps every event and adds all of them up each time. And random plays to compare with it.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::bench::{HOUR, MINUTE, SECOND, T0, call_of, money, nothing, session, step};
use crate::{
    domain::{
        id::{CallId, KeyId, ProviderId, UserId},
        limit::{Limited, Subject},
    },
    state::step::{
        Answer, Bind, Binding, Check, LeaseId, Refusal, Release, SessionKey, Settlement, Span, Step, Take, Taken,
    },
};

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Take(Step),
    Settle(Settlement),
    Release(Release),
    Reset(Subject, i64),
    Renew(i64),
    EndSession(SessionKey, i64),
}

/// Dice, as the property test rolls and shrinks them.
pub(super) type Dice = (u8, u8, u8, u16);

const SUBJECTS: [Subject; 4] =
    [Subject::Key(KeyId(1)), Subject::Key(KeyId(2)), Subject::User(UserId(1)), Subject::Provider(ProviderId(1))];

/// Turns dice into a play. A clock that may go back is one of money only: what has left the last minute is gone.
pub(super) fn play(dice: &[Dice], may_go_back: bool) -> Vec<Action> {
    let mut now = T0 + 12 * HOUR;
    let mut latest = now;
    let mut open: Vec<Step> = Vec::new();
    let mut actions = Vec::new();
    for (n, &(kind, a, b, c)) in dice.iter().enumerate() {
        let (a_idx, c_ms) = (usize::from(a), i64::from(c));
        match kind % 12 {
            0..5 => {
                // Somebody asks again, but not with windows of long ago.
                let known = open.get(a_idx % open.len().max(1)).filter(|step| (now - step.now_ms).abs() < HOUR);
                let again = kind >= 200 && known.is_some();
                let step = known.filter(|_| again).cloned().unwrap_or_else(|| step_of(now, n, (a, b, c)));
                let step = if may_go_back { without_rates(step) } else { step };
                if !again {
                    open.push(step.clone());
                }
                actions.push(Action::Take(Step { now_ms: now, ..step }));
            }
            5..8 if !open.is_empty() => {
                let settled = open.remove(a_idx % open.len());
                let call = open.get(usize::from(b)).map_or(LeaseId(Uuid::nil()), |step| step.lease);
                actions.push(Action::Settle(settlement_of(&settled, call, now, (b, c))));
                if a % 8 == 0 {
                    actions.push(Action::Settle(settlement_of(&settled, call, now + 1, (b, c / 2))));
                }
            }
            8 if !open.is_empty() => {
                let lease = open.remove(a_idx % open.len()).lease;
                actions.push(Action::Release(Release { lease, now_ms: now, undo: b % 2 == 0 }));
            }
            9 => actions.push(Action::Reset(SUBJECTS[a_idx % 4], now - (c_ms % 4 - 1) * MINUTE)),
            10 if b % 4 == 0 => actions.push(Action::EndSession(session_of(a), now)),
            _ => {
                let by = [c_ms, c_ms * SECOND / 100, c_ms * SECOND / 10, c_ms * SECOND][usize::from(b % 4)];
                // It goes back by an hour at most: what no window reaches any more is let go.
                now = if may_go_back && a % 3 == 0 { (now - by).max(latest - HOUR) } else { now + by.min(7 * HOUR) };
                latest = latest.max(now);
                actions.push(Action::Renew(now));
            }
        }
    }
    actions
}

fn session_of(a: u8) -> SessionKey {
    session(i64::from(a % 2) + 1, ["x", "y", "z"][usize::from(a / 2 % 3)])
}

fn without_rates(mut step: Step) -> Step {
    step.checks.retain(|check| matches!(check, Check::Money { .. } | Check::Requests { .. }));
    step.takes.iter_mut().for_each(|take| take.rate = None);
    Step { session: None, ..step }
}

/// A step over one to four subjects, with a few checks of every kind.
fn step_of(now: i64, n: usize, (a, b, c): (u8, u8, u16)) -> Step {
    let amount = i64::from(c % 97);
    let (limit, n_limit) = ([0, 40, 150, 400, 5_000][usize::from(b % 5)], u32::from(b / 5 % 7));
    let minutes = Span::Minutes((now - [5, 24][n % 2] * HOUR) / MINUTE + 1);
    let quarters = Span::Quarters((now - i64::from(a) * HOUR) / (15 * MINUTE));
    // Some have waited since they began.
    let began = now - i64::from(c % 4) * HOUR;
    let windows = [
        (Limited::Total, Span::All),
        (Limited::FiveHours, if a % 3 == 0 { Span::FiveHoursFixed(began) } else { minutes }),
        (Limited::Daily, if a % 2 == 0 { minutes } else { quarters }),
        (Limited::Weekly, quarters),
        (Limited::Monthly, Span::Quarters(T0 / (15 * MINUTE))),
    ];
    let mut step =
        if a % 4 == 3 { step(now) } else { Step { takes: vec![], ..call_of(&session_of(c.to_be_bytes()[1]), 1, now) } };
    step.cacheable = u64::from(b % 3) * 25;
    for (i, subject) in SUBJECTS.into_iter().enumerate().filter(|(i, _)| a >> i & 1 == 0 || *i == n % 4) {
        let (window, span) = windows[(usize::from(b) + i) % 5];
        step.checks.push(money(subject, window, span, limit, amount));
        match (n + i) % 9 {
            0 => step.checks.push(Check::Requests { subject, limit: n_limit }),
            1 => step.checks.push(Check::Sessions { subject, limit: n_limit }),
            2 => step.checks.push(Check::Rpm { subject, limit: n_limit * 2 }),
            3 => step.checks.push(Check::Tpm { subject, limit: u64::from(n_limit) * 50, tokens: c.into() }),
            _ => {}
        }
        step.takes.push(Take {
            request: i % 2 == 0,
            session: true,
            rate: (c % 3 > 0).then(|| u64::from(c % 60)),
            money: amount,
            ..nothing(subject)
        });
    }
    step
}

fn settlement_of(step: &Step, call: LeaseId, now: i64, (b, c): (u8, u16)) -> Settlement {
    let began_ms = step.now_ms - i64::from(b % 3) * 40 * SECOND;
    let binding =
        Binding { provider_id: ProviderId(i64::from(b % 4)), call_id: CallId(step.lease.0), cached_tokens: c.into() };
    let session = step.session.as_ref().map(|used| used.session.clone());
    Settlement {
        lease: step.lease,
        call,
        at_ms: began_ms,
        now_ms: now,
        cost: i64::from(c % 120),
        tokens: u64::from(c % 5) * 10,
        // Some serve without binding, as those do whose client has left.
        served: b % 4 != 1,
        subjects: step.takes.iter().map(|take| (take.subject, 0)).collect(),
        // The end of a session is remembered for as long as calls may run, and no longer.
        bind: session.filter(|_| b % 2 == 0 && now - began_ms < HOUR).map(|session| Bind {
            session,
            binding,
            ttl_ms: 5 * MINUTE,
        }),
    }
}

/// Calls and tokens that a lease has brought.
#[derive(Debug)]
struct Rated {
    lease: LeaseId,
    subject: Subject,
    second: i64,
    estimated: u64,
    used: u64,
    /// It has not been undone: what it used stays, but it is no call.
    is_call: bool,
}

/// Every event that counts.
#[derive(Debug, Default)]
pub(super) struct Model {
    spent: Vec<(Subject, i64, i64)>,
    resets: HashMap<Subject, i64>,
    held: HashMap<LeaseId, Step>,
    closed: HashSet<LeaseId>,
    in_doubt: HashSet<LeaseId>,
    settled: HashSet<LeaseId>,
    rated: Vec<Rated>,
    five_hours: HashMap<Subject, (i64, i64)>,
}

impl Model {
    pub(super) fn holds(&self, lease: LeaseId) -> bool {
        self.held.contains_key(&lease)
    }

    pub(super) fn take(&mut self, step: &Step) -> Answer {
        for take in &step.takes {
            self.reset(take.subject, take.reset_ms);
        }
        if !self.held.contains_key(&step.lease) {
            for (check, look) in step.checks.iter().enumerate() {
                if let Some((used, reserved, frees_at_ms)) = self.look(look, step.now_ms) {
                    let oldest_ms = self.oldest(look);
                    return Answer::Refused(Refusal { check, used, reserved, frees_at_ms, oldest_ms });
                }
            }
            self.hold(step);
        }
        let remaining = step.checks.iter().filter_map(|check| match check {
            Check::Rpm { subject, limit } => Some(u64::from(*limit).saturating_sub(self.calls(*subject, step.now_ms))),
            Check::Tpm { subject, limit, .. } => Some(limit.saturating_sub(self.tokens(*subject, step.now_ms))),
            _ => None,
        });
        Answer::Taken(Taken { binding: None, remaining: remaining.collect() })
    }

    /// What is settled in a window, and what is reserved.
    pub(super) fn money(&self, subject: Subject, span: Span) -> (i64, i64) {
        let from = match span {
            Span::All => i64::MIN,
            Span::Minutes(from) => from * MINUTE,
            Span::Quarters(from) => from * 15 * MINUTE,
            Span::FiveHoursFixed(at) => self.five_hours_of(subject, at).unwrap_or(i64::MAX),
        };
        let spent = self.spent.iter().filter(|(of, at, _)| *of == subject && *at >= from);
        let takes = self.held.values().flat_map(|step| &step.takes).filter(|take| take.subject == subject);
        (spent.map(|(_, _, nanos)| nanos).sum(), takes.map(|take| take.money).sum())
    }

    /// When the fixed five hours began in which a moment lies, or the last ones that have ended, if it is older.
    fn five_hours_of(&self, subject: Subject, at: i64) -> Option<i64> {
        let (start, after) = self.five_hours.get(&subject)?;
        if at < *after { Some(after - 5 * HOUR) } else { Some(*start).filter(|start| at < start + 5 * HOUR) }
    }

    /// When the first minute begins in which something was spent, of a window of minutes.
    fn oldest(&self, check: &Check) -> Option<i64> {
        let Check::Money { subject, span: Span::Minutes(from), .. } = check else { return None };
        let spent = self.spent.iter().filter(|(of, at, _)| of == subject && at / MINUTE >= *from);
        spent.map(|(_, at, _)| at / MINUTE * MINUTE).min()
    }

    fn look(&self, check: &Check, now: i64) -> Option<(i64, i64, Option<i64>)> {
        match check {
            Check::Money { subject, span, limit, amount, .. } => {
                let (settled, reserved) = self.money(*subject, *span);
                let frees_at_ms = match span {
                    Span::FiveHoursFixed(at) => self.five_hours_of(*subject, *at).map(|start| start + 5 * HOUR),
                    _ => None,
                };
                (settled + reserved + amount > *limit).then_some((settled, reserved, frees_at_ms))
            }
            Check::Requests { subject, limit } => {
                let takes = self.held.values().flat_map(|step| &step.takes);
                let n = takes.filter(|take| take.subject == *subject && take.request).count();
                (n + 1 > usize::try_from(*limit).unwrap()).then(|| (i64::try_from(n).unwrap(), 0, None))
            }
            Check::Rpm { subject, limit } => {
                let n = self.calls(*subject, now);
                let calls = self.rated_of(*subject, now).filter(|rated| rated.is_call);
                let first = calls.map(|rated| rated.second).min();
                (n + 1 > u64::from(*limit)).then(|| (n.cast_signed(), 0, first.map(|at| (at + 61) * SECOND)))
            }
            Check::Tpm { subject, limit, tokens } => {
                let n = self.tokens(*subject, now);
                let with_tokens = self.rated_of(*subject, now).filter(|rated| rated.estimated + rated.used > 0);
                let first = with_tokens.map(|rated| rated.second).min();
                (n + tokens > *limit).then(|| (n.cast_signed(), 0, first.map(|at| (at + 61) * SECOND)))
            }
            Check::Sessions { .. } => None,
        }
    }

    fn rated_of(&self, subject: Subject, now: i64) -> impl Iterator<Item = &Rated> {
        // The end of a second is 60 s ago when it leaves.
        self.rated.iter().filter(move |rated| rated.subject == subject && (rated.second + 61) * SECOND > now)
    }

    fn calls(&self, subject: Subject, now: i64) -> u64 {
        self.rated_of(subject, now).filter(|rated| rated.is_call).count().try_into().unwrap()
    }

    fn tokens(&self, subject: Subject, now: i64) -> u64 {
        self.rated_of(subject, now).map(|rated| rated.estimated + rated.used).sum()
    }

    fn hold(&mut self, step: &Step) {
        for take in &step.takes {
            if take.money > 0 {
                self.begin_five_hours(take.subject, step.now_ms);
            }
            if let Some(estimated) = take.rate {
                let second = step.now_ms / SECOND;
                self.rated.push(Rated {
                    lease: step.lease,
                    subject: take.subject,
                    second,
                    estimated,
                    used: 0,
                    is_call: true,
                });
            }
        }
        self.held.insert(step.lease, step.clone());
    }

    fn begin_five_hours(&mut self, subject: Subject, at: i64) {
        let at = at - at % MINUTE;
        let (start, after) = self.five_hours.entry(subject).or_insert((at, 0));
        if at >= *start + 5 * HOUR {
            (*start, *after) = (at, *start + 5 * HOUR);
        } else if at < *start && at >= *after {
            *start = at;
        }
    }

    fn correct(&mut self, lease: LeaseId, tokens: u64) {
        for rated in self.rated.iter_mut().filter(|rated| rated.lease == lease) {
            rated.estimated = 0;
            rated.used += tokens;
        }
    }

    pub(super) fn settle(&mut self, settlement: &Settlement) {
        if !self.settled.insert(settlement.lease) {
            return;
        }
        if self.held.remove(&settlement.lease).is_some() {
            self.correct(settlement.lease, settlement.tokens);
        }
        let call = settlement.call;
        if self.held.contains_key(&call) && settlement.tokens == 0 {
            if self.rated.iter().any(|rated| rated.lease == call && rated.used == 0) {
                self.in_doubt.insert(call);
            }
        } else if self.held.contains_key(&call) || self.closed.contains(&call) {
            self.in_doubt.remove(&call);
            self.correct(call, settlement.tokens);
        }
        for (subject, reset_ms) in &settlement.subjects {
            self.reset(*subject, *reset_ms);
            if settlement.cost > 0 && settlement.at_ms >= self.resets.get(subject).copied().unwrap_or(0) {
                self.spent.push((*subject, settlement.at_ms, settlement.cost));
                self.begin_five_hours(*subject, settlement.at_ms);
            }
        }
    }

    pub(super) fn release(&mut self, release: Release) {
        if self.held.remove(&release.lease).is_none() {
            return;
        }
        if release.undo {
            for rated in self.rated.iter_mut().filter(|rated| rated.lease == release.lease) {
                (rated.estimated, rated.is_call) = (0, false);
            }
        } else if self.in_doubt.contains(&release.lease) {
            self.correct(release.lease, 0);
        } else {
            self.closed.insert(release.lease);
        }
    }

    pub(super) fn reset(&mut self, subject: Subject, reset_ms: i64) {
        if reset_ms > self.resets.get(&subject).copied().unwrap_or(0) {
            self.resets.insert(subject, reset_ms);
            self.spent.retain(|(of, at, _)| *of != subject || *at >= reset_ms);
            self.five_hours.remove(&subject);
            let kept: Vec<i64> = self.spent.iter().filter(|(of, ..)| *of == subject).map(|(_, at, _)| *at).collect();
            for at in kept {
                self.begin_five_hours(subject, at);
            }
        }
    }
}
