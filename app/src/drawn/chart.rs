//! Charts of drawn pages: use over time as stacked columns, with the numbers behind them as a table.

use hub::domain::{
    money::Usd,
    report::{
        Totals, UsageStep,
        course::{Course, CourseLine},
    },
};
use leptos::prelude::*;

use super::{
    clock::Clock,
    readout::{Told, readable, swatch},
};
use crate::{
    format::{UNKNOWN, fewest_places, places_of_sums, usd, whole},
    text::Text,
    ui::{
        Erase,
        chart::{HEIGHT, STEP, ceiling, height, rank_bar},
    },
};

/// What a chart shows of sums.
#[derive(Clone, Copy)]
pub(crate) struct Measure {
    /// Its words.
    pub(crate) label: &'static str,
    /// The number.
    pub(crate) of: fn(&Totals) -> u64,
    /// How it is written, with so many places if it is dollars.
    pub(crate) written: fn(u64, u32) -> String,
    /// What stands at an axis: at its top, half way, and at its foot.
    pub(crate) axis: fn(u64) -> [String; 3],
}

/// Calls.
pub(crate) fn calls(text: &'static Text) -> Measure {
    let axis = |top: u64| [whole(top), if top > 1 { whole(top / 2) } else { String::new() }, whole(0)];
    Measure { label: text.overview.requests, of: |totals| totals.calls, written: |number, _| whole(number), axis }
}

/// Dollars.
pub(crate) fn cost(text: &'static Text) -> Measure {
    let written = |nano: u64, places: u32| usd(dollars(nano), places);
    Measure { label: text.overview.cost, of: |totals| nano(totals.cost_usd), written, axis: dollar_axis }
}

/// Nano-dollars, for an axis.
pub(crate) fn nano(amount: Usd) -> u64 {
    u64::try_from(amount.scaled()).unwrap_or_default()
}

/// A row of a ranked list: what has been used of the `most` that one of them has. It has a name and leads to an address;
/// without a name it is of calls that named no model, and leads nowhere.
pub(super) fn rank_row(
    text: &'static Text,
    (name, href): (String, String),
    totals: &Totals,
    most: u64,
    places: u32,
) -> AnyView {
    if name.is_empty() {
        return muted_row(text.overview.no_model, totals, most, places);
    }
    view! { <li><a class="rank-row" href=href>{ranked(name, totals, most, places)}</a></li> }.erase()
}

/// The last row of a ranking of users: what belongs to none of them.
pub(super) fn nobodys_row(text: &'static Text, totals: &Totals, most: u64, places: u32) -> AnyView {
    muted_row(text.overview.nobodys, totals, most, places)
}

/// A row of a ranked list that leads nowhere.
fn muted_row(words: &'static str, totals: &Totals, most: u64, places: u32) -> AnyView {
    view! { <li><span class="rank-row text-muted">{ranked(words.to_owned(), totals, most, places)}</span></li> }.erase()
}

/// What stands in a row of a ranked list: its bar, its name, its calls and its dollars.
fn ranked(name: String, totals: &Totals, most: u64, places: u32) -> AnyView {
    view! {
        {rank_bar(nano(totals.cost_usd), most)} <span class="ellipsis">{name}</span>
        <span class="num text-muted">{whole(totals.calls)}</span>
        <span class="num">{usd(totals.cost_usd, places)}</span>
    }
    .into_any()
}

fn dollars(nano: u64) -> Usd {
    Usd::from_scaled(i64::try_from(nano).unwrap_or(i64::MAX))
}

/// Dollars at an axis, with no more places than they need.
fn dollar_axis(top: u64) -> [String; 3] {
    let (top, half) = (dollars(top), dollars(top / 2));
    let places = fewest_places(0, [top, half].into_iter());
    [usd(top, places), usd(half, places), usd(Usd::ZERO, 0)]
}

/// The charts, their legend, and the table behind them.
pub(crate) fn charts(text: &'static Text, course: &Course, clock: Clock, id: &'static str) -> AnyView {
    let measures = [calls(text), cost(text)];
    let legend = course.lines.iter().any(|line| line.id.is_some()).then(|| legend(text, &course.lines));
    view! {
        <div class="charts">{measures.map(|measure| chart(text, course, measure, clock)).into_iter().collect_view()}</div>
        {legend}
        {table(text, course, clock, id)}
    }
    .into_any()
}

