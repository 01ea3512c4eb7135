//! Providers: the list, and one of them.

use hub::domain::provider::Provider;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    api::{ask::Question, providers::DeleteProvider},
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
    let news = move || live.news();
    let list = asked(move || (news(), Question::Providers(cursor.get())));
    let actions =
        move || view! { <a class="button primary" href="/providers/new">{icon(Icon::Plus)}{text.providers.new}</a> };
    view! {
        <Page title=text.providers.title actions=actions>
            {show(list, move |page| table::view(page, move || list.refetch()))}
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
    let found = asked(move || (0, Question::Provider(id.get())));
    show(found, move |provider: Provider| {
        let name = StoredValue::new(provider.name.clone());
        view! {
                            <Page title=name.get_value() above=("/providers", text.providers.title)>
                                <div class="columns-form">
                                    <form::ProviderEditor provider=Some(provider) on_saved=move || found.refetch() />
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
    })
}

#[component]
fn AskDelete(id: String, name: String) -> impl IntoView {
    let text = use_text();
    let change = Change::through::<DeleteProvider>();
    let back = format!("/providers/{id}");
    view! {
        <Confirm title=(text.providers.delete_title)(&name) what=text.providers.delete_what back>
            <ChangeForm change>
                <input type="hidden" name="id" value=id />
                <button type="submit" class="button danger primary">{text.common.delete}</button>
            </ChangeForm>
        </Confirm>
    }
}
