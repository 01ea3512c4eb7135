//! Text to be copied.

use leptos::prelude::*;

use crate::ui::Erase;

use super::icon::{Icon, icon};
use crate::{browser, text::use_text};

/// A block of code with a button that copies it.
#[component]
pub(crate) fn Code(
    /// The id of the block.
    id: &'static str,
    /// What it shows and what is copied.
    #[prop(into)]
    text: String,
    /// What it is, for people who do not see it.
    label: &'static str,
) -> impl IntoView {
    let copied = text.clone();
    view! {
        <div class="code">
            <pre id=id tabindex="0" aria-label=label>{text}</pre>
            <CopyButton id text=copied />
        </div>
    }
    .erase()
}

/// A button that copies a text; where the browser forbids that it selects it.
#[component]
pub(crate) fn CopyButton(
    /// The id of the element that shows the text.
    id: &'static str,
    /// The text.
    text: String,
) -> impl IntoView {
    let words = use_text();
    let said = RwSignal::new(None::<&'static str>);
    let click = move |_| {
        if browser::copy(&text) {
            said.set(Some(words.common.copied));
        } else {
            browser::select(id);
            said.set(Some(words.common.copy_by_hand));
        }
    };
    view! {
        <button type="button" class="button small needs-script" on:click=click>
            {move || icon(if said.get().is_some() { Icon::Check } else { Icon::Copy })}
            <span aria-live="polite">{move || said.get().unwrap_or(words.common.copy)}</span>
        </button>
    }
    .erase()
}
