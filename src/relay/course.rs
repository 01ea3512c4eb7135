//! What a call has tried, and what it tries next: the serial policy, one attempt at a time. Pure: time and chance are
//! passed in.
//!
//! A policy that runs several attempts at once would stand beside it and answer the same questions.

use std::time::{Duration, Instant};

use crate::{
    domain::{decision::Next, id::ProviderId},
    route::judge::Verdict,
};

/// The longest pause before another attempt at a provider that named none.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// What bounds a call's attempts.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many providers it may try.
    pub providers: u32,
    /// How often it may try one that says nothing else.
    pub attempts: u32,
    /// The pause before a second attempt at one; it doubles with each.
    pub pause: Duration,
    /// How long it pauses for a provider that has named a time, when no other is left.
    pub patience: Duration,
}

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The same provider, after a pause.
    Same(Duration),
    /// Another one, if one is left.
    Other,
    /// What came last goes to the client.
    Deliver,
}

/// A failed attempt.
#[derive(Clone, Copy, Debug)]
pub struct Failed<'a> {
    /// The provider.
    pub provider_id: ProviderId,
    /// What it means.
    pub verdict: &'a Verdict,
    /// True if the provider may not be used just now.
    pub is_held: bool,
}

/// A provider that was tried.
#[derive(Debug)]
struct Tried {
    provider_id: ProviderId,
    n_attempts: u32,
    n_max: u32,
    /// The next attempt there is a repair, which does not count.
    repairs: bool,
    /// From then on it may be tried again, if no other is left; none if it may not, or while it is tried.
    again_at: Option<Instant>,
}

/// What a call has tried.
#[derive(Debug)]
pub struct Course {
    bounds: Bounds,
    tried: Vec<Tried>,
    /// The same, for choosing among the others.
    left: Vec<ProviderId>,
}

impl Course {
    /// Nothing was tried.
    pub const fn new(bounds: Bounds) -> Self {
        Self { bounds, tried: Vec::new(), left: Vec::new() }
    }

    /// Providers that are not chosen again.
    pub fn left(&self) -> &[ProviderId] {
        &self.left
    }

    /// True if a provider may be tried that was not yet.
    pub fn has_room(&self) -> bool {
        self.tried.len() < usize::try_from(self.bounds.providers).unwrap_or(usize::MAX)
    }

    /// An attempt at a provider begins. `max_attempts` is how often it may be tried, if it says so.
    pub fn begin(&mut self, provider_id: ProviderId, max_attempts: Option<u32>) {
        if let Some(tried) = self.find(provider_id) {
            if !std::mem::take(&mut tried.repairs) {
                tried.n_attempts += 1;
            }
            tried.again_at = None;
            return;
        }
        let n_max = max_attempts.unwrap_or(self.bounds.attempts);
        self.left.push(provider_id);
        self.tried.push(Tried { provider_id, n_attempts: 1, n_max, repairs: false, again_at: None });
    }

    /// An attempt failed. `dice` takes a bound and gives a number below it.
    ///
    /// A provider that names a time is waited for only when no other is left (docs/rules.md, Routing).
    pub fn failed(&mut self, failed: Failed<'_>, now: Instant, dice: impl FnOnce(u64) -> u64) -> Step {
        let Failed { provider_id, verdict, is_held } = failed;
        if verdict.next == Next::Deliver {
            return Step::Deliver;
        }
        let pause_first = self.bounds.pause;
        let Some(tried) = self.find(provider_id) else { return Step::Other };
        if verdict.next == Next::Repair {
            (tried.repairs, tried.again_at) = (true, Some(now));
            return Step::Same(Duration::ZERO);
        }
        if tried.n_attempts >= tried.n_max {
            return Step::Other;
        }
        let named = verdict.retry_after_ms.map(Duration::from_millis);
        if verdict.next == Next::Switch && named.is_none() {
            return Step::Other;
        }
        let pause = jittered(pause_first, tried.n_attempts, dice);
        let named = named.filter(|named| *named > pause);
        tried.again_at = Some(now + named.unwrap_or(pause));
        if named.is_none() && !is_held && verdict.next == Next::Retry { Step::Same(pause) } else { Step::Other }
    }

    /// Providers that may be tried again, and from when on, without those that are `left_out`.
    pub fn again(&self, left_out: &[ProviderId]) -> impl Iterator<Item = (ProviderId, Instant)> {
        let again = self.tried.iter().filter_map(|tried| Some((tried.provider_id, tried.again_at?)));
        again.filter(move |(provider_id, _)| !left_out.contains(provider_id))
    }

    /// The first of them, if its time has come by then.
    pub fn first_again(&self, left_out: &[ProviderId], until: Instant) -> Option<(ProviderId, Instant)> {
        self.again(left_out).min_by_key(|(_, at)| *at).filter(|(_, at)| *at <= until)
    }

    /// Until when a call outside the line pauses for a provider that has named a time.
    pub fn patient_until(&self, now: Instant) -> Instant {
        now + self.bounds.patience
    }

    /// A provider may not be tried again before that time; without one, never.
    pub fn put_off(&mut self, provider_id: ProviderId, again_at: Option<Instant>) {
        if let Some(tried) = self.find(provider_id) {
            tried.again_at = again_at;
        }
    }

    /// True if the call may still go to this provider.
    pub fn may_go(&self, provider_id: ProviderId) -> bool {
        let tried = self.tried.iter().find(|tried| tried.provider_id == provider_id);
        tried.map_or_else(|| self.has_room(), |tried| tried.again_at.is_some())
    }

