//! One user: keys, profile, limits, more time, password and logins.

use hub::domain::{
    console_session::ConsoleSession, id::UserId, key::ApiKey, limit::quota::SubjectKind, page::Page, user::User,
};
use leptos::{prelude::*, server_fn::ServerFn};

use super::{PATH, keys, profile};
use crate::{
    api::users::{DeleteUser, RenewUser},
    drawn::{
        clock::Clock,
        form::{Doubt, Faults, ask, delete_panel, hidden},
        limits::{self, Uses},
        logins::{self, Said},
        losses::{self, Losses},
        parts,
    },
    text::Text,
    ui::{
        Erase,
        field::{Shape, TextField},
    },
};

/// What the page shows.
pub(crate) struct OneUser {
    /// The user.
    pub(crate) user: User,
    /// A page of their keys.
    pub(crate) keys: Page<ApiKey>,
    /// True if a new key is asked for.
    pub(crate) is_making: bool,
    /// How much of each limit is used.
    pub(crate) uses: Uses,
    /// Their logins.
    pub(crate) logins: Page<ConsoleSession>,
    /// What the address says of these.
    pub(crate) said: Said,
}

/// Where a user is.
pub(super) fn path_of(id: UserId) -> String {
    format!("{PATH}/{id}")
}

/// The page.
pub(crate) fn page(text: &'static Text, one: &OneUser, clock: Clock) -> (Option<String>, AnyView) {
    let path = path_of(one.user.id);
    let content = view! {
        <div class="grid gap-6">
            {keys::panel(text, one, clock)}
            <div class="columns-form">
                {profile::editor(text, Some(&one.user), clock)}
                <div class="grid content-start gap-6">
                    {limits::panel(text, &one.uses, format!("{path}?confirm=reset"), clock)}
                    {renew(text, one.user.id)}
                    {logins::of_user(text, &one.user, &one.logins, one.said, clock)}
                    {delete_panel(text, text.users.danger, text.users.delete_what, format!("{path}?confirm=delete"))}
                </div>
            </div>
        </div>
    };
    let actions = parts::seen_from(text, "user", &one.user.id.to_string());
    parts::page_with(&one.user.name, Some((PATH, text.users.title)), actions, content.erase())
}

/// The page for a new one.
pub(crate) fn page_of_new(text: &'static Text, clock: Clock) -> (Option<String>, AnyView) {
    let above = (PATH, text.users.title);
    parts::page_of_new(text.users.new, text.users.new_lead, above, profile::editor(text, None, clock))
}

/// Asks before a user is deleted.
pub(crate) fn ask_delete(text: &'static Text, user: &User, lost: &Losses) -> AnyView {
    let words = &text.users;
    let doubt = Doubt {
        title: (words.delete_title)(&user.name),
        what: words.delete_what,
        lost: Some(losses::view(text, lost)),
        back: path_of(user.id),
        button: text.common.delete,
        fields: vec![("id", user.id.to_string())],
    };
    ask::<DeleteUser>(text, doubt)
}

/// Asks before the limits of a user are reset.
pub(crate) fn ask_reset(text: &'static Text, user: &User) -> AnyView {
    limits::ask_reset(text, SubjectKind::User, user.id.to_string(), &user.name, path_of(user.id))
}

/// More time for a user, in place: days, or up to a day.
fn renew(text: &'static Text, id: UserId) -> AnyView {
    let words = &text.users;
    let faults = Faults::of::<RenewUser>(text);
    let days = vec![("7", words.days_7), ("30", words.days_30), ("90", words.days_90)];
    let one = |field: TextField, button: &'static str| {
        view! {
            <form method="post" action=RenewUser::url() data-toast=text.common.saved>
                {hidden(vec![("id", id.to_string())])}
                <div class="with-button">
                    {field.scope("renew-").view()}
                    <button type="submit" class="button">{button}</button>
                </div>
            </form>
        }
        .erase()
    };
    view! {
        <section class="panel self-start p-4" aria-labelledby="renew-title">
            <h2 id="renew-title" class="mb-3">{words.renew}</h2>
            <div class="grid gap-3">
                {one(faults.field("days", words.renew_by).value("30").options(days).light(), words.renew)}
                {one(faults.field("until", words.own_day).required().shape(Shape::Day, ""), words.renew_until)}
            </div>
        </section>
    }
    .erase()
}
