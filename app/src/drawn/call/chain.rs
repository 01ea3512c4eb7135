//! The decision chain: what happened as a sentence, then one row for each attempt on a shared axis of time.

use hub::domain::{
    attempt::{Attempt, AttemptResult, RunningAttempt},
    call::CallDetail,
    decision::{Candidate, Choice, Next},
    group::{ANY_GROUP, DEFAULT_GROUP},
};
use leptos::prelude::*;

use super::{
    bars::{Axis, bar, scale},
    sentence::sentence,
};
use crate::{
    drawn::{clock::Clock, limits::reached},
    format::{span, whole},
    text::Text,
    ui::{
        Erase,
        state::{Tone, state},
    },
};

/// The view.
pub(super) fn view(text: &'static Text, detail: &CallDetail, clock: Clock) -> AnyView {
    let axis = Axis::of(detail, clock);
    let rows = detail.decision.choices.iter().zip(1..).map(|(choice, place)| {
        let attempt = choice.attempt_id.and_then(|id| detail.attempts.iter().find(|attempt| attempt.id == id));
        let running = detail.running.as_ref().filter(|running| choice.attempt_id == Some(running.id)).map(so_far);
        let is_running = running.is_some();
        row(text, choice, attempt.or(running.as_ref()), &Shown { place, axis, is_running, clock })
    });
    let has_bars = !detail.attempts.is_empty() || detail.running.is_some();
    let bars = has_bars.then(|| scale(text, axis, detail.decision.screened_ms));
    let (began_at, end) = axis.goes_on();
    view! {
        <section aria-labelledby="chain-title">
            <h3 id="chain-title" class="aside">{text.chain.title}</h3>
            <p class="sentence">{sentence(text, detail)}</p>
            <div class="chain" data-began=began_at data-end=end>{bars}<ol>{rows.collect_view()}</ol></div>
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

/// What a row belongs to.
struct Shown {
    /// Which one it is, from 1.
    place: usize,
    axis: Axis,
    /// True if its attempt runs.
    is_running: bool,
    clock: Clock,
}

fn row(text: &'static Text, choice: &Choice, attempt: Option<&Attempt>, shown: &Shown) -> AnyView {
    let left_out = not_eligible(text, choice, shown);
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
                    {left_out}
                </div>
            </li>
        }
        .erase();
    };
    let is_running = shown.is_running;
    view! {
        <li class="attempt">
            <span class="attempt-name">
                <a class="font-medium hover:underline" href=format!("/providers/{}", attempt.provider_id)>{attempt.provider_name.clone()}</a>
                <span class="mono text-muted break-anywhere">{attempt.model_sent.clone()}</span>
            </span>
            <span class="attempt-verdict">{verdict(text, choice, attempt, is_running)}</span>
            {bar(attempt, shown.axis, is_running)}
            <div class="attempt-why">
                <p class="caption">{times(text, attempt, is_running)}</p>
                <p class="caption">{why(text, choice)}</p>
                <p class="caption">{caused(text, choice)}</p>
                {left_out}
            </div>
        </li>
    }
    .erase()
}

fn times(text: &'static Text, attempt: &Attempt, is_running: bool) -> String {
    let mut parts = Vec::new();
    let mut part = |label: &str, ms: Option<u32>| {
        if let Some(ms) = ms {
            parts.push(format!("{label} {}", span(ms.into())));
        }
    };
    part(text.chain.waiting, Some(attempt.started_ms));
    part(text.chain.queued, attempt.queue_ms);
    part(text.chain.connected, attempt.connect_ms);
    part(text.calls.first_byte, attempt.first_byte_ms);
    part(text.call.first_token, attempt.first_token_ms);
    part(text.chain.ended, (!is_running).then_some(attempt.ended_ms));
    // Lines break between them only.
    parts.iter().map(|part| part.replace(' ', "\u{a0}")).collect::<Vec<_>>().join(" · ")
}

/// How the attempt ended, and what followed from it.
fn verdict(text: &'static Text, choice: &Choice, attempt: &Attempt, is_running: bool) -> AnyView {
    if is_running {
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
        (_, _, Some(error)) => text.cause_in_words(&error.cause),
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
fn not_eligible(text: &'static Text, choice: &Choice, shown: &Shown) -> Option<AnyView> {
    let line = |candidate: &Candidate| {
        let reason = (text.skip)(candidate.skip?);
        let held = candidate.hold.map(|hold| format!(" ({})", (text.hold)(hold.reason)));
        let at_limit = candidate.at_limit.as_deref().map(|at| reached(text, at, shown.clock));
        let name = candidate.name.clone();
        Some(view! { <li><span class="text-text">{name}</span>": "{reason}{held}{at_limit}</li> }.erase())
    };
    let lines: Vec<_> = choice.candidates.iter().filter_map(line).collect();
    if lines.is_empty() {
        return None;
    }
    // The place tells the choices of a call apart.
    let (id, summary) = (format!("left-out-{}", shown.place), (text.chain.not_eligible)(lines.len()));
    let more = (choice.n_more > 0).then(|| view! { <li>{(text.common.n_more)(choice.n_more)}</li> }.erase());
    Some(view! { <details class="fold" id=id><summary>{summary}</summary><ul>{lines}{more}</ul></details> }.erase())
}
