//! What forms of drawn pages are made of, and the dialogs that they stand in. What is wrong with a form is said in it: by
//! the browser that has sent it, or by the document where there is no script.

use leptos::{prelude::*, server_fn::ServerFn};

use super::parts;
use crate::{
    api::AppError,
    change::refused,
    fault,
    text::Text,
    ui::{
        Erase,
        field::TextField,
        icon::{Icon, icon},
    },
};

/// What was wrong with a form when it was sent without script.
pub(crate) struct Faults {
    text: &'static Text,
    error: Option<AppError>,
    /// Where the form was sent to.
    path: &'static str,
}

impl Faults {
    /// What was wrong with a form that is sent to the server function `S`.
    pub(crate) fn of<S: ServerFn<Error = AppError>>(text: &'static Text) -> Self {
        Self { text, error: refused::<S>(), path: S::PATH }
    }

    /// The name of the field that was wrong.
    fn field_at_fault(&self) -> Option<&str> {
        self.error.as_ref()?.field.as_deref()
    }

    /// True if a field was wrong that is one of those that are meant.
    pub(crate) fn is_in(&self, is_meant: impl Fn(&str) -> bool) -> bool {
        self.field_at_fault().is_some_and(is_meant)
    }

    /// What was wrong with the field of that name.
    pub(crate) fn at(&self, field: &str) -> Option<String> {
        self.error.as_ref().filter(|error| error.field.as_deref() == Some(field)).map(|error| error.message.clone())
    }

    /// A field with what was wrong with it.
    pub(crate) fn field(&self, name: &'static str, label: &'static str) -> TextField {
        let field = TextField::new(name, label).text(self.text);
        let problem = self.at(field.fault);
        field.problem(problem)
    }

    /// The same for one that has another name in faults.
    pub(crate) fn field_as(&self, fault: &'static str, name: &'static str, label: &'static str) -> TextField {
        TextField::new(name, label).text(self.text).fault(fault).problem(self.at(fault))
    }

    /// The place that says what is wrong, whatever field it is about.
    pub(crate) fn note(&self) -> AnyView {
        let said = self.error.as_ref().map(|error| fault::message(self.text, error));
        let is_told = said.is_some().then_some(self.path);
        view! { <div class="note bad" data-refused=is_told>{icon(Icon::Alert)}<div class="problem">{said}</div></div> }
            .erase()
    }
}

/// Where what comes back from a form, or what was wrong with it, is shown.
pub(crate) fn answer(faults: &Faults) -> AnyView {
    view! { <div aria-live="polite">{faults.note()}<div data-answer></div></div> }.erase()
}

/// Fields that are not seen.
pub(crate) fn hidden(fields: Vec<(&'static str, String)>) -> AnyView {
    let field = |(name, value): (&'static str, String)| view! { <input type="hidden" name=name value=value /> }.erase();
    fields.into_iter().map(field).collect_view().into_any()
}

/// The bar below a form: what is wrong with it, and the button. That of something new is there at once; others wait for a
/// change, unless there is no script that could see one.
pub(crate) fn save_bar(text: &'static Text, faults: &Faults, is_new: bool) -> AnyView {
    let label = if is_new { text.common.create } else { text.common.save };
    let waits = (!is_new).then_some("");
    let unsaved = (!is_new).then(|| view! { <span class="caption flex-1">{text.common.unsaved}</span> }.erase());
    view! {
        <div class="save" data-waits=waits>
            <div role="alert" class="flex-1">{faults.note()}</div>
            {unsaved}
            <button type="submit" class="button primary">{icon(Icon::Check)}{label}</button>
        </div>
    }
    .erase()
}

/// A dialog. Its way out is the element with `data-esc` in it.
pub(crate) fn dialog(title_id: &'static str, is_alert: bool, content: AnyView) -> AnyView {
    let role = if is_alert { "alertdialog" } else { "dialog" };
    view! { <dialog class="float" open aria-modal="true" aria-labelledby=title_id role=role>{content}</dialog> }.erase()
}

/// The end of the form of a dialog: what is wrong with it, the way back, and the button.
pub(crate) fn dialog_end(text: &'static Text, faults: &Faults, back: String, button: &'static str) -> AnyView {
    view! {
        <div role="alert">{faults.note()}</div>
        <div class="flex justify-end gap-2">
            <a class="button" href=back data-esc data-noscroll>{text.common.cancel}</a>
            <button type="submit" class="button primary">{button}</button>
        </div>
    }
    .into_any()
}

/// A question before something is done that cannot be taken back.
pub(crate) struct Doubt {
    /// What is asked.
    pub(crate) title: String,
    /// What will be lost.
    pub(crate) what: &'static str,
    /// The same in numbers.
    pub(crate) lost: Option<AnyView>,
    /// The address of the page without the question.
    pub(crate) back: String,
    /// What the button says.
    pub(crate) button: &'static str,
    /// What is sent.
    pub(crate) fields: Vec<(&'static str, String)>,
}

/// Asks, and does it through the server function `S`.
pub(crate) fn ask<S: ServerFn<Error = AppError>>(text: &'static Text, doubt: Doubt) -> AnyView {
    let content = view! {
        <h2 id="confirm-title">{doubt.title}</h2>
        <p class="mt-2 text-muted">{doubt.what}</p>
        {doubt.lost}
        <div class="mt-5 flex flex-wrap justify-end gap-2">
            <a class="button" href=doubt.back autofocus data-esc data-noscroll>{text.common.cancel}</a>
            <form class="contents" method="post" action=S::url()>
                {hidden(doubt.fields)}
                <button type="submit" class="button danger primary">{doubt.button}</button>
                <div role="alert" class="basis-full">{Faults::of::<S>(text).note()}</div>
            </form>
        </div>
    };
    dialog("confirm-title", true, content.into_any())
}

/// The panel for deleting: what will be lost, and the way to the question.
pub(crate) fn delete_panel(text: &'static Text, title: &'static str, what: &'static str, href: String) -> AnyView {
    view! {
        <section class="panel self-start p-4">
            <h2>{title}</h2>
            <p class="help mt-1 mb-3">{what}</p>
            <a class="button danger" href=href data-noscroll>{icon(Icon::Trash)}{text.common.delete}</a>
        </section>
    }
    .erase()
}

/// Text to be copied.
pub(crate) fn code(text: &'static Text, id: &'static str, shown: String, label: &'static str) -> AnyView {
    view! { <div class="code"><pre id=id tabindex="0" aria-label=label>{shown}</pre>{parts::copy_button(text, id, label)}</div> }.erase()
}
