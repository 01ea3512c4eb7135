//! What was asked and answered in a call, where it was captured: as a conversation, and as it came.

use hub::domain::message::{CallMessages, CapturedBody, PartKind, Turn, TurnPart};
use leptos::prelude::*;

use super::parts::{self, Choice, tabs};
use crate::{
    format::bytes,
    text::Text,
    ui::{
        Erase,
        icon::Icon,
        state::{empty, note},
    },
};

/// Turns that are shown at once: what was said last.
const TURNS_MAX: usize = 20;

/// What of it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The bodies as they came.
    pub(crate) is_raw: bool,
    /// All turns.
    pub(crate) is_all: bool,
}

/// The page.
pub(crate) fn page(text: &'static Text, messages: &CallMessages, wanted: Wanted) -> (Option<String>, AnyView) {
    let words = &text.messages;
    let call = format!("/calls/{}", messages.call_id);
    let path = format!("{call}/messages");
    let choice = |label, query: &str, is_chosen| Choice { label, href: format!("{path}{query}"), is_chosen };
    let choices = [choice(words.conversation, "", !wanted.is_raw), choice(words.raw, "?view=raw", wanted.is_raw)];
    let cut = messages.is_cut.then(|| note("note warn mb-4", Icon::Alert, words.is_cut));
    let shown = if wanted.is_raw { raw(text, messages) } else { conversation(text, messages, wanted.is_all, &path) };
    let content = view! {
        <div class="bar">{tabs(words.view, choices.into_iter())}<span class="caption">{words.lead}</span></div>
        {cut} {shown}
    };
    let actions = view! { <a class="button" href=call>{words.call}</a> };
    parts::page_with(words.title, Some(("/calls", text.calls.title)), actions.into_any(), content.into_any())
}

fn conversation(text: &'static Text, messages: &CallMessages, is_all: bool, path: &str) -> AnyView {
    let words = &text.messages;
    if messages.asked.is_empty() && messages.answered.is_none() {
        return view! { <section class="panel">{empty(Icon::Inbox, words.title, words.nothing_readable, None)}</section> }
            .erase();
    }
    let n_hidden = if is_all { 0 } else { messages.asked.len().saturating_sub(TURNS_MAX) };
    let more = (n_hidden > 0).then(|| {
        let label = (words.show_all)(messages.asked.len());
        view! { <p class="bar"><span class="caption">{words.left_out_turns}</span><a class="button small" href=format!("{path}?all=1")>{label}</a></p> }.erase()
    });
    let asked = messages.asked.iter().skip(n_hidden).map(|one| turn(text, one, false)).collect_view();
    view! {
        <div class="conversation">
            {more}
            <section aria-label=words.asked>{asked}</section>
            <section aria-label=words.answered>{messages.answered.as_ref().map(|one| turn(text, one, true))}</section>
        </div>
    }
    .erase()
}

fn turn(text: &'static Text, turn: &Turn, is_answer: bool) -> AnyView {
    let words = &text.messages;
    let who = match turn.role.as_str() {
        "system" => words.system.to_owned(),
        "user" => words.user.to_owned(),
        "assistant" => words.assistant.to_owned(),
        other => other.to_owned(),
    };
    let parts = turn.parts.iter().map(|one| part(text, one)).collect_view();
    // What the system is told is long, and seldom what is looked for.
    if turn.role == "system" {
        return view! { <article class="turn panel"><details><summary>{who}</summary>{parts}</details></article> }
            .erase();
    }
    let class = if is_answer { "turn panel answer" } else { "turn panel" };
    view! { <article class=class><h2>{who}</h2>{parts}</article> }.erase()
}

fn part(text: &'static Text, part: &TurnPart) -> AnyView {
    let words = &text.messages;
    let folded = |label: String| {
        view! { <details><summary>{label}</summary><pre class="said mono">{part.text.clone()}</pre></details> }.erase()
    };
    let name = part.name.clone().unwrap_or_default();
    match part.kind {
        PartKind::Text => view! { <div class="said">{part.text.clone()}</div> }.erase(),
        PartKind::Thinking => folded(words.thinking.to_owned()),
        PartKind::ToolUse => folded(format!("{} {name}", words.tool_use)),
        PartKind::ToolResult => folded(words.tool_result.to_owned()),
        PartKind::Other => view! { <p class="caption">{format!("[{name}] {}", part.text)}</p> }.erase(),
    }
}

fn raw(text: &'static Text, messages: &CallMessages) -> AnyView {
    let words = &text.messages;
    view! {
        <div class="grid gap-6">
            {body(text, "request-body", words.request, &messages.request)}
            {body(text, "answer-body", words.answer, &messages.answer)}
        </div>
    }
    .erase()
}

fn body(text: &'static Text, id: &'static str, title: &'static str, body: &CapturedBody) -> AnyView {
    let words = &text.messages;
    let left_out = (body.left_out > 0).then(|| (words.left_out)(&bytes(body.left_out)));
    let size = (words.of_bytes)(&bytes(body.bytes));
    view! {
        <section class="panel" aria-labelledby=id>
            <div class="panel-head"><h2 class="grow" id=id>{title}</h2><span class="caption">{size}</span></div>
            <pre class="said mono p-4" tabindex="0" aria-labelledby=id>{body.head.clone()}</pre>
            {left_out.map(|left_out| view! { <p class="caption px-4 pb-3">{left_out}</p> }.erase())}
            {body.tail.clone().map(|tail| view! { <pre class="said mono p-4" tabindex="0" aria-labelledby=id>{tail}</pre> }.erase())}
        </section>
    }
    .erase()
}
