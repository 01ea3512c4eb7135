//! Dialogs: rendered open by the server, made modal by the browser.

#[cfg(not(feature = "hydrate"))]
pub(crate) use absent::*;
#[cfg(feature = "hydrate")]
pub(crate) use real::*;

#[cfg(feature = "hydrate")]
mod real {
    use leptos::{html::Div, prelude::*};
    use wasm_bindgen::JsCast;
    use web_sys::HtmlDialogElement;

    /// Makes a dialog modal, so that nothing behind it can be reached. Called in an effect: when that is over, the focus
    /// goes back to where it was.
    pub(crate) fn make_modal(dialog: HtmlDialogElement) {
        let dialog = StoredValue::new_local(dialog);
        if dialog.with_value(|dialog| dialog.is_connected()) {
            dialog.with_value(open);
        } else {
            // What waited for an answer is put on the page right after this.
            request_animation_frame(move || {
                dialog.try_with_value(open);
            });
        }
        on_cleanup(move || dialog.with_value(HtmlDialogElement::close));
    }

    /// The same for a dialog that is drawn into a place, if one is.
    pub(crate) fn make_modal_in(place: NodeRef<Div>) {
        Effect::new(move |_| {
            let dialog = place.get().and_then(|place| place.query_selector("dialog").ok().flatten());
            if let Some(dialog) = dialog.and_then(|dialog| dialog.dyn_into::<HtmlDialogElement>().ok()) {
                make_modal(dialog);
            }
        });
    }

    fn open(dialog: &HtmlDialogElement) {
        dialog.close();
        // It fails only for a dialog that is not on the page.
        let _ = dialog.show_modal();
    }
}

#[cfg(not(feature = "hydrate"))]
mod absent {
    use leptos::{html::Div, prelude::NodeRef};

    pub(crate) fn make_modal_in(_place: NodeRef<Div>) {}
}
