//! What an error says to the reader, in the reader's language.

use leptos::prelude::*;

use crate::{
    api::{AppError, Trouble},
    change::Change,
    text::{Text, use_text},
    ui::state,
};

/// The error in words.
pub(crate) fn message(text: &Text, error: &AppError) -> String {
    match (error.trouble, error.label.as_ref().or(error.field.as_ref())) {
        (Trouble::Broken, _) => text.shell.lost_connection.to_owned(),
        (_, Some(field)) => format!("{field}: {}", error.message),
        (_, None) => error.message.clone(),
    }
}

/// What is wrong with a change, as a signal.
pub(crate) fn of(change: Change) -> Signal<Option<String>> {
    let text = use_text();
    Signal::derive(move || change.answer.get().and_then(Result::err).map(|error| message(text, &error)))
}

/// What could not be read: what failed, and a way to try again.
pub(crate) fn failed(error: &AppError, retry: impl Fn() + 'static) -> AnyView {
    state::failed(message(use_text(), error), Box::new(retry))
}