/// The beginning of a span, as long as it is.
pub(crate) fn span_name(course: &Course, place: usize, clock: Clock) -> String {
    let Some(moment) = course.starts.get(place).map(|at| clock.moment(*at)) else { return String::new() };
    match course.step {
        UsageStep::Hour | UsageStep::QuarterHour => format!("{} {}", moment.day(), moment.hour()),
        UsageStep::Month => moment.date().chars().take(7).collect(),
        UsageStep::Day | UsageStep::Week | UsageStep::Total => moment.date(),
    }
}

fn name(text: &'static Text, line: &CourseLine, is_alone: bool) -> String {
    match (&line.name, &line.id) {
        (Some(name), _) if !name.is_empty() => name.clone(),
        (_, Some(id)) if id.is_empty() => text.overview.no_model.to_owned(),
        (_, Some(id)) => id.clone(),
        _ if is_alone => text.drawn.all.to_owned(),
        _ => text.drawn.others.to_owned(),
    }
}

fn chart(text: &'static Text, course: &Course, measure: Measure, clock: Clock) -> AnyView {
    let n_spans = course.starts.len();
    let is_alone = course.lines.iter().all(|line| line.id.is_none());
    let sum = |place: usize| -> u64 {
        course.lines.iter().filter_map(|line| line.values.get(place)).map(measure.of).fold(0, u64::saturating_add)
    };
    let most = (0..n_spans).map(sum).max().unwrap_or_default();
    let top = ceiling(most);
    let places = places_of_sums(std::iter::once(dollars(most)));
    let written = |value: u64| (measure.written)(value, places);
    let told: Vec<Told> = (0..n_spans)
        .map(|place| {
            let value = |line: &CourseLine| line.values.get(place).map(measure.of).filter(|value| *value > 0);
            let said = |line: &CourseLine| value(line).map(written).unwrap_or_default();
            let values = if is_alone { Vec::new() } else { course.lines.iter().map(said).collect() };
            Told { head: format!("{} · {}", span_name(course, place, clock), written(sum(place))), values }
        })
        .collect();
    let columns = told.iter().enumerate().map(|(place, told)| {
        let x = u64::try_from(place).unwrap_or_default() * STEP;
        view! {
            <g class="column" data-told=told.lines()>
                <rect class="catch" x=x y="0" width=STEP height=HEIGHT />
                {bars(course, place, measure, top)}
            </g>
        }
        .erase()
    });
    let width = u64::try_from(n_spans.max(1)).unwrap_or_default() * STEP;
    let ends = [0, n_spans / 2, n_spans.saturating_sub(1)]
        .map(|place| view! { <span>{span_name(course, place, clock)}</span> }.erase());
    let [head, half, foot] = (measure.axis)(top);
    // Where there is nothing, nobody knows how much would be the top.
    let mark = |mark: String| (most > 0).then_some(mark);
    let names: Vec<(&'static str, String)> = if is_alone {
        Vec::new()
    } else {
        course.lines.iter().enumerate().map(|(n, line)| (tone(n, line), name(text, line, false))).collect()
    };
    let drawing = view! {
        <svg class="columns" viewBox=format!("0 0 {width} {HEIGHT}") preserveAspectRatio="none" aria-hidden="true">
            <path class="grid" vector-effect="non-scaling-stroke" d=format!("M0 {}H{width}M0 0H{width}", HEIGHT / 2) />
            {columns.collect_view()}
        </svg>
    };
    view! {
        <figure class="chart">
            <figcaption><span>{measure.label}</span><span>{step_word(text, course.step)}</span></figcaption>
            <div class="plot">
                <div class="axis" aria-hidden="true"><span>{mark(head)}</span><span>{mark(half)}</span><span>{foot}</span></div>
                {readable(format!("{}, {}", measure.label, step_word(text, course.step)), &names, &told, drawing.into_any())}
                <div class="ends" aria-hidden="true">{ends.into_iter().collect_view()}</div>
            </div>
        </figure>
    }
    .erase()
}

