//! Sessions: a list of those that are active or were, and one of them.

pub(crate) mod many;
pub(crate) mod one;

use std::cmp::Reverse;

use hub::domain::{
    page::Page,
    session::{Session, SessionQuery, SessionState},
};
use leptos::prelude::*;

use super::{
    clock::Clock,
    form::hidden,
    parts::{self, Choice, link_with, tabs},
};
use crate::{
    format::{UNKNOWN, share_of_permille, short, usd, whole},
    text::Text,
    ui::{
        Erase,
        icon::Icon,
        state::{Tone, empty, state},
    },
};

/// Where the list is.
pub(crate) const PATH: &str = "/sessions";

/// Sessions of one page.
pub(crate) const LINES_MAX: u32 = 100;

/// The form that the boxes of rows belong to.
const CHOOSER: &str = "choose";

/// The page.
pub(crate) fn page(
    text: &'static Text,
    sessions: &Page<Session>,
    query: &SessionQuery,
    clock: Clock,
) -> (Option<String>, AnyView) {
    let words = &text.sessions;
    let of = query.state.unwrap_or_default();
    let search = query.search.clone().unwrap_or_default();
    let stay = [("search", search.clone())];
    let is_of_active = of == SessionState::Active;
    let choice = |state: SessionState, label| Choice {
        label,
        href: link_with(PATH, &stay, &[("state", named(state))]),
        is_chosen: of == state,
    };
    let choices = [choice(SessionState::Active, words.active), choice(SessionState::Recent, words.recent)];
    let mut listed: Vec<&Session> = sessions.items.iter().collect();
    if of == SessionState::Recent {
        // A call that goes on is the last of its session, and what the database orders by does not know it yet.
        listed.sort_by_key(|session| Reverse(session.last_seen_at));
    }
    let list = if !listed.is_empty() {
        table(text, &listed, is_of_active, clock)
    } else if !search.is_empty() {
        empty(Icon::Sessions, words.none, words.none_why, None)
    } else if is_of_active {
        empty(Icon::Sessions, words.empty, words.empty_why, None)
    } else {
        empty(Icon::Sessions, words.nothing_yet, words.nothing_yet_why, None)
    };
    let chooser = (is_of_active && !listed.is_empty()).then(|| chooser(text, query));
    let content = view! {
        <div class="bar">{tabs(words.which, choices.into_iter())} {find(text, of, search)}</div>
        {chooser}
        <section class="panel" aria-label=words.list>{list} {pager(text, query, sessions.next_cursor.as_deref())}</section>
    };
    parts::page(words.title, words.lead, content.into_any())
}

/// Where the list is that lies below the question before several sessions are ended.
pub(crate) fn list_address(query: &SessionQuery) -> String {
    link_with(PATH, &address(query), &[])
}

/// The parameters that lead to this page of those that are active.
fn address(query: &SessionQuery) -> Vec<(&'static str, String)> {
    let of = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![("search", of(&query.search)), ("cursor", of(&query.cursor))]
}

/// What can be done with those that are ticked, or with all: the address asks for the question before it is done.
fn chooser(text: &'static Text, query: &SessionQuery) -> AnyView {
    let words = &text.sessions;
    let all = link_with(PATH, &address(query), &[("drop", "all")]);
    let all_word = if query.search.is_some() { words.end_all_found } else { words.end_all };
    let mut fields = address(query);
    fields.retain(|(_, value)| !value.is_empty());
    fields.push(("drop", "chosen".to_owned()));
    view! {
        <form id=CHOOSER class="chooser" method="get" action=PATH>
            {hidden(fields)}
            <button class="button small" type="submit">{words.end_chosen}</button>
            <a class="button small" href=all data-noscroll>{all_word}</a>
            <span class="caption">{words.end_help}</span>
        </form>
    }
    .erase()
}

/// How a choice stands in the address: the first one does not.
const fn named(state: SessionState) -> &'static str {
    match state {
        SessionState::Active => "",
        SessionState::Recent => SessionState::Recent.as_str(),
    }
}

fn find(text: &'static Text, of: SessionState, search: String) -> AnyView {
    let words = &text.sessions;
    view! {
        <form class="days" method="get" action=PATH role="search" aria-label=words.find>
            <input type="hidden" name="state" value=named(of) />
            <input class="input" type="search" name="search" value=search placeholder=words.search aria-label=words.search
                maxlength="256" data-filter />
            <button class="button" type="submit">{text.log.find}</button>
        </form>
    }
    .erase()
}

fn pager(text: &'static Text, query: &SessionQuery, next: Option<&str>) -> Option<AnyView> {
    let stay = [
        ("state", named(query.state.unwrap_or_default()).to_owned()),
        ("search", query.search.clone().unwrap_or_default()),
    ];
    let newest = query.cursor.is_some().then(|| link_with(PATH, &stay, &[]));
    let older = next.map(|cursor| link_with(PATH, &stay, &[("cursor", cursor)]));
    parts::pager(text, newest, older)
}

