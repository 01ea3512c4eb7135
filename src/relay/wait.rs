//! A call that nobody can serve just now waits until somebody can (docs/rules.md, Waiting).

pub mod keep_alive;
pub mod messages;

use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue, header};
use tokio_util::sync::CancellationToken;

use self::keep_alive::KeepAlive;
use super::{answer::name, left_out::LeftOut, trail::Trail};
use crate::{
    clock,
    domain::{
        call::Waiting,
        decision::{Choice, Skip},
        id::{ProviderId, UserId},
        settings::WhoWaits,
    },
    limit::parking::{Place, Wants},
    wire::rejection::Rejection,
};

/// Begins the user agents of clients that try again by themselves: Claude Code, and the SDKs of Anthropic and `OpenAI`.
const RETRYING: &[&str] = &[
    "claude-cli/",
    "claude-code/",
    "Anthropic/",
    "AsyncAnthropic/",
    "AnthropicBedrock/",
    "AnthropicVertex/",
    "OpenAI/",
    "AsyncOpenAI/",
    "AzureOpenAI/",
];

/// A header of clients that try again by themselves: the SDKs count there how often they did.
const RETRY_COUNT: &str = "x-stainless-retry-count";

/// A call's waiting, from the first time that nobody was left for it.
pub struct Wait {
    /// Whose it is; none if it does not wait.
    user_id: Option<UserId>,
    place: Option<Place>,
    /// Since when it is in the line.
    since: Option<Instant>,
    /// How long it was there before.
    spent: Duration,
    /// Why its caller may not go on, if something has changed meanwhile.
    refusal: Option<Rejection>,
    /// Told when the client is to be kept alive; none if it asked for no stream, or is to have a real status.
    keep_alive: Option<KeepAlive>,
}

impl Wait {
    /// Of a call that has been admitted. If it would wait, it leaves providers out of its first choice whose next free
    /// place belongs to calls that wait already. `keep_alive` is told when the client of a stream has waited for long.
    pub fn new(trail: &mut Trail, headers: &HeaderMap, wants_stream: bool, keep_alive: KeepAlive) -> Self {
        let waits = match trail.snapshot.settings.waiting {
            WhoWaits::Off => false,
            WhoWaits::On => true,
            WhoWaits::PatientOnly => !tries_again(headers),
        };
        let user_id = trail.account.caller().filter(|_| waits).map(|caller| caller.user.id);
        if user_id.is_some() {
            let awaited = trail.hub().parking.awaited();
            trail.account.left_out.awaited(&awaited);
        }
        // Whoever does not wait gets real statuses, and may try again by itself.
        let keep_alive = (wants_stream && user_id.is_some()).then_some(keep_alive);
        Self { user_id, place: None, since: None, spent: Duration::ZERO, refusal: None, keep_alive }
    }

    /// Nobody can be tried just now. Waits until it is this call's turn to look again: true. False if it does not wait, or
    /// no longer: nothing that it `wants` will be free in its time, too many wait already, its caller may not go on, or
    /// the client has `left`.
    pub async fn turn(&mut self, wants: Wants, trail: &mut Trail, left: &CancellationToken) -> bool {
        let Some(user_id) = self.user_id else { return false };
        let since = *self.since.get_or_insert_with(clock::instant);
        let settings = &trail.snapshot.settings;
        let deadline = trail.began + Duration::from_millis(settings.call_deadline_ms);
        let patience = Duration::from_millis(settings.waiting_ms).saturating_sub(self.spent);
        let end = deadline.min(since + patience);
        let place = match self.place.take() {
            _ if !is_in_time(&wants, end) => None,
            Some(place) => {
                place.stay(wants);
                Some(place)
            }
            // Whoever has just lined up looks once more, and says then what it wants.
            None => {
                let max = usize::try_from(settings.waiting_max).unwrap_or(usize::MAX);
                trail.hub().parking.enter(user_id, max)
            }
        };
        let Some(place) = place else {
            trail.waits(None);
            return false;
        };
        let is_turn = tokio::select! {
            biased;
            () = left.cancelled() => false,
            () = tokio::time::sleep_until(end.into()) => false,
            () = self.until_turn(&place, trail, since) => true,
        };
        let caught_up = if is_turn { trail.catch_up() } else { Ok(()) };
        if !is_turn || caught_up.is_err() {
            self.refusal = caught_up.err();
            trail.waits(None);
            return false;
        }
        trail.chooses_again();
        trail.account.left_out = LeftOut::default();
        self.place = Some(place);
        true
    }

    /// Waits until it is its turn, and tells meanwhile where it stands.
    async fn until_turn(&self, place: &Place, trail: &mut Trail, since: Instant) {
        let since_ms = u32::try_from(since.duration_since(trail.began).as_millis()).unwrap_or(u32::MAX);
        while !place.turn().await {
            let standing = place.standing();
            trail.waits(standing.map(|at| Waiting { position: at.position, since_ms, expected_ms: at.expected_ms }));
            self.keep_alive(trail, since);
        }
    }

    /// Begins the answer of a stream whose call waits since then, if that is long ago: so its client is kept alive.
    pub fn keep_alive(&self, trail: &mut Trail, since: Instant) {
        if self.alive_at(trail, since).is_some_and(|at| at <= clock::instant()) {
            self.begin(trail);
        }
    }

    /// When the client is to be kept alive that waits since then, or in the line since before; none if it is already, or
    /// never is to be.
    fn alive_at(&self, trail: &Trail, since: Instant) -> Option<Instant> {
        self.keep_alive.as_ref().filter(|keep_alive| !keep_alive.has_begun())?;
        let after = Duration::from_millis(trail.snapshot.settings.keep_alive_after_ms);
        Some(self.since.unwrap_or(since) + after)
    }

