//! The console: server-rendered, then taken over by the browser.

#![recursion_limit = "256"]
#![expect(unreachable_pub, reason = "the component macro writes `pub` whatever it is given")]

use leptos::prelude::*;
#[cfg(feature = "ssr")]
use leptos_meta::{HashedStylesheet, MetaTags};
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    Lazy, SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

use crate::{
    pages::not_found::NotFound,
    preferences::Preferences,
    routes::{
        Audit, Availability, CallAlone, CallMessages, Calls, EditProvider, EditUser, KeyUse, Keys, Leaderboard, Log,
        Login, Logins, ManyKeys, ManyProviders, ManyUsers, Mine, ModelUse, NewProvider, NewUser, OneSession, Overview,
        OwnCall, OwnCalls, OwnLogins, Prices, ProviderUse, Providers, Quotas, Routing, Sessions, Settings, Setup,
        UserUse, Users,
    },
    shell::Frame,
};

mod api;
mod asked;
mod browser;
mod change;
mod drawn;
mod fault;
mod format;
#[cfg(feature = "ssr")]
mod headers;
mod live;
mod pages;
mod preferences;
mod query;
mod routes;
#[cfg(feature = "ssr")]
pub mod server;
mod shell;
mod text;
mod ui;
mod zone;

/// The document around the application. `build` is the address under which its files are; none: they have plain names.
#[cfg(feature = "ssr")]
pub fn shell(options: LeptosOptions, build: Option<String>) -> impl IntoView {
    let build = build.unwrap_or_default();
    let chosen = Preferences::read();
    let columns = preferences::read_columns().join(" ");
    view! {
        <!DOCTYPE html>
        <html
            lang=chosen.language.tag()
            data-theme=chosen.theme.attribute()
            data-sidebar=chosen.is_narrow.then_some("narrow")
            data-columns=columns
            data-zone=api::zone::written()
        >
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <AutoReload options=options.clone() />
                <HydrationScripts options=options.clone() root=build.clone() />
                <HashedStylesheet options id="leptos" root=build />
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
    provide_context(zone::Zone::read());
    view! {
        <Title formatter=|title: String| format!("{title} · Switchyard") />
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/login") view={Lazy::<Login>::new()} ssr=SsrMode::Async />
                <ParentRoute path=path!("") view=Frame ssr=SsrMode::Async>
                    <Route path=path!("/") view={Lazy::<Overview>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/leaderboard") view={Lazy::<Leaderboard>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/availability") view={Lazy::<Availability>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/calls") view={Lazy::<Calls>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/calls/:id") view={Lazy::<CallAlone>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/calls/:id/messages") view={Lazy::<CallMessages>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/sessions") view={Lazy::<Sessions>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/sessions/:id") view={Lazy::<OneSession>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/quotas") view={Lazy::<Quotas>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/providers") view={Lazy::<Providers>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/providers/new") view={Lazy::<NewProvider>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/providers/bulk") view={Lazy::<ManyProviders>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/providers/:id") view={Lazy::<EditProvider>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/users") view={Lazy::<Users>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/users/new") view={Lazy::<NewUser>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/users/bulk") view={Lazy::<ManyUsers>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/users/:id") view={Lazy::<EditUser>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/routing") view={Lazy::<Routing>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/users/:id/use") view={Lazy::<UserUse>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/keys") view={Lazy::<Keys>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/keys/bulk") view={Lazy::<ManyKeys>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/keys/:id/use") view={Lazy::<KeyUse>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/providers/:id/use") view={Lazy::<ProviderUse>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/models/:name") view={Lazy::<ModelUse>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/prices") view={Lazy::<Prices>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/log") view={Lazy::<Log>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/audit") view={Lazy::<Audit>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/logins") view={Lazy::<Logins>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/me") view={Lazy::<Mine>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/me/calls") view={Lazy::<OwnCalls>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/me/calls/:id") view={Lazy::<OwnCall>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/me/setup") view={Lazy::<Setup>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/me/logins") view={Lazy::<OwnLogins>::new()} ssr=SsrMode::Async />
                    <Route path=path!("/settings") view={Lazy::<Settings>::new()} ssr=SsrMode::Async />
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// Takes over the page that the server has rendered, once its code is there, and says so at the document's root.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    browser::ask_before_steps_back();
    wasm_bindgen_futures::spawn_local(async {
        let body = leptos::tachys::dom::body();
        hydrate_from_async(body, App).await.forget();
        browser::set_root_attribute("data-ready", Some(""));
    });
}
