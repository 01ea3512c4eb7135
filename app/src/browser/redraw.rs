//! A part of a page drawn anew. What the reader has in hand is left alone: what was typed, ticked and unfolded, the
//! caret, and how far something was scrolled.

#[cfg(not(feature = "hydrate"))]
pub(crate) use absent::*;
#[cfg(feature = "hydrate")]
pub(crate) use real::*;

#[cfg(feature = "hydrate")]
mod real {
    use leptos::{
        html::Div,
        prelude::{GetUntracked, NodeRef, document},
    };
    use wasm_bindgen::JsCast;
    use web_sys::{Element, HtmlElement, HtmlFormElement, Node};

    /// What two elements must have in common to be the same one, drawn twice.
    const MARKS: [&str; 5] = ["data-key", "id", "name", "type", "action"];

    /// Attributes that the reader has made, or the page for them: the drawing does not know of them.
    const KEPT: [&str; 5] = ["open", "aria-invalid", SENT, TAKEN, CHANGED];

    /// Marks a field that was changed.
    pub(crate) const CHANGED: &str = "data-changed";

    /// Fields that were changed in forms that keep something, and are not sent yet.
    const TYPED: &str = "form:is([method=post], .editor) [data-changed]:not([data-passing] *)";

    /// The same in what stands in a page only as long as its address says so.
    const TYPED_IN_PASSING: &str = "[data-passing] form[method=post] [data-changed]";

    /// Marks a form that is on its way.
    pub(crate) const SENT: &str = "data-sent";

    /// Marks a form that was taken: once it is drawn anew it holds what is drawn.
    pub(crate) const TAKEN: &str = "data-taken";

    /// What the reader goes on with when it comes.
    const ENTRY: &str = "[autofocus]";

    /// Puts what was drawn into its place; false if the place is no longer there. `is_news`: the reader is where they
    /// were and only the facts have changed, so what they have in hand stays. Else this is another page, of which only
    /// the focus and what is unfolded stay, where there is such a thing again.
    pub(crate) fn put(place: NodeRef<Div>, html: &str, is_news: bool) -> bool {
        place.get_untracked().is_some_and(|place| place.is_connected() && put_into(&place, html, is_news))
    }

    fn put_into(place: &Element, html: &str, is_news: bool) -> bool {
        let focused = document().active_element().filter(|element| place.contains(Some(element)));
        if is_news {
            let entry = || place.query_selector(ENTRY).ok().flatten();
            let before = entry();
            if let Some(drawn) = place.clone_node().ok().and_then(|node| node.dyn_into::<Element>().ok()) {
                drawn.set_inner_html(html);
                bring_up(place, &drawn);
            }
            bring_back(place);
            // Whatever was moved has lost the focus, and nothing else.
            let came = entry().filter(|entry| before.as_ref() != Some(entry));
            give_focus(came.or_else(|| focused.filter(|element| element.is_connected())));
        } else {
            let unfolded = all(place, "details[open][id]");
            place.set_inner_html(html);
            for element in unfolded.iter().filter_map(|fold| document().get_element_by_id(&fold.id())) {
                // The name is a valid one.
                let _ = element.set_attribute("open", "");
            }
            give_focus(focused.and_then(|element| document().get_element_by_id(&element.id())));
        }
        true
    }

    /// Has forms that were taken hold what is drawn, unless something was typed in them since.
    fn bring_back(place: &Element) {
        for form in all(place, "form[data-taken]") {
            let _ = form.remove_attribute(TAKEN);
            if form.query_selector("[data-changed]").is_ok_and(|found| found.is_none()) {
                form.unchecked_into::<HtmlFormElement>().reset();
            }
        }
    }

    fn give_focus(element: Option<Element>) {
        if let Some(element) = element.filter(|element| document().active_element().as_ref() != Some(element)) {
            // What cannot have the focus has not had it.
            let _ = element.unchecked_into::<HtmlElement>().focus();
        }
    }

    /// The elements inside that `selector` finds.
    pub(crate) fn all(inside: &Element, selector: &str) -> Vec<Element> {
        let Ok(found) = inside.query_selector_all(selector) else { return Vec::new() };
        (0..found.length()).filter_map(|place| found.get(place)?.dyn_into().ok()).collect()
    }

