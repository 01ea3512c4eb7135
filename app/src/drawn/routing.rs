//! Where would a call go? A call that nobody makes, and the choice that would be made for it.

use hub::domain::{
    decision::Candidate,
    explain::{ExplainedChoice, Explanation, NamedKey},
    fault::Fault,
    provider::Provider,
};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use super::{call::why, clock::Clock, limits::reached, parts};
use crate::{
    format::{UNKNOWN, begun_large, share},
    text::Text,
    ui::{
        Erase,
        field::{self, MOMENT_EXAMPLE},
        icon::{Icon, icon},
        state::{Tone, note, state},
    },
};

/// Where it is.
const PATH: &str = "/routing";

/// What the page shows.
pub(crate) struct Simulator {
    /// The keys to choose from.
    pub(crate) keys: Vec<NamedKey>,
    /// The providers that a session can be bound to.
    pub(crate) providers: Vec<Provider>,
    /// Where the call would go; none if nothing is asked yet.
    pub(crate) asked: Option<Result<Explanation, Fault>>,
}

/// The page.
pub(crate) fn page(
    text: &'static Text,
    map: &ParamsMap,
    simulator: &Simulator,
    clock: Clock,
) -> (Option<String>, AnyView) {
    let words = &text.simulator;
    let answer = match &simulator.asked {
        Some(Ok(explanation)) => answer(text, explanation, clock),
        Some(Err(_)) => ().into_any(),
        None => view! { <p class="help">{words.nothing_yet}</p> }.erase(),
    };
    let content = view! {
        <div class="simulator">
            {form(text, map, simulator, clock)}
            <div class="grid content-start gap-6" aria-live="polite">{answer}</div>
        </div>
    };
    parts::page_with(words.title, None, ().into_any(), content.erase())
}

fn form(text: &'static Text, map: &ParamsMap, simulator: &Simulator, clock: Clock) -> AnyView {
    let fault = simulator.asked.as_ref().and_then(|asked| asked.as_ref().err());
    let why = fault.map(text.fault);
    let why = why.as_deref();
    let words = &text.simulator;
    let get = |name: &str| map.get_str(name).unwrap_or_default().to_owned();
    let known = [
        ("key", "key_id"),
        ("groups", "groups"),
        ("model", "model"),
        ("address", "address"),
        ("at", "at"),
        ("session", "session_id"),
    ];
    let at = fault.and_then(Fault::field);
    let problem = |name: &str| {
        let field = known.iter().find(|(parameter, _)| *parameter == name).map(|(_, field)| *field);
        why.filter(|_| field.is_some() && field == at).map(str::to_owned)
    };
    let is_shown = known.iter().any(|(_, field)| Some(*field) == at);
    let elsewhere = why.filter(|_| !is_shown).map(|why| note("note bad", Icon::Alert, why.to_owned()));
    let line = |name: &'static str, label: &'static str, help: &str, example: &'static str| {
        let (value, problem, help) = (get(name), problem(name), help.to_owned());
        let missing = (name == "model").then(|| field::missing(text, name));
        parts::Line { name, label, help, example, kind: "text", value, problem, missing }.view()
    };
    let key = |key: &NamedKey| (key.id.to_string(), format!("{} / {}", key.user_name, key.name));
    let bound = |provider: &Provider| (provider.id.to_string(), provider.name.clone());
    let keys = parts::options_or(words.no_key, simulator.keys.iter().map(key), &get("key"));
    let providers = parts::options_or(words.not_bound, simulator.providers.iter().map(bound), &get("bound"));
    let at_help = (words.at_help)(clock.zone.name());
    view! {
        <form method="get" action=PATH>
            <p class="lead">{words.lead}</p>
            <div class="field">
                <label for="sim-key">{words.key}</label>
                <select class="select" id="sim-key" name="key" aria-describedby="sim-key-problem">{keys}</select>
                <div class="problem" id="sim-key-problem" role="alert">{problem("key")}</div>
            </div>
            {line("groups", words.groups, words.groups_help, "default")}
            {line("model", text.providers.test_model, words.model_help, "claude-sonnet-4-5")}
            <div class="pair">
                {line("client", words.client, words.client_help, "claude-cli/2.1")}
                {line("address", words.address, words.client_help, "192.0.2.1")}
            </div>
            <div class="field">
                <label for="sim-bound">{words.bound}</label>
                <select class="select" id="sim-bound" name="bound">{providers}</select>
            </div>
            {line("session", words.session, words.session_help, "")}
            {line("at", words.at, &at_help, MOMENT_EXAMPLE)}
            <label class="check">
                <input type="checkbox" name="limits" value="1" checked=map.get_str("limits").is_some() role="switch" />
                <span><span class="font-medium">{words.limits}</span><span class="help block">{words.limits_help}</span></span>
            </label>
            <div role="alert">{elsewhere}</div>
            <div><button type="submit" class="button primary">{icon(Icon::Play)}{words.run}</button></div>
        </form>
    }
    .erase()
}

