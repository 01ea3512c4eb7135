//! A provider in the list: what it does, what keeps it, and what can be done about that.

use hub::domain::{
    hold::{HoldReason, HoldScope, HoldShown},
    provider::{Provider, traffic::TrafficBlock},
};
use leptos::prelude::*;

use super::{CHOOSER, ProviderList, Row};
use crate::{
    api::providers::{CloneProvider, EnableProvider, EndHold, PauseProvider, PlaceProvider},
    drawn::{
        act::{RowField, act, keeping},
        clock::Clock,
        parts::{self, group_names},
        strip,
    },
    format::{begun_large, share_of_permille, span_or_unknown, usd, whole},
    text::Text,
    ui::{
        Erase,
        field::missing,
        state::{Tone, enabled},
    },
};

/// Its row. `share` is what it has of the calls of its part of the list, in thousandths; its cost has `places`.
pub(super) fn line(
    text: &'static Text,
    row: &Row,
    (share, places): (u32, u32),
    list: &ProviderList,
    clock: Clock,
) -> AnyView {
    let (provider, traffic) = (&row.provider, &row.traffic);
    let totals = &traffic.totals;
    let id = provider.id.to_string();
    let host = provider.base_url.split_once("://").map_or(provider.base_url.as_str(), |(_, host)| host).to_owned();
    let of_it = |shown: &&HoldShown| shown.hold.scope.provider_id() == Some(provider.id);
    let holds = list.holds.iter().filter(of_it);
    let is_paused = list.holds.iter().filter(of_it).any(|shown| shown.hold.reason == HoldReason::Pause);
    // That it is enabled says nothing while a hold of all of it lets no call pass.
    let keeps_out = |shown: &HoldShown| shown.is_absolute && !matches!(shown.hold.scope, HoldScope::Model { .. });
    let is_kept_out = provider.enabled && list.holds.iter().filter(of_it).any(keeps_out);
    let words = &text.provider_list;
    let choose = format!("{}: {}", words.choose, provider.name);
    let first = format!("{} {}", words.first, words.p50);
    let name = view! {
        <span class="min-w-0">
            <a class="row-link" data-row href=format!("/providers/{id}")>{provider.name.clone()}</a>
            <span class="sub mono block max-w-48 ellipsis" title=host.clone()>{host.clone()}</span>
        </span>
    };
    view! {
        <tr class:off=!provider.enabled data-key=id.clone()>
            <td>{parts::pick(CHOOSER, id.clone(), choose, name.erase())}</td>
            <td>{(!is_kept_out).then(|| enabled(provider.enabled))}{holds.map(|shown| hold(text, shown, clock)).collect_view()}</td>
            <td>{strip_of(text, &traffic.blocks, clock)}</td>
            <td class="num" data-head=words.requests>{whole(totals.calls)}<span class="second" data-head=words.share>{share_of_permille(share)}</span></td>
            <td class="num" data-head=text.drawn.failed_attempts>{whole(totals.attempts_bad)}</td>
            <td class="num" data-head=first>{span_or_unknown(totals.first_token_ms_p50)}<span class="second" data-head=words.p95>{span_or_unknown(totals.first_token_ms_p95)}</span></td>
            <td class="num" data-head=text.overview.cost>{usd(totals.cost_usd, places)}</td>
            <td>
                <span class="block max-w-32 ellipsis">{group_names(text, &provider.group)}</span>
                {place(text, provider)}
            </td>
            <td class="num">{actions(text, provider, is_paused)}</td>
        </tr>
    }
    .erase()
}

