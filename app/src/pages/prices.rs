//! Prices: the list, which the server draws, with what changes them over it.

pub(crate) mod form;
mod import;

use hub::domain::price::ModelPrice;
use leptos::prelude::*;
use leptos_router::{hooks::use_query_map, params::ParamsMap};

use self::{form::EditPrice, import::Import};
use crate::{
    api::{ask::Question, prices::DeletePrice},
    asked::{asked, show},
    drawn::{self, Drawing},
    live::Live,
    pages::confirm::{self, Doubt},
    query::escape,
    text::{Text, use_text},
    ui::{Erase, dialog::Dialog},
};

/// The page.
#[component]
pub(crate) fn Prices() -> impl IntoView {
    let text = use_text();
    let live: Live = expect_context();
    let query = use_query_map();
    let parameter = move |name: &'static str| Memo::new(move |_| query.with(|query| query.get(name)));
    let (making, editing) = (parameter("new"), parameter("edit"));
    let (dropping, past, importing) = (parameter("drop"), parameter("history"), parameter("import"));
    let dialog = move || {
        let back = query.with_untracked(list_address);
        if let Some(model) = dropping.get() {
            return Some(ask_delete(text, model, back));
        }
        if let Some(model) = past.get() {
            return Some(history(text, model, back));
        }
        if importing.get().is_some() {
            return Some(view! { <Import back /> }.erase());
        }
        if making.get().is_some() {
            return Some(view! { <EditPrice price=None back /> }.erase());
        }
        let model = editing.get()?;
        let found = asked(move || (0, Question::Price(model.clone())));
        Some(show(found, move |price: ModelPrice| view! { <EditPrice price=Some(price) back=back.clone() /> }.erase()))
    };
    view! { {drawn::following(|| Drawing::Prices, move || live.news())} {dialog} }.into_any()
}

/// The address of the list without what lies over it.
fn list_address(query: &ParamsMap) -> String {
    let stay = ["q", "source", "cursor"].into_iter().filter_map(|name| Some((name, query.get(name)?)));
    let pairs: Vec<_> = stay.map(|(name, value)| format!("{name}={}", escape(&value))).collect();
    if pairs.is_empty() { "/prices".to_owned() } else { format!("/prices?{}", pairs.join("&")) }
}

fn history(text: &'static Text, model: String, back: String) -> AnyView {
    let title = (text.prices.history_title)(&model);
    view! {
        <Dialog title_id="price-history">
            <h2 id="price-history">{title}</h2>
            <p class="help mt-1 mb-3">{text.prices.history_lead}</p>
            {drawn::part(Drawing::PriceHistory(model), Signal::stored(String::new()))}
            <div class="mt-4 flex justify-end"><a class="button" href=back data-esc data-noscroll>{text.calls.close}</a></div>
        </Dialog>
    }
    .erase()
}

fn ask_delete(text: &'static Text, model: String, back: String) -> AnyView {
    confirm::ask::<DeletePrice>(Doubt {
        title: (text.prices.delete_title)(&model),
        what: text.prices.delete_what,
        back,
        button: text.common.delete,
        lost: None,
        fields: vec![("model", model)],
    })
}
