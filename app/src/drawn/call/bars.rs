//! The attempts of a call as bars on an axis of time that all of them share.

use chrono::{DateTime, Utc};
use hub::domain::{
    attempt::{Attempt, AttemptResult},
    call::{CallDetail, Outcome},
};
use leptos::prelude::*;

use crate::{drawn::clock::Clock, format::span, text::Text, ui::Erase};

/// Units from the beginning of the axis to its end. `browser::times` draws in the same.
const WIDTH: u64 = 1_000;

/// The axis, in milliseconds since the call began. Of a call that runs it ends now; with script it goes on, and what
/// lies on it moves.
#[derive(Clone, Copy)]
pub(super) struct Axis {
    /// Its end.
    end_ms: u64,
    /// When the call began, while it runs.
    began_at: Option<DateTime<Utc>>,
}

impl Axis {
    /// The one of a call.
    pub(super) fn of(detail: &CallDetail, clock: Clock) -> Self {
        let ended = detail.attempts.iter().map(|attempt| attempt.ended_ms.max(attempt.started_ms));
        let running = detail.running.iter().map(|running| {
            running
                .started_ms
                .max(running.first_byte_ms.unwrap_or_default())
                .max(running.first_token_ms.unwrap_or_default())
        });
        let known = detail.call.duration_ms.into_iter().chain(ended).chain(running).max().unwrap_or_default();
        let began_at = detail.call.outcome.is_none().then_some(detail.call.created_at);
        let now = began_at.map(|began_at| clock.since(began_at)).unwrap_or_default();
        Self { end_ms: now.max(u64::from(known)).max(1), began_at }
    }

    /// For script: when the call began, in milliseconds since 1970, and how far the axis is drawn. None if it is over.
    pub(super) fn goes_on(self) -> (Option<String>, Option<String>) {
        let began_at = self.began_at.map(|began_at| began_at.timestamp_millis().to_string());
        let end = began_at.as_ref().map(|_| self.end_ms.to_string());
        (began_at, end)
    }

    fn place(self, ms: u64) -> u64 {
        (ms.saturating_mul(WIDTH) / self.end_ms).min(WIDTH)
    }

    /// A point in time for script, which moves what lies there; empty for the end of the axis.
    fn written(self, ms: Option<u64>) -> Option<String> {
        self.began_at.map(|_| ms.map(|ms| ms.to_string()).unwrap_or_default())
    }

    /// A part of a bar; one without an end ends with the axis.
    fn part(self, class: &'static str, from: u64, to: Option<u64>) -> AnyView {
        let (x, end) = (self.place(from), to.map_or(WIDTH, |ms| self.place(ms)));
        let (from, to, width) = (self.written(Some(from)), self.written(to), end.saturating_sub(x).max(3));
        view! { <rect class=class x=x y="2" width=width height="8" data-from=from data-to=to /> }.erase()
    }
}

/// The legend and the ends of the axis.
pub(super) fn scale(text: &'static Text, axis: Axis, screened_ms: u32) -> AnyView {
    view! {
        <div class="chain-scale">
            <ul class="legend" aria-label=text.chain.legend>
                <li><i class="key queue"></i>{text.chain.in_queue}</li>
                <li><i class="key connect"></i>{text.chain.connecting}</li>
                <li><i class="key wait"></i>{text.chain.first_byte}</li>
                <li><i class="key stream"></i>{text.chain.streaming}</li>
                <li><i class="key bad"></i>{(text.outcome)(Some(Outcome::Failed))}</li>
                <li><i class="key mark"></i>{text.chain.first_token_mark}</li>
            </ul>
            <div class="ticks" title=text.chain.time_axis>
                <span>"0"</span>
                <span data-share="2">{span(axis.end_ms / 2)}</span>
                <span data-share="1">{span(axis.end_ms)}</span>
            </div>
            <p class="aside">{text.chain.screened}" "{span(screened_ms.into())}</p>
        </div>
    }
    .erase()
}

