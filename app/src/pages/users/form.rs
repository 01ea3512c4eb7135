//! The user's form.

use hub::domain::user::{Role, User};
use leptos::prelude::*;

use crate::{
    api::users::SaveUser,
    change::{Change, ChangeForm},
    fault,
    pages::limits::fields,
    text::use_text,
    ui::{
        Erase,
        field::{Shape, TextField, switch},
        form::{foot, watch},
        toast::use_toasts,
    },
    zone::use_zone,
};

/// A new user, or one that is changed.
#[component]
pub(super) fn UserEditor(
    /// As it stands; none for a new one.
    user: Option<User>,
    /// Called when a change is saved.
    on_saved: impl Fn() + Send + Sync + 'static,
) -> impl IntoView {
    let text = use_text();
    let toasts = use_toasts();
    let change = Change::through::<SaveUser>();
    let is_new = user.is_none();
    let is_dirty = RwSignal::new(false);
    change.on_done(move || {
        is_dirty.set(false);
        toasts.done(text.common.saved);
        on_saved();
    });
    let error = fault::of(change);
    let limits = fields::section("", user.as_ref().map(|user| &user.limits), change);
    let is_enabled = user.as_ref().is_none_or(|user| user.enabled);
    let problem = move |field| fault::at(change, field);
    let roles = vec![(Role::User.as_str(), text.users.role_user), (Role::Admin.as_str(), text.users.role_admin)];
    let role = user.as_ref().map(|user| user.role).unwrap_or_default();
    let zone = use_zone();
    let expires = user.as_ref().and_then(|user| user.expires_at).map(|at| zone.last_day(at)).unwrap_or_default();
    let of = move |of: fn(&User) -> String| user.as_ref().map(of).unwrap_or_default();
    let label = if is_new { text.common.create } else { text.common.save };
    view! {
        <div on:input=watch(is_dirty) class="editor">
            <ChangeForm change>
                <input type="hidden" name="form[id]" value=of(|user| user.id.to_string()) />
                <fieldset class="section">
                    <legend>{text.users.profile}</legend>
                    {TextField::new("form[name]", text.common.name).value(of(|user| user.name.clone())).help(text.users.name_help).problem(problem("name")).required().view()}
                    {TextField::new("form[note]", text.common.note).value(of(|user| user.note.clone())).help(text.users.note_help).problem(problem("note")).view()}
                    {TextField::new("form[group]", text.common.group).value(of(|user| user.group.join(", "))).shape(Shape::Line, "default").help(text.common.group_help).problem(problem("group")).view()}
                    {TextField::new("form[tags]", text.users.tags).value(of(|user| user.tags.join(", "))).help(text.users.tags_help).problem(problem("tags")).view()}
                    <div class="pair">
                        {TextField::new("form[expires]", text.common.expires).value(expires).shape(Shape::Day, "").help(text.common.expires_help).problem(problem("expires_at")).view()}
                        {TextField::new("form[role]", text.users.role).value(role.as_str()).options(roles).help(text.users.role_help).view()}
                    </div>
                    {switch("form[enabled]", text.common.enabled, text.users.enabled_help, is_enabled)}
                </fieldset>
                {limits}
                {foot(is_new, label, change.is_pending.into(), error, is_dirty)}
            </ChangeForm>
        </div>
    }.erase()
}
