//! Forms in the browser: what they would send, where to, and what has been changed in them.

#[cfg(not(feature = "hydrate"))]
pub(crate) use absent::*;
#[cfg(feature = "hydrate")]
pub(crate) use real::*;

#[cfg(feature = "hydrate")]
mod real {
    use leptos::{
        prelude::window,
        server_fn::redirect::{REDIRECT_HEADER, call_redirect_hook},
    };
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{Element, Event, HtmlElement, HtmlFormElement, Request, RequestInit, Response};

    use crate::{
        api::{Answer, AppError},
        query::escape,
    };

    /// What a form would send, in the form of a query: what the button says that it was sent by is part of it.
    pub(crate) fn form_fields(event: &leptos::ev::SubmitEvent) -> Option<String> {
        let fields = fields_of(&event.target()?.dyn_into::<HtmlFormElement>().ok()?)?;
        let said = |name| event.submitter().and_then(|button| button.get_attribute(name)).unwrap_or_default();
        let (name, value) = (said("name"), said("value"));
        Some(if name.is_empty() { fields } else { format!("{fields}&{name}={}", escape(&value)) })
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

    /// Leaves it to the page and the hub to say what is wrong with the form around what was pressed: they say that beside the
    /// field, and in the reader's language. To send a form by a key presses its button too. Where there is no script the browser says it.
    pub(crate) fn leave_checks_to_hub(event: &leptos::ev::MouseEvent) -> Option<()> {
        let form = event.target()?.dyn_into::<Element>().ok()?.closest("form").ok()??;
        form.set_attribute("novalidate", "").ok()
    }

    /// The address that a form asks for: its action, with the fields that are not empty.
    pub(crate) fn form_address(event: &leptos::ev::SubmitEvent) -> Option<String> {
        let action = event.target()?.dyn_into::<HtmlFormElement>().ok()?.get_attribute("action")?;
        let fields = form_fields(event)?;
        let query = fields.split('&').filter(|pair| !pair.ends_with('=')).collect::<Vec<_>>().join("&");
        Some(format!("{action}?{query}"))
    }

    /// True for a form whose fields are what somebody works on, though it only asks for an address.
    pub(crate) fn is_editor(event: &leptos::ev::SubmitEvent) -> bool {
        let form = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        form.is_some_and(|form| form.matches(".editor").unwrap_or_default())
    }

    /// Writes what the chosen option stands for into the amount beside a list that is made for it.
    pub(crate) fn fill_chosen(event: &Event) -> Option<()> {
        let list = event.target()?.dyn_into::<Element>().ok()?;
        let chosen = list.query_selector("[data-fill] > option:checked").ok()??;
        let field = list.closest("form").ok()??.query_selector("[name=amount]").ok()??;
        let amount = chosen.get_attribute("data-amount").unwrap_or_default();
        field.unchecked_ref::<web_sys::HtmlInputElement>().set_value(&amount);
        Some(())
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
            // What is wrong with it is said as if its button was pressed. The name is a valid one.
            let _ = form.set_attribute("novalidate", "");
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
    use leptos::ev;

    use crate::api::Answer;

    pub(crate) fn form_fields(_event: &ev::SubmitEvent) -> Option<String> {
        None
    }

    pub(crate) fn leave_checks_to_hub(_event: &ev::MouseEvent) -> Option<()> {
        None
    }

    pub(crate) fn form_address(_event: &ev::SubmitEvent) -> Option<String> {
        None
    }

    pub(crate) fn is_editor(_event: &ev::SubmitEvent) -> bool {
        false
    }

    pub(crate) fn fill_chosen(_event: &ev::Event) -> Option<()> {
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

    pub(crate) fn chosen_text(_event: &ev::Event, _then: impl FnOnce(String) + 'static) {}
}
