//! The hub's own log.

use hub::domain::{
    log::{LogLevel, LogLine, LogQuery},
    page::Page,
};
use leptos::prelude::*;

use super::{
    clock::Clock,
    parts::{self, Choice, link_with, tabs},
};
use crate::{
    text::Text,
    ui::{
        Erase,
        icon::Icon,
        state::{Tone, empty},
    },
};

/// Where it is.
const PATH: &str = "/log";

/// Lines of one page.
pub(crate) const LINES_MAX: u32 = 200;

/// The page.
pub(crate) fn page(
    text: &'static Text,
    lines: &Page<LogLine>,
    query: &LogQuery,
    clock: Clock,
) -> (Option<String>, AnyView) {
    let words = &text.log;
    let address = address(query);
    let level = |level: Option<LogLevel>| Choice {
        label: level.map_or(words.any, |level| name(text, level)),
        href: link_with(PATH, &address, &[("level", level.map_or("", LogLevel::as_str))]),
        is_chosen: query.level == level,
    };
    let levels = [
        None,
        Some(LogLevel::Error),
        Some(LogLevel::Warn),
        Some(LogLevel::Info),
        Some(LogLevel::Debug),
        Some(LogLevel::Trace),
    ];
    let list = if lines.items.is_empty() {
        empty(Icon::Inbox, words.empty, words.empty_why, None)
    } else {
        table(text, &lines.items, clock)
    };
    let newest = query.cursor.is_some().then(|| link_with(PATH, &address, &[]));
    let older = lines.next_cursor.as_ref().map(|cursor| link_with(PATH, &address, &[("cursor", cursor)]));
    let content = view! {
        <div class="bar">{tabs(words.level, levels.into_iter().map(level))} {find(text, query)}</div>
        <section class="panel" aria-label=words.lines>{list} {parts::pager(text, newest, older)}</section>
    };
    parts::page(words.title, words.lead, content.into_any())
}

/// The parameters that lead here, but for the place in the list.
fn address(query: &LogQuery) -> Vec<(&'static str, String)> {
    let level = query.level.map(|level| level.as_str().to_owned());
    [("level", level), ("call_id", query.call_id.clone()), ("search", query.search.clone())]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// The form for a text and a call.
fn find(text: &'static Text, query: &LogQuery) -> AnyView {
    let words = &text.log;
    let level = query.level.map(|level| view! { <input type="hidden" name="level" value=level.as_str() /> }.erase());
    view! {
        <form class="days" method="get" action=PATH>
            {level}
            <input class="input" type="search" name="search" value=query.search.clone() placeholder=words.search
                aria-label=words.search data-filter />
            <input class="input" type="search" name="call_id" value=query.call_id.clone() placeholder=words.call_id
                aria-label=words.call_id />
            <button class="button" type="submit">{words.find}</button>
        </form>
    }
    .erase()
}

fn table(text: &'static Text, lines: &[LogLine], clock: Clock) -> AnyView {
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=text.log.lines>
            <table class="table log cards">
                <caption class="aside">{text.log.lines}</caption>
                <thead>
                    <tr>
                        <th scope="col">{text.drawn.time}</th>
                        <th scope="col">{text.log.level}</th>
                        <th scope="col">{text.log.search}</th>
                    </tr>
                </thead>
                <tbody>{lines.iter().map(|line| row(text, line, clock)).collect_view()}</tbody>
            </table>
        </div>
    }
    .erase()
}

fn row(text: &'static Text, line: &LogLine, clock: Clock) -> AnyView {
    let moment = clock.moment(line.at);
    let tone = match line.level {
        LogLevel::Error => Tone::Bad,
        LogLevel::Warn => Tone::Warn,
        LogLevel::Info | LogLevel::Debug | LogLevel::Trace => Tone::Quiet,
    };
    let call = line
        .call_id
        .as_ref()
        .map(|id| view! { <a class="link mono" data-row href=format!("/calls/{id}")>{id.clone()}</a>" " }.into_any());
    view! {
        <tr>
            <td><time datetime=line.at.to_rfc3339() title=moment.full()>{moment.time()}</time></td>
            <td><span class=tone.class()>{name(text, line.level)}</span></td>
            <td class="says">
                <span>{line.message.clone()}</span>" "<span class="mono caption">{line.fields.clone()}</span>" "{call}
                <span class="mono caption">{line.target.clone()}</span>
            </td>
        </tr>
    }
    .erase()
}

fn name(text: &'static Text, level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => text.log.error,
        LogLevel::Warn => text.log.warn,
        LogLevel::Info => text.log.info,
        LogLevel::Debug => text.log.debug,
        LogLevel::Trace => text.log.trace,
    }
}
