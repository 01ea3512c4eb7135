//! What floats over the page and takes all attention.

use leptos::{html, prelude::*};

use crate::ui::Erase;

/// A dialog. The server renders it open; the browser makes it modal.
///
/// Its way out is the element with `data-esc` in it: Esc presses that.
#[component]
pub(crate) fn Dialog(
    /// The id of its title.
    title_id: &'static str,
    /// What it shows.
    children: Children,
) -> impl IntoView {
    let element = NodeRef::<html::Dialog>::new();
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        if let Some(dialog) = element.get() {
            crate::browser::make_modal(dialog);
        }
    });
    view! {
        <dialog class="float" open aria-modal="true" aria-labelledby=title_id node_ref=element role="dialog">
            {children()}
        </dialog>
    }
    .erase()
}
