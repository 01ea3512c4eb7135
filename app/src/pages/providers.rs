//! Providers: the list, and one of them.

use hub::domain::provider::Provider;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    confirm::{self, Doubt},
    limits,
};
use crate::{
    api::{ask::Question, limits::Owner, providers::DeleteProvider},
    asked::{asked, show},
    drawn::{self, Drawing},
    text::{Text, use_text},
    ui::{
        Erase,
        page::{Page, seen_from},
    },
};

mod form;
mod groups;
mod test;

/// The list, which the server draws, with the dialogs of groups over it.
#[component]
pub(crate) fn Providers() -> impl IntoView {
    view! { {drawn::following_use(Drawing::Providers)} <groups::Groups /> }.into_any()
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
    .erase()
}

/// One of them: change, test, limits, delete.
#[component]
pub(crate) fn EditProvider() -> impl IntoView {
    let text = use_text();
    let (params, query) = (use_params_map(), use_query_map());
    let id = Memo::new(move |_| params.with(|params| params.get("id").unwrap_or_default()));
    let asking = Memo::new(move |_| query.with(|query| query.get("confirm")));
    let found = asked(move || (0, Question::Provider(id.get())));
    show(found, move |provider: Provider| {
        let name = StoredValue::new(provider.name.clone());
        let ask_delete = move |id: String, back| {
            confirm::ask::<DeleteProvider>(Doubt {
                title: (text.providers.delete_title)(&name.get_value()),
                what: text.providers.delete_what,
                back,
                button: text.common.delete,
                lost: Some(confirm::lost(Owner::Provider, id.clone())),
                fields: vec![("id", id)],
            })
        };
        let question = move || {
            let (id, back) = (id.get(), format!("/providers/{}", id.get()));
            match asking.get().as_deref() {
                Some("delete") => Some(ask_delete(id, back)),
                Some("reset") => Some(limits::ask_reset(Owner::Provider, id, &name.get_value(), back)),
                _ => None,
            }
        };
        view! {
            <Page title=name.get_value() above=("/providers", text.providers.title) actions=move || seen_from("provider", &id.get_untracked())>
                <div class="columns-form">
                    <form::ProviderEditor provider=Some(provider) on_saved=move || found.refetch() />
                    <div class="grid content-start gap-6">
                        <test::TestPanel id=id.get_untracked() />
                        {limits::panel(Owner::Provider, id, move || format!("/providers/{}?confirm=reset", id.get()))}
                        {confirm::delete_panel(text.providers.danger, text.providers.delete_what, move || format!("/providers/{}?confirm=delete", id.get()))}
                    </div>
                </div>
                {question}
            </Page>
        }
        .erase()
    })
}

/// The names of groups; those of nobody stand for the default.
pub(crate) fn group_names(text: &Text, groups: &[String]) -> String {
    if groups.is_empty() { text.common.default_group.to_owned() } else { groups.join(", ") }
}