    /// Makes the children of `old` those of `new`, and keeps those that are still there.
    fn bring_up(old: &Node, new: &Node) {
        let mut at = old.first_child();
        let mut coming = new.first_child();
        while let Some(drawn) = coming {
            coming = drawn.next_sibling();
            // Whatever nothing more is like is gone.
            while let Some(gone) = at.clone().filter(|here| find(here, Some(drawn.clone())).is_none()) {
                at = gone.next_sibling();
                let _ = old.remove_child(&gone);
            }
            match find(&drawn, at.clone()) {
                Some(found) => {
                    if at.as_ref() == Some(&found) {
                        at = found.next_sibling();
                    } else {
                        let _ = old.insert_before(&found, at.as_ref());
                    }
                    bring_up_one(&found, &drawn);
                }
                None => _ = old.insert_before(&drawn, at.as_ref()),
            }
        }
        while let Some(gone) = at {
            at = gone.next_sibling();
            let _ = old.remove_child(&gone);
        }
    }

    /// The first node from `from` on that is the same as `node`.
    fn find(node: &Node, mut from: Option<Node>) -> Option<Node> {
        while let Some(here) = from {
            if is_same(&here, node) {
                return Some(here);
            }
            from = here.next_sibling();
        }
        None
    }

    fn is_same(one: &Node, other: &Node) -> bool {
        let marks = |node: &Node, name| node.dyn_ref::<Element>().and_then(|element| element.get_attribute(name));
        one.node_name() == other.node_name() && MARKS.iter().all(|name| marks(one, name) == marks(other, name))
    }

    fn bring_up_one(old: &Node, new: &Node) {
        let (Some(element), Some(drawn)) = (old.dyn_ref::<Element>(), new.dyn_ref::<Element>()) else {
            if old.node_value() != new.node_value() {
                old.set_node_value(new.node_value().as_deref());
            }
            return;
        };
        // A field that was changed keeps what it holds: its attributes are only what it held at first.
        for name in names(drawn).iter().filter(|name| !KEPT.contains(&name.as_str())) {
            let value = drawn.get_attribute(name);
            if element.get_attribute(name) != value {
                let _ = element.set_attribute(name, &value.unwrap_or_default());
            }
        }
        for name in names(element).iter().filter(|name| !KEPT.contains(&name.as_str()) && !drawn.has_attribute(name)) {
            let _ = element.remove_attribute(name);
        }
        // What was said about a form since, or came back from it, is not in what is drawn.
        let is_told = drawn.has_attribute("data-answer") || drawn.get_attribute("class").as_deref() == Some("problem");
        if !is_told || drawn.text_content().is_some_and(|text| !text.is_empty()) {
            bring_up(element, drawn);
        }
    }

    fn names(element: &Element) -> Vec<String> {
        element.get_attribute_names().iter().filter_map(|name| name.as_string()).collect()
    }

    /// True if what was typed in a place would be lost with it.
    pub(crate) fn is_typed_in(place: NodeRef<Div>) -> bool {
        has(place, TYPED)
    }

    /// True if what was typed in a place would be lost with another address of the page.
    pub(crate) fn is_typed_in_passing(place: NodeRef<Div>) -> bool {
        has(place, TYPED_IN_PASSING)
    }

    fn has(place: NodeRef<Div>, selector: &str) -> bool {
        // The place may be gone by now.
        let place = place.try_get_untracked().flatten();
        place.is_some_and(|place| place.query_selector(selector).is_ok_and(|found| found.is_some()))
    }
}

#[cfg(not(feature = "hydrate"))]
mod absent {
    use leptos::{html::Div, prelude::NodeRef};

    pub(crate) fn put(_place: NodeRef<Div>, _html: &str, _is_news: bool) -> bool {
        false
    }

    pub(crate) fn is_typed_in(_place: NodeRef<Div>) -> bool {
        false
    }

    pub(crate) fn is_typed_in_passing(_place: NodeRef<Div>) -> bool {
        false
    }
}
