//! What floats over the page and takes all attention.

use leptos::{html, prelude::*};

use crate::ui::Erase;

/// A dialog. The server renders it open; the browser makes it modal, so that nothing behind it can be reached.
///
/// Its way out is the element with `data-esc` in it: Esc presses that.
#[component]
pub(crate) fn Dialog(
    /// The id of its title.
    title_id: &'static str,
    /// True if something is lost by going on.
    #[prop(optional)]
    is_alert: bool,
    /// What it shows.
    children: Children,
) -> impl IntoView {
    let element = NodeRef::<html::Dialog>::new();
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        if let Some(dialog) = element.get() {
            let dialog = StoredValue::new_local(dialog);
            if dialog.with_value(|dialog| dialog.is_connected()) {
                dialog.with_value(open);
            } else {
                // What waited for an answer is put on the page right after this.
                request_animation_frame(move || {
                    dialog.try_with_value(open);
                });
            }
            // Gives the focus back to where it was.
            on_cleanup(move || dialog.with_value(web_sys::HtmlDialogElement::close));
        }
    });
    view! {
        <dialog class="float" open aria-modal="true" aria-labelledby=title_id node_ref=element
            role=if is_alert { "alertdialog" } else { "dialog" }>
            {children()}
        </dialog>
    }
    .erase()
}

#[cfg(feature = "hydrate")]
fn open(dialog: &web_sys::HtmlDialogElement) {
    dialog.close();
    // It fails only for a dialog that is not on the page.
    let _ = dialog.show_modal();
}

/// A question before something is lost. It has an address of its own, so it works without script and Back leaves it.
#[component]
pub(crate) fn Confirm(
    /// What is asked.
    title: String,
    /// What will be lost.
    what: &'static str,
    /// The same in numbers.
    lost: Option<AnyView>,
    /// The address of the page without the question.
    #[prop(into)]
    back: String,
    /// The button that does it, in its form.
    children: Children,
) -> impl IntoView {
    let text = crate::text::use_text();
    view! {
        <Dialog title_id="confirm-title" is_alert=true>
            <h2 id="confirm-title">{title}</h2>
            <p class="mt-2 text-muted">{what}</p>
            {lost}
            <div class="mt-5 flex flex-wrap justify-end gap-2">
                <a class="button" href=back autofocus data-esc data-noscroll>{text.common.cancel}</a>
                {children()}
            </div>
        </Dialog>
    }
    .erase()
}
