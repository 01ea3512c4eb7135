//! Forms in the browser: what they would send, where to, and what has been changed in them.

#[cfg(not(feature = "hydrate"))]
pub(crate) use absent::*;
#[cfg(feature = "hydrate")]
pub(crate) use real::*;

#[cfg(feature = "hydrate")]
mod real {
    use leptos::{
        prelude::{Effect, Get, RwSignal, Set, StoredValue, WithValue, on_cleanup, window},
        server_fn::redirect::{REDIRECT_HEADER, call_redirect_hook},
    };
    use wasm_bindgen::{JsCast, JsValue, closure::Closure};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{Element, Event, HtmlAnchorElement, HtmlElement, HtmlFormElement, Request, RequestInit, Response};

    use crate::api::{Answer, AppError};

    /// What a form would send, in the form of a query.
    pub(crate) fn form_fields(event: &leptos::ev::SubmitEvent) -> Option<String> {
        fields_of(&event.target()?.dyn_into::<HtmlFormElement>().ok()?)
    }

    /// What the form around an element would send, in the form of a query.
    pub(crate) fn fields_around(event: &leptos::ev::MouseEvent) -> Option<String> {
        let form = event.target()?.dyn_into::<Element>().ok()?.closest("form").ok()??;
        fields_of(form.unchecked_ref::<HtmlFormElement>())
    }

    fn fields_of(form: &HtmlFormElement) -> Option<String> {
        let data = web_sys::FormData::new_with_form(form).ok()?;
        let all = web_sys::UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
        Some(all.to_string().into())
    }

    /// The address that a form asks for: its action, with the fields that are not empty.
    pub(crate) fn form_address(event: &leptos::ev::SubmitEvent) -> Option<String> {
        let action = event.target()?.dyn_into::<HtmlFormElement>().ok()?.get_attribute("action")?;
        let fields = form_fields(event)?;
        let query = fields.split('&').filter(|pair| !pair.ends_with('=')).collect::<Vec<_>>().join("&");
        Some(format!("{action}?{query}"))
    }

    /// Where a form is posted to, and its fields; none if it only asks for an address.
    pub(crate) fn posted(event: &leptos::ev::SubmitEvent) -> Option<(String, String)> {
        let form = event.target()?.dyn_into::<HtmlFormElement>().ok()?;
        if form.method() == "post" { Some((form.get_attribute("action")?, form_fields(event)?)) } else { None }
    }

    /// Sends the fields of a form to a server function, and hands on its answer. Goes where the answer leads.
    pub(crate) fn post(url: String, fields: String, then: impl FnOnce(Answer<String>) + 'static) {
        leptos::task::spawn_local(async move {
            let answer = match exchange(&url, &fields).await {
                Ok((true, text)) => Ok(text),
                Ok((false, text)) => Err(serde_json::from_str(&text).unwrap_or_else(|error| AppError::broken(&error))),
                Err(error) => Err(AppError::broken(&format!("{error:?}"))),
            };
            then(answer);
        });
    }

    /// Whether the server function gave a result, and the text of its answer.
    async fn exchange(url: &str, fields: &str) -> Result<(bool, String), JsValue> {
        let options = RequestInit::new();
        options.set_method("POST");
        options.set_body(&fields.into());
        let request = Request::new_with_str_and_init(url, &options)?;
        request.headers().set("content-type", "application/x-www-form-urlencoded")?;
        request.headers().set("accept", "application/json")?;
        let response: Response = JsFuture::from(window().fetch_with_request(&request)).await?.dyn_into()?;
        let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
        if response.headers().has(REDIRECT_HEADER)?
            && let Some(target) = response.headers().get("location")?
        {
            call_redirect_hook(&target);
        }
        Ok((response.ok(), text))
    }

    /// Sends the form that the element of the event belongs to.
    pub(crate) fn submit_form_of(event: &Event) {
        let form = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
        if let Ok(Some(form)) = form.map_or(Ok(None), |element| element.closest("form")) {
            // A form that is not valid shows that itself.
            let _ = form.unchecked_into::<HtmlFormElement>().request_submit();
        }
    }

