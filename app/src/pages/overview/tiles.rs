//! The row of today's numbers, each against yesterday at the same time.

use hub::domain::{money::Usd, report::Totals};
use leptos::prelude::*;

use crate::{
    api::overview::FirstPage,
    format::{change, share, short, span_or_unknown, usd_alone, whole},
    live::Live,
    text::{Text, use_text},
    ui::{Erase, chart::spark},
};

/// The row.
pub(super) fn view(page: &FirstPage, live: Live) -> AnyView {
    let text = use_text();
    let (today, before) = (&page.today, &page.yesterday);
    let course = |of: fn(&Totals) -> u64| page.hours.iter().map(|hour| of(&hour.totals)).collect::<Vec<_>>();
    let tokens = today.usage.total();
    let active = page.active;
    let since = (text.overview.since_midnight)(&page.time_zone);
    view! {
        <section aria-label=text.overview.today>
            <div class="mb-3 flex items-baseline gap-2">
                <h2>{text.overview.today}</h2>
                <span class="caption">{since}</span>
            </div>
            <div class="tiles">
                {tile(text.overview.requests, whole(today.calls), versus(text, today.calls, before.calls), &course(|hour| hour.calls), median(text, today))}
                {tile(text.overview.cost, usd_alone(today.cost_usd), versus(text, nano(today.cost_usd), nano(before.cost_usd)), &course(|hour| nano(hour.cost_usd)), None)}
                {tile(text.overview.tokens, short(tokens), versus(text, tokens, before.usage.total()), &course(|hour| hour.usage.total()), cached(text, today))}
                {tile(text.overview.errors, whole(today.errors()), versus(text, today.errors(), before.errors()), &course(Totals::errors), rate(text, today))}
                <div class="tile">
                    <h3>{text.overview.active}</h3>
                    <p class="big" aria-live="off">{move || whole(live.n_active.get().unwrap_or(active).into())}</p>
                    <p class="caption">{text.overview.active_help}</p>
                </div>
            </div>
        </section>
    }
    .erase()
}

fn tile(label: &'static str, value: String, versus: AnyView, line: &[u64], more: Option<String>) -> AnyView {
    view! {
        <div class="tile">
            <h3>{label}</h3>
            <p class="big">{value}</p>
            <p class="caption">{versus}</p>
            <p class="caption">{more.unwrap_or_else(|| "\u{a0}".to_owned())}</p>
            {spark(line)}
        </div>
    }
    .erase()
}

/// The change against yesterday at this time.
fn versus(text: &'static Text, now: u64, before: u64) -> AnyView {
    match change(now, before) {
        Some(change) => view! { <span title=text.overview.vs_yesterday><b class="change">{change}</b><span class="aside">" "{text.overview.vs_yesterday}</span></span> }.erase(),
        None => view! { <span title=text.overview.no_yesterday>"\u{a0}"<span class="aside">{text.overview.no_yesterday}</span></span> }.erase(),
    }
}

fn nano(amount: Usd) -> u64 {
    u64::try_from(amount.scaled()).unwrap_or_default()
}

fn median(text: &Text, today: &Totals) -> Option<String> {
    today.first_token_ms_p50.map(|ms| format!("{} {}", text.overview.first_token, span_or_unknown(Some(ms))))
}

fn cached(text: &Text, today: &Totals) -> Option<String> {
    share(today.usage.cache_read, today.usage.prompt()).map(|share| format!("{share} {}", text.overview.cached_share))
}

fn rate(text: &Text, today: &Totals) -> Option<String> {
    share(today.errors(), today.calls).map(|share| format!("{share} {}", text.overview.error_rate))
}
