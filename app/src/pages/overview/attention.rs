//! What an operator should look at. Empty on a good day, and says so.

use leptos::prelude::*;

use crate::{
    api::overview::FirstPage,
    text::use_text,
    ui::{
        Erase,
        icon::{Icon, icon},
    },
};

/// The panel.
pub(super) fn view(page: &FirstPage) -> AnyView {
    let text = use_text();
    let items = page.notices.iter().map(|notice| {
        let (title, advice) = (notice.title.clone(), notice.advice.clone());
        let words = view! {
            <span class=if notice.is_urgent { "text-bad" } else { "text-warn" }>{icon(Icon::Alert)}</span>
            <span><b class="font-medium">{title}</b><span class="block text-muted">{advice}</span></span>
        }
        .erase();
        match notice.page.clone() {
            Some(href) => view! { <li><a class="attention" href=href>{words}</a></li> }.erase(),
            None => view! { <li class="attention">{words}</li> }.erase(),
        }
    });
    let content = if page.notices.is_empty() {
        view! { <p class="attention"><span class="text-good">{icon(Icon::Check)}</span><span class="text-muted">{text.overview.attention_none}</span></p> }.erase()
    } else {
        view! { <ul>{items.collect_view()}</ul> }.erase()
    };
    view! {
        <section class="panel" aria-labelledby="attention">
            <div class="panel-head"><h2 id="attention">{text.overview.attention}</h2></div>
            {content}
        </section>
    }
    .erase()
}
