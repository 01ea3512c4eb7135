//! The last 24 hours: requests and cost, an hour a column, with the same numbers as a table behind.

use hub::domain::{money::Usd, report::Totals};
use leptos::prelude::*;

use crate::{
    api::overview::{FirstPage, Sum},
    format::{usd, usd_alone, whole},
    text::{Text, use_text},
    ui::{
        Erase,
        chart::{Column, ceiling, columns},
        time::{moment, use_now},
    },
};

/// The panel.
pub(super) fn view(page: &FirstPage) -> AnyView {
    let text = use_text();
    let requests = |totals: &Totals| Column { value: totals.calls, bad: totals.errors() };
    let cost = |totals: &Totals| Column { value: u64::try_from(totals.cost_usd.scaled()).unwrap_or_default(), bad: 0 };
    let all_calls: u64 = page.hours.iter().map(|hour| hour.totals.calls).sum();
    let all_cost = page.hours.iter().map(|hour| hour.totals.cost_usd).sum();
    let pointed = RwSignal::new(None);
    view! {
        <section class="panel" aria-labelledby="last-day">
            <div class="panel-head">
                <h2 id="last-day">{text.overview.last_day}</h2>
                <span class="caption">{(text.overview.chart_summary)(&whole(all_calls), &usd_alone(all_cost))}</span>
            </div>
            <div class="charts">
                {chart(text.overview.chart_requests, &page.hours, requests, whole, pointed)}
                {chart(text.overview.chart_cost, &page.hours, cost, dollars, pointed)}
            </div>
            {table(text, &page.hours)}
        </section>
    }
    .erase()
}

/// Dollars on an axis: whole ones where there are enough of them.
fn dollars(nano: u64) -> String {
    let amount = Usd::from_scaled(i64::try_from(nano).unwrap_or(i64::MAX));
    if nano >= 10_000_000_000 { usd(amount, 0) } else { usd_alone(amount) }
}

fn chart(
    label: &'static str,
    hours: &[Sum],
    column: impl Fn(&Totals) -> Column,
    written: fn(u64) -> String,
    pointed: RwSignal<Option<usize>>,
) -> AnyView {
    let shown: Vec<Column> = hours.iter().map(|hour| column(&hour.totals)).collect();
    let top = ceiling(shown.iter().map(|column| column.value).max().unwrap_or_default());
    // An hour's worth of nothing has no scale.
    let highest = if shown.iter().any(|column| column.value > 0) { written(top) } else { String::new() };
    let drawn = columns(&shown, top, pointed);
    let starts: Vec<_> = hours.iter().map(|hour| hour.from).collect();
    let labels = hour_labels(&starts);
    let is_here = use_now().is_here();
    let said = move || {
        let place = pointed.get()?;
        let hour = starts.get(place).copied().flatten().map(|at| moment(at, is_here.get()).hour());
        Some(format!("{} · {}", hour.unwrap_or_default(), written(shown.get(place)?.value)))
    };
    view! {
        <figure class="chart">
            <figcaption><span>{label}</span><span class="num text-text">{said}</span></figcaption>
            <div class="plot">
                <div class="axis" aria-hidden="true"><span>{highest}</span><span>{if top > 1 { written(top / 2) } else { String::new() }}</span><span>"0"</span></div>
                {drawn}
                <div class="hours" aria-hidden="true">{labels}</div>
            </div>
        </figure>
    }
    .erase()
}

/// Every sixth hour by name.
fn hour_labels(starts: &[Option<chrono::DateTime<chrono::Utc>>]) -> Vec<AnyView> {
    let is_here = use_now().is_here();
    let label = |at: Option<chrono::DateTime<chrono::Utc>>| {
        view! { <span>{move || at.map(|at| moment(at, is_here.get()).hour())}</span> }.erase()
    };
    starts.iter().step_by(6).map(|at| label(*at)).collect()
}

fn table(text: &'static Text, hours: &[Sum]) -> AnyView {
    let is_here = use_now().is_here();
    let row = |hour: &Sum| {
        let from = hour.from;
        let totals = hour.totals.clone();
        view! {
            <tr>
                <th scope="row">{move || from.map(|at| moment(at, is_here.get())).map(|at| format!("{} {}", at.day(), at.hour()))}</th>
                <td class="num">{whole(totals.calls)}</td>
                <td class="num">{whole(totals.errors())}</td>
                <td class="num">{whole(totals.usage.total())}</td>
                <td class="num">{usd_alone(totals.cost_usd)}</td>
            </tr>
        }.erase()
    };
    view! {
        <details class="behind">
            <summary>{text.common.show_table}</summary>
            <div class="scroll">
                <table class="table">
                    <caption class="aside">{text.overview.last_day}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{text.overview.hour}</th>
                            <th scope="col" class="num">{text.overview.requests}</th>
                            <th scope="col" class="num">{text.overview.errors}</th>
                            <th scope="col" class="num">{text.overview.tokens}</th>
                            <th scope="col" class="num">{text.overview.cost}</th>
                        </tr>
                    </thead>
                    <tbody>{hours.iter().rev().map(row).collect_view()}</tbody>
                </table>
            </div>
        </details>
    }
    .erase()
}
