//! A provider in the list: what it does, what keeps it, and what can be done about that.

use hub::domain::{
    hold::{HoldReason, HoldScope, HoldShown},
    provider::{
        Provider,
        traffic::{TrafficBlock, permille},
    },
};
use leptos::prelude::*;

use super::{CHOOSER, ProviderList, Row};
use crate::{
    api::providers::{CloneProvider, EnableProvider, EndHold, PauseProvider},
    drawn::{
        act::act,
        clock::Clock,
        parts::{self, group_names},
        strip,
    },
    format::{share_of_permille, span_or_unknown, usd_alone, whole},
    text::Text,
    ui::{
        Erase,
        state::{Tone, enabled, state},
    },
};

/// Its row. `part_calls` are the calls of all that stand in the same part of the list.
pub(super) fn line(text: &'static Text, row: &Row, part_calls: u64, list: &ProviderList, clock: Clock) -> AnyView {
    let (provider, traffic) = (&row.provider, &row.traffic);
    let totals = &traffic.totals;
    let id = provider.id.to_string();
    let host = provider.base_url.split_once("://").map_or(provider.base_url.as_str(), |(_, host)| host).to_owned();
    let of_it = |shown: &&HoldShown| shown.hold.scope.provider_id() == Some(provider.id);
    let holds = list.holds.iter().filter(of_it);
    let is_paused = list.holds.iter().filter(of_it).any(|shown| shown.hold.reason == HoldReason::Pause);
    let choose = format!("{}: {}", text.provider_list.choose, provider.name);
    let name = view! {
        <span class="min-w-0">
            <a class="row-link" data-row href=format!("/providers/{id}")>{provider.name.clone()}</a>
            <span class="sub mono block max-w-60 ellipsis">{host}</span>
        </span>
    };
    view! {
        <tr class:off=!provider.enabled data-key=id.clone()>
            <td>{parts::pick(CHOOSER, id.clone(), choose, name.erase())}</td>
            <td>{enabled(provider.enabled)}{holds.map(|shown| hold(text, shown, clock)).collect_view()}</td>
            <td>{strip_of(text, &traffic.blocks, clock)}</td>
            <td class="num">{whole(totals.calls)}<span class="second">{share_of_permille(permille(totals.calls, part_calls))}</span></td>
            <td class="num">{whole(totals.errors())}</td>
            <td class="num">{span_or_unknown(totals.first_token_ms_p50)}<span class="second">{span_or_unknown(totals.first_token_ms_p95)}</span></td>
            <td class="num">{usd_alone(totals.cost_usd)}</td>
            <td>
                <span class="block max-w-32 ellipsis">{group_names(text, &provider.group)}</span>
                <span class="second">{format!("{} · {}", provider.priority, provider.weight)}</span>
            </td>
            <td class="num">{actions(text, provider, is_paused)}</td>
        </tr>
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
    let pause = (!is_paused).then(|| act::<PauseProvider>(text.provider_list.pause, &provider.name, id()));
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
        (Some(until), _) => clock.countdown(until),
        (None, _) => text.provider_list.until_ended.into_any(),
    };
    let word = match hold.reason {
        HoldReason::Pause => text.provider_list.resume,
        HoldReason::Breaker => text.provider_list.reset,
        _ => text.provider_list.end_hold,
    };
    view! {
        <span class="flex items-center gap-2" title=hold.note.clone()>
            {state(tone, reason)} <span class="sub mono">{model}</span> <span class="sub">{end}</span>
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
