//! Forms that are sent in the background: what has come of each is shown in it, or beside it.

#[cfg(not(feature = "hydrate"))]
pub(crate) use absent::*;
#[cfg(feature = "hydrate")]
pub(crate) use real::*;

#[cfg(feature = "hydrate")]
mod real {
    use leptos::{
        ev::{MouseEvent, SubmitEvent},
        prelude::document,
    };
    use wasm_bindgen::JsCast;
    use web_sys::{Element, Event, HtmlElement, HtmlFormElement, HtmlInputElement};

    use crate::{
        api::AppError,
        browser::{CHANGED, SENT, TAKEN, all, fields_around, post},
        query::{escape, final_url},
    };

    /// A form that is on its way.
    pub(crate) struct Sent(HtmlFormElement);

    /// Marks the form of an event as one that is on its way; none if it is so already, or if the page knows without the hub
    /// what is wrong with it.
    pub(crate) fn sent(event: &SubmitEvent) -> Option<Sent> {
        let form = event.target()?.dyn_into::<HtmlFormElement>().ok()?;
        if form.has_attribute(SENT) {
            return None;
        }
        for place in all(&form, ".problem") {
            place.set_text_content(None);
        }
        for field in all(&form, "[aria-invalid]") {
            let _ = field.remove_attribute("aria-invalid");
        }
        if is_wrong(event) {
            return None;
        }
        mark(&form, SENT);
        Some(Sent(form))
    }

    /// True if the page knows without the hub what is wrong with the form of an event: all of that is said at once, and the
    /// first of it is gone on with. What the hub has said of a form that asks for an address stays until it is drawn anew, or
    /// its field is typed in.
    pub(crate) fn is_wrong(event: &SubmitEvent) -> bool {
        let Some(form) = event.target().and_then(|form| form.dyn_into::<Element>().ok()) else { return false };
        for place in all(&form, "[data-wrong], [data-missing]") {
            place.set_text_content(None);
            if let Some(control) = told_by(&form, &place) {
                let _ = control.remove_attribute("aria-invalid");
            }
        }
        let told = |control: &Element| {
            let place = first(&form, &format!("[id=\"{}-problem\"]", control.id()))?;
            // A list, or a text of several lines, can only be left empty.
            let is_empty = control.dyn_ref::<HtmlInputElement>().is_none_or(|field| field.value().is_empty());
            let missing = place.get_attribute("data-missing").filter(|_| is_empty);
            let why = missing.or_else(|| place.get_attribute("data-wrong"))?;
            tell(&form, &place, &why);
            Some(())
        };
        all(&form, ":invalid").iter().rev().filter_map(told).count() > 0
    }

    /// Says in its place what is wrong with a field of the form, which the reader goes on with.
    fn tell(form: &Element, place: &Element, why: &str) {
        place.set_text_content(Some(why));
        // What is wrong must be seen.
        if let Ok(Some(fold)) = place.closest("details:not([open])") {
            mark(&fold, "open");
        }
        if let Some(control) = told_by(form, place) {
            let _ = control.set_attribute("aria-invalid", "true");
            let _ = control.unchecked_ref::<HtmlElement>().focus();
        }
    }

    /// Takes back what was said of the field that is typed in: it is not said of what stands there now.
    pub(crate) fn take_back(event: &Event) -> Option<()> {
        let field = event.target()?.dyn_into::<Element>().ok()?;
        field.get_attribute("aria-invalid")?;
        let _ = field.remove_attribute("aria-invalid");
        let ids = field.get_attribute("aria-describedby")?;
        for place in ids.split(' ').filter_map(|id| document().get_element_by_id(id)) {
            // What describes it beside that is said of it in any case.
            if place.matches(".problem").unwrap_or_default() {
                place.set_text_content(None);
            }
        }
        Some(())
    }

    /// The field of which a place says what is wrong.
    fn told_by(form: &Element, place: &Element) -> Option<Element> {
        first(form, &format!("[aria-describedby~=\"{}\"]", place.id()))
    }

    /// What is done with a form that was taken: nothing of it is left to be typed, its fold is closed, and once it is drawn
    /// anew it holds what is drawn. True if there is a place where `said` is shown.
    pub(crate) fn taken(Sent(form): &Sent, said: &str) -> bool {
        let _ = form.remove_attribute(SENT);
        for field in all(form, "[data-changed]") {
            let _ = field.remove_attribute(CHANGED);
        }
        if let Ok(Some(fold)) = form.closest("details:not([id])") {
            let _ = fold.remove_attribute("open");
        }
        let Some(place) = form.next_element_sibling().filter(has_answer) else {
            mark(form, TAKEN);
            return false;
        };
        show(&place, said, "");
        true
    }

