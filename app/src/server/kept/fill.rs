//! A page with what was typed put back into one of its forms.

use std::{borrow::Cow, cell::RefCell, rc::Rc};

use lol_html::{
    ElementContentHandlers, RewriteStrSettings, Selector, element, end_tag,
    errors::RewritingError,
    html_content::{ContentType, Element},
    rewrite_str,
};

use super::PAGE;
use crate::api::AppError;

/// What the page of a form says of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Why it was refused.
    Refused(AppError),
    /// What has come of it, as HTML.
    Shown(String),
}

/// A form that is answered with its page.
pub(super) struct Reply {
    /// Where it was sent to.
    pub(super) form: String,
    /// What it has sent: names and values.
    pub(super) typed: Vec<(String, String)>,
    /// What has come of it.
    pub(super) said: Said,
    /// The address of its page: path and query.
    pub(super) place: String,
    /// The mark that a script of the page must have.
    pub(super) nonce: Option<String>,
}

/// A form of a page that is sent where the answered one was.
#[derive(Default)]
struct Candidate {
    /// Which of all forms of the page it is.
    number: usize,
    /// True if one of its hidden fields says that it is about something else.
    is_another: bool,
    /// What is folded around it, counted over the page.
    folds: Vec<usize>,
    /// The id of the place that says what is wrong with the field at fault.
    told: Option<String>,
    /// The place in it or below it for what comes back, counted over the page.
    place: Option<usize>,
}

/// How far a page was read.
#[derive(Default)]
struct Reading {
    forms: usize,
    folds: usize,
    places: usize,
    /// The folds that are not read to their end.
    within: Vec<usize>,
    candidates: Vec<Candidate>,
}

/// How far a form was filled in.
struct Filling {
    /// The form that is meant.
    form: Candidate,
    forms: usize,
    folds: usize,
    places: usize,
    /// What was typed and is not put back yet.
    left: Vec<(String, String)>,
    /// The name of the list whose options are read.
    list: String,
}

impl Filling {
    fn is_here(&self) -> bool {
        self.forms == self.form.number
    }

    /// The next value that was typed under a name.
    fn next(&mut self, name: &str) -> Option<String> {
        let at = self.left.iter().position(|(known, _)| known == name)?;
        Some(self.left.remove(at).1)
    }
}

impl Reply {
    /// The page with the form filled in as it was sent, what is folded around it unfolded, what is said of it in its place, and
    /// each form told which page it stands in. A page that no longer has the form tells why it was refused as ever; none if
    /// there is no place for what has come of it.
    ///
    /// # Errors
    /// The page cannot be read.
    pub(super) fn filled(&self, html: &[u8]) -> Result<Option<String>, RewritingError> {
        let html = String::from_utf8_lossy(html);
        let meant = self.find(&html)?;
        if matches!(self.said, Said::Shown(_)) && meant.as_ref().is_none_or(|form| form.place.is_none()) {
            return Ok(None);
        }
        let none = Candidate { number: usize::MAX, ..Candidate::default() };
        self.fill(&html, meant.unwrap_or(none)).map(Some)
    }

    /// The field that is at fault, if one is.
    fn field(&self) -> Option<&str> {
        let Said::Refused(error) = &self.said else { return None };
        error.field.as_deref()
    }

    /// The first form that is sent to the same place and is about the same.
    fn find(&self, html: &str) -> Result<Option<Candidate>, RewritingError> {
        let reading = Rc::new(RefCell::new(Reading::default()));
        let form = format!("form[action=\"{}\"]", self.form);
        let (of_fold, of_form, of_field, of_place, of_answer) =
            (Rc::clone(&reading), Rc::clone(&reading), Rc::clone(&reading), Rc::clone(&reading), Rc::clone(&reading));
        let handlers = vec![
            element!("details", move |fold| {
                let mut reading = of_fold.borrow_mut();
                reading.folds += 1;
                let number = reading.folds;
                reading.within.push(number);
                let of_end = Rc::clone(&of_fold);
                fold.on_end_tag(end_tag!(move |_end| {
                    of_end.borrow_mut().within.pop();
                    Ok(())
                }))
            }),
            element!("form", |form| {
                let mut reading = of_form.borrow_mut();
                reading.forms += 1;
                if form.get_attribute("action").as_ref() == Some(&self.form) {
                    let (number, folds) = (reading.forms, reading.within.clone());
                    reading.candidates.push(Candidate { number, folds, ..Candidate::default() });
                }
                Ok(())
            }),
            element!(format!("{form} input[type=\"hidden\"]"), |field| {
                let (name, value) = (attribute(field, "name"), attribute(field, "value"));
                let is_known = self.typed.iter().any(|(known, typed)| *known == name && *typed == value);
                if let Some(candidate) = of_field.borrow_mut().candidates.last_mut() {
                    candidate.is_another |= !is_known;
                }
                Ok(())
            }),
            element!(format!("{form} [data-fault]"), |place| {
                if let Some(candidate) = of_place.borrow_mut().candidates.last_mut()
                    && place.get_attribute("data-fault").as_deref() == self.field()
                {
                    candidate.told = place.get_attribute("id");
                }
                Ok(())
            }),
            element!("[data-answer]", |_place| {
                let mut reading = of_answer.borrow_mut();
                reading.places += 1;
                let (number, forms) = (reading.places, reading.forms);
                // What follows another form is that one's.
                if let Some(candidate) = reading.candidates.last_mut().filter(|candidate| candidate.number == forms) {
                    candidate.place.get_or_insert(number);
                }
                Ok(())
            }),
        ];
        rewrite_str(html, settings(handlers))?;
        Ok(reading.take().candidates.into_iter().find(|candidate| !candidate.is_another))
    }