    /// Marks the field that was typed in as changed, or as back to what it was. True if any field of the form differs.
    pub(crate) fn mark_changed(event: &Event) -> bool {
        let Some(target) = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok()) else {
            return false;
        };
        if let Ok(Some(field)) = target.closest("[data-field]") {
            // The name is a valid one.
            let _ = field.toggle_attribute_with_force("data-changed", is_changed(&target));
        }
        let Ok(Some(form)) = target.closest("form") else { return false };
        form.query_selector("[data-changed]").is_ok_and(|found| found.is_some())
    }

    fn is_changed(element: &HtmlElement) -> bool {
        if let Some(input) = element.dyn_ref::<web_sys::HtmlInputElement>() {
            return match input.type_().as_str() {
                "checkbox" => input.checked() != input.default_checked(),
                "radio" => true,
                _ => input.value() != input.default_value(),
            };
        }
        if let Some(area) = element.dyn_ref::<web_sys::HtmlTextAreaElement>() {
            return area.default_value().is_ok_and(|before| area.value() != before);
        }
        true
    }

    /// What leads away from a page.
    const LEAVINGS: [&str; 3] = ["beforeunload", "click", "popstate"];

    /// Asks before the page is left while `is_dirty`: what was typed would be lost.
    pub(crate) fn ask_before_leaving(is_dirty: RwSignal<bool>, question: &'static str) {
        Effect::new(move |_| {
            if !is_dirty.get() {
                return;
            }
            let here = place();
            let ask = Closure::<dyn Fn(Event)>::new(move |event: Event| {
                if leaves(&event, &here.0) && may_leave(&event, &here, question) {
                    is_dirty.try_set(false);
                }
            });
            let listener = StoredValue::new_local(ask);
            listener.with_value(|ask| listen(ask, true));
            on_cleanup(move || listener.with_value(|ask| listen(ask, false)));
        });
    }

    /// Hears of what leads away before the router does, or no longer.
    fn listen(ask: &Closure<dyn Fn(Event)>, is_on: bool) {
        let ask = ask.as_ref().unchecked_ref();
        for name in LEAVINGS {
            // Only a name that is no name fails.
            let _ = if is_on {
                window().add_event_listener_with_callback_and_bool(name, ask, true)
            } else {
                window().remove_event_listener_with_callback_and_bool(name, ask, true)
            };
        }
    }

    /// Asks whether the page may be left; if not, nobody else hears of the event.
    fn may_leave(event: &Event, here: &(String, String), question: &str) -> bool {
        if event.type_() == "beforeunload" {
            // The browser asks with words of its own.
            event.prevent_default();
            return false;
        }
        if window().confirm_with_message(question).unwrap_or(true) {
            return true;
        }
        event.prevent_default();
        event.stop_immediate_propagation();
        if event.type_() == "popstate" {
            stay(here);
        }
        false
    }

    /// The path and the parameters of the address.
    fn place() -> (String, String) {
        let location = window().location();
        (location.pathname().unwrap_or_default(), location.search().unwrap_or_default())
    }

    /// True if the event leads away from the page at `path`. A click on a link does, unless it opens elsewhere or leads
    /// to this page with other parameters; a step back does if it has led to another page.
    fn leaves(event: &Event, path: &str) -> bool {
        match event.type_().as_str() {
            "click" => {}
            "popstate" => return place().0 != path,
            _ => return true,
        }
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let Some(Ok(Some(link))) = target.map(|target| target.closest("a[href]")) else { return false };
        let link = link.unchecked_into::<HtmlAnchorElement>();
        link.target().is_empty() && link.pathname() != path
    }

    /// Puts the address of the page back after a step back that was refused.
    fn stay((path, search): &(String, String)) {
        if let Ok(history) = window().history() {
            // Only an address of another server is refused.
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&format!("{path}{search}")));
        }
    }

    /// Reads the file that was chosen in an input, as text.
    pub(crate) fn chosen_text(event: &Event, then: impl FnOnce(String) + 'static) {
        let input = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        let Some(file) = input.and_then(|input| input.files()).and_then(|files| files.get(0)) else { return };
        leptos::task::spawn_local(async move {
            if let Ok(text) = JsFuture::from(file.text()).await {
                then(text.as_string().unwrap_or_default());
            }
        });
    }
}

#[cfg(not(feature = "hydrate"))]
mod absent {
    use leptos::{ev, prelude::RwSignal};

    use crate::api::Answer;

    pub(crate) fn form_fields(_event: &ev::SubmitEvent) -> Option<String> {
        None
    }

    pub(crate) fn fields_around(_event: &ev::MouseEvent) -> Option<String> {
        None
    }

    pub(crate) fn form_address(_event: &ev::SubmitEvent) -> Option<String> {
        None
    }

    pub(crate) fn posted(_event: &ev::SubmitEvent) -> Option<(String, String)> {
        None
    }

    pub(crate) fn post(_url: String, _fields: String, _then: impl FnOnce(Answer<String>) + 'static) {}

    pub(crate) fn submit_form_of(_event: &ev::Event) {}

    pub(crate) fn mark_changed(_event: &ev::Event) -> bool {
        false
    }

    pub(crate) fn ask_before_leaving(_is_dirty: RwSignal<bool>, _question: &'static str) {}

    pub(crate) fn chosen_text(_event: &ev::Event, _then: impl FnOnce(String) + 'static) {}
}
