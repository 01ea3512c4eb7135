//! Providers: the list, and one of them.

use leptos::{form::ActionForm, prelude::*};
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    api::providers::{DeleteProvider, find_provider, list_providers},
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
mod table;
mod test;

pub(crate) use table::group_names;

/// The list.
#[component]
pub(crate) fn Providers() -> impl IntoView {
    let text = use_text();
    let live: Live = expect_context();
    let query = use_query_map();
    let cursor = Memo::new(move |_| query.with(|query| query.get("cursor")));
    let list = Resource::new(
        move || (cursor.get(), live.configuration.get(), live.missed.get()),
        |(cursor, ..)| list_providers(cursor),
    );
    let actions =
        move || view! { <a class="button primary" href="/providers/new">{icon(Icon::Plus)}{text.providers.new}</a> };
    view! {
        <Page title=text.providers.title actions=actions>
            <Transition fallback=skeleton>
                {move || Suspend::new(async move {
                    match list.await {
                        Ok(page) => table::view(page, move || list.refetch()),
                        Err(error) => fault::failed(&error, move || list.refetch()),
                    }
                })}
            </Transition>
        </Page>
    }
}

/// A new one.
#[component]
pub(crate) fn NewProvider() -> impl IntoView {
    let text = use_text();
    view! {
        <Page title=text.providers.new lead=text.providers.new_lead above=("/providers", text.providers.title)>
            <form::ProviderEditor provider=None on_saved=|| () />
        </Page>
    }
}

/// One of them: change, test, delete.
#[component]
pub(crate) fn EditProvider() -> impl IntoView {
    let text = use_text();
    let (params, query) = (use_params_map(), use_query_map());
    let id = Memo::new(move |_| params.with(|params| params.get("id").unwrap_or_default()));
    let is_asking = Memo::new(move |_| query.with(|query| query.get_str("confirm") == Some("delete")));
    let provider = Resource::new_blocking(move || id.get(), find_provider);
    view! {
        <Transition fallback=skeleton>
            {move || Suspend::new(async move {
                match provider.await {
                    Ok(provider_read) => {
                        let name = StoredValue::new(provider_read.name.clone());
                        view! {
                            <Page title=name.get_value() above=("/providers", text.providers.title)>
                                <div class="columns-form">
                                    <form::ProviderEditor provider=Some(provider_read) on_saved=move || provider.refetch() />
                                    <div class="grid content-start gap-6">
                                        <test::TestPanel id=id.get_untracked() />
                                        <section class="panel p-4">
                                            <h2>{text.providers.danger}</h2>
                                            <p class="help mt-1 mb-3">{text.providers.delete_what}</p>
                                            <a class="button danger" href=move || format!("/providers/{}?confirm=delete", id.get()) data-noscroll>
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
                    Err(error) => fault::failed(&error, move || provider.refetch()),
                }
            })}
        </Transition>
    }
}

#[component]
fn AskDelete(id: String, name: String) -> impl IntoView {
    let text = use_text();
    let action = ServerAction::<DeleteProvider>::new();
    let back = format!("/providers/{id}");
    view! {
        <Confirm title=(text.providers.delete_title)(&name) what=text.providers.delete_what back>
            <ActionForm action=action>
                <input type="hidden" name="id" value=id />
                <button type="submit" class="button danger primary">{text.common.delete}</button>
            </ActionForm>
        </Confirm>
    }
}
