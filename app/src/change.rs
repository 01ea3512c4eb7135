//! Forms that change something. Each is a plain form that works without script; with script it is sent in the
//! background, by one piece of code for all of them.

use leptos::{
    prelude::*,
    server_fn::{ServerFn, error::ServerFnUrlError},
};

use crate::{
    api::{Answer, AppError},
    browser,
    ui::Erase,
};

/// A change that a form asks for.
#[derive(Clone, Copy)]
pub(crate) struct Change {
    url: &'static str,
    /// True while the answer is awaited.
    pub(crate) is_pending: RwSignal<bool>,
    /// The last answer, as JSON of the server function's output.
    pub(crate) answer: RwSignal<Option<Answer<String>>>,
}

impl Change {
    /// A change through the server function `S`. If the form was sent without script and refused, it has that answer.
    pub(crate) fn through<S: ServerFn<Error = AppError>>() -> Self {
        Self { url: S::url(), is_pending: RwSignal::new(false), answer: RwSignal::new(refused::<S>().map(Err)) }
    }

    /// Calls `then` each time the change is done.
    pub(crate) fn on_done(self, then: impl Fn() + 'static) {
        self.watch(Box::new(then));
    }

    // Takes no type of its caller's: the browser carries it once.
    fn watch(self, then: Box<dyn Fn()>) {
        Effect::new(move |_| {
            if self.answer.with(|answer| matches!(answer, Some(Ok(_)))) {
                then();
            }
        });
    }
}

/// Why the server function `S` has refused a form that was sent without script.
pub(crate) fn refused<S: ServerFn<Error = AppError>>() -> Option<AppError> {
    let refused = use_context::<ServerActionError>().filter(|error| error.path() == S::PATH);
    refused.map(|error| ServerFnUrlError::<AppError>::decode_err(error.err()))
}

/// A form that asks for a change.
#[component]
pub(crate) fn ChangeForm(
    /// The change.
    change: Change,
    /// Its fields and its button.
    children: Children,
) -> impl IntoView {
    let submit = move |event: leptos::ev::SubmitEvent| {
        let Some(fields) = browser::form_fields(&event) else { return };
        event.prevent_default();
        if browser::is_wrong(&event) {
            // What was said of what was sent before is not said of this.
            change.answer.set(None);
            return;
        }
        change.is_pending.set(true);
        browser::post(change.url.to_owned(), fields, move |answer| {
            // The form may be gone by now.
            change.is_pending.try_set(false);
            change.answer.try_set(Some(answer));
        });
    };
    let press = |event: leptos::ev::MouseEvent| _ = browser::leave_checks_to_hub(&event);
    view! { <form method="post" action=change.url on:click=press on:submit=submit>{children()}</form> }.erase()
}
