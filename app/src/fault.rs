//! What an error says to the reader, in the reader's language.

use hub::domain::fault::Fault;
use leptos::prelude::*;

use crate::{
    api::AppError,
    change::Change,
    text::{Text, use_text},
    ui::state,
};

/// The error in words.
pub(crate) fn message(text: &Text, error: &AppError) -> String {
    match error {
        AppError::Fault(Fault::Invalid { field, why } | Fault::Conflict { field, why }) => {
            format!("{field}: {}", (text.why)(why).unwrap_or_else(|| why.clone()))
        }
        AppError::Fault(fault) => (text.fault)(fault),
        AppError::Broken(_) => text.shell.lost_connection.to_owned(),
    }
}

/// What is wrong with a change, as a signal.
pub(crate) fn of(change: Change) -> Signal<Option<String>> {
    let text = use_text();
    Signal::derive(move || change.answer.get().and_then(Result::err).map(|error| message(text, &error)))
}

/// What is wrong with the field of that name, as a signal.
pub(crate) fn at(change: Change, field: &'static str) -> Signal<Option<String>> {
    let text = use_text();
    Signal::derive(move || {
        let error = change.answer.get()?.err()?;
        match error.fault()? {
            Fault::Invalid { field: at, why } | Fault::Conflict { field: at, why } if at == field => {
                Some((text.why)(why).unwrap_or_else(|| why.clone()))
            }
            _ => None,
        }
    })
}

/// A list that could not be read: what failed, and a way to try again.
pub(crate) fn failed(error: &AppError, retry: impl Fn() + 'static) -> AnyView {
    state::failed(message(use_text(), error), retry)
}
