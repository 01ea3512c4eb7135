//! How providers served lately: for each a strip of blocks, its times, its probes and its models.

use chrono::{DateTime, Utc};
use hub::domain::{
    id::ProviderId,
    provider::traffic::TrafficBlock,
    report::{
        UsageBy,
        availability::{Availability, AvailabilityRange, LastProbe, MODELS_MAX, Probes, ProviderAvailability, Served},
    },
};
use leptos::prelude::*;

use super::{
    clock::Clock,
    parts::{self, Choice, link_with, tabs},
    strip, subject, times,
};
use crate::{
    format::{UNKNOWN, share_of_permille, span_or_unknown, whole},
    text::Text,
    ui::{
        Erase,
        icon::Icon,
        state::{Tone, empty, state},
    },
};

/// Where it is.
const PATH: &str = "/availability";

/// Most providers that are shown with their times and their models at once. Of more there is a strip each, which leads to
/// the whole.
pub(crate) const WHOLE_MAX: usize = 6;

/// Most models of a provider that are shown at first.
const MODELS_SHOWN: usize = 12;

/// How much of it is shown.
#[derive(Clone, Copy)]
pub(crate) struct Extent {
    /// Only this provider.
    pub(crate) only: Option<ProviderId>,
    /// True to show times and models; false: a strip for each provider.
    pub(crate) is_whole: bool,
    /// True to show all models that were read.
    pub(crate) is_all: bool,
}

/// The page: of all providers or only one, whole or a strip each.
pub(crate) fn page(
    text: &'static Text,
    shown: &Availability,
    extent: Extent,
    clock: Clock,
) -> (Option<String>, AnyView) {
    let words = &text.availability;
    let Extent { only, is_all, .. } = extent;
    let label = |range| match range {
        AvailabilityRange::Hour => words.an_hour,
        AvailabilityRange::Day => text.drawn.last_day_hours,
        AvailabilityRange::Week => text.drawn.seven_days,
        AvailabilityRange::Month => text.drawn.thirty_days,
    };
    let choice = |range: AvailabilityRange| Choice {
        label: label(range),
        href: path_of(range, only, is_all),
        is_chosen: range == shown.range,
    };
    let (block, zone) = (block_word(text, shown.range), clock.zone.name());
    let list = if shown.providers.is_empty() {
        view! { <section class="panel">{empty(Icon::Providers, words.empty, words.empty_why, None)}</section> }.erase()
    } else {
        shown.providers.iter().map(|provider| part(text, shown, provider, extent, clock)).collect_view().into_any()
    };
    let all_providers = path_of(shown.range, None, false);
    let back = only.map(|_| view! { <a class="button small" href=all_providers>{words.all_providers}</a> }.erase());
    let content = view! {
        <div class="bar">{tabs(text.drawn.time, AvailabilityRange::ALL.into_iter().map(choice))} {back}</div>
        <p class="caption span">
            {shown.starts.first().map(|from| clock.stamp(*from))}" – "{clock.stamp(clock.now)}" · "{block}" · "{zone}
        </p>
        <div class="grid gap-6">{list}</div>
    };
    parts::page(words.title, words.lead, content.into_any())
}

