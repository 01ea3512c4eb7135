//! Times of drawn pages that go on: what is counted down, how long something has run, and what grows with it.

#[cfg(not(feature = "hydrate"))]
pub(crate) use absent::*;
#[cfg(feature = "hydrate")]
pub(crate) use real::*;

#[cfg(feature = "hydrate")]
mod real {
    use chrono::DateTime;
    use leptos::prelude::document;
    use wasm_bindgen::JsCast;
    use web_sys::Element;

    use crate::{
        format::{elapsed, span},
        text::Text,
        ui::time::ago,
    };

    /// Units from the beginning of an axis to its end, as `drawn::call` draws it.
    const WIDTH: i64 = 1_000;

    /// Writes what each time of the page that goes on has come to.
    pub(crate) fn keep_time(text: &Text, now_ms: i64) {
        let Some(page) = document().document_element() else { return };
        for (time, until) in numbered(&page, "data-until") {
            let left = elapsed(positive(until - now_ms));
            time.set_text_content(Some(&(text.common.long_span)(&left)));
        }
        for (time, began_at) in numbered(&page, "data-since") {
            time.set_text_content(Some(&elapsed(positive(now_ms - began_at))));
        }
        for (time, at) in numbered(&page, "data-ago") {
            if let Some(at) = DateTime::from_timestamp_millis(at) {
                set(&time, "title", &ago(text, at, now_ms));
            }
        }
        for (time, at) in numbered(&page, "data-at") {
            if let Some(at) = DateTime::from_timestamp_millis(at) {
                time.set_text_content(Some(&ago(text, at, now_ms)));
            }
        }
        for (chain, began_at) in numbered(&page, "data-began") {
            grow(&chain, now_ms - began_at);
        }
    }

    /// Moves what lies on an axis of time to where it is once that has come to `now_ms`. The axis ends no sooner than it was
    /// drawn to, whatever the reader's clock says.
    fn grow(chain: &Element, now_ms: i64) {
        let drawn_ms = number(chain, "data-end").unwrap_or_default();
        let end_ms = now_ms.max(drawn_ms).max(1);
        let place = |ms: i64| (ms.saturating_mul(WIDTH) / end_ms).min(WIDTH);
        for (part, from) in numbered(chain, "data-from") {
            let x = place(from);
            set(&part, "x", &x.to_string());
            if part.has_attribute("data-to") {
                let end = number(&part, "data-to").map_or(WIDTH, place);
                set(&part, "width", &(end - x).max(3).to_string());
            }
        }
        for (tick, share) in numbered(chain, "data-share") {
            tick.set_text_content(Some(&span(positive(end_ms / share.max(1)))));
        }
    }

    /// The elements inside that have a number in an attribute.
    fn numbered(inside: &Element, name: &str) -> Vec<(Element, i64)> {
        let Ok(found) = inside.query_selector_all(&format!("[{name}]")) else { return Vec::new() };
        let one = |place| {
            let element: Element = found.get(place)?.dyn_into().ok()?;
            let number = number(&element, name)?;
            Some((element, number))
        };
        (0..found.length()).filter_map(one).collect()
    }

    fn number(element: &Element, name: &str) -> Option<i64> {
        element.get_attribute(name)?.parse().ok()
    }

    fn positive(ms: i64) -> u64 {
        u64::try_from(ms).unwrap_or_default()
    }

    fn set(element: &Element, name: &str, value: &str) {
        // The names are valid ones.
        let _ = element.set_attribute(name, value);
    }
}

#[cfg(not(feature = "hydrate"))]
mod absent {
    use crate::text::Text;

    pub(crate) fn keep_time(_text: &Text, _now_ms: i64) {}
}
