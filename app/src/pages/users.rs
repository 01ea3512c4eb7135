//! Users and their keys.

use hub::domain::user::User;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    api::{ask::Question, users::DeleteUser},
    asked::{asked, show},
    change::{Change, ChangeForm},
    live::Live,
    text::use_text,
    ui::{
        dialog::Confirm,
        icon::{Icon, icon},
        page::Page,
    },
};

mod form;
mod keys;
mod new_key;
mod table;

/// The list.
#[component]
pub(crate) fn Users() -> impl IntoView {
    let text = use_text();
    let live: Live = expect_context();
    let query = use_query_map();
    let cursor = Memo::new(move |_| query.with(|query| query.get("cursor")));
    let news = move || live.news();
    let list = asked(move || (news(), Question::Users(cursor.get())));
    let actions = move || view! { <a class="button primary" href="/users/new">{icon(Icon::Plus)}{text.users.new}</a> };
    view! {
        <Page title=text.users.title actions=actions>
            {show(list, table::view)}
        </Page>
    }
}

/// A new one.
#[component]
pub(crate) fn NewUser() -> impl IntoView {
    let text = use_text();
    view! {
        <Page title=text.users.new lead=text.users.new_lead above=("/users", text.users.title)>
            <form::UserEditor user=None on_saved=|| () />
        </Page>
    }
}

/// One of them: keys, profile, delete.
#[component]
pub(crate) fn EditUser() -> impl IntoView {
    let text = use_text();
    let (params, query) = (use_params_map(), use_query_map());
    let id = Memo::new(move |_| params.with(|params| params.get("id").unwrap_or_default()));
    let is_asking = Memo::new(move |_| query.with(|query| query.get_str("confirm") == Some("delete")));
    let found = asked(move || (0, Question::User(id.get())));
    show(found, move |user: User| {
        let name = StoredValue::new(user.name.clone());
        view! {
                            <Page title=name.get_value() above=("/users", text.users.title)>
                                <div class="grid gap-6">
                                    <keys::Keys user_id=id.get_untracked() />
                                    <div class="columns-form">
                                        <form::UserEditor user=Some(user) on_saved=move || found.refetch() />
                                        <section class="panel self-start p-4">
                                            <h2>{text.users.danger}</h2>
                                            <p class="help mt-1 mb-3">{text.users.delete_what}</p>
                                            <a class="button danger" href=move || format!("/users/{}?confirm=delete", id.get()) data-noscroll>
                                                {icon(Icon::Trash)}{text.common.delete}
                                            </a>
                                        </section>
                                    </div>
                                </div>
                                {move || is_asking.get().then(|| view! { <AskDelete id=id.get() name=name.get_value() /> })}
                            </Page>
                        }
                        .into_any()
    })
}

#[component]
fn AskDelete(id: String, name: String) -> impl IntoView {
    let text = use_text();
    let change = Change::through::<DeleteUser>();
    let back = format!("/users/{id}");
    view! {
        <Confirm title=(text.users.delete_title)(&name) what=text.users.delete_what back>
            <ChangeForm change>
                <input type="hidden" name="id" value=id />
                <button type="submit" class="button danger primary">{text.common.delete}</button>
            </ChangeForm>
        </Confirm>
    }
}