    fn fill(&self, html: &str, form: Candidate) -> Result<String, RewritingError> {
        let filling = Filling { form, forms: 0, folds: 0, places: 0, left: self.typed.clone(), list: String::new() };
        let filling = Rc::new(RefCell::new(filling));
        let (of_fold, of_form, of_answer, of_field) =
            (Rc::clone(&filling), Rc::clone(&filling), Rc::clone(&filling), filling);
        let within = format!("form[action=\"{}\"]", self.form);
        let fields = ["input", "textarea", "select", "option", "[data-fault]"];
        let fields = fields.map(|field| format!("{within} {field}")).join(", ");
        let handlers = vec![
            element!("head", |head| {
                head.append(&self.way_back(), ContentType::Html);
                Ok(())
            }),
            element!("details", |fold| {
                let mut filling = of_fold.borrow_mut();
                filling.folds += 1;
                if filling.form.folds.contains(&filling.folds) {
                    fold.set_attribute("open", "")?;
                }
                Ok(())
            }),
            element!("form", |form| {
                of_form.borrow_mut().forms += 1;
                if form.get_attribute("action").is_some_and(|action| action.starts_with("/_ui/")) {
                    form.append(&self.page(), ContentType::Html);
                }
                Ok(())
            }),
            element!("[data-answer]", |place| {
                let mut filling = of_answer.borrow_mut();
                filling.places += 1;
                if let Said::Shown(html) = &self.said
                    && filling.form.place == Some(filling.places)
                {
                    place.set_inner_content(html, ContentType::Html);
                }
                Ok(())
            }),
            element!(fields, |field| {
                let mut filling = of_field.borrow_mut();
                if filling.is_here() {
                    self.put_back(field, &mut filling)?;
                }
                Ok(())
            }),
        ];
        rewrite_str(html, settings(handlers))
    }

    /// Puts back what was typed in one field of the form, or says in its place what is wrong with it.
    fn put_back(&self, field: &mut Element<'_, '_>, filling: &mut Filling) -> Result<(), Error> {
        let name = attribute(field, "name");
        let was_sent =
            |name: &str, value: &str| self.typed.iter().any(|(known, typed)| known == name && typed == value);
        match field.tag_name().as_str() {
            "option" => set(field, "selected", was_sent(&filling.list, &attribute(field, "value")))?,
            "select" => filling.list = name,
            "textarea" => {
                if let Some(value) = filling.next(&name) {
                    field.set_inner_content(&value, ContentType::Text);
                }
            }
            "input" => match attribute(field, "type").as_str() {
                "hidden" | "password" | "file" => {}
                "checkbox" | "radio" => {
                    let value = field.get_attribute("value").map_or_else(|| "on".to_owned(), |value| plain(&value));
                    set(field, "checked", was_sent(&name, &value))?;
                }
                _ => {
                    if let Some(value) = filling.next(&name) {
                        field.set_attribute("value", &value.replace('&', "&amp;"))?;
                    }
                }
            },
            _ => {
                if let Said::Refused(error) = &self.said
                    && field.get_attribute("data-fault") == error.field
                {
                    field.set_inner_content(&error.message, ContentType::Text);
                }
            }
        }
        let described = attribute(field, "aria-describedby");
        if filling.form.told.as_ref().is_some_and(|told| described.split(' ').any(|id| id == told)) {
            field.set_attribute("aria-invalid", "true")?;
            field.set_attribute("autofocus", "")?;
        }
        Ok(())
    }

    /// Which page a form stands in. With script that is known, and this no field.
    fn page(&self) -> String {
        let page = self.place.replace('&', "&amp;").replace('"', "&quot;");
        format!("<noscript><input type=\"hidden\" name=\"{PAGE}\" value=\"{page}\"></noscript>")
    }

    /// With script the page is at its own address, as if it had been asked for.
    fn way_back(&self) -> String {
        let place = serde_json::Value::from(self.place.as_str()).to_string().replace('<', "\\u003c");
        let nonce = self.nonce.as_deref().unwrap_or_default();
        format!("<script nonce=\"{nonce}\">history.replaceState(null,\"\",{place})</script>")
    }
}

type Handler<'a> = (Cow<'a, Selector>, ElementContentHandlers<'a>);

