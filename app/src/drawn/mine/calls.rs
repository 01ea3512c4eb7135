//! One's own calls: a list, and one of them. Nothing tells who has served them.

use hub::domain::{
    call::{CallError, Outcome},
    own::{OwnCall, OwnCallDetail, OwnKey},
    page::Page,
    price::bill::Cost,
    usage::Usage,
};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use super::framed;
use crate::{
    drawn::{
        call::{Charge, charges, title},
        calls_table::{CallsTable, outcome},
        clock::Clock,
        parts::{self, link_with, options_or},
        range::{Range, Recent, recents_or_any},
    },
    format::{begun_large, places_of, span_or_unknown, usd, usd_alone, whole},
    text::Text,
    ui::{Erase, icon::Icon, state::empty},
};

/// Where the list is.
pub(crate) const PATH: &str = "/me/calls";

/// The parameters that say which calls are shown, beside those of the time.
const FILTERS: [&str; 5] = ["key", "model", "outcome", "status", "session"];

/// The list. `map` is its address, `range` the time that this asks for.
pub(crate) fn page(
    text: &'static Text,
    (map, range): (&ParamsMap, &Range<Recent>),
    found: &Page<OwnCall>,
    keys: &[OwnKey],
    clock: Clock,
) -> (Option<String>, AnyView) {
    let words = &text.mine;
    let filled = |name: &'static str| Some((name, map.get(name).filter(|value| !value.is_empty())?));
    let stay: Vec<(&'static str, String)> = FILTERS.into_iter().filter_map(filled).collect();
    let mut address = stay.clone();
    address.extend(range.parameters(|recent| recent.as_str()));
    let list = if found.items.is_empty() {
        let is_filtered = !address.is_empty();
        empty(Icon::Calls, words.calls_empty, words.calls_empty_why, is_filtered.then_some((PATH, text.calls.clear)))
    } else {
        table(text, &found.items, clock)
    };
    let newest = map.get_str("cursor").map(|_| link_with(PATH, &address, &[]));
    let older = found.next_cursor.as_ref().map(|cursor| link_with(PATH, &address, &[("cursor", cursor)]));
    let content = view! {
        <div class="bar">{recents_or_any(text, PATH, &stay, range)}</div>
        {filters(text, map, keys)}
        <section class="panel" aria-label=text.calls.title>{list} {parts::pager(text, newest, older)}</section>
    };
    framed(text, PATH, (text.calls.title, words.calls_lead), content.into_any())
}

fn filters(text: &'static Text, map: &ParamsMap, keys: &[OwnKey]) -> AnyView {
    let words = &text.mine;
    let value = |name: &str| map.get(name).unwrap_or_default();
    let names = keys.iter().map(|key| (key.id.to_string(), key.name.clone()));
    let outcomes = Outcome::ALL.into_iter();
    let outcomes = outcomes.map(|outcome| (outcome.as_str().to_owned(), (text.outcome)(Some(outcome)).to_owned()));
    view! {
        <form class="filters" method="get" action=PATH role="search" aria-label=text.call_filters.filter>
            <select class="select" id="own-key" name="key" aria-label=words.of_key>
                {options_or(words.any_key, names, &value("key"))}
            </select>
            <select class="select" id="own-outcome" name="outcome" aria-label=text.calls.outcome>
                {options_or(words.any_outcome, outcomes, &value("outcome"))}
            </select>
            <input class="input" type="search" name="model" value=value("model") placeholder=text.calls.model
                aria-label=text.calls.model maxlength="256" data-filter />
            <input class="input" name="status" value=value("status") placeholder=text.calls.status aria-label=text.calls.status
                inputmode="numeric" pattern="[0-9]{3}" maxlength="3" autocomplete="off" />
            {parts::kept(map, &["session", "period", "from", "to"])}
            <button class="button" type="submit">{text.calls.apply}</button>
        </form>
    }
    .erase()
}

fn table(text: &'static Text, calls: &[OwnCall], clock: Clock) -> AnyView {
    let words = &text.calls;
    let own = [text.call.key, words.model];
    let table = CallsTable { class: "table own-calls", caption: words.list_caption, path: PATH, own };
    let row = |call: &OwnCall| {
        let model = view! { <span class="mono">{call.model.clone()}</span> }.erase();
        (call.clone(), [call.key_name.clone().into_any(), model])
    };
    table.view(text, calls.iter().map(row), clock)
}

/// One of them.
pub(crate) fn alone(text: &'static Text, detail: &OwnCallDetail, clock: Clock) -> (Option<String>, AnyView) {
    let (words, own, call) = (&text.calls, &text.call, &detail.call);
    let fact = |label: &'static str, value: AnyView| view! { <div><dt>{label}</dt><dd>{value}</dd></div> }.erase();
    let mono = |value: String| view! { <span class="mono break-anywhere">{value}</span> }.erase();
    let session = call.session_id.clone().map(|session| {
        let href = link_with(PATH, &[], &[("session", &session)]);
        fact(words.session, view! { <a class="link mono break-anywhere" href=href>{session}</a> }.erase())
    });
    let content = view! {
        <div class="grid gap-6">
            <section class="panel">
                <dl class="figures padded">
                    <div><dt>{words.cost}</dt><dd>{usd_alone(call.cost_usd)}</dd></div>
                    <div><dt>{words.first_byte}</dt><dd>{span_or_unknown(call.first_byte_ms)}</dd></div>
                    <div><dt>{own.first_token}</dt><dd>{span_or_unknown(call.first_token_ms)}</dd></div>
                    <div><dt>{words.duration}</dt><dd>{span_or_unknown(call.duration_ms)}</dd></div>
                </dl>
            </section>
            {call.error.as_ref().map(|error| trouble(text, error))}
            <section class="panel p-4" aria-labelledby="facts-title">
                <h2 class="section-title" id="facts-title">{own.facts}</h2>
                <dl class="facts">
                    {fact(own.arrived, clock.full(call.created_at))}
                    {fact(words.outcome, outcome(text, call))}
                    {call.key_name.clone().map(|key| fact(own.key, key.into_any()))}
                    {fact(own.model_asked, mono(call.model.clone()))}
                    {call.model_served.clone().map(|model| fact(own.model_served, mono(model)))}
                    {fact(own.kind, begun_large(if call.stream { own.stream } else { own.no_stream }).into_any())}
                    {fact(text.mine.attempts, whole(call.n_attempts.into()).into_any())}
                    {session}
                    {call.client.user_agent.clone().map(|agent| fact(words.user_agent, mono(agent)))}
                    {call.client.address.clone().map(|address| fact(words.address, mono(address)))}
                    {fact(own.id, mono(call.id.to_string()))}
                </dl>
            </section>
            {bill(text, &call.usage, &detail.cost)}
        </div>
    };
    let title = title(&call.model, call.created_at, clock);
    parts::page_with(&title, Some((PATH, words.title)), ().into_any(), content.into_any())
}

/// What went wrong, as far as the client was told.
fn trouble(text: &'static Text, error: &CallError) -> AnyView {
    let cause = text.cause_in_words(&error.cause);
    view! {
        <section class="panel p-4" aria-labelledby="error-title">
            <h2 class="section-title" id="error-title">{text.mine.error}</h2>
            <p>{cause}</p>
            <p class="caption break-anywhere" lang="en">{error.message.clone()}</p>
        </section>
    }
    .erase()
}

/// What each class of tokens cost.
fn bill(text: &'static Text, usage: &Usage, cost: &Cost) -> AnyView {
    let words = &text.call;
    let charges = charges(text, usage, cost);
    let places = places_of(charges.iter().map(|(_, _, cost)| *cost));
    let line = |(name, tokens, cost): Charge| {
        view! {
            <tr class:off=tokens == Some(0)>
                <th scope="row">{name}</th>
                <td class="num">{tokens.map(whole)}</td>
                <td class="num">{usd(cost, places)}</td>
            </tr>
        }
        .erase()
    };
    view! {
        <section class="panel" aria-labelledby="cost-title">
            <div class="panel-head"><h2 id="cost-title">{text.mine.cost_of}</h2></div>
            <div class="scroll">
                <table class="table">
                    <caption class="aside">{text.mine.cost_of}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{words.class}</th>
                            <th scope="col" class="num">{words.amount}</th>
                            <th scope="col" class="num">{text.calls.cost}</th>
                        </tr>
                    </thead>
                    <tbody>{charges.into_iter().map(line).collect_view()}</tbody>
                    <tfoot>
                        <tr>
                            <th scope="row">{words.total}</th>
                            <td class="num">{whole(usage.total())}</td>
                            <td class="num">{usd(cost.total(), places)}</td>
                        </tr>
                    </tfoot>
                </table>
            </div>
        </section>
    }
    .erase()
}
