//! Calls: who asked, who answered, what it cost, and why it went there.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    api::{
        Trouble,
        ask::{Question, read},
        calls::Detail,
    },
    asked::{Asked, asked, show, show_answer},
    drawn::{self, Drawing},
    live::Live,
    query::CallFilter,
    text::use_text,
    ui::{Erase, page::Page},
    zone::use_zone,
};

mod chain;
mod cost;
mod detail;
mod export;
mod rows;
#[cfg(feature = "ssr")]
mod sentence;
mod table;

#[cfg(feature = "ssr")]
pub(crate) use chain::why;
#[cfg(feature = "ssr")]
pub(crate) use sentence::sentence;
#[cfg(feature = "ssr")]
pub(crate) use table::tone;

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
                    let close = filter.get().path(None);
                    view! { <aside class="beside panel" aria-label=text.calls.detail><Opened id close /></aside> }.erase()
                })}
            </div>
        </Page>
    }.erase()
}

/// One call as a page of its own, to be sent to somebody.
#[component]
pub(crate) fn CallAlone() -> impl IntoView {
    let text = use_text();
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id").unwrap_or_default()));
    let zone = use_zone();
    let page = move |title: Signal<String>, content: AnyView| {
        view! { <Page title above=("/calls", text.calls.title)><div class="panel alone">{content}</div></Page> }.erase()
    };
    move || {
        let found = follow(id.get());
        show_answer(found, move |answer| match read::<Detail>(&answer) {
            Ok(detail) => {
                let (model, at) = (detail.call.model.clone(), detail.call.created_at);
                let moment = zone.moment(at);
                let title = format!("{model} · {} {}", moment.date(), moment.time());
                page(title.into(), detail::view(&detail, None))
            }
            Err(error) => {
                page(text.calls.detail.to_owned().into(), detail::missing(&error, None, move || found.refetch()))
            }
        })
    }
}

/// How often a call that is not found is asked for again, and after what time.
const TRIES_MAX: u32 = 5;
const RETRY_AFTER: std::time::Duration = std::time::Duration::from_millis(600);

/// Everything about one call, beside the list.
#[component]
fn Opened(
    /// Which call.
    id: String,
    /// Where the list without it is.
    close: String,
) -> impl IntoView {
    let found = follow(id);
    show_answer(found, move |answer| match read(&answer) {
        Ok(call) => detail::view(&call, Some(close.clone())),
        Err(error) => detail::missing(&error, Some(close.clone()), move || found.refetch()),
    })
}

/// Asks for a call, and follows it while it runs.
fn follow(id: String) -> Asked {
    let live: Live = expect_context();
    let version = RwSignal::new(0_u32);
    let wanted = id.clone();
    Effect::new(move |_| {
        if live.calls.with(|calls| calls.iter().any(|call| call.id.to_string() == wanted)) {
            version.update(|version| *version = version.wrapping_add(1));
        }
    });
    let found = asked(move || (version.get().wrapping_add(live.missed.get()), Question::Call(id.clone())));
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
    found
}
