//! What only the browser can do. On the server each of these does nothing, so that views need no conditions.

mod charts;
mod dialogs;
#[cfg(feature = "hydrate")]
mod folds;
mod forms;
mod leaving;
mod redraw;
mod sent;
mod times;

#[cfg(not(feature = "hydrate"))]
pub(crate) use absent::*;
pub(crate) use charts::*;
pub(crate) use dialogs::*;
#[cfg(feature = "hydrate")]
pub(crate) use folds::*;
pub(crate) use forms::*;
pub(crate) use leaving::*;
#[cfg(feature = "hydrate")]
pub(crate) use real::*;
pub(crate) use redraw::*;
pub(crate) use sent::*;
pub(crate) use times::*;

#[cfg(feature = "hydrate")]
mod real {
    use leptos::prelude::{document, window};
    use wasm_bindgen::JsCast;
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{Element, HtmlElement, Request, RequestInit, Response, js_sys};

    /// Milliseconds since 1970.
    #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "whole milliseconds, far below 2^53")]
    pub(crate) fn now_ms() -> i64 {
        js_sys::Date::now() as i64
    }

    /// A word that nobody else has.
    pub(crate) fn fresh_word() -> String {
        let chance = js_sys::Math::random().to_string();
        format!("{:x}n{}", now_ms(), chance.trim_start_matches("0.").replace(|c: char| !c.is_ascii_alphanumeric(), "x"))
    }

    /// Sets or removes an attribute of `<html>`.
    pub(crate) fn set_root_attribute(name: &str, value: Option<&str>) {
        if let Some(root) = document().document_element() {
            // Only a name that is no name fails.
            let _ = match value {
                Some(value) => root.set_attribute(name, value),
                None => root.remove_attribute(name),
            };
        }
    }

    /// An attribute of `<html>`.
    pub(crate) fn root_attribute(name: &str) -> Option<String> {
        document().document_element()?.get_attribute(name)
    }

    /// Keeps a choice of the reader's for a year.
    pub(crate) fn remember(name: &str, value: &str) {
        if let Some(document) = document().dyn_ref::<web_sys::HtmlDocument>() {
            // A browser without cookies forgets; nothing else is lost.
            let _ = document.set_cookie(&format!("{name}={value}; path=/; max-age=31536000; samesite=lax"));
        }
    }

    /// Puts a text on the clipboard, and says whether that was possible to ask for.
    fn copy(text: &str) -> bool {
        let clipboard = js_sys::Reflect::get(&window().navigator(), &"clipboard".into());
        if clipboard.is_ok_and(|clipboard| !clipboard.is_undefined()) {
            // The promise is refused only when the page is not in front.
            let _ = window().navigator().clipboard().write_text(text);
            return true;
        }
        false
    }

    /// Selects the text of an element, for a reader whose browser does not let a page copy.
    fn select(id: &str) {
        if let (Some(element), Ok(Some(selection))) = (document().get_element_by_id(id), window().get_selection()) {
            // An element that is shown can be selected.
            let _ = selection.select_all_children(&element);
        }
    }

    /// Presses the last element on the page that `selector` finds, as a click would; false if there is none.
    pub(crate) fn press(selector: &str) -> bool {
        last(selector).map(|element| element.click()).is_some()
    }

    /// Presses the first element on the page that `selector` finds; false if there is none.
    pub(crate) fn press_first(selector: &str) -> bool {
        let found = document().query_selector(selector).ok().flatten();
        found.and_then(|element| element.dyn_into::<HtmlElement>().ok()).map(|element| element.click()).is_some()
    }

    /// Moves the focus to the last element that `selector` finds.
    pub(crate) fn focus(selector: &str) -> bool {
        last(selector).is_some_and(|element| element.focus().is_ok())
    }

    fn last(selector: &str) -> Option<HtmlElement> {
        let found = document().query_selector_all(selector).ok()?;
        found.get(found.length().checked_sub(1)?)?.dyn_into().ok()
    }

    /// Moves the focus among the elements that `selector` finds, by `step`; the first one if none has it.
    pub(crate) fn step_focus(selector: &str, step: i32) -> bool {
        let Ok(found) = document().query_selector_all(selector) else { return false };
        let current = document().active_element();
        let mut position = -1;
        for index in 0..found.length() {
            if current.is_some() && found.get(index).as_ref() == current.as_ref().map(AsRef::as_ref) {
                position = i32::try_from(index).unwrap_or_default();
            }
        }
        let last = i32::try_from(found.length()).unwrap_or_default() - 1;
        let wanted = if position < 0 { 0 } else { (position + step).clamp(0, last.max(0)) };
        let element = found.get(wanted.unsigned_abs()).and_then(|node| node.dyn_into::<HtmlElement>().ok());
        element.is_some_and(|element| element.focus().is_ok())
    }

