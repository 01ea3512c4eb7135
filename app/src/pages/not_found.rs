//! An address that leads nowhere.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    text::use_text,
    ui::{Erase, icon::Icon, state::empty},
};

/// The page.
#[component]
pub(crate) fn NotFound() -> impl IntoView {
    let text = use_text();
    view! {
        <Title text=text.shell.not_found />
        <main class="grid min-h-dvh place-items-center">
            {empty(Icon::Alert, text.shell.not_found, text.shell.not_found_why, Some(("/", text.shell.not_found_back)))}
        </main>
    }
    .erase()
}
