//! Charts that the server has drawn are read: what a span holds is shown while it is pointed at, touched, or stepped to.

#[cfg(not(feature = "hydrate"))]
pub(crate) use absent::*;
#[cfg(feature = "hydrate")]
pub(crate) use real::*;

#[cfg(feature = "hydrate")]
mod real {
    use leptos::prelude::document;
    use wasm_bindgen::JsCast;
    use web_sys::{Element, Event, KeyboardEvent, NodeList};

    /// A chart that can be read (`drawn::readout`).
    const CHART: &str = "[data-read]";

    /// A span of it.
    const SPAN: &str = ".column";

    /// Shows what is pointed at or has the focus, and hides what no longer is.
    pub(crate) fn read_chart(event: &Event) {
        // A finger leaves as soon as it is lifted; what it has touched stays told until something else is.
        let is_touch =
            event.dyn_ref::<web_sys::PointerEvent>().is_some_and(|pointer| pointer.pointer_type() == "touch");
        if is_touch && event.type_() == "pointerleave" {
            return;
        }
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let chart = target.as_ref().and_then(|target| target.closest(CHART).ok()?);
        let leaves = matches!(event.type_().as_str(), "pointerleave" | "focusout");
        conceal_all_but(chart.as_ref().filter(|_| !leaves));
        let (Some(chart), Some(target), false) = (chart, target, leaves) else { return };
        if event.type_() != "focusin" {
            if let Ok(Some(span)) = target.closest(SPAN) {
                show(&chart, &spans_of(&chart), &span);
            }
        } else if chart.matches(":focus-visible").unwrap_or_default() {
            step(&chart, "");
        }
    }

    /// Steps to another span of the chart that has the focus.
    pub(crate) fn read_chart_by_key(event: &KeyboardEvent) {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let Some(chart) = target.filter(|target| target.matches(CHART).unwrap_or_default()) else { return };
        if step(&chart, &event.key()) {
            event.prevent_default();
        }
    }

    /// Goes where a key leads from the span that was read last; false if it leads nowhere.
    fn step(chart: &Element, key: &str) -> bool {
        let spans = spans_of(chart);
        let last = spans.len().saturating_sub(1);
        let here = chart.get_attribute("aria-valuenow").and_then(|now| now.parse().ok()).unwrap_or(last);
        let there = match key {
            "" => here,
            "ArrowLeft" | "ArrowDown" => here.saturating_sub(1),
            "ArrowRight" | "ArrowUp" => here.saturating_add(1),
            "Home" => 0,
            "End" => last,
            _ => return false,
        };
        if let Some(span) = spans.get(there.min(last)) {
            show(chart, &spans, span);
        }
        true
    }

    fn spans_of(chart: &Element) -> Vec<Element> {
        chart.query_selector_all(SPAN).map(|found| elements(&found)).unwrap_or_default()
    }

    fn elements(found: &NodeList) -> Vec<Element> {
        (0..found.length()).filter_map(|place| found.get(place)?.dyn_into().ok()).collect()
    }

    /// Puts what a span tells into the chart's box: its first line above, then one line for each of the lines drawn.
    fn show(chart: &Element, spans: &[Element], span: &Element) {
        let Some(place) = spans.iter().position(|one| one == span) else { return };
        let told = span.get_attribute("data-told").unwrap_or_default();
        let mut told = told.split('\n');
        let head = told.next().unwrap_or_default();
        if let Ok(Some(title)) = chart.query_selector(".readout > p") {
            title.set_text_content(Some(head));
        }
        let mut aloud = Vec::new();
        for line in chart.query_selector_all(".readout > ul > li").map(|found| elements(&found)).unwrap_or_default() {
            let value = told.next().unwrap_or_default();
            // The name is a valid one.
            let _ = line.toggle_attribute_with_force("hidden", value.is_empty());
            if let Some(number) = line.last_element_child() {
                number.set_text_content(Some(""));
                let name = line.text_content().unwrap_or_default();
                number.set_text_content(Some(value));
                if !value.is_empty() {
                    aloud.push(format!("{name} {value}"));
                }
            }
        }
        let said = if aloud.is_empty() { head.to_owned() } else { format!("{head}: {}", aloud.join(", ")) };
        for one in spans {
            mark(one, "data-on", (one == span).then_some(""));
        }
        mark(chart, "data-shown", Some(if place * 2 < spans.len() { "right" } else { "left" }));
        mark(chart, "aria-valuenow", Some(&place.to_string()));
        mark(chart, "aria-valuetext", Some(&said));
    }

    /// Hides what is said of every other chart.
    fn conceal_all_but(chart: Option<&Element>) {
        let Ok(shown) = document().query_selector_all("[data-shown]") else { return };
        for other in elements(&shown).iter().filter(|other| Some(*other) != chart) {
            mark(other, "data-shown", None);
            for span in spans_of(other) {
                mark(&span, "data-on", None);
            }
        }
    }

    fn mark(element: &Element, name: &str, value: Option<&str>) {
        // The names are valid ones.
        let _ = match value {
            Some(value) => element.set_attribute(name, value),
            None => element.remove_attribute(name),
        };
    }
}

#[cfg(not(feature = "hydrate"))]
mod absent {
    use leptos::ev::{Event, KeyboardEvent};

    pub(crate) fn read_chart(_event: &Event) {}

    pub(crate) fn read_chart_by_key(_event: &KeyboardEvent) {}
}
