//! Another secret for a key: when the one before ends, then the new one, once.

use hub::domain::key::ApiKey;
use leptos::prelude::*;

use super::new_key::made;
use crate::{
    api::keys::RotateKey,
    change::{Change, ChangeForm},
    fault,
    text::use_text,
    ui::{Erase, dialog::Dialog, field::TextField, icon::Icon, state::note},
};

/// The dialog.
pub(super) fn ask(key: &ApiKey) -> AnyView {
    let text = use_text();
    let words = &text.keys;
    let change = Change::through::<RotateKey>();
    let (id, title) = (key.id.to_string(), (words.rotate_title)(&key.name));
    let back = format!("/users/{}", key.user_id);
    let made = made(change, back.clone());
    let is_made = Memo::new(move |_| change.answer.with(|answer| matches!(answer, Some(Ok(_)))));
    let error = fault::of(change);
    let failure = move || error.get().map(|error| note("note bad", Icon::Alert, error));
    let graces =
        vec![("0", words.at_once), ("3600", words.hour_more), ("86400", words.day_more), ("604800", words.week_more)];
    view! {
        <Dialog title_id="rotate-key">
            <h2 id="rotate-key" class="mb-3">{title}</h2>
            <div hidden=move || is_made.get()>
                <ChangeForm change>
                    <div class="grid gap-4">
                        <p class="help">{words.rotate_what}</p>
                        <input type="hidden" name="id" value=id />
                        {TextField::new("grace", words.old_ends).scope("rotate-").options(graces).view()}
                        <div role="alert">{failure}</div>
                        <div class="flex justify-end gap-2">
                            <a class="button" href=back data-esc data-noscroll>{text.common.cancel}</a>
                            <button type="submit" class="button primary" disabled=move || change.is_pending.get()>{words.rotate}</button>
                        </div>
                    </div>
                </ChangeForm>
            </div>
            <div aria-live="polite">{made}</div>
        </Dialog>
    }
    .erase()
}
