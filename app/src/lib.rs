//! The console: server-rendered, then taken over by the browser.

#![recursion_limit = "256"]
#![expect(unreachable_pub, reason = "the component macro writes `pub` whatever it is given")]

use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

use crate::{
    pages::{
        calls::{CallAlone, Calls},
        login::Login,
        not_found::NotFound,
        overview::Overview,
        prices::Prices,
        providers::{EditProvider, NewProvider, Providers},
        sessions::Sessions,
        users::{EditUser, NewUser, Users},
    },
    preferences::Preferences,
    shell::Frame,
};

mod api;
mod asked;
mod browser;
mod change;
mod fault;
mod format;
#[cfg(feature = "ssr")]
mod headers;
mod live;
mod pages;
mod preferences;
mod query;
#[cfg(feature = "ssr")]
pub mod server;
mod shell;
mod text;
mod ui;

/// The document around the application.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let chosen = Preferences::read();
    view! {
        <!DOCTYPE html>
        <html
            lang=chosen.language.tag()
            data-theme=chosen.theme.attribute()
            data-sidebar=chosen.is_narrow.then_some("narrow")
        >
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <AutoReload options=options.clone() />
                <HydrationScripts options=options.clone() />
                <HashedStylesheet options id="leptos" />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The application.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    #[cfg(feature = "ssr")]
    headers::send();
    let chosen = Preferences::read();
    provide_context(chosen);
    provide_context(chosen.language);
    // Says that the browser has taken the page over.
    Effect::new(move |_| browser::set_root_attribute("data-ready", Some("")));
    view! {
        <Title formatter=|title: String| format!("{title} · Switchyard") />
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/login") view=Login ssr=SsrMode::Async />
                <ParentRoute path=path!("") view=Frame ssr=SsrMode::Async>
                    <Route path=path!("/") view=Overview ssr=SsrMode::Async />
                    <Route path=path!("/calls") view=Calls ssr=SsrMode::Async />
                    <Route path=path!("/calls/:id") view=CallAlone ssr=SsrMode::Async />
                    <Route path=path!("/sessions") view=Sessions ssr=SsrMode::Async />
                    <Route path=path!("/providers") view=Providers ssr=SsrMode::Async />
                    <Route path=path!("/providers/new") view=NewProvider ssr=SsrMode::Async />
                    <Route path=path!("/providers/:id") view=EditProvider ssr=SsrMode::Async />
                    <Route path=path!("/users") view=Users ssr=SsrMode::Async />
                    <Route path=path!("/users/new") view=NewUser ssr=SsrMode::Async />
                    <Route path=path!("/users/:id") view=EditUser ssr=SsrMode::Async />
                    <Route path=path!("/prices") view=Prices ssr=SsrMode::Async />
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// Takes over the page that the server has rendered.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    hydrate_body(App);
}
