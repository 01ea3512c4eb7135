//! What cannot be taken back: the panel that leads to the question, and the question itself.

use leptos::{prelude::*, server_fn::ServerFn};

use crate::{
    api::{AppError, limits::Owner},
    change::{Change, ChangeForm},
    drawn::{self, Drawing},
    fault,
    text::use_text,
    ui::{
        Erase,
        dialog::Confirm,
        icon::{Icon, icon},
        state::note,
    },
};

/// The panel for deleting: what will be lost, and the way to the question.
pub(crate) fn delete_panel(
    title: &'static str,
    what: &'static str,
    href: impl Fn() -> String + Send + Sync + 'static,
) -> AnyView {
    let text = use_text();
    view! {
        <section class="panel self-start p-4">
            <h2>{title}</h2>
            <p class="help mt-1 mb-3">{what}</p>
            <a class="button danger" href=href data-noscroll>{icon(Icon::Trash)}{text.common.delete}</a>
        </section>
    }
    .erase()
}

/// A question before something is done that cannot be taken back.
pub(crate) struct Doubt {
    /// What is asked.
    pub(crate) title: String,
    /// What will be lost.
    pub(crate) what: &'static str,
    /// The address of the page without the question.
    pub(crate) back: String,
    /// What the button says.
    pub(crate) button: &'static str,
    /// What is lost, in numbers.
    pub(crate) lost: Option<AnyView>,
    /// What is sent.
    pub(crate) fields: Vec<(&'static str, String)>,
}

/// What is lost with somebody, in numbers.
pub(crate) fn lost(of: Owner, id: String) -> AnyView {
    drawn::part(Drawing::Losses(of, id), Signal::stored(String::new()))
}

/// Asks, and does it through the server function `S`.
pub(crate) fn ask<S: ServerFn<Error = AppError>>(doubt: Doubt) -> AnyView {
    let change = Change::through::<S>();
    let error = fault::of(change);
    let failure = move || error.get().map(|error| note("note bad", Icon::Alert, error));
    let field = |(name, value)| view! { <input type="hidden" name=name value=value /> }.erase();
    view! {
        <Confirm title=doubt.title what=doubt.what lost=doubt.lost back=doubt.back>
            <ChangeForm change>
                {doubt.fields.into_iter().map(field).collect_view()}
                <button type="submit" class="button danger primary">{doubt.button}</button>
            </ChangeForm>
            <div role="alert" class="basis-full">{failure}</div>
        </Confirm>
    }
    .erase()
}
