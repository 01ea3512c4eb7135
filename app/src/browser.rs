//! What only the browser can do. On the server each of these does nothing, so that views need no conditions.

#[cfg(not(feature = "hydrate"))]
pub(crate) use absent::*;
#[cfg(feature = "hydrate")]
pub(crate) use real::*;

#[cfg(feature = "hydrate")]
mod real {
    use leptos::{
        prelude::{document, window},
        server_fn::redirect::{REDIRECT_HEADER, call_redirect_hook},
    };
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{Element, HtmlElement, HtmlFormElement, Request, RequestInit, Response, js_sys};

    use crate::api::{Answer, AppError};

    /// Milliseconds since 1970.
    #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "whole milliseconds, far below 2^53")]
    pub(crate) fn now_ms() -> i64 {
        js_sys::Date::now() as i64
    }

    /// How many minutes the reader's clock was ahead of UTC at that time.
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "an offset is a small whole number, a time far below 2^53"
    )]
    pub(crate) fn offset_min(at_ms: i64) -> i32 {
        -(js_sys::Date::new(&(at_ms as f64).into()).get_timezone_offset() as i32)
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
    pub(crate) fn copy(text: &str) -> bool {
        let clipboard = js_sys::Reflect::get(&window().navigator(), &"clipboard".into());
        if clipboard.is_ok_and(|clipboard| !clipboard.is_undefined()) {
            // The promise is refused only when the page is not in front.
            let _ = window().navigator().clipboard().write_text(text);
            return true;
        }
        false
    }

    /// Selects the text of an element, for a reader whose browser does not let a page copy.
    pub(crate) fn select(id: &str) {
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

    /// True if the reader sees the top of the page.
    pub(crate) fn is_at_top() -> bool {
        window().scroll_y().is_ok_and(|y| y < 40.0)
    }

    /// Back to the top of the page.
    pub(crate) fn scroll_to_top() {
        window().scroll_to_with_x_and_y(0.0, 0.0);
    }

    /// Asks for the document again.
    pub(crate) fn reload() {
        // Only a document that is going away refuses.
        let _ = window().location().reload();
    }

    /// What a form would send, in the form of a query.
    pub(crate) fn form_fields(event: &leptos::ev::SubmitEvent) -> Option<String> {
        let form = event.target()?.dyn_into::<HtmlFormElement>().ok()?;
        let data = web_sys::FormData::new_with_form(&form).ok()?;
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

    /// Writes at each time of the page that is counted down how long it is until then.
    pub(crate) fn count_down(now_ms: i64, written: fn(u64) -> String) {
        let Ok(times) = document().query_selector_all("[data-until]") else { return };
        for index in 0..times.length() {
            let time = times.get(index).and_then(|node| node.dyn_into::<HtmlElement>().ok());
            let until = time.as_ref().and_then(|time| time.get_attribute("data-until")?.parse::<i64>().ok());
            if let (Some(time), Some(until)) = (time, until) {
                time.set_text_content(Some(&written(u64::try_from(until - now_ms).unwrap_or_default())));
            }
        }
    }

    /// Writes a text into the first element that `selector` finds.
    pub(crate) fn say(selector: &str, text: &str) {
        if let Ok(Some(element)) = document().query_selector(selector) {
            element.set_text_content(Some(text));
        }
    }

    /// True if something was chosen from a list.
    pub(crate) fn is_choice(event: &leptos::ev::Event) -> bool {
        event
            .target()
            .is_some_and(|target| target.dyn_ref::<Element>().is_some_and(|element| element.tag_name() == "SELECT"))
    }

    /// The columns that are not checked in the menu that was changed; none if the event is about something else.
    pub(crate) fn hidden_columns(event: &leptos::ev::Event) -> Option<String> {
        let menu = event.target()?.dyn_into::<Element>().ok()?.closest("[data-column-menu]").ok()??;
        let hidden = all(&menu.query_selector_all("input:not(:checked)").ok()?);
        Some(hidden.iter().filter_map(|input| input.get_attribute("value")).collect::<Vec<_>>().join("."))
    }

    /// The ids of what is unfolded.
    pub(crate) fn unfolded() -> Vec<String> {
        let found = document().query_selector_all("details[open][id]");
        found.map(|found| all(&found).iter().map(Element::id).collect()).unwrap_or_default()
    }

    /// The id of the element that has the focus, if it has one.
    pub(crate) fn focused() -> Option<String> {
        Some(document().active_element()?.id()).filter(|id| !id.is_empty())
    }

    /// Unfolds these, and gives this one the focus if nobody has it.
    pub(crate) fn restore(unfolded: &[String], focused: Option<&str>) {
        for element in unfolded.iter().filter_map(|id| document().get_element_by_id(id)) {
            // The name is a valid one.
            let _ = element.set_attribute("open", "");
        }
        let is_lost = document().active_element().is_none_or(|element| element.tag_name() == "BODY");
        if let Some(id) = focused.filter(|_| is_lost) {
            focus(&format!("#{id}"));
        }
    }

    fn all(nodes: &web_sys::NodeList) -> Vec<Element> {
        (0..nodes.length()).filter_map(|place| nodes.get(place)?.dyn_into().ok()).collect()
    }

    /// Reads the file that was chosen in an input, as text.
    pub(crate) fn chosen_text(event: &leptos::ev::Event, then: impl FnOnce(String) + 'static) {
        let input = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        let Some(file) = input.and_then(|input| input.files()).and_then(|files| files.get(0)) else { return };
        leptos::task::spawn_local(async move {
            if let Ok(text) = JsFuture::from(file.text()).await {
                then(text.as_string().unwrap_or_default());
            }
        });
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

    /// The status with which the hub would answer a request for `path`; none if it does not answer.
    pub(crate) async fn status(path: &str) -> Option<u16> {
        let options = RequestInit::new();
        options.set_method("HEAD");
        let request = Request::new_with_str_and_init(path, &options).ok()?;
        let response = JsFuture::from(window().fetch_with_request(&request)).await.ok()?;
        Some(response.dyn_into::<Response>().ok()?.status())
    }

    /// Sends the form that the element of the event belongs to.
    pub(crate) fn submit_form_of(event: &leptos::ev::Event) {
        let form = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
        if let Ok(Some(form)) = form.map_or(Ok(None), |element| element.closest("form")) {
            // A form that is not valid shows that itself.
            let _ = form.unchecked_into::<HtmlFormElement>().request_submit();
        }
    }

    /// Marks the field that was typed in as changed, or as back to what it was. True if any field of the form differs.
    pub(crate) fn mark_changed(event: &leptos::ev::Event) -> bool {
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
}

#[cfg(not(feature = "hydrate"))]
mod absent {
    use leptos::ev;

    use crate::api::Answer;

    pub(crate) fn now_ms() -> i64 {
        0
    }

    pub(crate) fn offset_min(_at_ms: i64) -> i32 {
        0
    }

    pub(crate) fn set_root_attribute(_name: &str, _value: Option<&str>) {}

    pub(crate) fn root_attribute(_name: &str) -> Option<String> {
        None
    }

    pub(crate) fn remember(_name: &str, _value: &str) {}

    pub(crate) fn copy(_text: &str) -> bool {
        false
    }

    pub(crate) fn select(_id: &str) {}

    pub(crate) fn press_first(_selector: &str) -> bool {
        false
    }

    pub(crate) fn step_focus(_selector: &str, _step: i32) -> bool {
        false
    }

    pub(crate) fn focus(_selector: &str) -> bool {
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

    pub(crate) fn chosen_text(_event: &ev::Event, _then: impl FnOnce(String) + 'static) {}

    pub(crate) fn form_fields(_event: &ev::SubmitEvent) -> Option<String> {
        None
    }

    pub(crate) fn form_address(_event: &ev::SubmitEvent) -> Option<String> {
        None
    }

    pub(crate) fn say(_selector: &str, _text: &str) {}

    pub(crate) fn is_choice(_event: &ev::Event) -> bool {
        false
    }

    pub(crate) fn hidden_columns(_event: &ev::Event) -> Option<String> {
        None
    }

    pub(crate) fn posted(_event: &ev::SubmitEvent) -> Option<(String, String)> {
        None
    }

    pub(crate) fn post(_url: String, _fields: String, _then: impl FnOnce(Answer<String>) + 'static) {}

    pub(crate) fn count_down(_now_ms: i64, _written: fn(u64) -> String) {}

    pub(crate) fn unfolded() -> Vec<String> {
        Vec::new()
    }

    pub(crate) fn focused() -> Option<String> {
        None
    }

    pub(crate) fn restore(_unfolded: &[String], _focused: Option<&str>) {}

    pub(crate) fn submit_form_of(_event: &ev::Event) {}

    pub(crate) fn mark_changed(_event: &ev::Event) -> bool {
        false
    }
}
