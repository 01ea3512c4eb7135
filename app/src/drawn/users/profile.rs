//! The form of a user.

use hub::domain::user::{Role, User};
use leptos::{prelude::*, server_fn::ServerFn};

use crate::{
    api::users::SaveUser,
    drawn::{
        clock::Clock,
        form::{Faults, hidden, save_bar},
        limits::fields,
    },
    text::Text,
    ui::{
        Erase,
        field::{Shape, switch},
    },
};

/// The form; for a new user if there is none.
pub(super) fn editor(text: &'static Text, user: Option<&User>, clock: Clock) -> AnyView {
    let words = &text.users;
    let faults = Faults::of::<SaveUser>(text);
    let roles = vec![(Role::User.as_str(), words.role_user), (Role::Admin.as_str(), words.role_admin)];
    let role = user.map(|user| user.role).unwrap_or_default();
    let expires = user.and_then(|user| user.expires_at).map(|at| clock.last_date(at)).unwrap_or_default();
    let of = |of: fn(&User) -> String| user.map(of).unwrap_or_default();
    view! {
        <div class="editor">
            <form method="post" action=SaveUser::url() data-toast=text.common.saved>
                {hidden(vec![("form[id]", of(|user| user.id.to_string()))])}
                <fieldset class="section">
                    <legend>{words.profile}</legend>
                    {faults.field("form[name]", text.common.name).value(of(|user| user.name.clone())).help(words.name_help).required().view()}
                    {faults.field("form[note]", text.common.note).value(of(|user| user.note.clone())).help(words.note_help).view()}
                    {faults.field("form[group]", text.common.group).value(of(|user| user.group.join(", "))).shape(Shape::Line, "default").help(text.common.group_help).view()}
                    {faults.field("form[tags]", words.tags).value(of(|user| user.tags.join(", "))).help(words.tags_help).view()}
                    <div class="pair">
                        {faults.field_as("expires_at", "form[expires]", text.common.expires).value(expires).shape(Shape::Day, "").help(text.common.expires_help).view()}
                        {faults.field("form[role]", words.role).value(role.as_str()).options(roles).help(words.role_help).view()}
                    </div>
                    {switch("form[enabled]", text.common.enabled, words.enabled_help, user.is_none_or(|user| user.enabled))}
                </fieldset>
                {fields::section("", text, user.map(|user| &user.limits), &faults)}
                {save_bar(text, &faults, user.is_none())}
            </form>
        </div>
    }
    .erase()
}