    fn begin(&self, trail: &mut Trail) {
        if let Some(keep_alive) = &self.keep_alive {
            trail.committed(keep_alive::STATUS);
            keep_alive.begin(head(trail));
        }
    }

    /// The pause before an attempt that may begin `at` that time. None if the client leaves before.
    pub async fn pause(&self, at: Instant, trail: &mut Trail, left: &CancellationToken) -> Option<()> {
        if let Some(alive_at) = self.alive_at(trail, clock::instant()).filter(|alive_at| *alive_at < at) {
            until(alive_at, left).await?;
            self.begin(trail);
        }
        until(at, left).await
    }

    /// Why its caller may not go on, told once.
    pub const fn refusal(&mut self) -> Option<Rejection> {
        self.refusal.take()
    }

    /// True if the call has a place in the line.
    pub const fn is_in_line(&self) -> bool {
        self.place.is_some()
    }

    /// How long the call has been in the line; no time if it is not.
    pub fn so_far(&self) -> Duration {
        self.since.filter(|_| self.place.is_some()).map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// The call goes to this provider.
    pub fn over(&mut self, trail: &mut Trail, provider_id: ProviderId) {
        if let Some(place) = self.place.take() {
            place.serve(provider_id);
            self.spent += self.since.take().map_or(Duration::ZERO, |since| since.elapsed());
            trail.waits(None);
        }
    }
}

/// Ready at that time; none if the client leaves before.
async fn until(at: Instant, left: &CancellationToken) -> Option<()> {
    tokio::select! {
        biased;
        () = left.cancelled() => None,
        () = tokio::time::sleep_until(at.into()) => Some(()),
    }
}

/// What a call waits for beside what is left out for its limits: the end of holds.
pub fn with_held(mut wants: Wants, choice: &Choice) -> Wants {
    let held = choice.candidates.iter().filter(|candidate| candidate.skip == Some(Skip::Held));
    wants.providers.extend(held.map(|candidate| candidate.provider_id));
    let until_ms = choice.next_free.map(|at| at.timestamp_millis());
    wants.until_ms = wants.until_ms.into_iter().chain(until_ms).min();
    wants
}

/// True if something may be free before `end`.
fn is_in_time(wants: &Wants, end: Instant) -> bool {
    let (now, now_ms) = (clock::instant(), clock::now().timestamp_millis());
    let left_ms = i64::try_from(end.saturating_duration_since(now).as_millis()).unwrap_or(i64::MAX);
    left_ms > 0 && (!wants.full.is_empty() || wants.until_ms.is_some_and(|until| until - now_ms <= left_ms))
}

/// The headers of an answer that begins before its provider is known.
fn head(trail: &Trail) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    trail.account.rates().announce(&mut headers);
    name(&mut headers, trail.call_id, None);
    headers
}

/// True if a client is known to try again by itself when it is told that nobody is free.
fn tries_again(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    headers.contains_key(RETRY_COUNT) || RETRYING.iter().any(|name| agent.starts_with(name))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::decision::Candidate;

    #[test]
    fn clients_that_try_again_are_known_by_their_headers() {
        let known = |name: &'static str, value: &'static str| {
            tries_again(&HeaderMap::from_iter([(http::HeaderName::from_static(name), HeaderValue::from_static(value))]))
        };
        assert!(known("user-agent", "claude-cli/2.1.80 (external, cli)"));
        assert!(known("user-agent", "Anthropic/JS 0.70.1") && known("user-agent", "AsyncOpenAI/Python 2.8.0"));
        assert!(known(RETRY_COUNT, "0"));
        assert!(!known("user-agent", "curl/8.14.1") && !known("user-agent", "my-Anthropic/1"));
        assert!(!tries_again(&HeaderMap::new()));
    }

    #[test]
    fn waiting_is_worth_it_only_for_what_comes_in_time() {
        let end = clock::instant() + Duration::from_mins(1);
        let at = |until_ms| Wants { until_ms, ..Wants::default() };
        let now_ms = clock::now().timestamp_millis();
        assert!(is_in_time(&at(Some(now_ms + 30_000)), end) && is_in_time(&at(Some(now_ms - 1)), end));
        assert!(!is_in_time(&at(Some(now_ms + 90_000)), end) && !is_in_time(&at(None), end));
        assert!(is_in_time(&Wants { full: vec![ProviderId(1)], ..at(Some(now_ms + 90_000)) }, end));
    }
    #[test]
    fn the_end_of_a_hold_is_waited_for() {
        let candidate = |id, skip| Candidate {
            provider_id: ProviderId(id),
            name: String::new(),
            priority: 0,
            weight: 1,
            skip: Some(skip),
            hold: None,
            at_limit: None,
        };
        let candidates = vec![candidate(1, Skip::Held), candidate(2, Skip::Limit), candidate(3, Skip::Group)];
        let next_free = DateTime::from_timestamp_millis(5_000);
        let choice = Choice { candidates, next_free, ..Choice::default() };
        let limited = |until_ms| Wants { providers: vec![ProviderId(2)], until_ms, ..Wants::default() };
        let wants = with_held(limited(Some(9_000)), &choice);
        assert_eq!((wants.providers, wants.until_ms), (vec![ProviderId(2), ProviderId(1)], Some(5_000)));
        assert_eq!(with_held(limited(Some(1_000)), &choice).until_ms, Some(1_000));
        assert_eq!(with_held(limited(None), &Choice::default()).until_ms, None);
    }
}
