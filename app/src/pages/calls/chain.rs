//! The decision chain: what happened as a sentence, then one row for each attempt on a shared axis of time.

use hub::domain::{
    attempt::{Attempt, AttemptResult, RunningAttempt},
    decision::{Candidate, Choice, Next},
    group::{ANY_GROUP, DEFAULT_GROUP},
};
use leptos::prelude::*;

use crate::{
    api::calls::Detail,
    format::{span, span_or_unknown, whole},
    text::{Text, use_text},
    ui::{
        Erase,
        state::{Tone, state},
        time::{Now, use_now},
    },
};

/// Units from the beginning of the axis to its end.
const WIDTH: u64 = 1_000;

/// The view.
pub(super) fn view(detail: &Detail) -> AnyView {
    let text = use_text();
    let axis = Axis::of(detail);
    let rows = detail.decision.choices.iter().map(|choice| {
        let attempt = choice.attempt_id.and_then(|id| detail.attempts.iter().find(|attempt| attempt.id == id));
        let running = detail.running.as_ref().filter(|running| choice.attempt_id == Some(running.id)).map(so_far);
        let is_running = running.is_some();
        row(text, choice, attempt.or(running.as_ref()), &Shown { detail, axis, is_running })
    });
    let has_bars = !detail.attempts.is_empty() || detail.running.is_some();
    let bars = has_bars.then(|| scale(text, axis, detail.decision.screened_ms));
    view! {
        <section aria-labelledby="chain-title">
            <h3 id="chain-title" class="aside">{text.chain.title}</h3>
            <p class="sentence">{detail.told.clone()}</p>
            <div class="chain">{bars}<ol>{rows.collect_view()}</ol></div>
        </section>
    }
    .erase()
}

/// An attempt that runs, in the form of one that is over.
fn so_far(running: &RunningAttempt) -> Attempt {
    Attempt {
        id: running.id,
        provider_id: running.provider_id,
        provider_name: running.provider_name.clone(),
        model_sent: running.model_sent.clone(),
        started_ms: running.started_ms,
        first_byte_ms: running.first_byte_ms,
        first_token_ms: running.first_token_ms,
        ..Attempt::default()
    }
}

/// The axis of time that all attempts share. Of a call that runs it ends now, so its last bar grows.
#[derive(Clone, Copy)]
struct Axis {
    /// The last that is known to have happened, in milliseconds since the call began.
    known_ms: u64,
    /// When the call began and the reader's clock, of a call that runs.
    clock: Option<(i64, Now)>,
}

impl Axis {
    fn of(detail: &Detail) -> Self {
        let ended = detail.attempts.iter().map(|attempt| attempt.ended_ms.max(attempt.started_ms));
        let running = detail.running.iter().map(|running| {
            running
                .started_ms
                .max(running.first_byte_ms.unwrap_or_default())
                .max(running.first_token_ms.unwrap_or_default())
        });
        let known = detail.call.duration_ms.into_iter().chain(ended).chain(running).max().unwrap_or_default();
        let runs = detail.call.outcome.is_none();
        let clock = runs.then(|| (detail.call.created_at.timestamp_millis(), use_now()));
        Self { known_ms: u64::from(known).max(1), clock }
    }

    /// Its end, tracked.
    fn end_ms(self) -> u64 {
        let now = self.clock.and_then(|(began, now)| u64::try_from(now.get()? - began).ok());
        now.unwrap_or_default().max(self.known_ms)
    }
}

/// What a row belongs to.
struct Shown<'a> {
    detail: &'a Detail,
    axis: Axis,
    /// True if its attempt runs.
    is_running: bool,
}

/// The place of a time on an axis that ends at `end_ms`.
fn place(ms: u32, end_ms: u64) -> u64 {
    (u64::from(ms) * WIDTH / end_ms).min(WIDTH)
}

/// The legend and the ends of the axis.
fn scale(text: &'static Text, axis: Axis, screened_ms: u32) -> AnyView {
    view! {
        <div class="chain-scale">
            <ul class="legend" aria-label=text.chain.legend>
                <li><i class="key queue"></i>{text.chain.in_queue}</li>
                <li><i class="key connect"></i>{text.chain.connecting}</li>
                <li><i class="key wait"></i>{text.chain.first_byte}</li>
                <li><i class="key stream"></i>{text.chain.streaming}</li>
                <li><i class="key mark"></i>{text.chain.first_token_mark}</li>
            </ul>
            <div class="ticks" title=text.chain.time_axis>
                <span>"0"</span>
                <span>{move || span(axis.end_ms() / 2)}</span>
                <span>{move || span(axis.end_ms())}</span>
            </div>
            <p class="aside">{text.chain.screened}" "{span(screened_ms.into())}</p>
        </div>
    }
    .erase()
}

