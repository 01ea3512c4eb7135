//! A question before something is lost. It has an address of its own, so it works without script and Back leaves it.

use leptos::{html::A, prelude::*};

use crate::text::use_text;

/// A question over the page. `children` is the form that does it.
#[component]
pub(crate) fn Confirm(
    /// What is asked.
    title: String,
    /// What will be lost.
    what: &'static str,
    /// The address of the page without the question.
    #[prop(into)]
    back: String,
    /// The button that does it, in its form.
    children: Children,
) -> impl IntoView {
    let text = use_text();
    let cancel = NodeRef::<A>::new();
    Effect::new(move |_| {
        if let Some(cancel) = cancel.get() {
            // An element that is shown takes the focus.
            let _ = cancel.focus();
        }
    });
    view! {
        <div class="veil">
            <div class="float" role="alertdialog" aria-modal="true" aria-labelledby="confirm-title" aria-describedby="confirm-what">
                <h2 id="confirm-title">{title}</h2>
                <p id="confirm-what" class="mt-2 text-muted">{what}</p>
                <div class="mt-5 flex justify-end gap-2">
                    <a class="button" href=back node_ref=cancel data-esc>{text.common.cancel}</a>
                    {children()}
                </div>
            </div>
        </div>
    }
}
