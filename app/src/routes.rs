//! The pages as the router knows them. Their code is not in the first load: the browser asks for it when somebody goes
//! to the page, and keeps it.

use leptos::{
    prelude::*,
    wasm_split::{self, SplitLoaderError},
};
use leptos_router::LazyRoute;

use crate::{api::AppError, browser, fault, pages};

/// Declares routes: a name, the part of the code it is in, and the component it shows. Pages that lead to one another
/// share a part.
macro_rules! lazy_routes {
    ($( $name:ident in $part:ident: $page:expr; )*) => { $(
        pub(crate) struct $name;

        #[expect(non_snake_case, reason = "a function is known by the name of its route")]
        const _: () = {
            #[wasm_split::wasm_split($part, wasm_split_path = ::leptos::wasm_split, preload(load), fallible)]
            fn $name() -> Result<AnyView, SplitLoaderError> {
                Ok($page().into_any())
            }

            impl LazyRoute for $name {
                fn data() -> Self {
                    Self
                }

                async fn view(_: Self) -> AnyView {
                    // The document names the part, so that it comes beside the first load and not after it.
                    #[cfg(feature = "ssr")]
                    leptos::prefetch_lazy_fn_on_server(stringify!($part));
                    shown($name().await).await
                }

                async fn preload() {
                    // What does not come is asked for again by the view, which says so if it fails.
                    let _ = load().await;
                }
            }
        };
    )* };
}

lazy_routes! {
    Login in login: pages::login::Login;
    Overview in overview: pages::drawn::Overview;
    Calls in calls: pages::calls::Calls;
    CallAlone in calls: pages::calls::CallAlone;
    CallMessages in drawn: pages::drawn::CallMessages;
    Sessions in drawn: pages::drawn::Sessions;
    OneSession in drawn: pages::drawn::OneSession;
    Quotas in quotas: pages::quotas::Quotas;
    Providers in drawn: pages::edited::Providers;
    NewProvider in drawn: pages::edited::NewProvider;
    EditProvider in drawn: pages::edited::EditProvider;
    Users in drawn: pages::drawn::Users;
    ManyUsers in drawn: pages::drawn::ManyUsers;
    Keys in drawn: pages::drawn::Keys;
    ManyKeys in drawn: pages::drawn::ManyKeys;
    ManyProviders in drawn: pages::drawn::ManyProviders;
    Routing in drawn: pages::drawn::Routing;
    NewUser in drawn: pages::edited::NewUser;
    EditUser in drawn: pages::edited::EditUser;
    Prices in prices: pages::prices::Prices;
    Settings in drawn: pages::edited::Settings;
    Leaderboard in drawn: pages::drawn::Leaderboard;
    Availability in drawn: pages::drawn::Availability;
    UserUse in drawn: pages::drawn::UserUse;
    KeyUse in drawn: pages::drawn::KeyUse;
    ProviderUse in drawn: pages::drawn::ProviderUse;
    ModelUse in drawn: pages::drawn::ModelUse;
    Log in drawn: pages::drawn::Log;
    Audit in drawn: pages::drawn::Audit;
    Logins in drawn: pages::drawn::Logins;
    Mine in drawn: pages::drawn::Mine;
    OwnCalls in drawn: pages::drawn::OwnCalls;
    OwnCall in drawn: pages::drawn::OwnCall;
    Setup in drawn: pages::drawn::Setup;
    OwnLogins in drawn: pages::drawn::OwnLogins;
}

/// The page, or that its code did not come: the hub does not answer, or is a newer one than this document's.
async fn shown(page: Result<AnyView, SplitLoaderError>) -> AnyView {
    match page {
        Ok(view) => view,
        // What the server has rendered stays, and works without script.
        Err(_) if is_hydrating() => std::future::pending().await,
        Err(error) => fault::failed(&AppError::broken(&error), browser::reload),
    }
}

fn is_hydrating() -> bool {
    Owner::current_shared_context().is_some_and(|context| context.during_hydration())
}