    /// True while nobody can see the page: its tab is behind others, or its window is folded away.
    pub(crate) fn is_hidden() -> bool {
        document().hidden()
    }

    /// True if the reader sees the top of the page, and of its lists.
    pub(crate) fn is_at_top() -> bool {
        window().scroll_y().is_ok_and(|y| y < 40.0) && lists().iter().all(|list| list.scroll_top() < 40)
    }

    /// Back to the top of the page, and of its lists.
    pub(crate) fn scroll_to_top() {
        window().scroll_to_with_x_and_y(0.0, 0.0);
        for list in lists() {
            list.set_scroll_top(0);
        }
    }

    /// What scrolls in itself.
    fn lists() -> Vec<Element> {
        document().query_selector_all(".scroll").map(|found| all(&found)).unwrap_or_default()
    }

    /// Asks for the document again.
    pub(crate) fn reload() {
        // Only a document that is going away refuses.
        let _ = window().location().reload();
    }

    /// Copies the text that the pressed button is for; where the browser forbids that it selects it. What a button has
    /// words for is said: in it, or in the part of it that is read out.
    pub(crate) fn copy_chosen(event: &leptos::ev::MouseEvent) {
        let pressed = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let button = pressed.and_then(|element| element.closest("[data-copy]").ok().flatten());
        let Some(button) = button else { return };
        let Some(id) = button.get_attribute("data-copy") else { return };
        let text = document().get_element_by_id(&id).and_then(|element| element.text_content());
        let is_copied = text.is_some_and(|text| copy(&text));
        if !is_copied {
            select(&id);
        }
        let Some(said) = button.get_attribute(if is_copied { "data-copied" } else { "data-by-hand" }) else { return };
        let place = button.query_selector("[aria-live]").ok().flatten();
        place.as_ref().unwrap_or(&button).set_text_content(Some(&said));
        // The name is a valid one.
        let _ = button.set_attribute("data-said", "");
    }

    /// True if something was chosen from a list of a form that asks for another page.
    pub(crate) fn is_choice(event: &leptos::ev::Event) -> bool {
        event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .is_some_and(|element| element.matches("form[method=get] select").unwrap_or_default())
    }

    /// The columns that are not checked in the menu that was changed; none if the event is about something else.
    pub(crate) fn hidden_columns(event: &leptos::ev::Event) -> Option<String> {
        let menu = event.target()?.dyn_into::<Element>().ok()?.closest("[data-column-menu]").ok()??;
        let hidden = all(&menu.query_selector_all("input:not(:checked)").ok()?);
        Some(hidden.iter().filter_map(|input| input.get_attribute("value")).collect::<Vec<_>>().join("."))
    }

    fn all(nodes: &web_sys::NodeList) -> Vec<Element> {
        (0..nodes.length()).filter_map(|place| nodes.get(place)?.dyn_into().ok()).collect()
    }

    /// The status with which the hub would answer a request for `path`; none if it does not answer.
    pub(crate) async fn status(path: &str) -> Option<u16> {
        let options = RequestInit::new();
        options.set_method("HEAD");
        let request = Request::new_with_str_and_init(path, &options).ok()?;
        let response = JsFuture::from(window().fetch_with_request(&request)).await.ok()?;
        Some(response.dyn_into::<Response>().ok()?.status())
    }
}

#[cfg(not(feature = "hydrate"))]
mod absent {
    use leptos::ev;

    pub(crate) fn now_ms() -> i64 {
        0
    }

    pub(crate) fn fresh_word() -> String {
        String::new()
    }

    pub(crate) fn set_root_attribute(_name: &str, _value: Option<&str>) {}

    pub(crate) fn root_attribute(_name: &str) -> Option<String> {
        None
    }

    pub(crate) fn remember(_name: &str, _value: &str) {}

    pub(crate) fn press_first(_selector: &str) -> bool {
        false
    }

    pub(crate) fn step_focus(_selector: &str, _step: i32) -> bool {
        false
    }

    pub(crate) fn is_hidden() -> bool {
        false
    }

    pub(crate) fn is_at_top() -> bool {
        true
    }

    pub(crate) fn scroll_to_top() {}

    pub(crate) fn reload() {}

    pub(crate) fn copy_chosen(_event: &ev::MouseEvent) {}

    pub(crate) fn is_choice(_event: &ev::Event) -> bool {
        false
    }

    pub(crate) fn hidden_columns(_event: &ev::Event) -> Option<String> {
        None
    }
}
