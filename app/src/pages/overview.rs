//! The first page: what happened today, what needs attention, the last 24 hours.

use leptos::prelude::*;

use crate::{
    api::{ask::Question, overview::FirstPage},
    asked::{asked, show},
    live::Live,
    text::use_text,
    ui::{Erase, page::Page},
};

mod attention;
mod hours;
mod ranks;
mod tiles;

/// The overview.
#[component]
pub(crate) fn Overview() -> impl IntoView {
    let text = use_text();
    let live: Live = expect_context();
    let version = Live::slowly(move || _ = (live.recorded.get(), live.missed.get(), live.configuration.get()));
    let first = asked(move || (version.get(), Question::Overview));
    let actions = move || view! { <a class="button" href="/calls">{text.overview.look_at_calls}</a> }.erase();
    view! {
        <Page title=text.overview.title actions=actions>
            {show(first, move |page: FirstPage| body(&page, live))}
        </Page>
    }
    .erase()
}

fn body(page: &FirstPage, live: Live) -> AnyView {
    view! {
        <div class="overview">
            {tiles::view(page, live)} <div class="overview-main">{hours::view(page)} {attention::view(page)}</div>
            {ranks::view(page)}
        </div>
    }
    .erase()
}
