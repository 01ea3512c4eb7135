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
    view! {
        <form method="post" action=S::url()>
            {super::form::hidden(hidden)}
            {content}
            <p class="problem" role="alert"></p>
        </form>
    }
    .erase()
}
