//! The console.

#![recursion_limit = "256"]

use leptos::prelude::*;

#[cfg(feature = "ssr")]
pub mod server;

/// The document around the application.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! { <!DOCTYPE html><html lang="en"><head><HydrationScripts options=options.clone() /></head><body><App /></body></html> }
}

/// The application.
#[component]
pub fn App() -> impl IntoView {
    view! { <p>"Switchyard"</p> }
}
