//! Sessions: the conversations of clients that are active.

use hub::domain::{page::Page as Items, session::Session};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::confirm::{self, Doubt};
use crate::{
    api::{ask::Question, sessions::EndSession},
    asked::{asked, closings, show},
    format::{UNKNOWN, whole},
    live::Live,
    query::escape,
    text::{Text, use_text},
    ui::{Erase, icon::Icon, page::Page, state::empty, time::ago_view},
};

/// The list, with the question over it before one is ended.
#[component]
pub(crate) fn Sessions() -> impl IntoView {
    let text = use_text();
    let live: Live = expect_context();
    let query = use_query_map();
    let parameter = move |name: &'static str| Memo::new(move |_| query.with(|query| query.get(name)));
    let (cursor, ending) = (parameter("cursor"), parameter("end"));
    let closings = closings(move || ending.get().is_some());
    let news = move || closings.get().wrapping_add(live.recorded.get()).wrapping_add(live.missed.get());
    let list = asked(move || (news(), Question::Sessions(cursor.get())));
    view! {
        <Page title=text.sessions.title lead=text.sessions.lead>
            {show(list, move |page| sessions(text, page, ending))}
        </Page>
    }
    .erase()
}

fn sessions(text: &'static Text, page: Items<Session>, ending: Memo<Option<String>>) -> AnyView {
    let words = &text.sessions;
    let next = page.next_cursor.map(|cursor| {
        view! { <nav class="pager"><a class="button small" rel="next" href=format!("/sessions?cursor={}", escape(&cursor))>{text.common.next_page}</a></nav> }.erase()
    });
    let list = if page.items.is_empty() {
        empty(Icon::Sessions, words.empty, words.empty_why, None)
    } else {
        table(text, &page.items)
    };
    let items = StoredValue::new(page.items);
    let chosen = move || {
        let id = ending.get()?;
        items.with_value(|items| items.iter().find(|session| session.id == id).cloned())
    };
    view! {
        <section class="panel">{list}{next}</section>
        {move || chosen().map(|session| ask_end(text, session))}
    }
    .erase()
}

fn table(text: &'static Text, sessions: &[Session]) -> AnyView {
    let words = &text.sessions;
    view! {
        <div class="scroll">
            <table class="table">
                <caption class="aside">{words.title}</caption>
                <thead>
                    <tr>
                        <th scope="col">{words.session}</th>
                        <th scope="col">{words.caller}</th>
                        <th scope="col">{words.provider}</th>
                        <th scope="col">{words.began}</th>
                        <th scope="col">{words.seen}</th>
                        <th scope="col" class="num">{words.in_flight}</th>
                        <th scope="col" class="num">{words.calls}</th>
                        <th scope="col"><span class="aside">{text.common.actions}</span></th>
                    </tr>
                </thead>
                <tbody>{sessions.iter().map(|session| line(text, session)).collect_view()}</tbody>
            </table>
        </div>
    }
    .erase()
}

fn line(text: &'static Text, session: &Session) -> AnyView {
    let words = &text.sessions;
    let name = |name: &Option<String>| name.clone().unwrap_or_else(|| UNKNOWN.to_owned());
    let caller = format!("{} · {}", name(&session.user_name), name(&session.key_name));
    let provider = match (session.provider_id, &session.provider_name) {
        (Some(id), Some(name)) => {
            view! { <a class="row-link" href=format!("/providers/{id}")>{name.clone()}</a> }.erase()
        }
        _ => UNKNOWN.into_any(),
    };
    let label = format!("{}: {}", words.end, session.session_id);
    let calls = format!("/calls?session={}", escape(&session.session_id));
    view! {
        <tr>
            <td><a class="row-link mono block max-w-60 ellipsis" data-row href=calls title=session.session_id.clone()>{session.session_id.clone()}</a></td>
            <td><a class="row-link" href=format!("/users/{}", session.user_id)>{caller}</a></td>
            <td>{provider}</td>
            <td class="sub">{ago_view(session.created_at)}</td>
            <td class="sub">{ago_view(session.last_seen_at)}</td>
            <td class="num">{whole(session.in_flight)}</td>
            <td class="num">{whole(session.calls)}</td>
            <td class="num">
                <a class="button ghost small danger" href=format!("/sessions?end={}", session.id) aria-label=label data-noscroll>{words.end}</a>
            </td>
        </tr>
    }
    .erase()
}

fn ask_end(text: &'static Text, session: Session) -> AnyView {
    confirm::ask::<EndSession>(Doubt {
        title: (text.sessions.end_title)(&session.session_id),
        what: text.sessions.end_what,
        back: "/sessions".to_owned(),
        button: text.sessions.end,
        of: None,
        fields: vec![("id", session.id)],
    })
}