    /// What a form has to say when it was taken; nothing if it has no word for that.
    pub(crate) fn word_of(Sent(form): &Sent) -> String {
        form.get_attribute("data-toast").unwrap_or_default()
    }

    /// Says why a form was refused: `why` beside the field, if it has the one that is at fault, and `message` where it
    /// says that of all of it. False if it has neither.
    pub(crate) fn refused(Sent(form): &Sent, field: Option<&str>, why: &str, message: &str) -> bool {
        let _ = form.remove_attribute(SENT);
        let beside = field.and_then(|field| first(form, &format!("[data-fault=\"{field}\"]")));
        if let Some(place) = &beside {
            tell(form, place, why);
        }
        // What is said beside a field is said once more only where that may be out of sight.
        let of_all = first(form, "[role=alert] > .note > .problem");
        let of_all = of_all.or_else(|| first(form, "p.problem:not([id])").filter(|_| beside.is_none())).or_else(|| {
            let place = form.next_element_sibling().filter(has_answer)?;
            show(&place, "", "");
            first(&place, ".problem")
        });
        if let Some(place) = &of_all {
            place.set_text_content(Some(message));
        }
        beside.is_some() || of_all.is_some()
    }

    /// Sends the form around a button that tries it out, and shows below the button what comes back. `message` says an
    /// error in words.
    pub(crate) fn try_out(event: &MouseEvent, message: impl Fn(&AppError) -> String + 'static) -> Option<()> {
        let button = event.target()?.dyn_into::<Element>().ok()?.closest("[data-try]").ok()??;
        let place = button.parent_element()?.next_element_sibling()?;
        let mut fields = fields_around(event)?;
        if let Some(id) = button.get_attribute("data-with") {
            let model = document().get_element_by_id(&id)?.dyn_into::<HtmlInputElement>().ok()?.value();
            fields = format!("{fields}&model={}", escape(&model));
        }
        mark(&button, "disabled");
        post(button.get_attribute("data-try")?, fields, move |answer| {
            let _ = button.remove_attribute("disabled");
            match answer {
                Ok(said) => show(&place, &serde_json::from_str::<String>(&said).unwrap_or_default(), ""),
                Err(error) => show(&place, "", &message(&error)),
            }
        });
        Some(())
    }

    /// Writes what is typed where the page says what becomes of it.
    pub(crate) fn echo(event: &Event) -> Option<()> {
        let field = event.target()?.dyn_into::<HtmlInputElement>().ok()?;
        let place = field.closest("[data-echo]").ok()??.get_attribute("data-echo")?;
        let place = document().get_element_by_id(&place)?;
        let tail = place.get_attribute("data-tail").unwrap_or_default();
        place.set_text_content(Some(&final_url(&field.value(), &tail)));
        Some(())
    }

    fn has_answer(place: &Element) -> bool {
        first(place, "[data-answer]").is_some()
    }

    /// Shows what has come back, as HTML, or what has gone wrong.
    fn show(place: &Element, said: &str, problem: &str) {
        if let Some(answer) = first(place, "[data-answer]") {
            answer.set_inner_html(said);
        }
        if let Some(place) = first(place, ".problem") {
            place.set_text_content(Some(problem));
        }
    }

    fn first(inside: &Element, selector: &str) -> Option<Element> {
        inside.query_selector(selector).ok().flatten()
    }

    fn mark(element: &Element, name: &str) {
        // The names are valid ones.
        let _ = element.set_attribute(name, "");
    }
}

#[cfg(not(feature = "hydrate"))]
mod absent {
    use leptos::ev::{Event, MouseEvent, SubmitEvent};

    use crate::api::AppError;

    pub(crate) struct Sent;

    pub(crate) fn sent(_event: &SubmitEvent) -> Option<Sent> {
        None
    }

    pub(crate) fn is_wrong(_event: &SubmitEvent) -> bool {
        false
    }

    pub(crate) fn take_back(_event: &Event) -> Option<()> {
        None
    }

    pub(crate) fn taken(_form: &Sent, _said: &str) -> bool {
        false
    }

    pub(crate) fn word_of(_form: &Sent) -> String {
        String::new()
    }

    pub(crate) fn refused(_form: &Sent, _field: Option<&str>, _why: &str, _message: &str) -> bool {
        false
    }

    pub(crate) fn try_out(_event: &MouseEvent, _message: impl Fn(&AppError) -> String + 'static) -> Option<()> {
        None
    }

    pub(crate) fn echo(_event: &Event) -> Option<()> {
        None
    }
}