/// The table; its rows can be ticked where all of them are active.
fn table(text: &'static Text, sessions: &[&Session], is_of_active: bool, clock: Clock) -> AnyView {
    let words = &text.sessions;
    let rows = sessions.iter().map(|session| row(text, session, is_of_active, clock));
    view! {
        <div class="scroll">
            <table class="table sessions cards">
                <caption class="aside">{words.list}</caption>
                <thead>
                    <tr>
                        <th scope="col">{words.session}</th>
                        <th scope="col">{words.seen}</th>
                        <th scope="col">{words.state}</th>
                        <th scope="col">{words.caller}</th>
                        <th scope="col">{words.models}</th>
                        <th scope="col">{words.provider}</th>
                        <th scope="col" class="num">{words.calls}</th>
                        <th scope="col" class="num">{words.tokens}</th>
                        <th scope="col" class="num">{words.cost}</th>
                        <th scope="col" class="num">{words.cache_hit}</th>
                        <th scope="col"><span class="aside">{text.common.actions}</span></th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .erase()
}

fn row(text: &'static Text, session: &Session, is_of_active: bool, clock: Clock) -> AnyView {
    let words = &text.sessions;
    let path = format!("{PATH}/{}", session.id);
    let end = (session.is_active == Some(true)).then(|| {
        let label = format!("{}: {}", words.end, session.session_id);
        view! { <a class="button ghost small danger" href=format!("{path}?end=1") aria-label=label>{words.end}</a> }
            .erase()
    });
    let name = view! {
        <a class="row-link mono block max-w-32 ellipsis" data-row href=path title=told(text, session, clock)>
            {session.session_id.clone()}
        </a>
    };
    let name = if is_of_active {
        let choose = format!("{}: {}", text.provider_list.choose, session.session_id);
        parts::pick(CHOOSER, session.id.clone(), choose, name.erase())
    } else {
        name.erase()
    };
    view! {
        <tr data-key=session.id.clone()>
            <td>{name}</td>
            <td class="sub">{clock.stamp(session.last_seen_at)}</td>
            <td>{is(text, session)}</td>
            <td>{caller(session)}</td>
            <td>{models(session)}</td>
            <td>{goes_to(text, session)}</td>
            <td class="num" data-head=words.calls>{whole(session.calls)}</td>
            <td class="num" data-head=words.tokens>{short(session.usage.total())}</td>
            <td class="num" data-head=words.cost>{usd(session.cost_usd, 4)}</td>
            <td class="num" data-head=words.cache_hit>{from_cache(session)}</td>
            <td class="num">{end}</td>
        </tr>
    }
    .erase()
}

/// The first model and how many others there were; on a phone, and on pointing at it, all of them.
fn models(session: &Session) -> Option<AnyView> {
    let (first, others) = session.models.split_first()?;
    let more = (!others.is_empty()).then(|| {
        view! {
            <span class="n-more sub">{format!("+{}", others.len())}</span>
            <span class="others">{format!(", {}", others.join(", "))}</span>
        }
        .into_any()
    });
    Some(
        view! { <span class="models mono" title=session.models.join(", ")><span class="ellipsis">{first.clone()}</span>{more}</span> }
            .erase(),
    )
}

/// What is said on pointing at it: all of its id, and what has no column.
fn told(text: &'static Text, session: &Session, clock: Clock) -> String {
    let words = &text.sessions;
    let client = session.user_agent.as_ref().map(|agent| format!("{}: {agent}", words.client));
    let began = format!("{}: {}", words.began, clock.moment(session.created_at).full());
    [Some(session.session_id.clone()), client, Some(began)].into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// Whether it is active, and how many of its calls run.
fn is(text: &'static Text, session: &Session) -> AnyView {
    let words = &text.sessions;
    match session.is_active {
        Some(true) if session.in_flight > 0 => {
            let running = (words.running)(&whole(session.in_flight));
            view! { <span class=Tone::Run.class()>{running}</span> }.erase()
        }
        Some(true) => state(Tone::Good, words.is_active),
        Some(false) => state(Tone::Off, words.is_over),
        None => view! { <span class="sub" title=words.unknown>{UNKNOWN}</span> }.erase(),
    }
}

/// Whose it is, with the way to the user.
fn caller(session: &Session) -> AnyView {
    let name = |name: &Option<String>| name.clone().unwrap_or_else(|| UNKNOWN.to_owned());
    let caller = format!("{} · {}", name(&session.user_name), name(&session.key_name));
    view! { <a class="row-link" href=format!("/users/{}", session.user_id)>{caller}</a> }.erase()
}

/// The provider that it is bound to; else the last one.
fn goes_to(text: &'static Text, session: &Session) -> AnyView {
    if let (Some(id), Some(name)) = (session.provider_id, &session.provider_name) {
        return view! { <a class="row-link" href=format!("/providers/{id}")>{name.clone()}</a> }.erase();
    }
    match &session.last_provider_name {
        Some(name) => view! { <span class="sub" title=text.sessions.last_at>{name.clone()}</span> }.erase(),
        None => UNKNOWN.into_any(),
    }
}

fn from_cache(session: &Session) -> String {
    session.cache_permille().map_or_else(|| UNKNOWN.to_owned(), share_of_permille)
}
