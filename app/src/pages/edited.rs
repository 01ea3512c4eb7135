//! The pages with forms, which the server draws, and what lies over them.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::drawn::{
    Drawing,
    edited::{over, page, use_news},
    following_use,
};

/// The list of providers, with the dialogs of groups over it.
#[component]
pub(crate) fn Providers() -> impl IntoView {
    let groups = over(|| Drawing::Providers, &["edit", "drop"], use_news());
    view! { {following_use(Drawing::Providers)} {groups} }.into_any()
}

/// A new provider.
#[component]
pub(crate) fn NewProvider() -> impl IntoView {
    page(|| Drawing::NewProvider, &[], || 0)
}

/// A provider: change, test, limits, delete.
#[component]
pub(crate) fn EditProvider() -> impl IntoView {
    let (id, news) = (id(), use_news());
    let shown = page(move || Drawing::OneProvider(id.get()), &[], news);
    view! { {shown} {over(move || Drawing::OneProvider(id.get()), &["confirm"], news)} }.into_any()
}

/// A new user.
#[component]
pub(crate) fn NewUser() -> impl IntoView {
    page(|| Drawing::NewUser, &[], || 0)
}

/// A user: keys, profile, limits, logins, delete.
#[component]
pub(crate) fn EditUser() -> impl IntoView {
    let (id, news) = (id(), use_news());
    let shown = page(move || Drawing::OneUser(id.get()), &["keys", "new", "done", "end"], news);
    let dialogs = &["edit", "limits", "reset", "drop", "rotate", "confirm"];
    view! { {shown} {over(move || Drawing::OneUser(id.get()), dialogs, news)} }.into_any()
}

/// The settings. They are read again when one was changed here: what they show of the disk is dear to read.
#[component]
pub(crate) fn Settings() -> impl IntoView {
    page(|| Drawing::Settings, &[], || 0)
}

/// The id in the path.
fn id() -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.with(|params| params.get("id").unwrap_or_default()))
}
