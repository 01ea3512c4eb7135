//! Prices: the list and its dialogs, which the server draws, and the import of price files over it.

mod import;

use leptos::prelude::*;
use leptos_router::{hooks::use_query_map, params::ParamsMap};

use self::import::Import;
use crate::{
    drawn::{self, Drawing, edited},
    live::Live,
    query::escape,
    ui::Erase,
};

/// The page.
#[component]
pub(crate) fn Prices() -> impl IntoView {
    let live: Live = expect_context();
    let news = move || live.news();
    let query = use_query_map();
    let importing = Memo::new(move |_| query.with(|query| query.get("import").is_some()));
    let import = move || {
        let back = || query.with_untracked(list_address);
        importing.get().then(|| view! { <Import back=back() /> }.erase())
    };
    let dialogs = edited::over(|| Drawing::Prices, &["drop", "history", "new", "edit"], news);
    view! { {drawn::following(|| Drawing::Prices, news)} {dialogs} {import} }.into_any()
}

/// The address of the list without what lies over it.
fn list_address(query: &ParamsMap) -> String {
    let stay = ["q", "source", "cursor"].into_iter().filter_map(|name| Some((name, query.get(name)?)));
    let pairs: Vec<_> = stay.map(|(name, value)| format!("{name}={}", escape(&value))).collect();
    if pairs.is_empty() { "/prices".to_owned() } else { format!("/prices?{}", pairs.join("&")) }
}
