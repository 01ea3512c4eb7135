//! More time for a user, in place: days, or up to a day.

use leptos::prelude::*;

use crate::{
    api::users::RenewUser,
    change::{Change, ChangeForm},
    fault,
    text::use_text,
    ui::{
        Erase,
        field::{Shape, TextField},
        form::watch,
        icon::Icon,
        state::note,
        toast::use_toasts,
    },
};

/// The panel; `on_done` is called when the user has more time.
pub(super) fn panel(id: &str, on_done: impl Fn() + 'static) -> AnyView {
    let text = use_text();
    let words = &text.users;
    let toasts = use_toasts();
    let change = Change::through::<RenewUser>();
    let is_dirty = RwSignal::new(false);
    change.on_done(move || {
        is_dirty.set(false);
        toasts.done(text.common.saved);
        on_done();
    });
    let error = fault::of(change);
    let failure = move || error.get().map(|error| note("note bad", Icon::Alert, error));
    let days = vec![("7", words.days_7), ("30", words.days_30), ("90", words.days_90)];
    let one = |field: TextField| {
        let id = id.to_owned();
        view! {
            <ChangeForm change>
                <input type="hidden" name="id" value=id />
                <div class="with-button">
                    {field.scope("renew-").view()}
                    <button type="submit" class="button">{words.renew}</button>
                </div>
            </ChangeForm>
        }
        .erase()
    };
    view! {
        <section class="panel self-start p-4" aria-labelledby="renew-title">
            <h2 id="renew-title" class="mb-3">{words.renew}</h2>
            <div class="grid gap-3">
                {one(TextField::new("days", words.renew_by).value("30").options(days))}
                <div on:input=watch(is_dirty)>{one(TextField::new("until", words.own_day).required().shape(Shape::Day, ""))}</div>
                <div role="alert">{failure}</div>
            </div>
        </section>
    }
    .erase()
}
