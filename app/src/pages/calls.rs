//! Calls: who asked, who answered, what it cost, and why it went there.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    api::{AppError, Trouble, ask::Question},
    asked::{Asked, asked, show},
    browser::Held,
    drawn::{self, Drawing},
    fault,
    live::Live,
    query::CallFilter,
    text::{Text, use_text},
    ui::{
        Erase,
        icon::{Icon, icon},
        page::Page,
    },
};

mod export;
mod rows;
mod table;

#[cfg(feature = "ssr")]
pub(crate) use table::{again, tone};

/// The list, with a call opened beside it if the address says so.
#[component]
pub(crate) fn Calls() -> impl IntoView {
    let text = use_text();
    let live: Live = expect_context();
    let query = use_query_map();
    let filter = Memo::new(move |_| query.with(CallFilter::read));
    let open = Memo::new(move |_| query.with(|query| query.get("call").filter(|id| !id.is_empty())));
    let export = export::Export::new();
    let list = asked(move || (live.missed.get(), Question::Calls(filter.get())));
    view! {
        <Page title=text.calls.title wide=true actions=move || export::menu(filter, export)>
            {export::progress(export)}
            {drawn::part(Drawing::CallFilters, Signal::derive(move || filter.get().search()))}
            <div class="split">
                {show(list, move |calls| table::view(calls, filter, open, list))}
                {move || open.get().map(|id| {
                    let opened = beside(id, &filter.get());
                    view! { <aside class="beside panel" aria-label=text.calls.detail>{opened}</aside> }.erase()
                })}
            </div>
        </Page>
    }
    .erase()
}

/// Everything about one call, beside the list.
fn beside(id: String, filter: &CallFilter) -> AnyView {
    let text = use_text();
    let question = Question::Drawn(Drawing::Call(id.clone()), filter.search());
    let list = filter.path(None);
    follow(id, question, move |error, found| missing(text, error, Some(list.clone()), found))
}

/// One call as a page of its own, to be sent to somebody.
#[component]
pub(crate) fn CallAlone() -> impl IntoView {
    let text = use_text();
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id").unwrap_or_default()));
    move || {
        let id = id.get();
        let question = Question::Drawn(Drawing::CallAlone(id.clone()), String::new());
        follow(id, question, move |error, found| {
            let content = missing(text, error, None, found);
            view! { <Page title=text.calls.detail above=("/calls", text.calls.title)><div class="panel alone">{content}</div></Page> }.erase()
        })
    }
}

/// A call that cannot be shown. `list` is where the list without it is; none if it stands alone.
fn missing(text: &'static Text, error: &AppError, list: Option<String>, found: Asked) -> AnyView {
    view! {
        <header class="call-head"><h2 class="flex-1">{text.calls.detail}</h2>{list.map(|list| away(text, list))}</header>
        {fault::failed(error, move || found.refetch())}
    }
    .erase()
}

/// The way from a call back to the list.
pub(crate) fn away(text: &'static Text, list: String) -> AnyView {
    view! { <a class="button ghost icon" href=list aria-label=text.calls.close title=text.calls.close data-esc data-noscroll>{icon(Icon::Close)}</a> }.erase()
}

/// How often a call that is not found is asked for again, and after what time.
const TRIES_MAX: u32 = 5;
const RETRY_AFTER: std::time::Duration = std::time::Duration::from_millis(600);

/// Shows a call as the server draws it, the answer to `question`, and follows it while it runs.
fn follow(
    id: String,
    question: Question,
    missing: impl Fn(&AppError, Asked) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    let live: Live = expect_context();
    let version = RwSignal::new(0_u32);
    Effect::new(move |_| {
        if live.calls.with(|calls| calls.iter().any(|call| call.id.to_string() == id)) {
            version.update(|version| *version = version.wrapping_add(1));
        }
    });
    let question = Signal::derive(move || (version.get().wrapping_add(live.missed.get()), question.clone()));
    let found = asked(move || question.get());
    // What has just ended is on its way from the journal to the database.
    Effect::new(move |tries: Option<u32>| {
        let tries = tries.unwrap_or_default();
        let is_missing = matches!(found.get(), Some(Err(error)) if error.trouble == Trouble::NotFound);
        if is_missing && tries < TRIES_MAX {
            set_timeout(move || found.refetch(), RETRY_AFTER);
            return tries + 1;
        }
        tries
    });
    drawn::put_in(question, found, Held::Page, Box::new(move |error: &AppError| missing(error, found)))
}
