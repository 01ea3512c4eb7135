//! How long calls took over time, as three lines of steps: half of them, 95 of 100, 99 of 100. The numbers stand behind
//! them as a table.

use chrono::{DateTime, Utc};
use hub::domain::report::availability::ServedBlock;
use leptos::prelude::*;

use super::readout::{Told, readable, swatch};
use crate::{
    format::{span, span_or_unknown, whole},
    text::Text,
    ui::{
        Erase,
        chart::{HEIGHT, STEP, ceiling, height},
    },
};

/// A line: its class, its name, and its number in a block.
type Line = (&'static str, &'static str, fn(&ServedBlock) -> Option<u32>);

/// The lines.
const LINES: [Line; 3] = [
    ("time-1", "p50", |block| block.duration_ms_p50),
    ("time-2", "p95", |block| block.duration_ms_p95),
    ("time-3", "p99", |block| block.duration_ms_p99),
];

/// The chart of `blocks`, one for each of `starts`, which `name` puts in words; none if no call has ended.
pub(super) fn view(
    text: &'static Text,
    label: &str,
    starts: &[DateTime<Utc>],
    blocks: &[ServedBlock],
    name: impl Fn(DateTime<Utc>) -> String,
) -> Option<AnyView> {
    let words = &text.availability;
    let most = blocks.iter().flat_map(|block| LINES.map(|(.., of)| of(block))).flatten().max()?;
    let top = ceiling(most.into());
    let shown = |ms: Option<u32>| ms.map(|ms| span(ms.into())).unwrap_or_default();
    let told: Vec<Told> = starts
        .iter()
        .zip(blocks)
        .map(|(from, block)| Told {
            head: (words.block)(&name(*from), &whole(block.bad), &whole(block.good + block.bad)),
            values: LINES.map(|(.., of)| shown(of(block))).into(),
        })
        .collect();
    let catches = told.iter().enumerate().map(|(place, told)| {
        let x = u64::try_from(place).unwrap_or_default() * STEP;
        view! { <g class="column" data-told=told.lines()><rect class="catch" x=x y="0" width=STEP height=HEIGHT /></g> }
            .erase()
    });
    // The slowest first, which is the thickest: the others are drawn upon it.
    let lines = LINES.iter().rev().map(|(class, _, of)| {
        let steps = steps(&blocks.iter().map(of).collect::<Vec<_>>(), top);
        view! { <path class=*class d=steps vector-effect="non-scaling-stroke" /> }.erase()
    });
    let names: Vec<_> = LINES.iter().map(|(class, name, _)| (*class, (*name).to_owned())).collect();
    let width = u64::try_from(blocks.len().max(1)).unwrap_or_default() * STEP;
    let drawing = view! {
        <svg class="columns" viewBox=format!("0 0 {width} {HEIGHT}") preserveAspectRatio="none" aria-hidden="true">
            <path class="grid" vector-effect="non-scaling-stroke" d=format!("M0 {}H{width}M0 0H{width}", HEIGHT / 2) />
            {catches.collect_view()} {lines.collect_view()}
        </svg>
    };
    let label = format!("{}: {label}", words.times);
    let legend = |(class, name, _): &Line| view! { <li>{swatch(class)}{*name}</li> }.erase();
    Some(
        view! {
            <figure class="chart times">
                <figcaption><span>{words.times}</span><ul>{LINES.iter().map(legend).collect_view()}</ul></figcaption>
                <div class="plot">
                    <div class="axis" aria-hidden="true"><span>{span(top)}</span><span>"0"</span></div>
                    {readable(label, &names, &told, drawing.into_any())}
                </div>
            </figure>
        }
        .erase(),
    )
}

/// The numbers behind the strip and the lines: a row for each block in which something happened, newest first; none if
/// there is no such block.
pub(super) fn table(
    text: &'static Text,
    label: &str,
    starts: &[DateTime<Utc>],
    blocks: &[ServedBlock],
    name: impl Fn(DateTime<Utc>) -> String,
) -> Option<AnyView> {
    let words = &text.availability;
    let is_told = |block: &ServedBlock| block.good + block.bad > 0 || block.duration_ms_p50.is_some();
    let rows: Vec<AnyView> = starts
        .iter()
        .zip(blocks)
        .rev()
        .filter(|pair| is_told(pair.1))
        .map(|(from, block)| {
            let times = LINES.map(|(.., of)| view! { <td class="num">{span_or_unknown(of(block))}</td> }.erase());
            view! {
                <tr>
                    <th scope="row">{name(*from)}</th>
                    <td class="num">{whole(block.good + block.bad)}</td>
                    <td class="num">{whole(block.bad)}</td>
                    {times.into_iter().collect_view()}
                </tr>
            }
            .erase()
        })
        .collect();
    let number = |label: String| view! { <th scope="col" class="num">{label}</th> }.erase();
    let times = LINES.map(|(_, name, _)| number(format!("{} {name}", words.times)));
    (!rows.is_empty()).then(|| {
        view! {
            <div class="scroll">
                <table class="table">
                    <caption class="aside">{label.to_owned()}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{text.drawn.time}</th>
                            {number(words.attempts.to_owned())}
                            {number(words.bad.to_owned())}
                            {times.into_iter().collect_view()}
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <p class="caption px-4 py-2">{words.only_told}</p>
        }
        .into_any()
    })
}

/// A path of steps: level through each block that has a number, with a gap where there is none.
fn steps(values: &[Option<u32>], top: u64) -> String {
    let mut path = String::new();
    let mut is_down = false;
    for (place, value) in values.iter().enumerate() {
        let Some(ms) = value else {
            is_down = false;
            continue;
        };
        let (x, y) = (u64::try_from(place).unwrap_or_default() * STEP, HEIGHT - height((*ms).into(), top));
        let begin = if is_down { format!("V{y}") } else { format!("M{x} {y}") };
        path.extend([begin, format!("H{}", x + STEP)]);
        is_down = true;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_where_nothing_has_ended() {
        assert_eq!(steps(&[Some(5), Some(10), None, Some(10)], 10), "M0 500H10V0H20M30 0H40");
        assert_eq!(steps(&[None, None], 10), "");
    }
}
