//! What unfolds over a page: it is closed when the reader turns to something else.

use leptos::{ev::MouseEvent, prelude::document};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::browser::all;

/// What is unfolded over the page. What has room of its own in a row or a form covers nothing, and stays.
const UNFOLDED: &str = "details.menu[open], details.drop[open]:has(> .drop-body:not(.renew))";

/// Closes what is unfolded over the page, the last of it, and gives the focus to what unfolds it. False if there is
/// nothing, or a dialog lies over it.
pub(crate) fn fold_up() -> bool {
    let is_covered = document().query_selector("dialog[open]").is_ok_and(|found| found.is_some());
    let Some(fold) = unfolded().pop().filter(|_| !is_covered) else { return false };
    close(&fold);
    if let Ok(Some(summary)) = fold.query_selector("summary") {
        // What is shown can have the focus.
        let _ = summary.unchecked_into::<HtmlElement>().focus();
    }
    true
}

/// Closes what is unfolded beside a click. One on the button that sends the form around it, which the browser makes of
/// Enter in a field too, is none beside it: what is wrong with a field in it must be seen.
pub(crate) fn fold_up_beside(event: &MouseEvent) {
    // What was clicked may be off the page by now, but not off the way of its click.
    let way = event.composed_path();
    let clicked = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let button = clicked.and_then(|clicked| clicked.closest("button[type=submit]").ok().flatten());
    let sent = button.and_then(|button| button.closest("form").ok().flatten());
    for fold in unfolded() {
        let is_sent = sent.as_ref().is_some_and(|form| form.contains(Some(&fold)));
        if !is_sent && !way.includes(&fold, 0) {
            close(&fold);
        }
    }
}

fn unfolded() -> Vec<Element> {
    document().document_element().map(|root| all(&root, UNFOLDED)).unwrap_or_default()
}

fn close(fold: &Element) {
    // The name is a valid one.
    let _ = fold.remove_attribute("open");
}