fn row(text: &'static Text, choice: &Choice, attempt: Option<&Attempt>, shown: &Shown<'_>) -> AnyView {
    let (axis, is_running) = (shown.axis, shown.is_running);
    let Some(attempt) = attempt else {
        // Nobody was chosen, or the attempt has not begun yet.
        let chosen = chosen(choice).map(|candidate| candidate.name.clone());
        let verdict = chosen.is_some().then(|| state(Tone::Run, text.chain.running));
        return view! {
            <li class="attempt">
                <span class="attempt-name">{chosen.unwrap_or_else(|| text.chain.none_chosen.to_owned())}</span>
                <span class="attempt-verdict">{verdict}</span>
                <div class="attempt-why">
                    <p class="caption">{why(text, choice)}</p>
                    {not_eligible(text, choice)}
                </div>
            </li>
        }
        .erase();
    };
    view! {
        <li class="attempt">
            <span class="attempt-name">
                <a class="font-medium hover:underline" href=format!("/providers/{}", attempt.provider_id)>{attempt.provider_name.clone()}</a>
                <span class="mono text-muted ellipsis">{attempt.model_sent.clone()}</span>
            </span>
            <span class="attempt-verdict">{verdict(text, choice, attempt, shown)}</span>
            {growing_bar(attempt, axis, is_running)}
            <div class="attempt-why">
                <p class="caption">{times(text, attempt, is_running)}</p>
                <p class="caption">{why(text, choice)}</p>
                <p class="caption">{caused(text, choice)}</p>
                {not_eligible(text, choice)}
            </div>
        </li>
    }
    .erase()
}

/// The attempt on an axis that may still grow. Everything it says stands in words below it.
fn growing_bar(attempt: &Attempt, axis: Axis, is_running: bool) -> AnyView {
    if axis.clock.is_none() {
        return bar(attempt, axis.end_ms(), is_running);
    }
    let attempt = attempt.clone();
    (move || bar(&attempt, axis.end_ms(), is_running)).into_any()
}

fn bar(attempt: &Attempt, end_ms: u64, is_running: bool) -> AnyView {
    let end = if is_running { WIDTH } else { place(attempt.ended_ms, end_ms) };
    let start = place(attempt.started_ms, end_ms);
    let head = attempt.first_byte_ms.map_or(end, |ms| place(ms, end_ms)).clamp(start, end.max(start));
    let connected =
        attempt.connect_ms.map(|ms| place(attempt.started_ms.saturating_add(ms), end_ms).clamp(start, head));
    let queued = attempt.queue_ms.map(|ms| place(attempt.started_ms.saturating_sub(ms), end_ms));
    let class = match (attempt.result, is_running) {
        (_, true) => "bar-line run",
        (AttemptResult::Completed, _) => "bar-line",
        (AttemptResult::Delivered | AttemptResult::Failed | AttemptResult::Interrupted, _) => "bar-line bad",
        (AttemptResult::Abandoned, _) => "bar-line quiet",
    };
    let part = |class: &'static str, from: u64, to: u64| {
        view! { <rect class=class x=from y="2" width=to.saturating_sub(from).max(3) height="8" /> }.erase()
    };
    let queue = queued.map(|from| part("queue", from, start));
    let connect = connected.map(|to| part("connect", start, to));
    let wait = part("wait", connected.unwrap_or(start), head);
    let stream = attempt.first_byte_ms.map(|_| part("stream", head, end));
    let mark = attempt
        .first_token_ms
        .map(|ms| view! { <rect class="mark" x=place(ms, end_ms) y="0" width="3" height="12" /> }.erase());
    view! {
        <svg class=class viewBox=format!("0 0 {WIDTH} 12") preserveAspectRatio="none" aria-hidden="true">
            <rect class="ground" x="0" y="5.5" width=WIDTH height="1" />
            {queue} {wait} {connect} {stream} {mark}
        </svg>
    }
    .erase()
}

fn times(text: &'static Text, attempt: &Attempt, is_running: bool) -> String {
    let mut parts = vec![format!("{} {}", text.chain.waiting, span(attempt.started_ms.into()))];
    let mut part = |label: &str, ms: Option<u32>| {
        if ms.is_some() {
            parts.push(format!("{label} {}", span_or_unknown(ms)));
        }
    };
    part(text.chain.queued, attempt.queue_ms);
    part(text.chain.connected, attempt.connect_ms);
    part(text.calls.first_byte, attempt.first_byte_ms);
    part(text.calls.first_token, attempt.first_token_ms);
    part(text.chain.ended, (!is_running).then_some(attempt.ended_ms));
    parts.join(" · ")
}