    fn find(&mut self, provider_id: ProviderId) -> Option<&mut Tried> {
        self.tried.iter_mut().find(|tried| tried.provider_id == provider_id)
    }
}

/// The pause after the `n`th attempt: it doubles with each, and lies by chance between half of it and all.
fn jittered(first: Duration, n: u32, dice: impl FnOnce(u64) -> u64) -> Duration {
    let doubled = first.saturating_mul(1 << n.saturating_sub(1).min(16)).min(PAUSE_MAX);
    let half_ms = u64::try_from(doubled.as_millis()).unwrap_or(u64::MAX) / 2;
    Duration::from_millis(half_ms + dice(half_ms + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::decision::{Blame, FailureClass};

    const A: ProviderId = ProviderId(1);
    const B: ProviderId = ProviderId(2);

    fn course() -> Course {
        let second = Duration::from_secs(1);
        Course::new(Bounds { providers: 2, attempts: 3, pause: second / 5, patience: 10 * second })
    }

    fn verdict(next: Next, retry_after_ms: Option<u64>) -> Verdict {
        Verdict { class: FailureClass::Server, blame: Blame::Provider, next, retry_after_ms, hold: None }
    }

    fn of(provider_id: ProviderId, verdict: &Verdict, is_held: bool) -> Failed<'_> {
        Failed { provider_id, verdict, is_held }
    }

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    /// Later than anything here.
    fn far(now: Instant) -> Instant {
        now + ms(60_000)
    }

    #[test]
    fn a_provider_is_tried_again_with_growing_pauses_until_its_attempts_are_used_up() {
        let (mut course, now, retry) = (course(), crate::clock::instant(), verdict(Next::Retry, None));
        course.begin(A, None);
        assert_eq!(course.failed(of(A, &retry, false), now, |_| 0), Step::Same(ms(100)));
        course.begin(A, None);
        assert_eq!(course.failed(of(A, &retry, false), now, |bound| bound - 1), Step::Same(ms(400)));
        course.begin(A, None);
        assert_eq!(course.failed(of(A, &retry, false), now, |_| 0), Step::Other);
        assert_eq!((course.left(), course.has_room(), course.first_again(&[], far(now))), (&[A][..], true, None));
        assert!(!course.may_go(A) && course.may_go(B));
        course.begin(B, Some(1));
        assert!(!course.has_room() && !course.may_go(ProviderId(3)));
        assert_eq!(course.failed(of(B, &retry, false), now, |_| 0), Step::Other);
    }

    #[test]
    fn a_named_time_and_a_held_provider_are_waited_for_only_when_nobody_else_is_left() {
        let (mut course, now) = (course(), crate::clock::instant());
        course.begin(A, None);
        assert_eq!(course.failed(of(A, &verdict(Next::Switch, Some(3_000)), true), now, |_| 0), Step::Other);
        course.begin(B, None);
        assert_eq!(course.failed(of(B, &verdict(Next::Retry, None), true), now, |_| 0), Step::Other);
        assert_eq!(course.first_again(&[], far(now)), Some((B, now + ms(100))));
        course.begin(B, None);
        assert_eq!(course.failed(of(B, &verdict(Next::Switch, None), true), now, |_| 0), Step::Other);
        assert_eq!(course.first_again(&[], far(now)), Some((A, now + ms(3_000))));
        assert_eq!(course.first_again(&[], now + ms(2_000)), None, "that is too long");
        assert_eq!(course.patient_until(now), now + ms(10_000));
    }

    #[test]
    fn whoever_finds_its_place_taken_may_come_back_for_it() {
        let (mut course, now) = (course(), crate::clock::instant());
        for next in [verdict(Next::Retry, None), verdict(Next::Repair, None)] {
            course.begin(A, None);
            let Step::Same(pause) = course.failed(of(A, &next, false), now, |_| 0) else {
                panic!("the same once more")
            };
            assert_eq!(course.first_again(&[A], far(now)), None, "it is left out for now");
            assert_eq!(course.first_again(&[], far(now)), Some((A, now + pause)));
            assert!(course.may_go(A));
        }
        course.put_off(A, Some(now + ms(4_000)));
        assert_eq!(course.first_again(&[], far(now)), Some((A, now + ms(4_000))));
        course.put_off(A, None);
        assert!(course.first_again(&[], far(now)).is_none() && !course.may_go(A));
    }

    #[test]
    fn a_callers_mistake_ends_it_and_a_repair_is_another_attempt_at_once() {
        let (mut course, now) = (course(), crate::clock::instant());
        course.begin(A, Some(1));
        assert_eq!(course.failed(of(A, &verdict(Next::Repair, None), false), now, |_| 0), Step::Same(Duration::ZERO));
        assert_eq!(course.failed(of(A, &verdict(Next::Deliver, None), false), now, |_| 0), Step::Deliver);
    }

    #[test]
    fn a_repair_does_not_count_as_one_of_the_attempts() {
        let (mut course, now, retry) = (course(), crate::clock::instant(), verdict(Next::Retry, None));
        course.begin(A, Some(2));
        course.failed(of(A, &verdict(Next::Repair, None), false), now, |_| 0);
        course.begin(A, Some(2));
        assert_eq!(course.failed(of(A, &retry, false), now, |_| 0), Step::Same(ms(100)), "the pause after a first one");
        course.begin(A, Some(2));
        assert_eq!(course.failed(of(A, &retry, false), now, |_| 0), Step::Other);
    }
}