/// The page for a range, of all providers or one, with some models or all.
fn path_of(range: AvailabilityRange, only: Option<ProviderId>, is_all: bool) -> String {
    let provider = only.map(|id| id.to_string()).unwrap_or_default();
    let all = if is_all { "1" } else { "" };
    link_with(PATH, &[("provider", provider)], &[("range", range.as_str()), ("all", all)])
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

/// A provider: how it served over time, and each of its models.
fn part(
    text: &'static Text,
    shown: &Availability,
    provider: &ProviderAvailability,
    extent: Extent,
    clock: Clock,
) -> AnyView {
    let served = &provider.served;
    let title = format!("provider-{}", provider.provider_id);
    let (strip, head) = (strip_of(text, shown, served, clock), head(text, provider, &title, clock));
    if !extent.is_whole {
        let more = path_of(shown.range, Some(provider.provider_id), false);
        let more = view! { <a class="link" href=more>{text.availability.whole}</a> }.erase();
        return view! {
            <section class="panel available" aria-labelledby=title>
                {head}
                <div class="course">{strip}<p class="caption">{more}</p></div>
            </section>
        }
        .erase();
    }
    let times = times::view(text, &provider.name, &shown.starts, &served.blocks, |from| block_name(shown, from, clock));
    let numbers =
        times::table(text, &provider.name, &shown.starts, &served.blocks, |from| block_name(shown, from, clock));
    let behind = numbers.map(|numbers| {
        let id = format!("behind-{}", provider.provider_id);
        view! { <details class="behind" id=id><summary>{text.drawn.show_table}</summary>{numbers}</details> }.erase()
    });
    let models = (!provider.models.is_empty()).then(|| table(text, shown, provider, extent, clock));
    // The last one is in the head.
    let latest = (provider.probes.latest.len() > 1).then(|| latest_probes(text, provider, clock));
    view! {
        <section class="panel available" aria-labelledby=title>
            {head}
            <div class="course">{strip}{times}</div>
            {behind}
            {models}
            {latest}
        </section>
    }
    .erase()
}

/// Who it is, how much is good, and how the latest probe went.
fn head(text: &'static Text, provider: &ProviderAvailability, id: &str, clock: Clock) -> AnyView {
    let (words, served) = (&text.availability, &provider.served);
    let href = subject::path(UsageBy::Provider, &provider.provider_id.to_string());
    let told = match served.totals.attempts {
        0 => words.no_attempts.to_owned(),
        attempts => (words.served)(&good(served), &whole(attempts)),
    };
    view! {
        <div class="panel-head">
            <h2 class="ellipsis" id=id.to_owned()><a class="row-link" data-row href=href>{provider.name.clone()}</a></h2>
            <span class="flex-1"><span class=tone(served).class()>{told}</span></span>
            <span class="caption">{probes(text, &provider.probes, clock)}</span>
        </div>
    }
    .erase()
}

/// How much is good, in a colour: nearly all, most, less.
const fn tone(served: &Served) -> Tone {
    match served.good_permille {
        None => Tone::Off,
        Some(990..) => Tone::Good,
        Some(900..) => Tone::Warn,
        Some(_) => Tone::Bad,
    }
}

fn good(served: &Served) -> String {
    served.good_permille.map_or_else(|| UNKNOWN.to_owned(), share_of_permille)
}

/// The latest test or probe with its result, and how many there were.
fn probes(text: &'static Text, probes: &Probes, clock: Clock) -> AnyView {
    let words = &text.availability;
    let Some(last) = probes.last else { return words.no_probes.into_any() };
    let href = format!("/calls/{}", last.call_id);
    let served = (words.probes_served)(&whole(probes.good), &whole(probes.good + probes.bad));
    view! {
        <span class="inline-flex flex-wrap items-center gap-x-2">
            {words.last_probe}" "<a class="link" href=href>{clock.stamp(last.at)}</a>{result(text, last)}
            <span>{span_or_unknown(last.duration_ms)}" ·"</span>
            <span title=words.probes_why>{served}</span>
        </span>
    }
    .erase()
}

/// Whether a test or probe was served.
fn result(text: &'static Text, probe: LastProbe) -> AnyView {
    let words = &text.availability;
    if probe.good { state(Tone::Good, words.probe_good) } else { state(Tone::Bad, words.probe_bad) }
}

/// The latest tests and probes, each with the way to its call, on unfolding.
fn latest_probes(text: &'static Text, provider: &ProviderAvailability, clock: Clock) -> AnyView {
    let row = |probe: &LastProbe| {
        view! {
            <tr>
                <td><a class="row-link" href=format!("/calls/{}", probe.call_id)>{clock.stamp(probe.at)}</a></td>
                <td>{result(text, *probe)}</td>
                <td class="num">{span_or_unknown(probe.duration_ms)}</td>
            </tr>
        }
        .erase()
    };
    let words = &text.availability;
    view! {
        <details class="behind" id=format!("probes-{}", provider.provider_id)>
            <summary>{words.latest_probes}</summary>
            <div class="scroll">
                <table class="table">
                    <caption class="aside">{words.latest_probes}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{text.calls.time}</th>
                            <th scope="col">{text.calls.outcome}</th>
                            <th scope="col" class="num">{text.calls.duration}</th>
                        </tr>
                    </thead>
                    <tbody>{provider.probes.latest.iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </details>
    }
    .erase()
}

fn table(
    text: &'static Text,
    shown: &Availability,
    provider: &ProviderAvailability,
    Extent { only, is_all, .. }: Extent,
    clock: Clock,
) -> AnyView {
    let words = &text.availability;
    let (n_models, most) = (provider.models.len(), if is_all { usize::MAX } else { MODELS_SHOWN });
    let time = |of: &'static str| {
        ["p50", "p95", "p99"].map(|label| view! { <th scope="col" class="num" data-of=of>{label}</th> }.erase())
    };
    let models = provider.models.iter().take(most).map(|model| {
        let href = subject::path(UsageBy::Model, &model.model);
        view! {
            <tr>
                <th scope="row"><a class="row-link mono" href=href>{model.model.clone()}</a></th>
                <td>{strip_of(text, shown, &model.served, clock)}</td>
                {cells(&model.served)}
            </tr>
        }
        .erase()
    });
    let cut = (is_all && n_models >= MODELS_MAX).then(|| (text.drawn.at_most)(MODELS_MAX).into_any());
    let more = parts::rest(text, n_models, most, path_of(shown.range, only, true))
        .or(cut)
        .map(|more| view! { <tr><td class="sub" colspan="11">{more}</td></tr> }.erase());
    view! {
        <div class="scroll">
            <table class="table availability">
                <caption class="aside">{provider.name.clone()}</caption>
                <thead>
                    <tr>
                        <th scope="col" rowspan="2">{text.calls.model}</th>
                        <th scope="col" rowspan="2">{words.course}</th>
                        <th scope="col" rowspan="2" class="num">{words.good}</th>
                        <th scope="col" rowspan="2" class="num">{words.attempts}</th>
                        <th scope="col" rowspan="2" class="num">{words.bad}</th>
                        <th scope="colgroup" colspan="3" class="group">{words.total}</th>
                        <th scope="colgroup" colspan="3" class="group">{words.first}</th>
                    </tr>
                    <tr>{[words.total, words.first].into_iter().flat_map(time).collect_view()}</tr>
                </thead>
                <tbody>
                    <tr>
                        <th scope="row" class="sub">{words.all_models}</th>
                        <td></td>
                        {cells(&provider.served)}
                    </tr>
                    {models.collect_view()}
                    {more}
                </tbody>
            </table>
        </div>
    }
    .erase()
}

/// A block's beginning, as long as the range needs it.
fn block_name(shown: &Availability, from: DateTime<Utc>, clock: Clock) -> String {
    let moment = clock.moment(from);
    match shown.range {
        AvailabilityRange::Month => moment.date(),
        AvailabilityRange::Hour | AvailabilityRange::Day | AvailabilityRange::Week => {
            format!("{} {}", moment.day(), moment.hour())
        }
    }
}

fn strip_of(text: &'static Text, shown: &Availability, served: &Served, clock: Clock) -> AnyView {
    let words = &text.availability;
    let blocks = shown.starts.iter().zip(&served.blocks);
    let blocks: Vec<TrafficBlock> = blocks
        .map(|(from, block)| TrafficBlock { from: *from, attempts: block.good + block.bad, failed: block.bad })
        .collect();
    let times = |from: DateTime<Utc>| {
        let block = shown.starts.iter().zip(&served.blocks).find(|(start, _)| **start == from)?.1;
        let [p50, p95, p99] =
            [block.duration_ms_p50, block.duration_ms_p95, block.duration_ms_p99].map(span_or_unknown);
        block.duration_ms_p50.map(|_| format!(" · p50 {p50} · p95 {p95} · p99 {p99}"))
    };
    let told = |block: &TrafficBlock| {
        let at = block_name(shown, block.from, clock);
        let counted = (words.block)(&at, &whole(block.failed), &whole(block.attempts));
        counted + &times(block.from).unwrap_or_default()
    };
    let label = (words.strip)(&whole(served.totals.attempts_good), &whole(served.totals.attempts_bad));
    strip::view(&blocks, label, told)
}

/// The numbers of a row.
fn cells(served: &Served) -> AnyView {
    let totals = &served.totals;
    let times = [
        totals.duration_ms_p50,
        totals.duration_ms_p95,
        totals.duration_ms_p99,
        totals.first_token_ms_p50,
        totals.first_token_ms_p95,
        totals.first_token_ms_p99,
    ];
    view! {
        <td class="num">{good(served)}</td>
        <td class="num">{whole(totals.attempts)}</td>
        <td class="num">{whole(totals.attempts_bad)}</td>
        {times.map(|time| view! { <td class="num">{span_or_unknown(time)}</td> }.erase()).into_iter().collect_view()}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_all_models_keeps_what_is_shown() {
        let (week, provider) = (AvailabilityRange::Week, Some(ProviderId(7)));
        assert_eq!(path_of(week, provider, true), "/availability?provider=7&range=7d&all=1");
        assert_eq!(path_of(week, None, false), "/availability?range=7d");
    }
}