/// Where it stands among others, and what its calls cost: set in place.
fn place(text: &'static Text, provider: &Provider) -> AnyView {
    let (words, id) = (&text.providers, provider.id.to_string());
    let one = |name: &'static str, label: &'static str, value: String| {
        let full = format!("{label}: {}", provider.name);
        let field = RowField::new(name, &id).wrong(missing(text, name));
        view! {
            <div class="field" data-field>
                <label class="caption" for=field.id.clone()>{label}</label>
                <input class="input num" id=field.id.clone() name=name value=value required inputmode="decimal" autocomplete="off"
                    aria-label=full aria-describedby=field.described() />
                {field.problem()}
            </div>
        }
        .erase()
    };
    let fields = view! {
        <div class="grid gap-2 whitespace-normal">
            <div class="grid grid-cols-[5rem_5rem_7.5rem] items-start gap-2">
                {one("priority", words.priority, provider.priority.to_string())}
                {one("weight", words.weight, provider.weight.to_string())}
                {one("cost_multiplier", words.multiplier, provider.cost_multiplier.to_string())}
            </div>
            <div><button type="submit" class="button small">{text.common.save}</button></div>
        </div>
    };
    let now = format!("{} · {}", provider.priority, provider.weight);
    let form = keeping::<PlaceProvider>(text.common.saved, vec![("id", id)], fields.erase());
    view! {
        <details class="drop">
            <summary class="button ghost small">
                <span data-head=text.provider_list.place>{now}</span><span class="aside">": "{provider.name.clone()}</span>
            </summary>
            <div class="drop-body every-limit">{form}</div>
        </details>
    }
    .erase()
}

/// What can be done with one in its row.
fn actions(text: &'static Text, provider: &Provider, is_paused: bool) -> AnyView {
    let id = || vec![("id", provider.id.to_string())];
    let (word, next) =
        if provider.enabled { (text.provider_list.disable, "false") } else { (text.provider_list.enable, "true") };
    let mut switched = id();
    switched.push(("enabled", next.to_owned()));
    let can_be_paused = provider.enabled && !is_paused;
    let pause = can_be_paused.then(|| act::<PauseProvider>(text.provider_list.pause, &provider.name, id()));
    view! {
        <span class="row-actions">
            {pause}
            {act::<EnableProvider>(word, &provider.name, switched)}
            {act::<CloneProvider>(text.provider_list.clone, &provider.name, id())}
        </span>
    }
    .erase()
}

/// One hold: why, for how long, and the button that ends it.
pub(super) fn hold(text: &'static Text, shown: &HoldShown, clock: Clock) -> AnyView {
    let HoldShown { hold, is_absolute, remaining_s, .. } = shown;
    let tone = if *is_absolute { Tone::Bad } else { Tone::Warn };
    let reason = (text.hold)(hold.reason);
    let model = if let HoldScope::Model { model, .. } = &hold.scope { Some(model.clone()) } else { None };
    let end = match (hold.until, remaining_s) {
        (Some(_), Some(0)) => text.provider_list.half_open.into_any(),
        (Some(until), _) => clock.countdown(text, until),
        (None, _) => text.provider_list.until_ended.into_any(),
    };
    let word = match hold.reason {
        HoldReason::Pause => text.provider_list.resume,
        HoldReason::Breaker => text.provider_list.reset,
        _ => text.provider_list.end_hold,
    };
    view! {
        <span class="flex items-center gap-2" title=hold.note.clone()>
            <span class=tone.class()>{begun_large(reason)}</span> <span class="sub mono">{model}</span> <span class="sub">{end}</span>
            {act::<EndHold>(word, reason, vec![("id", hold.id.to_string())])}
        </span>
    }
    .erase()
}

/// Its last 15 hours.
fn strip_of(text: &'static Text, blocks: &[TrafficBlock], clock: Clock) -> AnyView {
    let words = &text.provider_list;
    let sum = |of: fn(&TrafficBlock) -> u64| whole(blocks.iter().map(of).sum());
    let label = (words.strip)(&sum(|block| block.attempts), &sum(|block| block.failed));
    strip::view(blocks, label, |block| {
        (words.block)(&clock.moment(block.from).hour(), &whole(block.failed), &whole(block.attempts))
    })
}
