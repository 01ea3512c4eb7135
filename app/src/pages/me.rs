//! What a reader has used of their own.

use hub::domain::{limit::LimitUse, own::Own};
use leptos::prelude::*;

use super::limits;
use crate::{
    api::ask::Question,
    asked::{asked, show},
    live::Live,
    text::use_text,
    ui::{Erase, page::Page},
};

/// The page.
#[component]
pub(crate) fn Me() -> impl IntoView {
    let text = use_text();
    let live: Live = expect_context();
    let own = asked(move || (live.news(), Question::Own));
    view! {
        <Page title=text.shell.my_use>
            {show(own, move |own: Own| {
                let of_keys = own.keys.into_iter().map(|key| panel(key.name, key.preview, &key.limits)).collect_view();
                view! { <div class="grid gap-6">{panel(own.user_name, String::new(), &own.limits)}{of_keys}</div> }.erase()
            })}
        </Page>
    }
    .erase()
}

/// The limits of the user, or of a key.
fn panel(name: String, preview: String, uses: &[LimitUse]) -> AnyView {
    view! {
        <section class="panel">
            <div class="panel-head"><h2 class="flex-1">{name}</h2><span class="mono sub">{preview}</span></div>
            <div class="p-4">{limits::bars(uses)}</div>
        </section>
    }
    .erase()
}