fn answer(text: &'static Text, explanation: &Explanation, clock: Clock) -> AnyView {
    let words = &text.simulator;
    let refusal = |refusal: &hub::domain::explain::Refusal| {
        let why = text.cause_in_words(&refusal.cause);
        let message = refusal.message.clone();
        view! { <li><span class="mono">{refusal.status}</span>" "{why}<span class="caption block" lang="en">{message}</span></li> }.erase()
    };
    let refused = (!explanation.refusals.is_empty()).then(|| {
        let list = explanation.refusals.iter().map(refusal).collect_view();
        note("note bad", Icon::Alert, view! { <p class="font-medium">{words.refused}</p><ul>{list}</ul> }.into_any())
    });
    let priority = text.providers.priority.to_lowercase();
    let turns: Vec<String> =
        explanation.groups.iter().map(|turn| format!("{} ({priority} {})", turn.name, turn.priority)).collect();
    let choices = explanation.choices.iter().zip(1..).map(|(choice, turn)| one(text, choice, turn, clock));
    view! {
        {refused}
        <p class="caption">{(words.order)(&turns.join(" → "))}" · "{clock.stamp(explanation.at)}</p>
        <ol class="grid gap-4">{choices.collect_view()}</ol>
    }
    .into_any()
}

/// One choice: who, why, and everybody else with the reason.
fn one(text: &'static Text, explained: &ExplainedChoice, turn: usize, clock: Clock) -> AnyView {
    let words = &text.simulator;
    let choice = &explained.choice;
    let chosen = choice.candidates.iter().find(|candidate| Some(candidate.provider_id) == choice.provider_id);
    let title = match (chosen, turn) {
        (Some(chosen), 1) => (words.first)(&chosen.name),
        (Some(chosen), _) => (words.then)(turn, &chosen.name),
        (None, 1) => text.chain.none_chosen.to_owned(),
        (None, _) => words.nobody_left.to_owned(),
    };
    let sent =
        explained.model_sent.as_ref().map(|model| view! { " · "<span class="mono">{model.clone()}</span> }.into_any());
    // Who may be chosen comes first, by priority; then everybody else.
    let mut candidates: Vec<&Candidate> = choice.candidates.iter().collect();
    candidates.sort_by_key(|candidate| (candidate.skip.is_some(), candidate.priority));
    let rows = candidates.into_iter().map(|candidate| line(text, explained, candidate, clock));
    let more = (choice.n_more > 0)
        .then(|| view! { <p class="caption px-4 py-2">{(text.common.n_more)(choice.n_more)}</p> }.erase());
    view! {
        <li class="panel">
            <div class="panel-head">
                <h2>{title}{sent}</h2>
                {why(text, choice).map(|why| view! { <p class="caption">{why}</p> }.erase())}
            </div>
            <div class="scroll">
                <table class="table candidates">
                    <caption class="aside">{words.candidates}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{text.calls.provider}</th>
                            <th scope="col">{words.verdict}</th>
                            <th scope="col" class="num">{text.providers.priority}</th>
                            <th scope="col" class="num">{text.providers.weight}</th>
                            <th scope="col" class="num">{words.chance}</th>
                        </tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
            {more}
        </li>
    }
    .erase()
}

fn line(text: &'static Text, explained: &ExplainedChoice, candidate: &Candidate, clock: Clock) -> AnyView {
    let words = &text.simulator;
    let chance = explained.chances.iter().find(|chance| chance.provider_id == candidate.provider_id);
    let shown = chance.and_then(|chance| share(chance.per_million.into(), 1_000_000));
    let shown = shown.unwrap_or_else(|| UNKNOWN.to_owned());
    let is_chosen = explained.choice.provider_id == Some(candidate.provider_id);
    let held = candidate.hold.map(|hold| format!(" ({})", (text.hold)(hold.reason)));
    let at_limit = candidate.at_limit.as_deref().map(|at| reached(text, at, clock));
    let verdict = match candidate.skip {
        _ if is_chosen => state(Tone::Good, words.chosen),
        None => state(Tone::Quiet, words.possible),
        Some(skip) => {
            let why = begun_large((text.skip)(skip));
            view! { <span class=Tone::Off.class()>{why}</span>{held}{at_limit} }.into_any()
        }
    };
    view! {
        <tr class:off=candidate.skip.is_some() && !is_chosen>
            <td><a class="row-link" href=format!("/providers/{}", candidate.provider_id)>{candidate.name.clone()}</a></td>
            <td>{verdict}</td>
            <td class="num">{candidate.priority}</td>
            <td class="num">{candidate.weight}</td>
            <td class="num">{shown}</td>
        </tr>
    }
    .erase()
}
