//! What a page asks of the hub, and what it shows of the answer. One piece of code for all pages.

use std::sync::Arc;

use leptos::prelude::*;
use serde::de::DeserializeOwned;

use crate::{
    api::{
        Answer, AppError,
        ask::{Question, ask, read},
    },
    fault,
    ui::{Erase, state::skeleton},
};

/// An answer on its way: JSON, of the type that the question names.
pub(crate) type Asked = Resource<Answer<String>>;

/// Asks, and asks again whenever the question or the number beside it changes.
pub(crate) fn asked(question: impl Fn() -> (u32, Question) + Send + Sync + 'static) -> Asked {
    resource(Signal::derive(question))
}

// `resource`, `not_read` and `transition` take no type of their caller's: the browser carries them once, not for each.
fn resource(question: Signal<(u32, Question)>) -> Asked {
    Resource::new_blocking(move || question.get(), |(_, question)| ask(question))
}

/// Shows an answer: its shape while it is on its way, a way to try again if it fails. An older answer stays until the
/// newer one is there.
pub(crate) fn show<T: DeserializeOwned + 'static>(
    asked: Asked,
    view: impl Fn(T) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    show_answer(asked, move |answer| match read(&answer) {
        Ok(value) => view(value),
        Err(error) => not_read(asked, &error),
    })
}

/// Shows that there is no answer, with a way to ask again.
pub(crate) fn not_read(asked: Asked, error: &AppError) -> AnyView {
    fault::failed(error, move || asked.refetch())
}

/// Shows an answer, whether it failed or not.
pub(crate) fn show_answer(asked: Asked, view: impl Fn(Answer<String>) -> AnyView + Send + Sync + 'static) -> AnyView {
    transition(asked, Arc::new(view))
}

fn transition(asked: Asked, view: Arc<dyn Fn(Answer<String>) -> AnyView + Send + Sync>) -> AnyView {
    view! {
        <Transition fallback=skeleton>
            {move || {
                let view = view.clone();
                Suspend::new(async move { view(asked.await) })
            }}
        </Transition>
    }
    .erase()
}