/// The attempt as a bar. Everything it says stands in words below it.
pub(super) fn bar(attempt: &Attempt, axis: Axis, is_running: bool) -> AnyView {
    let start = u64::from(attempt.started_ms);
    let last = if is_running { axis.end_ms } else { attempt.ended_ms.into() };
    let end = (!is_running).then_some(last);
    let first_byte = attempt.first_byte_ms.map(u64::from);
    let head = first_byte.unwrap_or(last).clamp(start, last.max(start));
    let connected = attempt.connect_ms.map(|ms| start.saturating_add(ms.into()).clamp(start, head));
    let queued = attempt.queue_ms.map(|ms| start.saturating_sub(ms.into()));
    let class = match (attempt.result, is_running) {
        (_, true) => "bar-line run",
        (AttemptResult::Completed, _) => "bar-line",
        (AttemptResult::Delivered | AttemptResult::Failed | AttemptResult::Interrupted, _) => "bar-line bad",
        (AttemptResult::Abandoned, _) => "bar-line quiet",
    };
    let queue = queued.map(|from| axis.part("queue", from, Some(start)));
    let connect = connected.map(|to| axis.part("connect", start, Some(to)));
    let wait = axis.part("wait", connected.unwrap_or(start), first_byte.map_or(end, |_| Some(head)));
    let stream = first_byte.map(|_| axis.part("stream", head, end));
    let mark = attempt.first_token_ms.map(|ms| {
        let (x, from) = (axis.place(ms.into()), axis.written(Some(ms.into())));
        view! { <rect class="mark" x=x y="0" width="3" height="12" data-from=from /> }.erase()
    });
    view! {
        <svg class=class viewBox=format!("0 0 {WIDTH} 12") preserveAspectRatio="none" aria-hidden="true">
            <rect class="ground" x="0" y="5.5" width=WIDTH height="1" />
            {queue} {wait} {connect} {stream} {mark}
        </svg>
    }
    .erase()
}

#[cfg(test)]
mod tests {
    use hub::domain::{attempt::RunningAttempt, call::Call, decision::Decision, price::bill::Cost};

    use super::*;

    fn detail(call: Call, running: Option<RunningAttempt>) -> CallDetail {
        let (cost, decision) = (Cost::default(), Decision::default());
        CallDetail { call, cost, attempts: Vec::new(), running, waiting: None, decision, has_messages: false }
    }

    #[test]
    fn the_axis_of_a_call_that_runs_ends_now_and_goes_on() {
        let began_at: DateTime<Utc> = "2026-11-21T12:00:00Z".parse().unwrap();
        let call = Call { created_at: began_at, ..Call::default() };
        let clock = Clock { zone: chrono_tz::UTC, now: "2026-11-21T12:00:04Z".parse().unwrap() };
        let running = RunningAttempt { started_ms: 1_000, first_byte_ms: Some(2_000), ..RunningAttempt::default() };
        let axis = Axis::of(&detail(call.clone(), Some(running)), clock);
        assert_eq!(axis.goes_on(), (Some(began_at.timestamp_millis().to_string()), Some("4000".to_owned())));
        assert_eq!((axis.place(2_000), axis.place(9_000)), (500, WIDTH));
        let attempt = Attempt { started_ms: 1_000, first_byte_ms: Some(2_000), ..Attempt::default() };
        let drawn = bar(&attempt, axis, true).to_html();
        for part in ["x=\"500\"", "data-from=\"2000\"", "data-to=\"\"", "bar-line run"] {
            assert!(drawn.contains(part), "{part}: {drawn}");
        }
        // What is over stays as it is.
        let over = Call { outcome: Some(Outcome::Completed), duration_ms: Some(3_000), ..call };
        let axis = Axis::of(&detail(over, None), clock);
        assert_eq!(axis.goes_on(), (None, None));
        let drawn = bar(&Attempt { ended_ms: 3_000, ..attempt }, axis, false).to_html();
        assert!(drawn.contains("x=\"333\"") && !drawn.contains("data-from"), "{drawn}");
    }
}
