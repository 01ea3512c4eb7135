//! Whom a call tries next, and when.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::header;
use rand::Rng;
use tokio_util::sync::CancellationToken;

use crate::{
    clock,
    domain::{
        decision::Next,
        settings::{Settings, ThinkingRepair},
    },
    limit::parking::Wants,
    relay::{
        course::{self, Bounds, Course, Step},
        screen::Screened,
        trail::Trail,
        wait::{Wait, with_held},
    },
    route::{
        choose::{Again, Picked},
        judge::{Evidence, Verdict, judge},
        snapshot::Upstream,
    },
    upstream::attempt::Failed,
    wire::{edit::rename_model, rejection::Rejection, repair::without_thinking},
};

/// Whoever looks when a time has come looks so much later, whichever way clocks were rounded. Milliseconds.
const ROUNDED_MS: i64 = 2;

/// How a client introduces itself that repairs its own requests.
const REPAIRS_ITSELF: &str = "claude-cli/";

/// What an attempt goes to.
#[derive(Clone)]
pub(super) struct Target {
    /// The provider.
    pub(super) upstream: Arc<Upstream>,
    /// The caller's group that it is reached by.
    pub(super) group: String,
    /// True if the request goes without its thinking blocks.
    pub(super) is_repaired: bool,
    /// How long the call waited for its turn.
    pub(super) waited: Duration,
}

impl Target {
    /// What is sent: the caller's body, and in it only what this provider needs otherwise.
    pub(super) fn body(&self, screened: &Screened) -> Bytes {
        let Some(peek) = &screened.peek else { return screened.body.clone() };
        let renamed = rename_model(&screened.body, peek, self.upstream.model_sent(&peek.model));
        if self.is_repaired { without_thinking(&renamed).unwrap_or(renamed) } else { renamed }
    }
}

/// Whom a call tries next.
pub(super) struct Aim<'call> {
    screened: &'call Screened,
    course: Course,
    deadline: Instant,
    /// True once it was asked for a target.
    has_aimed: bool,
    repairs: bool,
    /// What was tried, the last one last.
    tried: Vec<Target>,
    wait: Wait,
}

impl<'call> Aim<'call> {
    /// Nothing was tried.
    pub(super) fn new(screened: &'call Screened, trail: &Trail, wait: Wait) -> Self {
        let settings = &trail.snapshot.settings;
        Self {
            screened,
            course: Course::new(bounds(settings)),
            deadline: trail.began + Duration::from_millis(settings.call_deadline_ms),
            has_aimed: false,
            repairs: repairs(settings.thinking_repair, screened),
            tried: Vec::new(),
            wait,
        }
    }

    /// The next target, after the time that it takes until it may be tried. None if nobody is left, the call's time is
    /// used up, or the client is gone.
    pub(super) async fn next(&mut self, step: Step, trail: &mut Trail, left: &CancellationToken) -> Option<Target> {
        let asked = clock::instant();
        let target = match step {
            _ if left.is_cancelled() => None,
            // The first is tried in any case: that it had no time is what there is to say.
            _ if self.has_aimed && asked >= self.deadline => None,
            Step::Deliver => None,
            Step::Same(pause) if asked + pause < self.deadline => self.same(asked + pause, trail, left).await,
            // After the pause there would be no time left: another one may be free now.
            Step::Same(_) | Step::Other => self.other(trail, left).await,
        };
        self.has_aimed = true;
        let waited = asked.elapsed().max(self.wait.so_far());
        target.map(|target| Target { waited, ..target })
    }

    /// Why the caller may not go on after it has waited, if so; told once.
    pub(super) const fn refusal(&mut self) -> Option<Rejection> {
        self.wait.refusal()
    }

    /// How the call waits.
    pub(super) const fn waiting(&self) -> &Wait {
        &self.wait
    }

    /// The same provider once more.
    async fn same(&self, at: Instant, trail: &mut Trail, left: &CancellationToken) -> Option<Target> {
        self.wait.pause(at, trail, left).await?;
        let target = self.tried.last()?.clone();
        trail.choose_again(&target.upstream, &target.group, target.is_repaired);
        Some(target)
    }

    /// Another provider; else one that was tried and may be again, when its time has come; else whoever is free first.
    async fn other(&mut self, trail: &mut Trail, left: &CancellationToken) -> Option<Target> {
        let model = self.screened.peek.as_ref().map(|peek| peek.model.as_str());
        loop {
            if self.course.has_room()
                && let Some(Picked { upstream, group, .. }) = trail.choose(model, self.course.left())
            {
                return Some(Target { upstream, group, is_repaired: false, waited: Duration::ZERO });
            }
            if let Some(target) = self.again(trail, left).await {
                return Some(target);
            }
            let wants = self.wants(trail);
            if !self.wait.turn(wants, trail, left).await {
                return None;
            }
            trail.account.read_bound(&self.screened.body);
        }
    }

