//! The pages that the server draws.

use leptos::prelude::*;

use crate::drawn::{Drawing, page};

/// Several providers changed at once.
#[component]
pub(crate) fn ManyProviders() -> impl IntoView {
    page(|| Drawing::ManyProviders)
}

/// The list of users.
#[component]
pub(crate) fn Users() -> impl IntoView {
    page(|| Drawing::Users)
}

/// Several users changed at once.
#[component]
pub(crate) fn ManyUsers() -> impl IntoView {
    page(|| Drawing::ManyUsers)
}

/// Where a call would go.
#[component]
pub(crate) fn Routing() -> impl IntoView {
    page(|| Drawing::Routing)
}

/// Who and what used most.
#[component]
pub(crate) fn Leaderboard() -> impl IntoView {
    page(|| Drawing::Leaderboard)
}
