//! Buttons and forms of drawn pages that change something. Each is a plain form; with script it is sent in the background
//! and the page is drawn again.

use leptos::{prelude::*, server_fn::ServerFn};

use crate::{api::AppError, ui::Erase};

/// A button that does one thing through the server function `S`. `whose` is for those who do not see the row.
pub(crate) fn act<S: ServerFn<Error = AppError>>(
    word: &'static str,
    whose: &str,
    fields: Vec<(&'static str, String)>,
) -> AnyView {
    let label = format!("{word}: {whose}");
    let button = view! { <button type="submit" class="button ghost small" aria-label=label>{word}</button> }.erase();
    form::<S>(fields, button)
}

/// A form that is sent to the server function `S`: fields that are not seen, and what is seen.
pub(crate) fn form<S: ServerFn<Error = AppError>>(hidden: Vec<(&'static str, String)>, content: AnyView) -> AnyView {
    sent_to(S::url(), None, hidden, content)
}

/// The same for one that keeps something: `said` is what is said when it has.
pub(crate) fn keeping<S: ServerFn<Error = AppError>>(
    said: &'static str,
    hidden: Vec<(&'static str, String)>,
    content: AnyView,
) -> AnyView {
    sent_to(S::url(), Some(said), hidden, content)
}

fn sent_to(
    url: &'static str,
    toast: Option<&'static str>,
    hidden: Vec<(&'static str, String)>,
    content: AnyView,
) -> AnyView {
    view! {
        <form method="post" action=url data-toast=toast>
            {super::form::hidden(hidden)}
            {content}
            <p class="problem" role="alert"></p>
        </form>
    }
    .erase()
}

/// A field of a form that each row of a list has: what it is known by in the page, and where it is said what is wrong with
/// it. The control itself is drawn by whoever draws the row.
pub(crate) struct RowField {
    /// Its id, which that of the row is part of.
    pub(crate) id: String,
    name: &'static str,
    wrong: Option<String>,
    missing: Option<String>,
}

impl RowField {
    /// The field of that name in the row with that id.
    pub(crate) fn new(name: &'static str, row: &str) -> Self {
        Self { id: format!("{name}-{row}"), name, wrong: None, missing: None }
    }

    /// The same with what is said of a value that it cannot have, before the hub is asked.
    pub(crate) fn wrong(mut self, why: String) -> Self {
        self.wrong = Some(why);
        self
    }

    /// The same with what is said of an input that was left empty, where that is something else.
    pub(crate) fn missing(mut self, why: String) -> Self {
        self.missing = Some(why);
        self
    }

    /// The id of the place that says what is wrong with it.
    pub(crate) fn described(&self) -> String {
        format!("{}-problem", self.id)
    }

    /// That place, which stands below it.
    pub(crate) fn problem(&self) -> AnyView {
        let (id, wrong, missing) = (self.described(), self.wrong.clone(), self.missing.clone());
        view! { <div class="problem" id=id role="alert" data-fault=self.name data-wrong=wrong data-missing=missing></div> }.erase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_a_row_is_told_from_those_of_other_rows() {
        let drawn = |field: RowField| Owner::new().with(|| field.problem().to_html());
        let (one, other) = (RowField::new("weight", "17"), RowField::new("weight", "18"));
        assert_eq!((one.id.as_str(), other.id.as_str()), ("weight-17", "weight-18"));
        let html = drawn(one.wrong("Must be filled in".to_owned()));
        let is_there = |part: &str| html.contains(part);
        assert!(is_there("id=\"weight-17-problem\"") && is_there("data-fault=\"weight\""), "{html}");
        assert!(is_there("data-wrong=\"Must be filled in\"") && is_there("class=\"problem\""), "{html}");
        assert!(!drawn(other).contains("data-wrong"), "it says before the hub is asked what it does not know");
    }
}