    /// One that was tried and may be again. Outside the line the call pauses for it as long as it would if no call ever
    /// waited; a longer time is waited for in the line, where others may go first and the client is kept alive.
    async fn again(&mut self, trail: &mut Trail, left: &CancellationToken) -> Option<Target> {
        let model = self.screened.peek.as_ref().map(|peek| peek.model.as_str());
        loop {
            let now = clock::instant();
            let until = if self.wait.is_in_line() { now } else { self.deadline.min(self.course.patient_until(now)) };
            let (provider_id, at) = self.course.first_again(trail.account.left_out.providers(), until)?;
            self.wait.pause(at, trail, left).await?;
            match trail.look_again(model, provider_id) {
                Again::Now(Picked { upstream, group, .. }) => {
                    let tried = self.tried.iter().find(|target| target.upstream.provider.id == provider_id);
                    let is_repaired = tried.is_some_and(|target| target.is_repaired);
                    trail.chooses_again();
                    trail.choose_again(&upstream, &group, is_repaired);
                    return Some(Target { upstream, group, is_repaired, waited: Duration::ZERO });
                }
                Again::HeldUntil(until) => {
                    let held = (until - clock::now()).to_std().unwrap_or_default();
                    self.course.put_off(provider_id, Some(clock::instant() + held));
                }
                Again::No => self.course.put_off(provider_id, None),
            }
        }
    }

    /// What the call can wait for: room at a provider, the end of a limit or of a hold, and the times of those that it may
    /// try again.
    fn wants(&self, trail: &Trail) -> Wants {
        let left_out = &trail.account.left_out;
        let mut wants = left_out.wants(|provider_id| self.course.may_go(provider_id));
        if self.course.has_room() {
            wants = with_held(wants, &trail.last_choice());
        }
        for (provider_id, at) in self.course.again(left_out.providers()) {
            let at_ms = shown_at(at);
            wants.providers.push(provider_id);
            wants.until_ms = Some(wants.until_ms.map_or(at_ms, |until_ms| until_ms.min(at_ms)));
        }
        wants
    }

    /// The attempt begins.
    pub(super) fn begin(&mut self, target: &Target, trail: &mut Trail) {
        self.wait.over(trail, target.upstream.provider.id);
        self.course.begin(target.upstream.provider.id, target.upstream.provider.max_attempts);
        self.tried.retain(|tried| tried.upstream.provider.id != target.upstream.provider.id);
        self.tried.push(target.clone());
    }

    /// What the failure means for this call: a repair only where one is wanted and possible.
    pub(super) fn judge(&self, target: &Target, failed: &Failed) -> Verdict {
        let model = self.screened.peek.as_ref().map(|peek| target.upstream.model_sent(&peek.model));
        let mut verdict = judge(&Evidence::of(failed, model, clock::now()), &target.upstream.provider.failure_rules);
        if verdict.next == Next::Repair && !self.can_repair(target) {
            verdict.next = Next::Deliver;
        }
        verdict
    }

    fn can_repair(&self, target: &Target) -> bool {
        self.repairs && !target.is_repaired && without_thinking(&self.screened.body).is_some()
    }

    /// The attempt failed: what follows, which is noted.
    pub(super) fn failed(&mut self, target: &Target, verdict: &Verdict, trail: &Trail) -> Step {
        let is_held = trail.is_held(&target.upstream);
        let dice = |bound| rand::rng().random_range(0..bound);
        let failed = course::Failed { provider_id: target.upstream.provider.id, verdict, is_held };
        let step = self.course.failed(failed, clock::instant(), dice);
        if verdict.next == Next::Repair
            && let Some(tried) = self.tried.last_mut()
        {
            tried.is_repaired = true;
        }
        trail.note_next(match step {
            Step::Same(_) => verdict.next,
            Step::Other => Next::Switch,
            Step::Deliver => Next::Deliver,
        });
        step
    }
}

/// What the clock shows when that time has come, in milliseconds since 1970.
fn shown_at(at: Instant) -> i64 {
    let ahead_ms = i64::try_from(at.saturating_duration_since(clock::instant()).as_millis()).unwrap_or(i64::MAX);
    clock::now().timestamp_millis().saturating_add(ahead_ms).saturating_add(ROUNDED_MS)
}

fn bounds(settings: &Settings) -> Bounds {
    Bounds {
        providers: settings.providers_max,
        attempts: settings.attempts_per_provider,
        pause: Duration::from_millis(settings.retry_pause_ms),
        patience: Duration::from_millis(settings.retry_after_max_ms),
    }
}

/// Does the hub repair what this client sends?
fn repairs(setting: ThinkingRepair, screened: &Screened) -> bool {
    let agent = || screened.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    match setting {
        ThinkingRepair::Off => false,
        ThinkingRepair::On => true,
        ThinkingRepair::Auto => !agent().starts_with(REPAIRS_ITSELF),
    }
}
