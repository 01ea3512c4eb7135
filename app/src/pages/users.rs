//! Users and their keys.

use hub::domain::user::User;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    confirm::{self, Doubt},
    limits,
};
use crate::{
    api::{ask::Question, limits::Owner, users::DeleteUser},
    asked::{asked, show},
    drawn::{Drawing, part},
    query::escape,
    text::use_text,
    ui::{
        Erase,
        page::{Page, seen_from},
    },
};

mod form;
mod keys;
mod new_key;
mod renew;
mod restrictions;
mod rotate;

/// A new one.
#[component]
pub(crate) fn NewUser() -> impl IntoView {
    let text = use_text();
    view! {
        <Page title=text.users.new lead=text.users.new_lead above=("/users", text.users.title)>
            <form::UserEditor user=None on_saved=|| () />
        </Page>
    }
    .erase()
}

/// One of them: keys, profile, limits, delete.
#[component]
pub(crate) fn EditUser() -> impl IntoView {
    let text = use_text();
    let (params, query) = (use_params_map(), use_query_map());
    let id = Memo::new(move |_| params.with(|params| params.get("id").unwrap_or_default()));
    // What else the address says is about other parts of the page.
    let of_logins = Memo::new(move |_| {
        let said = |name| query.with(|query| query.get(name)).map(|word| format!("{name}={}", escape(&word)));
        ["done", "end"].into_iter().filter_map(said).collect::<Vec<_>>().join("&")
    });
    let asking = Memo::new(move |_| query.with(|query| query.get("confirm")));
    let found = asked(move || (0, Question::User(id.get())));
    show(found, move |user: User| {
        let name = StoredValue::new(user.name.clone());
        let ask_delete = move |id: String, back| {
            confirm::ask::<DeleteUser>(Doubt {
                title: (text.users.delete_title)(&name.get_value()),
                what: text.users.delete_what,
                back,
                button: text.common.delete,
                lost: Some(confirm::lost(Owner::User, id.clone())),
                fields: vec![("id", id)],
            })
        };
        let question = move || {
            let (id, back) = (id.get(), format!("/users/{}", id.get()));
            match asking.get().as_deref() {
                Some("delete") => Some(ask_delete(id, back)),
                Some("reset") => Some(limits::ask_reset(Owner::User, id, &name.get_value(), back)),
                _ => None,
            }
        };
        view! {
            <Page title=name.get_value() above=("/users", text.users.title) actions=move || seen_from("user", &id.get_untracked())>
                <div class="grid gap-6">
                    <keys::Keys user_id=id.get_untracked() />
                    <div class="columns-form">
                        <form::UserEditor user=Some(user) on_saved=move || found.refetch() />
                        <div class="grid content-start gap-6">
                            {limits::panel(Owner::User, id, move || format!("/users/{}?confirm=reset", id.get()))}
                            {renew::panel(&id.get_untracked(), move || found.refetch())}
                            {part(Drawing::UserLogins(id.get_untracked()), of_logins.into())}
                            {confirm::delete_panel(text.users.danger, text.users.delete_what, move || format!("/users/{}?confirm=delete", id.get()))}
                        </div>
                    </div>
                </div>
                {question}
            </Page>
        }
        .erase()
    })
}
