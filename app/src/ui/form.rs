//! A form whose bar for saving appears only when something has changed.

use leptos::prelude::*;

use crate::ui::Erase;

use super::{
    icon::{Icon, icon},
    state::note,
    time::use_now,
};
use crate::{
    browser::{self, Held},
    change::Change,
    text::use_text,
};

/// The foot of a form: what is wrong with all of it, and the button.
///
/// `is_new` shows the button at once; else it waits for a change, unless there is no script that could see one.
pub(crate) fn foot(
    is_new: bool,
    label: &'static str,
    is_pending: Signal<bool>,
    error: Signal<Option<String>>,
    is_dirty: RwSignal<bool>,
) -> AnyView {
    let text = use_text();
    let is_here = use_now().is_here();
    let hidden = move || !is_new && is_here.get() && !is_dirty.get() && error.with(Option::is_none);
    let problem = move || error.get().map(|error| note("note bad", Icon::Alert, error));
    let unsaved = (!is_new).then(|| view! { <span class="caption flex-1">{text.common.unsaved}</span> }.erase());
    view! {
        <div class="save" hidden=hidden>
            <div role="alert" class="flex-1">{problem}</div>
            {unsaved}
            <button type="submit" class="button primary" disabled=move || is_pending.get()>{icon(Icon::Check)}{label}</button>
        </div>
    }
    .erase()
}

/// Watches what is typed in a form, and asks before it is lost.
pub(crate) fn watch(is_dirty: RwSignal<bool>) -> impl Fn(leptos::ev::Event) + Clone + 'static {
    watch_in(Held::Page, is_dirty)
}

/// The same for the form of a dialog, or of whatever else is there because the address says so: its change is done when
/// it is saved.
pub(crate) fn watch_dialog(change: Change) -> impl Fn(leptos::ev::Event) + Clone + 'static {
    watch_dialog_until(change, || true)
}

/// The same where not every answer says that what was typed is kept: `is_kept` tells.
pub(crate) fn watch_dialog_until(
    change: Change,
    is_kept: impl Fn() -> bool + 'static,
) -> impl Fn(leptos::ev::Event) + Clone + 'static {
    let is_dirty = RwSignal::new(false);
    change.on_done(move || {
        if is_kept() {
            is_dirty.set(false);
        }
    });
    watch_in(Held::Parameters, is_dirty)
}

fn watch_in(held: Held, is_dirty: RwSignal<bool>) -> impl Fn(leptos::ev::Event) + Clone + 'static {
    browser::ask_before_leaving(is_dirty, held, use_text().common.leave);
    move |event| is_dirty.set(browser::mark_changed(&event))
}