/// What each line has in a span, one upon the other.
fn bars(course: &Course, place: usize, measure: Measure, top: u64) -> AnyView {
    let x = u64::try_from(place).unwrap_or_default() * STEP;
    let is_alone = course.lines.iter().all(|line| line.id.is_none());
    let mut below = 0_u64;
    let bars = course.lines.iter().enumerate().filter_map(|(n, line)| {
        let value = line.values.get(place).map(measure.of).filter(|value| *value > 0)?;
        let (foot, head) = (height(below, top), height(below.saturating_add(value), top));
        below = below.saturating_add(value);
        let tone = if is_alone { "line-1" } else { tone(n, line) };
        Some(
            view! { <rect class=tone x=x + 1 y=HEIGHT - head width=STEP - 2 height=head.saturating_sub(foot) /> }
                .erase(),
        )
    });
    bars.collect::<Vec<_>>().into_any()
}

/// The class of a line: its place, or that it is all others.
fn tone(place: usize, line: &CourseLine) -> &'static str {
    if line.id.is_none() {
        return "line-others";
    }
    ["line-1", "line-2", "line-3", "line-4", "line-5"].get(place).copied().unwrap_or("line-others")
}

/// A step in words.
pub(super) fn step_word(text: &'static Text, step: UsageStep) -> &'static str {
    match step {
        UsageStep::QuarterHour => text.drawn.each_quarter,
        UsageStep::Hour => text.drawn.each_hour,
        UsageStep::Day => text.drawn.each_day,
        UsageStep::Week => text.drawn.each_week,
        UsageStep::Month => text.drawn.each_month,
        UsageStep::Total => "",
    }
}

fn legend(text: &'static Text, lines: &[CourseLine]) -> AnyView {
    let entry = |(place, line): (usize, &CourseLine)| {
        view! { <li>{swatch(tone(place, line))}{name(text, line, false)}</li> }.erase()
    };
    view! { <ul class="lines">{lines.iter().enumerate().map(entry).collect_view()}</ul> }.erase()
}

/// The numbers behind the charts: a row for each span, newest first.
fn table(text: &'static Text, course: &Course, clock: Clock, id: &'static str) -> AnyView {
    let is_alone = course.lines.len() == 1;
    let places = places_of_sums(course.lines.iter().flat_map(|line| &line.values).map(|totals| totals.cost_usd));
    let head = |line: &CourseLine| view! { <th scope="col" class="num">{name(text, line, is_alone)}</th> }.erase();
    let cell = |line: &CourseLine, place: usize| {
        let value =
            line.values.get(place).map(|totals| format!("{} · {}", whole(totals.calls), usd(totals.cost_usd, places)));
        view! { <td class="num">{value.unwrap_or_else(|| UNKNOWN.to_owned())}</td> }.erase()
    };
    let row = |place: usize| {
        let cells = course.lines.iter().map(|line| cell(line, place)).collect_view();
        view! { <tr><th scope="row">{span_name(course, place, clock)}</th>{cells}</tr> }.erase()
    };
    view! {
        <details class="behind" id=id>
            <summary>{text.drawn.show_table}</summary>
            <div class="scroll">
                <table class="table">
                    <caption class="aside">{text.overview.requests}" · "{text.overview.cost}</caption>
                    <thead><tr><th scope="col">{text.drawn.time}</th>{course.lines.iter().map(head).collect_view()}</tr></thead>
                    <tbody>{(0..course.starts.len()).rev().map(row).collect_view()}</tbody>
                </table>
            </div>
        </details>
    }
    .erase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_at_an_axis_have_the_same_digits_and_no_more_than_they_need() {
        assert_eq!(dollar_axis(800_000_000), ["$0.8", "$0.4", "$0"]);
        assert_eq!(dollar_axis(3_000_000_000), ["$3.0", "$1.5", "$0"]);
        assert_eq!(dollar_axis(12_000_000_000), ["$12", "$6", "$0"]);
    }
}