fn settings(handlers: Vec<Handler<'_>>) -> RewriteStrSettings<'_, '_> {
    handlers.into_iter().fold(RewriteStrSettings::new(), RewriteStrSettings::append_element_content_handler)
}

/// What goes wrong while a page is written anew.
type Error = Box<dyn std::error::Error + Send + Sync>;

fn attribute(element: &Element<'_, '_>, name: &str) -> String {
    element.get_attribute(name).map(|value| plain(&value)).unwrap_or_default()
}

fn set(element: &mut Element<'_, '_>, name: &str, is_set: bool) -> Result<(), Error> {
    if is_set {
        element.set_attribute(name, "")?;
    } else {
        element.remove_attribute(name);
    }
    Ok(())
}

/// The text of an attribute, which stands in the page as the console writes it.
fn plain(written: &str) -> String {
    written
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE_OF_TWO: &str = r#"<!DOCTYPE html><html><head><title>x</title></head><body>
        <form action="/_ui/other"><input name="name" value="old"></form>
        <details><form action="/_ui/save"><input type="hidden" name="id" value="1"><input name="name" value="old"></form></details>
        <details><summary>x</summary><form action="/_ui/save"><input type="hidden" name="id" value="2">
        <input name="name" value="old" aria-describedby="help why"><p id="why" data-fault="name"></p>
        <input type="password" name="secret" value=""><input type="checkbox" name="on" checked><input type="checkbox" name="off" value="a">
        <select name="tier"><option value="a &amp; b">1</option><option value="c" selected>2</option></select>
        <textarea name="rules">old</textarea><textarea name="rules">old</textarea></form></details>
        <div data-answer></div><div data-answer></div></body></html>"#;

    fn refusal(typed: &[(&str, &str)]) -> Reply {
        let error = AppError { field: Some("name".to_owned()), ..AppError::broken(&"is <too> long") };
        let typed = typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let place = "/users?a=1&b=</script>\"".to_owned();
        let said = Said::Refused(error);
        Reply { form: "/_ui/save".to_owned(), typed, said, place, nonce: Some("n".to_owned()) }
    }

    #[test]
    fn what_was_typed_stands_in_the_form_that_was_sent_and_in_no_other() {
        let typed = [
            ("id", "2"),
            ("name", "a \"b\" & <c>"),
            ("secret", "s3cret"),
            ("off", "a"),
            ("tier", "a & b"),
            ("rules", "first"),
            ("rules", "</textarea>"),
        ];
        let html = refusal(&typed).filled(PAGE_OF_TWO.as_bytes()).unwrap().unwrap();
        let (before, form) = html.split_once("value=\"2\"").unwrap();
        assert!(before.matches("value=\"old\"").count() == 2 && before.contains("<details open"), "{before}");
        assert_eq!(html.matches("<details open").count(), 1);
        for there in [
            "value=\"a &quot;b&quot; &amp; <c>\"",
            "aria-invalid=\"true\"",
            "data-fault=\"name\">is &lt;too&gt; long</p>",
            "<input type=\"checkbox\" name=\"on\">",
            "name=\"off\" value=\"a\" checked",
            "<option value=\"a &amp; b\" selected",
            "<option value=\"c\">",
            "<textarea name=\"rules\">first</textarea><textarea name=\"rules\">&lt;/textarea&gt;</textarea>",
        ] {
            assert!(form.contains(there), "{there} is not in {form}");
        }
        assert!(!html.contains("s3cret"), "{html}");
    }

    #[test]
    fn a_page_knows_its_address_and_a_form_that_is_gone_changes_nothing_in_it() {
        let html = refusal(&[("id", "3"), ("name", "new")]).filled(PAGE_OF_TWO.as_bytes()).unwrap().unwrap();
        assert!(html.contains("<script nonce=\"n\">history.replaceState(null,\"\",\"/users?a=1&b=\\u003c/script>\\\"\")</script></head>"), "{html}");
        assert_eq!(html.matches("name=\"__page\" value=\"/users?a=1&amp;b=</script>&quot;\"").count(), 3);
        assert!(!html.contains("new") && !html.contains(" open"), "{html}");
    }

    #[test]
    fn what_comes_back_is_shown_at_its_form() {
        let shown = |form: &str, id: &str| {
            let said = Said::Shown("<b>works</b>".to_owned());
            let reply = Reply { form: form.to_owned(), said, ..refusal(&[("id", id), ("name", "new")]) };
            reply.filled(PAGE_OF_TWO.as_bytes()).unwrap()
        };
        let html = shown("/_ui/save", "2").unwrap();
        assert!(html.contains("<div data-answer><b>works</b></div><div data-answer></div>"), "{html}");
        assert!(html.contains("name=\"name\" value=\"new\"") && !html.contains("aria-invalid"), "{html}");
        // There is nowhere to show it at these.
        assert_eq!([shown("/_ui/save", "1"), shown("/_ui/other", "2")], [None, None]);
    }
}
