//! Users and their keys.

use leptos::{form::ActionForm, prelude::*};
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    api::users::{DeleteUser, find_user, list_users},
    fault,
    live::Live,
    text::use_text,
    ui::{
        dialog::Confirm,
        icon::{Icon, icon},
        page::Page,
        state::skeleton,
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
    let list = Resource::new(
        move || (cursor.get(), live.configuration.get(), live.missed.get()),
        |(cursor, ..)| list_users(cursor),
    );
    let actions = move || view! { <a class="button primary" href="/users/new">{icon(Icon::Plus)}{text.users.new}</a> };
    view! {
        <Page title=text.users.title actions=actions>
            <Transition fallback=skeleton>
                {move || Suspend::new(async move {
                    match list.await {
                        Ok(page) => table::view(page),
                        Err(error) => fault::failed(&error, move || list.refetch()),
                    }
                })}
            </Transition>
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
    let user = Resource::new_blocking(move || id.get(), find_user);
    view! {
        <Transition fallback=skeleton>
            {move || Suspend::new(async move {
                match user.await {
                    Ok(user_read) => {
                        let name = StoredValue::new(user_read.name.clone());
                        view! {
                            <Page title=name.get_value() above=("/users", text.users.title)>
                                <div class="grid gap-6">
                                    <keys::Keys user_id=id.get_untracked() />
                                    <div class="columns-form">
                                        <form::UserEditor user=Some(user_read) on_saved=move || user.refetch() />
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
                    }
                    Err(error) => fault::failed(&error, move || user.refetch()),
                }
            })}
        </Transition>
    }
}

#[component]
fn AskDelete(id: String, name: String) -> impl IntoView {
    let text = use_text();
    let action = ServerAction::<DeleteUser>::new();
    let back = format!("/users/{id}");
    view! {
        <Confirm title=(text.users.delete_title)(&name) what=text.users.delete_what back>
            <ActionForm action=action>
                <input type="hidden" name="id" value=id />
                <button type="submit" class="button danger primary">{text.common.delete}</button>
            </ActionForm>
        </Confirm>
    }
}
