//! How providers served lately: a strip of blocks for each, and for each of its models.

use hub::domain::{
    provider::traffic::TrafficBlock,
    report::{
        UsageBy,
        availability::{Availability, AvailabilityRange, ProviderAvailability, Served},
    },
};
use leptos::prelude::*;

use super::{
    clock::Clock,
    parts::{self, Choice, link_with, tabs},
    strip, subject,
};
use crate::{
    format::{UNKNOWN, share_of_permille, span_or_unknown, whole},
    text::Text,
    ui::{Erase, icon::Icon, state::empty},
};

/// Where it is.
const PATH: &str = "/availability";

/// Most models of a provider that are shown.
const MODELS_MAX: usize = 12;

/// The page.
pub(crate) fn page(text: &'static Text, shown: &Availability, clock: Clock) -> (Option<String>, AnyView) {
    let words = &text.availability;
    let label = |range| match range {
        AvailabilityRange::Hour => words.an_hour,
        AvailabilityRange::Day => text.drawn.last_day_hours,
        AvailabilityRange::Week => text.drawn.seven_days,
        AvailabilityRange::Month => text.drawn.thirty_days,
    };
    let choice = |range: AvailabilityRange| Choice {
        label: label(range),
        href: link_with(PATH, &[], &[("range", range.as_str())]),
        is_chosen: range == shown.range,
    };
    let (block, zone) = (block_word(text, shown.range), clock.zone.name());
    let list = if shown.providers.is_empty() {
        empty(Icon::Providers, words.empty, words.empty_why, None)
    } else {
        table(text, shown, clock)
    };
    let content = view! {
        <div class="bar">{tabs(text.drawn.time, AvailabilityRange::ALL.into_iter().map(choice))}</div>
        <p class="caption span">
            {shown.starts.first().map(|from| clock.stamp(*from))}" – "{clock.stamp(clock.now)}" · "{block}" · "{zone}
        </p>
        <section class="panel" aria-label=words.title>{list}</section>
    };
    parts::page(words.title, words.lead, content.into_any())
}

/// How long a block is.
fn block_word(text: &'static Text, range: AvailabilityRange) -> &'static str {
    let words = &text.availability;
    match range {
        AvailabilityRange::Hour => words.each_minute,
        AvailabilityRange::Day => words.each_half_hour,
        AvailabilityRange::Week => words.each_three_hours,
        AvailabilityRange::Month => text.drawn.each_day,
    }
}

fn table(text: &'static Text, shown: &Availability, clock: Clock) -> AnyView {
    let words = &text.availability;
    let number = |label: &'static str| view! { <th scope="col" class="num">{label}</th> }.erase();
    let numbers = [
        words.good,
        words.attempts,
        words.bad,
        words.total_p50,
        words.total_p95,
        words.total_p99,
        words.first_p50,
        words.first_p95,
        words.first_p99,
        words.probes,
    ];
    view! {
        <div class="scroll">
            <table class="table">
                <caption class="aside">{words.title}</caption>
                <thead>
                    <tr>
                        <th scope="col">{text.calls.provider}</th>
                        <th scope="col">{words.course}</th>
                        {numbers.map(number).into_iter().collect_view()}
                    </tr>
                </thead>
                {shown.providers.iter().map(|provider| rows(text, shown, provider, clock)).collect_view()}
            </table>
        </div>
    }
    .erase()
}

/// A provider, and its models below it.
fn rows(text: &'static Text, shown: &Availability, provider: &ProviderAvailability, clock: Clock) -> AnyView {
    let words = &text.availability;
    let href = subject::path(UsageBy::Provider, &provider.provider_id.to_string());
    let probes = provider.probes;
    let asked = probes.good + probes.bad;
    let said_of_probes =
        if asked == 0 { UNKNOWN.to_owned() } else { format!("{} / {}", whole(probes.good), whole(asked)) };
    let models = provider.models.iter().take(MODELS_MAX).map(|model| {
        let href = subject::path(UsageBy::Model, &model.model);
        view! {
            <tr>
                <td class="sub pl-8"><a class="row-link" href=href>{model.model.clone()}</a></td>
                {cells(text, shown, &model.served, clock)}
                <td></td>
            </tr>
        }
        .erase()
    });
    let hidden = u32::try_from(provider.models.len().saturating_sub(MODELS_MAX)).unwrap_or_default();
    let more = (hidden > 0)
        .then(|| view! { <tr><td class="sub pl-8" colspan="13">{(text.common.n_more)(hidden)}</td></tr> }.erase());
    view! {
        <tbody>
            <tr>
                <th scope="rowgroup"><a class="row-link" data-row href=href>{provider.name.clone()}</a></th>
                {cells(text, shown, &provider.served, clock)}
                <td class="num" title=words.probes_why>{said_of_probes}</td>
            </tr>
            {models.collect_view()}
            {more}
        </tbody>
    }
    .erase()
}

/// The strip and the numbers of a row.
fn cells(text: &'static Text, shown: &Availability, served: &Served, clock: Clock) -> AnyView {
    let words = &text.availability;
    let totals = &served.totals;
    let good = served.good_permille.map_or_else(|| UNKNOWN.to_owned(), share_of_permille);
    let blocks = shown.starts.iter().zip(&served.blocks);
    let blocks: Vec<TrafficBlock> = blocks
        .map(|(from, block)| TrafficBlock { from: *from, attempts: block.good + block.bad, failed: block.bad })
        .collect();
    let told = |block: &TrafficBlock| {
        let moment = clock.moment(block.from);
        let at = match shown.range {
            AvailabilityRange::Month => moment.date(),
            _ => format!("{} {}", moment.day(), moment.hour()),
        };
        (words.block)(&at, &whole(block.failed), &whole(block.attempts))
    };
    let label = (words.strip)(&whole(totals.attempts_good), &whole(totals.attempts_bad));
    let times = [
        totals.duration_ms_p50,
        totals.duration_ms_p95,
        totals.duration_ms_p99,
        totals.first_token_ms_p50,
        totals.first_token_ms_p95,
        totals.first_token_ms_p99,
    ];
    view! {
        <td>{strip::view(&blocks, label, told)}</td>
        <td class="num">{good}</td>
        <td class="num">{whole(totals.attempts)}</td>
        <td class="num">{whole(totals.attempts_bad)}</td>
        {times.map(|time| view! { <td class="num">{span_or_unknown(time)}</td> }.erase()).into_iter().collect_view()}
    }
    .into_any()
}