/// How the attempt ended, and what followed from it.
fn verdict(text: &'static Text, choice: &Choice, attempt: &Attempt, shown: &Shown<'_>) -> AnyView {
    if shown.is_running {
        return state(Tone::Run, text.chain.running);
    }
    let tone = match attempt.result {
        AttemptResult::Completed => Tone::Good,
        AttemptResult::Delivered => Tone::Warn,
        AttemptResult::Failed | AttemptResult::Interrupted => Tone::Bad,
        AttemptResult::Abandoned => Tone::Quiet,
    };
    let why = match (attempt.result, attempt.status, &attempt.error) {
        (AttemptResult::Completed | AttemptResult::Abandoned, ..) => (text.result)(attempt.result).to_owned(),
        (_, Some(status), _) if status >= 400 => (text.chain.http)(status),
        (_, _, Some(error)) => shown.detail.cause_in_words(&error.cause),
        _ => (text.result)(attempt.result).to_owned(),
    };
    // The judge says what should follow; what did follow also depends on who was left.
    let next = match attempt.result {
        AttemptResult::Delivered => Some(Next::Deliver),
        AttemptResult::Failed => choice.verdict.map(|verdict| verdict.next),
        AttemptResult::Completed | AttemptResult::Interrupted | AttemptResult::Abandoned => None,
    };
    let next = next.map(|next| format!(" → {}", (text.next)(next)));
    let title = choice.verdict.map(|verdict| (text.blame)(verdict.blame));
    view! { <span class=tone.class() title=title><span class="ellipsis">{why}{next}</span></span> }.erase()
}

/// Who was chosen.
pub(super) fn chosen(choice: &Choice) -> Option<&Candidate> {
    choice.candidates.iter().find(|candidate| Some(candidate.provider_id) == choice.provider_id)
}

/// Why it was this one.
pub(crate) fn why(text: &'static Text, choice: &Choice) -> Option<String> {
    let mut parts = Vec::new();
    if choice.is_retry {
        parts.push(text.chain.once_more.to_owned());
        parts.extend(choice.is_repaired.then(|| text.chain.repaired.to_owned()));
    } else {
        parts.push(among(text, choice)?);
        let group = choice.group.as_deref().filter(|group| *group != DEFAULT_GROUP && *group != ANY_GROUP);
        parts.extend(group.map(text.chain.by_group));
        parts.extend(choice.warm.map(|warm| (text.chain.left_cache)(&whole(warm.cached_tokens))));
    }
    Some(parts.join(" · "))
}

/// Why it was this one among the eligible.
fn among(text: &'static Text, choice: &Choice) -> Option<String> {
    let chosen = chosen(choice)?;
    if choice.is_sticky {
        return Some(text.chain.sticky.to_owned());
    }
    if choice.is_last_resort {
        return Some(text.chain.last_resort.to_owned());
    }
    let equals = |candidate: &&Candidate| candidate.skip.is_none() && candidate.priority == chosen.priority;
    let n_equals = choice.candidates.iter().filter(equals).count();
    Some(if n_equals == 1 {
        (text.chain.only)(&chosen.name, chosen.priority)
    } else {
        (text.chain.drawn)(&chosen.name, chosen.weight, choice.weight_total, n_equals)
    })
}

/// What was put on hold because of the attempt.
fn caused(text: &'static Text, choice: &Choice) -> Option<String> {
    let reasons: Vec<_> = choice.caused.iter().map(|held| (text.hold)(held.reason)).collect();
    (!reasons.is_empty()).then(|| (text.chain.caused)(&reasons.join(", ")))
}

/// Those that were left out, folded, each with its reason.
fn not_eligible(text: &'static Text, choice: &Choice) -> Option<AnyView> {
    let line = |candidate: &Candidate| {
        let reason = (text.skip)(candidate.skip?);
        let held = candidate.hold.map(|hold| format!(" ({})", (text.hold)(hold.reason)));
        Some(view! { <li><span class="text-text">{candidate.name.clone()}</span>": "{reason}{held}</li> }.erase())
    };
    let lines: Vec<_> = choice.candidates.iter().filter_map(line).collect();
    if lines.is_empty() {
        return None;
    }
    let summary = (text.chain.not_eligible)(lines.len());
    let more = (choice.n_more > 0).then(|| view! { <li>{(text.common.n_more)(choice.n_more)}</li> }.erase());
    Some(view! { <details class="fold"><summary>{summary}</summary><ul>{lines}{more}</ul></details> }.erase())
}
