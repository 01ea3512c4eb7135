//! The palette: everything that has a name, a few keys away.

use std::time::Duration;

use hub::domain::find::{Found, FoundKind};
use leptos::{leptos_dom::helpers::debounce, prelude::*};

use super::Reader;
use crate::{
    api::{ask::Question, session::Session},
    asked::{asked, show},
    browser,
    pages::named,
    query::escape,
    text::{Text, use_text},
    ui::{Erase, dialog::Dialog},
};

/// How long the reader may pause between two letters before the hub is asked.
const PAUSE: Duration = Duration::from_millis(120);

/// What the arrow keys move among.
const FOUND: &str = "[data-found]";

/// The palette, until `is_open` is false.
pub(super) fn view(is_open: RwSignal<bool>) -> AnyView {
    let text = use_text();
    let (typed, wanted) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let mut ask = debounce(PAUSE, move |text: String| _ = wanted.try_set(text));
    let session = expect_context::<Reader>().0.get_untracked();
    // Whoever does not run the hub finds pages: their own things are few.
    let is_admin = session.as_ref().is_none_or(|session| session.is_admin);
    let session = StoredValue::new(session);
    let things = is_admin.then(|| things(text, session, wanted));
    let pages = move || session.with_value(|session| pages(text, session.as_ref(), &typed.get()));
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        let done = match event.key().as_str() {
            "ArrowDown" => browser::step_focus(FOUND, 1),
            "ArrowUp" => browser::step_focus(FOUND, -1),
            _ => false,
        };
        if done {
            event.prevent_default();
        }
    };
    view! {
        <Dialog title_id="palette-title">
            <div class="palette" on:keydown=on_key>
                <h2 id="palette-title" class="sr-only">{text.shell.find}</h2>
                <form on:submit=move |event| {
                    event.prevent_default();
                    browser::press_first(FOUND);
                }>
                    <input type="search" class="input" autofocus autocomplete="off" spellcheck="false" maxlength="100"
                        placeholder=text.shell.find_what aria-label=text.shell.find_what
                        on:input=move |event| {
                            let text = event_target_value(&event);
                            typed.set(text.clone());
                            ask(text);
                        } />
                </form>
                <ul aria-live="polite">
                    {move || pages()}
                    {things}
                </ul>
                <button type="button" class="sr-only" data-esc on:click=move |_| is_open.set(false)>{text.shell.close}</button>
            </div>
        </Dialog>
    }
    .erase()
}

/// The pages whose name holds the text.
fn pages(text: &'static Text, session: Option<&Session>, typed: &str) -> Vec<AnyView> {
    let typed = typed.trim().to_lowercase();
    named(&text.shell, session)
        .filter(|(_, name)| name.to_lowercase().contains(&typed))
        .map(|(path, name)| row(path.to_owned(), name.to_owned(), None, text.shell.kind_page))
        .collect()
}

/// What else has the text in its name.
fn things(text: &'static Text, session: StoredValue<Option<Session>>, wanted: RwSignal<String>) -> AnyView {
    let found = asked(move || (0, Question::Find(wanted.get())));
    show(found, move |found: Vec<Found>| {
        let typed = wanted.get_untracked();
        if found.is_empty() && session.with_value(|session| pages(text, session.as_ref(), &typed).is_empty()) {
            return view! { <li class="caption">{text.shell.find_nothing}</li> }.erase();
        }
        let rows = found.into_iter().map(|found| {
            let (path, kind) = place(text, &found);
            row(path, found.name, found.detail, kind)
        });
        rows.collect_view().into_any()
    })
}

/// Where a thing is, and what it is called.
fn place(text: &'static Text, found: &Found) -> (String, &'static str) {
    let (id, shell) = (escape(&found.id), &text.shell);
    match found.kind {
        FoundKind::User => (format!("/users/{id}"), shell.kind_user),
        FoundKind::Key => (format!("/keys/{id}/use"), shell.kind_key),
        FoundKind::Provider => (format!("/providers/{id}"), shell.kind_provider),
        FoundKind::Model => (format!("/calls?model={id}"), shell.kind_model),
        FoundKind::Group => (format!("/providers?group={id}"), shell.kind_group),
        FoundKind::Session => (format!("/sessions/{id}"), shell.kind_session),
        FoundKind::Call => (format!("/calls/{id}"), shell.kind_call),
    }
}

fn row(path: String, name: String, detail: Option<String>, kind: &'static str) -> AnyView {
    view! {
        <li>
            <a href=path data-found>
                <span class="ellipsis">{name}</span>
                <span class="caption ellipsis">{detail}</span>
                <span class="caption">{kind}</span>
            </a>
        </li>
    }
    .erase()
}
